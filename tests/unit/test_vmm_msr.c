/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS B05, B06, B11 and B13, host part: the VMM's MSRs over the whole ranges, and the KVM
 * clock.
 */
/* sources: vmm/msr.c vmm/msr_mtrr.c lib/msr_policy.c
 * vmm/pvclock.c vmm/steal.c vmm/host_clock.c vmm/guest_features.c vmm/cpuid.c
 * vmm/cpuid_table.c vmm/cpuid_fix.c vmm/cpuid_topology.c vmm/cr.c vmm/partition.c vmm/guest_mem.c
 * tests/unit/cpuid_hosts.c tests/unit/vmm_fixture.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/vmm_fixture.h"
#include <cmocka.h>

#include "tests/unit/cpuid_hosts.h"
#include "vmm/guest_features.h"
#include "vmm/host_clock.h"
#include "vmm/msr.h"
#include "vmm/pvclock.h"
#include "vmm/steal.h"

static void make(unsigned host)
{
	struct cpuid_entry entries[CPUID_ENTRIES_MAX];
	struct cpuid_guest guest = {
		.host = cpuid_host_answer, .vcpu_count = 2, .phys_bits = 40, .tsc_khz = 2500000};

	fixture_init(MIB(16));
	fixture_config.vcpu_count = 2;
	fixture_config.tsc_khz = 2500000;
	fixture_config.start_tsc = 1000;
	fixture_config.tsc_offset = 234;
	fixture_config.start_wall = 1700000000123456789;
	cpuid_host_choose(&cpuid_hosts[host]);
	guest_features_init(entries, cpuid_build(&guest, entries));
	msr_init(0);
	msr_init(1);
}

static int make_amd(void **state)
{
	(void)state;
	make(0);
	return 0;
}

static int make_intel(void **state)
{
	(void)state;
	make(2);
	return 0;
}

/* All that may be there, for either vendor. Everything else must give #GP on read and write. */
static bool may_exist(uint32_t index)
{
	static const uint32_t known[] = {0x11,	     0x12,	 0x17,	     0x2a,	 0x8b,
					 0xfe,	     0x179,	 0x17a,	     0x1a0,	 0x1d9,
					 0x250,	     0x258,	 0x259,	     0x2ff,	 0x4b564d00,
					 0x4b564d01, 0x4b564d03, 0xc0010010, 0xc0010015, 0xc001001f,
					 0xc0010055, 0xc0011029};

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i] == index)
			return true;
	return (index >= 0x200 && index < 0x210) || (index >= 0x268 && index < 0x270) ||
	       (index >= 0xc0010000 && index < 0xc0010008);
}

static void check_range(uint32_t first, uint32_t last)
{
	for (uint32_t index = first; index <= last; index++) {
		uint64_t value = 0;
		bool readable = msr_read(0, index, &value);

		if (!may_exist(index)) {
			assert_false(readable);
			assert_false(msr_write(0, index, 0));
			assert_false(msr_write(0, index, UINT64_MAX));
		}
		/* What was read may be written back, but for the read-only MTRR capabilities. */
		else if (readable && index != 0xfe)
			assert_true(msr_write(0, index, value));
	}
}

static void test_allow_list(void **state)
{
	(void)state;
	check_range(0, 0x1fff);
	check_range(0x40000000, 0x400000ff);
	check_range(0x4b564c00, 0x4b564dff);
	check_range(0xc0000000, 0xc0001fff);
	check_range(0xc0010000, 0xc0011fff);
}

/*
 * No write leads to a state whose read differs from it in a bit that the write was allowed to set.
 */
static void test_single_bits(void **state)
{
	(void)state;
	for (uint32_t index = 0; index < 0x400; index++)
		for (unsigned bit = 0; bit < 64; bit++) {
			uint64_t before = 0, after = 0;

			if (!msr_read(0, index, &before) || index == 0x11 || index == 0x12)
				continue;
			if (!msr_write(0, index, before ^ 1ull << bit)) {
				assert_true(msr_read(0, index, &after));
				assert_int_equal(after, before);
			}
			assert_true(index == 0xfe || msr_write(0, index, before));
		}
}

static void test_other_vendor(void **state)
{
	uint64_t value;

	(void)state;
	assert_true(msr_read(0, 0xc0010015, &value));
	assert_int_equal(value, 1 << 24);
	assert_false(msr_read(0, 0x1a0, &value));
	assert_true(msr_read(0, 0x8b, &value));
	assert_true(value <= UINT32_MAX); /* AMD's patch level is in the low half */
	make(2);
	assert_false(msr_read(0, 0xc0010015, &value));
	assert_true(msr_read(0, 0x1a0, &value));
	assert_int_equal(value, 1 | 1 << 11 | 1 << 12);
	assert_true(msr_write(0, 0x8b, 0)); /* what a guest does before it asks for the revision */
}

