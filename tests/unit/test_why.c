/* SPDX-License-Identifier: BSD-2-Clause */
/* why, exits and freeze, as the operator sees them. */
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
#include "tests/unit/fake_kernel.h"

static struct fake_exits recorders[2];
static struct fake_partition *web;

#define assert_shown(text, part)                                         \
	do {                                                             \
		if (!strstr(text, part))                                 \
			fail_msg("\"%s\" is not in:\n%s", part, (text)); \
	} while (0)

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
	return 0;
}

/* Of a screen: at most 23 lines of 80 columns, so that the prompt is below them. */
static const char *why(void)
{
	const char *text = fake_command("why web"), *line = text, *end;
	unsigned lines = 0;

	for (; (end = strchr(line, '\n')); line = end + 1, lines++) {
		if (end - line > 81)
			fail_msg("%ld columns: %.*s", (long)(end - line), (int)(end - line), line);
	}
	assert_in_range(lines, 3, 24);
	return text;
}

static void end(enum part_reason reason, const char *report)
{
	fake_end("web", reason, report);
	fake_run();
}

static const char report[] = "triple fault\nfirst: #UD invalid opcode\n"
			     "then: the IDT has no gate for it (base 0, limit 0)\ninsn=0f0b\n"
			     "vcpu=1 exit=7f rip=100200 rflags=2 cs=8 ss=10\ncr0=80000011 cr2=0\nrax=0";

static void test_triple_fault(void **state)
{
	const char *text;

	(void)state;
	fake_guest_write(web, "first\r\nlast \033[2Jwords\r\n\r\n", 25);
	fake_exit(web, 0, FAKE_HLT, 0x1000, 0x78, 0);
	for (unsigned i = 0; i < 9; i++)
		fake_exit(web, 1, FAKE_CPUID, 0x2000 + i, 0x72, i);
	fake.tsc += 5000;
	fake_exit(web, 1, FAKE_TRIPLE_FAULT, 0x100200, 0x7f, 0);
	end(REASON_TRIPLE, report);
	fake.tsc += 3ull * FAKE_HZ;
	text = why();
	assert_shown(text, "web stopped: triple fault");
	assert_shown(text, "0:00:03.0 ago, 0:00:00.0 after start 1");
	assert_shown(text, "first: #UD invalid opcode");
	assert_shown(text, "then: the IDT has no gate");
	assert_shown(text, "insn=0f0b");
	assert_shown(text, "state       vcpu=1 exit=7f rip=100200");
	assert_null(strstr(text, "cr0="));
	assert_shown(text, "output      last \\x1b[2Jwords");
	assert_shown(text, "triple-fault  0000000000100200");
	assert_shown(text, "5 us  cpuid         0000000000002008");
	assert_null(strstr(text, "0000000000002003"));
	assert_null(strstr(text, "hlt"));
	assert_shown(text, "cause       An instruction that this processor");
	assert_shown(text, "next        Compare the bytes");
}

/* Nothing of the guest has happened yet, and that is no fault. */
static void test_is_being_loaded(void **state)
{
	(void)state;
	web->info.entered_tsc = 0;
	assert_shown(why(), "It has not begun: its VMM is still copying its images");
}

/* Freehold's own answer began it: that is in the recorder alone. */
static void test_injected(void **state)
{
	const char *text;

	(void)state;
	fake_exit(web, 0, FAKE_MSR, 0x5000, 0x7c, 1);
	fake_exit(web, 0, FAKE_INJECTED, 0x5000, 13, 0);
	fake_exit(web, 0, FAKE_TRIPLE_FAULT, 0x5000, 0x7f, 0);
	end(REASON_TRIPLE, "triple fault\ninsn=0f30\nvcpu=0 exit=7f rip=5000");
	text = why();
	assert_shown(text, "refused by Freehold with that exception");
	assert_shown(text, "injected");
	assert_shown(text, "  vector 13 ");
}

