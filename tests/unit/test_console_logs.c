/* SPDX-License-Identifier: BSD-2-Clause */
/* `logs`: lines, their times, and what any producer of stamps can do to them. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "console/call.h"
#include "console/partition.h"
#include "console/stamps.h"
#include "tests/unit/fake_expect.h"

#define SECOND ((uint64_t)FAKE_HZ)

static struct fake_partition *web;

/* The guest starts at 100 s; the wall says 2026-01-01 00:00:00 at each question. */
static int boot(void **state)
{
	(void)state;
	fake_boot_with_web();
	fake.tsc = 100 * SECOND;
	fake_command("start web");
	web = fake_find("web");
	return 0;
}

static void say(uint64_t seconds, const char *text)
{
	fake.tsc = seconds * SECOND + SECOND / 2 + SECOND / 200;
	assert_int_equal(fake_guest_write(web, text, strlen(text)), strlen(text));
}

/* In what came last there is a line with this text, said so many seconds and a half after the start. */
static void expect_line(unsigned seconds, const char *text)
{
	char line[128], digit;
	const char *at = fake_output();

	snprintf(line, sizeof(line), "%7u.50", seconds);
	while ((at = strstr(at, line)) != NULL) {
		at += strlen(line);
		digit = *at;
		if (digit >= '0' && digit <= '9' && at[1] == ' ' &&
		    !strncmp(at + 2, text, strlen(text)) &&
		    !strncmp(at + 2 + strlen(text), "\r\n", 2))
			return;
	}
	fail_msg("no \"%s\" of %u s in: %s", text, seconds, fake_output());
}

static void expect_not(const char *part)
{
	if (strstr(fake_output(), part))
		fail_msg("\"%s\" in: %s", part, fake_output());
}

static void test_times(void **state)
{
	(void)state;
	say(102, "one\r\n");
	say(105, "tw");
	say(107, "o \x1b[1m\r\n\r\nthree");
	fake.tsc = 110 * SECOND;
	fake_expect_in("logs web", "[web started at 2025-12-31 23:59:50 UTC]\r\n23:59:52.50");
	expect_line(2, "one");
	expect_line(5, "two \\x1b[1m"); /* when its first byte came */
	expect_line(7, "");
	expect_line(7, "three");
}

/* GNU Mach ends its lines by LF, CR. A CR in the middle is told of. */
static void test_line_ends(void **state)
{
	(void)state;
	say(102, "one\n\r\r");
	say(103, "two\n\rth\rree\r\r\n\r\n");
	fake_expect_in("logs web", "freehold> ");
	expect_line(2, "one");
	expect_line(3, "two");
	expect_line(3, "th\\x0dree");
	expect_line(3, "");
}

static void test_since(void **state)
{
	(void)state;
	say(102, "one\r\n");
	say(160, "two\r\n");
	say(170, "three\r\n");
	fake.tsc = 171 * SECOND;
	fake_expect_in("logs web since=20", "two\r\n");
	expect_not("one");
	fake_expect_in("logs web --since=5s", "three\r\n");
	expect_not("two");
	fake_expect_in("logs web since=0", "[nothing]\r\n");
	fake_expect_in("logs web since=2h", "one\r\n");
	fake_expect_in("logs web since=x",
		       "error: logs web: since=x: must be a time as in 30, 30s, 5m or 2h");
	fake_expect_in("logs web --since 5s", "three\r\n");
	expect_not("two");
	fake_expect_in("logs --since 15 web", "two\r\n");
	expect_not("one");
	fake_expect_in("logs web --since",
		       "error: logs web: --since needs a value; usage: logs NAME");
	fake_expect_in("logs web --since --tail", "since=--tail: must be a time");
	fake_expect_in("logs web --since 5 since=5", "since= is given twice");
}

/* The last lines, of those that the other options leave; a line that has not ended counts. */
static void test_tail(void **state)
{
	char line[16];

	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		snprintf(line, sizeof(line), "line %u\r\n", i);
		say(102 + i, line);
	}
	say(132, "the la");
	fake.tsc = 133 * SECOND;
	fake_expect_in("logs web --tail 10", "line 21\r\n");
	expect_not("line 20");
	expect_not("lost");
	fake_expect("the la\r\n");
	fake_expect_in("logs web --tail=1", "the la\r\n");
	expect_not("line");
	fake_expect_in("logs web tail=3 --since 1h", "line 28\r\n");
	expect_not("line 27");
	fake_expect_in("logs web --since 3s --tail 100", "line 28\r\n");
	expect_not("line 27");
	fake_expect_in("logs web --tail 0", "[nothing]\r\n");
	fake_expect_in("logs web --tail 1000", "line 0\r\n");
	fake_expect_in("logs web --tail x", "error: logs web: tail=x: must be a number of lines");
	fake_expect_in("logs -f web --tail 2", "line 28\r\n");
	expect_not("line 27");
	expect_not("the la");
	fake_clear();
	say(134, "st\r\nmore\r\n");
	fake_run();
	fake_expect("the last\r\n");
	fake_expect("more\r\n");
	fake_type("\x03");
	fake_run();
}

