/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Task switches: a GDT and two TSSs that are good, of which the input changes bytes, with memory that changes
 * under way and fails. Either nothing has happened to the guest, or the new task is one that a processor
 * enters; and a TSS is read once.
 */
/* sources: vmm/task_switch.c vmm/task_segment.c vmm/segment_load.c vmm/cr.c vmm/emulate.c vmm/emulate_alu.c
 * vmm/emulate_bit.c vmm/emulate_exchange.c vmm/emulate_flags.c vmm/emulate_memory.c
 * vmm/emulate_move.c vmm/emulate_muldiv.c vmm/emulate_operand.c vmm/emulate_port.c
 * vmm/emulate_segment.c vmm/emulate_stack.c vmm/emulate_string.c vmm/emulate_string_side.c
 * vmm/emulate_system.c
 * vmm/emulate_vector.c vmm/guest_mem.c vmm/insn_cache.c vmm/insn_decode.c vmm/insn_fetch.c
 * vmm/insn_length.c vmm/insn_map_0f.c vmm/insn_map_group.c vmm/insn_map_one.c vmm/insn_modrm.c
 * vmm/insn_operand.c vmm/insn_vex.c vmm/walk.c tests/unit/emulate_machine.c
 * tests/unit/fpu_regs_fake.c tests/unit/guest_record.c arch/x86_64/vmx/check_segment.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/entry_check.h"
#include "tests/unit/emulate_machine.h"
#include "tests/unit/guest_record.h"
#include "vmm/guest_features.h"
#include "vmm/task.h"

enum {
	GDT = 0x2000,
	LDT = 0x2800,
	OLD_TSS = 0x3000,
	NEW_TSS = 0x3100,
	STACK = 0x5000,
	DIRECTORY = 0x8000
};
enum {
	CODE0 = 0x08,
	DATA0 = 0x10,
	CODE3 = 0x18,
	DATA3 = 0x20,
	OLD = 0x28,
	NEW = 0x30,
	LDTR = 0x38
};
enum {
	TSS_SIZE = 104,
	TSS_CR3 = 28,
	TSS_IP = 32,
	TSS_FLAGS = 36,
	TSS_SP = 56,
	TSS_SEGMENTS = 72,
	TSS_LDT = 96
};
enum { PS_RW_US_P = 0x87 };

struct guest_features guest_features = {.cr = {.phys_bits = 40}};

static struct machine machine;
static const uint8_t *input;
static size_t left;

static unsigned take(void)
{
	if (left == 0)
		return 0;
	left--;
	return *input++;
}

static void require(bool promise, const char *what)
{
	if (promise)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void put(unsigned at, uint64_t value, size_t size)
{
	memcpy(machine.ram + at, &value, size);
}

static void put_descriptor(unsigned selector, uint32_t base, uint32_t limit, uint64_t type,
			   uint64_t flags)
{
	put(GDT + selector,
	    (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 | type << 40 |
		    (uint64_t)(limit >> 16 & 0xf) << 48 | flags << 52 | (uint64_t)(base >> 24) << 56,
	    8);
}

static void make_tables(bool wide, bool pae)
{
	put_descriptor(CODE0, 0, 0xfffff, 0x9b, 0xc);
	put_descriptor(DATA0, 0, 0xfffff, 0x93, 0xc);
	put_descriptor(CODE3, 0, 0xfffff, 0xfb, 0xc);
	put_descriptor(DATA3, 0, 0xfffff, 0xf3, 0xc);
	put_descriptor(OLD, OLD_TSS, TSS_SIZE - 1, wide ? 0x8b : 0x83, 0);
	put_descriptor(NEW, NEW_TSS, TSS_SIZE - 1, wide ? 0x89 : 0x81, 0);
	put_descriptor(LDTR, LDT, 15, 0x82, 0);
	put(LDT, 0x00cff3000000ffff, 8);
	put(NEW_TSS + TSS_CR3, DIRECTORY, 4);
	put(NEW_TSS + TSS_IP, 0x4321, 4);
	put(NEW_TSS + TSS_FLAGS, RFLAGS_ONE, 4);
	put(NEW_TSS + TSS_SP, STACK, 4);
	for (unsigned i = 0; wide && i < 6; i++)
		put(NEW_TSS + TSS_SEGMENTS + 4 * i, i == 1 ? CODE0 : DATA0, 4);
	for (unsigned i = 0; !wide && i < 4; i++)
		put(NEW_TSS + 34 + 2 * i, i == 1 ? CODE0 : DATA0, 2);
	put(NEW_TSS + (wide ? TSS_LDT : 42), 0, 2);
	/* One large page, of all that there is; PAE paging has a level more. */
	put(pae ? DIRECTORY + PAGE_SIZE : DIRECTORY, PS_RW_US_P, 8);
	if (pae)
		put(DIRECTORY, (DIRECTORY + PAGE_SIZE) | 1, 8);
}