static void test_misc_enable(void **state)
{
	uint64_t value;

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++)
		assert_int_equal(msr_write(0, 0x1a0, (1 | 1 << 11 | 1 << 12) ^ 1ull << bit),
				 bit == 0);
	assert_true(msr_write(0, 0x1a0, 1 << 11 | 1 << 12));
	assert_true(msr_read(0, 0x1a0, &value));
	assert_int_equal(value, 1 << 11 | 1 << 12);
}

static void test_machine_check(void **state)
{
	uint64_t value;

	(void)state;
	assert_true(msr_read(0, 0x179, &value));
	assert_int_equal(value, 0);
	assert_false(msr_write(0, 0x179, 1));
	assert_false(msr_read(0, 0x17b, &value)); /* no MCG_CTL without MCG_CTL_P */
	assert_true(msr_write(0, 0x17a, 7));
	assert_true(msr_read(0, 0x17a, &value));
	assert_int_equal(value, 7);
	assert_false(msr_write(0, 0x17a, 8));
	for (uint32_t index = 0x400; index < 0x480; index++)
		assert_false(msr_read(0, index, &value));
}

/* SDM 3A table 12-8 "Memory Types That Can Be Encoded in MTRRs" */
static bool type_exists(unsigned type)
{
	return type == 0 || type == 1 || type == 4 || type == 5 || type == 6;
}

static void test_mtrr_types(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		assert_int_equal(msr_write(0, 0x2ff, 0xc00 | type), type_exists(type));
		assert_int_equal(msr_write(0, 0x200, 0x10000000 | type), type_exists(type));
		for (unsigned byte = 0; byte < 8; byte++)
			assert_int_equal(msr_write(0, 0x26a, (uint64_t)type << 8 * byte),
					 type_exists(type));
	}
}

static void test_mtrr_reserved(void **state)
{
	uint64_t value;

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t one = 1ull << bit;

		/* DEF_TYPE: type, FE 10, E 11 */
		if (bit >= 8)
			assert_int_equal(msr_write(0, 0x2ff, one), bit == 10 || bit == 11);
		/* PHYSBASE: type, base 39:12. PHYSMASK: V 11, mask 39:12 */
		if (bit >= 8)
			assert_int_equal(msr_write(0, 0x20e, one), bit >= 12 && bit < 40);
		assert_int_equal(msr_write(0, 0x20f, one), bit >= 11 && bit < 40);
		assert_false(msr_write(0, 0xfe, one));
	}
	assert_true(msr_read(0, 0xfe, &value));
	assert_int_equal(value, 0x508);
	assert_false(msr_read(0, 0x210, &value)); /* the ninth pair */
	assert_false(msr_write(0, 0x210, 0));
}

static void test_mtrr_is_kept_for_each_vcpu(void **state)
{
	uint64_t value;

	(void)state;
	assert_true(msr_write(0, 0x205, 0xffff000800));
	assert_true(msr_read(0, 0x205, &value));
	assert_int_equal(value, 0xffff000800);
	assert_true(msr_read(1, 0x205, &value));
	assert_int_equal(value, 0);
	assert_true(msr_write(0, 0x250, 0x0606060606060604));
	assert_true(msr_read(0, 0x250, &value));
	assert_int_equal(value, 0x0606060606060604);
}

struct kvm_time {
	uint32_t version, pad0;
	uint64_t tsc_timestamp, system_time;
	uint32_t mul;
	int8_t shift;
	uint8_t flags, pad[2];
};

/* Linux's arithmetic: Documentation/virt/kvm/x86/msr.rst, MSR_KVM_SYSTEM_TIME_NEW. */
static uint64_t kvm_ns(const struct kvm_time *time, uint64_t tsc)
{
	uint64_t delta = tsc - time->tsc_timestamp;

	delta = time->shift < 0 ? delta >> -time->shift : delta << time->shift;
	return time->system_time + (uint64_t)(((unsigned __int128)delta * time->mul) >> 32);
}

static void check_time(uint32_t index)
{
	struct kvm_time time;
	uint64_t value, ns;

	memset(fixture_ram(0x200000), 0, sizeof(time));
	assert_true(msr_write(0, index, 0x200000 | 1));
	assert_true(msr_read(0, index, &value));
	assert_int_equal(value, 0x200001);
	memcpy(&time, fixture_ram(0x200000), sizeof(time));
	assert_int_equal(time.version % 2, 0);
	assert_int_not_equal(time.version, 0);
	assert_int_equal(time.flags, 1);
	assert_int_equal(time.tsc_timestamp, 1234);
	ns = kvm_ns(&time, 1234 + 2500000000ull * 3600); /* an hour */
	assert_in_range(ns, 3600 * 1000000000ull - 4000, 3600 * 1000000000ull);
}

static void test_kvm_time(void **state)
{
	(void)state;
	check_time(0x4b564d01);
	check_time(0x12);
}