/* Boots are parted, a cut line is ended, and --last shows the latest one alone. */
static void test_boots(void **state)
{
	(void)state;
	say(101, "first\nhalf a li");
	fake_end("web", REASON_TRIPLE, "x");
	fake.tsc = 200 * SECOND;
	fake_command("start web");
	web->in_line = false; /* a VMM begins anew */
	say(203, "second\n");
	fake_expect_in("logs web", "half a li\r\n[web started at ");
	fake_expect_in("logs web", "freehold> ");
	expect_line(3, "second");
	fake_expect_in("logs web --last", "freehold> ");
	expect_line(3, "second");
	expect_not("first");
	expect_not("half");
	/* It is kept when the guest has ended, and over a restart of the console. */
	fake_end("web", REASON_POWEROFF, "");
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	fake_expect_in("logs web", "freehold> ");
	expect_line(1, "first");
	fake_expect_in("logs web --last", "freehold> ");
	expect_line(3, "second");
}

static void test_follow(void **state)
{
	(void)state;
	say(101, "one\n");
	fake_command("logs -f web");
	assert_int_equal(web->ring->attached, 1);
	fake_clear();
	say(102, "two\nth");
	fake_run();
	expect_line(2, "two");
	expect_not("th\r\n");
	say(103, "ree\n");
	fake_run();
	expect_line(2, "three");
	say(104, "four");
	fake_run();
	fake_type("\x03");
	fake_run();
	assert_non_null(strstr(fake_output(), "four\r\nfreehold> "));
	fake_command("logs -f web");
	fake_type("x\x1dlist\r");
	fake_run();
	assert_non_null(strstr(fake_output(), "freehold> list\r\nNAME"));
	assert_int_equal(web->ring->attached, 0);
	assert_int_equal(web->ring->wake, 0);
}

/* Before anything is said: once, and the same to a script. */
static void test_follow_silence(void **state)
{
	(void)state;
	fake_command("create db memory=64M kernel=kernel");
	fake_expect_in("logs -f db", "[db was never started; Ctrl-C ends]\r\n");
	fake_type("\x03");
	fake_run();
	expect_not("[nothing]");
	fake_expect_in("logs -f web", "logs -f web\r\n[web has said nothing yet; Ctrl-C ends]\r\n");
	fake_clear();
	say(102, "one\n");
	fake_run();
	expect_line(2, "one");
	expect_not("nothing");
	fake_type("\x03");
	fake_run();
	fake_command("logs -f web");
	expect_not("nothing");
	fake_type("\x03");
	fake_run();
	fake_end("web", REASON_TRIPLE, "x");
	fake_command("start web");
	fake_expect_in("logs -f --last web", "[web has said nothing yet; Ctrl-C ends]\r\n");
	fake_type("\x03");
	fake_run();
	fake_command("mode script");
	fake_expect_in("logs -f db", "[db was never started; Ctrl-C ends]\r\n");
	fake_type("\x03");
	fake_run();
	fake_expect("error EINTR logs db: it was interrupted\r\n");
	fake_expect_in("logs db", "[nothing]\r\nok\r\n");
}

/* A guest that floods is held back by one who follows: every line is shown, once. */
static void test_follow_misses_nothing(void **state)
{
	static char text[300000];
	size_t used = 0;
	const char *at;

	(void)state;
	for (unsigned i = 0; i < 20000; i++)
		used += (size_t)sprintf(text + used, "flood %u\n", i);
	fake_command("logs -f web");
	for (size_t sent = 0; sent < used; fake_run())
		sent += fake_guest_write(web, text + sent, used - sent);
	at = fake_output();
	for (unsigned i = 0; i < 20000; i++) {
		char line[32];

		snprintf(line, sizeof(line), " flood %u\r\n", i);
		at = strstr(at, line);
		if (!at)
			fail_msg("no line %u", i);
	}
	expect_not("lost");
}

/* Who reads by the clock does not ask again and again while the line stands still: fake_run would not end. */
static void test_held_line(void **state)
{
	static const struct {
		const char *command, *end;
	} cases[] = {{"logs -f web", "first"}, {"console all", "second"}, {"console web", "third"}};
	static char text[20000];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 99; i < sizeof(text); i += 100)
		text[i] = '\n';
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_command(cases[i].command);
		fake.stand_still = true;
		fake_guest_write(web, "flow\n", 5);
		fake_run();
		fake.line_takes = 100;
		fake.line_holds = true;
		fake_guest_write(web, text, sizeof(text));
		fake_guest_write(web, cases[i].end, strlen(cases[i].end));
		fake_guest_write(web, "\n", 1);
		fake.stand_still = false;
		fake.tsc += SECOND;
		fake_run();
		expect_not(cases[i].end);
		fake.line_holds = false;
		fake_run();
		fake_expect(cases[i].end);
		fake_type("\x1d");
		fake_run();
		fake.line_takes = 0;
	}
}

