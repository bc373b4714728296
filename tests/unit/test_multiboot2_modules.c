/* SPDX-License-Identifier: BSD-2-Clause */
/* Modules: each is taken or refused for itself (L03). */
/* sources: boot/multiboot2.c boot/efi_map.c boot/memmap.c boot/modules.c boot/note.c lib/format.c */
#include "boot/multiboot2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "abi/layout.h"
#include "tests/unit/multiboot2_image.h"

/* L03: each refused for its own reason, the one that follows is kept. */
static void test_modules_refused_one_by_one(void **state)
{
	static const struct {
		uint32_t start, end;
		const char *text, *note;
	} cases[] = {
		{MIB(9), MIB(8), "a", "it ends before it starts"},
		{0xfffff000, 0, "a", "it ends before it starts"},
		{MIB(8), MIB(8), "a", "it is empty"},
		{0, 0, "a", "it is empty"},
		{MIB(8) + 1, MIB(9), "a", "it does not start on a page"},
		{MIB(255), MIB(257), "a", "it is not in RAM"},
		{MIB(200), MIB(201), "a", "it is not in RAM"},
		{MIB(300), MIB(301), "a", "it is not in RAM"},
		{0xfffff000, 0xffffffff, "a", "it is not in RAM"},
		{0, 0x2000, "a", "it is not in RAM"},
		{MIB(3), MIB(5), "a", "it overlaps the kernel"},
		{MIB(1), MIB(2) + 1, "a", "it overlaps the kernel"},
		{MIB(1), MIB(16), "a", "it overlaps the kernel"},
		{MIB(7), MIB(7) + 0x1001, "a", "it overlaps another"},
		{MIB(5), MIB(6) + 1, "a", "it overlaps another"},
		{MIB(8), MIB(9), "", "it has no name"},
		{MIB(8), MIB(9), "   ", "it has no name"},
		{MIB(8), MIB(9), "first", "another has this name"},
		{MIB(8), MIB(9), "freehold.conf", "another has this name"},
		{MIB(8), MIB(9), "n\xc3\xa4me", "its name is not printable ASCII"},
		{MIB(8), MIB(9), "t\tab", "its name is not printable ASCII"},
		{MIB(8), MIB(9), "12345678901234567890123456789012", "its name is too long"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		image_begin(&image);
		put_module(MIB(6), MIB(6) + 0x800, "first");
		put_module(MIB(7) + 0x1000, MIB(7) + 0x1004, "freehold.conf");
		put_module(cases[i].start, cases[i].end, cases[i].text);
		put_module(MIB(16), MIB(17), "last");
		image_put_mmap(&image);
		image_end(&image);
		assert_int_equal(parse(), BOOT_OK);
		assert_int_equal(info.note_count, 1);
		assert_true(has_note(cases[i].note));
		assert_int_equal(info.module_count, 2);
		assert_true(info.has_config);
		assert_module(&info.modules[0], "first", MIB(6), 0x800);
		assert_module(&info.modules[1], "last", MIB(16), MIB(1));
	}
}

static void test_module_touching_others_is_fine(void **state)
{
	(void)state;
	image_begin(&image);
	put_module(MIB(4), MIB(4) + 0xfff, "behind-the-kernel");
	put_module(MIB(4) + 0x1000, MIB(5), "1234567890123456789012345678901");
	put_module(MIB(255), MIB(256), "to the end of RAM");
	image_put_mmap(&image);
	image_end(&image);
	assert_int_equal(parse(), BOOT_OK);
	assert_int_equal(info.note_count, 0);
	assert_int_equal(info.module_count, 3);
}

static void test_module_unterminated(void **state)
{
	(void)state;
	image_begin(&image);
	image_put_module(&image, MIB(8), MIB(9), "abcd", 4);
	image_put_module(&image, MIB(8), MIB(9), "", 0);
	image_put_mmap(&image);
	image_end(&image);
	assert_int_equal(parse(), BOOT_OK);
	assert_int_equal(info.module_count, 0);
	assert_int_equal(info.note_count, 2);
	assert_true(has_note("its command line is not terminated"));
}

static void test_too_many_modules(void **state)
{
	(void)state;
	image_begin(&image);
	for (uint32_t i = 0; i < 100; i++) {
		char name[16];

		snprintf(name, sizeof(name), "m%u", i);
		put_module((uint32_t)MIB(8) + i * 4096, (uint32_t)MIB(8) + i * 4096 + 1, name);
	}
	put_module(MIB(9), MIB(9) + 1, "freehold.conf");
	image_put_mmap(&image);
	image_end(&image);
	assert_int_equal(parse(), BOOT_OK);
	assert_int_equal(info.module_count, MAX_IMAGES);
	assert_true(info.has_config);
	assert_true(has_note("\"m64\""));
	assert_true(has_note("there are too many"));
	assert_int_equal(info.note_count, BOOT_MAX_NOTES);
	assert_int_equal(info.note_count + info.notes_lost, 100 - MAX_IMAGES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modules_refused_one_by_one),
		cmocka_unit_test(test_module_touching_others_is_fine),
		cmocka_unit_test(test_module_unterminated),
		cmocka_unit_test(test_too_many_modules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
