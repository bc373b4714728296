/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS C11: an own IPI, the timer and, with cpus=2, another CPU's IPIs, while IF and the TPR change at
 * random: none is lost, none comes early, none twice, and IRR says which wait.
 */
#include "tests/guests/events/cases.h"

#include "arch/x86_64/insn.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/random.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

enum { OWN = 0x41, OTHER = 0x61, TIMER = 0x91, WAIT_MS = 5000 };

static volatile uint64_t counts[256];
static volatile uint64_t sent; /* by CPU 1 */
static volatile bool other_ends;

static void on_interrupt(struct trap_frame *frame)
{
	trap_check_open(frame);
	test_check(frame->vector >> 4 > cr8_read(), "vector %lx came at priority %lu",
		   frame->vector, cr8_read());
	counts[frame->vector]++;
	apic_eoi();
}

static bool requested(unsigned vector)
{
	return apic_read(APIC_IRR + vector / 32 * 16) >> vector % 32 & 1;
}

static void wait_for_request(unsigned vector)
{
	uint64_t deadline = clock_after_ms(WAIT_MS);

	while (!requested(vector) && !clock_is_past(deadline))
		cpuid(0, 0);
	test_check(requested(vector), "vector %x is not requested", vector);
}

static void check_counts(const char *when, const uint64_t *before, uint64_t priority, bool open)
{
	static const unsigned vectors[] = {OWN, TIMER};

	for (unsigned i = 0; i < ARRAY_SIZE(vectors); i++) {
		unsigned vector = vectors[i];
		bool came = open && vector >> 4 > priority;

		test_check(counts[vector] == before[i] + came, "%s: vector %x came %lu times at %lu",
			   when, vector, counts[vector] - before[i], priority);
		test_check(requested(vector) == !came, "%s: vector %x is requested: %u", when,
			   vector, requested(vector));
	}
}

static void one_round(uint64_t random)
{
	uint64_t before[] = {counts[OWN], counts[TIMER]}, priority = random & 15;

	cr8_write(priority);
	apic_send(0, OWN | ICR_SELF | ICR_ASSERT);
	apic_write(APIC_INITIAL, 1);
	wait_for_request(TIMER);
	check_counts("IF=0", before, priority, false);
	if (random & 16)
		cpuid(0, 0);
	interrupts_window();
	check_counts("IF=1", before, priority, true);
	cr8_write(random >> 5 & 1 ? priority / 2 : 0);
	interrupts_window();
	cr8_write(0);
	interrupts_window();
	check_counts("all", before, 0, true);
}

/*
 * The next one only when the last has been taken: so none can merge with another. And some time later, or
 * CPU 0, where the next is there before the handler returns, would do nothing else.
 */
static void send_to_0(void *unused)
{
	uint64_t base = counts[OTHER];

	(void)unused;
	for (uint64_t i = 1; !other_ends; i++) {
		sent = i;
		apic_send(0, OTHER | ICR_ASSERT);
		while (counts[OTHER] - base < i && !other_ends)
			cpu_pause();
		clock_spin_us(i * 7 % 128);
	}
}

void c_test_sources(void)
{
	uint64_t rounds = words_number("rounds", 300), seed = 11, before = counts[OTHER];
	bool two = words_number("cpus", 1) > 1;

	trap_set(OWN, on_interrupt);
	trap_set(OTHER, on_interrupt);
	trap_set(TIMER, on_interrupt);
	apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, TIMER);
	other_ends = false;
	sent = 0;
	if (two && test_check(cpu_start(1), "CPU 1 does not start"))
		cpu_run(1, send_to_0, NULL);
	for (uint64_t i = 0; i < rounds; i++)
		one_round(random_next(&seed));
	other_ends = true;
	if (two) {
		test_check(cpu_wait(1, WAIT_MS), "CPU 1 does not end");
		interrupts_window();
		test_check(sent > 0 && counts[OTHER] - before == sent, "%lu came of %lu",
			   counts[OTHER] - before, sent);
	}
	apic_write(APIC_LVT_TIMER, LVT_MASKED | TIMER);
}
