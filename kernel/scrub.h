/* SPDX-License-Identifier: BSD-2-Clause */
/* Zeroing memory that is mapped nowhere, through the CPU's window, a bounded piece at a time. */
#pragma once

#include "lib/types.h"

/* Bytes that one call may zero: 16,384 stores. */
enum { SCRUB_STEP = 128 * 1024 };

/* Zeroes [pa, pa + size), page-aligned, at most SCRUB_STEP bytes and within one 2 MiB block. */
void scrub(hpa_t pa, uint64_t size);

/* An idle CPU cleans a little free memory. False if there is none to clean, or others use the extents. */
bool scrub_idle_piece(void);
