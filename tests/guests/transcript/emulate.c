/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions on devices, which a VMM has to carry out itself: registers, memory and flags are what they are
 * with RAM. RDI and RSI: the local APIC timer's initial count, which holds 32 bits, or addresses where
 * nobody is, which read as all-ones at any width.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/fpu.h"
#include "tests/guests/transcript/insn.h"
#include "tests/guests/transcript/stage.h"
#include "tests/guests/transcript/subject.h"

extern const struct insn_case cases_emulate_word[], cases_emulate_width[], cases_emulate_string[],
	cases_emulate_fault[], cases_emulate_code32[];

static void prepare_word(struct shot *shot)
{
	shot->gpr[RDI] = shot->gpr[RSI] = STAGE_DEVICE + APIC_INITIAL;
	shot->gpr[RAX] = 0x7fffffff89abcdef;
	shot->gpr[RCX] = 0x123456780000000b;
	shot->gpr[R10] = STAGE_DEVICE + PAGE_SIZE;
	shot->device = (volatile uint32_t *)(APIC_PAGE + APIC_INITIAL);
	shot->cell = 0x80000001;
}

static void prepare_hole(struct shot *shot)
{
	uint64_t *data = stage_memory(STAGE_DATA + 0x800);

	data[0] = 0x0123456789abcdef;
	data[1] = 0xfedcba9876543210;
	shot->gpr[RAX] = 0x1122334455667788;
	shot->gpr[RSI] = STAGE_HOLE;
	shot->gpr[RDI] = STAGE_DATA;
	shot->gpr[R8] = STAGE_HOLE + 0x800;
	shot->gpr[R9] = STAGE_DATA + 0x800;
}

static void prepare_code32(struct shot *shot)
{
	prepare_hole(shot);
	shot->gpr[RAX] = 0x55667788;
}

void subject_emulate(void)
{
	fpu_enable();
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	cases_fire(cases_emulate_word, prepare_word);
	cases_fire(cases_emulate_width, prepare_hole);
	cases_fire(cases_emulate_string, prepare_hole);
	cases_fire(cases_emulate_fault, prepare_hole);
	cases_fire(cases_emulate_code32, prepare_code32);
	apic_write(APIC_INITIAL, 0);
	cr4_write(cr4_read() & ~(uint64_t)CR4_OSXSAVE);
}
