/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration: export, set, rename, restart=, autostart=, the candidate and its commit. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/frame.h"
#include "console/main.h"
#include "tests/unit/fake_expect.h"

#define GOOD "memory=64M kernel=kernel"

static int boot(void **state)
{
	(void)state;
	fake_reset();
	fake_boot();
	return 0;
}

static void boot_with(const char *config)
{
	fake_reset();
	fake.config = config;
	fake.config_size = strlen(config);
	fake_clear();
	fake_boot();
}

/* The command's whole output. */
static void expect(const char *line, const char *answer)
{
	char expected[4096];

	snprintf(expected, sizeof(expected), "%s\r\n%sfreehold> ", line, answer);
	assert_string_equal(fake_command(line), expected);
}

/* Nothing that was asked for and refused, or undone, stays behind; earlier: configurations of a page. */
static void expect_pages(unsigned partitions, unsigned earlier)
{
	unsigned rings = 0;

	for (unsigned i = 0; i < MAX_PARTITIONS; i++)
		rings += fake.partitions[i].info.state != PART_NONE;
	assert_int_equal(rings, partitions);
	assert_int_equal(fake.mapped_pages, partitions * RING_PAGES(RING_OUT_MIN) + earlier);
}

static void expect_no_leak(unsigned partitions)
{
	expect_pages(partitions, 0);
}

static void test_export(void **state)
{
	(void)state;
	fake_command(
		"create web kernel=kernel memory=64M cmdline=\"a \\\"b\\\" c\\\\d # e\" vcpus=2");
	fake_command("create db " GOOD " cpus=1 on=2 autostart=on restart=always");
	fake_command("start web");
	fake_command("start db");
	expect("export",
	       "# Freehold's configuration\r\n"
	       "create db cpus=1 on=2 memory=64M kernel=kernel restart=always autostart=on\r\n"
	       "create web vcpus=2 memory=64M kernel=kernel "
	       "cmdline=\"a \\\"b\\\" c\\\\d # e\"\r\n"
	       "start web\r\n");
}

/* What export prints makes the same machine, whatever stands in a value, and fits the screen. */
static void export_again(const char *cmdline)
{
	static char command[3000], first[8192], config[8192];
	const char *begin, *end;

	snprintf(command, sizeof(command), "create web " GOOD " cmdline=\"%s\" module=\"tiny %s\"\n",
		 cmdline, "a text of a module");
	boot_with(command);
	strcpy(first, fake.last_desc.cmdline);
	begin = strstr(fake_command("export"), "create");
	end = strstr(begin, "freehold> ");
	memset(config, 0, sizeof(config));
	for (char *to = config; begin < end; begin++) {
		if (*begin != '\r')
			*to++ = *begin;
	}
	for (const char *line = config; *line;) {
		size_t length = strcspn(line, "\n");

		assert_in_range(length, 1, 80);
		line += length + 1;
	}
	memset(&fake.last_desc, 0, sizeof(fake.last_desc));
	boot_with(config);
	assert_string_equal(fake.last_desc.cmdline, first);
	assert_string_equal(fake.last_desc.boot.texts + 1, "a text of a module");
}

static void test_export_round_trip(void **state)
{
	static char text[1200];

	(void)state;
	export_again("");
	export_again("console=ttyS0 quiet");
	srand(6);
	for (unsigned round = 0; round < 200; round++) {
		size_t used = 0, wanted = (size_t)rand() % 900;

		while (used < wanted) {
			static const char *const pieces[] = {" ",    "\\\\", "\\\"",	 "#", "=",
							     "word", "   x", "\\\\\\\\", "ab"};
			const char *piece = pieces[(size_t)rand() % ARRAY_SIZE(pieces)];

			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", piece);
		}
		text[used] = '\0';
		export_again(text);
	}
	memset(text, 'x', 1000);
	text[1000] = '\0';
	export_again(text);
}

static void test_set_live(void **state)
{
	(void)state;
	fake_command("create web " GOOD " vcpus=2");
	fake_command("start web");
	expect("set web weight=300 cap=50", "web: changed\r\n");
	assert_int_equal(fake_find("web")->info.weight, 300);
	assert_int_equal(fake_find("web")->info.cap, 50);
	assert_int_equal(fake.count[CALL_PART_CREATE], 1);
	assert_int_equal(fake.count[CALL_PART_DESTROY], 0);
	expect("set web cap=", "web: changed\r\n");
	assert_int_equal(fake_find("web")->info.cap, 0);
	fake_expect_in("export", "create web vcpus=2 memory=64M kernel=kernel weight=300\r\n");
	expect("set web restart=always", "web: changed\r\n");
	fake_expect_in("show web", "restart     always");
	expect("set web memory=128M kernel=tiny",
	       "error: set web: it is running: memory=, kernel= cannot be changed before it is "
	       "stopped [rule 15]\r\n");
	expect("set web cap=300",
	       "error: set web: cap=300: 2 vCPUs can use 200 percent at most [rule 11]\r\n");
	expect("set web", "error: set web: KEY=VALUE is missing; help set names the keys\r\n");
	expect("set web weight=0",
	       "error: set web: weight=0: must be a number from 1 to 10000 [rule 3]\r\n");
	assert_int_equal(fake_find("web")->info.weight, 300);
	expect_no_leak(1);
}

/* Shared CPUs or its own: whoever says one means it instead of the other. */
static void test_set_the_other_kind_of_cpus(void **state)
{
	(void)state;
	fake_command("create web " GOOD " vcpus=2");
	expect("set web cpus=1", "web: changed\r\n");
	fake_expect_in("export", "create web cpus=1 memory=64M kernel=kernel\r\n");
	expect("set web vcpus=3 weight=50", "web: changed\r\n");
	fake_expect_in("export", "create web vcpus=3 memory=64M kernel=kernel weight=50\r\n");
	expect("set web cpus=1 vcpus=1",
	       "error: set web: vcpus=1: cpus= and vcpus= exclude each other [rule 10]\r\n");
	expect("set web cpus=1", "error: set web: weight=50: shares are of the pool's CPUs "
				 "(vcpus=); with cpus= a CPU is its own [rule 11]\r\n");
	expect("set web cpus=1 weight=", "web: changed\r\n");
	fake_expect_in("export", "create web cpus=1 memory=64M kernel=kernel\r\n");
	expect_no_leak(1);
}

