/* SPDX-License-Identifier: BSD-2-Clause */
/* why: of a guest that was started again it tells the life that failed, and nothing of the next one. */
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
#include "console/main.h"
#include "tests/unit/fake_expect.h"

static int boot(void **state)
{
	(void)state;
	fake_boot_with_web();
	fake_command("set web restart=on-failure");
	return 0;
}

static void say(const char *text)
{
	fake_guest_write(fake_find("web"), text, strlen(text));
	fake_run();
}

static void expect_none(const char *part)
{
	if (strstr(fake_output(), part))
		fail_msg("\"%s\" is in:\n%s", part, fake_output());
}

static void test_two_lives(void **state)
{
	(void)state;
	fake_command("start web");
	say("first life\nits last word");
	/* The console looks while its vCPUs leave their CPUs. */
	fake_find("web")->info.state = PART_DYING;
	fake_find("web")->info.reason = REASON_TRIPLE;
	fake.events |= CONSOLE_PARTITION;
	fake_run();
	say("second life\n");
	fake_expect_in("why web", "web stopped: triple fault\r\n");
	fake_expect("; it runs again\r\n");
	fake_expect("output      its last word\r\n");
	expect_none("second life");
	/* A life that said nothing has no last line, though others before had. */
	fake_end("web", REASON_TRIPLE, "");
	fake_run();
	fake_end("web", REASON_TRIPLE, "");
	fake_run();
	say("fourth life\n");
	fake_expect_in("why web", "; it runs again\r\n");
	expect_none("output");
}

/* The same of one that is up, and of one that stays stopped. */
static void test_one_life(void **state)
{
	(void)state;
	fake_command("set web restart=never");
	fake_command("start web");
	say("first life\n");
	fake_end("web", REASON_POWEROFF, "");
	fake_run();
	fake_expect_in("why web", "output      first life\r\n");
	fake_command("start web");
	fake_expect_in("why web", "web running");
	expect_none("output");
	say("now\n \n");
	fake_expect_in("why web", "output      now\r\n");
}

/* What was frozen by hand is as it was then. */
static void test_frozen(void **state)
{
	(void)state;
	fake_command("start web");
	say("before\n");
	fake_command("freeze web");
	say("after\n");
	fake_expect_in("why web", "output      before\r\n");
	expect_none("after\r");
}

/* The positions that were kept are believed by nobody: the ring has gone on, and forgot them. */
static void test_overwritten(void **state)
{
	static char text[4096];

	(void)state;
	fake_command("start web");
	say("before\n");
	fake_end("web", REASON_TRIPLE, "");
	fake_run();
	memset(text, 'x', sizeof(text) - 2);
	text[sizeof(text) - 2] = '\n';
	for (unsigned i = 0; i < 20; i++)
		say(text);
	fake_expect_in("why web", "web stopped: triple fault\r\n");
	expect_none("output");
}

/* The kernel takes its time over clearing its memory: neither what it was before, nor what it will be. */
static void test_starting(void **state)
{
	(void)state;
	fake_command("set web restart=never");
	fake_command("start web");
	say("first life\n");
	fake_command("stop web --force");
	fake.again[CALL_PART_START] = 10000;
	fake_type("start web\r");
	for (unsigned i = 0; i < 50; i++)
		console_turn();
	fake_type("\x03");
	for (unsigned i = 0; i < 50; i++)
		console_turn();
	fake_expect_in("why web",
		       "web starting\r\ncause       It is being started: its memory is cleared");
	expect_none("first life");
	fake_expect_in("list", "web   running");
}

static void test_news(void **state)
{
	(void)state;
	fake_command("start web");
	fake_clear();
	fake_end("web", REASON_TRIPLE, "triple fault\nfirst: #UD");
	fake_run();
	fake_expect("[web stopped: triple fault]\r\n[web is started again]\r\n");
	fake_end("web", REASON_EMULATION, "cannot emulate insn=0f 0b");
	fake_run();
	fake_expect(
		"[web stopped: an instruction could not be emulated: cannot emulate insn=0f 0b]\r\n");
	fake_end("web", REASON_KERNEL, "");
	fake_run();
	fake_expect("[web stopped: by the kernel]\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_two_lives, boot),
		cmocka_unit_test_setup(test_one_life, boot),
		cmocka_unit_test_setup(test_frozen, boot),
		cmocka_unit_test_setup(test_overwritten, boot),
		cmocka_unit_test_setup(test_starting, boot),
		cmocka_unit_test_setup(test_news, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
