/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints on and after instructions that exit; NMIs, and what blocks them. SDM 3B 18.2, 18.3; APM2 13.1;
 * SDM 3A 6.7.1 "Handling Multiple NMIs".
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/transcript/insn.h"
#include "tests/guests/transcript/stage.h"
#include "tests/guests/transcript/subject.h"

enum { DR7_L0 = 1, DR7_L1 = 4, RW_WRITE = 1, RW_PORT = 2, RW_ANY = 3, LEN_4 = 3 };

/* Breakpoint 0: where, on what. */
#define BREAK0(rw, len) (DR7_RESET | DR7_L0 | (rw) << 16 | (len) << 18)

extern const struct insn_case cases_debug_data[], cases_debug_device[], cases_debug_code[],
	cases_debug_port[], cases_debug_nmi[], cases_debug_nmi_twice[];

static const char *kind;
static uint64_t dr0, dr7;

static void prepare(struct shot *shot)
{
	shot->prefix = kind;
	shot->gpr[RSI] = STAGE_HOLE;
	shot->hide = BIT(RAX) | BIT(RCX) | BIT(RDX) | BIT(RBX);
	shot->hide_cell = true;
	shot->goes_on = true;
	shot->gpr[R8] = dr0;
	shot->gpr[R9] = dr7;
}

static void with(const char *name, const struct insn_case *cases, uint64_t address, uint64_t control)
{
	kind = name;
	dr0 = address;
	dr7 = control;
	dr0_write(address);
	dr7_write(control);
	cases_fire(cases, prepare);
	dr7_write(DR7_RESET);
	dr0_write(0);
}

static void prepare_nmi(struct shot *shot)
{
	prepare(shot);
	shot->gpr[RDI] = STAGE_DEVICE + APIC_ICR;
	shot->gpr[RAX] = ICR_NMI | ICR_ASSERT;
}

static void prepare_nmi_twice(struct shot *shot)
{
	prepare_nmi(shot);
	shot->prefix = "NMI in NMI";
	shot->nmis = 2;
}

void subject_debug(void)
{
	with("watched", cases_debug_data, STAGE_DATA, BREAK0(RW_WRITE, LEN_4));
	with("watched device", cases_debug_device, STAGE_DEVICE + APIC_INITIAL,
	     BREAK0(RW_ANY, LEN_4));
	with("breakpoint", cases_debug_code, STAGE_CODE + 2, BREAK0(0, 0));
	cr4_write(cr4_read() | CR4_DE);
	with("watched port", cases_debug_port, 0x80, BREAK0(RW_PORT, 0));
	cr4_write(cr4_read() & ~(uint64_t)CR4_DE);
	kind = "NMI";
	apic_write(APIC_ICR_HIGH, 0);
	cases_fire(cases_debug_nmi, prepare_nmi);
	cases_fire(cases_debug_nmi_twice, prepare_nmi_twice);
}