/* A stopped one is made anew, and what its guest wrote is there as before. */
static void test_set_stopped(void **state)
{
	const struct console_ring *ring;

	(void)state;
	fake_command("create web " GOOD);
	fake_command("start web");
	fake_guest_write(fake_find("web"), "hello\r\n", 7);
	fake_command("stop web --force");
	ring = fake_find("web")->ring;
	expect("set web memory=128M initrd=initrd cpus=1", "web: changed\r\n");
	assert_int_equal(fake_find("web")->info.memory, (128 << 20) - (128 << 10));
	assert_ptr_equal(fake_find("web")->ring, ring);
	assert_int_equal(fake_find("web")->info.flags, PART_DEDICATED);
	fake_expect_in("console web", "hello");
	expect("set web memory=4G",
	       "error: set web: memory=4G: only 1 GiB is free (largest piece 896.1 MiB) "
	       "[rule 12]\r\n");
	expect("set web memory=", "error: set web: memory= is missing [rule 4]\r\n");
	expect("set web initrd= cpus=", "web: changed\r\n");
	fake_expect_in("export", "create web memory=128M kernel=kernel\r\n");
	expect_no_leak(1);
}

/* The kernel refuses what the check let pass: it is as it was. */
static void test_set_is_undone(void **state)
{
	(void)state;
	fake_command("create web " GOOD " cmdline=first");
	fake.fail_once[CALL_PART_CREATE] = ERR_NOMEM;
	fake_expect_in("set web cmdline=second", "error: create web: memory=64M: only ");
	assert_string_equal(fake_find("web")->info.cmdline, "first");
	fake_expect_in("export", "cmdline=first");
	expect_no_leak(1);
}

static void test_rename(void **state)
{
	(void)state;
	fake_command("create web " GOOD);
	fake_command("create db " GOOD);
	fake_command("start web");
	expect("rename web shop", "web: renamed\r\n");
	assert_null(fake_find("web"));
	assert_int_equal(fake_find("shop")->info.state, PART_RUNNING);
	fake_expect_in("list", "shop  running");
	expect("rename shop db", "error: rename shop: a partition of that name exists; it is stopped "
				 "(never started) [rule 1]\r\n");
	fake_expect_in("rename shop Shop", "[rule 1]");
	fake_expect_in("rename web x", "error: rename web: there is no partition of that name");
	/* A later instance finds it by its new name, and its definition. */
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	fake_expect_in("export", "create shop memory=64M kernel=kernel");
	expect_no_leak(2);
}

static void pass_seconds(unsigned seconds)
{
	fake.tsc += (uint64_t)seconds * FAKE_HZ;
	fake.idle = false;
	fake_run();
}

static void test_restart_never(void **state)
{
	(void)state;
	fake_command("create web " GOOD);
	fake_command("start web");
	fake_end("web", REASON_TRIPLE, "a report");
	fake_run();
	fake_expect_in("list", "web   stopped");
	assert_int_equal(fake_find("web")->info.start_count, 1);
}

static void test_restart_on_failure(void **state)
{
	static const unsigned waits[] = {0, 1, 2, 4, 8};

	(void)state;
	fake_command("create web " GOOD " restart=on-failure");
	fake_command("start web");
	for (unsigned i = 0; i < ARRAY_SIZE(waits); i++) {
		uint64_t before;

		fake_clear();
		before = fake.tsc;
		fake_end("web", REASON_TRIPLE, "a report\nof lines");
		fake_run();
		fake_expect("[web stopped: triple fault: a report]\r\n");
		assert_int_equal(fake_find("web")->info.start_count, i + 2);
		assert_in_range((fake.tsc - before) / FAKE_HZ, waits[i], waits[i] + 1);
		fake_expect_in("show web", "last end    triple fault: a report");
	}
	fake_end("web", REASON_TRIPLE, "a report");
	fake_run();
	fake_expect("[web stopped: 6 ends in 60 s; it is not started again by itself]\r\n");
	fake_expect_in("list", "web   failed");
	/* The operator forgives. */
	fake_command("start web");
	fake_expect_in("list", "web   running");
	fake_end("web", REASON_POWEROFF, "");
	fake_run();
	fake_expect_in("list", "web   stopped");
	fake_expect_in("start web", "web: started");
	fake_expect_in("stop web --force", "web: stopped by force");
	fake_expect_in("list", "web   stopped");
}

static void test_restart_always(void **state)
{
	(void)state;
	fake_command("create web " GOOD " restart=always");
	fake_command("start web");
	fake_end("web", REASON_POWEROFF, "");
	fake_run();
	fake_expect_in("list", "web   running");
	fake_expect_in("stop web --force", "web: stopped by force");
	fake_expect_in("list", "web   stopped");
}

/* It waits for its restart when the operator stops caring. */
static void test_restart_is_cancelled(void **state)
{
	(void)state;
	fake_command("create web " GOOD " restart=always");
	fake_command("start web");
	fake_end("web", REASON_TRIPLE, "");
	fake_run();
	fake.stand_still = true;
	fake_end("web", REASON_TRIPLE, "");
	fake_run();
	fake_expect_in("show web", "state       waiting (triple fault; again in 1 s)");
	fake_command("destroy web --yes");
	fake.stand_still = false;
	pass_seconds(10);
	assert_null(fake_find("web"));
	expect_no_leak(0);
}

/* Ended twice: its second restart is a second away. Time stands still. */
static void make_waiting(const char *policy)
{
	char line[128];

	snprintf(line, sizeof(line), "create web " GOOD " restart=%s", policy);
	fake_command(line);
	fake_command("start web");
	fake_end("web", REASON_TRIPLE, "");
	fake_run();
	fake.stand_still = true;
	fake_end("web", REASON_TRIPLE, "");
	fake_run();
	assert_int_equal(fake_find("web")->info.start_count, 2);
}

