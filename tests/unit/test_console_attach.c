/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest consoles: the ring's reader against any producer, and what passes while a guest is
 * attached.
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

#include "abi/frame.h"
#include "console/attach.h"
#include "console/main.h"
#include "console/ring.h"
#include "tests/unit/fake_expect.h"

static struct console_ring *ring;
static struct fake_partition *web;

static int boot(void **state)
{
	(void)state;
	fake_boot_with_web();
	fake_command("start web");
	web = fake_find("web");
	ring = web->ring;
	return 0;
}

static void write_text(const char *text)
{
	assert_int_equal(fake_guest_write(web, text, strlen(text)), strlen(text));
}

/* Indices of any value: the reader stays inside the ring, and says no more than it can give. */
static void test_hostile_ring(void **state)
{
	static uint8_t memory[RING_PAGES(RING_OUT_MIN) * PAGE_SIZE];
	struct console_ring *garbage = (struct console_ring *)memory;
	struct ring spoilt = {garbage, RING_OUT_MIN};
	static uint8_t bytes[RING_OUT_MIN];

	(void)state;
	srand(11);
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t position = (uint64_t)rand() << (rand() % 40);
		struct ring_view view;

		garbage->out_head = rand() % 4 ? position + (uint64_t)rand() % 200000
					       : (uint64_t)rand() << (rand() % 64);
		if (rand() % 8 == 0)
			garbage->out_head = 0 - (uint64_t)(rand() % 1000);
		garbage->in_tail = (uint64_t)rand() << (rand() % 50);
		garbage->in_head = rand() % 2 ? garbage->in_tail + (uint64_t)(rand() % 3000)
					      : (uint64_t)rand();
		view = ring_look(&spoilt, position);
		assert_true(view.size <= RING_OUT_MIN);
		assert_true(view.start >= position);
		assert_true(view.lost == view.start - position);
		ring_copy(&spoilt, view.start, bytes, view.size);
		assert_true(ring_input_room(&spoilt) <= RING_IN_SIZE);
		assert_true(ring_write_input(&spoilt, bytes, sizeof(bytes)) <= RING_IN_SIZE);
	}
}

static void test_ring_view(void **state)
{
	static struct console_ring shared;
	struct ring r = {&shared, RING_OUT_MIN};
	struct ring_view view;

	(void)state;
	shared.out_head = 100;
	view = ring_look(&r, 40);
	assert_int_equal(view.start, 40);
	assert_int_equal(view.size, 60);
	assert_int_equal(view.lost, 0);
	shared.out_head = RING_OUT_MIN + 100;
	view = ring_look(&r, 40);
	assert_int_equal(view.start, 100);
	assert_int_equal(view.size, RING_OUT_MIN);
	assert_int_equal(view.lost, 60);
	view = ring_look(&r, 100);
	assert_int_equal(view.size, RING_OUT_MIN);
	assert_int_equal(view.lost, 0);
	view = ring_look(&r, 99);
	assert_int_equal(view.size, RING_OUT_MIN);
	assert_int_equal(view.lost, 1);
	view = ring_look(&r, RING_OUT_MIN + 101);
	assert_int_equal(view.size, 0);
	shared.in_tail = 7;
	shared.in_head = 7 + RING_IN_SIZE - 3;
	assert_int_equal(ring_write_input(&r, (const uint8_t *)"abcdef", 6), 3);
	assert_int_equal(ring_write_input(&r, (const uint8_t *)"abcdef", 6), 0);
	shared.in_tail = shared.in_head + 1;
	assert_int_equal(ring_input_room(&r), 0);
}

static void test_attach_and_detach(void **state)
{
	char got[16] = "";

	(void)state;
	write_text("before\r\n");
	fake_command("console web");
	fake_expect("[attached to web; Ctrl-] detaches]\r\nbefore\r\n");
	assert_int_equal(ring->attached, 1);
	fake_clear();
	/* Raw: control sequences are the guest's own business while it is attached. */
	write_text("\x1b[1mlogin:\xff ");
	fake_run();
	assert_string_equal(fake_output(), "\x1b[1mlogin:\xff ");
	fake_type("root\r\x03");
	fake_run();
	assert_int_equal(fake_guest_read(web, got, sizeof(got)), 6);
	assert_memory_equal(got, "root\r\x03", 6);
	assert_true(web->events & EVENT_INPUT);
	fake_clear();
	fake_type("ab\x1dlist\r");
	fake_run();
	assert_int_equal(fake_guest_read(web, got, sizeof(got)), 2);
	fake_expect("[detached from web]\r\n");
	fake_expect("freehold> list\r\nNAME");
	assert_int_equal(ring->attached, 0);
	assert_int_equal(ring->wake, 0);
}

