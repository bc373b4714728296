/* SPDX-License-Identifier: BSD-2-Clause */
/* mode script: each line has one answer, news stands between answers, and no output can pass for either. */
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
	assert_string_equal(fake_command("mode script"), "mode script\r\nok\r\n");
	return 0;
}

/* All that the line brings. */
static void expect(const char *line, const char *answer)
{
	assert_string_equal(fake_command(line), answer);
}

static void test_answers(void **state)
{
	(void)state;
	expect("create web " GOOD, "web: created with 64 MiB and 1 pool vCPU\r\nok\r\n");
	expect("start web", "web: started\r\nok\r\n");
	expect("pause web", "web: paused\r\nok\r\n");
	expect("", "ok\r\n");
	expect("# nothing", "ok\r\n");
	expect("mode", "mode script\r\nok\r\n");
	expect("pager", "pager off\r\nok\r\n");
	expect("mode human", "ok\r\nfreehold> ");
	expect("mode", "mode\r\nmode human\r\nfreehold> ");
	expect("pause web", "pause web\r\n"
			    "error: pause web: it is paused, and must be running\r\nfreehold> ");
}

/* One row of the table of codes for each reason. */
static void test_codes(void **state)
{
	(void)state;
	fake_command("create web " GOOD);
	fake_command("start web");
	expect("start db", "error ENAME start db: there is no partition of that name\r\n");
	expect("strat web",
	       "error EUSAGE strat: there is no such command; did you mean start?; help lists them\r\n");
	fake_expect_in("pause", "error EUSAGE pause: NAME is missing; usage: pause NAME\r\n");
	fake_expect_in("mode a b", "error EUSAGE mode: a is none of the words that it takes; "
				   "usage: mode [script|human]\r\n");
	fake_expect_in("mode fast", "error EUSAGE mode: fast is none of the words that it takes");
	expect("resume web", "error ESTATE resume web: it is running, and must be paused\r\n");
	expect("list \"", "error ELINE a \" has no partner\r\n");
	expect("list \x80", "error ELINE 1 bytes of the line were no text; nothing was done\r\n");
	expect("poweroff", "error ECONFIRM poweroff: a script must say --yes\r\n");
	fake_expect_in("destroy web", "error ECONFIRM destroy web: ");
	fake_expect_in("create db memory=2M",
		       "error ERULE create db: kernel= is missing [rule 4]\r\n");
	fake_expect_in("wait web /(/", "error EUSAGE wait web: /(/: a ( has no partner");
	fake_expect_in("wait web /never/ 1", "error ETIMEOUT wait web: no match within 1 s");
	fake.fail[CALL_PART_PAUSE] = ERR_LIMIT;
	expect("pause web", "error ELIMIT pause web: a limit of this build is reached\r\n");
	fake.fail[CALL_PART_PAUSE] = ERR_NOSYS;
	expect("pause web", "error EKERNEL pause web: this kernel cannot do it\r\n");
	assert_int_equal(fake.power_calls, 0);
	assert_non_null(fake_find("web"));
}

/* No byte is echoed, however the line is edited, and no control sequence is sent. */
static void test_silence(void **state)
{
	(void)state;
	fake_clear();
	fake_type("lis\x7f\x15\x0c\x1b[A\x1b[B\x1b[Dcreate\tweb " GOOD);
	fake_run();
	assert_string_equal(fake_output(), "");
	fake_type("\r");
	fake_run();
	assert_string_equal(fake_output(), "web: created with 64 MiB and 1 pool vCPU\r\nok\r\n");
	expect("garbage\x03", "ok\r\n");
}

/* What is typed ahead is answered line by line. */
static void test_many_lines(void **state)
{
	(void)state;
	fake.again[CALL_PART_CREATE] = 20;
	expect("create a " GOOD "\rstart a\rstart a\rpause a",
	       "a: created with 64 MiB and 1 pool vCPU\r\nok\r\na: started\r\nok\r\n"
	       "error ESTATE start a: it is running, and must be stopped\r\na: paused\r\nok\r\n");
}

static void test_news(void **state)
{
	(void)state;
	fake_command("create web " GOOD "\rcreate db " GOOD "\rstart web\rstart db");
	fake_clear();
	fake_end("web", REASON_POWEROFF, "");
	fake_run();
	assert_string_equal(fake_output(), "event web stopped: powered off\r\n");
	/* db ends in the middle of another command: its news comes behind that one's answer. */
	fake_clear();
	fake.again[CALL_PART_CREATE] = 1000000;
	fake_type("create c " GOOD "\r");
	for (unsigned i = 0; i < 20; i++)
		console_turn();
	fake.log = "[0.000001] error: odd\n";
	fake.events |= CONSOLE_LOG;
	fake_end("db", REASON_TRIPLE, "ok");
	for (unsigned i = 0; i < 20; i++)
		console_turn();
	assert_string_equal(fake_output(), "");
	fake.again[CALL_PART_CREATE] = 0;
	fake_run();
	assert_string_equal(fake_output(),
			    "c: created with 64 MiB and 1 pool vCPU\r\nok\r\n"
			    "event db stopped: triple fault: ok\r\nevent [0.000001] error: odd\r\n");
}

