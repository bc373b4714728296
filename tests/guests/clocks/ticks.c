/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks that interrupt: the 8254 in mode 2 and the RTC through the IOAPIC, the local APIC's timer. */
#include "arch/x86_64/insn.h"
#include "tests/guests/clocks/clocks.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/rtc.h"
#include "tests/guests/lib/trap.h"

#define IOAPIC_INDEX 0xfec00000ULL
#define IOAPIC_DATA  0xfec00010ULL

enum { IOAPIC_ENTRIES = 0x10, IOAPIC_MASKED = 1 << 16, PIN_PIT = 2, PIN_RTC = 8 };
enum { VECTOR_PIT = 0x40, VECTOR_RTC = 0x50, VECTOR_APIC = 0x60 };
enum { PIT_COUNTER_0 = 0x40, PIT_CONTROL = 0x43, PIT_RATE_GENERATOR = 0x34 };
enum { RTC_A = 10, RTC_B = 11, RTC_C = 12 };
enum { RTC_2_HZ = 0x2f, RTC_A_DEFAULT = 0x26, RTC_B_24 = 2, RTC_B_PERIODIC = 1 << 6 };
enum { DAY = 24 * 3600 };

struct ticks ticks[TICKINGS] = {
	[TICKING_PIT] = {.name = "8254", .period_num = PIT_COUNT * 12, .period_den = 14318180},
	[TICKING_RTC] = {.name = "RTC", .period_num = 1, .period_den = 2},
	[TICKING_APIC] = {.name = "APIC timer", .period_num = 1, .period_den = 10},
};

/* Of the first and the latest tick of the RTC: the time of day in its registers, and KVM's. */
static struct {
	uint64_t rtc, kvm_ns;
} day_first, day_last;

static void came(struct ticks *t)
{
	uint64_t now = tsc_read();

	if (!t->count++)
		t->first = now;
	else if (now - t->last > t->longest)
		t->longest = now - t->last;
	t->last = now;
}

static unsigned bcd(uint8_t value)
{
	return value / 16 * 10u + value % 16;
}

/* A tick comes right after an update, or half a second before one: the registers stand. */
static uint64_t rtc_time_of_day(void)
{
	return (bcd(rtc_read(4)) * 60 + bcd(rtc_read(2))) * 60 + bcd(rtc_read(0));
}

static void on_pit(struct trap_frame *frame)
{
	trap_check_open(frame);
	came(&ticks[TICKING_PIT]);
	apic_eoi();
}

static void on_rtc(struct trap_frame *frame)
{
	trap_check_open(frame);
	came(&ticks[TICKING_RTC]);
	day_last.kvm_ns = kvm_time_of_day();
	day_last.rtc = rtc_time_of_day();
	if (ticks[TICKING_RTC].count == 1)
		day_first = day_last;
	rtc_read(RTC_C);
	apic_eoi();
}

static void on_apic(struct trap_frame *frame)
{
	trap_check_open(frame);
	came(&ticks[TICKING_APIC]);
	apic_eoi();
}

/* Edge-triggered, fixed, to APIC ID 0. */
static void ioapic_set(unsigned pin, uint32_t low)
{
	*(volatile uint32_t *)IOAPIC_INDEX = IOAPIC_ENTRIES + 2 * pin + 1;
	*(volatile uint32_t *)IOAPIC_DATA = 0;
	*(volatile uint32_t *)IOAPIC_INDEX = IOAPIC_ENTRIES + 2 * pin;
	*(volatile uint32_t *)IOAPIC_DATA = low;
}