/* Time goes on: it is started, or is not. */
static void expect_starts(unsigned count)
{
	fake.stand_still = false;
	pass_seconds(10);
	assert_int_equal(fake_find("web")->info.start_count, count);
}

static void test_waiting(void **state)
{
	(void)state;
	make_waiting("always");
	fake_expect_in("list", "web   waiting  1 pool  64 MiB   -  triple fault; again in 1 s\r\n");
	fake_expect_in("list --json", "\"state\":\"waiting\"");
	fake_expect("\"note\":\"triple fault; again in 1 s\"");
	fake_expect_in("show web --json", "\"state\":\"waiting\"");
	fake_expect_in("why web", "web waiting: triple fault\r\n");
	fake_expect_in("pause web",
		       "error: pause web: it is waiting (triple fault; again in 1 s), and "
		       "must be running\r\n");
	expect_starts(3);
}

/* Made anew meanwhile it still waits, for the same end and until the same time; also in a failed commit. */
static void test_change_while_it_waits(void **state)
{
	(void)state;
	make_waiting("on-failure");
	fake_expect_in("set web memory=32M",
		       "web: changed; what was kept of the end of web is gone\r\n");
	fake_expect_in("list", "web   waiting  1 pool  32 MiB   -  triple fault; again in 1 s\r\n");
	fake_expect_in("show web", "last end    triple fault\r\n");
	fake_command("set web log=128K");
	fake_expect_in("list", "waiting");
	fake.fail_once[CALL_PART_CREATE] = ERR_NOMEM;
	fake_expect_in("set web memory=16M", "error: ");
	fake_expect_in("list", "web   waiting  1 pool  32 MiB");
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	fake_expect_in("list", "waiting");
	expect_starts(1);
	fake_expect_in("list", "web   running  1 pool  32 MiB");
	/* What it said and how often it was started again is not forgotten. */
	fake_end("web", REASON_TRIPLE, "");
	fake.stand_still = true;
	fake_run();
	fake_expect_in("list", "again in 2 s");
	/* restart=never ends the waiting, whoever made it anew. */
	fake_command("set web memory=64M restart=never");
	expect_starts(0);
	fake_expect_in("list", "stopped");
}

/* What waits for its restart comes back as what runs. */
static void test_export_while_it_waits(void **state)
{
	(void)state;
	make_waiting("always");
	fake_expect_in("export", "restart=always\r\nstart web\r\n");
	fake_command("stop web");
	fake_expect_in("export", "restart=always\r\nfreehold> ");
	fake_command("start web");
	fake_expect_in("export", "\r\nstart web\r\n");
}

static void test_stop_while_it_waits(void **state)
{
	(void)state;
	make_waiting("always");
	fake_command("stop web --force");
	fake_expect("stop web --force\r\nweb: not started again\r\nfreehold> ");
	fake_expect_in("list", "web   stopped  1 pool  64 MiB   -  triple fault\r\n");
	fake_expect_in("stop web",
		       "error: stop web: it is stopped (triple fault), and must be running, "
		       "paused or waiting\r\n");
	/* A console that follows this one knows it, too. */
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	expect_starts(2);
	fake_expect_in("start web", "web: started");
}

static void test_start_while_it_waits(void **state)
{
	(void)state;
	make_waiting("always");
	fake_expect_in("start web", "web: started\r\n");
	assert_int_equal(fake_find("web")->info.start_count, 3);
	expect_starts(3);
	fake_expect_in("list", "running");
}

/* What was promised by a policy ends with it. */
static void test_set_while_it_waits(void **state)
{
	(void)state;
	make_waiting("on-failure");
	fake_expect_in("set web restart=always", "web: changed");
	fake_expect_in("list", "waiting");
	fake_expect_in("set web restart=never", "web: changed");
	fake_expect("[web is not started again: restart=never]");
	fake_expect_in("list", "web   stopped ");
	expect_starts(2);
}

/* One word for it, wherever it is told. */
static void test_failed_everywhere(void **state)
{
	(void)state;
	fake_command("create web " GOOD);
	fake_command("start web");
	for (unsigned i = 0; i < 6; i++) {
		fake_end("web", REASON_RESET, "");
		fake_run();
	}
	fake_expect_in("list", "web   failed ");
	fake_expect_in("list --json", "\"state\":\"failed\"");
	fake_expect_in("show web", "state       failed (reset; 5 restarts in 60 s)\r\n");
	fake_expect_in("show web --json", "\"state\":\"failed\"");
	fake_expect_in("why web",
		       "web failed: reset\r\ngiven up    after 5 restarts within 60 s\r\n");
	fake_expect_in("top --once", "failed");
	fake_expect_in(
		"pause web",
		"error: pause web: it is failed (reset; 5 restarts in 60 s), and must be running\r\n");
	fake_expect_in("create web " GOOD,
		       "a partition of that name exists; it is failed (reset; 5 restarts in 60 s)");
}

static void test_autostart(void **state)
{
	(void)state;
	boot_with("create web " GOOD " autostart=on after=db\n"
		  "create db " GOOD " autostart=on after=log\n"
		  "create log " GOOD " autostart=on\n"
		  "create idle " GOOD "\n");
	assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
	assert_int_equal(fake_find("db")->info.state, PART_RUNNING);
	assert_int_equal(fake_find("log")->info.state, PART_RUNNING);
	assert_int_equal(fake_find("idle")->info.state, PART_STOPPED);
	assert_true(fake_find("log")->info.started_tsc <= fake_find("db")->info.started_tsc);
	assert_true(fake_find("db")->info.started_tsc <= fake_find("web")->info.started_tsc);
	fake_expect_in("create x " GOOD " after=x", "after=x: that is itself [rule 16]");
	fake_expect_in(
		"set log after=web",
		"set log: after=web: that is a circle: log after web after db after log [rule 16]");
	fake_expect_in("create x " GOOD " after=X",
		       "after=X: must be the name of a partition [rule 3]");
	fake_expect_in("create x " GOOD " autostart=maybe", "must be on or off [rule 3]");
	fake_expect_in("create x " GOOD " restart=often",
		       "must be never, on-failure or always [rule 3]");
}

