/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single steps over instructions that exit, and interrupts that wait for the end of a shadow over such ones:
 * SDM 3B 18.3.1.4 "Single-Step Exception Condition", SDM 3A 6.8.3 "Masking Exceptions and Interrupts When
 * Switching Stacks", APM2 13.1.4, 15.21.5. The line names each trap's place.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/transcript/insn.h"
#include "tests/guests/transcript/stage.h"
#include "tests/guests/transcript/subject.h"

enum { VECTOR_LOW = 0x63, VECTOR_HIGH = 0x93, PORT_NOBODY = 0xd00 };

extern const struct insn_case cases_step[], cases_step_freehold[], cases_step_code32[],
	cases_shadow[], cases_shadow_two[], cases_shadow_on[];

static void prepare(struct shot *shot)
{
	shot->gpr[RSI] = STAGE_HOLE;
	shot->gpr[R8] = STAGE_DEVICE + APIC_TPR;
	shot->hide = BIT(RAX) | BIT(RCX) | BIT(RDX) | BIT(RBX);
	shot->hide_cell = true;
	shot->flags &= ~(uint64_t)RFLAGS_TF;
}

/* One interrupt waits, with IF=0. */
static void prepare_shadow(struct shot *shot)
{
	prepare(shot);
	shot->prefix = "interrupt";
	apic_send(0, ICR_SELF | ICR_ASSERT | VECTOR_LOW);
}

static void prepare_two(struct shot *shot)
{
	prepare_shadow(shot);
	shot->prefix = "two interrupts";
	apic_send(0, ICR_SELF | ICR_ASSERT | VECTOR_HIGH);
}

/* None waits yet; IF=1. RDI: the ICR, RAX: to itself. */
static void prepare_on(struct shot *shot)
{
	prepare(shot);
	shot->prefix = "IF";
	shot->rflags |= RFLAGS_IF;
	shot->gpr[RDI] = STAGE_DEVICE + APIC_ICR;
	shot->gpr[RAX] = ICR_SELF | ICR_ASSERT | VECTOR_LOW;
}

void subject_step(void)
{
	cases_fire(cases_step, prepare);
	cases_fire(cases_step_code32, prepare);
	if (on_freehold())
		cases_fire(cases_step_freehold, prepare);
	cases_fire(cases_shadow, prepare_shadow);
	cases_fire(cases_shadow_two, prepare_two);
	cases_fire(cases_shadow_on, prepare_on);
}
