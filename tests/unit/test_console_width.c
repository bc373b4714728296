/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What commands print fits 80 columns and aligns, whatever there is to tell: the longest names and texts, the
 * largest numbers, texts without a blank, bytes that are none. A script gets each line whole.
 */
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
#include "console/main.h"
#include "console/screen.h"
#include "tests/unit/fake_kernel.h"

#define LONG_TAIL "123456789-123456789-123456789-"
#define LONG_NAME "a" LONG_TAIL
#define WORDS \
	"some words that go on and on, and on, until nobody can read them any more, which is far "
#define NO_BLANK \
	"0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdef"
#define NO_TEXT \
	"\x01\x02\x03\x1b[31m\xff\xfe\x01\x02\x03\x1b[31m\xff\xfe\x01\x02\x03\x1b[31m\xff\xfe"

static struct fake_exits recorder;

static void record_exits(void)
{
	memset(&recorder, 0xff, sizeof(recorder));
	recorder.begin = 0;
	recorder.end = EXIT_RECORDS;
	for (unsigned i = 0; i < EXIT_RECORDS; i++)
		recorder.records[i].tsc = i;
}

static void fill_machine(void)
{
	struct host_info *host = &fake.host;

	host->now_wall = UINT64_MAX;
	host->calibration_tsc = UINT64_MAX;
	memset(host->cpu_vendor, 'V', sizeof(host->cpu_vendor) - 1);
	memset(host->cpu_model, 'M', sizeof(host->cpu_model) - 1);
	memset(host->build, 'B', sizeof(host->build) - 1);
	memset(&fake.facts, 0xff, sizeof(fake.facts));
	for (uint32_t i = 0; i < host->cpu_count; i++) {
		fake.cpus[i].apic_id = fake.cpus[i].core = fake.cpus[i].vcpus = UINT32_MAX;
		fake.cpus[i].clean_tsc = fake.cpus[i].cleaned = UINT64_MAX / 8;
	}
	for (uint32_t i = 0; i < host->image_count; i++) {
		fake.images[i].size = UINT64_MAX;
		fake.images[i].users = UINT32_MAX;
	}
}

static void fill_partition(struct part_info *info)
{
	info->run_tsc = info->steal_tsc = UINT64_MAX / 2;
	info->exit_code = info->start_count = UINT32_MAX;
	info->pool = info->pool_tables = UINT64_MAX / 4;
	info->weight = 10000;
	snprintf(info->report, sizeof(info->report), "%s\n%s\nfirst: %s\nvcpu=0 rip=%s\n",
		 WORDS WORDS, NO_BLANK NO_BLANK, NO_TEXT, NO_BLANK);
}

static int boot(void **state)
{
	static const char said[] = NO_TEXT NO_TEXT NO_TEXT NO_BLANK "\n";

	(void)state;
	fake_reset();
	memset(fake.images[1].name, 'i', NAME_SIZE - 1);
	fake.log = "[12345.123456] error: " WORDS WORDS "\n[1.0] " NO_BLANK NO_BLANK
		   "\n[2.0] " NO_TEXT "\n";
	memset(&fake.audit, 0xff, sizeof(fake.audit));
	strcpy(fake.audit.first, NO_BLANK " no blank in it");
	fake.debug = "pending 18446744073709551615\n" NO_BLANK NO_BLANK "\n  " WORDS "\n";
	fake_boot();
	fake_command(
		"create " LONG_NAME
		" vcpus=64 weight=10000 cap=6400 memory=64M kernel=kernel after=b" LONG_TAIL
		" restart=on-failure log=128K console=lossless initrd=iiiiiiiiiiiiiiiiiiiiiiiiiiiiiii "
		"module=\"tiny " WORDS "\" module=\"tiny " NO_BLANK NO_BLANK "\" "
		"cmdline=\"console=ttyS0,115200 root=/dev/disk/by-uuid/" NO_BLANK " ro quiet " WORDS
		"\"");
	fake_command("start " LONG_NAME);
	fake_command("create web cpus=3 on=1-3 memory=64M kernel=kernel");
	fake_command("run db memory=64M kernel=kernel");
	fake_find(LONG_NAME)->exits[0] = &recorder;
	fake_guest_write(fake_find(LONG_NAME), said, sizeof(said) - 1);
	record_exits();
	fill_machine();
	for (unsigned i = 0; i < 3; i++)
		fill_partition(&fake.partitions[i].info);
	fake_end("db", REASON_REFUSED, WORDS WORDS);
	fake_run();
	fake.huge = true;
	fake.tsc += 1000000000ull * FAKE_HZ;
	return 0;
}

