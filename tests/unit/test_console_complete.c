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
#include "console/candidates.h"
#include "console/main.h"
#include "tests/unit/fake_expect.h"

static int boot(void **state)
{
	(void)state;
	fake_boot_with_web();
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

/* What is shown for these keys, above the prompt. */
static void expect_list(const char *keys, const char *list)
{
	fake_clear();
	fake_type(keys);
	fake_run();
	fake_expect(list);
	fake_type("\x03");
	fake_run();
}

/* Of one kind of word each that can stand somewhere. */
static void test_everywhere(void **state)
{
	(void)state;
	fake_command("run db memory=64M kernel=kernel");
	fake_guest_write(fake_find("db"), "x\n", 2);
	fake_command("destroy db --yes");
	expect_line("list\t", "list ");
	expect_line("console a\t", "console all ");
	expect_line("console w\t", "console web ");
	expect_list("console \t", "\r\x1b[Jall  web\r\n\afreehold> console ");
	expect_list("console -r \t", "all  web\r\n");
	expect_line("console -r a\t", "console -r all ");
	expect_line("commit c\t", "commit confirmed ");
	expect_list("commit \t", "--yes      confirmed\r\n");
	expect_line("help create cm\t", "help create cmdline ");
	expect_list("debug \t",
		    "cpu-panic     panic         stacks\r\ncpu-stuck     random-state  vcpu\r\n");
	expect_list("policy \t", "cpuid  msrs\r\n");
	expect_line("logs d\t", "logs db ");
	expect_line("show d\t", "show d\a");
	expect_line("logs --since 5m --tail 10 d\t--l\t-\t",
		    "logs --since 5m --tail 10 db --last -f ");
	expect_list("logs web --\t", "--last   --since  --tail\r\n");
	expect_line("logs web --s\t", "logs web --since ");
	expect_line("logs web --since \t", "logs web --since \a");
	expect_list("list \t\t", "--json  -a\r\n");
	expect_list("list --json \t", "-a\r\n\afreehold> list --json ");
	expect_list("reboot \t", "--yes\r\n\afreehold> reboot ");
	expect_list("destroy web \t", "--yes\r\n\afreehold> destroy web ");
	expect_line("destroy web --\t", "destroy web --yes ");
	expect_list("commit confirmed \t", "--yes\r\n\afreehold> commit confirmed ");
	expect_line("pause web --\t", "pause web --help ");
	expect_line("list --h\t", "list --help ");
	expect_line("pager of\t", "pager off ");
	expect_list("pager o\t", "off  on\r\n");
	expect_line("edit\t", "edit ");
	expect_line("stop web\t", "stop web ");
}

/* Where a word is wanted that only the operator knows no option is put, which would be in its way. */
static void test_free_words(void **state)
{
	static const char *const before[] = {
		"rename web ", "wait web ",  "rollback ", "detach-key ",
		"exits web ",  "pause web ", "edit ",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(before); i++) {
		char keys[32], line[32];

		snprintf(keys, sizeof(keys), "%s\t", before[i]);
		snprintf(line, sizeof(line), "%s\a", before[i]);
		expect_line(keys, line);
	}
}

/* With a candidate open: who is in it for what changes it, and who is there for all else. */
static void test_candidates_names(void **state)
{
	(void)state;
	fake_command("edit");
	fake_command("create job memory=64M kernel=kernel");
	fake_command("destroy web");
	expect_line("set \t", "set job ");
	expect_line("start \t", "start web ");
	expect_line("create x after=\t", "create x after=job ");
	fake_expect_in("start job",
		       "error: start job: it is in the candidate alone; commit makes it\r\n");
	fake_expect_in("set web weight=2",
		       "error: set web: the candidate has no partition of that name\r\n");
}

static void test_values(void **state)
{
	(void)state;
	expect_line("create db kernel=k\t", "create db kernel=kernel ");
	expect_list("create db module=\t", "initrd  kernel  tiny\r\n");
	expect_line("set web after=w\t", "set web after=web ");
	expect_line("create db restart=o\t", "create db restart=on-failure ");
	expect_list("create db boot=m\t\t", "multiboot   multiboot2\r\n");
	expect_list("create db log=\t", "64K   128K  256K  512K\r\n");
	expect_line("create db console=\t", "create db console=lossless ");
	expect_list("create db on=\t", "\r\x1b[J0  1  2  3\r\n");
	expect_list("create db on=1-2,\t", "0  1  2  3\r\n");
	expect_list("debug stacks \t", "0  1  2  3\r\n");
	/* Given once it is none to give again, but for modules. */
	expect_line("create db memory=2M mem\t", "create db memory=2M mem\a");
	expect_line("create db module=tiny mod\t", "create db module=tiny module=");
}

/* All of them, in columns within 80, down as one looks for a word. */
static void test_columns(void **state)
{
	const char *at;
	unsigned rows = 0;

	(void)state;
	fake_clear();
	fake_type("\t");
	fake_run();
	at = strstr(fake_output(), "\x1b[J") + 3;
	assert_non_null(strstr(at, "?  "));
	for (; strncmp(at, "\afreehold> ", 11); rows++) {
		size_t width = strcspn(at, "\r");

		assert_in_range(width, 1, 80);
		assert_true(at[width - 1] != ' ');
		at += width + 2;
	}
	assert_in_range(rows, 5, 15);
	fake_expect("\r\n");
	assert_null(strstr(fake_output(), "more"));
}

/* More than there is room for: how many is told, and what they have in common is known of all. */
static void test_many(void **state)
{
	static struct candidates c;
	char name[40];

	(void)state;
	candidates_begin(&c, "na", 2);
	for (unsigned i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "name-%031u", 399 - i);
		candidates_offer(&c, name, true);
	}
	candidates_offer(&c, "other", true);
	assert_int_equal(c.found, 400);
	candidates_offer(&c, "nam", true);
	assert_int_equal(c.common, 3);
	assert_true(c.kept < c.found);
	fake_clear();
	candidates_show(&c);
	snprintf(name, sizeof(name), "and %u more\r\n", c.found - c.kept);
	fake_run();
	fake_expect(name);
	fake_expect("name-0000000000000000000000000000399\r\nand ");
}