/* Read-only: nothing that is typed reaches the guest, and the key is the same. */
static void test_read_only(void **state)
{
	char got[16];

	(void)state;
	write_text("before\r\n");
	fake_command("console -r web");
	fake_expect("[attached to web to read only; Ctrl-] detaches]\r\nbefore\r\n");
	fake_type("root\r\x03");
	fake_run();
	write_text("after\r\n");
	fake_type("more\x1dlist\r");
	fake_run();
	fake_expect("after\r\n");
	fake_expect("[detached from web]\r\n");
	fake_expect("freehold> list\r\nNAME");
	assert_int_equal(fake_guest_read(web, got, sizeof(got)), 0);
	/* The next attaching is not. */
	fake_command("console web");
	fake_type("x");
	fake_run();
	assert_int_equal(fake_guest_read(web, got, sizeof(got)), 1);
}

/* Twice, at once or within a moment: the guest gets one. Alone it detaches, a moment later. */
static void test_key_twice(void **state)
{
	char got[16] = "";
	uint64_t before;

	(void)state;
	fake_command("console web");
	fake_type("a\x1d\x1d\x1d\x1d"
		  "b");
	fake_run();
	assert_int_equal(fake_guest_read(web, got, sizeof(got)), 4);
	assert_memory_equal(got,
			    "a\x1d\x1d"
			    "b",
			    4);
	fake.stand_still = true;
	fake_type("c\x1d");
	fake_run();
	fake_type("\x1d");
	fake_run();
	assert_ptr_equal(attach_partition()->ring.shared, ring);
	assert_int_equal(fake_guest_read(web, got, sizeof(got)), 2);
	assert_memory_equal(got, "c\x1d", 2);
	/* What the guest says while it is open is shown once it was not the key. */
	fake_type("\x1d");
	fake_run();
	write_text("said meanwhile");
	fake_run();
	assert_null(strstr(fake_output(), "said meanwhile"));
	fake_type("\x1d");
	fake_run();
	fake.stand_still = false;
	fake_run();
	fake_expect("said meanwhile");
	assert_int_equal(fake_guest_read(web, got, sizeof(got)), 1);
	before = fake.tsc;
	fake_type("\x1d");
	fake_run();
	assert_null(attach_partition());
	assert_in_range(fake.tsc - before, FAKE_HZ / 2, FAKE_HZ);
	/* Something else behind it: at once. */
	fake_command("console web");
	fake.stand_still = true;
	fake_type("\x1d\x1d\x1dlist\r");
	fake_run();
	assert_null(attach_partition());
	assert_int_equal(fake_guest_read(web, got, sizeof(got)), 1);
	fake_expect("freehold> list\r\nNAME");
}

static void test_other_key(void **state)
{
	char got[16] = "";

	(void)state;
	fake_command("detach-key");
	fake_expect("\r\nCtrl-] detaches\r\n");
	fake_command("detach-key ^a");
	fake_expect("\r\nCtrl-A detaches\r\n");
	fake_command("console web");
	fake_expect("[attached to web; Ctrl-A detaches]");
	fake_type("x\x1d\x01\x01\x01");
	fake_run();
	assert_null(attach_partition());
	assert_int_equal(fake_guest_read(web, got, sizeof(got)), 3);
	assert_memory_equal(got, "x\x1d\x01", 3);
	fake_command("detach-key \"^\\\\\"");
	fake_expect("\r\nCtrl-\\ detaches\r\n");
	fake_command("detach-key ^m");
	fake_expect("error: detach-key: ^m: must be ^A to ^Z");
	fake_command("detach-key ^@");
	fake_expect("error: detach-key: ^@: must be ^A to ^Z");
	fake_command("detach-key a");
	fake_expect("error: detach-key: a: must be ^A to ^Z");
	fake_command("detach-key \"^A ^B\"");
	fake_expect("error: detach-key: \"^A ^B\": must be ^A to ^Z");
	fake_command("detach-key 0123456789012345678901234567890123456789rest");
	fake_expect("error: detach-key: 0123456789012345678901234567890123456789: must be ^A to ^Z");
	fake_command("detach-key");
	fake_expect("\r\nCtrl-\\ detaches\r\n");
}