/* On the screen: what was sent, without the sequences that take a prompt away. */
static void expect_narrow(const char *line)
{
	const char *at = strstr(fake.output, "\r\n");

	while (at && *at) {
		size_t width = strcspn(at, "\r\n"), sequences = 0;

		for (const char *c = at; c < at + width; c++)
			sequences += *c == '\x1b' ? strcspn(c, "JHABG") + 1 : 0;
		if (width - sequences > SCREEN_COLUMNS)
			fail_msg("%s: %zu columns: %.*s", line, width - sequences, (int)width, at);
		at += width + strspn(at + width, "\r\n");
	}
}

static void check(const char *line)
{
	fake_command(line);
	expect_narrow(line);
	/* What goes on until somebody says so. */
	fake_type("\x1d\x03");
	fake_run();
}

/* What cannot be looked at from one prompt to the next has a test of its own, or is a guest's word. */
static bool lends_the_line(const struct command *command)
{
	static const char *const names[] = {"console", "console all", "logs",
					    "mode",    "top",	      "trace"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(command->name, names[i]))
			return true;
	}
	return false;
}

/* Every command that only shows, and those that refuse, of partitions in four states. */
static void test_all(void **state)
{
	static const char *const names[] = {LONG_NAME, "web", "db", "gone"};
	char line[128];

	(void)state;
	for (unsigned i = 0; i < command_count; i++) {
		bool about = commands[i].args[0].kind == ARG_PARTITION;

		for (unsigned n = 0;
		     !lends_the_line(&commands[i]) && n < (about ? ARRAY_SIZE(names) : 1u); n++) {
			snprintf(line, sizeof(line), "%s %s", commands[i].name,
				 about ? names[n] : "");
			boot(NULL);
			check(line);
		}
	}
}

/* What is wrong may be long, too: a word, a name, all that a command takes. */
static void test_refusals(void **state)
{
	static const char *const words[] = {
		"",
		"--" NO_BLANK,
		NO_BLANK NO_BLANK,
		LONG_NAME "x",
		"web x",
		LONG_NAME " " WORDS,
		"web " NO_BLANK "=x",
		"web memory=" NO_BLANK,
		"web kernel=" NO_BLANK " memory=2M",
		"web /" NO_BLANK "/ 1",
		"--help",
	};
	char line[512];

	(void)state;
	for (unsigned i = 0; i < command_count; i++) {
		for (unsigned n = 0; !lends_the_line(&commands[i]) && n < ARRAY_SIZE(words); n++) {
			snprintf(line, sizeof(line), "%s %s", commands[i].name, words[n]);
			if (!fake_find(LONG_NAME))
				boot(NULL);
			check(line);
		}
	}
	check(NO_BLANK NO_BLANK " x");
}

