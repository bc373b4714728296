/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's memory at boot: who owns what before the first partition. */
#pragma once

#include "lib/types.h"

struct boot_info;

struct memory_heap {
	hpa_t start;
	uint64_t size;
};

/* Fills machine.extents and machine.images, and takes the kernel's region. Under the boot page tables. */
struct memory_heap memory_init(const struct boot_info *info);

/* A page below 1 MiB that is the kernel's, or 0. */
hpa_t memory_trampoline(void);

/* What there is, for the log. */
void memory_log(void);
