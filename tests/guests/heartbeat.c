/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The neighbour: prints `hb SEQUENCE GAP AGE` every period=10 ms, GAP being the time since the line before
 * and AGE that since the start, in microseconds. A line that is lost, doubled or late shows.
 */
#include "arch/x86_64/insn.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

enum { VECTOR_TICK = 0x40 };

static volatile uint64_t ticks;

static void on_tick(struct trap_frame *frame)
{
	(void)frame;
	ticks++;
	apic_eoi();
}

static void sleep_until(uint64_t tsc)
{
	while (!clock_is_past(tsc)) {
		clock_arm(VECTOR_TICK, tsc);
		cpu_idle();
	}
}

static uint64_t microseconds(uint64_t tsc)
{
	return tsc * 1000 / clock_khz();
}

void guest_main(void)
{
	uint64_t period = words_number("period", 10) * clock_khz();
	uint64_t count = words_number("count", UINT64_MAX);
	uint64_t begin = tsc_read(), last = begin;
	uint64_t next = last + period;

	trap_set(VECTOR_TICK, on_tick);
	apic_enable();
	for (uint64_t i = 0; i < count; i++) {
		uint64_t now;

		sleep_until(next);
		now = tsc_read();
		print("hb %lu %lu %lu\n", i, microseconds(now - last), microseconds(now - begin));
		last = now;
		/* What was missed is not made up for: a stall is to be seen once, as one gap. */
		next = next + period > now ? next + period : now + period;
	}
	print("done 1 failed 0\n");
}
