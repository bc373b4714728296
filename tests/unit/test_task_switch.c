/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hardware task switches: SDM 3A 7.3 "Task Switching" and table 7-1, on a guest of 32-bit code without
 * paging, whose GDT and TSSs are in its RAM.
 */
/* sources: vmm/task_switch.c vmm/task_segment.c vmm/segment_load.c vmm/cr.c vmm/emulate.c vmm/emulate_alu.c
 * vmm/emulate_bit.c vmm/emulate_exchange.c vmm/emulate_flags.c vmm/emulate_memory.c
 * vmm/emulate_move.c vmm/emulate_muldiv.c vmm/emulate_operand.c vmm/emulate_port.c
 * vmm/emulate_segment.c vmm/emulate_stack.c vmm/emulate_string.c vmm/emulate_string_side.c
 * vmm/emulate_system.c
 * vmm/emulate_vector.c vmm/guest_mem.c vmm/insn_cache.c vmm/insn_decode.c vmm/insn_fetch.c
 * vmm/insn_length.c vmm/insn_map_0f.c vmm/insn_map_group.c vmm/insn_map_one.c vmm/insn_modrm.c
 * vmm/insn_operand.c vmm/insn_vex.c vmm/walk.c tests/unit/emulate_machine.c
 * tests/unit/fpu_regs_fake.c tests/unit/guest_record.c */
#include "tests/unit/emulate_case.h"
#include "vmm/guest_features.h"
#include "vmm/task.h"

struct guest_features guest_features = {.cr = {.phys_bits = 40}};

enum { GDT = 0x2000, LDT = 0x2800, OLD_TSS = 0x3000, NEW_TSS = 0x3100, STACK = 0x5000 };
enum {
	CODE0 = 0x08,
	DATA0 = 0x10,
	CODE3 = 0x1b,
	DATA3 = 0x23,
	OLD = 0x28,
	NEW = 0x30,
	LDTR = 0x38,
	ABSENT = 0x40,
	READ_ONLY = 0x48,
	CONFORMING = 0x50,
	GDT_SIZE = 0x58
};
enum { AVAILABLE = 0x89, BUSY = 0x8b, AVAILABLE_16 = 0x81, BUSY_16 = 0x83 };

/* Offsets in a 32-bit TSS. */
enum {
	LINK = 0,
	CR3_AT = 28,
	EIP = 32,
	EFLAGS = 36,
	EAX = 40,
	ESP = 56,
	ES = 72,
	CS = 76,
	SS = 80,
	DS = 84,
	FS = 88,
	LDT_AT = 96,
	TRAP = 100,
	LAST_GPR = 68
};

static uint32_t get32(unsigned at)
{
	uint32_t value;

	memcpy(&value, machine.ram + at, sizeof(value));
	return value;
}

static uint16_t get16(unsigned at)
{
	return (uint16_t)get32(at);
}

static void put32(unsigned at, uint32_t value)
{
	memcpy(machine.ram + at, &value, sizeof(value));
}

static void put16(unsigned at, uint16_t value)
{
	memcpy(machine.ram + at, &value, sizeof(value));
}

