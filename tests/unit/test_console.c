/* SPDX-License-Identifier: BSD-2-Clause */
/* The console as a whole: input while commands run, hostile input, news, resets, a dead line. */
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

static int boot(void **state)
{
	(void)state;
	fake_reset();
	fake_boot();
	return 0;
}

static unsigned count(const char *part)
{
	unsigned found = 0;

	for (const char *at = fake_output(); (at = strstr(at, part)); at++)
		found++;
	return found;
}

static void make_web(void)
{
	fake_command("create web memory=64M kernel=kernel");
	fake_command("start web");
}

static void test_greeting(void **state)
{
	(void)state;
	fake_reset();
	fake.log = "[0.000001] kernel up\n[0.000002] odd \x1b[2J\nlast without end";
	fake_boot();
	fake_expect("[0.000001] kernel up\r\n[0.000002] odd \\x1b[2J\r\nlast without end\r\n"
		    "Freehold test: 4 CPUs, 2 GiB, SVM\r\nType help for the commands.\r\n");
	fake_expect("\r\nfreehold> ");
}

static void test_no_backend(void **state)
{
	(void)state;
	fake_reset();
	strcpy(fake.host.backend, "none");
	strcpy(fake.host.backend_reason, "no SVM, no VMX");
	fake_boot();
	fake_expect("[no guest can run on this machine: no SVM, no VMX]\r\n");
}

/* K01: afterwards one line end, and the prompt is there and works. */
static void test_random_bytes(void **state)
{
	static uint8_t bytes[4096];

	(void)state;
	srand(13);
	make_web();
	for (unsigned round = 0; round < 500; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(rand() >> 4);
		fake_clear();
		fake_type_bytes(bytes, sizeof(bytes));
		fake_run();
		fake_command("\x03");
	}
	fake_command("list");
	fake_expect("web   running");
	assert_int_equal(fake.power_calls, 0);
	assert_int_equal(fake_find("web")->info.start_count, 1);
}

/* A line into which noise fell is not executed, whatever is left of it (K03). */
static void test_noise_spoils(void **state)
{
	(void)state;
	make_web();
	fake_command("destroy\xff web --yes");
	fake_expect("error: 1 bytes of the line were no text; nothing was done\r\n");
	fake_command("stop web \x1b[mforce");
	fake_expect("bytes of the line were no text");
	fake_command("\xc3\xa9\x15list");
	fake_expect("web   running");
	fake_command("li\x11\x13\0st");
	assert_non_null(fake_find("web"));
}

/* K02 */
static void test_ten_thousand_arguments(void **state)
{
	static char line[30000];

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		memcpy(line + 2 * i, "x ", 2);
	fake_command(line);
	fake_expect("error: a line has at most 1023 characters; nothing was done\r\n");
	assert_int_equal(count("error: "), 1);
	line[200] = '\0';
	fake_command(line);
	fake_expect("error: a command has at most 32 words\r\n");
}

/* K07: typed or pasted while a command runs, each is executed once, in order. */
static void test_type_ahead(void **state)
{
	(void)state;
	fake.again[CALL_PART_CREATE] = 200;
	fake.again[CALL_PART_START] = 200;
	fake.again[CALL_PART_DESTROY] = 200;
	fake_command("create a memory=2M kernel=tiny\rstart a\rimages\rstop a --force\rdestroy a\r"
		     "create b memory=2M "
		     "kernel=tiny\rlist");
	assert_null(fake_find("a"));
	fake_expect("a: created with");
	assert_true(strstr(fake_output(), "a: created") < strstr(fake_output(), "a: started"));
	assert_true(strstr(fake_output(), "a: started") < strstr(fake_output(), "IMAGE "));
	assert_true(strstr(fake_output(), "IMAGE ") < strstr(fake_output(), "a: stopped by force"));
	assert_true(strstr(fake_output(), "a: stopped by force") <
		    strstr(fake_output(), "a: destroyed"));
	assert_true(strstr(fake_output(), "a: destroyed") < strstr(fake_output(), "b: created"));
	fake_expect("b     stopped");
	assert_int_equal(count("error"), 0);
}