#define EDIT "freehold(edit)> "

static void expect_edit(const char *line, const char *answer)
{
	char expected[4096];

	snprintf(expected, sizeof(expected), "%s\r\n%s" EDIT, line, answer);
	assert_string_equal(fake_command(line), expected);
}

static void make_two(void)
{
	fake_command("create web " GOOD);
	fake_command("create db " GOOD " cpus=1 on=2");
	fake_command("start db");
}

static void test_candidate(void **state)
{
	(void)state;
	make_two();
	expect_edit("edit", "create, set, rename and destroy change the candidate until commit or "
			    "discard\r\n");
	expect_edit("edit",
		    "error: edit: a candidate is open already; commit or discard ends it\r\n");
	expect_edit("diff", "# the candidate is what is running\r\n");
	expect_edit("create new " GOOD " autostart=on", "");
	expect_edit("set web memory=128M initrd=initrd", "");
	expect_edit("set web initrd=", "");
	expect_edit("rename db data", "");
	expect_edit("set data cpus=1 weight=", "");
	expect_edit("diff", "rename db data\r\n"
			    "set web memory=128M\r\n"
			    "create new memory=64M kernel=kernel autostart=on\r\n");
	assert_null(fake_find("new"));
	expect_edit("create new " GOOD,
		    "error: create new: the candidate has a partition of that name [rule 1]\r\n");
	expect_edit("destroy nobody",
		    "error: destroy nobody: the candidate has no partition of that name\r\n");
	expect_edit("check", "no rule is broken by the candidate, 3 partitions\r\n");
	expect("commit", "committed\r\n");
	assert_int_equal(fake_find("new")->info.state, PART_RUNNING);
	assert_int_equal(fake_find("data")->info.state, PART_RUNNING);
	assert_int_equal(fake_find("web")->info.memory, (128 << 20) - (128 << 10));
	expect("commit", "error: commit: there is no candidate; edit opens one\r\n");
	expect("diff", "error: diff: there is no candidate; edit opens one\r\n");
	expect("discard", "error: discard: there is no candidate; edit opens one\r\n");
}

static void test_discard(void **state)
{
	(void)state;
	make_two();
	fake_command("edit");
	expect_edit("destroy web", "");
	expect("discard", "the candidate is discarded\r\n");
	assert_non_null(fake_find("web"));
	expect_no_leak(2);
}

/* All that is wrong is told, and nothing is done. */
static void test_commit_refused(void **state)
{
	(void)state;
	make_two();
	fake_command("edit");
	fake_command("create a " GOOD " cpus=1 on=3");
	fake_command("create b " GOOD " cpus=1 on=3");
	fake_command("create c memory=1G kernel=kernel");
	fake_command("set db memory=32M");
	fake_command("set web after=web");
	expect_edit("commit",
		    "error: commit db: it is running: memory= cannot be changed before it is "
		    "stopped [rule 15]\r\n"
		    "error: commit b: cpu 3 is dedicated to partition a [rule 8]\r\n"
		    "error: commit web: after=web: that is itself [rule 16]\r\n"
		    "error: commit c: memory=1G: only 896.1 MiB is free (largest piece 896.1 MiB); "
		    "web has 64 MiB; a is to have 64 MiB [rule 12]\r\n");
	assert_null(fake_find("a"));
	assert_int_equal(fake.count[CALL_PART_CREATE], 2);
	fake_command("discard");
	expect_no_leak(2);
}

/* A swap of what two have is no conflict: both leave before either is made. */
static void test_commit_swap(void **state)
{
	(void)state;
	fake_command("create a " GOOD " cpus=1 on=2");
	fake_command("create b memory=900M kernel=kernel cpus=1 on=3");
	fake_command("edit");
	fake_command("set a on=3 memory=900M");
	fake_command("set b on=2 memory=64M");
	expect("commit", "committed\r\n");
	assert_int_equal(fake_find("a")->info.cpus[0], 3);
	assert_int_equal(fake_find("b")->info.cpus[0], 2);
	expect_pages(2, 1);
}

static void test_commit_asks(void **state)
{
	(void)state;
	make_two();
	fake_command("edit");
	fake_command("destroy db");
	fake_expect_in("commit", "db would be destroyed\r\nCommit? [y/N] ");
	fake_expect_in("n", "nothing was done");
	assert_non_null(fake_find("db"));
	fake_command("commit");
	fake_expect_in("y", "committed");
	assert_null(fake_find("db"));
}

/* What would go into the candidate, or throw it away, while it is being committed is refused: not lost. */
static void test_commit_under_way(void **state)
{
	static const char *const lines[] = {
		"set a weight=5", "create d " GOOD, "rename a c", "destroy a",
		"discard",	  "commit",	    "rollback",	  "edit"};

	(void)state;
	fake_command("edit");
	fake_command("create a " GOOD);
	fake_command("commit");
	fake_command("edit");
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char typed[96];

		fake_command("create b " GOOD);
		fake.again[CALL_PART_CREATE] = 40;
		snprintf(typed, sizeof(typed), "commit\r\x03%s\r", lines[i]);
		fake_clear();
		fake_type(typed);
		fake_run();
		fake_expect("it goes on in the background");
		fake_expect(strcmp(lines[i], "edit") ? "the configuration is being changed"
						     : "a candidate is open already");
		fake_expect("[committed]");
		fake_command("destroy b --yes");
		fake_command("edit");
	}
}

static void test_commit_is_undone(void **state)
{
	(void)state;
	make_two();
	fake_command("edit");
	fake_command("set web cmdline=new");
	fake_command("destroy db");
	fake_command("create c " GOOD);
	fake.fail_once[CALL_PART_CREATE] = ERR_BUSY;
	fake_expect_in("commit --yes", "nothing was committed: all is as it was before; web was made "
				       "anew; db was made and started anew\r\n");
	assert_string_equal(fake_find("web")->info.cmdline, "");
	assert_null(fake_find("c"));
	/* It ran, so it runs again. */
	assert_int_equal(fake_find("db")->info.state, PART_RUNNING);
	expect_edit("check", "no rule is broken by the candidate, 2 partitions\r\n");
	fake_command("discard");
	expect_no_leak(2);
}

