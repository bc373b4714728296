/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the kernel's own things stand in the upper half, the same in every address space. */
#pragma once

#include "lib/types.h"

#define KERNEL_IMAGE_BASE 0xffffffff80000000ULL /* the image, linked at + its physical offset */
#define KERNEL_HEAP_BASE \
	0xffffff0000000000ULL /* the region taken at boot, linear: va = base + (pa - region) */
#define KERNEL_HEAP_MAX GIB(64)
#define KERNEL_MMIO_BASE \
	0xffffff4000000000ULL /* device registers and firmware tables, mapped on demand */
#define KERNEL_MMIO_SIZE  GIB(64)
#define KERNEL_STACK_BASE 0xffffff6000000000ULL /* stacks, a guard page below each */
#define KERNEL_WINDOW_BASE \
	0xffffff7000000000ULL /* per-CPU windows, 2 MiB apart: CPU i at + i * 2 MiB */
#define KERNEL_WINDOW_SIZE MIB(2)
#define KERNEL_POOL_BASE \
	0xfffffe8000000000ULL /* pool of partition slot i at + i * KERNEL_POOL_STRIDE */
#define KERNEL_POOL_STRIDE GIB(1)