/* Without -f it ends where the output ended when it began, and tells what it could not show. */
static void test_overwritten(void **state)
{
	static char text[200000];
	size_t used = 0;

	(void)state;
	for (unsigned i = 0; used < sizeof(text) - 100; i++)
		used += (size_t)sprintf(text + used, "line %u\n", i);
	fake_guest_write(web, text, used);
	fake.line_takes = 1000;
	fake_expect_in("logs web", "bytes of its output are lost]\r\n");
	expect_not(" line 0\r\n");
	text[used - 1] = '\0';
	assert_non_null(strstr(fake_output(), strrchr(text, '\n') + 1));
}

/* The first byte that is still there is in the middle of a line: that one is lost, too, and counted. */
static void test_overwritten_begin(void **state)
{
	static char text[100001];
	uint64_t lost;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i += 40)
		snprintf(text + i, 41, "line %032zu !\n", i);
	say(101, text);
	/* 100000 - 65536 = 34464, in the line at 34440. */
	fake_expect_in("logs web", "[34480 bytes of its output are lost]\r\n[web started");
	expect_line(1, "line 00000000000000000000000000034480 !");
	expect_not("0034440 !");
	fake_expect_in("logs web --last", "[34480 bytes of its output are lost]\r\n[web started");
	fake_expect_in("logs web --tail 1", "line 00000000000000000000000000099960 !\r\n");
	expect_not("lost");
	fake_expect_in("logs web --tail 1638", "line 00000000000000000000000000034480 !\r\n");
	fake_expect_in("logs web --since 1h", "[34480 bytes of its output are lost]\r\n");
	expect_not("0034440 !");
	/* The begin of a start is that of a line. */
	say(102, "half a li");
	fake_end("web", REASON_TRIPLE, "x");
	fake_command("start web");
	web->in_line = false;
	lost = web->ring->out_head;
	memset(text, 'n', RING_OUT_MIN);
	memset(text + 99, '\n', 1);
	text[RING_OUT_MIN] = '\0';
	say(103, text);
	fake_command("logs web");
	snprintf(text, sizeof(text), "[%llu bytes of its output are lost]\r\n",
		 (unsigned long long)lost);
	fake_expect(text);
	fake_expect_in("logs web --last", "[web started");
	expect_not("lost");
}

/* No end of it is in sight: it is shown as what it is, the rest of a line, without a time. */
static void test_overwritten_long(void **state)
{
	static char text[70001];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	say(101, text);
	fake_expect_in("logs web", "[4464 bytes of its output are lost]\r\n");
	fake_expect("\r\n                        xxx");
}

/* Of one that was destroyed the latest is kept, until four others were; a new one of its name has its own. */
static void test_destroyed(void **state)
{
	static char text[100000];
	char line[80];
	size_t used = 0;

	(void)state;
	for (unsigned i = 0; used < sizeof(text) - 100; i++)
		used += (size_t)sprintf(text + used, "line %u\n", i);
	say(101, text);
	say(102, "last words\r\n");
	fake_expect_in("destroy web --yes", "web: destroyed");
	assert_int_equal(fake.mapped_pages, 0);
	fake_expect_in("logs web", "bytes of its output are lost]\r\n");
	expect_line(2, "last words");
	fake_expect_in("logs -f web", "error: logs web: it was destroyed, and says no more");
	fake_expect_in("logs web --last since=1h", "last words");
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	fake_expect_in("logs web", "last words");
	fake_command("create web memory=64M kernel=kernel");
	fake_expect_in("logs web", "[nothing]");
	fake_command("destroy web");
	/* It has said nothing: the first one's is still the latest. */
	fake_expect_in("logs web", "last words");
	for (unsigned i = 0; i < 4; i++) {
		fake_expect_in("logs web", "last words");
		snprintf(line, sizeof(line), "create w%u memory=64M kernel=kernel", i);
		fake_command(line);
		snprintf(line, sizeof(line), "w%u", i);
		fake_guest_write(fake_find(line), "hello", 5);
		snprintf(line, sizeof(line), "destroy w%u", i);
		fake_command(line);
	}
	fake_expect_in("logs web", "error: logs web: there is no partition of that name");
	fake_expect_in("logs w0", "hello");
}

static void test_long_line(void **state)
{
	static char text[1001];

	(void)state;
	memset(text, 'x', 1000);
	say(101, text);
	say(102, "y\nz\n");
	fake_expect_in("logs web", "xxy\r\n");
	/* The rest of a line has no time of its own. */
	fake_expect_in("logs web", "\r\n                        xxx");
	fake_expect_in("logs web", "freehold> ");
	expect_line(2, "z");
}

