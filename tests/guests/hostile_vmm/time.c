/* SPDX-License-Identifier: BSD-2-Clause */
/* Attacks on other people's time: loops, endless calls, deadlines and messages without end. */
#include "abi/calls.h"
#include "tests/guests/hostile_vmm/attack.h"

static void loop(struct frame *frame, uint64_t n)
{
	(void)frame;
	(void)n;
	for (;;)
		asm volatile("");
}

static void call_loop(struct frame *frame, uint64_t n)
{
	(void)frame;
	for (;;)
		attack_call(n, 0, 0, 0, 0);
}

static void notify_loop(struct frame *frame, uint64_t n)
{
	call_loop(frame, CALL_CONSOLE_NOTIFY);
	(void)n;
}

/* At each upcall a deadline that has passed, and messages to everybody. */
static void storm(struct frame *frame, uint64_t n, struct resume *answer)
{
	(void)frame;
	(void)answer;
	for (unsigned i = 0; i < 1000; i++) {
		attack_call(CALL_SET_DEADLINE, 1 + n, 0, 0, 0);
		attack_call(CALL_APIC_MESSAGE, APIC_MESSAGE(0xff, i & 0xff, i & 7, i & 1, i & 2), 0,
			    0, 0);
		attack_call(CALL_PIC_LINE, i & 1, 0, 0, 0);
		attack_call(CALL_NMI, i & 3, 0, 0, 0);
		attack_call(CALL_EOI_WATCH, i & 3, ~0ULL, 0, 0);
	}
}

const struct attack attacks_time[] = {
	{"loop", loop, NULL, NULL},
	{"call-loop", call_loop, NULL, NULL},
	{"notify-loop", notify_loop, NULL, NULL},
	{"storm", NULL, storm, NULL},
	{NULL, NULL, NULL, NULL},
};
