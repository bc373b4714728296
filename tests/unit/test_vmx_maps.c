/* SPDX-License-Identifier: BSD-2-Clause */
/* The I/O and MSR bitmaps (B18): closed but for the list, and laid out as the processor reads them. */
/* sources: arch/x86_64/vmx/maps.c lib/string.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/vmx/maps.h"
#include "lib/assert.h"

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	print_error("%s:%d: %s\n", file, line, expression);
	abort();
}

hpa_t kernel_image_pa(const void *va)
{
	return (hpa_t)va;
}

static bool wanted(uint32_t index)
{
	static const uint32_t list[] = {0x174,	    0x175,	0x176,	    0xc0000081, 0xc0000082,
					0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102};

	for (unsigned i = 0; i < ARRAY_SIZE(list); i++)
		if (list[i] == index)
			return true;
	return false;
}

static void test_list(void **state)
{
	(void)state;
	vmx_maps_init();
	for (uint32_t i = 0; i < 0x2000; i++) {
		assert_int_equal(vmx_msr_open(i), wanted(i) ? 3 : 0);
		assert_int_equal(vmx_msr_open(0xc0000000 + i), wanted(0xc0000000 + i) ? 3 : 0);
	}
	/* What no map covers exits always. */
	assert_int_equal(vmx_msr_open(0x2000), 0);
	assert_int_equal(vmx_msr_open(0x40000000), 0);
	assert_int_equal(vmx_msr_open(0xc0002000), 0);
	assert_int_equal(vmx_msr_open(0xffffffff), 0);
	for (uint32_t port = 0; port <= 0xffff; port++)
		assert_false(vmx_port_open((uint16_t)port));
}

/* SDM 3C 25.6.9: read low, read high, write low, write high; 1 KiB each; a 0 lets pass. */
static void test_layout(void **state)
{
	const uint8_t *map;
	unsigned zeros = 0;

	(void)state;
	vmx_maps_init();
	map = (const uint8_t *)vmx_msr_bitmap_pa();
	assert_int_equal((uintptr_t)map % 4096, 0);
	assert_int_equal(vmx_io_bitmap_pa() % 4096, 0);
	assert_int_equal(map[0x174 / 8], 0x8f);		/* 174h to 176h */
	assert_int_equal(map[0x400 + 0x80 / 8], 0xe1);	/* C0000081h to 84h */
	assert_int_equal(map[0x400 + 0x100 / 8], 0xf8); /* C0000100h to 102h */
	assert_int_equal(map[0x800 + 0x174 / 8], 0x8f);
	assert_int_equal(map[0xc00 + 0x80 / 8], 0xe1);
	assert_int_equal(map[0xc00 + 0x100 / 8], 0xf8);
	for (unsigned bit = 0; bit < 4096 * 8; bit++)
		zeros += !(map[bit / 8] >> bit % 8 & 1);
	assert_int_equal(zeros, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