/* The fake's kernel gives a CPU to who asks first, from the last on, as the real one does. */
static void test_undo_in_any_order(void **state)
{
	(void)state;
	fake_command("create x " GOOD);
	fake_command("create e cpus=1 on=3 " GOOD);
	fake_command("create g vcpus=1 " GOOD);
	fake_command("destroy x");
	fake_command("create d cpus=1 " GOOD);
	for (const char *const *name = (const char *const[]){"d", "e", "g", NULL}; *name; name++) {
		char line[16];

		snprintf(line, sizeof(line), "start %s", *name);
		fake_command(line);
	}
	fake_expect_in("export", "configuration\r\ncreate e cpus=1 on=3 ");
	fake_command("edit");
	fake_command("destroy d");
	fake_command("destroy e");
	fake_command("commit confirmed 2 --yes");
	pass_seconds(3);
	fake_expect("[nobody confirmed: the commit is undone]\r\n");
	fake_expect(
		"[the configuration is what it was before the commit; e, d were made and started anew]");
	assert_int_equal(fake_find("d")->info.state, PART_RUNNING);
	assert_int_equal(fake_find("e")->info.state, PART_RUNNING);
	assert_int_equal(fake_find("e")->info.cpus[0], 3);
	/* It is undone, and no step of rollback any more. */
	fake_expect_in("rollback", "there is no earlier configuration");
}

/* What cannot be had again is left out, all else is there again, and what it was can be opened. */
static void test_undo_in_part(void **state)
{
	(void)state;
	fake_command("create a " GOOD);
	fake_command("create b " GOOD);
	fake_command("create c " GOOD);
	fake_command("start b");
	fake_command("start c");
	fake_command("edit");
	fake_command("destroy a");
	fake_command("destroy b");
	fake_command("set c weight=7");
	fake.stand_still = true;
	fake_command("commit confirmed 2 --yes");
	fake_command("edit");
	fake.stand_still = false;
	fake.fail_once[CALL_PART_CREATE] = ERR_NOMEM;
	pass_seconds(3);
	fake_expect("[error: create a: it could not be made again]\r\n");
	fake_expect(
		"[not all of the configuration before the commit could be had again; rollback opens "
		"it; b was made and started anew; the candidate stays as it is]");
	assert_null(fake_find("a"));
	assert_int_equal(fake_find("b")->info.state, PART_RUNNING);
	assert_int_equal(fake_find("c")->info.weight, 0);
	fake_command("discard");
	fake_expect_in("rollback", "the candidate is what was before the last commit");
	fake_expect_in("diff", "create a memory=64M");
	fake_expect_in("commit", "committed\r\n");
	assert_non_null(fake_find("a"));
}

static void test_rollback(void **state)
{
	(void)state;
	fake_command("create web " GOOD);
	expect("rollback",
	       "error: rollback: there is no earlier configuration: nothing was committed\r\n");
	for (unsigned i = 0; i < 10; i++) {
		char line[64];

		snprintf(line, sizeof(line), "set web cmdline=n%u", i);
		fake_command("edit");
		fake_command(line);
		expect("commit", "committed\r\n");
	}
	expect("rollback 9",
	       "error: rollback: 9: must be from 1 to 8, the number of earlier configurations\r\n");
	expect_edit("rollback 8",
		    "the candidate is what was before the last 8 commits; commit makes it so\r\n");
	expect_edit("diff", "set web cmdline=n1\r\n");
	expect("commit", "committed\r\n");
	assert_string_equal(fake_find("web")->info.cmdline, "n1");
	fake_command("rollback");
	expect_edit("diff", "set web cmdline=n9\r\n");
	fake_command("discard");
}

static void test_commit_confirmed(void **state)
{
	(void)state;
	make_two();
	fake.stand_still = true;
	fake_command("edit");
	fake_command("set web cmdline=new");
	fake_command("create c " GOOD " autostart=on");
	fake_expect_in("commit confirmed 30", "committed; without confirm it is undone in 30 s");
	expect("confirm", "confirmed\r\n");
	expect("confirm", "error: confirm: nothing waits to be confirmed\r\n");
	pass_seconds(31);
	assert_string_equal(fake_find("web")->info.cmdline, "new");
	assert_int_equal(fake_find("c")->info.state, PART_RUNNING);
	fake_command("edit");
	fake_command("destroy c");
	fake_command("set web cmdline=newer");
	fake_command("commit confirmed --yes");
	pass_seconds(59);
	assert_null(fake_find("c"));
	fake_clear();
	pass_seconds(2);
	fake_expect("[nobody confirmed: the commit is undone]");
	fake_expect(
		"[the configuration is what it was before the commit; web was made anew; c was made and "
		"started anew]\r\n");
	assert_string_equal(fake_find("web")->info.cmdline, "new");
	assert_non_null(fake_find("c"));
	/* A further commit confirms the one before. */
	fake_command("edit");
	fake_command("set web cmdline=last");
	fake_command("commit confirmed 30");
	fake_command("edit");
	fake_command("commit");
	pass_seconds(31);
	assert_string_equal(fake_find("web")->info.cmdline, "last");
	fake_expect_in("commit confirmed 0",
		       "error: commit confirmed: 0 s: must be from 1 s to 3600 s");
	fake_expect_in("commit confirmed 2h", "7200 s: must be from 1 s to 3600 s");
	fake_expect_in("commit confirmed 3601", "3601 s: must be from 1 s to 3600 s");
	fake_expect_in(
		"commit confirmed soon",
		"soon is no time as in 30, 30s, 5m or 2h; usage: commit confirmed [TIME] [--yes]");
	fake_command("edit");
	fake_command("set web cmdline=units");
	fake_expect_in("commit confirmed 2m", "without confirm it is undone in 120 s");
	pass_seconds(119);
	assert_string_equal(fake_find("web")->info.cmdline, "units");
	pass_seconds(2);
	assert_string_equal(fake_find("web")->info.cmdline, "last");
	fake_command("edit");
	fake_command("set web cmdline=units");
	fake_expect_in("commit confirmed 30s", "without confirm it is undone in 30 s");
	fake_expect_in("confirm", "confirmed");
}

