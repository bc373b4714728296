/* SPDX-License-Identifier: BSD-2-Clause */
/* Images that do not fit into the memory: who is refused, in what words, and who is not. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c tests/unit/loader_images.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "abi/frame.h"
#include "tests/unit/fake_expect.h"
#include "tests/unit/loader_images.h"

enum { KERNEL, INITRD };

static struct image image;

/* What the image called kernel is. */
static void take(struct image new)
{
	image_free(&image);
	image = new;
	fake.image_bytes[KERNEL] = image.bytes;
	fake.images[KERNEL].size = image.size;
}

/* Its kernel takes 45 MiB at 16 MiB. */
static int boot(void **state)
{
	(void)state;
	fake_reset();
	take(image_linux());
	image_put64(&image, 0x258, MIB(16)); /* pref_address */
	image_put32(&image, 0x260, MIB(45)); /* init_size */
	fake_boot();
	return 0;
}

static int end(void **state)
{
	(void)state;
	image_free(&image);
	return 0;
}

#define LESS                                                                                       \
	"needs memory=61M or more, and memory=8M is less: the kernel takes 45 MiB from 16 MiB on " \
	"[rule 13]\r\n"

static void test_kernel(void **state)
{
	(void)state;
	fake_expect_in("create web memory=8M kernel=kernel",
		       "\r\nerror: create web: kernel=kernel: " LESS);
	fake_expect_in("run web memory=8M kernel=kernel",
		       "\r\nerror: run web: kernel=kernel: " LESS);
	assert_null(fake_find("web"));
	fake_expect_in("create web memory=62460K kernel=kernel", "needs memory=61M or more");
	fake_expect_in("create web memory=61M kernel=kernel", "web: created");
}

static void test_initrd(void **state)
{
	(void)state;
	fake_expect_in(
		"create web memory=8M kernel=kernel initrd=initrd",
		"create web: kernel=kernel: needs memory=62M or more, and memory=8M is less: the "
		"kernel takes 45 MiB from 16 MiB on, the other images take 980 KiB [rule 13]");
	fake_expect_in(
		"create web memory=61M kernel=kernel initrd=initrd",
		"create web: initrd=initrd: needs memory=62M or more, and memory=61M is less: ");
	fake_expect_in("create web memory=62M kernel=kernel module=tiny initrd=initrd",
		       "web: created");
	fake_expect_in("create db memory=61M kernel=kernel module=tiny module=initrd",
		       "create db: module=tiny: needs memory=62M or more");
}

/* Of other kernels it is what is beside them, or where they are told to go. */
static void test_others(void **state)
{
	(void)state;
	fake_expect_in(
		"create web memory=2M kernel=tiny initrd=initrd module=initrd",
		"create web: module=initrd: needs memory=3M or more, and memory=2M is less: the "
		"other images take 1.9 MiB [rule 13]");
	fake_expect_in("create web memory=3M kernel=tiny initrd=initrd module=initrd",
		       "web: created");
	fake_expect_in("create db memory=16M kernel=tiny load=0x4000000",
		       "create db: kernel=tiny: needs memory=65M or more, and memory=16M is less: the "
		       "kernel takes 4 KiB from 64 MiB on [rule 13]");
	fake_expect_in("create db memory=65M kernel=tiny load=0x4000000", "db: created");
	take(image_elf64());
	image_put64(&image, ELF64_PH + ELF64_PH_SIZE + 40, MIB(7));
	fake_expect_in(
		"create log memory=8M kernel=kernel",
		"create log: kernel=kernel: needs memory=9M or more, and memory=8M is less: the "
		"kernel takes 8 MiB from 1 MiB on [rule 13]");
	fake_expect_in("create log memory=8M kernel=kernel boot=multiboot",
		       "needs memory=9M or more");
	fake_expect_in("create log memory=8M kernel=kernel boot=sector", "log: created");
}

