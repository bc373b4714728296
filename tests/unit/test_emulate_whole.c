/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An instruction is done whole or not at all (THREATS D05): each form is run with its operand in RAM, in a
 * device and across both, while the n-th access to guest memory fails, the device refuses, or the page is
 * not there, for every n. Whatever stops it, no register has moved, and a fault is the guest's own.
 */
/* sources: vmm/emulate.c vmm/emulate_alu.c vmm/emulate_bit.c vmm/emulate_cr.c vmm/emulate_exchange.c
 * vmm/emulate_flags.c vmm/emulate_memory.c vmm/emulate_move.c vmm/emulate_muldiv.c
 * vmm/emulate_operand.c vmm/emulate_port.c vmm/emulate_segment.c vmm/emulate_stack.c
 * vmm/emulate_string.c vmm/emulate_string_side.c vmm/emulate_system.c vmm/segment_load.c
 * vmm/emulate_vector.c vmm/guest_mem.c vmm/insn_cache.c
 * vmm/insn_decode.c vmm/insn_fetch.c vmm/insn_length.c vmm/insn_map_0f.c vmm/insn_map_group.c
 * vmm/insn_map_one.c vmm/insn_modrm.c vmm/insn_operand.c vmm/insn_vex.c vmm/walk.c
 * tests/unit/emulate_machine.c tests/unit/fpu_regs_fake.c tests/unit/guest_record.c */
#include "tests/unit/emulate_case.h"
#include "tests/unit/emulate_templates.h"

#include "tests/unit/fpu_regs_fake.h"

enum { MOST_ACCESSES = 200, STACK = 0x4800 };

/* A case: the bytes, and where in the window [rdi] and [rsi] are. */
struct form {
	uint8_t bytes[16];
	bool string; /* of whose iterations those that are done stay done */
	unsigned at;
};

/* RAM, device, and each into the other. */
static const unsigned places[] = {0x100, 0x1100, 0xffe, 0x1ffe, 0xff8, 0x1ff8};

static void put_form(struct form *form, const struct template *template, bool lock, unsigned at)
{
	const uint8_t *opcode = (const uint8_t *)template->opcode;
	size_t used = 0, count = template->count;

	memset(form->bytes, 1, sizeof(form->bytes));
	form->string = template->flags & STRING;
	form->at = at;
	if (lock)
		form->bytes[used++] = 0xf0;
	if (template->flags & EVEX) {
		memcpy(form->bytes, "\x62\xf1\0\x08", 4);
		form->bytes[2] = (uint8_t)(0x7c | opcode[0] | (opcode[2] & EVEX_W ? 0x80 : 0));
		used = 4;
	} else if (template->flags & AVX) {
		memcpy(form->bytes, "\xc4\xe1", 2);
		form->bytes[2] = 0x78 | opcode[0];
		used = 3;
	} else if ((template->flags & VECTOR) && opcode[0]) {
		form->bytes[used++] = opcode[0];
	}
	if (template->flags & (AVX | VECTOR | EVEX))
		opcode++, count--;
	if (template->flags & EVEX)
		count--;
	memcpy(form->bytes + used, opcode, count);
	used += count;
	if (!(template->flags & (FIXED | STRING)))
		form->bytes[used] = (uint8_t)((template->reg == ANY ? 0 : template->reg) << 3 | 7);
}

/* The same under a mask, in 512 bits; false: it allows none. */
static bool put_mask(struct form *form)
{
	struct insn insn;

	form->bytes[3] |= 0x41;
	return insn_decode(form->bytes, INSN_MAX_LENGTH, INSN_MODE_64, &insn) == INSN_OK;
}

static uint64_t done_gpr[GPR_COUNT]; /* after the form was carried out */

/* Fills the frame as before each run; memory holds ones, which no divisor minds. */
static void prepare(const struct form *form)
{
	static uint8_t ones[MACHINE_PAGES * 4096];

	memset(ones, 1, sizeof(ones));
	machine_reset_frame(&machine);
	machine_put(&machine, 0, ones, sizeof(ones));
	machine_set_code(&machine, form->bytes, sizeof(form->bytes));
	for (unsigned i = 0; i < GPR_COUNT; i++)
		FRAME->gpr[i] = i;
	GPR(RCX) = 3;
	GPR(RDX) = 0;
	GPR(RDI) = GPR(RSI) = MACHINE_DATA + form->at;
	GPR(RSP) = MACHINE_DATA + STACK;
	fake_masks[1] = 0x8000f00f5a3c9679;
	machine.refuse = false;
	guest_record_reset();
}

static enum emulate_result run(const struct form *form, const char *why)
{
	static uint64_t vectors[32][8];
	struct frame before = machine.frame;
	enum emulate_result result;
	bool moved;

	memcpy(vectors, fake_vectors, sizeof(vectors));
	result = emulate_exit(&machine.e);
	moved = memcmp(FRAME->gpr, before.gpr, sizeof(before.gpr)) ||
		FRAME->rflags != before.rflags || FRAME->rip != before.rip ||
		memcmp(fake_vectors, vectors, sizeof(vectors));
	if (result != EMULATE_DONE && moved && !(form->string && result == EMULATE_RESTART))
		fail_msg("%02x %02x %02x %02x at %x, %s: stopped by %d, but registers moved",
			 form->bytes[0], form->bytes[1], form->bytes[2], form->bytes[3], form->at,
			 why, result);
	assert_true(result != EMULATE_FAULT || machine.e.changed & GROUP_EVENT);
	return result;
}

