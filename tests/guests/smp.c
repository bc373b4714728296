/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several vCPUs and their local APICs: INIT and SIPI, IPIs of each kind, priorities, the timer in each of
 * its modes; all of it in xAPIC mode, and again in x2APIC mode. cpus=2, ipis=10000, slack=20000 (how
 * late, in microseconds, a timer may come on this bed).
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

enum { PING = 0x51, PONG = 0x52, COUNTED = 0x61, TICK = 0x71, FIRST = 0x20, LAST = 0xed };
enum { CLUSTER_CPUS = 2, DFR_CLUSTER = 0x0fffffff };
enum { WAIT_MS = 5000, ORDER_MAX = 32, ECX1_DEADLINE = 1 << 24, ECX1_X2APIC = 1 << 21 };

static unsigned cpus;
static volatile uint64_t counts[GUEST_CPUS][256];
static volatile uint64_t nmis[GUEST_CPUS];
static volatile unsigned order_length;
static volatile uint8_t order[ORDER_MAX];
static volatile uint64_t fired_tsc;

static void on_count(struct trap_frame *frame)
{
	trap_check_open(frame);
	counts[cpu_this()->index][frame->vector]++;
	if (order_length < ORDER_MAX)
		order[order_length++] = (uint8_t)frame->vector;
	apic_eoi();
}

static void on_ping(struct trap_frame *frame)
{
	trap_check_open(frame);
	counts[cpu_this()->index][frame->vector]++;
	apic_eoi();
	apic_send(0, PONG | ICR_ASSERT);
}

static void on_tick(struct trap_frame *frame)
{
	trap_check_open(frame);
	fired_tsc = tsc_read();
	on_count(frame);
}

static void on_nmi(struct trap_frame *frame)
{
	(void)frame;
	nmis[cpu_this()->index]++;
}

/* Waits, halted where possible, until a counter has a value. */
static bool reaches(volatile uint64_t *counter, uint64_t value)
{
	uint64_t deadline = clock_after_ms(WAIT_MS);

	while (*counter < value && !clock_is_past(deadline))
		clock_relax();
	return *counter == value;
}

static void test_start(void)
{
	for (unsigned i = 1; i < cpus; i++)
		if (test_check(cpu_start(i), "CPU %u does not start", i))
			test_check(cpu_of(i)->apic_id == i, "CPU %u has APIC ID %u", i,
				   cpu_of(i)->apic_id);
}

/* INIT stops a CPU whatever it does; SIPI starts it again. A second SIPI is ignored. */
static void forever(void *unused)
{
	(void)unused;
	for (;;)
		clock_relax();
}

static void test_restart(void)
{
	for (unsigned i = 1; i < cpus; i++) {
		for (unsigned round = 0; round < 3; round++) {
			cpu_run(i, forever, NULL);
			test_check(cpu_start(i), "CPU %u does not start again, round %u", i, round);
			apic_send(i, ICR_SIPI | ICR_ASSERT | TRAMPOLINE_PAGE);
		}
	}
}

static void test_ping(void)
{
	uint64_t total = words_number("ipis", 10000);
	uint64_t pongs = counts[0][PONG], pings = counts[1][PING];

	for (uint64_t i = 1; i <= total; i++) {
		apic_send(1, PING | ICR_ASSERT);
		if (!reaches(&counts[0][PONG], pongs + i))
			break;
	}
	test_check(counts[0][PONG] - pongs == total, "%lu pongs of %lu", counts[0][PONG] - pongs,
		   total);
	test_check(counts[1][PING] - pings == total, "%lu pings of %lu", counts[1][PING] - pings,
		   total);
}

/* The words of one IPI, and which CPUs have to count it. */
static void check_mask(const char *name, uint32_t destination, uint32_t bits, unsigned set)
{
	uint64_t before[GUEST_CPUS];

	for (unsigned i = 0; i < cpus; i++)
		before[i] = counts[i][COUNTED];
	apic_send(destination, COUNTED | ICR_ASSERT | bits);
	for (unsigned i = 0; i < cpus; i++) {
		bool wanted = set & 1u << i;

		test_check(reaches(&counts[i][COUNTED], before[i] + wanted), "%s: CPU %u got %lu",
			   name, i, counts[i][COUNTED] - before[i]);
	}
}

