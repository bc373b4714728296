/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS C04: a fault in a fault's handler is a fault like any other, and no #DF: that is for a fault while
 * the first is delivered, for which see the transcript (gate.c) and hostile_c.
 */
#include "tests/guests/events/cases.h"

#include "arch/x86_64/insn.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"

#define NOT_CANONICAL 0x0000800000000000ULL
#define NOT_MAPPED    0x00007e0000000000ULL

enum { DEEPEST = 10, TOUCH_SIZE = 2 };

static volatile unsigned depth;

/* #PF on odd depths, #GP on even ones. */
static uint64_t address_at(unsigned level)
{
	return level % 2 ? NOT_MAPPED + level : NOT_CANONICAL + level;
}

static void touch(unsigned level)
{
	uint64_t address = address_at(level);

	asm volatile(".byte 0x8a, 0x00" : "+a"(address) : : "memory"); /* MOV (%rax), %al */
}

/* Goes one deeper, and then goes on behind the instruction. */
static void on_fault(struct trap_frame *frame)
{
	unsigned level = ++depth;
	uint64_t wanted = level % 2 ? VECTOR_PF : VECTOR_GP;

	test_check(frame->vector == wanted && frame->error == 0, "level %u: vector %lu error %lx",
		   level, frame->vector, frame->error);
	test_check(!(level % 2) || cr2_read() == address_at(level), "level %u: cr2 %lx", level,
		   cr2_read());
	if (level < DEEPEST)
		touch(level + 1);
	frame->rip += TOUCH_SIZE;
}

void c_test_handlers(void)
{
	trap_set(VECTOR_PF, on_fault);
	trap_set(VECTOR_GP, on_fault);
	depth = 0;
	touch(1);
	test_check(depth == DEEPEST, "%u faults", depth);
	trap_set(VECTOR_PF, NULL);
	trap_set(VECTOR_GP, NULL);
}