/* K09: only the operator's key ends it, and the guest cannot reach the prompt. */
static void test_guest_cannot_detach(void **state)
{
	(void)state;
	fake_command("console web");
	write_text("\x1d\x1d\r\nfreehold> destroy web --yes\r\n");
	fake_run();
	assert_ptr_equal(attach_partition()->ring.shared, ring);
	assert_non_null(fake_find("web"));
}

/* What a guest left the terminal in does not last: strings, attributes and character sets are ended. */
static void test_terminal_is_restored(void **state)
{
	(void)state;
	fake_command("console web");
	write_text("\x1b]0;never ends");
	fake_type("\x1d");
	fake_run();
	fake_expect("never ends\x1b\\\x1b[!p\x0f\r\n[detached from web]\r\n");
}

static void test_history(void **state)
{
	static char text[RING_OUT_MIN];
	unsigned used = 0;

	(void)state;
	for (unsigned i = 0; used < 40000; i++)
		used += (unsigned)sprintf(text + used, "line %u\r\n", i);
	fake_guest_write(web, text, used);
	/* The first time all of it. */
	fake_command("console web");
	fake_expect(text);
	fake_command("\x1d");
	/* Again: the latest 16 KiB, from the beginning of a line. */
	fake_command("console web");
	assert_null(strstr(fake_output(), text));
	fake_expect("detaches]\r\nline ");
	fake_expect(text + used - 16000);
	fake_command("\x1d");
	/* What was not seen is all shown. */
	fake_guest_write(web, text, used);
	fake_command("console web");
	fake_expect(text);
	fake_command("\x1d");
	/* More than the ring holds: told, not hidden. */
	for (unsigned i = 0; i < 3; i++)
		fake_guest_write(web, text, used);
	fake_command("console web");
	fake_expect(" bytes of its output are lost]\r\n");
	fake_expect(text);
}

/* Detaches when the guest has written that, and attaches again behind `more` bytes of other lines. */
static void cut_line_at(const char *text, unsigned more)
{
	static char lines[RING_OUT_MIN + 20];
	unsigned used = 0;

	for (unsigned i = 0; used < more; i++)
		used += (unsigned)sprintf(lines + used, "\r\nline %u", i);
	write_text(text);
	fake_command("console web");
	fake_command("\x1d");
	fake_guest_write(web, lines, more);
	fake_clear();
	fake_command("console web");
}

/* What follows a line that detaching cut begins with the whole of that line. */
static void test_cut_line(void **state)
{
	char text[700];

	(void)state;
	/* The first line of all. */
	cut_line_at("begin", 20000);
	fake_expect("detaches]\r\nbegin\r\nline 0\r\n");
	fake_command("\x1d");
	cut_line_at("\r\n\r\nhalf a line", 20000);
	fake_expect("detaches]\r\nhalf a line\r\nline 0\r\n");
	fake_command("\x1d");
	/* Detached at a line's beginning, nothing comes twice. */
	cut_line_at("\r\nwhole\r\n", 20000);
	fake_expect("detaches]\r\n\r\nline 0\r\n");
	fake_command("\x1d");
	/* A line whose beginning is too far back goes on where it was cut. */
	memset(text, 'x', sizeof(text));
	text[0] = '\n';
	text[512] = '\0';
	cut_line_at(text, 20000);
	text[512] = '\r';
	text[513] = '\0';
	fake_expect("detaches]\r\nxxx");
	fake_expect(text + 1);
	fake_command("\x1d");
	text[512] = 'x';
	text[513] = '\0';
	cut_line_at(text, 20000);
	fake_expect("detaches]\r\n\r\nline 0\r\n");
	fake_command("\x1d");
	/* Its beginning is about to be overwritten: only what was not seen is shown. */
	cut_line_at("\r\nhalf a line", RING_OUT_MIN - 4096 - 5);
	fake_expect("detaches]\r\n\r\nline 0\r\n");
	assert_null(strstr(fake_output(), "are lost"));
}

