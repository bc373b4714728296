/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether all clocks of the machine run alike: 8254, RTC, PM timer, local APIC timer, KVM's clock and TSC,
 * over span=10 seconds in which the CPU sleeps between their interrupts. slack=1000: how many microseconds
 * an interrupt may take on this bed. ppb=10: how many billionths two clocks may differ. paused=MS: the
 * operator pauses the guest meanwhile, for so long at least. The span does not end before; interrupts may
 * be missing then, but their phase is the same.
 */
#include "tests/guests/clocks/clocks.h"
#include "arch/x86_64/insn.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/vendor.h"
#include "tests/guests/lib/words.h"

enum { VECTOR_DEADLINE = 0x70, DEADLINES = 20, RATE_PPM = 1000000 };

static volatile uint64_t fired; /* TSC */

static void on_deadline(struct trap_frame *frame)
{
	(void)frame;
	fired = tsc_read();
	apic_eoi();
}

/* Until each has come twice more. The first may be the one that a pause, which ended just now, held up. */
static void wait_all_tick(void)
{
	uint64_t wanted[TICKINGS];

	for (unsigned i = 0; i < TICKINGS; i++)
		wanted[i] = ticks[i].count + 2;
	for (unsigned i = 0; i < TICKINGS; i++)
		while (ticks[i].count < wanted[i])
			cpu_idle();
}

static void test_span(void)
{
	uint64_t span = words_number("span", 10), slack = words_number("slack", 1000);
	uint64_t pause = words_number("paused", 0) * clock_khz();
	uint64_t end;

	ticks_start();
	counters_start();
	wait_all_tick();
	end = tsc_read() + span * 1000 * clock_khz();
	print("from now on for %lu s\n", span);
	while (!clock_is_past(end) || ticks[TICKING_APIC].longest < pause)
		cpu_idle();
	wait_all_tick();
	counters_check(words_number("ppb", 10));
	ticks_check(slack, !pause);
	ticks_stop();
	ticks_check_seconds(slack);
}

/* A TSC-deadline comes when the TSC is there, never before. */
static void test_deadline(void)
{
	uint64_t slack = words_number("slack", 1000), latest = 0;

	trap_set(VECTOR_DEADLINE, on_deadline);
	for (unsigned i = 1; i <= DEADLINES; i++) {
		uint64_t due = clock_after_ms(i * 7);

		fired = 0;
		clock_arm(VECTOR_DEADLINE, due);
		while (!fired)
			cpu_idle();
		if (!test_check(fired >= due, "%lu ns early", clocks_ns(due - fired)))
			return;
		latest = MAX(latest, clocks_ns(fired - due));
	}
	print("TSC-deadline: at most %lu ns late\n", latest);
	test_check(latest <= slack * 1000, "%lu ns late", latest);
}

/* SDM 3B "Determining the Processor Base Frequency": leaf 15h, and the same rate to the kHz. */
static void test_leaf_15(void)
{
	struct cpuid_regs r = cpuid(0x15, 0);
	uint64_t khz, apart;

	if (!vendor_is_intel()) {
		test_skip("a leaf of Intel's");
		return;
	}
	if (!test_check(r.eax && r.ebx && r.ecx, "%u %u %u", r.eax, r.ebx, r.ecx))
		return;
	khz = multiply_divide((uint64_t)r.ecx * r.ebx, 1, r.eax) / 1000;
	apart = khz > clock_khz() ? khz - clock_khz() : clock_khz() - khz;
	print("leaf 15h: %lu kHz, the TSC has %lu\n", khz, clock_khz());
	test_check(apart * RATE_PPM <= clock_khz(), "leaf 15h says %lu kHz, not %lu", khz,
		   clock_khz());
}

static const struct test_case cases[] = {
	{"clocks-span", test_span},
	{"clocks-deadline", test_deadline},
	{"clocks-leaf-15", test_leaf_15},
};

void guest_main(void)
{
	print("starts at %lu us of its TSC\n", clocks_ns(tsc_read()) / 1000);
	apic_enable();
	test_run_all(cases, ARRAY_SIZE(cases));
}
