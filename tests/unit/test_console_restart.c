/* SPDX-License-Identifier: BSD-2-Clause */
/* restart=: whatever fails in between, an end is acted on once, and a stop that was asked for counts. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "console/main.h"
#include "tests/unit/fake_expect.h"

static void boot(const char *restart)
{
	char line[80];

	fake_reset();
	fake_boot();
	snprintf(line, sizeof(line), "create web memory=64M kernel=kernel restart=%s", restart);
	fake_command(line);
	fake_command("start web");
	fake_clear();
}

/* The console fails, and another instance follows. */
static void fail_console(void)
{
	fake.events |= CONSOLE_RESTARTED;
	fake_clear();
	fake_boot();
}

static void turns(unsigned count)
{
	while (count--)
		console_turn();
}

static void pass(unsigned seconds)
{
	fake.tsc += (uint64_t)seconds * FAKE_HZ;
	fake.events |= CONSOLE_TIMEOUT;
	fake_run();
}

static void expect_starts(unsigned count, enum part_state state)
{
	assert_int_equal(fake_find("web")->info.start_count, count);
	assert_int_equal(fake_find("web")->info.state, state);
}

static void expect_not(const char *part)
{
	if (strstr(fake_output(), part))
		fail_msg("\"%s\" is in:\n%s", part, fake_output());
}

/* It fails while the memory is scrubbed for a start that is due. */
static void test_fails_in_restart(void **state)
{
	static const enum part_reason reasons[] = {REASON_TRIPLE, REASON_RESET};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		boot(reasons[i] == REASON_RESET ? "never" : "on-failure");
		fake.again[CALL_PART_START] = 100;
		fake_end("web", reasons[i], "x");
		turns(5);
		fake_expect("is started again]\r\n");
		expect_starts(1, PART_STOPPED);
		fake_type("list\r");
		turns(5);
		fake_expect("starting");
		fake_type("create web memory=4M kernel=kernel\r");
		turns(5);
		fake_expect("it is starting");
		expect_not("again in");
		expect_starts(1, PART_STOPPED);
		fake.again[CALL_PART_START] = 0;
		fail_console();
		expect_starts(2, PART_RUNNING);
		/* Once: neither this instance nor a later one has more to do. */
		fail_console();
		pass(100);
		expect_starts(2, PART_RUNNING);
		expect_not("started again");
	}
}

/* The start was done, and the console fails before it has noted that. */
static void test_fails_after_start(void **state)
{
	(void)state;
	boot("on-failure");
	fake.load_delay = FAKE_HZ;
	fake.stand_still = true;
	fake_end("web", REASON_TRIPLE, "x");
	fake_run();
	expect_starts(2, PART_RUNNING);
	fail_console();
	pass(100);
	expect_starts(2, PART_RUNNING);
	expect_not("started again");
	/* If it ends while nobody looks, that is news as any end. */
	fake_end("web", REASON_TRIPLE, "y");
	fail_console();
	fake_expect("[web stopped: triple fault: y]\r\n");
	fake.stand_still = false;
	fake_run();
	expect_starts(3, PART_RUNNING);
}

/* It fails while the VMM loads the guest for a `start`, which the next instance finds ended. */
static void test_fails_in_start(void **state)
{
	(void)state;
	boot("on-failure");
	fake_command("stop web --force");
	fake.load_delay = FAKE_HZ;
	fake.stand_still = true;
	fake_command("start web");
	expect_starts(2, PART_RUNNING);
	fake_end("web", REASON_TRIPLE, "x");
	fail_console();
	fake_expect("[web stopped: triple fault: x]\r\n[web is started again]\r\n");
}

/* A wait for a restart goes on. */
static void test_fails_in_wait(void **state)
{
	(void)state;
	boot("always");
	fake.stand_still = true;
	for (unsigned i = 0; i < 2; i++) {
		fake_end("web", REASON_TRIPLE, "x");
		fake_run();
	}
	fail_console();
	expect_starts(2, PART_STOPPED);
	fake_expect_in("list", "again in 1 s");
	pass(2);
	expect_starts(3, PART_RUNNING);
}

/* It ends in the moment in which there is no console. */
static void test_ends_unseen(void **state)
{
	static const struct {
		const char *restart;
		enum part_reason reason;
		unsigned starts;
	} cases[] = {
		{"on-failure", REASON_TRIPLE, 2}, {"never", REASON_TRIPLE, 1},
		{"never", REASON_RESET, 2},	  {"on-failure", REASON_POWEROFF, 1},
		{"always", REASON_POWEROFF, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		boot(cases[i].restart);
		fake_end("web", cases[i].reason, "");
		fail_console();
		fake_expect(cases[i].reason == REASON_RESET ? "[web reset: it is started again]"
							    : "[web stopped: ");
		assert_int_equal(fake_find("web")->info.start_count, cases[i].starts);
		/* What was told is not told again. */
		fail_console();
		pass(100);
		expect_not("[web");
		assert_int_equal(fake_find("web")->info.start_count, cases[i].starts);
	}
}

/* The guest obeys its power button when nobody waits for that any more; the console may even have failed. */
static void test_stop_counts(void **state)
{
	(void)state;
	for (unsigned fails = 0; fails < 3; fails++) {
		boot("always");
		fake.stand_still = true;
		fake.power_delay = 5ull * FAKE_HZ;
		fake_command("stop web");
		if (fails < 2) {
			fake_type("\x03");
			fake_run();
			fake_expect(
				"web: its power button was pressed; it is not stopped by force\r\n");
		}
		if (fails > 0)
			fail_console();
		pass(6);
		fake_expect("[web stopped: powered off]\r\n");
		expect_starts(1, PART_STOPPED);
		/* After the next start it counts no more. */
		fake.power_delay = 0;
		fake_command("start web");
		fake_end("web", REASON_POWEROFF, "");
		fake_run();
		expect_starts(3, PART_RUNNING);
	}
	/* A failure is none of what was asked for, nor is a reset. */
	boot("always");
	fake.stand_still = true;
	fake_command("stop web");
	fake_type("\x03");
	fake_run();
	fake_end("web", REASON_TRIPLE, "");
	fake_run();
	expect_starts(2, PART_RUNNING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fails_in_restart), cmocka_unit_test(test_fails_after_start),
		cmocka_unit_test(test_fails_in_start),	 cmocka_unit_test(test_fails_in_wait),
		cmocka_unit_test(test_ends_unseen),	 cmocka_unit_test(test_stop_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