static void descriptor(unsigned selector, uint32_t base, uint32_t limit, unsigned type,
		       unsigned flags)
{
	uint64_t raw = (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 | (uint64_t)type << 40 |
		       (uint64_t)(limit >> 16 & 0xf) << 48 | (uint64_t)flags << 52 |
		       (uint64_t)(base >> 24) << 56;

	memcpy(machine.ram + GDT + (selector & ~7u), &raw, sizeof(raw));
}

static uint8_t type_of(unsigned selector)
{
	return machine.ram[GDT + (selector & ~7u) + 5];
}

static void new_task(void)
{
	for (unsigned i = 0; i < 8; i++)
		put32(NEW_TSS + EAX + 4 * i, 0x1000 + i);
	put32(NEW_TSS + ESP, STACK);
	put32(NEW_TSS + EIP, 0x4321);
	put32(NEW_TSS + EFLAGS, RFLAGS_ONE | RFLAGS_IF);
	for (unsigned i = 0; i < 6; i++)
		put32(NEW_TSS + ES + 4 * i, i == 1 ? CODE0 : DATA0);
}

static struct frame_task *task(unsigned source, unsigned length)
{
	FRAME->task = (struct frame_task){
		.selector = NEW, .source = (uint8_t)source, .insn_len = (uint8_t)length};
	return &FRAME->task;
}

static int set_up_tasks(void **state)
{
	setup(state);
	machine_set_mode(&machine, INSN_MODE_32, true);
	FRAME->reason = EXIT_TASK_SWITCH;
	descriptor(CODE0, 0, 0xfffff, 0x9b, 0xc);
	descriptor(DATA0, 0, 0xfffff, 0x93, 0xc);
	descriptor(CODE3, 0, 0xfffff, 0xfb, 0xc);
	descriptor(DATA3, 0, 0xfffff, 0xf3, 0xc);
	descriptor(OLD, OLD_TSS, 103, BUSY, 0);
	descriptor(NEW, NEW_TSS, 103, AVAILABLE, 0);
	descriptor(LDTR, LDT, 15, 0x82, 0);
	descriptor(ABSENT, 0, 0xfffff, 0x13, 0xc);
	descriptor(READ_ONLY, 0, 0xfffff, 0x91, 0xc);
	descriptor(CONFORMING, 0, 0xfffff, 0x9f, 0xc);
	FRAME->gdtr.base = GDT;
	FRAME->gdtr.limit = GDT_SIZE - 1;
	FRAME->seg[SEG_TR] = (struct seg){
		.selector = OLD, .attributes = BUSY, .limit = 103, .base = OLD_TSS};
	for (unsigned i = 0; i <= SEG_GS; i++)
		FRAME->seg[i].selector = i == SEG_CS ? CODE0 : DATA0;
	for (unsigned i = 0; i < 8; i++)
		FRAME->gpr[i] = 0x2000 + i;
	FRAME->rip = 0x1234;
	new_task();
	return 0;
}

#define TASK_CASE(name) cmocka_unit_test_setup_teardown(name, set_up_tasks, teardown)

static enum emulate_result go(void)
{
	bool trap;
	enum emulate_result result = task_switch(&machine.e, &trap);

	assert_true(!trap || result == EMULATE_DONE);
	return result;
}

static void assert_new_task(uint32_t flags)
{
	assert_int_equal(FRAME->rip, 0x4321);
	assert_int_equal(FRAME->rflags, flags);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(FRAME->gpr[i], i == GPR_RSP ? STACK : 0x1000 + i);
	assert_int_equal(FRAME->seg[SEG_TR].selector, NEW);
	assert_int_equal(FRAME->seg[SEG_TR].attributes, BUSY);
	assert_int_equal(FRAME->seg[SEG_TR].base, NEW_TSS);
	assert_true(FRAME->control.cr0 & CR0_TS);
	assert_int_equal(FRAME->task.delivered, 1);
	assert_int_equal(machine.e.changed, GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT);
}

/* Each of the four ways: who is busy, who is linked, which flags. SDM 3A table 7-2. */
static void test_sources(void **state)
{
	static const struct {
		unsigned source, length;
		uint8_t old_type, new_type, new_was;
		bool nested;
	} cases[] = {
		{TASK_CALL, 7, BUSY, BUSY, AVAILABLE, true},
		{TASK_GATE, 2, BUSY, BUSY, AVAILABLE, true},
		{TASK_JMP, 7, AVAILABLE, BUSY, AVAILABLE, false},
		{TASK_IRET, 1, AVAILABLE, BUSY, BUSY, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		teardown(NULL);
		set_up_tasks(NULL);
		descriptor(NEW, NEW_TSS, 103, cases[i].new_was, 0);
		FRAME->rflags = RFLAGS_ONE | RFLAGS_CF | RFLAGS_NT;
		FRAME->seg[SEG_GS].selector = 0;
		task(cases[i].source, cases[i].length);
		assert_int_equal(go(), EMULATE_DONE);
		assert_new_task(RFLAGS_ONE | RFLAGS_IF | (cases[i].nested ? RFLAGS_NT : 0));
		assert_int_equal(type_of(OLD), cases[i].old_type);
		assert_int_equal(type_of(NEW), cases[i].new_type);
		assert_int_equal(get16(NEW_TSS + LINK), cases[i].nested ? OLD : 0);
		assert_int_equal(get32(OLD_TSS + EIP), 0x1234 + cases[i].length);
		assert_int_equal(get32(OLD_TSS + EFLAGS),
				 RFLAGS_ONE | RFLAGS_CF |
					 (cases[i].source == TASK_IRET ? 0 : RFLAGS_NT));
		for (unsigned j = 0; j < 8; j++)
			assert_int_equal(get32(OLD_TSS + EAX + 4 * j), 0x2000 + j);
		assert_int_equal(get32(OLD_TSS + CS), CODE0);
		assert_int_equal(get32(OLD_TSS + DS), DATA0);
		assert_int_equal(get32(OLD_TSS + LAST_GPR + 4 + 20), 0); /* GS */
	}
}

/* A fault through a gate: RF in the old flags, the error code on the new stack. An interrupt has neither. */
static void test_events(void **state)
{
	(void)state;
	task(TASK_GATE, 0)->type = INJECT_EXCEPTION;
	FRAME->task.vector = VECTOR_GP;
	FRAME->task.has_error = 1;
	FRAME->task.error = 0x123;
	assert_int_equal(go(), EMULATE_DONE);
	assert_int_equal(get32(OLD_TSS + EIP), 0x1234);
	assert_true(get32(OLD_TSS + EFLAGS) & RFLAGS_RF);
	assert_int_equal(FRAME->gpr[GPR_RSP], STACK - 4);
	assert_int_equal(get32(STACK - 4), 0x123);
	teardown(NULL);
	set_up_tasks(NULL);
	FRAME->shadow = SHADOW_STI;
	task(TASK_GATE, 0)->type = INJECT_EXTERNAL;
	assert_int_equal(go(), EMULATE_DONE);
	assert_false(get32(OLD_TSS + EFLAGS) & RFLAGS_RF);
	assert_int_equal(FRAME->gpr[GPR_RSP], STACK);
	assert_int_equal(FRAME->shadow, 0);
}

/* NMIs stay shut in the NMI's task, and its IRET opens them; any other leaves them as they are. */
static void test_nmi(void **state)
{
	static const struct {
		unsigned source, type;
		uint32_t before, after;
	} cases[] = {
		{TASK_GATE, INJECT_NMI, 0, SHADOW_NMI},
		{TASK_IRET, 0, SHADOW_NMI, 0},
		{TASK_CALL, 0, SHADOW_NMI | SHADOW_MOV_SS, SHADOW_NMI},
		{TASK_GATE, INJECT_EXCEPTION, SHADOW_NMI, SHADOW_NMI},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		teardown(NULL);
		set_up_tasks(NULL);
		task(cases[i].source, 0)->type = (uint8_t)cases[i].type;
		FRAME->shadow = cases[i].before;
		assert_int_equal(go(), EMULATE_DONE);
		assert_int_equal(FRAME->shadow, cases[i].after);
	}
}

/* What the new task cannot load is its own fault: EXT is set if an event from outside began it. */
static void assert_fault_of_new(unsigned vector, uint32_t error)
{
	assert_int_equal(go(), EMULATE_FAULT);
	assert_int_equal(machine.e.changed & GROUP_SEGMENT, GROUP_SEGMENT);
	assert_int_equal(FRAME->event.vector, vector);
	assert_int_equal(FRAME->event.error, error);
	assert_int_equal(FRAME->seg[SEG_TR].selector, NEW);
	assert_int_equal(FRAME->rip, 0x4321);
	assert_int_equal(FRAME->task.delivered, 0);
}

static void test_bad_segments(void **state)
{
	static const struct {
		unsigned at;
		uint16_t selector;
		unsigned vector;
	} cases[] = {
		{LDT_AT, DATA0, VECTOR_TS},
		{LDT_AT, 0x14, VECTOR_TS},
		{LDT_AT, GDT_SIZE, VECTOR_TS},
		{CS, 0, VECTOR_TS},
		{CS, DATA0, VECTOR_TS},
		{CS, CODE0 | 3, VECTOR_TS},
		{CS, CODE3 & ~3, VECTOR_TS},
		{CS, GDT_SIZE, VECTOR_TS},
		{SS, 0, VECTOR_TS},
		{SS, DATA0 | 3, VECTOR_TS},
		{SS, DATA3, VECTOR_TS},
		{SS, READ_ONLY, VECTOR_TS},
		{SS, CODE0, VECTOR_TS},
		{SS, ABSENT, VECTOR_SS},
		{DS, ABSENT, VECTOR_NP},
		{DS, NEW, VECTOR_TS},
		{ES, DATA0 | 3, VECTOR_TS},
		{FS, GDT_SIZE | 4, VECTOR_TS},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned external = i % 2;

		teardown(NULL);
		set_up_tasks(NULL);
		put16(NEW_TSS + cases[i].at, cases[i].selector);
		task(TASK_GATE, external ? 0 : 2)->type = INJECT_EXTERNAL;
		assert_fault_of_new(cases[i].vector, (cases[i].selector & ~3u) | external);
	}
}

static void test_good_segments(void **state)
{
	uint64_t local = 0x00cff2000000ffff;

	(void)state;
	memcpy(machine.ram + LDT + 8, &local, sizeof(local));
	put16(NEW_TSS + LDT_AT, LDTR);
	put16(NEW_TSS + CS, CODE3);
	put16(NEW_TSS + SS, DATA3);
	put16(NEW_TSS + ES, 0x0f); /* the LDT's, which has not been accessed */
	put16(NEW_TSS + DS, CONFORMING | 3);
	put16(NEW_TSS + FS, 0);
	put16(NEW_TSS + FS + 4, 3);
	task(TASK_JMP, 5);
	assert_int_equal(go(), EMULATE_DONE);
	assert_int_equal(FRAME->seg[SEG_LDTR].base, LDT);
	assert_int_equal(FRAME->control.cpl, 3);
	assert_int_equal(FRAME->seg[SEG_SS].attributes >> 5 & 3, 3);
	assert_int_equal(FRAME->seg[SEG_ES].limit, 0xffffffff);
	assert_true(machine.ram[LDT + 8 + 5] & 1);
	assert_int_equal(FRAME->seg[SEG_FS].attributes, SEG_ATTR_UNUSABLE);
	assert_int_equal(FRAME->seg[SEG_GS].attributes, SEG_ATTR_UNUSABLE);
}

/* The new task's CR3 is refused before a descriptor was loaded: its selectors are there, none is usable. */
static void test_bad_cr3(void **state)
{
	(void)state;
	FRAME->control.cr0 |= CR0_PG;
	FRAME->control.cr4 = CR4_PAE;
	FRAME->control.cr3 = 0x8000;
	put32(0x8000, 0x9001);
	put32(0x9000, 0x87);  /* a large page */
	put32(0xa000, 0x1e1); /* a PDPTE with reserved bits */
	put32(NEW_TSS + CR3_AT, 0xa000);
	put32(NEW_TSS + LDT_AT, LDTR | 4);
	FRAME->seg[SEG_LDTR].attributes = SEG_ATTR_P | 2;
	task(TASK_JMP, 7);
	assert_int_equal(go(), EMULATE_FAULT);
	assert_int_equal(FRAME->event.vector, VECTOR_GP);
	assert_int_equal(FRAME->control.cr3, 0x8000);
	assert_int_equal(FRAME->seg[SEG_TR].selector, NEW);
	assert_int_equal(FRAME->seg[SEG_LDTR].selector, LDTR | 4);
	assert_int_equal(FRAME->seg[SEG_LDTR].attributes, SEG_ATTR_UNUSABLE);
	assert_int_equal(FRAME->seg[SEG_DS].attributes, SEG_ATTR_UNUSABLE);
}

static void test_v86(void **state)
{
	(void)state;
	put32(NEW_TSS + EFLAGS, RFLAGS_ONE | RFLAGS_VM);
	put16(NEW_TSS + CS, 0x9000);
	put32(NEW_TSS + EIP, 0x10);
	task(TASK_IRET, 1);
	assert_int_equal(go(), EMULATE_DONE);
	assert_int_equal(FRAME->control.cpl, 3);
	assert_int_equal(FRAME->seg[SEG_CS].base, 0x90000);
	for (unsigned i = SEG_ES; i <= SEG_GS; i++)
		assert_int_equal(FRAME->seg[i].attributes, 0xf3);
}

/* 80286's format on both sides: upper halves are ones, FS and GS null. */
static void test_16_bit(void **state)
{
	(void)state;
	descriptor(OLD, OLD_TSS, 43, BUSY_16, 0);
	FRAME->seg[SEG_TR].attributes = BUSY_16;
	FRAME->seg[SEG_TR].limit = 43;
	descriptor(NEW, NEW_TSS, 43, AVAILABLE_16, 0);
	memset(machine.ram + NEW_TSS, 0, 104);
	put16(NEW_TSS + 14, 0x4321);
	put16(NEW_TSS + 16, RFLAGS_ONE);
	put16(NEW_TSS + 18, 0x7777);
	for (unsigned i = 0; i < 4; i++)
		put16(NEW_TSS + 34 + 2 * i, i == 1 ? CODE0 : DATA0);
	FRAME->gpr[GPR_RAX] = 0x12345678;
	task(TASK_CALL, 5);
	assert_int_equal(go(), EMULATE_DONE);
	assert_int_equal(get16(OLD_TSS + 14), 0x1239);
	assert_int_equal(get32(OLD_TSS + 18), 0x5678 | 0x2001 << 16);
	assert_int_equal(FRAME->gpr[GPR_RAX], 0xffff7777);
	assert_int_equal(FRAME->rflags, RFLAGS_ONE | RFLAGS_NT);
	assert_int_equal(FRAME->seg[SEG_FS].attributes, SEG_ATTR_UNUSABLE);
	assert_int_equal(type_of(NEW), BUSY_16);
}

static void assert_untouched(const uint8_t before[0x8000])
{
	assert_memory_equal(machine.ram, before, 0x8000);
	assert_int_equal(FRAME->rip, 0x1234);
	assert_int_equal(FRAME->seg[SEG_TR].selector, OLD);
	assert_int_equal(FRAME->task.delivered, 0);
}

/* What the processor had checked and another CPU has spoilt since: the guest runs it again. */
static void test_descriptor_spoilt(void **state)
{
	static const struct {
		unsigned limit, type;
	} cases[] = {{102, AVAILABLE}, {103, 0x93}, {103, 0x09},
		     {103, 0x82},      {103, 0x8c}, {42, AVAILABLE_16}};
	static uint8_t before[0x8000];

	(void)state;
	for (size_t i = 0; i <= ARRAY_SIZE(cases); i++) {
		task(TASK_JMP, 5);
		if (i == ARRAY_SIZE(cases))
			FRAME->task.selector = GDT_SIZE;
		else
			descriptor(NEW, NEW_TSS, cases[i].limit, cases[i].type, 0);
		memcpy(before, machine.ram, sizeof(before));
		assert_int_equal(go(), EMULATE_RESTART);
		assert_int_equal(machine.e.changed, 0);
		assert_untouched(before);
	}
}

/* The old task's TSS is too small: #TS, and nothing has happened. Tables where no RAM is end the guest. */
static void test_nothing_half_done(void **state)
{
	static uint8_t before[0x8000];

	(void)state;
	FRAME->seg[SEG_TR].limit = 102;
	task(TASK_CALL, 5);
	memcpy(before, machine.ram, sizeof(before));
	assert_int_equal(go(), EMULATE_FAULT);
	assert_int_equal(machine.e.changed, GROUP_EVENT);
	assert_int_equal(FRAME->event.vector, VECTOR_TS);
	assert_int_equal(FRAME->event.error, OLD);
	assert_untouched(before);
	FRAME->seg[SEG_TR].limit = 103;
	FRAME->gdtr.base = 0x7fff0000;
	assert_int_equal(go(), EMULATE_UNSUPPORTED);
	assert_untouched(before);
}

/* Beyond CS's limit; a stack that cannot take the error code; the T bit. */
static void test_end(void **state)
{
	bool trap;

	(void)state;
	put32(NEW_TSS + TRAP, 1);
	task(TASK_JMP, 5);
	assert_int_equal(task_switch(&machine.e, &trap), EMULATE_DONE);
	assert_true(trap);
	teardown(NULL);
	set_up_tasks(NULL);
	descriptor(CODE0, 0, 0x4320, 0x9b, 4);
	task(TASK_JMP, 5);
	assert_fault_of_new(VECTOR_GP, 0);
	teardown(NULL);
	set_up_tasks(NULL);
	descriptor(DATA0, 0, STACK - 5, 0x93, 4);
	task(TASK_GATE, 0)->type = INJECT_EXCEPTION;
	FRAME->task.has_error = 1;
	assert_fault_of_new(VECTOR_SS, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TASK_CASE(test_sources),
		TASK_CASE(test_events),
		TASK_CASE(test_nmi),
		TASK_CASE(test_bad_segments),
		TASK_CASE(test_good_segments),
		TASK_CASE(test_bad_cr3),
		TASK_CASE(test_v86),
		TASK_CASE(test_16_bit),
		TASK_CASE(test_descriptor_spoilt),
		TASK_CASE(test_nothing_half_done),
		TASK_CASE(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
