/* SPDX-License-Identifier: BSD-2-Clause */
/* top and trace: what they show of two looks, and how they end. */
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

static struct fake_exits recorders[2];
static struct fake_partition *web;

static int set_up(void **state)
{
	(void)state;
	fake_reset();
	fake_boot();
	memset(recorders, 0, sizeof(recorders));
	fake_command("create web vcpus=2 memory=16M kernel=kernel");
	fake_command("start web");
	web = fake_find("web");
	web->exits[0] = &recorders[0];
	web->exits[1] = &recorders[1];
	fake.stand_still = true; /* the test lets time pass */
	return 0;
}

static void pass(uint64_t ms)
{
	fake_clear();
	fake.tsc += ms * FAKE_HZ / 1000;
	fake_run();
}

/* It waits for its second, shows it, and is done. */
static void test_once(void **state)
{
	(void)state;
	fake_command("top --once");
	assert_null(strstr(fake_output(), "NAME"));
	web->info.run_tsc += FAKE_HZ / 2;
	web->info.steal_tsc += FAKE_HZ / 4;
	fake_guest_write(web, "0123456789", 10);
	for (unsigned i = 0; i < 600; i++)
		web->counts[FAKE_IO]++;
	web->counts[FAKE_HLT] += 50;
	fake.cpus[0].idle_tsc += FAKE_HZ;
	fake.cpus[1].idle_tsc += FAKE_HZ;
	pass(1000);
	fake_expect("4 CPUs 49 % idle, 1008.1 MiB free");
	fake_expect("NAME  STATE       CPU   STEAL  MEMORY");
	fake_expect("web   running  49.9 %  24.9 %  16 MiB      9     1299  io 1199, hlt 99");
	fake_expect("io 1199, hlt 99"); /* of two vCPUs */
	fake_expect("freehold> ");
	assert_null(strstr(fake_output(), "\033[2J"));
}

static void test_of_one(void **state)
{
	(void)state;
	fake_command("create other memory=16M kernel=kernel");
	fake_command("top web --once");
	web->counts[FAKE_MSR] += 10;
	pass(1000);
	fake_expect("upcalls a second");
	fake_expect("msr          19      20");
	assert_null(strstr(fake_output(), "other"));
}

/* Again and again; a key ends it, and is not lost unless it is one that only ends. */
static void test_until_a_key(void **state)
{
	(void)state;
	fake_command("top");
	pass(1000);
	fake_expect("NAME");
	assert_null(strstr(fake_output(), "freehold> "));
	pass(400);
	assert_null(strstr(fake_output(), "NAME"));
	pass(700);
	fake_expect("NAME");
	fake_clear();
	fake_type("q");
	fake_run();
	fake_expect("freehold> ");
	assert_null(strstr(fake_output(), "freehold> q"));
	fake_command("top");
	fake_type("list\r");
	fake_run();
	fake_expect("NOTE");
	fake_command("top");
	fake_type("\003");
	fake_run();
	fake_expect("freehold> ");
	pass(2000);
	assert_null(strstr(fake_output(), "NAME"));
}

/* A start in between: the counters begin at 0, and nothing is negative. */
static void test_restarted(void **state)
{
	(void)state;
	web->info.run_tsc = 5ull * FAKE_HZ;
	fake_command("top --once");
	web->info.run_tsc = FAKE_HZ / 10;
	web->info.start_count++;
	pass(1000);
	fake_expect(" 9.9 %");
}

static void test_trace(void **state)
{
	(void)state;
	fake_exit(web, 0, FAKE_IO, 0x100, 0x7b, 0);
	fake_command("trace web");
	fake_expect("any key ends");
	pass(100);
	assert_null(strstr(fake_output(), "io"));
	fake_exit(web, 1, FAKE_HLT, 0x200, 0x78, 1);
	fake.tsc += 1000;
	fake_exit(web, 0, FAKE_IO, 0x300, 0x7b, 0x3f80001);
	pass(100);
	fake_expect(" 1 hlt              0000000000000200 0x78       0x1\r\n");
	fake_expect(" 0 io               0000000000000300 0x7b       0x3f80001\r\n");
	assert_true(strstr(fake_output(), "hlt") < strstr(fake_output(), "io"));
	pass(100);
	assert_null(strstr(fake_output(), "io"));
	/* More than the line takes. */
	for (unsigned i = 0; i < 5000; i++)
		fake_exit(web, 0, FAKE_IO, 0x1000 + i, 0x7b, 0);
	pass(100);
	fake_expect("000000000000"
		    "2387");
	assert_null(strstr(fake_output(), "000000000000"
					  "2383"));
	fake_expect("... and 4996 more");
	/* Its end is the trace's. */
	fake_end("web", REASON_POWEROFF, "");
	pass(100);
	fake_expect("freehold> ");
}

static void test_scripts(void **state)
{
	(void)state;
	fake.stand_still = false;
	fake.config = "create a memory=16M kernel=kernel\nstart a\ntop\ntrace a\n";
	fake.config_size = strlen(fake.config);
	fake_clear();
	fake_boot();
	fake_expect("BUSIEST");
	fake_expect("error: line 4: trace a: it goes on until a key is pressed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_once, set_up),
		cmocka_unit_test_setup(test_of_one, set_up),
		cmocka_unit_test_setup(test_until_a_key, set_up),
		cmocka_unit_test_setup(test_restarted, set_up),
		cmocka_unit_test_setup(test_trace, set_up),
		cmocka_unit_test_setup(test_scripts, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
