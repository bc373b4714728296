/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest gets of a shared CPU, counted by itself: prints `share WORK AGE` about every 100 ms, WORK in
 * pieces of a fixed number of instructions, AGE in microseconds since its start.
 *
 * how=spin: never gives the CPU away. how=evade: works for burst=9000 us at a time, then sleeps for
 * sleep=500 us (THREATS I03). how=lock: two CPUs hand a word to each other and spin meanwhile (I09);
 * how=call: the same by interrupts, each halted until it is called. WORK then counts the rounds.
 */
#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

enum { VECTOR_TICK = 0x40, VECTOR_CALL = 0x50, PIECE = 1000, REPORT_MS = 100 };

static uint64_t begin, next_report, work;

static void report(void)
{
	uint64_t now = tsc_read();

	if (now < next_report)
		return;
	print("share %lu %lu\n", work, (now - begin) * 1000 / clock_khz());
	next_report = now + REPORT_MS * clock_khz();
}

static void piece(void)
{
	for (unsigned i = 0; i < PIECE; i++)
		asm volatile("");
	work++;
}

/* Interrupts are on while it works: a bed exists that could not take the CPU away else. */
static void spin(void)
{
	interrupts_enable();
	for (;;) {
		piece();
		report();
	}
}

static void on_tick(struct trap_frame *frame)
{
	(void)frame;
	apic_eoi();
}

static void evade(void)
{
	uint64_t burst = words_number("burst", 9000) * clock_khz() / 1000;
	uint64_t sleep = words_number("sleep", 500) * clock_khz() / 1000;

	trap_set(VECTOR_TICK, on_tick);
	for (;;) {
		uint64_t end = tsc_read() + burst, wake;

		interrupts_enable();
		while (!clock_is_past(end))
			piece();
		report();
		interrupts_disable();
		wake = tsc_read() + sleep;
		while (!clock_is_past(wake)) {
			clock_arm(VECTOR_TICK, wake);
			cpu_idle();
		}
	}
}

static volatile uint32_t whose;

/* Some work between them: under -icount QEMU takes very long for a PAUSE. */
static void relax(void)
{
	cpu_pause();
	for (unsigned i = 0; i < PIECE; i++)
		asm volatile("");
}

static void give_back(void *unused)
{
	(void)unused;
	interrupts_enable();
	for (;;) {
		while (whose != 1)
			relax();
		whose = 0;
	}
}

static void lock(void)
{
	cpu_run(1, give_back, NULL);
	interrupts_enable();
	for (;;) {
		whose = 1;
		while (whose == 1)
			relax();
		work++;
		report();
	}
}

static volatile uint64_t calls[2];

static void on_call(struct trap_frame *frame)
{
	(void)frame;
	calls[cpu_this()->index]++;
	apic_eoi();
}

static void wait_call(unsigned cpu, uint64_t number)
{
	while (calls[cpu] < number)
		cpu_idle();
}

static void answer(void *unused)
{
	(void)unused;
	interrupts_disable();
	for (uint64_t i = 1;; i++) {
		wait_call(1, i);
		apic_send(0, VECTOR_CALL | ICR_ASSERT);
	}
}

static void call(void)
{
	cpu_run(1, answer, NULL);
	interrupts_disable();
	for (uint64_t i = 1;; i++) {
		apic_send(1, VECTOR_CALL | ICR_ASSERT);
		wait_call(0, i);
		work++;
		report();
	}
}

static const struct {
	const char *name;
	void (*run)(void);
	bool two;
} ways[] = {
	{"spin", spin, false}, {"evade", evade, false}, {"lock", lock, true}, {"call", call, true}};

void guest_main(void)
{
	char how[16] = "spin";
	unsigned way = 0;

	words_value("how", how, sizeof(how));
	while (way < ARRAY_SIZE(ways) - 1 && strcmp(how, ways[way].name))
		way++;
	trap_set(VECTOR_CALL, on_call);
	apic_enable();
	if (ways[way].two && !cpu_start(1))
		guest_die("CPU 1 does not start");
	begin = next_report = tsc_read();
	ways[way].run();
}
