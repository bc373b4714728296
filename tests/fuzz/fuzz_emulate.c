/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulator on any instruction, registers, segments, modes, page tables and races: nothing outside
 * the guest's memory is touched, no byte that decides is read twice, a fault leaves no trace, and every
 * call ends.
 */
/* sources: vmm/emulate.c vmm/emulate_alu.c vmm/emulate_bit.c vmm/emulate_cr.c vmm/emulate_exchange.c
 * vmm/emulate_flags.c vmm/emulate_memory.c vmm/emulate_move.c vmm/emulate_muldiv.c
 * vmm/emulate_operand.c vmm/emulate_port.c vmm/emulate_segment.c vmm/emulate_stack.c
 * vmm/emulate_string.c vmm/emulate_string_side.c vmm/emulate_system.c vmm/segment_load.c
 * vmm/emulate_vector.c vmm/guest_mem.c vmm/insn_cache.c
 * vmm/insn_decode.c vmm/insn_fetch.c vmm/insn_length.c vmm/insn_map_0f.c vmm/insn_map_group.c
 * vmm/insn_map_one.c vmm/insn_modrm.c vmm/insn_operand.c vmm/insn_vex.c vmm/walk.c
 * tests/unit/emulate_machine.c tests/unit/fpu_regs_fake.c tests/unit/guest_record.c
 * tests/unit/read_once.c arch/x86_64/vmx/check_segment.c */
/* libs: -Wl,--wrap=walk */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/entry_check.h"
#include "tests/unit/emulate_machine.h"
#include "tests/unit/fpu_regs_fake.h"
#include "tests/unit/guest_record.h"
#include "tests/unit/read_once.h"
#include "vmm/cpu_bits.h"
#include "vmm/emulate_cr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct machine machine;

struct input {
	const uint8_t *data;
	size_t size;
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

static uint64_t take(struct input *input, size_t count)
{
	uint64_t value = 0;

	if (count > input->size)
		count = input->size;
	memcpy(&value, input->data, count);
	input->data += count;
	input->size -= count;
	return value;
}

/* A register: often an address in the window, sometimes anything. */
static uint64_t take_register(struct input *input)
{
	unsigned kind = (unsigned)take(input, 1);

	if (kind < 0xa0)
		return MACHINE_DATA + take(input, 2) % (MACHINE_PAGES * 4096);
	if (kind < 0xd0)
		return take(input, 2);
	return take(input, 8);
}

static void take_mode(struct input *input)
{
	unsigned mode = (unsigned)take(input, 1);
	struct frame *frame = &machine.frame;

	if (mode % 4 != 3)
		machine_set_mode(&machine, mode % 4 == 2 ? INSN_MODE_64 : mode % 4, mode & 4);
	if (mode % 4 == 2) /* not a mode to set: leave 64-bit as it was */
		machine_reset_frame(&machine);
	if (mode & 8)
		frame->control.cpl = 3;
	if (mode & 16)
		frame->control.cr4 ^= take(input, 4);
	if (mode & 32)
		frame->seg[take(input, 1) % SEG_COUNT].attributes = (uint16_t)take(input, 2);
	if (mode & 64)
		frame->seg[take(input, 1) % SEG_COUNT].limit = (uint32_t)take(input, 4);
	if (mode & 128)
		frame->rflags = take(input, 4) | RFLAGS_ONE;
}

/* The same words all over the window: far pointers and selectors wherever a register points. */
static void fill_window(struct input *input)
{
	uint8_t words[16];

	for (unsigned i = 0; i < sizeof(words); i++)
		words[i] = (uint8_t)take(input, 1);
	for (unsigned at = 0; at < MACHINE_PAGES * 4096; at += sizeof(words))
		machine_put(&machine, at, words, sizeof(words));
}

/* A GDT and an LDT in the window, whose descriptors are more often good than chance would have it. */
static void take_tables(struct input *input)
{
	enum { DESCRIPTORS = 16 };
	struct frame *frame = &machine.frame;
	unsigned what = (unsigned)take(input, 1);
	struct seg *ldt = &frame->seg[SEG_LDTR];
	unsigned at = what & 2 ? 4096 - 5 * 8 : 0;
	gva_t window = frame->control.cr0 & CR0_PG ? MACHINE_DATA : MACHINE_RAM_DATA;

	machine.refuse = what & 16;
	if (what & 1)
		fill_window(input);
	if (!(what & 4))
		return;
	for (unsigned i = 0; i < DESCRIPTORS; i++) {
		unsigned kind = (unsigned)take(input, 1);
		uint64_t raw = (uint64_t)kind << 40 | 0xffff;

		if (kind & SEG_ATTR_S)
			raw |= take(input, 1) << 48; /* G, D, L and the limit's top */
		else
			raw = take(input, 8);
		machine_put(&machine, at + i * 8, &raw, sizeof(raw));
	}
	frame->gdtr.base = window + at;
	frame->gdtr.limit = (uint16_t)take(input, 1);
	ldt->base = window + at + 32;
	ldt->limit = (uint32_t)take(input, 1);
	ldt->attributes = what & 8 ? SEG_ATTR_UNUSABLE : SEG_ATTR_P | 2;
	frame->seg[SEG_TR] = (struct seg){.attributes = SEG_ATTR_P | 11, .limit = 103};
}

/* What decides whether vector and x87 registers may be used, and by whom memory. */
static void take_processor(struct input *input)
{
	static const uint32_t flags[] = {CR0_EM, CR0_TS, CR0_NE, CR0_WP, CR0_AM};
	static const uint64_t components[] = {0xe7, 0x2e7, 7, 3};
	unsigned what = (unsigned)take(input, 1);

	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++)
		if (what >> i & 1)
			machine.frame.control.cr0 ^= flags[i];
	fake_xcr0 = components[what >> 6];
	fake_x87_status = what & 32 ? (uint16_t)take(input, 2) : 0;
	fake_pkru.value = (uint32_t)take(input, 4);
}