/* The same for all others and the sender, CPU 0. */
static void check_send(const char *name, uint32_t destination, uint32_t bits, bool others, bool self)
{
	check_mask(name, destination, bits,
		   (others ? ((1u << cpus) - 1) & ~1u : 0) | (self ? 1u : 0));
}

static void test_broadcast(void)
{
	check_send("others", 0, ICR_OTHERS, true, false);
	check_send("all", 0, ICR_ALL, true, true);
	check_send("self", 0, ICR_SELF, false, true);
	check_send("by ID", 0, 0, false, true);
	check_send("everybody", apic_is_x2() ? UINT32_MAX : 0xff, 0, true, true);
	check_send("nobody", 0x7e, 0, false, false);
}

static void set_logical(void *unused)
{
	(void)unused;
	if (apic_is_x2())
		return; /* LDR is given: SDM 3A 11.12.10.2 */
	apic_write(APIC_DFR, UINT32_MAX);
	apic_write(APIC_LDR, 1u << (24 + cpu_this()->index));
}

static void on_each_cpu(void (*work)(void *))
{
	work(NULL);
	for (unsigned i = 1; i < cpus; i++) {
		cpu_run(i, work, NULL);
		test_check(cpu_wait(i, WAIT_MS), "CPU %u does not answer", i);
	}
}

static void test_logical(void)
{
	on_each_cpu(set_logical);
	if (apic_is_x2())
		test_check(apic_read(APIC_LDR) == 1, "LDR %x", apic_read(APIC_LDR));
	check_send("logical self", 1, ICR_LOGICAL, false, true);
	check_send("logical all", 0xff & ((1u << cpus) - 1), ICR_LOGICAL, true, true);
	check_send("logical nobody", 0x80, ICR_LOGICAL, false, false);
}

/* A CPU that is alone in its cluster, and one that shares it: xAPIC cluster model (SDM 3A 11.6.2.2). */
static void set_cluster(void *unused)
{
	unsigned index = cpu_this()->index;

	(void)unused;
	apic_write(APIC_DFR, DFR_CLUSTER);
	apic_write(APIC_LDR, (index / CLUSTER_CPUS << 4 | 1u << index % CLUSTER_CPUS) << 24);
}

/* Each CPU by itself, then each cluster whole: bits that no CPU has reach nobody. */
static void test_cluster(void)
{
	on_each_cpu(set_cluster);
	for (unsigned i = 0; i < cpus; i++)
		check_mask("one of a cluster", i / CLUSTER_CPUS << 4 | 1u << i % CLUSTER_CPUS,
			   ICR_LOGICAL, 1u << i);
	for (unsigned i = 0; i < cpus; i += CLUSTER_CPUS)
		check_mask("a cluster", i / CLUSTER_CPUS << 4 | 0xf, ICR_LOGICAL,
			   ((1u << CLUSTER_CPUS) - 1) << i & ((1u << cpus) - 1));
	check_mask("no cluster", 0xef, ICR_LOGICAL, 0);
	on_each_cpu(set_logical);
}

/* Each set of CPUs by the flat model, and in x2APIC mode by the cluster that they are all in. */
static void test_sets(void)
{
	on_each_cpu(set_logical);
	for (unsigned set = 0; set < 1u << cpus; set++)
		check_mask("a set", set, ICR_LOGICAL, set);
}

static uint64_t counted(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < cpus; i++)
		sum += counts[i][COUNTED];
	return sum;
}

/* One of the set takes it, whichever: and no other takes it too, as far as a next one has come since. */
static void test_lowest(void)
{
	on_each_cpu(set_logical);
	for (unsigned set = 1; set < 1u << cpus; set++) {
		uint64_t outside = 0, before = counted(), end = clock_after_ms(WAIT_MS);

		for (unsigned i = 0; i < cpus; i++)
			outside += set & 1u << i ? 0 : counts[i][COUNTED];
		apic_send(set, COUNTED | ICR_ASSERT | ICR_LOWEST | ICR_LOGICAL);
		while (counted() == before && !clock_is_past(end))
			clock_relax();
		for (unsigned i = 0; i < cpus; i++)
			outside -= set & 1u << i ? 0 : counts[i][COUNTED];
		test_check(counted() == before + 1 && !outside, "set %x: %lu came, %ld outside",
			   set, counted() - before, -(long)outside);
	}
}

