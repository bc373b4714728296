/* SPDX-License-Identifier: BSD-2-Clause */
/* Fills all of its memory but its own image with a pattern, and sleeps: `zeros` then gets the frames. */
#include "arch/x86_64/insn.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/ram.h"
#include "tests/guests/lib/report.h"

static void fill(struct ram_piece piece)
{
	void *to = (void *)piece.start;
	uint64_t count = (piece.end - piece.start) / 8;

	asm volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(FILL_PATTERN) : "memory");
}

void guest_main(void)
{
	struct ram_piece piece;
	uint64_t from = 0, total = 0;

	interrupts_enable(); /* so that it can be preempted on every bed */
	while (ram_next(&from, &piece)) {
		fill(piece);
		total += piece.end - piece.start;
	}
	print("filled %lu KiB\n", total >> 10);
	print("done 1 failed 0\n");
	guest_stop();
}
