/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS B12: the TSC set to anything, by itself and by TSC_ADJUST; TSC_AUX; deadlines that are past, none,
 * or never: SDM 3B 17.17 "Time-Stamp Counter", 3A 11.5.4.1 "TSC-Deadline Mode".
 */
#include "tests/guests/hostile_b/cases.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/msr.h"
#include "tests/guests/lib/report.h"

enum { SLACK_S = 20, EDX_RDTSCP = 1 << 27, ECX1_DEADLINE = 1 << 24, TICK = 0x74, NEVER_MS = 3 };

static volatile unsigned ticks;

static void on_tick(struct trap_frame *frame)
{
	(void)frame;
	ticks++;
	apic_eoi();
}

/* TSC_ADJUST moves by as much as the TSC does. */
static void check_set(uint64_t value)
{
	uint64_t slack = SLACK_S * 1000 * clock_khz(), adjust = msr_read(MSR_TSC_ADJUST);
	uint64_t before = tsc_read(), after, moved;

	msr_write(MSR_TSC, value);
	after = tsc_read();
	moved = msr_read(MSR_TSC_ADJUST) - adjust;
	test_check(after - value < slack, "TSC = %lx reads %lx", value, after);
	test_check(value - before - moved < slack, "TSC %lx to %lx: TSC_ADJUST by %lx", before,
		   value, moved);
	msr_write(MSR_TSC_ADJUST, adjust);
	test_check(tsc_read() - before < slack, "TSC %lx, was %lx", tsc_read(), before);
}

void b_test_tsc(void)
{
	static const uint64_t values[] = {0,	       1,	BIT(31), BIT(32) - 1,
					  BIT(63) - 1, BIT(63), ~0ULL,	 ~0ULL - 1000};

	for (unsigned i = 0; i < ARRAY_SIZE(values); i++)
		check_set(values[i]);
	if (!(cpuid(0x80000001, 0).edx & EDX_RDTSCP))
		return;
	for (unsigned bit = 32; bit < 64; bit++)
		test_check(msr_write_fault(MSR_TSC_AUX, BIT(bit)).vector == VECTOR_GP,
			   "TSC_AUX bit %u", bit);
	msr_write(MSR_TSC_AUX, UINT32_MAX);
	test_check(msr_read(MSR_TSC_AUX) == UINT32_MAX, "TSC_AUX %lx", msr_read(MSR_TSC_AUX));
}

/* How many interrupts come of a deadline, until NEVER_MS after it was written. */
static unsigned ticks_of(uint64_t deadline)
{
	ticks = 0;
	msr_write(MSR_DEADLINE, deadline);
	clock_spin_us(NEVER_MS * 1000);
	return ticks;
}

void b_test_deadline(void)
{
	uint64_t hour = 3600 * 1000 * clock_khz(), adjust = msr_read(MSR_TSC_ADJUST);

	if (!(cpuid(1, 0).ecx & ECX1_DEADLINE)) {
		test_fail("no TSC-deadline timer");
		return;
	}
	trap_set(TICK, on_tick);
	apic_write(APIC_LVT_TIMER, LVT_DEADLINE | TICK);
	memory_fence();
	test_check(ticks_of(1) == 1, "a deadline of 1: %u interrupts", ticks);
	test_check(msr_read(MSR_DEADLINE) == 0, "it is armed still");
	test_check(ticks_of(tsc_read() - 1) == 1, "a deadline in the past: %u interrupts", ticks);
	test_check(ticks_of(0) == 0, "no deadline: %u interrupts", ticks);
	test_check(ticks_of(~0ULL) == 0, "a deadline of never: %u interrupts", ticks);
	test_check(ticks_of(BIT(63)) == 0, "a deadline in 2^63: %u interrupts", ticks);
	test_check(ticks_of(tsc_read() + hour) == 0, "a deadline in an hour: %u interrupts", ticks);
	ticks = 0;
	msr_write(MSR_TSC_ADJUST, adjust + 2 * hour);
	clock_spin_us(NEVER_MS * 1000);
	test_check(ticks == 1, "the TSC went past the deadline: %u interrupts", ticks);
	msr_write(MSR_TSC_ADJUST, adjust);
	ticks_of(0);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | TICK);
	test_check(msr_write_fault(MSR_DEADLINE, 5).vector == NO_FAULT,
		   "a deadline in one-shot mode");
	test_check(msr_read(MSR_DEADLINE) == 0, "a deadline in one-shot mode is kept");
}
