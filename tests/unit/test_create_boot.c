/* SPDX-License-Identifier: BSD-2-Clause */
/* create's keys that say how an image is started: what the kernel is told, what is shown, what is refused. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake_expect.h"

#define GOOD "memory=64M kernel=kernel "

static int boot(void **state)
{
	(void)state;
	fake_reset();
	fake_boot();
	return 0;
}

/* Creates it with these keys and answers what the kernel was told. */
static const struct part_boot *told(const char *keys)
{
	char line[512];

	snprintf(line, sizeof(line), "create web " GOOD "%s", keys);
	fake_expect_in(line, "web: created with 64 MiB");
	fake_command("destroy web --yes");
	return &fake.last_desc.boot;
}

static void test_protocols(void **state)
{
	static const struct {
		const char *keys;
		enum boot_protocol protocol;
	} cases[] = {
		{"", BOOT_BY_IMAGE},
		{"boot=linux", BOOT_LINUX},
		{"boot=pvh", BOOT_PVH},
		{"boot=multiboot2", BOOT_MULTIBOOT2},
		{"boot=multiboot", BOOT_MULTIBOOT},
		{"boot=sector", BOOT_SECTOR},
		{"boot=flat load=0x100000", BOOT_FLAT},
		{"load=0x100000", BOOT_FLAT},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(told(cases[i].keys)->protocol, cases[i].protocol);
}

static void test_flat(void **state)
{
	const struct part_boot *flat;

	(void)state;
	flat = told("load=0x30000");
	assert_int_equal(flat->load, 0x30000);
	assert_int_equal(flat->entry, 0x30000);
	flat = told("entry=0x30010 load=196608");
	assert_int_equal(flat->load, 0x30000);
	assert_int_equal(flat->entry, 0x30010);
	flat = told("load=0 entry=0");
	assert_int_equal(flat->load | flat->entry, 0);
	fake_command("create web " GOOD "load=0x30000 entry=0x30010");
	fake_expect_in("show web", "load=0x30000 entry=0x30010");
}

/* Each module has its own text or none; a text may have what a line may have. */
static void test_texts(void **state)
{
	const struct part_desc *desc = &fake.last_desc;

	(void)state;
	fake_command("create web " GOOD
		     "module=tiny module=\"tiny a  b=\\\"c\\\"\" module=\"initrd x\"");
	assert_int_equal(desc->image_count, 4);
	assert_string_equal(desc->boot.texts + desc->images[0].text, "");
	assert_string_equal(desc->boot.texts + desc->images[1].text, "");
	assert_string_equal(desc->boot.texts + desc->images[2].text, "a  b=\"c\"");
	assert_string_equal(desc->boot.texts + desc->images[3].text, "x");
	assert_int_equal(desc->images[2].image, 2);
	assert_int_equal(desc->images[3].image, 1);
	fake_expect_in("show web", "tiny\r\n");
	fake_expect_in("show web", "tiny a  b=\"c\"\r\n");
	fake_expect_in("show web", "initrd x\r\n");
}

/* By freehold.conf: no typed line is as long. */
static const char *boot_with_texts(size_t first, size_t second)
{
	static char line[2300];
	char text[2][1100];

	memset(text, 'x', sizeof(text));
	text[0][first] = text[1][second] = '\0';
	snprintf(line, sizeof(line), "create web " GOOD "module=\"tiny %s\" module=\"tiny %s\"\n",
		 text[0], text[1]);
	fake_reset();
	fake.config = line;
	fake.config_size = strlen(line);
	fake_clear();
	fake_boot();
	return fake_output();
}

/* 1,024 bytes hold an empty text and two others, each with its end: 1,021 characters of these. */
static void test_full_texts(void **state)
{
	(void)state;
	assert_non_null(strstr(boot_with_texts(500, 521), "web: created"));
	assert_int_equal(fake.last_desc.boot.texts[TEXTS_SIZE - 1], 0);
	assert_int_equal(fake.last_desc.boot.texts[TEXTS_SIZE - 2], 'x');
	assert_non_null(strstr(boot_with_texts(500, 522),
			       "the modules' texts have at most 1022 characters together"));
	assert_null(fake_find("web"));
}

static void test_refusals(void **state)
{
	static const struct {
		const char *keys, *error;
	} refusals[] = {
		{"boot=bios", "boot=bios: must be linux, pvh, multiboot2, multiboot, sector or flat"},
		{"boot=", "boot=: a value is missing"},
		{"boot=flat", "boot=flat: load= is missing"},
		{"entry=0x100000", "entry= goes with load= only: other images say it themselves"},
		{"boot=pvh entry=1", "entry= goes with load= only: other images say it themselves"},
		{"boot=pvh load=1", "load= goes with boot=flat only: other images say it themselves"},
		{"load=64M", "load=64M: must be an address, as in 0x100000"},
		{"load=-1", "load=-1: must be an address, as in 0x100000"},
		{"load=18446744073709551616",
		 "load=18446744073709551616: must be an address, as in 0x100000"},
		{"load=1 entry=x", "entry=x: must be an address, as in 0x100000"},
		{"load=1 load=2", "load= is given twice"},
		{"module=\"none x\"", "there is no such image; there is kernel, initrd, tiny"},
		{"module=\" tiny\"", "there is no such image; there is kernel, initrd, tiny"},
		{"module=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "there is no such image"},
		{"initrd=\"initrd x\"", "there is no such image"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(refusals); i++) {
		char line[512];

		snprintf(line, sizeof(line), "create web " GOOD "%s", refusals[i].keys);
		fake_expect_in(line, "error: create web: ");
		assert_non_null(strstr(fake_command(line), refusals[i].error));
		assert_null(fake_find("web"));
		assert_int_equal(fake.mapped_pages, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_protocols, boot),
		cmocka_unit_test_setup(test_flat, boot),
		cmocka_unit_test_setup(test_texts, boot),
		cmocka_unit_test_setup(test_full_texts, boot),
		cmocka_unit_test_setup(test_refusals, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