static void test_other_words(void **state)
{
	(void)state;
	expect_line("ins\tw\t", "inspect web ");
	fake_expect_in("ps", "NAME  STATE");
	fake_expect_in("inspect web", "name        web\r\n");
	fake_expect_in("help rm", "destroy NAME [--yes]\r\n");
	fake_expect_in("help",
		       "Other words: ps = list, rm = destroy, inspect = show, define = create,");
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
	fake_expect_in("help policy x",
		       "error: help policy: must go on with one of cpuid, msrs\r\n");
	fake_expect_in("help list x",
		       "error: help list: x is no key of it, and no word that it goes on with\r\n");
	fake_expect_in("help create memory", "help create memory\r\n  memory=SIZE");
	assert_null(strstr(fake_output(), "kernel="));
	fake_expect_in("help create memory=", "  memory=SIZE");
	fake_expect_in("help logs tail", "  --tail N");
}

/* A text of TABs prints for minutes: between two of them all else goes on. */
static void test_tabs(void **state)
{
	static char tabs[3000];
	unsigned turns = 0;

	(void)state;
	memset(tabs, '\t', sizeof(tabs));
	fake_clear();
	fake_type_bytes(tabs, sizeof(tabs));
	for (fake.idle = false; !fake.idle; turns++) {
		console_turn();
		assert_true(fake.output_size < 4000);
		fake_clear();
	}
	assert_in_range(turns, sizeof(tabs), sizeof(tabs) + 10);
	fake_expect_in("list", "freehold> ");
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
		cmocka_unit_test_setup(test_everywhere, boot),
		cmocka_unit_test_setup(test_free_words, boot),
		cmocka_unit_test_setup(test_candidates_names, boot),
		cmocka_unit_test_setup(test_values, boot),
		cmocka_unit_test_setup(test_columns, boot),
		cmocka_unit_test_setup(test_many, boot),
		cmocka_unit_test_setup(test_other_words, boot),
		cmocka_unit_test_setup(test_help_of_two_words, boot),
		cmocka_unit_test_setup(test_tabs, boot),
		cmocka_unit_test_setup(test_run, boot),
		cmocka_unit_test(test_run_in_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
