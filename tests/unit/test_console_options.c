/* SPDX-License-Identifier: BSD-2-Clause */
/* Options as they are typed elsewhere: wherever the table says that there is one, and nowhere else. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "console/command.h"
#include "tests/unit/fake_expect.h"

static int boot(void **state)
{
	(void)state;
	fake_boot_with_web();
	fake_command("start web");
	return 0;
}

static void expect_not(const char *part)
{
	if (strstr(fake_output(), part))
		fail_msg("\"%s\" in: %s", part, fake_output());
}

/* -a is those that are no more, too: once each, and by names that nobody has. */
static void test_list_all(void **state)
{
	(void)state;
	fake_guest_write(fake_find("web"), "hello\n", 6);
	fake_expect_in("ps -a", "web   running");
	fake_command("destroy web --yes");
	fake_expect_in("list", "NAME  STATE");
	expect_not("web");
	fake_expect_in("list -a", "web   destroyed  -");
	fake_expect("logs has its output\r\n");
	fake_expect_in("ps --json -a", "{\"name\":\"web\",\"state\":\"destroyed\",\"vcpus\":null,");
	fake_command("run web memory=64M kernel=kernel");
	fake_expect_in("list -a", "web   running");
	expect_not("destroyed");
	fake_guest_write(fake_find("web"), "again\n", 6);
	fake_command("destroy web --yes");
	fake_command("list -a");
	assert_null(strstr(strstr(fake_output(), "web ") + 1, "web "));
}

/* COMMAND ? and COMMAND --help are what `help COMMAND` is. */
static void test_help(void **state)
{
	static char expected[8192];
	char line[64];

	(void)state;
	for (unsigned i = 0; i < command_count; i++) {
		const char *name = commands[i].name;

		snprintf(line, sizeof(line), "help %s", name);
		snprintf(expected, sizeof(expected), "%s", strstr(fake_command(line), "\r\n"));
		snprintf(line, sizeof(line), "%s ?", name);
		assert_string_equal(strstr(fake_command(line), "\r\n"), expected);
		snprintf(line, sizeof(line), "%s --help", name);
		assert_string_equal(strstr(fake_command(line), "\r\n"), expected);
	}
	fake_expect_in("?", "WHAT IT DOES\r\ncreate ");
	fake_expect_in("? policy msrs", "policy msrs\r\n  the MSRs that");
	/* Where an option can be, and before anything is asked of the machine. */
	fake_expect_in("pause web --help", "pause NAME\r\n  hold its guest");
	fake_expect_in("list", "running");
	fake_expect_in("time list ?", "list [--json] [-a]\r\n");
	fake_expect_in("ps --help", "list [--json] [-a]\r\n");
	/* Of one word of two. */
	fake_expect_in("debug ?", "debug vcpu NAME [VCPU]\r\n");
	fake_expect_in("policy --help", "policy cpuid NAME\r\n");
	fake_expect_in("nothing ?", "error: help nothing: there is no such command");
	/* At the end, wherever that is, and whatever stands before it. */
	fake_expect_in("set web ?", "set NAME KEY=VALUE ...\r\n");
	fake_expect_in("stop nobody --timeout 5 ?", "stop NAME [--force]");
	fake_expect_in("create zz memory=64M ?", "create NAME KEY=VALUE ...\r\n");
	fake_expect_in("help logs --tail", "  --tail N");
	fake_expect_in("help logs -f", "  -f              and what comes");
	fake_expect_in("help pause -f", "error: help pause: -f is no key of it");
	fake_expect_in("help --help", "help [COMMAND] [WORD]\r\n");
	/* A text is a text. */
	fake_expect_in("send web ?", "send web ?\r\nfreehold> ");
	fake_expect_in("send web --help", "send web --help\r\nfreehold> ");
}

/* The word, and what there is instead. */
static void test_unknown(void **state)
{
	(void)state;
	fake_expect_in("list -x",
		       "error: list: -x is no option of this command; its options: --json, -a");
	fake_expect_in("logs web --colour",
		       "--colour is no option of this command; its options: --last, -f");
	fake_expect("--help, --since, --tail\r\n");
	fake_expect_in("list --json=1", "--json=1 is no option of this command");
	fake_expect_in("pause web -f", "-f is no option of this command; its options: --help\r\n");
	fake_expect_in("run db --memory 64M kernel=kernel", "--memory is no option of this command");
	fake_expect("keys are written KEY=VALUE");
	assert_null(fake_find("db"));
	fake_expect_in("list -a -a", "web ");
}

static void test_keys_as_options(void **state)
{
	(void)state;
	fake.power_delay = 0;
	fake_expect_in("help stop", "stop NAME [--force] [--timeout SECONDS]\r\n");
	fake_expect("  --timeout SECONDS\r\n                  how long");
	fake_expect_in("stop --timeout 1 web", "web: stopped");
	fake_command("start web");
	fake_expect_in("stop web --timeout=1", "web: stopped");
	fake_command("start web");
	fake_expect_in("stop web timeout=1", "web: stopped");
	fake_expect_in("stop web --timeout", "--timeout needs a value; usage: stop NAME");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_list_all, boot),
		cmocka_unit_test_setup(test_help, boot),
		cmocka_unit_test_setup(test_unknown, boot),
		cmocka_unit_test_setup(test_keys_as_options, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
