/* SPDX-License-Identifier: BSD-2-Clause */
/* `send` and `wait`: what a script can say to a guest's console, and hear. */
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
#include "console/partition.h"
#include "tests/unit/fake_expect.h"

static struct fake_partition *web;

static int boot(void **state)
{
	(void)state;
	fake_boot_with_web();
	fake_command("start web");
	web = fake_find("web");
	return 0;
}

static void write_text(const char *text)
{
	assert_int_equal(fake_guest_write(web, text, strlen(text)), strlen(text));
}

static void expect_input(const char *bytes, size_t size)
{
	char got[4096];

	assert_int_equal(fake_guest_read(web, got, sizeof(got)), size);
	assert_memory_equal(got, bytes, size);
}

static void test_send(void **state)
{
	(void)state;
	fake_expect_in("send web \"root\\n\"", "freehold> ");
	assert_null(strstr(fake_output(), "error"));
	assert_true(web->events & EVENT_INPUT);
	expect_input("root\n", 5);
	fake_command("send web \"a b\\r\\t\\x1b[A\\\\\\\"#\"");
	expect_input("a b\r\t\x1b[A\\\"#", 11);
	fake_command("send web --force");
	expect_input("--force", 7);
	fake_command("send web a=b");
	expect_input("a=b", 3);
	fake_command("send web \"\"");
	expect_input("", 0);
}

static void test_send_refuses(void **state)
{
	(void)state;
	fake_expect_in("send web \"\\x4\"",
		       "error: send web: a \\ needs a character behind it, and \\x two");
	fake_expect_in("send web a b", "b is one word too many; usage: send NAME TEXT");
	fake_expect_in("send web", "TEXT is missing; usage: send NAME TEXT");
	fake_expect_in("send db a", "error: send db: there is no partition of that name");
	fake_command("stop web --force");
	fake_expect_in("send web a",
		       "error: send web: it is stopped (by the operator), and must be running");
}

/* A guest that reads slowly gets all, one that does not read is left after a time, and no byte is doubled. */
static void test_send_waits_for_room(void **state)
{
	char line[2 * RING_IN_SIZE + 32];
	char got[RING_IN_SIZE];
	uint64_t before;

	(void)state;
	memset(line, 0, sizeof(line));
	strcpy(line, "send web ");
	memset(line + 9, 'z', 900);
	fake_command(line);
	fake_command(line);
	assert_null(strstr(fake_output(), "error"));
	before = fake.tsc;
	fake_expect_in(line, "error: send web: its guest reads nothing: 248 of 900 bytes were sent");
	assert_in_range(fake.tsc - before, 5ULL * FAKE_HZ, 6ULL * FAKE_HZ);
	assert_int_equal(fake_guest_read(web, got, sizeof(got)), RING_IN_SIZE);
	fake_command("send web x");
	expect_input("x", 1);
}

static void test_wait_finds(void **state)
{
	struct console_ring *ring = web->ring;

	(void)state;
	write_text("booting\r\nlinux1 login: ");
	fake_expect_in("wait web /login: /", "web: matched in: linux1 login: \r\n");
	assert_int_equal(ring->attached, 0);
	assert_int_equal(ring->wake, 0);
	/* What was found once is not found again. */
	fake_expect_in(
		"wait web /login: / 2",
		"error: wait web: no match within 2 s; its latest line is: linux1 login: \r\n");
	write_text("root\r\nPassword: ");
	fake_expect_in("wait web /^P[a-z]+: / 10s", "web: matched in: Password: ");
	write_text("\r\n\x1b[1m# ");
	fake_expect_in("wait web /# /", "web: matched in: \\x1b[1m# ");
}

/* What is told of a line begins where the line does, wherever the latest match ended. */
static void test_whole_line(void **state)
{
	static char text[700];

	(void)state;
	write_text("before\r\n\r\nlinux1 login: ");
	fake_expect_in("wait web /before/", "matched in: before\r\n");
	fake_expect_in("wait web /linux/", "matched in: linux\r\n");
	fake_expect_in("wait web /login/", "matched in: linux1 login\r\n");
	fake_expect_in("wait web /$/ 1", "its latest line is: linux1 login: \r\n");
	/* The present one is empty. */
	write_text("root\r\n\r\n");
	fake_expect_in("wait web /root\\r\\n/", "matched in: linux1 login: root\r\n");
	fake_expect_in("wait web /never/ 1", "its latest line is: linux1 login: root\r\n");
	write_text("# ");
	fake_expect_in("wait web /#/", "matched in: #\r\n");
	fake_expect_in("wait web /never/ 1", "its latest line is: # \r\n");
	/* A line that is longer than what is told of one: its end, as there is the match. */
	memset(text, 'z', 200);
	strcpy(text + 200, "one two");
	write_text(text);
	fake_expect_in("wait web /one/", "zzzone\r\n");
	fake_expect("matched in: ...zzz");
	fake_expect_in("wait web /two/", "zzzone two\r\n");
	/* Its begin is not in sight. */
	memset(text, 'y', sizeof(text) - 1);
	write_text(text);
	fake_expect_in("wait web /y+/", "zzzone twoy\r\n");
	write_text("\n");
	memset(text, 'x', 560);
	strcpy(text + 560, "three four");
	write_text(text);
	fake_command("wait web /three/");
	fake_expect_in("wait web /four/", "web: matched in:  four\r\n");
	/* What another start said is not of this line. */
	fake_command("stop web --force");
	fake_command("start web");
	fake_expect_in("wait web /never/ 1", "its latest line is: \r\n");
	write_text("five");
	fake_expect_in("wait web /five/", "matched in: five\r\n");
}