void ticks_start(void)
{
	trap_set(VECTOR_PIT, on_pit);
	trap_set(VECTOR_RTC, on_rtc);
	trap_set(VECTOR_APIC, on_apic);
	io_out8(PIT_CONTROL, PIT_RATE_GENERATOR);
	io_out8(PIT_COUNTER_0, 0);
	io_out8(PIT_COUNTER_0, 0);
	rtc_write(RTC_A, RTC_2_HZ);
	rtc_write(RTC_B, RTC_B_24 | RTC_B_PERIODIC);
	rtc_read(RTC_C);
	/* Now, when the edges are over that come with the programming. */
	ioapic_set(PIN_PIT, VECTOR_PIT);
	ioapic_set(PIN_RTC, VECTOR_RTC);
	apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, LVT_PERIODIC | VECTOR_APIC);
	apic_write(APIC_INITIAL, APIC_PERIOD);
}

void ticks_stop(void)
{
	ioapic_set(PIN_PIT, IOAPIC_MASKED);
	ioapic_set(PIN_RTC, IOAPIC_MASKED);
	rtc_write(RTC_B, RTC_B_24);
	rtc_write(RTC_A, RTC_A_DEFAULT);
	apic_write(APIC_INITIAL, 0);
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
}

/* The whole number of periods that is nearest to a duration. */
static uint64_t periods_in(const struct ticks *t, uint64_t ns)
{
	uint64_t period = multiply_divide(t->period_num, NS_PER_SECOND, t->period_den);

	return multiply_divide(ns + period / 2, t->period_den, NS_PER_SECOND) / t->period_num;
}

static void check(const struct ticks *t, uint64_t slack_us, bool all)
{
	uint64_t ns = clocks_ns(t->last - t->first), periods = periods_in(t, ns);
	uint64_t wanted = multiply_divide(periods * t->period_num, NS_PER_SECOND, t->period_den);
	int64_t late = (int64_t)(ns - wanted);
	uint64_t apart = (uint64_t)(late < 0 ? -late : late);

	if (!test_check(t->count > 1, "%s: %lu ticks", t->name, t->count))
		return;
	print("%s: %lu ticks in %lu periods, %lu missing, the last %ld ns late, longest gap %lu us\n",
	      t->name, t->count, periods + 1, periods + 1 - t->count, late,
	      clocks_ns(t->longest) / 1000);
	test_check(apart <= slack_us * 1000, "%s: the last of %lu ticks is %ld ns late", t->name,
		   t->count, late);
	test_check(t->count <= periods + 1, "%s: %lu ticks in %lu periods", t->name, t->count,
		   periods + 1);
	test_check(!all || t->count == periods + 1, "%s: %lu ticks in %lu periods", t->name,
		   t->count, periods + 1);
}

/* They go on while one is looked at and told of. */
static struct ticks copy_of(enum ticking which)
{
	struct ticks copy;

	interrupts_disable();
	copy = ticks[which];
	interrupts_enable();
	return copy;
}

void ticks_check(uint64_t slack_us, bool all)
{
	for (unsigned i = 0; i < TICKINGS; i++) {
		const struct ticks copy = copy_of((enum ticking)i);

		check(&copy, slack_us, all);
	}
}

void ticks_check_seconds(uint64_t slack_us)
{
	const struct ticks *t = &ticks[TICKING_RTC];
	uint64_t halves = periods_in(t, clocks_ns(t->last - t->first));
	uint64_t passed = (day_last.rtc + DAY - day_first.rtc) % DAY;
	/* A tick in the middle of a second shows the same second as the one before. */
	uint64_t phase = day_last.kvm_ns % (NS_PER_SECOND / 2);
	uint64_t kvm_seconds = day_last.kvm_ns / NS_PER_SECOND;

	test_check(passed == halves / 2 || passed == (halves + 1) / 2,
		   "RTC: %lu seconds in %lu halves of them", passed, halves);
	print("RTC: %lu of the day, KVM's wall clock %lu; a second begins %lu us after it\n",
	      day_last.rtc, kvm_seconds, phase / 1000);
	test_check(day_last.rtc == kvm_seconds, "RTC: %lu of the day, KVM's wall clock %lu",
		   day_last.rtc, kvm_seconds);
	test_check(phase <= slack_us * 1000, "RTC: its second begins %lu us after KVM's",
		   phase / 1000);
}
