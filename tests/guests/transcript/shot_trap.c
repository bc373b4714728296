/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a trap while a shot runs: a line in its list of events, or its end. */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/transcript/shot.h"

enum { VECTORS = 256, EXCEPTIONS = 32, IST_FAULT = 1, IST_NMI = 2, PORT_NOBODY = 0xd00 };

/* Breakpoint 0 is on, and on an instruction. */
#define DR7_BREAK0 (BITS(17, 16) | BIT(0))

extern uint64_t shot_rsp;
extern uint8_t shot_back[];

struct shot *shot_current;

static void finish(struct shot *shot, struct trap_frame *frame)
{
	bool done = frame->vector == VECTOR_USER_DONE;

	shot->vector = done ? NO_FAULT : (int)frame->vector;
	shot->error = (uint32_t)frame->error;
	shot->end = *frame;
	shot_current = NULL;
	frame->rip = (uintptr_t)shot_back;
	frame->cs = SELECTOR_CODE;
	frame->rflags = RFLAGS_FIXED;
	frame->rsp = shot_rsp;
	frame->ss = SELECTOR_DATA;
}

static void note_event(struct shot *shot, const struct trap_frame *frame, uint64_t dr6)
{
	struct shot_event *event = &shot->event[shot->events++ % SHOT_EVENTS];

	*event = (struct shot_event){(unsigned)frame->vector, (uint32_t)frame->error, frame->rip,
				     dr6};
}

static void end_interrupt(unsigned vector)
{
	if (apic_read(APIC_ISR + vector / 32 * 16) & 1u << vector % 32)
		apic_eoi();
}

static uint64_t take_dr6(void)
{
	uint64_t dr6 = dr6_read();

	dr6_write(DR6_RESET);
	return dr6;
}

/* The next one waits for this handler's IRET, whatever exits there are before it. */
static void on_nmi(struct shot *shot)
{
	if (!shot->nmis)
		return;
	shot->nmis--;
	apic_send(apic_id(), ICR_NMI | ICR_ASSERT);
	cpuid(0, 0);
	io_in8(PORT_NOBODY);
}

/*
 * The instruction under breakpoint 0 runs at the second try. A step to it comes first; on a bed that loses
 * DR6 the second trap at one place must be the breakpoint's.
 */
static void pass_breakpoint(const struct shot *shot, struct trap_frame *frame, uint64_t dr6)
{
	unsigned last = (shot->events - 1) % SHOT_EVENTS, before = (shot->events - 2) % SHOT_EVENTS;
	bool again = shot->events > 1 && shot->event[last].rip == shot->event[before].rip;

	if (frame->rip != dr0_read() || (dr7_read() & DR7_BREAK0) != BIT(0))
		return;
	if (dr6 & DR6_B0_B3 || !(dr6 & DR6_BS) || again)
		frame->rflags |= RFLAGS_RF;
}

static bool goes_on(const struct shot *shot, const struct trap_frame *frame)
{
	if (frame->vector == VECTOR_DB)
		return shot->goes_on;
	return frame->vector == VECTOR_NMI ||
	       (frame->vector >= EXCEPTIONS && frame->vector != VECTOR_USER_DONE);
}

static void on_trap(struct trap_frame *frame)
{
	struct shot *shot = shot_current;
	uint64_t dr6 = 0;

	/* What reads DR7 when all is over finds GD set: the processor has cleared it. */
	if (!shot && frame->vector == VECTOR_DB)
		return;
	if (!shot)
		guest_die("vector %lu error %lx rip %lx cr2 %lx between two lines", frame->vector,
			  frame->error, frame->rip, cr2_read());
	if (frame->vector == VECTOR_DB)
		dr6 = take_dr6();
	if (frame->vector == VECTOR_PF)
		shot->cr2 = cr2_read();
	if (frame->vector == VECTOR_NMI)
		on_nmi(shot);
	if (frame->vector >= EXCEPTIONS)
		end_interrupt((unsigned)frame->vector);
	if (goes_on(shot, frame)) {
		note_event(shot, frame, dr6);
		pass_breakpoint(shot, frame, dr6);
		return;
	}
	shot->dr6 = dr6;
	finish(shot, frame);
}

void shot_init_traps(void)
{
	for (unsigned i = 0; i < VECTORS; i++) {
		trap_set(i, on_trap);
		trap_set_stack(i, i == VECTOR_NMI ? IST_NMI : IST_FAULT);
	}
	trap_set_user(VECTOR_BP); /* what lies beyond the code */
}
