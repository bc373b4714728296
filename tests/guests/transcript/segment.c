/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Selectors: what may be loaded into DS, SS, LDTR and TR, what LAR, LSL, VERR and VERW say of it, and where
 * far transfers to it lead. What was loaded has to stand through an exit. SDM 3A 5.5 to 5.8, APM2 4.8 to
 * 4.12.
 */
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/transcript/gdt.h"
#include "tests/guests/transcript/insn.h"
#include "tests/guests/transcript/subject.h"

enum { RPL = 3, TI = 4, DATA_TARGETS = 14, SYSTEM_TARGETS = 3 };

struct target {
	const char *name;
	uint16_t selector;
};

static const struct target data_targets[] = {
	{"null", 0},
	{"null,3", RPL},
	{"data", GDT_DATA},
	{"data,3", GDT_DATA | RPL},
	{"data ro", GDT_DATA_RO},
	{"data3", GDT_DATA3},
	{"data3,3", GDT_DATA3 | RPL},
	{"data3 ro,3", GDT_DATA3_RO | RPL},
	{"data3 down,3", GDT_DATA3_DOWN | RPL},
	{"data3 absent,3", GDT_DATA3_ABSENT | RPL},
	{"code", GDT_CODE},
	{"conforming", GDT_CODE_CONFORMING},
	{"code3,3", GDT_CODE3 | RPL},
	{"code3 unreadable,3", GDT_CODE3_UNREADABLE | RPL},
	{"ldt", GDT_LDT},
	{"gate3,3", GDT_GATE3 | RPL},
	{"reserved", GDT_RESERVED},
	{"beyond", GDT_END},
	{"no ldt", LDT_DATA3},
	{"ffff", 0xffff},
};

static const struct target system_targets[] = {
	{"null", 0},
	{"data", GDT_DATA},
	{"code", GDT_CODE},
	{"ldt", GDT_LDT},
	{"ldt,3", GDT_LDT | RPL},
	{"ldt absent", GDT_LDT_ABSENT},
	{"ldt far", GDT_LDT_FAR},
	{"tss", GDT_TSS},
	{"tss busy", GDT_TSS_BUSY},
	{"tss absent", GDT_TSS_ABSENT},
	{"tss far", GDT_TSS_FAR},
	{"tss16", GDT_TSS16},
	{"gate3", GDT_GATE3},
	{"gate3 absent", GDT_GATE3_ABSENT},
	{"gate16", GDT_GATE16},
	{"task gate", GDT_TASK_GATE},
	{"reserved", GDT_RESERVED},
	{"data3 absent", GDT_DATA3_ABSENT},
	{"code3 unreadable", GDT_CODE3_UNREADABLE},
	{"beyond", GDT_END},
	{"in ldt", TI | GDT_LDT},
};

static const struct target code_targets[] = {
	{"null", 0},
	{"code", GDT_CODE},
	{"code,3", GDT_CODE | RPL},
	{"conforming", GDT_CODE_CONFORMING},
	{"conforming,3", GDT_CODE_CONFORMING | RPL},
	{"code3", GDT_CODE3},
	{"code3,3", GDT_CODE3 | RPL},
	{"code absent", GDT_CODE_ABSENT},
	{"code32", GDT_CODE32},
	{"code l d", GDT_CODE_L_D},
	{"data", GDT_DATA},
	{"gate3,3", GDT_GATE3 | RPL},
	{"gate", GDT_GATE},
	{"gate3 absent", GDT_GATE3_ABSENT},
	{"gate3 no code", GDT_GATE3_NO_CODE},
	{"gate3 far", GDT_GATE3_FAR},
	{"gate16", GDT_GATE16},
	{"task gate", GDT_TASK_GATE},
	{"tss", GDT_TSS},
	{"beyond", GDT_END},
	{"no ldt", LDT_CODE3},
};

extern const struct insn_case cases_segment_load[], cases_segment_look[], cases_segment_system[],
	cases_segment_far[], cases_segment_table[];

static const struct target *target;

/* RAX: the selector; R8: of a TSS that is free; the cell: a far pointer to behind the instruction. */
static void prepare(struct shot *shot)
{
	gdt_init();
	shot->prefix = target->name;
	shot->gpr[RAX] = target->selector;
	shot->gpr[R8] = GDT_TSS;
	shot->cell = (uint64_t)target->selector << 32 | (STAGE_CODE + 2);
}

/* CPUID has spoilt them. */
static void prepare_load(struct shot *shot)
{
	prepare(shot);
	shot->hide = BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX);
}

static void each(const struct target *targets, unsigned count, const struct insn_case *cases,
		 void (*prepared)(struct shot *shot))
{
	for (unsigned i = 0; i < count; i++) {
		target = &targets[i];
		cases_fire(cases, prepared);
	}
}

static void prepare_table(struct shot *shot)
{
	gdt_init();
	shot->gpr[RAX] = GDT_LDT;
	shot->gpr[RCX] = LDT_DATA3;
	shot->gpr[RDX] = LDT_CODE3;
}

void subject_segment(void)
{
	each(data_targets, ARRAY_SIZE(data_targets), cases_segment_load, prepare_load);
	each(data_targets, DATA_TARGETS, cases_segment_look, prepare);
	each(system_targets + SYSTEM_TARGETS, ARRAY_SIZE(system_targets) - SYSTEM_TARGETS,
	     cases_segment_look, prepare);
	each(system_targets, ARRAY_SIZE(system_targets), cases_segment_system, prepare);
	each(code_targets, ARRAY_SIZE(code_targets), cases_segment_far, prepare);
	cases_fire(cases_segment_table, prepare_table);
}