/* Off, or where there is no RAM, nothing is written; and it is no fault. */
static void test_kvm_time_elsewhere(void **state)
{
	(void)state;
	assert_true(msr_write(0, 0x4b564d01, 0x300000));
	assert_true(fixture_untouched(0x300000, 0x300100));
	assert_true(msr_write(0, 0x4b564d01, MIB(16) | 1));
	assert_true(msr_write(0, 0x4b564d01, MIB(16) - 16 + 1)); /* half of it would fit */
	assert_true(fixture_untouched(MIB(16) - 16, MIB(16)));
	assert_true(msr_write(0, 0x4b564d01, UINT64_MAX));
	assert_true(msr_write(0, 0x4b564d00, UINT64_MAX));
}

struct kvm_steal {
	uint64_t steal;
	uint32_t version, flags;
	uint8_t preempted, pad[47];
};

/* What Linux reads: Documentation/virt/kvm/x86/msr.rst, MSR_KVM_STEAL_TIME. */
static void test_steal_time(void **state)
{
	struct kvm_steal steal;
	uint64_t value;

	(void)state;
	host_clock_init();
	fake_calls.steal = 2500000; /* a millisecond */
	memset(fixture_ram(0x200000), 0xa5, 128);
	assert_true(msr_write(1, 0x4b564d03, 0x200040 | 1));
	assert_true(msr_read(1, 0x4b564d03, &value));
	assert_int_equal(value, 0x200041);
	assert_true(fake_calls.steal_watch);
	memcpy(&steal, fixture_ram(0x200040), sizeof(steal));
	assert_in_range(steal.steal, 999000, 1000000);
	assert_int_equal(steal.version, 2);
	assert_int_equal(steal.flags | steal.preempted, 0);
	assert_int_equal(*fixture_ram(0x20003f), 0xa5);
	steal_grown(1, 5000000);
	steal_grown(0, 9000000); /* which has not asked */
	memcpy(&steal, fixture_ram(0x200040), sizeof(steal));
	assert_in_range(steal.steal, 1999000, 2000000);
	assert_int_equal(steal.version, 4);
	assert_true(msr_read(0, 0x4b564d03, &value));
	assert_int_equal(value, 0);
	/* Off again. */
	assert_true(msr_write(1, 0x4b564d03, 0));
	assert_false(fake_calls.steal_watch);
	steal_grown(1, 7500000);
	memcpy(&steal, fixture_ram(0x200040), sizeof(steal));
	assert_int_equal(steal.version, 4);
}

static void test_steal_time_elsewhere(void **state)
{
	uint64_t value;

	(void)state;
	for (unsigned bit = 1; bit <= 5; bit++)
		assert_false(msr_write(0, 0x4b564d03, 0x200001 | 1u << bit));
	assert_true(msr_read(0, 0x4b564d03, &value));
	assert_int_equal(value, 0);
	assert_true(msr_write(0, 0x4b564d03, MIB(16) | 1));
	assert_true(msr_write(0, 0x4b564d03, UINT64_MAX & ~UINT64_C(0x3e)));
	steal_grown(0, 7500000);
	msr_init(0);
	assert_true(msr_read(0, 0x4b564d03, &value));
	assert_int_equal(value, 0);
}

static void test_kvm_wall(void **state)
{
	uint32_t wall[3];

	(void)state;
	assert_true(msr_write(0, 0x4b564d00, 0x200004));
	memcpy(wall, fixture_ram(0x200004), sizeof(wall));
	assert_int_equal(wall[0] % 2, 0);
	assert_int_equal(wall[1], 1700000000);
	assert_int_equal(wall[2], 123456789);
}

static void test_scales(void **state)
{
	static const uint64_t rates[] = {1,	  1000,	   999999,  1000000,
					 1000001, 2000000, 3600000, 9000000};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rates); i++) {
		struct pvclock_scale scale = pvclock_scale(rates[i]);
		struct kvm_time time = {.mul = scale.multiplier, .shift = scale.shift};
		uint64_t second = kvm_ns(&time, rates[i] * 1000);

		assert_in_range(second, 999999990, 1000000000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_allow_list, make_amd),
		cmocka_unit_test_setup(test_allow_list, make_intel),
		cmocka_unit_test_setup(test_single_bits, make_amd),
		cmocka_unit_test_setup(test_single_bits, make_intel),
		cmocka_unit_test_setup(test_other_vendor, make_amd),
		cmocka_unit_test_setup(test_misc_enable, make_intel),
		cmocka_unit_test_setup(test_machine_check, make_intel),
		cmocka_unit_test_setup(test_mtrr_types, make_intel),
		cmocka_unit_test_setup(test_mtrr_reserved, make_amd),
		cmocka_unit_test_setup(test_mtrr_is_kept_for_each_vcpu, make_amd),
		cmocka_unit_test_setup(test_kvm_time, make_amd),
		cmocka_unit_test_setup(test_kvm_time_elsewhere, make_intel),
		cmocka_unit_test_setup(test_steal_time, make_amd),
		cmocka_unit_test_setup(test_steal_time_elsewhere, make_intel),
		cmocka_unit_test_setup(test_kvm_wall, make_intel),
		cmocka_unit_test_setup(test_scales, make_intel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
