/* SPDX-License-Identifier: BSD-2-Clause */
/* The loader in one go, for who does not care that it works piece by piece. */
#pragma once

#include <stddef.h>

#include "vmm/loader.h"

/* As loader_begin; if it answers null, all is loaded. */
static inline const char *load_whole(gpa_t rsdp, struct boot_entry *entry)
{
	const char *why = loader_begin(rsdp);

	while (!why && !loader_go_on(entry))
		;
	return why;
}