/* Without trouble a form is carried out, or faults because of where its operand is. */
static bool works(const struct form *form)
{
	enum emulate_result result;

	prepare(form);
	result = run(form, "as it is");
	if (result == EMULATE_FAULT)
		assert_int_equal(FRAME->event.vector, VECTOR_GP);
	else
		assert_true(result == EMULATE_DONE);
	memcpy(done_gpr, FRAME->gpr, sizeof(done_gpr));
	return result == EMULATE_DONE;
}

static void fail_each_access(const struct form *form)
{
	unsigned stopped = 0;

	for (unsigned n = 1;; n++) {
		enum emulate_result result;

		prepare(form);
		guest_record.fail_at = n;
		result = run(form, "an access fails");
		if (guest_record.accesses < n)
			break;
		/* The first read of the code is a short cut, and what it missed was found by the long way. */
		if (result == EMULATE_DONE)
			assert_memory_equal(FRAME->gpr, done_gpr, sizeof(done_gpr));
		else
			assert_true(result == EMULATE_UNSUPPORTED || result == EMULATE_RESTART);
		stopped += result != EMULATE_DONE;
		assert_true(n < MOST_ACCESSES);
	}
	assert_true(stopped > 0);
}

/* The word that was loaded is another when it is to be replaced: a locked instruction starts over. */
static bool changes_underfoot(const struct form *form)
{
	prepare(form);
	guest_record.mutate = true;
	guest_record.mutate_from = MACHINE_RAM_DATA;
	return run(form, "another vCPU writes") == EMULATE_RESTART;
}

static void refuse_device(const struct form *form)
{
	enum emulate_result result;

	prepare(form);
	machine.refuse = true;
	result = run(form, "the device refuses");
	assert_true(result == EMULATE_DONE || result == EMULATE_UNSUPPORTED ||
		    (form->string && result == EMULATE_RESTART));
}

static bool lose_page(const struct form *form, unsigned page, uint64_t cleared)
{
	uint64_t entry = *machine_entry(&machine, page);
	enum emulate_result result;

	prepare(form);
	*machine_entry(&machine, page) = entry & ~cleared;
	result = run(form, "a page is not there");
	assert_true(result != EMULATE_UNSUPPORTED);
	if (result == EMULATE_FAULT && FRAME->event.vector != VECTOR_GP)
		assert_int_equal(FRAME->event.vector, VECTOR_PF);
	*machine_entry(&machine, page) = entry;
	return result == EMULATE_FAULT;
}

static void check_form(const struct form *form, unsigned *faults, unsigned *restarts)
{
	if (!works(form))
		return;
	fail_each_access(form);
	refuse_device(form);
	*restarts += changes_underfoot(form);
	for (unsigned page = form->at / 4096; page <= form->at / 4096 + 1; page++) {
		*faults += lose_page(form, page, ~0ULL);
		*faults += lose_page(form, page, 2); /* it is read-only */
	}
	*faults += lose_page(form, STACK / 4096, 3);
}

static void test_each_form(void **state)
{
	unsigned faults = 0, restarts = 0, masked = 0;
	struct form form;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
		for (size_t place = 0; place < ARRAY_SIZE(places); place++) {
			put_form(&form, &templates[i], false, places[place]);
			check_form(&form, &faults, &restarts);
			if ((templates[i].flags & EVEX) && put_mask(&form)) {
				check_form(&form, &faults, &restarts);
				masked++;
			}
			if (!(templates[i].flags & LOCKABLE))
				continue;
			put_form(&form, &templates[i], true, places[place]);
			check_form(&form, &faults, &restarts);
		}
	}
	assert_true(faults > 500 && restarts > 50 && masked > 100);
}

/* What is not among the processor's user instructions that can be compared natively. */
static void test_other_forms(void **state)
{
	static const struct template others[] = {
		T("\xff", 2, 0),
		T("\xff", 4, 0),
		T("\xc3", ANY, FIXED),
		T("\xe8", ANY, FIXED),
		T("\x48\x0f\xc7", 1, LOCKABLE),
		T("\xf3\x0f\xb8", ANY, 0),
		T("\x0f\xae", 7, 0),
	};
	unsigned faults = 0, restarts = 0;
	struct form form;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		for (size_t place = 0; place < ARRAY_SIZE(places); place++) {
			put_form(&form, &others[i], false, places[place]);
			if (others[i].opcode[0] == '\x48')
				form.at &= ~15U;
			check_form(&form, &faults, &restarts);
			if (!(others[i].flags & LOCKABLE))
				continue;
			put_form(&form, &others[i], true, places[place] & ~15U);
			check_form(&form, &faults, &restarts);
		}
	}
	assert_true(faults > 20 && restarts > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_each_form),
		CASE(test_other_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
