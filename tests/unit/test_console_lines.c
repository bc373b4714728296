/* SPDX-License-Identifier: BSD-2-Clause */
/* A typed command of several lines: joined as in freehold.conf, spoilt as a whole, recalled as one. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake_kernel.h"

#define CREATED "web: created with 64 MiB and 1 pool vCPU\r\n"

static int boot(void **state)
{
	(void)state;
	fake_reset();
	fake_boot();
	return 0;
}

static void expect(const char *lines, const char *output)
{
	assert_string_equal(fake_command(lines), output);
}

static void test_joined(void **state)
{
	(void)state;
	expect("create web \\\r  memory=64M \\\rkernel=kernel",
	       "create web \\\r\n>   memory=64M \\\r\n> kernel=kernel\r\n" CREATED "freehold> ");
	assert_string_equal(fake_find("web")->info.name, "web");
}

/* As in freehold.conf: comment lines may stand between, quotes may go on, and a blank line ends it. */
static void test_rules_of_the_file(void **state)
{
	(void)state;
	fake_command(
		"create web memory=64M \\\r# the kernel's \\\rkernel=kernel cmdline=\"a \\\r# b\"");
	assert_non_null(strstr(fake_output(), CREATED));
	assert_string_equal(fake_find("web")->info.cmdline, "a # b");
	fake_command("create db memory=64M kernel=kernel \\\r");
	assert_non_null(fake_find("db"));
	fake_command("create c memory=64M kernel=kernel # no \\");
	assert_non_null(fake_find("c"));
	/* A protected \ joins nothing. */
	fake_command("create d memory=64M kernel=kernel cmdline=a\\\\");
	assert_string_equal(fake_find("d")->info.cmdline, "a\\");
}

/* Three lines of 1000 fit, five do not; what follows is a new command. */
static void test_length(void **state)
{
	static char lines[8000];
	char piece[1002];

	(void)state;
	memset(piece, 'x', sizeof(piece));
	memcpy(piece + 999, "\\\r", 3);
	strcpy(lines, "images \\\r");
	for (unsigned i = 0; i < 3; i++)
		strcat(lines, piece);
	strcat(lines, "x");
	fake_command(lines);
	assert_non_null(strstr(fake_output(), "\r\nerror: images: xxxxxxxxxxxx"));
	strcpy(lines, "images \\\r");
	for (unsigned i = 0; i < 5; i++)
		strcat(lines, piece);
	strcat(lines, "\rlist");
	fake_command(lines);
	assert_non_null(strstr(fake_output(),
			       "\r\nerror: a command has at most 4095 characters; nothing was done\r\n"
			       "freehold> list\r\nNAME"));
}

/* A line that is spoilt spoils the command, and the rest of that is no command. */
static void test_spoilt(void **state)
{
	static char lines[3000];

	(void)state;
	fake_command("create web \xff\\\rmemory=64M kernel=kernel \\\r\rlist");
	assert_non_null(strstr(fake_output(),
			       "\r\nerror: 1 bytes of the line were no text; nothing was done\r\n"
			       "freehold> list\r\nNAME"));
	memset(lines, 'x', 1500);
	strcpy(lines + 1500, "\\\rpoweroff --yes\rlist");
	fake_command(lines);
	assert_non_null(strstr(fake_output(),
			       "\r\nerror: a line has at most 1023 characters; nothing was done\r\n"
			       "freehold> list\r\nNAME"));
	strcpy(lines + 1500, "\\\\\rlist");
	fake_command(lines);
	assert_non_null(strstr(fake_output(), "nothing was done\r\nfreehold> list\r\nNAME"));
	assert_null(fake_find("web"));
	assert_int_equal(fake.power_calls, 0);
}

static void test_abandoned(void **state)
{
	(void)state;
	expect("poweroff \\\r\x03list", "poweroff \\\r\n> \r\nfreehold> list\r\n"
					"NAME  STATE  CPUS  MEMORY  UP  NOTE\r\nfreehold> ");
}

static void test_recalled(void **state)
{
	(void)state;
	fake_command("create web \\\rmemory=64M kernel=kernel");
	fake_command("destroy web");
	assert_non_null(strstr(fake_command("\x1b[A\x1b[A"), CREATED));
	assert_non_null(strstr(fake_output(), "create web memory=64M kernel=kernel"));
}

/* TAB knows what the lines before said. */
static void test_completed(void **state)
{
	(void)state;
	expect("create web \\\rmem\t64M ker\tker\t",
	       "create web \\\r\n> memory=64M kernel=kernel \r\n" CREATED "freehold> ");
}

static void test_one_answer(void **state)
{
	(void)state;
	fake_command("mode script");
	expect("create web \\\rmemory=64M \\\rkernel=kernel", CREATED "ok\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_joined, boot),
		cmocka_unit_test_setup(test_rules_of_the_file, boot),
		cmocka_unit_test_setup(test_length, boot),
		cmocka_unit_test_setup(test_spoilt, boot),
		cmocka_unit_test_setup(test_abandoned, boot),
		cmocka_unit_test_setup(test_recalled, boot),
		cmocka_unit_test_setup(test_completed, boot),
		cmocka_unit_test_setup(test_one_answer, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