static void test_nmi(void)
{
	for (unsigned i = 1; i < cpus; i++) {
		uint64_t before = nmis[i];

		for (unsigned n = 1; n <= 100; n++) {
			apic_send(i, ICR_NMI | ICR_ASSERT);
			if (!test_check(reaches(&nmis[i], before + n), "CPU %u took %lu NMIs of %u",
					i, nmis[i] - before, n))
				return;
		}
	}
}

static void test_vectors(void)
{
	for (unsigned vector = FIRST; vector <= LAST; vector++) {
		uint64_t before = counts[0][vector];

		if (vector == PING)
			continue;
		apic_send(0, vector | ICR_ASSERT | ICR_SELF);
		test_check(reaches(&counts[0][vector], before + 1), "vector %x: %lu times", vector,
			   counts[0][vector] - before);
	}
}

/* Several at once, interrupts off: highest first, and none below the task priority. */
static void test_priority(void)
{
	static const uint8_t vectors[] = {0x35, 0xc1, 0x82, 0x31, 0xa0, 0x90};
	static const uint8_t wanted[] = {0xc1, 0xa0, 0x90, 0x82, 0x35, 0x31};

	apic_write(APIC_TPR, 0x80);
	order_length = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(vectors); i++)
		apic_send(0, vectors[i] | ICR_ASSERT | ICR_SELF);
	interrupts_window();
	test_check(order_length == 3, "%u came above TPR 80h", order_length);
	cr8_write(0);
	interrupts_window();
	test_check(order_length == ARRAY_SIZE(wanted), "%u came", order_length);
	for (unsigned i = 0; i < MIN(order_length, (unsigned)ARRAY_SIZE(wanted)); i++)
		test_check(order[i] == wanted[i], "%x came as number %u", order[i], i);
	test_check(apic_read(APIC_TPR) == 0, "TPR %x after CR8 = 0", apic_read(APIC_TPR));
	apic_write(APIC_TPR, 0x50);
	test_check(cr8_read() == 5, "CR8 %lx with TPR 50h", cr8_read());
	apic_write(APIC_TPR, 0);
}

/* CR8 is TPR, also after a write that nobody watched, and whatever else is done to the APIC then. */
static void test_cr8(void)
{
	for (unsigned value = 0; value < 16; value++) {
		cr8_write(value);
		test_check(apic_read(APIC_TPR) == value << 4, "TPR %x after CR8 = %u",
			   apic_read(APIC_TPR), value);
		cr8_write(15 - value);
		apic_eoi();
		test_check(cr8_read() == 15 - value, "CR8 %lx after EOI, not %u", cr8_read(),
			   15 - value);
	}
	cr8_write(0);
}

/* How many ticks of the APIC timer's clock, divided by 1, a millisecond has. */
static uint64_t apic_khz(void)
{
	uint64_t end;

	apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | TICK);
	apic_write(APIC_INITIAL, UINT32_MAX);
	end = clock_after_ms(20);
	while (!clock_is_past(end))
		clock_relax();
	return (UINT32_MAX - apic_read(APIC_CURRENT)) / 20;
}

/* The tick that is due at tsc came, not too early and not later than this bed explains. */
static void check_tick(const char *name, uint64_t before, uint64_t due)
{
	uint64_t slack = words_number("slack", 20000), khz = clock_khz();
	uint64_t early = 50 + 1; /* a twentieth of a percent of the longest, and the reading itself */

	if (!test_check(reaches(&counts[0][TICK], before + 1), "%s: %lu ticks", name,
			counts[0][TICK] - before))
		return;
	test_check(fired_tsc + early * khz / 1000 >= due, "%s: %lu us early", name,
		   (due - fired_tsc) * 1000 / khz);
	test_check(fired_tsc <= due + slack * khz / 1000, "%s: %lu us late", name,
		   (fired_tsc - due) * 1000 / khz);
}

