/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which XCR0 values XSETBV takes (A14), the image of the FPU's state after RESET (J02), and whose pointers a
 * guest finds in the x87.
 */
/* sources: arch/x86_64/fpu.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/fpu.h"
#include "arch/x86_64/safe.h"

struct cpu_features cpu_features;

/* The areas that were restored from, and what FSW was in each. */
static struct {
	const uint8_t *area;
	uint16_t fsw;
} restored[4];
static unsigned restores;

static void note(const void *area)
{
	assert_in_range(restores, 0, ARRAY_SIZE(restored) - 1);
	restored[restores].area = area;
	memcpy(&restored[restores++].fsw, (const uint8_t *)area + 2, 2);
}

void safe_xsave(void *area)
{
	memcpy(area, "xsave", 6);
}

void safe_fxsave(void *area)
{
	memcpy(area, "fxsave", 7);
}

bool safe_xrstor(const void *area)
{
	note(area);
	return ((const uint8_t *)area)[0] != 0xff;
}

bool safe_fxrstor(const void *area)
{
	note(area);
	return ((const uint8_t *)area)[0] != 0xff;
}

static bool bit(uint64_t value, unsigned n)
{
	return value >> n & 1;
}

/* SDM 1 13.3, rule by rule as it stands there. */
static bool manual_allows(uint64_t v, uint64_t supported)
{
	if (v & ~supported)
		return false;
	if (!bit(v, 0))
		return false;
	if (bit(v, 2) && !bit(v, 1))
		return false;
	if (bit(v, 3) != bit(v, 4))
		return false;
	if (bit(v, 5) != bit(v, 6) || bit(v, 6) != bit(v, 7))
		return false;
	if (bit(v, 5) && !(bit(v, 1) && bit(v, 2)))
		return false;
	return bit(v, 17) == bit(v, 18);
}

static void test_xcr0_rules(void **state)
{
	static const uint64_t supported[] = {0x1,   0x3,  0x7,	   0xe7,   0x2e7,
					     0x21f, 0xff, 0x602e7, 0x606ff};
	unsigned allowed = 0;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(supported); i++) {
		for (uint64_t value = 0; value < BIT(20); value++) {
			bool expected = manual_allows(value, supported[i]);

			if (xcr0_valid(value, supported[i]) != expected)
				fail_msg("%lx under %lx", value, supported[i]);
			allowed += expected;
		}
	}
	assert_true(allowed > 20);
	assert_false(xcr0_valid(BIT(63) | 1, 0x7));
	assert_false(xcr0_valid(~0ULL, 0x7));
	assert_false(xcr0_valid(1, 0));
}

static void test_area_after_reset(void **state)
{
	static uint8_t expected[1024];
	uint8_t *area = aligned_alloc(FPU_AREA_ALIGN, sizeof(expected));
	(void)state;

	assert_non_null(area);
	memset(area, 0xa5, sizeof(expected));
	cpu_features.xsave = true;
	cpu_features.xsave_size = 832;
	fpu_area_init(area);
	memset(expected + 832, 0xa5, sizeof(expected) - 832);
	expected[0] = 0x40;  /* FCW 0040h */
	expected[4] = 0xff;  /* all registers valid: +0.0 */
	expected[24] = 0x80; /* MXCSR 1f80h */
	expected[25] = 0x1f;
	expected[512] = 1; /* XSTATE_BV: x87 is not in its initial configuration */
	assert_memory_equal(area, expected, sizeof(expected));
	free(area);
}

static void test_instruction_by_feature(void **state)
{
	uint8_t area[64] = {0};
	(void)state;

	restores = 0;
	cpu_features = (struct cpu_features){.xsave = true, .xsave_size = sizeof(area)};
	fpu_save(area);
	assert_string_equal(area, "xsave");
	assert_true(fpu_restore(area));
	assert_int_equal(restores, 1);
	assert_ptr_equal(restored[0].area, area);
	cpu_features.xsave = false;
	fpu_save(area);
	assert_string_equal(area, "fxsave");
	assert_true(fpu_restore(area));
	assert_int_equal(restores, 2);
	assert_ptr_equal(restored[1].area, area);
	area[0] = 0xff;
	assert_false(fpu_restore(area));
	cpu_features.xsave = true;
	assert_false(fpu_restore(area));
}

static void check_image_without_pointers(const uint8_t *image)
{
	uint64_t xstate_bv;
	uint32_t mxcsr;
	uint16_t fcw;

	memcpy(&fcw, image, sizeof(fcw));
	memcpy(&mxcsr, image + 24, sizeof(mxcsr));
	memcpy(&xstate_bv, image + 512, sizeof(xstate_bv));
	assert_int_equal((uintptr_t)image % FPU_AREA_ALIGN, 0);
	assert_false(fcw & 1); /* IM: what FSW.IE tells of is not masked */
	assert_int_equal(mxcsr, 0x1f80);
	assert_int_equal(xstate_bv, 1);
	for (unsigned i = 6; i < 24; i++) /* FOP, FIP, FDP */
		assert_int_equal(image[i], 0);
	for (unsigned i = 520; i < 576; i++) /* the header's rest: XRSTOR refuses else */
		assert_int_equal(image[i], 0);
}

/* CVE-2006-1056: without ES in the image, AMD's restore leaves the last guest's pointers where they are. */
static void test_pointers_of_the_last_guest(void **state)
{
	static const struct {
		enum cpu_vendor vendor;
		bool xsaveerptr, twice;
	} cases[] = {
		{CPU_VENDOR_AMD, false, true},	  {CPU_VENDOR_AMD, true, false},
		{CPU_VENDOR_INTEL, false, false}, {CPU_VENDOR_INTEL, true, false},
		{CPU_VENDOR_OTHER, false, false},
	};
	const uint8_t area[64] = {0};
	(void)state;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		bool twice = cases[i / 2].twice;

		restores = 0;
		cpu_features = (struct cpu_features){.vendor = cases[i / 2].vendor,
						     .xsaveerptr = cases[i / 2].xsaveerptr,
						     .xsave = i % 2};
		assert_true(fpu_restore(area));
		assert_int_equal(restores, twice ? 2 : 1);
		assert_ptr_equal(restored[restores - 1].area, area);
		if (!twice)
			continue;
		assert_int_equal(restored[0].fsw & 0x81, 0x81); /* ES and IE */
		check_image_without_pointers(restored[0].area);
	}
}

static void test_host_mask(void **state)
{
	/* What the CPU supports, what of it the host switches. */
	static const uint64_t cases[][2] = {
		{0x7, 0x7},	  {0x3, 0x3},  {0xe7, 0xe7}, {0x21f, 0x207},
		{0x602e7, 0x2e7}, {0x67, 0x7}, {0xe3, 0x3},
	};
	struct cpu_features features = {.xsave = true};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		features.xcr0_supported = cases[i][0];
		fpu_features(&features);
		assert_int_equal(features.xcr0_host, cases[i][1]);
		assert_true(features.xsave_size >= 576);
		assert_true(xcr0_valid(features.xcr0_host, features.xcr0_supported));
	}
	features = (struct cpu_features){.xsave = false};
	fpu_features(&features);
	assert_int_equal(features.xcr0_host, 0);
	assert_int_equal(features.xsave_size, 512);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xcr0_rules),
		cmocka_unit_test(test_area_after_reset),
		cmocka_unit_test(test_instruction_by_feature),
		cmocka_unit_test(test_pointers_of_the_last_guest),
		cmocka_unit_test(test_host_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