/* Whoever reads or waits for a partition that goes away is not left with it. */
static void test_undone_under_somebody(void **state)
{
	static const char *const commands[] = {"console c",	     "console all", "logs c -f",
					       "wait c /never/ 600", "top c",	    "trace c"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
		boot(NULL);
		make_two();
		fake.stand_still = true;
		fake_command("edit");
		fake_command("create c " GOOD " autostart=on");
		fake_command("set web cmdline=new");
		fake_command("commit confirmed 30");
		fake_command(commands[i]);
		fake_clear();
		pass_seconds(31);
		/* Once: who is detached learns it by that. */
		fake_expect("[nobody confirmed: the commit is undone]\r\n");
		assert_null(
			strstr(strstr(fake_output(), "nobody confirmed") + 1, "nobody confirmed"));
		if (i > 0)
			fake_expect("it was broken off\r\n");
		fake_expect("; c was destroyed; web was made anew]\r\n");
		assert_null(fake_find("c"));
		assert_string_equal(fake_find("web")->info.cmdline, "");
		fake_expect_in("list", "web   stopped");
	}
}

/* The promise is kept by the instance that follows, too. */
static void test_confirmed_survives(void **state)
{
	(void)state;
	make_two();
	fake.stand_still = true;
	fake_command("edit");
	fake_command("set web cmdline=new");
	fake_command("commit confirmed 30");
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	pass_seconds(31);
	assert_string_equal(fake_find("web")->info.cmdline, "");
}

/* The console fails while a commit is under way. */
static void test_failure_in_commit(void **state)
{
	(void)state;
	for (unsigned turns = 1; turns < 12; turns++) {
		boot(NULL);
		make_two();
		fake_command("edit");
		fake_command("set web cmdline=new");
		fake_command("create c " GOOD);
		fake.again[CALL_PART_CREATE] = 2;
		fake.again[CALL_PART_DESTROY] = 2;
		fake_type("commit\r");
		for (unsigned i = 0; i < turns; i++)
			console_turn();
		fake.events |= CONSOLE_RESTARTED;
		fake_boot();
		assert_non_null(fake_find("web"));
		assert_int_equal(fake_find("db")->info.state, PART_RUNNING);
		assert_int_equal(fake_find("c") != NULL,
				 !strcmp(fake_find("web")->info.cmdline, "new"));
		if (strstr(fake_output(), EDIT))
			fake_command("discard");
		fake_expect_in("check", "no rule is broken by what is running");
	}
}

/* A running guest of that name, that has said something; no time passes by itself. */
static void make_talking(const char *name, const char *keys)
{
	char line[128];

	fake.stand_still = true;
	snprintf(line, sizeof(line), "create %s " GOOD " %s", name, keys);
	fake_command(line);
	snprintf(line, sizeof(line), "start %s", name);
	fake_command(line);
	fake_guest_write(fake_find(name), "hello\r\n", 7);
}

/* It is the same guest, under its old name, and what it said is there. */
static void expect_untouched(const char *name)
{
	char line[64];

	assert_non_null(fake_find(name));
	assert_int_equal(fake_find(name)->info.state, PART_RUNNING);
	assert_int_equal(fake_find(name)->info.start_count, 1);
	assert_int_equal(fake.count[CALL_PART_DESTROY], 0);
	snprintf(line, sizeof(line), "logs %s", name);
	fake_expect_in(line, "hello");
}

/* What is undone is the name; the guest goes on. */
static void test_rename_is_undone(void **state)
{
	(void)state;
	make_talking("web", "autostart=on");
	fake_command("create idle " GOOD " autostart=on");
	fake_command("edit");
	fake_command("rename web shop");
	fake_command("rename idle lazy");
	fake_command("commit confirmed 3");
	assert_null(fake_find("web"));
	pass_seconds(4);
	expect_untouched("web");
	assert_int_equal(fake_find("idle")->info.start_count, 0);
	/* Directly, within the time. */
	fake_command("edit");
	fake_command("set idle weight=5");
	fake_command("commit confirmed 3");
	fake_command("rename web shop");
	pass_seconds(4);
	expect_untouched("web");
	/* By a rollback. */
	fake_command("edit");
	fake_command("rename web shop");
	fake_command("commit");
	fake_command("rollback");
	expect_edit("diff", "rename shop web\r\n");
	fake_command("commit --yes");
	expect_untouched("web");
	/* By an instance that follows. */
	fake_command("edit");
	fake_command("rename web shop");
	fake_command("commit confirmed 3");
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	pass_seconds(4);
	expect_untouched("web");
	assert_int_equal(fake_find("idle")->info.start_count, 0);
}

/* Who took over a name is not who had it. */
static void test_names_changed_hands(void **state)
{
	(void)state;
	make_talking("a", "");
	fake_command("create b " GOOD " cmdline=b");
	fake_command("edit");
	fake_command("destroy b");
	fake_command("rename a b");
	fake_command("commit confirmed 3");
	pass_seconds(4);
	assert_int_equal(fake_find("a")->info.state, PART_RUNNING);
	assert_int_equal(fake_find("a")->info.start_count, 1);
	assert_string_equal(fake_find("b")->info.cmdline, "b");
	assert_int_equal(fake_find("b")->info.start_count, 0);
	fake_expect_in("logs a", "hello");
}

/* What did not run when it went away does not when it comes back; and the other way round. */
static void test_undo_starts_what_ran(void **state)
{
	(void)state;
	make_talking("web", "");
	fake_command("create idle " GOOD " autostart=on");
	fake_command("edit");
	fake_command("destroy web");
	fake_command("destroy idle");
	fake_command("commit confirmed 3 --yes");
	assert_null(fake_find("web"));
	pass_seconds(4);
	assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
	assert_int_equal(fake_find("idle")->info.start_count, 0);
	/* Its heir keeps its console, whatever it is called. */
	fake_command("stop web --force");
	fake_guest_write(fake_find("web"), "later\r\n", 7);
	fake_command("edit");
	fake_command("rename web shop");
	fake_command("set shop memory=32M");
	fake_command("commit confirmed 3");
	fake_expect_in("logs shop", "later");
	pass_seconds(4);
	fake_expect_in("logs web", "later");
	assert_int_equal(fake_find("web")->info.state, PART_STOPPED);
}

