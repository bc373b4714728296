/* SPDX-License-Identifier: BSD-2-Clause */
/* TAB completes whatever can stand where the cursor is; other words for commands do what those do. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/calls.h"
#include "abi/errors.h"
#include "tests/unit/fake_expect.h"

static int boot(void **state)
{
	(void)state;
	fake_reset();
	fake_boot();
	fake_command("create web memory=64M kernel=kernel");
	return 0;
}

/* What stands at the prompt after these keys, if no list had to be shown. */
static void expect_line(const char *keys, const char *line)
{
	char expected[256];

	fake_clear();
	fake_type(keys);
	fake_run();
	snprintf(expected, sizeof(expected), "%s", line);
	assert_string_equal(fake_output(), expected);
	fake_type("\x03");
	fake_run();
}

static void test_second_words(void **state)
{
	(void)state;
	expect_line("policy m\t", "policy msrs ");
	expect_line("help policy m\t", "help policy msrs ");
	expect_line("help debug v\t", "help debug vcpu ");
	expect_line("time help debug s\t", "time help debug stacks ");
	expect_line("time policy c\tw\t", "time policy cpuid web ");
	expect_line("hel\tpol\t", "help policy ");
}

static void test_choices(void **state)
{
	(void)state;
	expect_line("mode s\t", "mode script ");
	expect_line("create db testdev=of\t", "create db testdev=off ");
	expect_line("create db smt=\t", "create db smt=share ");
}

/* Options and keys do not count: the name may stand behind them. */
static void test_names_behind_options(void **state)
{
	(void)state;
	expect_line("destroy --y\tw\t", "destroy --yes web ");
	expect_line("stop timeout=5 w\t", "stop timeout=5 web ");
	expect_line("list --\t", "list --json ");
	expect_line("show w\t--\t", "show web --json ");
	expect_line("show web w\t", "show web w\a");
}

static void test_other_words(void **state)
{
	(void)state;
	expect_line("ins\tw\t", "inspect web ");
	fake_expect_in("ps", "NAME  STATE");
	fake_expect_in("inspect web", "name        web\r\n");
	fake_expect_in("help rm", "destroy NAME [--yes]\r\n");
	fake_expect_in("help", "Other words: ps = list, rm = destroy, inspect = show, ? = help");
	fake_expect_in("rm db", "error: destroy db: there is no partition of that name\r\n");
	fake_expect_in("time rm web", "web: destroyed\r\ntook ");
	assert_null(fake_find("web"));
}

static void test_help_of_two_words(void **state)
{
	(void)state;
	fake_expect_in("help policy msrs", "policy msrs\r\n  the MSRs that");
	assert_null(strstr(fake_output(), "policy cpuid"));
	fake_expect_in("help policy", "policy cpuid NAME");
	fake_expect_in("help policy x", "error: help policy: there is no such command");
	fake_expect_in("help list x", "there is no such command");
}

static void test_run(void **state)
{
	(void)state;
	fake.again[CALL_PART_CREATE] = 20;
	fake.again[CALL_PART_START] = 20;
	fake_expect_in("run db memory=64M kernel=kernel",
		       "db: created with 64 MiB and 1 pool vCPU\r\ndb: started\r\nfreehold> ");
	fake_expect_in("time run c memory=64M kernel=kernel", "c: started\r\ntook ");
	/* What cannot be created is not started, and what cannot be started stays. */
	fake_expect_in("run db memory=64M kernel=kernel",
		       "error: run db: a partition of that name exists");
	assert_null(strstr(fake_output(), "start"));
	fake.fail[CALL_PART_START] = ERR_NOMEM;
	fake_expect_in("run d memory=64M kernel=kernel",
		       "error: start d: there is not enough free memory");
	assert_non_null(fake_find("d"));
	fake.fail[CALL_PART_START] = 0;
	fake_command("mode script");
	assert_string_equal(fake_command("run e memory=64M kernel=kernel"),
			    "e: created with 64 MiB and 1 pool vCPU\r\ne: started\r\nok\r\n");
}

/* In a script, too, with the line's number. */
static void test_run_in_script(void **state)
{
	static const char config[] = "# first\nrun a memory=64M kernel=kernel\nimages\n";

	(void)state;
	fake_reset();
	fake.config = config;
	fake.config_size = sizeof(config) - 1;
	fake.fail[CALL_PART_START] = ERR_BUSY;
	fake_boot();
	assert_non_null(strstr(fake_output(),
			       "a: created with 64 MiB and 1 pool vCPU\r\n"
			       "error: line 2: start a: something it needs is in use\r\nIMAGE "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_second_words, boot),
		cmocka_unit_test_setup(test_choices, boot),
		cmocka_unit_test_setup(test_names_behind_options, boot),
		cmocka_unit_test_setup(test_other_words, boot),
		cmocka_unit_test_setup(test_help_of_two_words, boot),
		cmocka_unit_test_setup(test_run, boot),
		cmocka_unit_test(test_run_in_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
