/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS E01, E03 to E13, E15, E18: interrupt controllers and timers, driven as nobody
 * should. cpus=1, storms=20000, levels=5000.
 */
#include "arch/x86_64/insn.h"
#include "tests/guests/hostile_e/cases.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/pit.h"
#include "tests/guests/lib/random.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/rtc.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

#define IOAPIC 0xfec00000ULL

enum { PIN_PIT = 2, PIN_COM2 = 3, PIN_RTC = 8 };
enum { ENTRY_REMOTE_IRR = 1 << 14, ENTRY_LEVEL = 1 << 15, ENTRY_MASKED = 1 << 16 };
enum { VECTOR = 0x50, NOBODY = 0x55 };
/* What our timers may come to at most: one interrupt in 100 us, and some slack for a slow machine. */
enum { MOST_PER_MS = 20 };

static volatile unsigned taken;

static uint32_t ioapic_read(unsigned index)
{
	*(volatile uint32_t *)IOAPIC = index;
	return *(volatile uint32_t *)(IOAPIC + 0x10);
}

static void ioapic_write(unsigned index, uint32_t value)
{
	*(volatile uint32_t *)IOAPIC = index;
	*(volatile uint32_t *)(IOAPIC + 0x10) = value;
}

static uint32_t pin_read(unsigned pin)
{
	return ioapic_read(0x10 + 2 * pin);
}

static void pin_write(unsigned pin, uint32_t entry)
{
	ioapic_write(0x11 + 2 * pin, 0);
	ioapic_write(0x10 + 2 * pin, entry);
}

static bool requested(unsigned vector)
{
	return apic_read(APIC_IRR + vector / 32 * 16) >> vector % 32 & 1;
}

static void take(struct trap_frame *frame)
{
	trap_check_open(frame);
	taken++;
	apic_eoi();
}

static void begin(trap_handler_t handler)
{
	taken = 0;
	trap_set(VECTOR, handler);
}

/* Interrupts are taken for that long. */
static void let_come(uint64_t ms)
{
	uint64_t end = clock_after_ms(ms);

	interrupts_enable();
	while (!clock_is_past(end))
		clock_relax();
	interrupts_disable();
}

/* On a busy bed a handler may outlast the period, and so the time that was meant: what passed counts. */
static void check_rate(const char *name, unsigned what, uint64_t ms)
{
	uint64_t begun = tsc_read(), us;

	taken = 0;
	let_come(ms);
	us = (tsc_read() - begun) * 1000 / clock_khz();
	test_check(taken <= MOST_PER_MS * us / 1000 + 1, "%s %x: %u interrupts in %lu us", name,
		   what, taken, us);
}

/* --- E01: to nobody, in every mode there is and is not --- */

static void test_to_nobody(void)
{
	static const uint8_t vectors[] = {0, 15, 16, 255};

	for (unsigned bits = 0; bits < 256; bits++) { /* mode, logical, (busy), level, trigger */
		for (unsigned i = 0; i < ARRAY_SIZE(vectors); i++) {
			apic_write(APIC_ICR_HIGH, (uint32_t)NOBODY << 24);
			apic_write(APIC_ICR, bits << 8 | vectors[i]);
			test_check(!(apic_read(APIC_ICR) & ICR_BUSY), "ICR %x: busy", bits << 8);
		}
	}
	apic_write(APIC_ESR, 0);
	apic_write(APIC_ESR, 0);
	test_check(apic_read(APIC_ESR) == 0, "ESR %x after it was cleared", apic_read(APIC_ESR));
}

/* An illegal vector whose error interrupt has an illegal vector: one error, and no end to errors. */
static void test_error_of_error(void)
{
	apic_write(APIC_LVT_ERROR, 5);
	apic_write(APIC_ICR_HIGH, 0);
	apic_write(APIC_ICR, 3 | ICR_SELF | ICR_ASSERT);
	clock_spin_us(100);
	apic_write(APIC_ESR, 0);
	test_check(apic_read(APIC_ESR) & 1 << 5, "ESR %x", apic_read(APIC_ESR));
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
	apic_write(APIC_ESR, 0);
}

