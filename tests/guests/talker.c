/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Talks on COM1. how=answer: asks `ready> ` and answers each line with `got LINE`; `off` switches off,
 * `crash` ends in a triple fault. how=flood: numbered lines of 64 bytes for ever, a FIFO at a time.
 */
#include "arch/x86_64/insn.h"
#include "lib/format.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

enum { COM1 = 0x3f8, COM1_LSR = COM1 + 5, LSR_READY = 1, LSR_THRE = 0x20 };
enum { LINE = 64, FIFO = 16, VECTOR_TICK = 0x40 };

static void on_tick(struct trap_frame *frame)
{
	(void)frame;
	apic_eoi();
}

/* Asleep between two looks, so that a bed that counts instructions gets on. */
static char read_byte(void)
{
	while (!(io_in8(COM1_LSR) & LSR_READY)) {
		clock_arm(VECTOR_TICK, tsc_read() + 10 * clock_khz());
		cpu_idle();
	}
	return (char)io_in8(COM1);
}

static void read_line(char to[LINE])
{
	size_t used = 0;
	char c;

	while ((c = read_byte()) != '\n') {
		if (used + 1 < LINE)
			to[used++] = c;
	}
	to[used] = '\0';
}

static void answer(void)
{
	static const struct descriptor_pointer nothing;
	char line[LINE];

	trap_set(VECTOR_TICK, on_tick);
	apic_enable();
	for (;;) {
		print("ready> ");
		read_line(line);
		print("got %s\n", line);
		if (!strcmp(line, "off"))
			guest_exit(0);
		if (!strcmp(line, "crash")) {
			idt_load(&nothing);
			asm volatile("ud2");
		}
	}
}

static void send_fifo(const char *from)
{
	uint64_t count = FIFO;

	while (!(io_in8(COM1_LSR) & LSR_THRE))
		cpu_pause();
	asm volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(COM1) : "memory");
}

static noreturn void flood(void)
{
	char line[LINE + 1];

	io_out8(COM1 + 2, 1); /* FCR: FIFOs on */
	for (uint64_t number = 0;; number++) {
		size_t length = format(line, sizeof(line), "flood %lu ", number);

		memset(line + length, '.', LINE - length);
		line[LINE - 1] = '\n';
		for (size_t at = 0; at < LINE; at += FIFO)
			send_fifo(line + at);
	}
}

void guest_main(void)
{
	char how[16] = "";

	interrupts_enable(); /* so that it can be preempted on every bed */
	words_value("how", how, sizeof(how));
	if (!strcmp(how, "flood"))
		flood();
	answer();
}