/* 1 MB and more through a slow line, while another guest floods too: every byte, once, in order. */
static void test_flood(void **state)
{
	static uint8_t sent[1200000];
	size_t done = 0, begin;

	(void)state;
	fake_command("create noise memory=2M kernel=tiny");
	fake_command("start noise");
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)((i * 2654435761u) >> 13);
	fake.line_takes = 700;
	fake_command("console web");
	begin = fake.output_size;
	for (unsigned turns = 0; done < sizeof(sent) && turns < 1000000; turns++) {
		done += fake_guest_write(
			web, sent + done,
			MIN(sizeof(sent) - done, (size_t)(1 + turns * 7919 % 60000)));
		fake_guest_write(fake_find("noise"), sent, 5000);
		if (turns % 3 == 0)
			fake_run();
	}
	fake_run();
	assert_int_equal(done, sizeof(sent));
	assert_int_equal(fake.output_size - begin, sizeof(sent));
	assert_memory_equal(fake.output + begin, sent, sizeof(sent));
	assert_int_equal(ring->out_waiting, 0);
	assert_true(web->events & EVENT_SPACE);
}

/* Ctrl-] is obeyed within what the guest's share of the queue holds, however much it has written. */
static void test_detach_in_flood(void **state)
{
	static char text[RING_OUT_MIN];

	(void)state;
	memset(text, 'x', sizeof(text));
	fake_command("console web");
	fake_guest_write(web, text, sizeof(text));
	fake_guest_write(web, text, 10);
	assert_int_equal(ring->out_waiting, 1);
	fake.line_takes = 100;
	fake_clear();
	fake_type("\x1d");
	fake_run();
	fake_expect("[detached from web]");
	assert_true(fake.output_size < 8192);
	/* The guest that waited for us does not wait for ever. */
	assert_true(web->events & EVENT_SPACE);
}

static void test_pending_input(void **state)
{
	static char text[10001], got[10001];
	size_t size = 0;

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		text[i] = (char)('a' + i % 26);
	fake_command("console web");
	fake.stand_still = true;
	fake_type(text);
	fake_run();
	assert_int_equal(ring->in_head, RING_IN_SIZE);
	while (size < 10000) {
		size_t part = fake_guest_read(web, got + size, 777);

		assert_true(part > 0);
		size += part;
		fake_run();
	}
	assert_string_equal(got, text);
}

/* A guest that never reads does not lock the operator out. */
static void test_deaf_guest(void **state)
{
	static char text[100000];

	(void)state;
	fake.stand_still = true;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 2] = '\x1d';
	fake_command("console web");
	fake_type(text);
	fake_run();
	fake.stand_still = false;
	fake_run();
	fake_expect("bytes unread]\r\n");
	assert_null(attach_partition());
	fake_command("list");
	fake_expect("web   running");
}

static void test_guest_ends_while_attached(void **state)
{
	(void)state;
	fake_command("create db memory=2M kernel=tiny");
	fake_command("start db");
	fake_command("console web");
	write_text("last words");
	fake_clear();
	/* Others' news waits; this guest's ends the attachment after its output. */
	fake_end("db", REASON_TRIPLE, "");
	fake_run();
	assert_null(strstr(fake_output(), "db"));
	fake_end("web", REASON_POWEROFF, "");
	fake_run();
	fake_expect("last words");
	fake_expect("[web stopped: powered off]\r\n[db stopped: triple fault]\r\nfreehold> ");
	assert_true(strstr(fake_output(), "last words") < strstr(fake_output(), "[web stopped"));
	assert_null(attach_partition());
}

static void test_reset_while_attached(void **state)
{
	(void)state;
	fake_command("console web");
	fake_clear();
	fake_end("web", REASON_RESET, "");
	fake_run();
	fake_expect("[web reset: it is started again]\r\n");
	assert_int_equal(web->info.state, PART_RUNNING);
	write_text("again");
	fake_run();
	fake_expect("again");
	assert_non_null(attach_partition());
}

static void test_stopped_partition(void **state)
{
	(void)state;
	write_text("it said\r\n");
	fake_command("stop web --force");
	fake_command("console web");
	fake_expect("it said\r\n");
	fake_expect("[web is stopped (by the operator)]\r\nfreehold> ");
	fake_command("start web");
	fake_command("pause web");
	fake_command("console web");
	fake_expect("[web is paused]\r\n");
	assert_non_null(attach_partition());
}

/* Made in the background, it goes away again while somebody is attached, since the next cannot be made. */
static void test_gone(void **state)
{
	(void)state;
	fake_make_job();
	fake_type("start job\rconsole job\r");
	for (unsigned turn = 0; turn < 10; turn++)
		console_turn();
	assert_non_null(attach_partition());
	fake.fail[CALL_PART_CREATE] = ERR_LIMIT;
	fake_run();
	assert_null(attach_partition());
	assert_null(fake_find("job"));
	fake_expect("\r\n[it is gone]\r\n");
	assert_true(fake_has_prompt());
}