static void take_exit(struct input *input)
{
	static const enum exit_reason reasons[] = {EXIT_MMIO,	   EXIT_MMIO, EXIT_MMIO,
						   EXIT_IO_STRING, EXIT_IO,   EXIT_CR};
	struct frame *frame = &machine.frame;

	frame->reason = reasons[take(input, 1) % ARRAY_SIZE(reasons)];
	if (frame->reason == EXIT_MMIO) {
		frame->mmio.gpa = MACHINE_DEVICE + take(input, 2);
		frame->mmio.access = (uint32_t)take(input, 1) & 7;
	} else if (frame->reason == EXIT_CR) {
		frame->cr.cr = (uint32_t)take(input, 1) & 15;
		frame->cr.write = (uint32_t)take(input, 1) & 1;
	} else {
		frame->io.port = (uint16_t)frame->gpr[GPR_RDX];
		frame->io.size = (uint8_t)(1 << take(input, 1) % 3);
		frame->io.in = take(input, 1) & 1;
	}
}

/* CMPS reads two operands in memory; what else there is, one. */
static void begin_execution(void)
{
	enum insn_op op = machine.e.insn.op;

	read_once_execute(op == INSN_CMPS ? 2 : 1, op >= INSN_MOVS && op <= INSN_OUTS);
}

static enum emulate_result run(void)
{
	struct emulate_cr access;
	enum emulate_result result;

	machine.port_count = 0;
	read_once_fetch(MACHINE_RAM_CODE, 2 * PAGE_SIZE);
	result = emulate_fetch(&machine.e);
	begin_execution();
	if (machine.frame.reason != EXIT_CR)
		return result == EMULATE_DONE ? emulate_one(&machine.e) : result;
	if (result == EMULATE_DONE)
		result = emulate_cr_begin(&machine.e, &access);
	if (result == EMULATE_DONE)
		result = emulate_cr_end(&machine.e, &access, 0x80050033);
	return result;
}

/* RIP, where 64-bit code is not; and where a far jump goes is in its segment. */
static bool can_be_at(const struct frame *frame)
{
	const struct seg *code = &frame->seg[SEG_CS];

	if ((frame->control.efer & EFER_LMA) && (code->attributes & SEG_ATTR_L))
		return true;
	return frame->rip <= (machine.e.insn.op == INSN_JMP_FAR ? code->limit : UINT32_MAX);
}

/* What each answer promises of the frame. */
static void check(enum emulate_result result, const struct frame *before)
{
	const struct frame *frame = &machine.frame;
	uint32_t changed = machine.e.changed;

	if (result == EMULATE_DONE) {
		require(machine.e.skip <= INSN_MAX_LENGTH);
		require(machine.e.skip || (changed & GROUP_IP));
		/* What could be entered with can be after a segment was loaded. */
		if ((changed & GROUP_SEGMENT) && !entry_flaw(before))
			require(!entry_flaw(frame) && can_be_at(frame));
		return;
	}
	require(!machine.e.skip);
	require(frame->rip == before->rip);
	require(!memcmp(frame->seg, before->seg, sizeof(frame->seg)));
	require((result == EMULATE_FAULT) == ((changed & GROUP_EVENT) != 0));
	if (!(changed & GROUP_GPR) || result == EMULATE_UNSUPPORTED)
		require(!memcmp(frame->gpr, before->gpr, sizeof(frame->gpr)));
	if (result == EMULATE_FAULT) {
		require(!memcmp(frame->gpr, before->gpr, sizeof(frame->gpr)));
		require(frame->rflags == before->rflags);
		require(frame->event.type == INJECT_EXCEPTION && frame->event.vector < 32);
		require(!frame->event.has_error || (frame->control.cr0 & CR0_PE));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct frame before;
	uint8_t code[16];

	machine_init(&machine);
	guest_record_reset();
	for (unsigned i = 0; i < sizeof(code); i++)
		code[i] = (uint8_t)take(&input, 1);
	machine_set_code(&machine, code, sizeof(code));
	take_mode(&input);
	for (unsigned i = 0; i < GPR_COUNT; i++)
		machine.frame.gpr[i] = take_register(&input);
	take_exit(&input);
	*machine_entry(&machine, (unsigned)take(&input, 1) % MACHINE_PAGES) ^= take(&input, 2);
	guest_record.fail_at = (unsigned)take(&input, 1);
	guest_record.mutate = take(&input, 1) & 1;
	guest_record.mutate_from = take(&input, 1) & 1 ? MACHINE_RAM_CODE : MACHINE_RAM_DATA;
	for (unsigned i = 0; i < ARRAY_SIZE(fake_masks); i++)
		fake_masks[i] = take(&input, 8);
	take_tables(&input);
	take_processor(&input);
	for (unsigned i = 0; i < 3; i++) {
		before = machine.frame;
		check(run(), &before);
	}
	machine_free(&machine);
	return 0;
}
