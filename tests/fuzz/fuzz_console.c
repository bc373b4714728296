/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console under raw serial bytes, a kernel whose answers the input spoils, and guests whose rings
 * it scribbles over. Afterwards, with the kernel sane again, a line end must bring the prompt back.
 */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/frame.h"
#include "console/main.h"
#include "console/uart.h"
#include "tests/fuzz/fuzz_words.h"
#include "tests/unit/fake_kernel.h"

/* What is left of the input; past its end it reads as 0. */
static struct {
	const uint8_t *data;
	size_t size;
} input;

static uint8_t take(void)
{
	if (input.size == 0)
		return 0;
	input.size--;
	return *input.data++;
}

static void fill(void *to, size_t size)
{
	uint8_t *bytes = to;

	for (size_t i = 0; i < size; i++)
		bytes[i] = take();
}

static struct fake_partition *any_partition(void)
{
	return &fake.partitions[take() % 8];
}

enum { TURNS = 600, RESTART_TURNS = 100, OUTPUT_MOST = FAKE_OUTPUT / 2, ATTACHES = 64 };

static void run_turns(unsigned turns)
{
	fake.idle = false;
	for (; turns > 0 && !fake.idle; turns--) {
		console_turn();
		if (fake.output_size > OUTPUT_MOST)
			fake_clear();
	}
}

/*
 * Until nothing is left to do. What a guest never reads is offered to it for ever, and `top` goes on until a
 * key is pressed: that is no end.
 */
static void run(void)
{
	run_turns(TURNS);
}

/* What is typed must stay where it is until it is read. One length stands for more than the console keeps. */
static void type(void)
{
	enum { REPEATED = 254, FLOOD = UART_IN_SIZE + 4096 };
	static uint8_t typed[FLOOD];
	uint8_t meant[256];
	size_t size = take(), length;

	fill(meant, size);
	length = fuzz_expand(meant, size, typed, 4096);
	if (size == REPEATED) {
		for (size_t at = length; at < FLOOD; at++)
			typed[at] = typed[at - length];
		length = FLOOD;
	}
	fake_type_bytes(typed, length);
}

static void do_type(void)
{
	type();
	run();
}

static void do_type_slowly(void)
{
	type();
	for (unsigned turns = take(); turns > 0; turns--)
		console_turn();
}

static void do_fail(void)
{
	static const int64_t answers[] = {0,	    0,	       0,	  ERR_INVAL, ERR_NOMEM,
					  ERR_BUSY, ERR_NOENT, ERR_STATE, -100,	     1,
					  63,	    64,	       1 << 20};
	unsigned call = CALL_WAIT + 1 + take() % (FAKE_CALLS - CALL_WAIT - 1);
	uint8_t how = take();
	int64_t answer = answers[how % ARRAY_SIZE(answers)];

	/*
	 * The addresses that these give are the kernel's word: a wrong one is memory that is not there. And
	 * a line or a log that never ends keeps the console busy for ever, rightly.
	 */
	static const unsigned honest[] = {CALL_MEM_MAP, CALL_IMAGE_MAP, CALL_PART_CREATE,
					  CALL_UART_READ, CALL_LOG_READ};

	for (size_t i = 0; i < ARRAY_SIZE(honest); i++) {
		if (call == honest[i] && answer > 0)
			answer = ERR_NOMEM;
	}
	/* A positive answer says that something was written: it was not, and that is the test. */
	if (how & 0x80)
		fake.fail_once[call] = answer;
	else
		fake.fail[call] = answer;
}

static void do_again(void)
{
	unsigned call = CALL_PART_CREATE + take() % 5;

	fake.again[call] = take();
}

static void do_end(void)
{
	struct fake_partition *partition = any_partition();

	if (partition->info.state == PART_NONE)
		return;
	fill(partition->info.report, take());
	partition->info.state = PART_STOPPED;
	partition->info.reason = take();
	fake.events |= CONSOLE_PARTITION;
}

static void do_spoil_partition(void)
{
	struct fake_partition *partition = any_partition();
	uint64_t memory = partition->info.memory;
	size_t offset;

	if (partition->info.state == PART_NONE)
		return;
	offset = take() * 12 % sizeof(partition->info);
	fill((uint8_t *)&partition->info + offset, take() % 64);
	partition->info.memory = memory;
	partition->info.state = partition->info.state % 6 ? partition->info.state : PART_STOPPED;
	fake.events |= take();
}