/* A guest that waited for the instance that failed does not wait for ever. */
static void test_restart_while_guest_waits(void **state)
{
	static char text[RING_OUT_MIN + 10];

	(void)state;
	fake_command("console web");
	fake.line_holds = true;
	fake.line_takes = 1;
	memset(text, 'x', sizeof(text));
	while (fake_guest_write(web, text, sizeof(text)) == sizeof(text))
		fake_run();
	assert_int_equal(ring->out_waiting, 1);
	web->events = 0;
	fake.line_holds = false;
	fake.line_takes = 0;
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	assert_int_equal(ring->attached, 0);
	assert_true(web->events & EVENT_SPACE);
	assert_int_equal(fake_guest_write(web, text, sizeof(text)), sizeof(text));
}

/* An instance that follows a failed one finds names, rings and what was seen. No script runs again. */
static void test_restart(void **state)
{
	(void)state;
	write_text("one ");
	fake_command("console web");
	fake_end("web", REASON_RESET, "");
	fake.events |= CONSOLE_RESTARTED;
	fake.log = "[1.0] a kernel\n[2.0] error: console: restarted: #PF\n";
	fake.config = "create more memory=2M kernel=tiny\n";
	fake.config_size = strlen(fake.config);
	fake_clear();
	fake_boot();
	fake_expect("[the console program failed and was started anew; 1 partition is here]\r\n");
	fake_expect("[web reset: it is started again]\r\n");
	fake_expect("[2.0] error: console: restarted: #PF\r\n"); /* why */
	assert_null(fake_find("more"));
	write_text("two");
	fake_command("console web");
	fake_expect("one two");
	fake_command("\x1d");
	fake_command("stop web --force");
	fake_command("destroy web");
	fake_expect("web: destroyed");
	assert_int_equal(fake.mapped_pages, 0);
}

/* A blob that does not fit its partition is not believed. */
static void test_restart_with_bad_blob(void **state)
{
	(void)state;
	for (unsigned size = 0; size < 96; size += 5) {
		fake.blob_size[0] = size;
		fake.events |= CONSOLE_RESTARTED;
		fake_boot();
		fake_command("console web");
		fake_expect("error: console web: its console was lost");
	}
	fake.blob_size[0] = FAKE_BLOB;
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	fake_command("console web");
	fake_expect("[attached to web");
	fake_command("\x1d");
	/* One bit of the magic number, which is what another build's blob would differ in. */
	fake.blobs[0][0] ^= 1;
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	fake_command("console web");
	fake_expect("error: console web: its console was lost");
	memset(fake.blobs[0], 0xff, 100);
	fake.blob_size[0] = FAKE_BLOB;
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	fake_command("console web");
	fake_expect("error: console web: its console was lost");
	fake_command("show web");
	fake_expect("name        web\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_ring),
		cmocka_unit_test(test_ring_view),
		cmocka_unit_test_setup(test_attach_and_detach, boot),
		cmocka_unit_test_setup(test_read_only, boot),
		cmocka_unit_test_setup(test_key_twice, boot),
		cmocka_unit_test_setup(test_other_key, boot),
		cmocka_unit_test_setup(test_guest_cannot_detach, boot),
		cmocka_unit_test_setup(test_terminal_is_restored, boot),
		cmocka_unit_test_setup(test_history, boot),
		cmocka_unit_test_setup(test_cut_line, boot),
		cmocka_unit_test_setup(test_flood, boot),
		cmocka_unit_test_setup(test_detach_in_flood, boot),
		cmocka_unit_test_setup(test_pending_input, boot),
		cmocka_unit_test_setup(test_deaf_guest, boot),
		cmocka_unit_test_setup(test_guest_ends_while_attached, boot),
		cmocka_unit_test_setup(test_reset_while_attached, boot),
		cmocka_unit_test_setup(test_stopped_partition, boot),
		cmocka_unit_test_setup(test_gone, boot),
		cmocka_unit_test_setup(test_restart_while_guest_waits, boot),
		cmocka_unit_test_setup(test_restart, boot),
		cmocka_unit_test_setup(test_restart_with_bad_blob, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
