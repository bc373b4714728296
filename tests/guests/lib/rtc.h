/* SPDX-License-Identifier: BSD-2-Clause */
/* The RTC's registers and the CMOS memory behind them: an index, then a byte. Interrupts off, one CPU. */
#pragma once

#include "arch/x86_64/insn.h"

enum { RTC_INDEX = 0x70, RTC_DATA = 0x71 };

static inline uint8_t rtc_read(uint8_t index)
{
	io_out8(RTC_INDEX, index);
	return io_in8(RTC_DATA);
}

static inline void rtc_write(uint8_t index, uint8_t value)
{
	io_out8(RTC_INDEX, index);
	io_out8(RTC_DATA, value);
}
