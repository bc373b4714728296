/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS C07: gates that let an event through or do not, for instructions, exceptions, exceptions that a
 * hypervisor raises, and interrupts; and two exceptions at once: SDM 3A 6.12 to 6.15, APM2 8.2, 8.7 to 8.9.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/transcript/gdt.h"
#include "tests/guests/transcript/insn.h"
#include "tests/guests/transcript/stage.h"
#include "tests/guests/transcript/subject.h"

enum { VECTOR = 0x63, GATE_P = 0x80, GATE_DPL3 = 0x60, IST_STAGE = 3, AGAIN = 0xf0, CR4_0 = 7 };
enum { TYPE_TASK = 5, TYPE_INT16 = 6, TYPE_INT = 14, TYPE_TRAP = 15 };
#define NOT_CANONICAL 0x0000800000000000UL

struct gate {
	const char *name;
	uint8_t access;
	uint16_t selector;
	bool far; /* the target is not canonical */
};

static const struct gate gates[] = {
	{"int", GATE_P | TYPE_INT, SELECTOR_CODE, false},
	{"int3", GATE_P | GATE_DPL3 | TYPE_INT, SELECTOR_CODE, false},
	{"trap3", GATE_P | GATE_DPL3 | TYPE_TRAP, SELECTOR_CODE, false},
	{"absent", TYPE_INT, SELECTOR_CODE, false},
	{"absent3", GATE_DPL3 | TYPE_INT, SELECTOR_CODE, false},
	{"task", GATE_P | GATE_DPL3 | TYPE_TASK, GDT_TSS, false},
	{"int16", GATE_P | GATE_DPL3 | TYPE_INT16, SELECTOR_CODE, false},
	{"type 0", GATE_P | GATE_DPL3, SELECTOR_CODE, false},
	{"null", GATE_P | GATE_DPL3 | TYPE_INT, 0, false},
	{"data", GATE_P | GATE_DPL3 | TYPE_INT, GDT_DATA, false},
	{"code absent", GATE_P | GATE_DPL3 | TYPE_INT, GDT_CODE_ABSENT, false},
	{"code32", GATE_P | GATE_DPL3 | TYPE_INT, GDT_CODE32, false},
	{"beyond", GATE_P | GATE_DPL3 | TYPE_INT, GDT_END, false},
	{"no ldt", GATE_P | GATE_DPL3 | TYPE_INT, LDT_CODE3, false},
	{"far", GATE_P | GATE_DPL3 | TYPE_INT, SELECTOR_CODE, true},
};

extern const struct insn_case cases_gate_int[], cases_gate_own[], cases_gate_ipi[],
	cases_gate_limit[];

static const char *gate_name;

static void put_gate(unsigned vector, const struct gate *gate)
{
	uint64_t *entry = &guest_idt[2 * vector];

	entry[0] = (entry[0] & ~(BITS(47, 40) | BITS(31, 16))) | (uint64_t)gate->access << 40 |
		   (uint64_t)gate->selector << 16;
	if (!gate->far)
		return;
	entry[0] &= ~(BITS(63, 48) | BITS(15, 0));
	entry[1] = NOT_CANONICAL >> 32;
}

/* An interrupt that did not get through stays in service or pending: it is taken now. */
static void drain(void)
{
	struct shot shot;

	for (unsigned i = 0; i < AGAIN / 32; i++)
		while (apic_read(APIC_ISR + i * 16))
			apic_eoi();
	shot_begin(&shot, 0);
	SHOT_CODE(&shot, 0xfb, 0x90, 0x90, 0xfa);
	shot_run(&shot);
}

static void prepare(struct shot *shot)
{
	shot->prefix = gate_name;
	shot->gpr[RDI] = STAGE_DEVICE + APIC_ICR;
	shot->gpr[RAX] = ICR_SELF | ICR_ASSERT | VECTOR;
	shot->cell = 0;
	shot->hide_cell = true;
}