/* Typing is seen while a long call is under way, before that call has ended. */
static void test_typing_during_a_call(void **state)
{
	(void)state;
	fake.again[CALL_PART_CREATE] = 1000000;
	fake_clear();
	fake_type("create a memory=2M kernel=tiny\r");
	for (unsigned i = 0; i < 100; i++)
		console_turn();
	fake_type("lis");
	for (unsigned i = 0; i < 3; i++)
		console_turn();
	assert_string_equal(fake_output(), "create a memory=2M kernel=tiny\r\nlis");
	fake.again[CALL_PART_CREATE] = 0;
	fake_type("t\r");
	fake_run();
	fake_expect("lis\r\x1b[Ja: created with 2 MiB and 1 pool vCPU\r\nfreehold> list\r\nNAME");
}

static void test_paste_of_many(void **state)
{
	static char paste[64 * 1024];
	unsigned used = 0;

	(void)state;
	for (unsigned i = 0; i < 1500; i++)
		used += (unsigned)sprintf(paste + used, "help number%u\r\n", i);
	/* A slow line: the commands' output must make the console wait, and lose nothing. */
	fake.line_takes = 333;
	fake_clear();
	fake_type(paste);
	fake_run();
	assert_int_equal(count("error: help number"), 1500);
	fake_expect("error: help number1499: there is no such command");
}

/* K08: a line that takes nothing costs seconds once, not a hang, and comes back. */
static void test_dead_line(void **state)
{
	static char paste[64 * 1024];
	unsigned used = 0;
	uint64_t before;

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		used += (unsigned)sprintf(paste + used, "help create\rhelp\r");
	fake.fail[CALL_UART_WRITE] = ERR_BUSY;
	before = fake.tsc;
	fake_type(paste);
	fake_run();
	assert_in_range(fake.tsc - before, 1, 20ull * FAKE_HZ);
	fake.fail[CALL_UART_WRITE] = 0;
	fake_command("list");
	fake_expect("NAME  STATE");
}

static void test_interrupt_of_stop(void **state)
{
	(void)state;
	make_web();
	fake.stand_still = true;
	fake_command("stop web timeout=3600\rlist");
	assert_null(strstr(fake_output(), "NAME"));
	fake_clear();
	fake_type("\x03");
	fake_run();
	fake_expect(
		"^C\r\nweb: its power button was pressed; it is not stopped by force\r\nfreehold> ");
	assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
	/* What was typed before the Ctrl-C is void. */
	assert_null(strstr(fake_output(), "NAME"));
	fake_command("list");
	fake_expect("web   running");
}

static void test_interrupt_of_destroy(void **state)
{
	(void)state;
	make_web();
	fake.again[CALL_PART_DESTROY] = 1000000;
	fake_type("destroy web --yes\r");
	for (unsigned i = 0; i < 50; i++)
		console_turn();
	fake_clear();
	fake_type("\x03start web\r");
	for (unsigned i = 0; i < 50; i++)
		console_turn();
	fake_expect("web: it is being destroyed in the background\r\n");
	fake_expect("error: start web: it is being destroyed\r\n");
	fake.again[CALL_PART_DESTROY] = 0;
	fake_run();
	assert_null(fake_find("web"));
}

static void test_news(void **state)
{
	(void)state;
	make_web();
	fake_clear();
	fake_type("sho");
	fake_run();
	fake_end("web", REASON_REFUSED, "kernel: no \x1b[1mbzImage\nsecond line");
	fake_run();
	assert_string_equal(fake_output(),
			    "sho\r\x1b[J[web stopped: its VMM refused to start it: kernel: no "
			    "\\x1b[1mbzImage]\r\nfreehold> sho");
	fake_type("w web\r");
	fake_run();
	fake_expect("  second line\r\n");
}

/* The kernel says DYING while the vCPUs leave, and tells nobody when they are out. */
static void test_news_of_the_dying(void **state)
{
	(void)state;
	make_web();
	fake_clear();
	fake_end("web", REASON_POWEROFF, "");
	fake_find("web")->info.state = PART_DYING;
	fake_run();
	fake_expect("[web stopped: powered off]\r\n");
	/* Who asks then is told how it ended, too. */
	fake_expect_in("show web", "exit code   0 (0x0)\r\n");
	fake_command("start web");
	fake_expect("web: started\r\n");
	fake_end("web", REASON_RESET, "");
	fake_find("web")->info.state = PART_DYING;
	fake_run();
	fake_expect("[web reset: it is started again]\r\n");
	assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
}