static void test_never(void **state)
{
	(void)state;
	image_put32(&image, 0x22c, MIB(61) - 1); /* initrd_addr_max */
	fake_expect_in(
		"create web memory=512M kernel=kernel initrd=initrd",
		"error: create web: initrd=initrd: no memory= is enough: the kernel takes 45 MiB from "
		"16 MiB on, the other images take 980 KiB, and RAM for it ends at 61 MiB [rule 13]");
	fake_expect_in(
		"create web memory=16M kernel=tiny load=0xd0000000",
		"kernel=tiny: no memory= is enough: the kernel takes 4 KiB from 3.2 GiB on, and RAM "
		"for it ends at 3 GiB [rule 13]");
	fake_expect_in("create web memory=512M kernel=kernel", "web: created");
}

static void test_code(void **state)
{
	(void)state;
	fake_command("mode script");
	fake_expect_in("create web memory=8M kernel=kernel",
		       "error ERULE create web: kernel=kernel: needs");
}

static void test_set(void **state)
{
	(void)state;
	fake_command("create web memory=64M kernel=kernel");
	fake_expect_in("set web memory=8M", "\r\nerror: set web: kernel=kernel: " LESS);
	fake_expect_in("set web memory=62M initrd=initrd", "web: changed");
	fake_expect_in("set web memory=61M",
		       "error: set web: initrd=initrd: needs memory=62M or more");
	fake_expect_in("export", "create web memory=62M kernel=kernel initrd=initrd\r\n");
	assert_int_equal(fake_find("web")->info.memory, MIB(62) - KIB(128));
}

static void test_candidate(void **state)
{
	(void)state;
	fake_command("create web memory=64M kernel=kernel");
	fake_command("edit");
	fake_command("set web memory=8M");
	fake_command("create db memory=8M kernel=kernel initrd=initrd");
	fake_expect_in("check", "error: check web: kernel=kernel: " LESS);
	fake_expect("error: check db: kernel=kernel: needs memory=62M or more");
	fake_expect_in("commit", "error: commit web: kernel=kernel: " LESS);
	fake_expect("error: commit db: kernel=kernel: needs memory=62M or more");
	assert_int_equal(fake_find("web")->info.memory, MIB(64) - KIB(128));
	assert_null(fake_find("db"));
	fake_command("set web memory=61M");
	fake_command("set db memory=62M");
	fake_expect_in("check", "no rule is broken by the candidate, 2 partitions");
	fake_command("commit");
	assert_int_equal(fake_find("web")->info.memory, MIB(61) - KIB(128));
	assert_non_null(fake_find("db"));
}

/* An image that cannot be seen tells nothing. What is there is given other shares, and is moved by nobody. */
static void test_what_is_there(void **state)
{
	(void)state;
	fake.fail[CALL_IMAGE_MAP] = ERR_NOMEM;
	fake_expect_in("create web memory=8M kernel=kernel", "web: created");
	fake.fail[CALL_IMAGE_MAP] = 0;
	fake_expect_in("check", "no rule is broken by what is running, 1 partition");
	fake_expect_in("set web weight=7 restart=always", "web: changed");
	fake_expect_in("rename web db", "web: renamed");
	fake_expect_in("start db", "db: started");
	fake_expect_in("set db cap=50", "db: changed");
	fake_expect_in("stop db --force", "db: stopped");
	fake_expect_in("set db cmdline=x", "error: set db: kernel=kernel: " LESS);
	fake_expect_in("set db cmdline=x memory=61M", "db: changed");
	fake_expect_in("destroy db --yes", "db: destroyed");
}

/* An undo makes again what was there, though it is refused by now. */
static void test_undo(void **state)
{
	(void)state;
	fake.fail[CALL_IMAGE_MAP] = ERR_NOMEM;
	fake_command("create web memory=8M kernel=kernel");
	fake.fail[CALL_IMAGE_MAP] = 0;
	fake.fail_once[CALL_PART_CREATE] = ERR_NOMEM;
	fake_expect_in("set web memory=64M", "web: all is as it was before");
	assert_int_equal(fake_find("web")->info.memory, MIB(8) - KIB(128));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_kernel, boot),
		cmocka_unit_test_setup(test_initrd, boot),
		cmocka_unit_test_setup(test_others, boot),
		cmocka_unit_test_setup(test_never, boot),
		cmocka_unit_test_setup(test_code, boot),
		cmocka_unit_test_setup(test_set, boot),
		cmocka_unit_test_setup(test_candidate, boot),
		cmocka_unit_test_setup(test_what_is_there, boot),
		cmocka_unit_test_setup(test_undo, boot),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