static void all_gates(void)
{
	uint64_t old[2];

	memcpy(old, &guest_idt[2 * VECTOR], sizeof(old));
	for (unsigned i = 0; i < ARRAY_SIZE(gates); i++) {
		gate_name = gates[i].name;
		put_gate(VECTOR, &gates[i]);
		cases_fire(cases_gate_int, prepare);
		cases_fire(cases_gate_ipi, prepare);
		memcpy(&guest_idt[2 * VECTOR], old, sizeof(old));
		drain();
	}
}

/* What stands in an exception's own gate while it is raised. */
static const struct {
	const char *name;
	uint64_t stack; /* through IST 3; 0: the gate is not present */
} troubles[] = {
	{"gate absent", 0},
	{"stack not mapped", STAGE + 0x800},
	{"stack not canonical", NOT_CANONICAL + 0x1000},
	{"stack read-only", STAGE_PAGE + 0x800},
};

static const struct {
	unsigned vector;
	const char *name;
	uint8_t code[14], size;
} exceptions[] = {
	{VECTOR_DE, "div by 0", {0x31, 0xc9, 0xf7, 0xf1}, 4},
	{VECTOR_DB, "icebp", {0xf1}, 1},
	{VECTOR_BP, "int3", {0xcc}, 1},
	{VECTOR_UD, "ud2", {0x0f, 0x0b}, 2},
	{VECTOR_UD, "vmrun", {0x31, 0xc0, 0x0f, 0x01, 0xd8}, 5},
	{VECTOR_GP, "mov %ss, beyond", {0xb8, 0x98, 0x01, 0, 0, 0x8e, 0xd0}, 7},
	{VECTOR_GP, "rdmsr", {0xb9, 0xef, 0xbe, 0xad, 0xde, 0x0f, 0x32}, 7},
	{VECTOR_GP, "mov %cr4, 0", {0x31, 0xc0, 0x0f, 0x22, 0xe0}, 5},
	{VECTOR_PF, "read", {0x8b, 0x04, 0x25, 0x00, 0x00, 0x00, 0x40}, 7},
	{VECTOR_PF, "insb", {0xbf, 0x00, 0x00, 0x00, 0x40, 0x66, 0xba, 0x00, 0x0d, 0x6c}, 10},
	{VECTOR_PF,
	 "mmio to stack",
	 {0xbc, 0x00, 0x80, 0x00, 0x40, 0xff, 0x34, 0x25, 0x00, 0x22, 0x02, 0x40},
	 12},
};

static void in_trouble(unsigned exception, unsigned trouble)
{
	uint64_t *entry = &guest_idt[2 * exceptions[exception].vector], old = *entry;
	struct shot shot;

	if (test_bed("bare-qemu") && exception == CR4_0)
		return; /* TCG alone takes it, and is lost */
	shot_begin(&shot, 0);
	shot.code = exceptions[exception].code;
	shot.size = exceptions[exception].size;
	cpu_of(0)->tss.ist[IST_STAGE - 1] = troubles[trouble].stack;
	if (troubles[trouble].stack)
		trap_set_stack(exceptions[exception].vector, IST_STAGE);
	else
		*entry &= ~BIT(47);
	shot_fire(&shot, "%s: %s", troubles[trouble].name, exceptions[exception].name);
	*entry = old;
}

static void two_at_once(void)
{
	stage_map(STAGE_PAGE, (uintptr_t)stage_memory(STAGE_PAGE), PAGE_P);
	for (unsigned i = 0; i < ARRAY_SIZE(troubles); i++)
		for (unsigned j = 0; j < ARRAY_SIZE(exceptions); j++)
			in_trouble(j, i);
	stage_map(STAGE_PAGE, (uintptr_t)stage_memory(STAGE_PAGE), STAGE_RIGHTS);
}

static void idt_limit(void)
{
	struct descriptor_pointer pointer = {16 * (VECTOR_USER_DONE + 1) - 1, (uintptr_t)guest_idt};

	idt_load(&pointer);
	cases_fire(cases_gate_limit, NULL);
	trap_load_idt();
}

void subject_gate(void)
{
	all_gates();
	cases_fire(cases_gate_own, NULL);
	two_at_once();
	idt_limit();
}