/* A guest's words that look like an answer, or like news, are told from them by a blank. */
static void test_forgery(void **state)
{
	(void)state;
	fake.log = "ok\nerror ENAME web\nevent web stopped: reset\nokay\n";
	expect("log", " ok\r\n error ENAME web\r\n event web stopped: reset\r\nokay\r\nok\r\n");
}

static void test_attach(void **state)
{
	(void)state;
	fake_command("create web " GOOD "\rstart web");
	expect("console web", "[attached to web; Ctrl-] detaches]\r\n");
	fake_clear();
	fake_guest_write(fake_find("web"), "ok\r\n", 4);
	fake_run();
	assert_string_equal(fake_output(), "ok\r\n");
	/* What the guest does to a terminal is the guest's; nothing of ours repairs it. */
	fake_guest_write(fake_find("web"), "\x1b[31mred\x0e", 9);
	fake_run();
	fake_clear();
	fake_type("\x1d");
	fake_run();
	assert_string_equal(fake_output(), "\r\n[detached from web]\r\nok\r\n");
	expect("console -r web\r", "[attached to web to read only; Ctrl-] detaches]\r\n"
				   "ok\r\n\x1b[31mred\x0e");
	fake_clear();
	fake_end("web", REASON_POWEROFF, "");
	fake_run();
	assert_string_equal(fake_output(), "\r\n[web stopped: powered off]\r\nok\r\n");
}

static void test_attach_to_all(void **state)
{
	(void)state;
	fake_command("create web " GOOD "\rstart web");
	expect("console all", "[attached to all to read only; Ctrl-] detaches]\r\n");
	fake_clear();
	fake_guest_write(fake_find("web"), "\x1b[31mred\r\n", 10);
	fake_run();
	fake_type("\x1d");
	fake_run();
	assert_string_equal(fake_output(), "web | \\x1b[31mred\r\n[detached from all]\r\nok\r\n");
}

/* A program that looks at what goes on gets lines, not pictures; nor does a bell or a page stop it. */
static void test_plain(void **state)
{
	static const char *const lines[] = {"top --once", "top",      "trace web\r ", "help",
					    "nothing\t",  "logs web", "mode script"};

	(void)state;
	fake_command("mode human\rpager on\rmode script\rcreate web " GOOD "\rstart web");
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const char *at = fake_command(lines[i]);

		for (; *at; at++)
			assert_true((*at >= ' ' && *at <= '~') || *at == '\r' || *at == '\n');
	}
}

static void test_interrupt(void **state)
{
	(void)state;
	fake_command("create web " GOOD "\rstart web");
	fake.power_delay = 0;
	fake.stand_still = true;
	fake_clear();
	fake_type("stop web\r");
	for (unsigned i = 0; i < 5; i++)
		console_turn();
	fake_type("list\r\x03");
	fake_run();
	assert_string_equal(fake_output(),
			    "web: its power button was pressed; it is not stopped by force\r\n"
			    "error EINTR stop web: it was interrupted\r\n");
}

/* freehold.conf may begin a machine that only scripts talk to: it is answered by nothing but news. */
static void test_from_config(void **state)
{
	static const char config[] = "mode script\nstart web\nimages\n";

	(void)state;
	fake_reset();
	fake.config = config;
	fake.config_size = sizeof(config) - 1;
	fake_boot();
	assert_non_null(strstr(fake_output(),
			       "event error: line 2: start web: there is no partition of that name\r\n"
			       "event IMAGE "));
	fake_expect_in("images --bad", "error EUSAGE images: --bad is no option of this command; "
				       "its options: --json, --help\r\n");
}

/* A console that follows one that failed begins a line, and begins as for a person. */
static void test_restarted(void **state)
{
	(void)state;
	fake_clear();
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	assert_non_null(
		strstr(fake_output(), "\r\n[the console program failed and was started anew"));
	assert_non_null(strstr(fake_output(), "freehold> "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_answers, boot),
		cmocka_unit_test_setup(test_codes, boot),
		cmocka_unit_test_setup(test_silence, boot),
		cmocka_unit_test_setup(test_many_lines, boot),
		cmocka_unit_test_setup(test_news, boot),
		cmocka_unit_test_setup(test_forgery, boot),
		cmocka_unit_test_setup(test_attach, boot),
		cmocka_unit_test_setup(test_attach_to_all, boot),
		cmocka_unit_test_setup(test_plain, boot),
		cmocka_unit_test_setup(test_interrupt, boot),
		cmocka_unit_test(test_from_config),
		cmocka_unit_test_setup(test_restarted, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