/* The text comes while it waits: what is typed meanwhile is kept, the wait ends at the byte. */
static void test_wait_waits(void **state)
{
	(void)state;
	fake.stand_still = true;
	fake_expect_in("wait web /two (a|b)$/ 1h", "wait web /two (a|b)$/ 1h\r\n");
	write_text("two a");
	fake_type("list\r");
	fake_run();
	assert_null(strstr(fake_output(), "matched"));
	write_text("\r\nthree");
	fake_run();
	assert_non_null(strstr(fake_output(), "web: matched in: two a\r\nfreehold> list\r\nNAME"));
	/* Ctrl-C */
	fake_command("wait web /never/ 1h");
	fake_type("\x03");
	fake_run();
	assert_non_null(strstr(fake_output(), "^C\r\nfreehold> "));
	assert_int_equal(web->ring->attached, 0);
	/* What the search has not used is the next one's. */
	fake.stand_still = false;
	fake_expect_in("wait web /three/ 1", "matched");
}

static void test_wait_ends(void **state)
{
	uint64_t before = fake.tsc;

	(void)state;
	write_text("Kernel panic\r\n");
	fake_expect_in("wait web /login/ 3s",
		       "no match within 3 s; its latest line is: Kernel panic");
	assert_in_range(fake.tsc - before, 3ULL * FAKE_HZ, 4ULL * FAKE_HZ);
	fake.stand_still = true;
	fake_command("wait web /login/ 3s");
	fake_end("web", REASON_TRIPLE, "x");
	fake_run();
	assert_non_null(strstr(fake_output(), "error: wait web: no match, and it is stopped "
					      "(triple fault); its latest line is: Kernel panic"));
	fake_expect_in("wait web /panic/", "web: matched in: Kernel panic");
	/* What an earlier boot said is not found. */
	write_text("login: ");
	fake.stand_still = false;
	fake_command("start web");
	fake_expect_in("wait web /login/ 1", "no match within 1 s");
	write_text("login: ");
	fake_expect_in("wait web /login/ 1", "matched");
}

static void test_wait_refuses(void **state)
{
	(void)state;
	fake_expect_in("wait web login",
		       "error: wait web: login does not stand between two /; usage: "
		       "wait NAME /REGEX/ [TIME]");
	fake_expect_in("wait web /a(b/",
		       "error: wait web: /a(b/: a ( has no partner (at character 2 of it)");
	fake_expect_in("wait web /\\d/",
		       "error: wait web: /\\d/: \\d stands for nothing here; digits are "
		       "[0-9] (at character 1 of it)\r\n");
	fake_expect_in("wait web /a{2}/",
		       "/a{2}/: { must be \\{: there are no counts (at character 2 of it)");
	fake_expect_in("wait web //", "error: wait web: //: the expression is empty\r\n");
	fake_expect_in("wait web /a/ 3d", "3d is no time as in 30, 30s, 5m or 2h");
	fake_expect_in("wait web /a", "error: a / has no partner");
}

/* A guest that floods: the search sees each byte, as the guest waits for it. */
static void test_wait_misses_nothing(void **state)
{
	static char flood[40000];
	size_t sent = 0;

	(void)state;
	memset(flood, 'x', sizeof(flood));
	flood[100] = 'y';
	fake.stand_still = true;
	fake_command("wait web /y(x|y)*!/ 1h");
	for (unsigned i = 0; i < 12; i++) {
		flood[sizeof(flood) - 1] = i == 11 ? '!' : 'x';
		for (sent = 0; sent < sizeof(flood); fake_run())
			sent += fake_guest_write(web, flood + sent, sizeof(flood) - sent);
		flood[100] = 'x';
	}
	assert_non_null(strstr(fake_output(), "web: matched in: ...xxx"));
}