static void make_frame(unsigned what, bool wide)
{
	struct frame *frame = &machine.frame;

	machine_set_mode(&machine, INSN_MODE_32, true);
	frame->reason = EXIT_TASK_SWITCH;
	frame->gdtr.base = GDT;
	frame->gdtr.limit = 0x3f;
	frame->seg[SEG_TR] = (struct seg){.selector = OLD,
					  .attributes = wide ? 0x8b : 0x83,
					  .limit = TSS_SIZE - 1,
					  .base = OLD_TSS};
	frame->seg[SEG_LDTR] = (struct seg){
		.selector = LDTR, .attributes = SEG_ATTR_P | 2, .limit = 15, .base = LDT};
	for (unsigned i = 0; i <= SEG_GS; i++)
		frame->seg[i].selector = i == SEG_CS ? CODE0 : DATA0;
	frame->rip = 0x1234;
	frame->control.cr4 = what & 8 ? CR4_PAE : CR4_PSE;
	frame->control.cr3 = DIRECTORY;
	if (what & 4)
		frame->control.cr0 |= CR0_PG;
}

static void take_task(void)
{
	struct frame_task *task = &machine.frame.task;

	*task = (struct frame_task){.selector = (uint16_t)(take() & ~4u)};
	task->selector = task->selector ? task->selector : NEW;
	task->source = (uint8_t)(take() % 4);
	task->insn_len = (uint8_t)(take() % 16);
	task->type = (uint8_t)(take() % 8);
	task->vector = (uint8_t)take();
	task->has_error = take() & 1;
	task->error = take();
	machine.frame.rflags = RFLAGS_ONE | take() << 8;
}

/* Bytes from the GDT to behind the TSSs. False: none of the GDT. */
static bool spoil(void)
{
	bool table = false;

	for (unsigned i = take(); i > 0 && left > 0; i--) {
		unsigned at = take();

		at |= take() << 8;

		table |= at % 0x1200 < LDT + 16 - GDT;
		machine.ram[GDT + at % 0x1200] ^= (uint8_t)take();
	}
	return table;
}

static void check(enum emulate_result result, const struct frame *before)
{
	const struct frame *frame = &machine.frame;

	if (machine.e.changed & GROUP_SEGMENT) {
		const char *flaw = entry_flaw(frame);

		require(result == EMULATE_DONE || result == EMULATE_FAULT ||
				result == EMULATE_UNSUPPORTED,
			"a task switch ends half done");
		require(!flaw, flaw);
		require(frame->rip <= UINT32_MAX, "RIP");
		require((result == EMULATE_DONE) == frame->task.delivered, "who has the event");
		return;
	}
	require(result != EMULATE_DONE, "nothing changed, and it is done");
	require((result == EMULATE_FAULT) == (machine.e.changed == GROUP_EVENT), "what changed");
	require(!memcmp(frame->gpr, before->gpr, sizeof(frame->gpr)), "registers");
	require(!memcmp(frame->seg, before->seg, sizeof(frame->seg)), "segments");
	require(!memcmp(&frame->control, &before->control, sizeof(frame->control)),
		"control registers");
	require(frame->rip == before->rip && frame->rflags == before->rflags, "RIP and flags");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const gpa_t mutable[] = {GDT, OLD_TSS, NEW_TSS, DIRECTORY};
	struct frame before;
	unsigned what;
	bool trap, table;

	input = data;
	left = size;
	machine_init(&machine);
	what = take();
	make_tables(what & 1, what & 8);
	make_frame(what, what & 1);
	take_task();
	table = spoil();
	guest_record_reset();
	guest_record.fail_at = take();
	guest_record.mutate = what & 2;
	guest_record.mutate_from = mutable[take() % ARRAY_SIZE(mutable)];
	before = machine.frame;
	check(task_switch(&machine.e, &trap), &before);
	for (unsigned i = 0; i < TSS_SIZE && !table && machine.frame.task.selector == NEW; i++)
		require(guest_record.reads[NEW_TSS + i] <= 1, "the new TSS is read twice");
	machine_free(&machine);
	return 0;
}