static void test_ends(void **state)
{
	static const struct {
		enum part_reason reason;
		const char *report, *told;
	} ends[] = {
		{REASON_POWEROFF, "", "It switched itself off."},
		{REASON_OPERATOR, "", "Somebody stopped it here."},
		{REASON_REFUSED, "image kernel: it is no kernel", "The image is none"},
		{REASON_VMM_FAULT, "vcpu 1: the VMM faulted: #PF", "Its device models failed"},
		{REASON_VMM_LOOP, "vcpu 0: the VMM took too long", "Its device models failed"},
		{REASON_ENTRY, "vcpu 0: the processor refuses", "no processor runs"},
		{REASON_KERNEL, "vcpu 0: uncorrected memory error", "memory is failing"},
		{REASON_KERNEL, "vcpu 0: an exit that nobody", "did not ask for"},
		{REASON_EMULATION, "cannot emulate insn=0fae", "does not emulate"},
		{REASON_EMULATION, "instruction fetch from 0x90", "a wild pointer"},
		{REASON_TRIPLE, "triple fault", "An exception, and then two more"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		end(ends[i].reason, ends[i].report);
		assert_shown(why(), ends[i].told);
		fake_command("start web");
	}
}

static void test_up(void **state)
{
	(void)state;
	assert_shown(why(), "It runs: nothing is wrong");
	fake_exit(web, 1, FAKE_HLT, 0x7000, 0x78, 0);
	assert_shown(why(), "It runs: nothing is wrong");
	fake.tsc += 6ull * FAKE_HZ;
	assert_shown(why(), "It computes without asking");
	fake_command("pause web");
	assert_shown(why(), "resume web.");
	fake_command("create b memory=16M kernel=kernel");
	assert_shown(fake_command("why b"), "It was never started.");
}

/* cli; hlt is the end of it; halted with interrupts on is how a guest waits for its operator. */
static void test_halted(void **state)
{
	(void)state;
	fake_exit(web, 1, FAKE_HLT, 0x7000, 0x78, 0);
	fake.tsc += 6ull * FAKE_HZ;
	web->activity = ACTIVITY_HALT;
	assert_shown(why(), "halted for good (cli; hlt)");
	web->timer_tsc = fake.tsc + FAKE_HZ; /* of which it will not hear */
	assert_shown(why(), "halted for good (cli; hlt)");
	web->open = true;
	assert_shown(why(), "It is idle: halted until an interrupt comes, and a timer of it is\r\n");
	web->timer_tsc = 0;
	assert_shown(why(), "No timer of it is set");
	assert_null(strstr(fake_output(), "for good"));
	web->activity = ACTIVITY_RUN;
	assert_shown(why(), "It computes without asking");
}

/* The kernel tells when it ended: its last exit may be long ago, or not be there at all. */
static void test_end_without_an_exit(void **state)
{
	(void)state;
	fake_exit(web, 0, FAKE_HLT, 0x1000, 0x78, 0);
	fake.tsc += 39ull * FAKE_HZ;
	fake_command("stop web --force");
	fake.tsc += 3ull * FAKE_HZ;
	assert_shown(why(), "when        0:00:03.0 ago, 0:00:39.0 after start 1");
	fake_command("start web");
	recorders[0] = recorders[1] = (struct fake_exits){0};
	end(REASON_REFUSED, "image kernel: it is no kernel");
	fake.tsc += 3ull * FAKE_HZ / 2;
	assert_shown(why(), "when        0:00:01.5 ago, 0:00:00.0 after start 2");
	/* Of what is kept, too: when it ended, not when the console came to keep it. */
	fake_command("start web");
	fake.tsc += 10ull * FAKE_HZ;
	fake_end("web", REASON_TRIPLE, report);
	fake.tsc += 2ull * FAKE_HZ;
	fake_run();
	fake_command("start web");
	fake.tsc += FAKE_HZ;
	assert_shown(why(), "when        0:00:03.0 ago, 0:00:10.0 after start 3; it runs again");
}

/* What is kept of a failure outlives the next start, until the next failure or the partition's end. */
static void test_kept(void **state)
{
	uint64_t pages = fake.mapped_pages;
	const char *text;

	(void)state;
	fake.again[CALL_MEM_MAP] = 7; /* it was somebody's, and there is 1 MiB to clean */
	fake_exit(web, 1, FAKE_IO, 0x3000, 0x7b, 0);
	end(REASON_TRIPLE, report);
	assert_true(fake.mapped_pages > pages);
	fake_command("start web");
	recorders[1].begin = recorders[1].end;
	fake_exit(web, 1, FAKE_CPUID, 0x4000, 0x72, 0);
	text = why();
	assert_shown(text, "it runs again");
	assert_shown(text, "web stopped: triple fault");
	assert_shown(text, "0000000000003000");
	assert_null(strstr(text, "0000000000004000"));
	assert_shown(fake_command("exits web 1"),
		     "io               0000000000003000 0x7b       0x0\r\n");
	/* A stop is no failure; of what is stopped the kernel knows most. */
	end(REASON_OPERATOR, "");
	assert_shown(why(), "Somebody stopped it here.");
	assert_shown(fake_command("exits web 1"), " 0000000000004000 ");
	fake_command("destroy web --yes");
	fake_command("create web vcpus=2 memory=16M kernel=kernel");
	assert_int_equal(fake.mapped_pages, pages);
}

/* A state and a reason that this console does not know: of a kernel that is another build, or wrong. */
static void test_unknown_state(void **state)
{
	(void)state;
	web->info.state = 1818585101;
	web->info.reason = 99;
	assert_shown(why(), "It is not known.");
	fake_command("pause web");
	assert_shown(fake_output(), "error: pause web: it is ");
}

/* The console's own failure loses nothing of it, and no page. */
static void test_kept_by_the_next_console(void **state)
{
	uint64_t pages = fake.mapped_pages;

	(void)state;
	fake_exit(web, 1, FAKE_IO, 0x3000, 0x7b, 0);
	end(REASON_TRIPLE, report);
	fake_command("start web");
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	assert_shown(why(), "0000000000003000");
	assert_shown(why(), "it runs again");
	fake_command("destroy web --yes");
	fake_command("create web vcpus=2 memory=16M kernel=kernel");
	assert_int_equal(fake.mapped_pages, pages);
}

static void test_no_memory_to_keep_it(void **state)
{
	(void)state;
	fake.fail[CALL_MEM_MAP] = ERR_NOMEM;
	assert_shown(fake_command("freeze web"), "error: freeze web: there is no memory");
	end(REASON_TRIPLE, report);
	assert_shown(why(), "web stopped: triple fault");
	fake_command("start web");
	assert_shown(why(), "It runs");
}

static void test_freeze(void **state)
{
	(void)state;
	fake_exit(web, 0, FAKE_IO, 0x3000, 0x7b, 0);
	assert_shown(fake_command("freeze web"), "web: frozen for why and exits; it goes on");
	fake_exit(web, 0, FAKE_IO, 0x4000, 0x7b, 0);
	assert_shown(why(), "web running (frozen by hand)");
	assert_shown(why(), "0000000000003000");
	assert_null(strstr(why(), "0000000000004000"));
}

/* All of them, in the kernel's pieces. */
static void test_exits(void **state)
{
	const char *text;
	unsigned lines = 0;

	(void)state;
	assert_shown(fake_command("exits web"), "web: no exit since its start");
	assert_shown(fake_command("exits web 2"), "there is no vcpu 2; it has 2");
	for (unsigned i = 0; i < 3000; i++)
		fake_exit(web, 0, FAKE_IO, i, 0x7b, 0);
	text = fake_command("exits web");
	assert_shown(
		text,
		"exits web\r\n       BEFORE  EXIT             RIP              CODE       INFO\r\n");
	for (const char *at = text; (at = strstr(at, " us  io")); at++)
		lines++;
	assert_int_equal(lines, EXIT_RECORDS);
	assert_shown(text, " 0000000000000bb7 ");
	assert_null(strstr(text, " 00000000000007b7 "));
	/* Of what Freehold raised itself it says so; a script gets the titles, too. */
	fake_exit(web, 0, FAKE_INJECTED, 0xffffffff81000000, 14, 0xb);
	fake_command("exits web");
	assert_shown(fake_output(),
		     " 0 us  injected         ffffffff81000000 vector 14  error 0xb\r\n");
	fake_command("mode script");
	assert_memory_equal(fake_command("exits web"), "       BEFORE  EXIT  ", 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_triple_fault, set_up),
		cmocka_unit_test_setup(test_is_being_loaded, set_up),
		cmocka_unit_test_setup(test_injected, set_up),
		cmocka_unit_test_setup(test_ends, set_up),
		cmocka_unit_test_setup(test_up, set_up),
		cmocka_unit_test_setup(test_halted, set_up),
		cmocka_unit_test_setup(test_end_without_an_exit, set_up),
		cmocka_unit_test_setup(test_kept, set_up),
		cmocka_unit_test_setup(test_unknown_state, set_up),
		cmocka_unit_test_setup(test_kept_by_the_next_console, set_up),
		cmocka_unit_test_setup(test_no_memory_to_keep_it, set_up),
		cmocka_unit_test_setup(test_freeze, set_up),
		cmocka_unit_test_setup(test_exits, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
