/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One TSC for all CPUs of the guest: cpus=2 of them take turns for ms=200, each finds that the TSC has not
 * gone back since another one read it. As Linux's check_tsc_warp does, but the lock is a ticket, so that
 * nobody starves. paused=MS: they go on until the TSC was seen to go on by so much at once, and for the
 * same time afterwards: the operator has paused the guest, and all CPUs came back with one TSC.
 */
#include "arch/x86_64/insn.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"

/* Of each CPU at least, however long: where they share one, a turn may take a slice. */
enum { ROUNDS_MIN = 20, MORE_MS = 120000, MSR_TSC_ADJUST = 0x3b };

static uint32_t arrived;
static uint32_t next_ticket;
static volatile uint32_t now_serving;
static volatile uint64_t last; /* of the lock */
static volatile uint64_t end;  /* of the lock */
static uint64_t run, pause;    /* TSC */
static unsigned cpus;

static struct {
	uint64_t rounds, warps, worst, longest;
} results[GUEST_CPUS];

static void lock(void)
{
	uint32_t mine = __atomic_fetch_add(&next_ticket, 1, __ATOMIC_ACQUIRE);

	while (now_serving != mine)
		clock_relax();
}

static void unlock(void)
{
	__atomic_store_n(&now_serving, now_serving + 1, __ATOMIC_RELEASE);
}

static void take_turns(void *unused)
{
	unsigned index = cpu_this()->index;
	uint64_t now, before;

	(void)unused;
	__atomic_fetch_add(&arrived, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&arrived, __ATOMIC_RELAXED) < cpus)
		clock_relax();
	do {
		lock();
		if (!end)
			end = pause ? UINT64_MAX : tsc_read() + run;
		before = last;
		now = tsc_read_ordered();
		last = now;
		if (pause && now - before >= pause && now > before)
			end = now + run;
		unlock();
		results[index].rounds++;
		if (now < before) {
			results[index].warps++;
			results[index].worst = MAX(results[index].worst, before - now);
		} else {
			results[index].longest = MAX(results[index].longest, now - before);
		}
	} while (now < end || results[index].rounds < ROUNDS_MIN);
}

static void test_warp(void)
{
	for (unsigned i = 1; i < cpus; i++)
		if (!test_check(cpu_start(i), "CPU %u does not start", i))
			return;
	run = words_number("ms", 200) * clock_khz();
	pause = words_number("paused", 0) * clock_khz();
	last = tsc_read_ordered();
	print("from now on\n");
	for (unsigned i = 1; i < cpus; i++)
		cpu_run(i, take_turns, NULL);
	take_turns(NULL);
	for (unsigned i = 0; i < cpus; i++) {
		if (i)
			test_check(cpu_wait(i, MORE_MS), "CPU %u does not end", i);
		print("CPU %u: %lu rounds, longest %lu us\n", i, results[i].rounds,
		      results[i].longest * 1000 / clock_khz());
		test_check(!results[i].warps, "CPU %u: the TSC went back %lu times, by %lu at most",
			   i, results[i].warps, results[i].worst);
	}
}

static void read_adjust(void *to)
{
	*(uint64_t *)to = msr_read(MSR_TSC_ADJUST);
}

/* None of them was adjusted: an operating system takes what differs for a firmware's mistake. */
static void test_adjust(void)
{
	for (unsigned i = 1; i < cpus; i++) {
		static uint64_t adjust;

		adjust = 1;
		cpu_run(i, read_adjust, &adjust);
		test_check(cpu_wait(i, MORE_MS) && !adjust, "CPU %u: TSC_ADJUST %lx", i, adjust);
	}
	test_check(!msr_read(MSR_TSC_ADJUST), "TSC_ADJUST %lx", msr_read(MSR_TSC_ADJUST));
}

static const struct test_case cases[] = {
	{"tsc-warp", test_warp},
	{"tsc-adjust", test_adjust},
};

void guest_main(void)
{
	cpus = (unsigned)words_number("cpus", 2);
	apic_enable();
	test_run_all(cases, ARRAY_SIZE(cases));
}