/* --- E03 --- */

static void broadcast(void *unused)
{
	uint64_t count = words_number("storms", 20000);

	(void)unused;
	for (uint64_t i = 0; i < count; i++)
		apic_send(0, VECTOR | ICR_OTHERS | ICR_ASSERT);
}

static volatile unsigned everybodys;

static void take_anywhere(struct trap_frame *frame)
{
	(void)frame;
	__atomic_fetch_add(&everybodys, 1, __ATOMIC_RELAXED);
	apic_eoi();
}

static void test_broadcasts(void)
{
	unsigned cpus = (unsigned)words_number("cpus", 1);

	if (cpus < 2) {
		test_skip("one CPU");
		return;
	}
	begin(take_anywhere);
	for (unsigned i = 1; i < cpus; i++)
		if (test_check(cpu_start(i), "CPU %u does not start", i))
			cpu_run(i, broadcast, NULL);
	interrupts_enable();
	broadcast(NULL);
	for (unsigned i = 1; i < cpus; i++)
		test_check(cpu_wait(i, 60000), "CPU %u does not end", i);
	interrupts_disable();
	test_check(everybodys > 0, "no broadcast came");
}

/* --- E05 --- */

/* The shortest period that can be asked for, one-shots in the past, and modes that change meanwhile. */
static void test_timer_storm(void)
{
	uint64_t random = 5;

	begin(take);
	apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, VECTOR | LVT_PERIODIC);
	apic_write(APIC_INITIAL, 1);
	check_rate("initial count", 1, 20);
	test_check(taken >= 1, "none came");
	for (unsigned i = 0; i < 2000; i++) {
		uint64_t value = random_next(&random);
		uint32_t initial = (uint32_t)(value >> 8) >> (value & 31);

		apic_write(APIC_LVT_TIMER,
			   VECTOR | LVT_MASKED | ((uint32_t)(value >> 40 & 3) << 17));
		apic_write(APIC_DIVIDE, value >> 42 & 0xb);
		apic_write(APIC_INITIAL, initial);
		test_check(apic_read(APIC_CURRENT) <= initial, "%x counts from %x",
			   apic_read(APIC_CURRENT), initial);
	}
	apic_write(APIC_INITIAL, 0);
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	taken = 0;
	let_come(1);
	test_check(taken <= 1, "it goes on %u times", taken);
}

/* --- E06 --- */

enum { FIRST_NESTED = 0x30, LAST_NESTED = 0xf0, NESTED_STEP = 0x10 };

static volatile unsigned depth, deepest;

/* Each handler asks for the next higher priority class, and is interrupted by it. */
static void take_nested(struct trap_frame *frame)
{
	uint64_t vector = frame->vector;

	trap_check_open(frame);
	depth++;
	deepest = MAX(deepest, depth);
	if (vector < LAST_NESTED) {
		apic_send(0, (uint32_t)(vector + NESTED_STEP) | ICR_SELF | ICR_ASSERT);
		interrupts_window();
	}
	depth--;
	apic_eoi();
}

static void test_nesting(void)
{
	for (unsigned vector = FIRST_NESTED; vector <= LAST_NESTED; vector += NESTED_STEP)
		trap_set(vector, take_nested);
	apic_send(0, FIRST_NESTED | ICR_SELF | ICR_ASSERT);
	let_come(1);
	test_check(deepest == (LAST_NESTED - FIRST_NESTED) / NESTED_STEP + 1, "%u deep", deepest);
	for (unsigned i = 0; i < 10000; i++)
		apic_eoi(); /* of nothing */
	for (unsigned offset = 0; offset < 0x80; offset += 0x10)
		test_check(apic_read(APIC_ISR + offset) == 0, "ISR+%x is %x", offset,
			   apic_read(APIC_ISR + offset));
	test_check(apic_read(APIC_PPR) == 0, "PPR %x", apic_read(APIC_PPR));
}

/* --- E07 --- */