static void test_one_shot(void)
{
	static const uint8_t divides[] = {0xb, 0x0, 0x3, 0xa}; /* 1, 2, 16, 128 */
	static const uint32_t by[] = {1, 2, 16, 128};
	uint64_t khz = apic_khz();

	for (unsigned i = 0; i < ARRAY_SIZE(divides); i++) {
		uint64_t before = counts[0][TICK], due = clock_after_ms(10);

		apic_write(APIC_LVT_TIMER, TICK);
		apic_write(APIC_DIVIDE, divides[i]);
		apic_write(APIC_INITIAL, (uint32_t)(khz * 10 / by[i]));
		check_tick("one-shot", before, due);
		test_check(apic_read(APIC_CURRENT) == 0, "count %u after it",
			   apic_read(APIC_CURRENT));
	}
}

static void test_periodic(void)
{
	uint64_t least = words_number("ticks", 50), before = counts[0][TICK], khz = apic_khz();
	uint64_t end, got;

	apic_write(APIC_LVT_TIMER, LVT_PERIODIC | TICK);
	apic_write(APIC_INITIAL, (uint32_t)khz);
	end = clock_after_ms(100);
	while (!clock_is_past(end))
		clock_relax();
	got = counts[0][TICK] - before;
	apic_write(APIC_INITIAL, 0);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | TICK);
	interrupts_window();
	test_check(got >= least && got <= 102, "%lu ticks in 100 periods", got);
}

static void test_deadline(void)
{
	static const uint64_t us[] = {10000, 1000, 100, 0};

	if (!(cpuid(1, 0).ecx & ECX1_DEADLINE)) {
		test_skip("no TSC-deadline timer");
		return;
	}
	apic_write(APIC_LVT_TIMER, LVT_DEADLINE | TICK);
	memory_fence();
	for (unsigned i = 0; i < ARRAY_SIZE(us); i++) {
		uint64_t before = counts[0][TICK], due = tsc_read() + us[i] * clock_khz() / 1000;

		msr_write(MSR_DEADLINE, due);
		check_tick("deadline", before, due);
		test_check(msr_read(MSR_DEADLINE) == 0, "still armed: %lx", msr_read(MSR_DEADLINE));
	}
	msr_write(MSR_DEADLINE, clock_after_ms(1));
	msr_write(MSR_DEADLINE, 0);
	clock_spin_us(3000);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | TICK);
}

/* A timer that fires while the CPU is halted wakes it. */
static void test_halted(void)
{
	for (unsigned i = 0; i < 20; i++) {
		uint64_t before = counts[0][TICK];

		clock_arm(TICK, tsc_read() + clock_khz());
		while (counts[0][TICK] == before)
			cpu_idle();
	}
}

/*
 * A timer that fires just before STI and HLT ends the HLT, also if the slice of this vCPU ends between
 * the two. Often enough that it does; if not, this is where the guest sleeps for ever.
 */
static void test_sti_hlt(void)
{
	for (unsigned i = 0; i < 2000; i++) {
		uint64_t before = counts[0][TICK], due = tsc_read() + clock_khz() * (i % 8) / 100;

		clock_arm(TICK, due);
		while (!clock_is_past(due))
			asm volatile("");
		cpu_idle();
		if (!test_check(reaches(&counts[0][TICK], before + 1), "round %u: %lu ticks", i,
				counts[0][TICK] - before))
			return;
	}
}

static volatile uint64_t behind_shadow, in_shadow;

static void on_tick_near_shadow(struct trap_frame *frame)
{
	if (frame->rip == behind_shadow)
		in_shadow++;
	on_tick(frame);
}

/* Nothing comes between STI and the instruction behind it, also where an exit does. */
static void test_shadow(void)
{
	uint64_t flags, all = 0;

	in_shadow = 0;
	trap_set(TICK, on_tick_near_shadow);
	for (unsigned i = 0; i < 100; i++) {
		uint64_t before = counts[0][TICK], end = clock_after_ms(WAIT_MS);

		clock_arm(TICK, tsc_read() + clock_khz() / 10 + i);
		while (counts[0][TICK] == before && !clock_is_past(end)) {
			asm volatile("leaq 1f(%%rip), %0\n\tmovq %0, %1\n\tcli\n\tsti\n"
				     "1:\tnop\n\tcli\n\tsti\n\tpushfq\n\tpopq %0"
				     : "=&r"(flags), "=m"(behind_shadow)
				     :
				     : "memory", "cc");
			all |= flags;
		}
	}
	trap_set(TICK, on_tick);
	test_check(!(all & RFLAGS_TF), "PUSHF behind STI shows TF");
	test_check(!in_shadow, "%lu of 100 ticks between STI and NOP", in_shadow);
}