/* An after= that names nobody is taken, and told of where it was typed: it may be a slip. */
static void test_after_nobody(void **state)
{
	static const char created[] = "a: created with 64 MiB and 1 pool vCPU\r\n"
				      "a: after=zz names nobody yet\r\n";
	char script[sizeof(created) + 8];

	(void)state;
	expect("create a " GOOD " after=zz", created);
	expect("set a weight=7", "a: changed\r\n");
	expect("rename a b", "a: renamed\r\n");
	expect("set b after=zy", "b: changed\r\nb: after=zy names nobody yet\r\n");
	expect("create zy " GOOD, "zy: created with 64 MiB and 1 pool vCPU\r\n");
	expect("set b after=zy", "b: changed\r\n");
	expect("set b after=", "b: changed\r\n");
	fake_command("edit");
	expect_edit("set b after=zx", "b: after=zx names nobody yet\r\n");
	expect_edit("set b weight=8", "");
	expect_edit("create c " GOOD " after=c2", "c: after=c2 names nobody yet\r\n");
	fake_command("discard");
	fake_command("mode script");
	fake_command("destroy b");
	snprintf(script, sizeof(script), "%sok\r\n", created);
	assert_string_equal(fake_command("create a " GOOD " after=zz"), script);
	/* In freehold.conf the next line may make it. */
	boot_with("create a " GOOD " after=b\nset a after=c\nedit\nset a after=d\ndiscard\n");
	assert_null(strstr(fake_output(), "names nobody"));
}

/* after= follows the name of its target; who is left with nobody is told, and nobody else suffers. */
static void test_after(void **state)
{
	(void)state;
	fake_command("create c " GOOD);
	fake_command("create p " GOOD " after=c");
	fake_command("create q " GOOD " after=p");
	fake_command("start p");
	expect("rename c d", "c: renamed\r\n");
	fake_expect_in("export", "create p memory=64M kernel=kernel after=d\r\n");
	fake_expect_in("check", "no rule is broken by what is running, 3 partitions");
	expect("rename q c", "q: renamed\r\n");
	expect("rename c q", "c: renamed\r\n");
	fake_command("edit");
	expect_edit("rename d e", "");
	expect_edit("diff", "rename d e\r\n");
	fake_expect_in("export", "create p memory=64M kernel=kernel after=e\r\n");
	expect_edit("destroy p", "q: after=p names nobody then\r\n");
	expect_edit("check", "error: check q: after=p: there is no such partition [rule 16]\r\n");
	fake_command("discard");
	expect("destroy d", "p: after=d names nobody then\r\nd: destroyed\r\n");
	expect("check", "error: check p: after=d: there is no such partition [rule 16]\r\n");
	expect("rename q z", "q: renamed\r\n");
	expect("set z cmdline=x", "z: changed\r\n");
	expect("set p after=", "p: changed\r\n");
	fake_expect_in("check", "no rule is broken by what is running, 2 partitions");
	expect_no_leak(2);
}

/* An exchange simply works, whatever else is done; diff's lines can be typed. */
static void test_names_exchanged(void **state)
{
	static const char *const typed[] = {"rename w1 third-1", "rename w3 w1", "rename w2 w3",
					    "rename third-1 w2", "set w1 weight=5"};

	(void)state;
	make_talking("w1", "");
	fake_command("create w2 " GOOD " after=w1");
	fake_command("create w3 " GOOD);
	fake_command("create v " GOOD);
	fake_command("start v");
	fake_command("edit");
	fake_command("rename w1 tmp");
	fake_command("rename w3 w1");
	fake_command("rename w2 w3");
	fake_command("rename tmp w2");
	fake_command("set w1 weight=5");
	expect_edit("diff", "rename w1 third-1\r\n"
			    "rename w3 w1\r\n"
			    "rename w2 w3\r\n"
			    "rename third-1 w2\r\n"
			    "set w1 weight=5\r\n");
	expect("commit", "committed\r\n");
	expect_untouched("w2");
	assert_int_equal(fake_find("w1")->info.weight, 5);
	fake_expect_in("export", "create w3 memory=64M kernel=kernel after=w2\r\n");
	assert_null(fake_find("third-1"));
	fake_command("rollback");
	fake_command("commit");
	expect_untouched("w1");
	assert_int_equal(fake_find("w3")->info.weight, 0);
	/* As it stands there, typed. */
	for (size_t i = 0; i < ARRAY_SIZE(typed); i++)
		fake_expect_in(typed[i], i == 4 ? "changed" : "renamed");
	expect_untouched("w2");
}

/* It takes no place among the eight, and confirms what was before it. */
static void test_commit_of_nothing(void **state)
{
	(void)state;
	fake.stand_still = true;
	fake_command("create web " GOOD);
	fake_command("edit");
	fake_command("set web cmdline=new");
	fake_command("commit confirmed 30");
	for (unsigned i = 0; i < 10; i++) {
		fake_command("edit");
		expect(i ? "commit" : "commit confirmed 30",
		       "committed; there was nothing to change\r\n");
	}
	expect("confirm", "error: confirm: nothing waits to be confirmed\r\n");
	fake_expect_in("rollback", "before the last commit;");
	expect_edit("diff", "set web cmdline=\r\n");
	expect_edit(
		"rollback 2",
		"error: rollback: 2: must be from 1 to 1, the number of earlier configurations\r\n");
	fake_command("discard");
	expect_pages(1, 1);
}

