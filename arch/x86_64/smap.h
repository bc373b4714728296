/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CLAC and STAC are #UD where SMAP is missing. Each place that needs one holds a three-byte NOP,
 * which smap_patch overwrites at boot, before the text becomes read-only. For C and assembly: in
 * assembly, SMAP_SITE name; the table in smap.c names every site and what belongs there.
 */
#pragma once

#ifdef __ASSEMBLER__

#include "arch/x86_64/site.inc"

#else

/* CPU 0, after cpu_features_init, before kernel_space_init. */
void smap_patch(void);

#endif