/* SDM 3A 11.4.7.2 "Local APIC State After It Has Been Software Disabled": what is pending is held. */
static void test_disabled(void)
{
	begin(take);
	apic_send(0, VECTOR | ICR_SELF | ICR_ASSERT);
	test_check(requested(VECTOR), "the IPI to itself is not requested");
	apic_write(APIC_SVR, 0xff);
	test_check(requested(VECTOR), "the request is gone when the APIC is off");
	test_check(apic_read(APIC_LVT_LINT0) & LVT_MASKED, "LINT0 is not masked");
	apic_write(APIC_LVT_LINT0, 0);
	test_check(apic_read(APIC_LVT_LINT0) & LVT_MASKED, "LINT0 can be unmasked");
	apic_write(APIC_SVR, 0x1ff);
	let_come(1);
	test_check(taken == 1, "taken %u times", taken);
	apic_write(APIC_SVR, SVR_ENABLE | 0x05); /* a spurious vector below 16 */
	test_check(apic_read(APIC_VERSION) >> 16 != 0, "the APIC is gone");
	apic_write(APIC_SVR, 0x1ff);
}

static void test_masked_timer(void)
{
	begin(take);
	apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, VECTOR | LVT_MASKED);
	apic_write(APIC_INITIAL, 1000);
	clock_spin_us(1000);
	apic_write(APIC_LVT_TIMER, VECTOR);
	let_come(1);
	test_check(taken == 0, "what came while it was masked comes %u times", taken);
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
}

/* --- E08 --- */

static volatile unsigned nmis;

static void take_nmi(struct trap_frame *frame)
{
	(void)frame;
	nmis++;
}

/* SMI, INIT and the reserved modes are refused, an NMI is one: to the guest, and to nobody else. */
static void test_delivery_modes(void)
{
	static const uint8_t refused[] = {2, 3, 5, 6};
	enum { MODE_NMI = 4 };

	begin(take);
	trap_set(VECTOR_NMI, take_nmi);
	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++) {
		pit_line_low();
		pin_write(PIN_PIT, VECTOR | (uint32_t)refused[i] << 8);
		pit_line_high();
		let_come(1);
		test_check(taken == 0 && nmis == 0, "mode %u: %u interrupts, %u NMIs", refused[i],
			   taken, nmis);
	}
	pit_line_low();
	pin_write(PIN_PIT, MODE_NMI << 8);
	pit_line_high();
	/* Where the emulator below is busy, the 8254's edge may be late. */
	for (unsigned ms = 0; ms < 1000 && !nmis; ms++)
		let_come(1);
	test_check(taken == 0 && nmis == 1, "NMI: %u interrupts, %u NMIs", taken, nmis);
	pit_line_low();
	pin_write(PIN_PIT, 5); /* a vector below 16 */
	pit_line_high();
	let_come(1);
	test_check(taken == 0 && nmis == 1, "vector 5: %u interrupts, %u NMIs", taken, nmis);
	pin_write(PIN_PIT, ENTRY_MASKED);
}

/* --- E09, E10 --- */

static unsigned enough;

static void take_level(struct trap_frame *frame)
{
	trap_check_open(frame);
	if (++taken == enough)
		pin_write(PIN_PIT, VECTOR | ENTRY_LEVEL | ENTRY_MASKED);
	apic_eoi();
}

/* Nobody ever takes the line down: it interrupts after each EOI, and the guest pays for it. */
static void test_stuck_level(void)
{
	enough = (unsigned)words_number("levels", 5000);
	begin(take_level);
	pit_line_high();
	pin_write(PIN_PIT, VECTOR | ENTRY_LEVEL);
	for (unsigned ms = 0; ms < 5000 && taken < enough; ms += 10)
		let_come(10);
	test_check(taken == enough, "taken %u times of %u", taken, enough);
	pit_line_low();
	pin_write(PIN_PIT, VECTOR | ENTRY_LEVEL);
	let_come(2);
	test_check(taken == enough, "taken %u times without a line", taken - enough);
	pin_write(PIN_PIT, ENTRY_MASKED);
}