/* Those whose answers have the most to tell. */
static void test_more(void **state)
{
	static const char *const lines[] = {
		"list -a",
		"wait " LONG_NAME " /z/",
		"exits " LONG_NAME " 63",
		"check",
		"diff",
		"edit",
		"destroy " LONG_NAME,
		"diff",
		"check",
		"commit",
		"discard",
		"time list",
		"help create",
		"policy msrs",
		"doctor",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		check(lines[i]);
}

/* All counters go from nothing to the most in the second that is looked at. */
static void check_live(const char *line, const char *end)
{
	fake_clear();
	fake.huge = false;
	fake.stand_still = true;
	fake_type(line);
	for (unsigned i = 0; i < 5; i++)
		console_turn();
	fake.huge = true;
	for (unsigned i = 0; i < 3; i++)
		fake.partitions[i].info.run_tsc = fake.partitions[i].info.steal_tsc = UINT64_MAX /
										      2048;
	recorder.end += 5;
	fake.tsc += 2ull * FAKE_HZ;
	for (unsigned i = 0; i < 5; i++)
		console_turn();
	fake.stand_still = false;
	fake_type(end);
	fake_run();
	expect_narrow(line);
}

static void test_live(void **state)
{
	(void)state;
	check_live("top --once\r", "");
	assert_non_null(strstr(fake.output, "NAME "));
	check_live("top " LONG_NAME " --once\r", "");
	assert_non_null(strstr(fake.output, "upcalls a second"));
	check_live("top\r", "q");
	check_live("trace " LONG_NAME "\r", "q");
	assert_non_null(strstr(fake.output, "SECONDS"));
}

/* News, too. */
static void test_news(void **state)
{
	(void)state;
	fake_clear();
	fake_type("\r");
	fake_end(LONG_NAME, REASON_REFUSED, WORDS WORDS "\n" NO_BLANK NO_BLANK);
	fake.log = "[3.0] warning: " WORDS WORDS "\n";
	fake.events |= CONSOLE_LOG;
	fake_run();
	assert_non_null(strstr(fake.output, "[" LONG_NAME " stopped: "));
	expect_narrow("news");
}

/* A table that is too wide goes on below, with its first column again. */
static void test_wide_table(void **state)
{
	(void)state;
	fake_command("stats " LONG_NAME);
	assert_non_null(strstr(fake.output, "\r\nVCPU     CPU  ACTIVITY "));
	assert_non_null(strstr(fake.output, "\r\nVCPU "));
	assert_non_null(strstr(strstr(fake.output, "\r\nVCPU ") + 4, "\r\nVCPU "));
	assert_non_null(strstr(fake.output, "\r\nvcpu 63 "));
	fake_command("mode script");
	fake_command("stats " LONG_NAME);
	assert_null(strstr(strstr(fake.output, "VCPU ") + 4, "\r\nVCPU "));
}

/* Below the line that it goes on, indented, and broken between words. */
static void test_error(void **state)
{
	static const char text[] = LONG_NAME
		": a partition of that name exists; it is running [rule 1]\r\n";

	(void)state;
	assert_non_null(strstr(fake_command("create " LONG_NAME " memory=2M kernel=kernel"), text));
	assert_non_null(strstr(fake.output, "exists;\r\n    it is running [rule 1]\r\n"));
	/* One line is what a program reads. */
	fake_command("mode script");
	fake_command("create " LONG_NAME " memory=2M kernel=kernel");
	assert_non_null(strstr(fake.output, text));
	assert_true(!strncmp(fake.output, "error EEXIST create ", 20));
	fake_command("host");
	assert_non_null(strstr(fake.output,
			       "\r\nmemory partition " LONG_NAME " 65408 KiB in 1 extents, "
			       "of it kernel objects 0 KiB\r\n"));
}

/* Several lines of a value begin in the same column. */
static void test_wrapped(void **state)
{
	(void)state;
	fake_command("show " LONG_NAME);
	assert_non_null(
		strstr(fake.output,
		       "cmdline     console=ttyS0,115200 root=/dev/disk/by-uuid/0123456789abcdefghij"
		       "klmn\r\n            opqrstuvwxyz"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_all, boot),
		cmocka_unit_test_setup(test_refusals, boot),
		cmocka_unit_test_setup(test_more, boot),
		cmocka_unit_test_setup(test_news, boot),
		cmocka_unit_test_setup(test_live, boot),
		cmocka_unit_test_setup(test_wide_table, boot),
		cmocka_unit_test_setup(test_error, boot),
		cmocka_unit_test_setup(test_wrapped, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