/*
 * SDM 3A "Relocating the Local APIC Registers": each CPU's page moves by itself, the registers keep what
 * they hold, and where they were nobody is.
 */
static void test_relocate(void)
{
	enum { ELSEWHERE = 0xfed40000 };
	uint64_t base = msr_read(MSR_APIC);
	volatile const uint32_t *tpr = (volatile const uint32_t *)(APIC_PAGE + APIC_TPR);
	volatile uint32_t *moved = (volatile uint32_t *)(ELSEWHERE + APIC_TPR);

	test_check(base >> 12 == APIC_PAGE >> 12, "base %lx", base);
	apic_write(APIC_TPR, 0x30);
	msr_write(MSR_APIC, (base & 0xfff) | ELSEWHERE);
	test_check(msr_read(MSR_APIC) == ((base & 0xfff) | ELSEWHERE), "moved base %lx",
		   msr_read(MSR_APIC));
	test_check(*moved == 0x30, "moved TPR %x", *moved);
	test_check(*tpr == UINT32_MAX, "TPR where it was: %x", *tpr);
	*moved = 0x20;
	msr_write(MSR_APIC, base);
	test_check(*tpr == 0x20, "TPR moved back: %x", *tpr);
	test_check(*moved == UINT32_MAX, "TPR left behind: %x", *moved);
	apic_write(APIC_TPR, 0);
}

static void to_x2(void *unused)
{
	(void)unused;
	apic_use_x2();
	apic_enable();
}

static void test_to_x2(void)
{
	if (!(cpuid(1, 0).ecx & ECX1_X2APIC)) {
		test_skip("no x2APIC");
		return;
	}
	for (unsigned i = 1; i < cpus; i++) {
		cpu_run(i, to_x2, NULL);
		test_check(cpu_wait(i, WAIT_MS), "CPU %u does not answer", i);
	}
	to_x2(NULL);
	test_check(apic_is_x2() && apic_id() == 0, "ID %u", apic_id());
}

static const struct test_case cases[] = {
	{"smp-start", test_start},
	{"smp-ping", test_ping},
	{"smp-broadcast", test_broadcast},
	{"smp-logical", test_logical},
	{"smp-sets", test_sets},
	{"smp-lowest", test_lowest},
	{"smp-cluster", test_cluster},
	{"smp-nmi", test_nmi},
	{"smp-vectors", test_vectors},
	{"smp-priority", test_priority},
	{"smp-cr8", test_cr8},
	{"smp-one-shot", test_one_shot},
	{"smp-periodic", test_periodic},
	{"smp-deadline", test_deadline},
	{"smp-halted", test_halted},
	{"smp-sti-hlt", test_sti_hlt},
	{"smp-shadow", test_shadow},
	{"smp-restart", test_restart},
	{"smp-relocate", test_relocate},
	{"smp-to-x2apic", test_to_x2},
	{"x2-ping", test_ping},
	{"x2-broadcast", test_broadcast},
	{"x2-logical", test_logical},
	{"x2-sets", test_sets},
	{"x2-lowest", test_lowest},
	{"x2-nmi", test_nmi},
	{"x2-vectors", test_vectors},
	{"x2-priority", test_priority},
	{"x2-cr8", test_cr8},
	{"x2-one-shot", test_one_shot},
	{"x2-periodic", test_periodic},
	{"x2-deadline", test_deadline},
	{"x2-halted", test_halted},
	{"x2-restart", test_restart},
};

/* How many of the cases make sense here: without x2APIC, those up to the change of mode. */
enum { CASES_XAPIC = 20 };

void guest_main(void)
{
	size_t count = cpuid(1, 0).ecx & ECX1_X2APIC ? ARRAY_SIZE(cases) : CASES_XAPIC;

	cpus = (unsigned)words_number("cpus", 2);
	for (unsigned vector = FIRST; vector <= LAST; vector++)
		trap_set(vector, on_count);
	trap_set(PING, on_ping);
	trap_set(TICK, on_tick);
	trap_set(VECTOR_NMI, on_nmi);
	apic_enable();
	test_run_all(cases, count);
}