/* What is known of matches and boots outlives this process. */
static void test_restart_of_the_console(void **state)
{
	(void)state;
	write_text("one two ");
	fake_command("wait web /one/");
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	fake_expect_in("wait web /one/ 1", "no match within 1 s");
	fake_expect_in("wait web /two/ 1", "matched");
}

/* Its partition goes away in the background. */
static void test_wait_gone(void **state)
{
	(void)state;
	write_text("half");
	fake.again[CALL_PART_DESTROY] = 50;
	fake_type("destroy web --yes\r");
	console_turn();
	fake_type("\x03");
	console_turn();
	fake_expect_in("wait web /x/ 60",
		       "error: wait web: no match, and it is gone; its latest line is: half\r\n");
	assert_null(fake_find("web"));
	assert_true(fake_has_prompt());
}

/* The same, and it is made anew with the ring that it had: its guest does not wait for who read that. */
static void test_wait_made_anew(void **state)
{
	const struct console_ring *ring = web->ring;

	(void)state;
	fake_command("stop web --force");
	fake_command("edit");
	fake_command("set web cmdline=x");
	fake.again[CALL_PART_DESTROY] = 50;
	fake_type("commit\r");
	console_turn();
	fake_type("\x03");
	console_turn();
	fake_expect_in("wait web /x/ 60", "no match, and it is gone; ");
	assert_string_equal(fake_find("web")->info.cmdline, "x");
	assert_ptr_equal(fake_find("web")->ring, ring);
	assert_int_equal(ring->attached, 0);
	assert_int_equal(ring->wake, 0);
}

/* Made in the background, it goes away again, since the next cannot be made. */
static void test_send_gone(void **state)
{
	static char line[RING_IN_SIZE + 32];

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "send job ", 9);
	fake_make_job();
	fake_type("start job\r");
	for (unsigned turn = 0; turn < 10; turn++)
		console_turn();
	/* Nobody reads: the ring is full before all of it is sent. */
	line[400] = '\r';
	for (unsigned sent = 0; sent <= RING_IN_SIZE; sent += 400 - 9) {
		fake_type_bytes(line, 401);
		console_turn();
	}
	fake.fail[CALL_PART_CREATE] = ERR_LIMIT;
	fake_run();
	assert_null(fake_find("job"));
	fake_expect("send job: it is gone: ");
	assert_true(fake_has_prompt());
}

/* A flood does not hold a wait beyond its time. */
static void test_wait_in_flood(void **state)
{
	static char text[20000];
	unsigned ms = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 80 == 79 ? '\n' : 'a';
	fake.stand_still = true;
	fake_command("wait web /never/ 5s");
	for (; !fake_has_prompt() && ms < 10000; ms++) {
		fake_guest_write(web, text, sizeof(text));
		fake.tsc += FAKE_HZ / 1000;
		console_turn();
	}
	fake_expect("error: wait web: no match within 5 s; its latest line is: aaaa");
	assert_in_range(ms, 4900, 5100);
	assert_int_equal(web->ring->attached, 0);
}

/* In a script: a wait holds the lines that follow. */
static void test_in_a_script(void **state)
{
	static const char config[] = "create web memory=64M kernel=kernel\n"
				     "start web\n"
				     "wait web /login: $/ 2s\n"
				     "send web \"root\\n\"\n";

	(void)state;
	fake_reset();
	fake.config = config;
	fake.config_size = strlen(config);
	fake_boot();
	fake_run();
	assert_non_null(strstr(fake_output(), "error: line 3: wait web: no match within 2 s"));
	web = fake_find("web");
	expect_input("root\n", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_send, boot),
		cmocka_unit_test_setup(test_send_refuses, boot),
		cmocka_unit_test_setup(test_send_waits_for_room, boot),
		cmocka_unit_test_setup(test_wait_finds, boot),
		cmocka_unit_test_setup(test_whole_line, boot),
		cmocka_unit_test_setup(test_wait_waits, boot),
		cmocka_unit_test_setup(test_wait_ends, boot),
		cmocka_unit_test_setup(test_wait_refuses, boot),
		cmocka_unit_test_setup(test_wait_misses_nothing, boot),
		cmocka_unit_test_setup(test_restart_of_the_console, boot),
		cmocka_unit_test_setup(test_wait_gone, boot),
		cmocka_unit_test_setup(test_wait_made_anew, boot),
		cmocka_unit_test_setup(test_send_gone, boot),
		cmocka_unit_test_setup(test_wait_in_flood, boot),
		cmocka_unit_test_setup(test_in_a_script, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
