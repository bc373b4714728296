/* SPDX-License-Identifier: BSD-2-Clause */
/* What commands print fits 80 columns, with the longest names and the largest numbers, and aligns. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/errors.h"
#include "console/command.h"
#include "console/screen.h"
#include "tests/unit/fake_kernel.h"

#define LONG_NAME "a123456789-123456789-123456789-"

static int boot(void **state)
{
	(void)state;
	fake_reset();
	fake_boot();
	fake_command(
		"create " LONG_NAME " vcpus=4 weight=10000 cap=400 memory=64M kernel=kernel "
		"module=\"tiny a text that is rather long, as texts of modules can be, and longer\" "
		"cmdline=\"console=ttyS0,115200 root=/dev/disk/by-uuid/0123456789 ro quiet splash\"");
	fake_command("start " LONG_NAME);
	fake_command("create web cpus=3 on=1-3 memory=64M kernel=kernel");
	fake.partitions[0].info.run_tsc = UINT64_MAX / 2;
	fake.partitions[0].info.steal_tsc = UINT64_MAX / 2;
	fake.partitions[1].info.exit_code = UINT32_MAX;
	fake.tsc += 1000000ull * FAKE_HZ;
	return 0;
}

/* Lines that programs rely on stay whole: errors, and who has memory. */
static bool may_be_long(const char *line)
{
	return !strncmp(line, "error: ", 7) || !strncmp(line, "memory partition ", 17);
}

static void check(const char *line)
{
	const char *at = strstr(fake_command(line), "\r\n");

	assert_non_null(at);
	while (*at) {
		size_t width = strcspn(at, "\r\n");

		if (width > SCREEN_COLUMNS && !may_be_long(at))
			fail_msg("%s: %zu columns: %.*s", line, width, (int)width, at);
		at += width + strspn(at + width, "\r\n");
	}
	/* What goes on until somebody says so. */
	fake_type("\x1d\x03");
	fake_run();
}

/* Every command, if it is about a partition about one of three letters. The log's lines are the kernel's. */
static void test_all(void **state)
{
	char line[128];

	(void)state;
	for (unsigned i = 0; i < command_count; i++) {
		enum arg_kind kind = commands[i].args[0].kind;

		snprintf(line, sizeof(line), "%s%s", commands[i].name,
			 kind == ARG_PARTITION ? " web" : "");
		if (strcmp(commands[i].name, "console") && strcmp(commands[i].name, "log"))
			check(line);
	}
}

/* Those that only show, with the longest name; a sentence about it may wrap. */
static void test_long_name(void **state)
{
	static const char *const lines[] = {
		"list",	 "show " LONG_NAME, "stats " LONG_NAME, "policy cpuid " LONG_NAME,
		"host",	 "images",	    "policy msrs",	"help",
		"audit",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		check(lines[i]);
}

/* Several lines of a value begin in the same column. */
static void test_wrapped(void **state)
{
	(void)state;
	assert_non_null(strstr(fake_command("show " LONG_NAME),
			       "cmdline     console=ttyS0,115200 root=/dev/disk/by-uuid/0123456789 "
			       "ro quiet spla\r\n            sh\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_all, boot),
		cmocka_unit_test_setup(test_long_name, boot),
		cmocka_unit_test_setup(test_wrapped, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