static void take_without_end(struct trap_frame *frame)
{
	trap_check_open(frame);
	taken++;
}

/* In service the entry turns into an edge and back, or is masked: no remote IRR is stuck, no level lost. */
static void test_switch_in_service(void)
{
	static const uint32_t meanwhile[] = {VECTOR, VECTOR | ENTRY_LEVEL | ENTRY_MASKED};

	for (unsigned i = 0; i < ARRAY_SIZE(meanwhile); i++) {
		begin(take_without_end);
		pit_line_high();
		pin_write(PIN_PIT, VECTOR | ENTRY_LEVEL);
		let_come(1);
		test_check(taken == 1, "%u: taken %u times", i, taken);
		test_check(pin_read(PIN_PIT) & ENTRY_REMOTE_IRR, "%u: no remote IRR", i);
		pin_write(PIN_PIT, meanwhile[i]);
		apic_eoi();
		test_check(!(pin_read(PIN_PIT) & ENTRY_REMOTE_IRR), "%u: remote IRR is stuck", i);
		pin_write(PIN_PIT, VECTOR | ENTRY_LEVEL);
		let_come(1);
		test_check(taken == 2, "%u: the level that stayed came %u times", i, taken - 1);
		pit_line_low();
		apic_eoi();
		let_come(1);
		test_check(taken == 2, "%u: %u times too many", i, taken - 2);
		test_check(!(pin_read(PIN_PIT) & ENTRY_REMOTE_IRR), "%u: remote IRR stays", i);
		pin_write(PIN_PIT, ENTRY_MASKED);
	}
}

/* --- E12 --- */

static void test_pit_rates(void)
{
	begin(take);
	pin_write(PIN_PIT, VECTOR);
	for (unsigned control = 0x30; control < 0x40; control++) { /* all modes, binary and BCD */
		for (unsigned count = 0; count < 4; count++) {
			io_out8(0x43, (uint8_t)control);
			io_out8(0x40, (uint8_t)count);
			io_out8(0x40, 0);
			check_rate("mode and count", control << 8 | count, 1);
		}
	}
	pin_write(PIN_PIT, ENTRY_MASKED);
}

static void test_pit_garbage(void)
{
	uint64_t random = 12;
	unsigned first, second;

	for (unsigned i = 0; i < 5000; i++) {
		uint64_t value = random_next(&random);

		if (value >> 16 & 1)
			io_in8((uint16_t)(0x40 + (value >> 8 & 3)));
		else if (value >> 17 & 7)
			io_out8((uint16_t)(0x40 + (value >> 8 & 3)), (uint8_t)value);
		else
			io_out8(0x61, value & 3);
	}
	io_out8(0x61, 0);
	io_out8(0x43, 0x34);
	io_out8(0x40, 0);
	io_out8(0x40, 0x10);
	clock_spin_us(100);
	io_out8(0x43, 0);
	first = io_in8(0x40);
	first |= (unsigned)io_in8(0x40) << 8;
	clock_spin_us(500);
	io_out8(0x43, 0);
	second = io_in8(0x40);
	second |= (unsigned)io_in8(0x40) << 8;
	test_check(first <= 0x1000 && second <= 0x1000 && first != second, "counts %x, then %x",
		   first, second);
}

/* --- E13 --- */

static void take_rtc(struct trap_frame *frame)
{
	trap_check_open(frame);
	taken++;
	rtc_read(0x0c);
	apic_eoi();
}

static void spoil_index(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 2000; i++)
		io_out8(RTC_INDEX, (uint8_t)i);
}