static void do_spoil_machine(void)
{
	uint8_t *half;

	fill(fake.images[take() % 3].name, NAME_SIZE);
	fill(&fake.cpus[take() % 4], 8);
	fill(fake.host.cpu_model, 8);
	fake.host.ram_free = take();
	fake.host.ram_free <<= take() % 40;
	half = (uint8_t *)&fake.facts + take() % sizeof(fake.facts) / 2;
	fill(half, take() % (sizeof(fake.facts) / 2));
	fake.cpuid_1_ecx = take() * 0x1010101U;
	fake.cpuid_7_ebx = take() * 0x1010101U;
	fake.ext_7_edx = fake.ext_8_ebx = fake.ext_a_edx = take() * 0x1010101U;
}

static void do_guest(void)
{
	struct fake_partition *partition = any_partition();
	uint8_t bytes[256];
	size_t size = take();

	if (partition->info.state == PART_NONE || !partition->ring)
		return;
	fill(bytes, size);
	for (unsigned i = take(); i > 0; i--)
		fake_guest_write(partition, bytes, size);
	fake_guest_read(partition, bytes, take());
}

static void do_hostile_guest(void)
{
	struct fake_partition *partition = any_partition();

	if (partition->info.state == PART_NONE || !partition->ring)
		return;
	fill(&partition->ring->out_head, 8);
	fill(&partition->ring->in_tail, 8);
	partition->ring->out_waiting = take();
	fake.events |= CONSOLE_OUTPUT;
}

/* A vCPU exits, and has a recorder from its first exit on. */
static struct fake_exits recorders[2];

static void do_exits(void)
{
	struct fake_partition *partition = any_partition();
	unsigned vcpu = take() % 2;

	if (partition->info.state == PART_NONE)
		return;
	if (!partition->exits[vcpu])
		partition->exits[vcpu] = &recorders[vcpu];
	for (unsigned i = take(); i > 0; i--) {
		unsigned kind = take() % (FAKE_INJECTED + 1);
		uint64_t rip = (uint64_t)take() << 32;
		uint8_t code = take(), info = take();

		fake_exit(partition, vcpu, kind, rip, code, info);
	}
}

static void do_log(void)
{
	static char log[256];

	memset(log, 0, sizeof(log));
	fill(log, take() % 255);
	fake.log = log;
	fake.events |= CONSOLE_LOG;
}

static void do_time(void)
{
	fake.tsc += (uint64_t)take() * FAKE_HZ;
	fake.power_delay = (uint64_t)take() * FAKE_HZ / 8;
	fake.line_takes = take();
}

static void do_restart(void)
{
	fake.events |= CONSOLE_RESTARTED;
	console_start();
	run();
}

static void (*const actions[])(void) = {
	do_type,	  do_type,	    do_type,  do_type_slowly,
	do_fail,	  do_again,	    do_end,   do_spoil_partition,
	do_guest,	  do_time,	    do_log,   do_restart,
	do_hostile_guest, do_spoil_machine, do_exits,
};

/* The kernel is sane again; guests stay as they are. */
static void expect_prompt(void)
{
	memset(fake.fail, 0, sizeof(fake.fail));
	memset(fake.fail_once, 0, sizeof(fake.fail_once));
	memset(fake.again, 0, sizeof(fake.again));
	fake.line_takes = 0;
	/* Restarts and interrupted operations end; a slow line empties. */
	for (unsigned i = 0; i < 20; i++)
		run_turns(RESTART_TURNS);
	fake_clear();
	/* What was typed ahead of a prompt may attach again. */
	for (unsigned i = 0; i < ATTACHES && !fake_has_prompt(); i++) {
		fake_type_detach_key();
		run();
		fake_type("\x03");
		run();
		/* Were it in mode script, there would be none. */
		fake_type("\rmode human\r");
		run();
		fake_type("\r");
		run();
	}
	if (!fake_has_prompt()) {
		fprintf(stderr, "no prompt after: %s\n", fake.output);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char
		config[] = "create a memory=2M kernel=tiny\nstart a\ncreate b memory=2M kernel=tiny\n";
	static uint8_t meant[4096];
	static uint16_t screen[FAKE_ROWS * FAKE_COLUMNS];
	uint8_t mode;

	input.data = data;
	input.size = size;
	fake_reset();
	memset(recorders, 0, sizeof(recorders));
	mode = take();
	fake.config = mode & 1 ? config : NULL;
	fake.config_size = sizeof(config) - 1;
	if (mode & 2) {
		size_t taken = MIN(input.size, (size_t)(mode >> 2) * 4);

		fake.config = (const char *)meant;
		fake.config_size = fuzz_expand(input.data, taken, meant, sizeof(meant));
		input.data += taken;
		input.size -= taken;
	} else if (mode & 4) {
		fake.screen = screen;
	}
	console_start();
	run();
	while (input.size > 0) {
		fake_clear();
		actions[take() % ARRAY_SIZE(actions)]();
		console_turn();
	}
	expect_prompt();
	fake_reset();
	return 0;
}