static void test_log_lines(void **state)
{
	(void)state;
	fake.log = "[1.0] nothing special\n[1.1] warning: hot\n[1.2] error: broken\n"
		   "[1.3] web: warning: forged\n";
	fake_clear();
	fake.events |= CONSOLE_LOG;
	fake_run();
	assert_null(strstr(fake_output(), "special"));
	assert_null(strstr(fake_output(), "forged"));
	fake_expect("[1.1] warning: hot\r\n[1.2] error: broken\r\nfreehold> ");
	fake_command("log");
	fake_expect("[1.0] nothing special\r\n[1.1] warning: hot\r\n[1.2] error: broken\r\n"
		    "[1.3] web: warning: forged\r\n");
}

/* Five in sixty seconds, then it stays down until the operator says otherwise. */
static void test_reset_policy(void **state)
{
	(void)state;
	make_web();
	fake_clear();
	for (unsigned i = 0; i < 5; i++) {
		fake.tsc += FAKE_HZ;
		fake_end("web", REASON_RESET, "");
		fake_run();
		assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
	}
	assert_int_equal(count("[web reset: it is started again]"), 5);
	fake_end("web", REASON_RESET, "");
	fake_run();
	fake_expect("[web stopped: 6 resets in 60 s; it is not started again by itself]\r\n");
	assert_int_equal(fake_find("web")->info.state, PART_STOPPED);
	/* It is forgiven by a start. */
	fake_command("start web");
	fake_end("web", REASON_RESET, "");
	fake_run();
	assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
	/* Five in longer than a minute go on for ever. */
	for (unsigned i = 0; i < 50; i++) {
		fake.tsc += 13ull * FAKE_HZ;
		fake_end("web", REASON_RESET, "");
		fake_run();
		assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
	}
}

static void test_reset_that_fails(void **state)
{
	(void)state;
	make_web();
	fake.fail[CALL_PART_START] = ERR_NOMEM;
	fake_clear();
	fake_end("web", REASON_RESET, "");
	fake_run();
	fake_expect("[web could not be started again: there is not enough free memory]\r\n");
	fake.fail[CALL_PART_START] = 0;
	fake_command("start web");
	fake_expect("web: started");
}

/* A reset while the operator stops the guest is a stop. */
static void test_reset_during_stop(void **state)
{
	(void)state;
	make_web();
	fake.stand_still = true;
	fake_command("stop web");
	fake_end("web", REASON_RESET, "");
	fake_run();
	fake_expect("web: stopped\r\n");
	assert_int_equal(fake_find("web")->info.state, PART_STOPPED);
}

/* Nothing wakes the console when nothing happens. */
static void test_idle_is_idle(void **state)
{
	unsigned waits;

	(void)state;
	make_web();
	waits = fake.count[CALL_WAIT];
	fake.idle = false;
	fake_run();
	assert_in_range(fake.count[CALL_WAIT] - waits, 1, 2);
	assert_int_equal(fake.events, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_greeting),
		cmocka_unit_test(test_no_backend),
		cmocka_unit_test_setup(test_random_bytes, boot),
		cmocka_unit_test_setup(test_noise_spoils, boot),
		cmocka_unit_test_setup(test_ten_thousand_arguments, boot),
		cmocka_unit_test_setup(test_type_ahead, boot),
		cmocka_unit_test_setup(test_typing_during_a_call, boot),
		cmocka_unit_test_setup(test_paste_of_many, boot),
		cmocka_unit_test_setup(test_dead_line, boot),
		cmocka_unit_test_setup(test_interrupt_of_stop, boot),
		cmocka_unit_test_setup(test_interrupt_of_destroy, boot),
		cmocka_unit_test_setup(test_news, boot),
		cmocka_unit_test_setup(test_news_of_the_dying, boot),
		cmocka_unit_test_setup(test_log_lines, boot),
		cmocka_unit_test_setup(test_reset_policy, boot),
		cmocka_unit_test_setup(test_reset_that_fails, boot),
		cmocka_unit_test_setup(test_reset_during_stop, boot),
		cmocka_unit_test_setup(test_idle_is_idle, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