/* Made and started by hand within the time: it goes with the rest, and is named. */
static void test_undo_names_victims(void **state)
{
	(void)state;
	make_talking("web", "");
	fake_command("edit");
	fake_command("set web weight=5");
	fake_command("commit confirmed 30");
	fake_command("run byhand " GOOD);
	fake_clear();
	pass_seconds(31);
	fake_expect("[the configuration is what it was before the commit; byhand was destroyed]\r\n");
	assert_null(fake_find("byhand"));
	assert_int_equal(fake_find("web")->info.start_count, 1);
}

static void test_yes(void **state)
{
	static const char *const yes[] = {"y", "Y", "yes", "YES", "Yes"};
	static const char *const no[] = {"", "n", "ye", "yess", "No", "y y"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(no) + ARRAY_SIZE(yes); i++) {
		bool is_yes = i >= ARRAY_SIZE(no);

		fake_command("run web " GOOD);
		fake_command("destroy web");
		fake_command(is_yes ? yes[i - ARRAY_SIZE(no)] : no[i]);
		assert_int_equal(fake_find("web") == NULL, is_yes);
	}
}

/* What would be made anew tells nothing of its end any more. */
static void test_end_is_lost(void **state)
{
	(void)state;
	make_talking("tf", "");
	fake_end("tf", REASON_TRIPLE, "a report");
	fake_run();
	expect("set tf weight=5", "tf: changed\r\n");
	expect("set tf memory=9M", "tf: changed; what was kept of the end of tf is gone\r\n");
	expect("set tf memory=8M", "tf: changed\r\n");
	fake_command("start tf");
	fake_end("tf", REASON_TRIPLE, "a report");
	fake_run();
	fake_command("edit");
	fake_command("set tf memory=9M");
	expect("commit", "committed; what was kept of the end of tf is gone\r\n");
}

/* What a partition costs besides its RAM counts: where it would not fit, and for all of a candidate. */
static void test_cost(void **state)
{
	(void)state;
	fake.pool = MIB(2);
	fake.host.ram_free = MIB(491);
	/* 490 MiB less the hole is there; with 2 MiB and a log of 64 KiB it is not. */
	expect("create big memory=501760K kernel=kernel",
	       "error: create big: memory=501760K: needs 503764 KiB (501632 of RAM, 2132 for tables and "
	       "log); only 502784 KiB is free [rule 12]\r\n");
	fake_command("edit");
	fake_command("create a memory=245M kernel=kernel");
	fake_command("create b memory=245M kernel=kernel");
	fake_expect_in("check",
		       "error: check b: memory=245M: only 244 MiB is free (largest piece 244 MiB); "
		       "a is to have 245 MiB [rule 12]\r\n");
	fake_command("set a memory=240M");
	fake_expect_in("check", "no rule is broken");
	expect("commit", "committed\r\n");
	/* What leaves gives all of it back, and its log is kept. */
	expect("set a memory=248052K", "a: changed\r\n");
	fake_expect_in("set a log=512K", "for tables and log)");
	fake_expect_in("set a memory=248056K", "for tables and log)");
	expect_pages(2, 1);
}

static void test_rules(void **state)
{
	(void)state;
	fake_expect_in("rules", "rule  1: a name is well-formed, and one partition's only\r\n");
	fake_expect_in("rules", "rule 16: ");
	fake_expect_in("check", "no rule is broken by what is running, 0 partitions");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_export, boot),
		cmocka_unit_test(test_export_round_trip),
		cmocka_unit_test_setup(test_set_live, boot),
		cmocka_unit_test_setup(test_set_the_other_kind_of_cpus, boot),
		cmocka_unit_test_setup(test_set_stopped, boot),
		cmocka_unit_test_setup(test_set_is_undone, boot),
		cmocka_unit_test_setup(test_rename, boot),
		cmocka_unit_test_setup(test_restart_never, boot),
		cmocka_unit_test_setup(test_restart_on_failure, boot),
		cmocka_unit_test_setup(test_restart_always, boot),
		cmocka_unit_test_setup(test_restart_is_cancelled, boot),
		cmocka_unit_test_setup(test_waiting, boot),
		cmocka_unit_test_setup(test_change_while_it_waits, boot),
		cmocka_unit_test_setup(test_export_while_it_waits, boot),
		cmocka_unit_test_setup(test_stop_while_it_waits, boot),
		cmocka_unit_test_setup(test_start_while_it_waits, boot),
		cmocka_unit_test_setup(test_set_while_it_waits, boot),
		cmocka_unit_test_setup(test_failed_everywhere, boot),
		cmocka_unit_test_setup(test_autostart, boot),
		cmocka_unit_test_setup(test_candidate, boot),
		cmocka_unit_test_setup(test_discard, boot),
		cmocka_unit_test_setup(test_commit_refused, boot),
		cmocka_unit_test_setup(test_commit_swap, boot),
		cmocka_unit_test_setup(test_commit_asks, boot),
		cmocka_unit_test_setup(test_commit_under_way, boot),
		cmocka_unit_test_setup(test_commit_is_undone, boot),
		cmocka_unit_test_setup(test_undo_in_any_order, boot),
		cmocka_unit_test_setup(test_undo_in_part, boot),
		cmocka_unit_test_setup(test_rollback, boot),
		cmocka_unit_test_setup(test_commit_confirmed, boot),
		cmocka_unit_test_setup(test_undone_under_somebody, boot),
		cmocka_unit_test_setup(test_confirmed_survives, boot),
		cmocka_unit_test_setup(test_failure_in_commit, boot),
		cmocka_unit_test_setup(test_rename_is_undone, boot),
		cmocka_unit_test_setup(test_names_changed_hands, boot),
		cmocka_unit_test_setup(test_undo_starts_what_ran, boot),
		cmocka_unit_test_setup(test_after_nobody, boot),
		cmocka_unit_test_setup(test_after, boot),
		cmocka_unit_test_setup(test_names_exchanged, boot),
		cmocka_unit_test_setup(test_commit_of_nothing, boot),
		cmocka_unit_test_setup(test_undo_names_victims, boot),
		cmocka_unit_test_setup(test_yes, boot),
		cmocka_unit_test_setup(test_end_is_lost, boot),
		cmocka_unit_test_setup(test_cost, boot),
		cmocka_unit_test_setup(test_rules, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
