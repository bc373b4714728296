/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Real mode, with limits of 64 KiB and of 4 GiB: what needs no privilege there, what does not exist
 * there, and what its segments, stack and vectors do. SDM 3B 21.1 "Real-Address Mode", APM2 1.3.3
 * "Real Mode".
 */
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/transcript/mode.h"
#include "tests/guests/transcript/subject.h"

enum { EDGE = 0xffff, WRITE = 1, CODE = 0, LEN_4 = 3 };

/* Nobody is there, on any bed. */
#define NOBODY 0x90000000U

extern const struct insn_case cases_real_system[], cases_real_tsd[], cases_real_mwait[],
	cases_real_protected[], cases_real_tables[], cases_real_port[], cases_real_interrupt[],
	cases_real_open[], cases_real_nmi[], cases_real_flags[], cases_real_int[], cases_real_far[],
	cases_real_edge[], cases_real_stack[], cases_real_segment[], cases_real_step[],
	cases_real_limit[], cases_real_big[], cases_real_device[], cases_real_watched[],
	cases_real_breakpoint[];

static void prepare_port(struct mode_shot *shot)
{
	shot->gpr[RDX] = 0xdddd0000 | PORT_NOBODY;
}

static void prepare_waiting(struct mode_shot *shot)
{
	shot->prefix = "interrupt";
	shot->gpr[RDX] = 0xdddd0000 | PORT_NOBODY;
	shot->gpr[RSI] = NOBODY;
	shot->hide = BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX);
	apic_send(0, ICR_SELF | ICR_ASSERT | MODE_VECTOR);
}

static void prepare_nmi(struct mode_shot *shot)
{
	shot->prefix = "NMI";
	shot->gpr[RDI] = (uint32_t)APIC_PAGE + APIC_ICR;
	shot->gpr[RAX] = ICR_NMI | ICR_ASSERT;
	shot->hide = BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX);
}

static void prepare_open(struct mode_shot *shot)
{
	shot->prefix = "IF";
	shot->eflags |= RFLAGS_IF;
	shot->gpr[RDI] = (uint32_t)APIC_PAGE + APIC_ICR;
	shot->gpr[RAX] = ICR_SELF | ICR_ASSERT | MODE_VECTOR;
}

/* Where the processor has them, ECX is looked at before anything else. */
static void prepare_mwait(struct mode_shot *shot)
{
	shot->gpr[RCX] = 0;
}

static void prepare_tsd(struct mode_shot *shot)
{
	shot->prefix = "TSD";
	shot->cr4 = CR4_TSD;
}

static void prepare_edge(struct mode_shot *shot)
{
	shot->entry = EDGE;
	shot->cell = 0xcccccccccccccccc; /* INT3s beyond, for those who go on there */
}

static void prepare_step(struct mode_shot *shot)
{
	shot->gpr[RDX] = 0xdddd0000 | PORT_NOBODY;
	shot->gpr[RSI] = NOBODY;
	shot->hide = BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX);
	shot->goes_on = true;
}

static void prepare_big(struct mode_shot *shot)
{
	shot->prefix = "big";
	shot->big = true;
	shot->gpr[RDX] = 0xdddd0000 | PORT_NOBODY;
}

static void prepare_flat(struct mode_shot *shot)
{
	prepare_big(shot);
	shot->segment[MODE_ES] = 0;
	shot->gpr[RCX] = 2;
	shot->gpr[RSI] = (MODE_DATA_SEGMENT << 4) + 0x800;
	shot->gpr[RDI] = MODE_DATA_SEGMENT << 4;
}

static void prepare_device(struct mode_shot *shot)
{
	prepare_flat(shot);
	shot->prefix = "device";
	shot->gpr[RCX] = 0xcccc000c;
	shot->gpr[RDI] = (uint32_t)APIC_PAGE + APIC_INITIAL;
	shot->gpr[RSI] = NOBODY;
	shot->device = (volatile uint32_t *)(APIC_PAGE + APIC_INITIAL);
	shot->cell = 0x80000001;
}

static void prepare_watched(struct mode_shot *shot)
{
	shot->prefix = "watched";
	shot->goes_on = true;
	shot->gpr[RDX] = 0xdddd0000 | PORT_NOBODY;
	shot->hide = BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX);
	shot->hide_cell = true;
	shot->dr0 = MODE_DATA_SEGMENT << 4;
	shot->dr7 |= 1 | WRITE << 16 | LEN_4 << 18;
}

/* QEMU dies of one on an instruction where the base of CS is not 0. */
static void prepare_breakpoint(struct mode_shot *shot)
{
	shot->prefix = "breakpoint";
	shot->not_tried |= test_bed("qemu") || test_bed("bare-qemu");
	shot->hide = BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX);
	shot->goes_on = true;
	shot->gpr[RDX] = 0xdddd0000 | PORT_NOBODY;
	shot->dr0 = (MODE_CODE_SEGMENT << 4) + 2;
	shot->dr7 |= 1 | CODE << 16;
}

void subject_real(void)
{
	mode_world_init();
	mode_cases_fire(cases_real_system, false, NULL);
	if (on_freehold())
		mode_cases_fire(cases_real_mwait, false, prepare_mwait);
	mode_cases_fire(cases_real_tsd, false, prepare_tsd);
	mode_cases_fire(cases_real_protected, false, NULL);
	mode_cases_fire(cases_real_tables, false, NULL);
	mode_cases_fire(cases_real_port, false, prepare_port);
	mode_cases_fire(cases_real_flags, false, NULL);
	mode_cases_fire(cases_real_int, false, NULL);
	mode_cases_fire(cases_real_far, false, NULL);
	mode_cases_fire(cases_real_edge, false, prepare_edge);
	mode_cases_fire(cases_real_stack, false, NULL);
	mode_cases_fire(cases_real_segment, false, NULL);
	mode_cases_fire(cases_real_limit, false, NULL);
	mode_cases_fire(cases_real_limit, false, prepare_big);
	mode_cases_fire(cases_real_big, false, prepare_flat);
	mode_cases_fire(cases_real_device, false, prepare_device);
	apic_write(APIC_INITIAL, 0);
	mode_cases_fire(cases_real_interrupt, false, prepare_waiting);
	mode_drain();
	mode_cases_fire(cases_real_open, false, prepare_open);
	apic_write(APIC_ICR_HIGH, 0);
	mode_cases_fire(cases_real_nmi, false, prepare_nmi);
	mode_cases_fire(cases_real_step, false, prepare_step);
	mode_cases_fire(cases_real_watched, false, prepare_watched);
	mode_cases_fire(cases_real_breakpoint, false, prepare_breakpoint);
}
