/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of CMOS memory that a PC's firmware fills in and old boot loaders read. */
#pragma once

#include "lib/types.h"

/* Writes them into ram, the RTC's first bank; touches no register below 0Eh nor the century. */
void rtc_cmos_fill(uint8_t ram[128], uint64_t memory_below_4g, uint64_t memory_above_4g);
