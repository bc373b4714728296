/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks that are read: each against the TSC, from the first reading on. */
#include "arch/x86_64/insn.h"
#include "tests/guests/clocks/clocks.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/report.h"

enum { PIT_COUNTER_0 = 0x40, PIT_CONTROL = 0x43, PIT_READ_BACK_0 = 0xd2 };
enum { TRIES = 32, APIC_HZ = 1000000000, CRYSTAL_HZ = 14318180 };
enum { MSR_KVM_WALL = 0x4b564d00, MSR_KVM_TIME = 0x4b564d01, KVM_ENABLED = 1 };

/* Linux, Documentation/virt/kvm/x86/msr.rst */
static volatile struct {
	uint32_t version, pad0;
	uint64_t tsc_timestamp, system_time;
	uint32_t multiplier;
	int8_t shift;
	uint8_t flags, pad[2];
} kvm __attribute__((aligned(64)));

static volatile struct {
	uint32_t version, seconds, ns;
} kvm_wall __attribute__((aligned(64)));

uint64_t clocks_ns(uint64_t tsc)
{
	return multiply_divide(tsc, 1000000, clock_khz());
}

/* Counts down from 65536; a count of 0 stands for that. The read-back command latches it. */
static uint64_t pit_read(void)
{
	unsigned low, high;

	io_out8(PIT_CONTROL, PIT_READ_BACK_0);
	low = io_in8(PIT_COUNTER_0);
	high = io_in8(PIT_COUNTER_0);
	return (PIT_COUNT - (high << 8 | low)) % PIT_COUNT;
}

static uint64_t pm_read(void)
{
	return clock_pm_timer();
}

static uint64_t apic_count_read(void)
{
	return APIC_PERIOD - apic_read(APIC_CURRENT);
}

uint64_t kvm_clock(void)
{
	uint64_t passed = tsc_read() - kvm.tsc_timestamp;

	passed = kvm.shift < 0 ? passed >> -kvm.shift : passed << kvm.shift;
	return kvm.system_time + (uint64_t)(((unsigned __int128)passed * kvm.multiplier) >> 32);
}

uint64_t kvm_time_of_day(void)
{
	uint64_t start = kvm_wall.seconds * NS_PER_SECOND + kvm_wall.ns;

	return (start + kvm_clock()) % (24 * 3600 * NS_PER_SECOND);
}

struct counter counters[] = {
	{.name = "8254", .read = pit_read, .modulus = PIT_COUNT, .hz_num = CRYSTAL_HZ, .hz_den = 12},
	{.name = "PM timer", .read = pm_read, .modulus = BIT(32), .hz_num = CRYSTAL_HZ, .hz_den = 4},
	{.name = "APIC timer",
	 .read = apic_count_read,
	 .modulus = APIC_PERIOD,
	 .hz_num = APIC_HZ,
	 .hz_den = 1},
	{.name = "KVM clock", .read = kvm_clock, .hz_num = NS_PER_SECOND, .hz_den = 1},
};

const unsigned counter_count = ARRAY_SIZE(counters);

/* The quickest of some, each with nothing in between. Ticks are late by one of them at most. */
static struct reading read(const struct counter *counter)
{
	struct reading best = {0, UINT64_MAX, 0};

	for (unsigned i = 0; i < TRIES; i++) {
		struct reading reading;

		interrupts_disable();
		reading.before = tsc_read_ordered();
		reading.value = counter->read();
		reading.after = tsc_read_ordered();
		interrupts_enable();
		if (reading.after - reading.before < best.after - best.before)
			best = reading;
	}
	return best;
}

void counters_start(void)
{
	msr_write(MSR_KVM_TIME, (uint64_t)&kvm | KVM_ENABLED);
	msr_write(MSR_KVM_WALL, (uint64_t)&kvm_wall);
	for (unsigned i = 0; i < counter_count; i++)
		counters[i].first = read(&counters[i]);
}

/* How many counts more than the TSC says have been counted: a wrong one by whole rounds does not show. */
static int64_t counts_ahead(const struct counter *counter, const struct reading *now,
			    uint64_t expected)
{
	uint64_t modulus = counter->modulus, ahead = now->value - counter->first.value - expected;

	if (!modulus)
		return (int64_t)ahead;
	ahead = (now->value + modulus - counter->first.value % modulus + modulus -
		 expected % modulus) %
		modulus;
	return ahead > modulus / 2 ? (int64_t)(ahead - modulus) : (int64_t)ahead;
}

static void check(const struct counter *counter, uint64_t ppb)
{
	struct reading now = read(counter);
	const struct reading *first = &counter->first;
	uint64_t windows = (now.after - now.before) + (first->after - first->before);
	/* From the middle of a reading to the middle of the other. */
	uint64_t span = clocks_ns((now.after + now.before - first->after - first->before) / 2);
	uint64_t expected = multiply_divide(span, counter->hz_num, NS_PER_SECOND * counter->hz_den);
	uint64_t count_ns = NS_PER_SECOND * counter->hz_den / counter->hz_num + 1;
	int64_t ahead = counts_ahead(counter, &now, expected);
	uint64_t apart = (uint64_t)(ahead < 0 ? -ahead : ahead) * NS_PER_SECOND * counter->hz_den /
			 counter->hz_num;
	uint64_t bound = count_ns + clocks_ns(windows / 2) + span / NS_PER_SECOND * ppb;

	print("%s: %ld counts (%lu ns) apart in %lu ms, bound %lu ns\n", counter->name, ahead,
	      apart, span / 1000000, bound);
	test_check(apart <= bound, "%s is %ld counts, %lu ns, apart in %lu ms; %lu ns may be",
		   counter->name, ahead, apart, span / 1000000, bound);
}

void counters_check(uint64_t ppb)
{
	for (unsigned i = 0; i < counter_count; i++)
		check(&counters[i], ppb);
}
