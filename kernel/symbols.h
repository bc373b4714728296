/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of the kernel's functions, which the build generates from the linked image. */
#pragma once

#include "lib/types.h"

/* Ascending. */
struct symbol {
	uint32_t offset; /* from kernel_start */
	uint32_t name;	 /* offset in symbol_names, where it is terminated */
};

extern const uint32_t symbol_count;
extern const struct symbol symbol_table[];
extern const char symbol_names[];