/*
 * The console failed while it made a copy, or wrote where it should not: none is shown, and nothing else
 * happens.
 */
static void test_spoilt_graves(void **state)
{
	uint8_t *table;
	uint64_t address;

	(void)state;
	say(101, "last words\n");
	fake_command("destroy web --yes");
	assert_int_equal(call_blob_get(BLOB_GRAVES, &address, sizeof(address)), sizeof(address));
	table = (uint8_t *)address;
	srand(5);
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < PAGE_SIZE; i++)
			table[i] = round == 0 ? 0xff : (uint8_t)rand();
		fake.events |= CONSOLE_RESTARTED;
		fake_boot();
		fake_expect_in("logs web", "error: logs web: there is no partition");
		fake_command("create web memory=64M kernel=kernel");
		fake_guest_write(fake_find("web"), "hello", 5);
		fake_command("destroy web --yes");
		fake_expect_in("logs web", "hello");
	}
}

/* Whatever the VMM writes there, each line is shown, and no time lies in the future. */
static void test_hostile_stamps(void **state)
{
	static uint8_t memory[RING_PAGES(RING_OUT_MIN) * PAGE_SIZE];
	struct ring ring = {(struct console_ring *)memory, RING_OUT_MIN};

	(void)state;
	srand(3);
	for (unsigned round = 0; round < 400; round++) {
		struct stamps stamps;
		uint64_t position = (uint64_t)rand() << rand() % 33, tsc, now = position * 77;

		for (size_t i = sizeof(struct console_ring); i < 4096 + 16384; i++)
			memory[i] = (uint8_t)rand();
		ring.shared->out_head = rand() % 2 ? position + (uint64_t)rand() % 70000
						   : (uint64_t)rand();
		ring.shared->stamp_head = rand() % 3 ? (uint64_t)rand() % 5000
						     : 0 - (uint64_t)rand() % 3;
		stamps_open(&stamps, &ring);
		for (unsigned i = 0; i < 50; i++) {
			stamps_find(&stamps, position, now, &tsc);
			assert_true(tsc <= now);
			position += (uint64_t)rand() % 3000;
			ring.shared->stamp_head += (uint64_t)rand() % 4000;
		}
	}
}

/* Far into the life of a machine: positions and times beyond what a stamp holds. */
static void test_stamps_wrap(void **state)
{
	static uint8_t memory[RING_PAGES(RING_OUT_MIN) * PAGE_SIZE];
	struct ring ring = {(struct console_ring *)memory, RING_OUT_MIN};
	const uint64_t unit = 1 << RING_STAMP_UNIT;
	uint64_t first = (uint64_t)1 << 40, begin = ((uint64_t)5 << 24) - 30000;
	uint64_t now = ((uint64_t)3 << 58) + 12345 * unit, tsc;
	struct stamps stamps;

	(void)state;
	for (uint64_t i = 0; i < 3000; i++)
		ring_stamps(ring.shared)[(first + i) % 2048] = (now / unit - 6000 + i) << 24 |
							       ((begin + i * 20) & 0xffffff);
	ring.shared->stamp_head = first + 3000;
	ring.shared->out_head = begin + 3000 * 20;
	stamps_open(&stamps, &ring);
	/* The oldest 952 are overwritten. */
	assert_false(stamps_find(&stamps, begin + 20 * 900, now, &tsc));
	for (uint64_t i = 952; i < 3000; i++) {
		/* Whenever it is asked for, in the middle of a unit, too. */
		assert_true(stamps_find(&stamps, begin + i * 20 + i % 20, now + i * 7, &tsc));
		assert_int_equal(tsc, now - (6000 - i) * unit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_times, boot),
		cmocka_unit_test_setup(test_line_ends, boot),
		cmocka_unit_test_setup(test_since, boot),
		cmocka_unit_test_setup(test_tail, boot),
		cmocka_unit_test_setup(test_boots, boot),
		cmocka_unit_test_setup(test_follow, boot),
		cmocka_unit_test_setup(test_follow_silence, boot),
		cmocka_unit_test_setup(test_follow_misses_nothing, boot),
		cmocka_unit_test_setup(test_held_line, boot),
		cmocka_unit_test_setup(test_overwritten, boot),
		cmocka_unit_test_setup(test_overwritten_begin, boot),
		cmocka_unit_test_setup(test_overwritten_long, boot),
		cmocka_unit_test_setup(test_destroyed, boot),
		cmocka_unit_test_setup(test_spoilt_graves, boot),
		cmocka_unit_test_setup(test_long_line, boot),
		cmocka_unit_test(test_hostile_stamps),
		cmocka_unit_test(test_stamps_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
