/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS C08: SDM 3A 6.7.1 "Handling Multiple NMIs": while one is handled one more is kept, and comes at the
 * next IRET, whatever that returns from.
 */
#include "tests/guests/events/cases.h"

#include "arch/x86_64/insn.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

enum { NESTED = 5, WAIT_MS = 5000 };

extern uint8_t nmi_halt_end[];
extern volatile uint8_t nmi_early;
void nmi_halt(volatile uint64_t *woken);

static volatile uint64_t nmis, inside, deepest;
static void (*volatile in_handler)(void); /* once, in the first NMI */

static void on_nmi(struct trap_frame *frame)
{
	void (*what)(void) = in_handler;

	(void)frame;
	nmis++;
	inside++;
	if (inside > deepest)
		deepest = inside;
	in_handler = NULL;
	if (what)
		what();
	inside--;
}

static void begin(void (*what)(void))
{
	trap_set(VECTOR_NMI, on_nmi);
	nmis = inside = deepest = 0;
	in_handler = what;
}

static void send_to(unsigned cpu)
{
	apic_send(cpu, ICR_NMI | ICR_ASSERT);
}

/* It comes at once, or at the latest with the next exit: docs/architecture.md. */
void c_test_nmi_self(void)
{
	uint64_t rounds = words_number("rounds", 300);

	begin(NULL);
	for (uint64_t i = 1; i <= rounds; i++) {
		send_to(0);
		cpuid(0, 0);
		if (!test_check(nmis == i, "%lu NMIs came of %lu", nmis, i))
			return;
	}
	test_check(deepest == 1, "%lu NMIs at once", deepest);
}

static void send_more(void)
{
	for (unsigned i = 0; i < NESTED; i++) {
		send_to(0);
		cpuid(0, 0);
	}
	test_check(nmis == 1, "%lu NMIs came within one", nmis - 1);
}

void c_test_nmi_blocked(void)
{
	for (unsigned i = 0; i < NESTED; i++) {
		begin(send_more);
		send_to(0);
		cpuid(0, 0);
		test_check(nmis == 2 && deepest == 1, "%lu NMIs came, %lu at once", nmis, deepest);
	}
}

static void do_nothing(struct trap_frame *frame)
{
	frame->rip += 2; /* of UD2 */
}

/* The IRET of an exception's handler opens NMIs, though the NMI's own is still to come. */
static void fault_inside(void)
{
	struct cpu *cpu = cpu_this();
	struct catch *caught = cpu->catch;

	cpu->catch = NULL;
	send_to(0);
	cpuid(0, 0);
	test_check(nmis == 1, "an NMI came within one");
	asm volatile("ud2");
	cpuid(0, 0);
	test_check(nmis == 2, "%lu NMIs after an IRET", nmis);
	cpu->catch = caught;
}

/* The second NMI's stack is the first one's: it gets another one meanwhile. */
void c_test_nmi_fault(void)
{
	begin(fault_inside);
	trap_set(VECTOR_UD, do_nothing);
	trap_set_stack(VECTOR_NMI, 0);
	send_to(0);
	cpuid(0, 0);
	trap_set_stack(VECTOR_NMI, 2);
	trap_set(VECTOR_UD, NULL);
	test_check(nmis == 2 && deepest == 2, "%lu NMIs came, %lu at once", nmis, deepest);
}

static volatile uint64_t woken;
static volatile bool halts_end;

/* Where it came: in the HLT, just before it, or elsewhere. */
static void on_wake(struct trap_frame *frame)
{
	uint64_t end = (uintptr_t)nmi_halt_end;

	nmis++;
	if (frame->rip >= (uintptr_t)nmi_halt && frame->rip < end)
		frame->rip = end;
	else if (frame->rip != end)
		nmi_early = 1;
}

static void halt_and_count(void *unused)
{
	(void)unused;
	interrupts_disable();
	while (!halts_end)
		nmi_halt(&woken);
}

/* IF is 0: an NMI alone ends each HLT, and none of them is lost. */
void c_test_nmi_halted(void)
{
	uint64_t rounds = words_number("rounds", 300), deadline;

	if (words_number("cpus", 1) < 2) {
		test_skip("one CPU");
		return;
	}
	begin(NULL);
	trap_set(VECTOR_NMI, on_wake);
	woken = 0;
	nmi_early = 0;
	halts_end = false;
	if (!test_check(cpu_start(1), "CPU 1 does not start"))
		return;
	cpu_run(1, halt_and_count, NULL);
	for (uint64_t i = 1; i <= rounds; i++) {
		send_to(1);
		deadline = clock_after_ms(WAIT_MS);
		while (woken < i && !clock_is_past(deadline))
			clock_relax();
		if (!test_check(woken == i && nmis == i, "%lu woken by %lu NMIs of %lu", woken,
				nmis, i))
			break;
	}
	halts_end = true;
	send_to(1);
	test_check(cpu_wait(1, WAIT_MS), "CPU 1 does not end");
}

/* Nobody waits for one to be handled: fewer come than were sent, at least one, and one at a time. */
void c_test_nmi_flood(void)
{
	uint64_t rounds = words_number("rounds", 300);
	bool two = words_number("cpus", 1) > 1;

	begin(NULL);
	for (uint64_t i = 0; i < rounds; i++)
		send_to(two ? 1 : 0);
	clock_spin_us(5000);
	test_check(nmis >= 1 && nmis <= rounds, "%lu NMIs of %lu", nmis, rounds);
	test_check(deepest == 1 && inside == 0, "%lu at once, %lu not ended", deepest, inside);
}