static void test_rtc(void)
{
	bool two = words_number("cpus", 1) > 1 && (cpu_of(1)->online || cpu_start(1));
	uint64_t random = 13;

	begin(take_rtc);
	pin_write(PIN_RTC, VECTOR);
	if (two)
		cpu_run(1, spoil_index, NULL);
	for (unsigned i = 0; i < 1024; i++) {
		uint64_t value = random_next(&random);

		rtc_write((uint8_t)(i & 0x7f), (uint8_t)value);
		io_out8(0x72, (uint8_t)(value >> 8));
		io_out8(0x73, (uint8_t)(value >> 16));
	}
	if (two)
		test_check(cpu_wait(1, 10000), "the other CPU does not end");
	for (unsigned alarm = 1; alarm < 6; alarm += 2)
		rtc_write((uint8_t)alarm, 0xff); /* each second */
	rtc_write(0x0a, 0x23);			 /* 8,192 Hz */
	rtc_write(0x0b, 0x72);
	check_rate("RTC", 0x23, 20);
	rtc_write(0x0b, 0x02);
	rtc_write(0x0a, 0x26);
	rtc_read(0x0c);
	pin_write(PIN_RTC, ENTRY_MASKED);
	test_check((rtc_read(0x0d) & 0x80) != 0, "register D is %x", rtc_read(0x0d));
}

/* --- E15 --- */

static void test_power_management(void)
{
	enum { SLP_EN = 1 << 13, SLP_TYP = 10, S5 = 5 };
	uint64_t random = 15;

	for (unsigned type = 0; type < 8; type++)
		if (type != S5)
			io_out16(0x604, (uint16_t)(SLP_EN | type << SLP_TYP));
	for (unsigned i = 0; i < 5000; i++) {
		uint64_t value = random_next(&random);
		uint16_t port = (uint16_t)(0x600 + (value >> 8) % 12);

		/* The upper byte of PM1 control without SLP_EN; and no wider write that reaches it. */
		io_out8(port, (uint8_t)(port == 0x605 ? value & ~0x20ULL : value));
		io_in32((uint16_t)(0x600 + (value >> 16) % 12));
	}
	io_out16(0x602, 0);
	io_out16(0x604, 0);
	test_check(clock_pm_timer() != 0xffffffff, "the PM timer is gone");
}

/* --- E18 --- */

enum { COM2 = 0x2f8 };

static void take_transmitter(struct trap_frame *frame)
{
	trap_check_open(frame);
	if ((io_in8(COM2 + 2) & 0xf) == 2 && ++taken < enough)
		io_out8(COM2, (uint8_t)taken);
	apic_eoi();
}

/* Each character that COM2 sends raises the interrupt that sends the next. */
static void test_ping_pong(void)
{
	enough = (unsigned)words_number("levels", 5000);
	begin(take_transmitter);
	pin_write(PIN_COM2, VECTOR);
	io_out8(COM2 + 4, 0x08);
	io_out8(COM2 + 1, 0x02);
	for (unsigned ms = 0; ms < 5000 && taken < enough; ms += 10)
		let_come(10);
	test_check(taken == enough, "taken %u times of %u", taken, enough);
	io_out8(COM2 + 1, 0);
	io_out8(COM2 + 4, 0);
	pin_write(PIN_COM2, ENTRY_MASKED);
}

static const struct test_case cases[] = {
	{"E01-nobody", test_to_nobody},		{"E01-error", test_error_of_error},
	{"E03-storm", test_broadcasts},		{"E04-flat", e_test_flat},
	{"E04-cluster", e_test_cluster},	{"E04-reserved", e_test_reserved_model},
	{"E05-timer", test_timer_storm},	{"E06-nesting", test_nesting},
	{"E07-disabled", test_disabled},	{"E07-masked", test_masked_timer},
	{"E08-modes", test_delivery_modes},	{"E09-stuck", test_stuck_level},
	{"E10-switch", test_switch_in_service}, {"E11-poll", e_test_pic_poll},
	{"E11-rotation", e_test_pic_rotation},	{"E11-automatic", e_test_pic_automatic},
	{"E11-garbage", e_test_pic_garbage},	{"E12-rates", test_pit_rates},
	{"E12-garbage", test_pit_garbage},	{"E13-rtc", test_rtc},
	{"E15-pm", test_power_management},	{"E18-storm", test_ping_pong},
	{"E04-x2apic", e_test_x2_logical},
};

void guest_main(void)
{
	apic_enable();
	test_run_all(cases, ARRAY_SIZE(cases));
}
