/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/guests/lib/pit.h"

#include "arch/x86_64/insn.h"
#include "tests/guests/lib/clock.h"

void pit_line_low(void)
{
	io_out8(0x43, 0x30);
}

void pit_line_high(void)
{
	pit_line_low();
	io_out8(0x40, 1);
	io_out8(0x40, 0);
	/* 8254, "Read-Back Command": the status of counter 0, whose bit 7 is OUT. */
	for (unsigned i = 0; i < 5000; i++) {
		io_out8(0x43, 0xe2);
		if (io_in8(0x40) & 0x80)
			break;
		clock_spin_us(200);
	}
	clock_spin_us(200);
}
