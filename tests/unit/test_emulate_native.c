/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulator against the processor: random instructions with random registers and memory are run
 * natively and emulated, half of their memory being a device's, and everything must come out alike.
 */
/* sources: vmm/emulate.c vmm/emulate_alu.c vmm/emulate_bit.c vmm/emulate_cr.c vmm/emulate_exchange.c
 * vmm/emulate_flags.c vmm/emulate_memory.c vmm/emulate_move.c vmm/emulate_muldiv.c
 * vmm/emulate_operand.c vmm/emulate_port.c vmm/emulate_segment.c vmm/emulate_stack.c
 * vmm/emulate_string.c vmm/emulate_string_side.c vmm/emulate_system.c vmm/segment_load.c
 * vmm/emulate_vector.c vmm/guest_mem.c vmm/insn_cache.c
 * vmm/insn_decode.c vmm/insn_fetch.c vmm/insn_length.c vmm/insn_map_0f.c vmm/insn_map_group.c
 * vmm/insn_map_one.c vmm/insn_modrm.c vmm/insn_operand.c vmm/insn_vex.c vmm/walk.c
 * tests/unit/emulate_machine.c tests/unit/fpu_regs_fake.c tests/unit/native.c */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/emulate_machine.h"
#include "tests/unit/emulate_templates.h"
#include "tests/unit/fpu_regs_fake.h"
#include "tests/unit/native.h"
#include "tests/unit/random.h"
#include "vmm/cpu_bits.h"

enum { DATA_SIZE = MACHINE_PAGES * 4096 };

/* Values that sit on edges more often than chance would have it. */
static uint64_t random_value(void)
{
	static const uint64_t edges[] = {0,	     1,		 ~0ULL,	     0x80,
					 0x7f,	     0x8000,	 0x7fff,     0x80000000,
					 0x7fffffff, 1ULL << 63, ~0ULL >> 1, 0xffffffff};

	if (pick(3) == 0)
		return edges[pick(ARRAY_SIZE(edges))];
	return pick(4) ? next_random() : next_random() >> pick(60);
}

/* One case: the instruction, its decoding, and the state before. */
struct test_case {
	uint8_t bytes[16];
	struct insn insn;
	const struct template *template;
	unsigned number; /* of the template: those with a prefix behind all others */
	struct native_state before;
	uint8_t memory[DATA_SIZE];
};

static size_t put_prefixes(uint8_t *bytes, const struct template *template, bool lock, bool rex)
{
	size_t at = 0;

	if (lock)
		bytes[at++] = 0xf0;
	if (!(template->flags & (NO_66 | VECTOR | AVX)) && pick(4) == 0)
		bytes[at++] = 0x66;
	if (pick(12) == 0)
		bytes[at++] = 0x67;
	if (template->flags & (VECTOR | STRING) &&
	    template->count == 3 - !(template->flags & VECTOR)) {
		if (template->opcode[0])
			bytes[at++] = (uint8_t) template->opcode[0];
	}
	if (rex)
		bytes[at++] = (uint8_t)(0x40 | pick(16));
	return at;
}

/* VEX3 with random W and register bits, and L if it may be; vvvv says none, or names a register. */
static size_t put_vex(uint8_t *bytes, const struct template *template)
{
	bytes[0] = 0xc4;
	bytes[1] = (uint8_t)((pick(8) << 5) | 1);
	bytes[2] = (uint8_t)((pick(2) << 7) | 0x78 | (uint8_t) template->opcode[0]);
	if (!(template->flags & (VEX_128 | HALF)))
		bytes[2] |= (uint8_t)(pick(2) << 2);
	if (template->flags & HALF)
		bytes[2] ^= (uint8_t)(pick(16) << 3);
	bytes[3] = (uint8_t) template->opcode[1];
	return 4;
}

/* EVEX.z and EVEX.aaa, as the template allows them: a mask for every second one. */
static unsigned make_mask(unsigned kind)
{
	unsigned mask = kind & EVEX_MERGE && pick(2) ? pick(8) : 0;

	return mask && kind & EVEX_ZERO ? mask | pick(2) << 7 : mask;
}

/* EVEX: W as the template says, random register bits and length. */
static size_t put_evex(uint8_t *bytes, const struct template *template)
{
	unsigned kind = (uint8_t) template->opcode[2];
	unsigned length = kind & EVEX_128 ? 0 : pick(3);

	bytes[0] = 0x62;
	bytes[1] = (uint8_t)((pick(16) << 4) | 1);
	bytes[2] = (uint8_t)((kind & EVEX_W ? 0x80 : 0) | 0x7c | (uint8_t) template->opcode[0]);
	bytes[3] = (uint8_t)(length << 5 | 8 | make_mask(kind));
	bytes[4] = (uint8_t) template->opcode[1];
	return 5;
}

/* Whether a register for an operand would be #UD; and moves between vector registers never exit. */
static bool memory_only(const struct template *template, bool lock)
{
	return lock || (template->flags & (MEMORY | VECTOR | AVX | EVEX));
}

/* From a random byte: reg as the template says; memory, or a register where that may be, too. */
static uint8_t make_modrm(const struct template *template, bool lock, uint8_t modrm)
{
	if (template->reg != ANY)
		modrm = (uint8_t)((modrm & ~0x38) | template->reg << 3);
	if (template->flags & (FIXED | STRING))
		return modrm;
	if (memory_only(template, lock))
		return modrm < 0xc0 ? modrm : modrm ^ 0x80;
	return pick(5) ? modrm : modrm | 0xc0;
}

static void make_bytes(struct test_case *test)
{
	const struct template *template = test->template;
	bool lock = (template->flags & LOCKABLE) && pick(4) == 0;
	size_t at, skip = 0;

	for (int i = 0; i < 16; i++)
		test->bytes[i] = (uint8_t)next_random();
	if (template->flags & EVEX) {
		at = put_evex(test->bytes, template);
	} else if (template->flags & AVX) {
		at = put_vex(test->bytes, template);
	} else {
		at = put_prefixes(test->bytes, template, lock, pick(2));
		if ((template->flags & VECTOR) ||
		    ((template->flags & STRING) && template->count == 2))
			skip = 1;
		memcpy(test->bytes + at, template->opcode + skip, template->count - skip);
		at += template->count - skip;
	}
	test->bytes[at] = make_modrm(template, lock, test->bytes[at]);
}

/* The three with a mandatory F3, which has to stand before REX. */
static void make_prefixed(struct test_case *test)
{
	size_t at = 0;

	for (int i = 0; i < 16; i++)
		test->bytes[i] = (uint8_t)next_random();
	if (pick(4) == 0)
		test->bytes[at++] = 0x66;
	test->bytes[at++] = 0xf3;
	if (pick(2))
		test->bytes[at++] = (uint8_t)(0x40 | pick(16));
	memcpy(test->bytes + at, test->template->opcode + 1, 2);
}

/* Without a base register the displacement itself is the address: it is changed in the bytes. */
static bool aim_displacement(struct test_case *test, uint64_t address)
{
	struct insn *insn = &test->insn;
	int32_t old = (int32_t)insn->displacement;
	int32_t new = (int32_t)(address - (insn->base == INSN_REG_RIP
						   ? MACHINE_CODE + (uint64_t)insn->length
						   : 0));
	int at = insn->length - 4;

	while (at > 0 && memcmp(test->bytes + at, &old, 4))
		at--;
	memcpy(test->bytes + at, &new, 4);
	return insn_decode(test->bytes, 15, INSN_MODE_64, insn) == INSN_OK && insn->memory &&
	       (int32_t)insn->displacement == new;
}

/* Changes the registers (or the displacement) so that the operand is at `address`. */
static bool aim(struct test_case *test, uint64_t address)
{
	struct insn *insn = &test->insn;
	uint64_t *gpr = test->before.gpr;
	uint64_t index = insn->index == INSN_REG_NONE ? 0 : gpr[insn->index] << insn->scale;

	if (insn->base >= INSN_REG_RIP)
		return insn->index == INSN_REG_NONE && aim_displacement(test, address);
	if (insn->index == insn->base)
		return false;
	if (insn->base == GPR_RSP && insn->op >= INSN_PUSH && insn->op <= INSN_POP &&
	    (index || insn->address_size == 4 || insn->displacement >> 8 > 0 ||
	     insn->displacement >> 8 < -1))
		return false; /* the stack would be elsewhere */
	gpr[insn->base] = address - index - (uint64_t)insn->displacement;
	if (insn->address_size == 4)
		gpr[insn->base] += next_random() << 32;
	return true;
}

/* Bit strings reach where their register says: keep that inside the window. */
static bool tame_bit_number(struct test_case *test)
{
	struct insn *insn = &test->insn;
	int64_t number = (int64_t)(next_random() % 40000) - 20000;

	if (insn->op < INSN_BT || insn->op > INSN_BTC || insn->form != FORM_RM_REG || !insn->memory)
		return true;
	if (insn->reg == insn->base || insn->reg == insn->index)
		return false;
	test->before.gpr[insn->reg] = (uint64_t)number;
	return true;
}

static void make_string_registers(struct test_case *test)
{
	uint64_t *gpr = test->before.gpr;
	uint64_t low = pick(2) ? 0x3000 - pick(64) : 0x2000 + pick(0x3000);

	gpr[GPR_RSI] = MACHINE_DATA + low;
	gpr[GPR_RDI] = MACHINE_DATA + (pick(4) ? 0x2000 + pick(0x3000) : low + pick(16));
	gpr[GPR_RCX] = pick(8) ? pick(100) : pick(500);
	if (test->insn.address_size == 4)
		gpr[GPR_RSI] |= next_random() << 32;
	if (pick(3) == 0)
		test->before.rflags |= RFLAGS_DF;
}

/* Where the operand is: in the window, often across pages; of a vector also where it ends and none is. */
static uint64_t make_target(const struct template *template)
{
	uint64_t target;

	if (pick(3) == 0) /* on a page boundary */
		target = 0x2000 + 0x1000 * pick(4) - pick(32);
	else
		target = 0x2000 + pick(0x4000);
	if ((template->flags & EVEX) && pick(4) == 0)
		return DATA_SIZE - pick(96);
	return pick(3) ? target & ~31ULL : target;
}

/*
 * Under a mask that is all off AMD's processors let an aligned move be unaligned; SDM 1 15.7 "Memory
 * Alignment" does not.
 */
static bool unaligned_and_off(const struct test_case *test, uint64_t target)
{
	const struct insn *insn = &test->insn;
	uint64_t mask;

	if (!(insn->mask & MASK_REGISTER) || insn->op != INSN_MOVA)
		return false;
	mask = test->before.mask[insn->mask & MASK_REGISTER];
	return !(mask & (BIT(insn->memory_size / insn->element) - 1)) &&
	       target & (insn->memory_size - 1U);
}

static bool processor_has(const struct template *template)
{
	return !(template->flags & EVEX) || native_vector_bytes() == 64;
}

/* One that is passed over because it does not decode would hide what the decoder refuses. */
static void decode(struct test_case *test)
{
	const uint8_t *bytes = test->bytes;

	if (insn_decode(bytes, 15, INSN_MODE_64, &test->insn) != INSN_OK ||
	    test->insn.op == INSN_SIMD)
		fail_msg("template %u does not decode: %02x %02x %02x %02x %02x %02x", test->number,
			 bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
}

/* Makes an instruction of any template; false if the processor has it not. */
static bool make_instruction(struct test_case *test)
{
	bool extra = pick(40) == 0;
	unsigned number = extra ? pick(ARRAY_SIZE(prefixed)) : pick(ARRAY_SIZE(templates));

	test->template = extra ? &prefixed[number] : &templates[number];
	test->number = extra ? ARRAY_SIZE(templates) + number : number;
	if (!processor_has(test->template))
		return false;
	if (extra)
		make_prefixed(test);
	else
		make_bytes(test);
	decode(test);
	return true;
}

static bool make_case(struct test_case *test)
{
	uint64_t target;

	if (!make_instruction(test))
		return false;
	for (int i = 0; i < 16; i++)
		test->before.gpr[i] = random_value();
	for (int i = 0; i < 256; i++)
		test->before.vector[i / 8][i % 8] = next_random();
	for (int i = 0; i < 8; i++) {
		test->before.mm[i] = next_random();
		test->before.mask[i] = random_value();
	}
	test->before.rflags = RFLAGS_ONE | RFLAGS_IF | (next_random() & 0x8d5);
	test->before.gpr[GPR_RSP] = MACHINE_DATA + 0x3000 + pick(0x2000) - pick(2) * 4;
	target = make_target(test->template);
	if (!tame_bit_number(test) || unaligned_and_off(test, target))
		return false;
	if (test->insn.memory && !aim(test, MACHINE_DATA + target))
		return false;
	if (test->template->flags & STRING)
		make_string_registers(test);
	return true;
}

/* The flags that the manuals leave undefined after an operation. */
static uint64_t undefined_flags(const struct test_case *test)
{
	const struct insn *insn = &test->insn;
	unsigned bits = 8 * insn->operand_size;
	unsigned count = insn->form == FORM_RM_ONE ? 1
			 : insn->form == FORM_RM_CL || insn->form == FORM_RM_REG_CL
				 ? (unsigned)test->before.gpr[GPR_RCX] & 0xff
				 : (unsigned)insn->immediate & 0xff;

	count &= bits == 64 ? 63 : 31;
	switch ((int)insn->op) {
	case INSN_ROL ... INSN_RCR:
		return count == 1 ? 0 : RFLAGS_OF;
	case INSN_SHL ... INSN_SAR:
	case INSN_SHLD ... INSN_SHRD:
		return (count ? RFLAGS_AF : 0) | (count == 1 ? 0 : RFLAGS_OF) |
		       (count >= bits ? RFLAGS_CF : 0);
	case INSN_MUL ... INSN_IMUL2:
		return RFLAGS_SF | RFLAGS_ZF | RFLAGS_AF | RFLAGS_PF;
	case INSN_DIV ... INSN_IDIV:
		return RFLAGS_SF | RFLAGS_ZF | RFLAGS_AF | RFLAGS_PF | RFLAGS_CF | RFLAGS_OF;
	case INSN_BT ... INSN_BTC:
		return RFLAGS_OF | RFLAGS_SF | RFLAGS_AF | RFLAGS_PF;
	case INSN_BSF ... INSN_BSR:
		return RFLAGS_OF | RFLAGS_SF | RFLAGS_AF | RFLAGS_PF | RFLAGS_CF;
	case INSN_TZCNT ... INSN_LZCNT:
		return RFLAGS_OF | RFLAGS_SF | RFLAGS_AF | RFLAGS_PF;
	default:
		return 0;
	}
}

/* A 16-bit double shift by more than 16 has no defined result at all. */
static bool result_undefined(const struct test_case *test)
{
	unsigned count = test->insn.form == FORM_RM_REG_CL ? (unsigned)test->before.gpr[GPR_RCX]
							   : (unsigned)test->insn.immediate;

	return test->insn.op >= INSN_SHLD && test->insn.op <= INSN_SHRD &&
	       test->insn.operand_size == 2 && (count & 31) > 16;
}

static enum emulate_result run_emulated(struct machine *machine, const struct test_case *test)
{
	enum emulate_result result;

	machine_reset_frame(machine);
	machine_set_code(machine, test->bytes, 16);
	machine_put(machine, 0, test->memory, DATA_SIZE);
	memcpy(machine->frame.gpr, test->before.gpr, sizeof(test->before.gpr));
	memcpy(fake_vectors, test->before.vector, sizeof(fake_vectors));
	memcpy(fake_mm, test->before.mm, sizeof(fake_mm));
	memcpy(fake_masks, test->before.mask, sizeof(fake_masks));
	machine->frame.rflags = test->before.rflags;
	for (int tries = 0; tries < 20; tries++) {
		result = machine_step(machine);
		if (result != EMULATE_RESTART)
			break;
	}
	return result;
}

static bool same_vectors(const struct native_state *after)
{
	unsigned bytes = native_vector_bytes();

	for (unsigned i = 0; i < (bytes == 64 ? 32 : 16); i++)
		if (memcmp(fake_vectors[i], after->vector[i], bytes))
			return false;
	return true;
}

/*
 * Of a store under a mask some processors name the first byte on the missing page, some the last
 * one: the page is what they have in common.
 */
static bool same_address(const struct test_case *test, uint64_t emulated, uint64_t native)
{
	uint64_t ignored = test->insn.mask != 0 ? PAGE_SIZE - 1 : 0;

	return ((emulated ^ native) & ~ignored) == 0;
}

/*
 * A repetition of no times with 32-bit addresses leaves RSI and RDI as they are, or cuts them: it depends on
 * the processor.
 */
static bool same_registers(const struct test_case *test, const struct frame *frame,
			   const struct native_state *after)
{
	uint32_t cut = 0;

	if (test->insn.address_size == 4 && (uint32_t)test->before.gpr[GPR_RCX] == 0 &&
	    (test->insn.prefixes & (PREFIX_REP | PREFIX_REPNE)))
		cut = BIT(GPR_RSI) | BIT(GPR_RDI);
	for (unsigned i = 0; i < ARRAY_SIZE(after->gpr); i++) {
		uint64_t different = frame->gpr[i] ^ after->gpr[i];

		if (cut & BIT(i) ? (uint32_t)different : different)
			return false;
	}
	return true;
}

static const char *compare(struct machine *machine, const struct test_case *test, int raised,
			   enum emulate_result result, const struct native_state *after)
{
	uint64_t defined = ~undefined_flags(test) & 0xcd5;
	static uint8_t memory[DATA_SIZE];

	if (raised != NATIVE_DONE)
		return result == EMULATE_FAULT && machine->frame.event.vector == raised &&
				       (raised != VECTOR_PF ||
					same_address(test, machine->frame.event.cr2, after->cr2))
			       ? NULL
			       : "the native one faults";
	if (result != EMULATE_DONE)
		return "outcome";
	if (!same_registers(test, &machine->frame, after))
		return "registers";
	if ((machine->frame.rflags ^ after->rflags) & defined)
		return "flags";
	if (machine->frame.rip != MACHINE_CODE + (uint64_t)test->insn.length)
		return "RIP";
	machine_get(machine, 0, memory, DATA_SIZE);
	if (memcmp(memory, (void *)MACHINE_DATA, DATA_SIZE))
		return "memory";
	if (!same_vectors(after))
		return "vectors";
	if (memcmp(fake_mm, after->mm, sizeof(fake_mm)))
		return "MMX registers";
	return NULL;
}

static void show(const char *why, const struct test_case *test, const struct machine *machine,
		 const struct native_state *after)
{
	fprintf(stderr, "%s, operation %d:", why, test->insn.op);
	for (int i = 0; i < test->insn.length; i++)
		fprintf(stderr, " %02x", test->bytes[i]);
	fprintf(stderr, "  rflags %llx, native %llx, emulated %llx\n",
		(unsigned long long)test->before.rflags, (unsigned long long)after->rflags,
		(unsigned long long)machine->frame.rflags);
	for (int i = 0; i < 16; i++)
		if (after->gpr[i] != machine->frame.gpr[i])
			fprintf(stderr, "  gpr %d: %llx, native %llx, emulated %llx\n", i,
				(unsigned long long)test->before.gpr[i],
				(unsigned long long)after->gpr[i],
				(unsigned long long)machine->frame.gpr[i]);
}

static void test_against_processor(void **state)
{
	static struct machine machine;
	static struct test_case test;
	long rounds = getenv("FREEHOLD_LONG") ? 1000000 : 20000, different = 0, faults = 0;
	long runs[ARRAY_SIZE(templates) + ARRAY_SIZE(prefixed)] = {0}, masked = 0;

	(void)state;
	if (!native_init(MACHINE_CODE, MACHINE_DATA, DATA_SIZE))
		skip();
	machine_init(&machine);
	for (int i = 0; i < DATA_SIZE; i++)
		test.memory[i] = (uint8_t)next_random();
	for (long done = 0; done < rounds;) {
		struct native_state after;
		enum emulate_result result;
		const char *why;
		int raised;

		if (!make_case(&test) || result_undefined(&test))
			continue;
		for (int i = 0; i < 64; i++)
			test.memory[pick(DATA_SIZE)] = (uint8_t)random_value();
		memcpy((void *)MACHINE_DATA, test.memory, DATA_SIZE);
		after = test.before;
		raised = native_run(test.bytes, test.insn.length, &after);
		result = run_emulated(&machine, &test);
		why = compare(&machine, &test, raised, result, &after);
		if (why && different++ < 30)
			show(why, &test, &machine, &after);
		faults += raised != NATIVE_DONE;
		runs[test.number]++;
		masked += test.insn.mask != 0;
		done++;
	}
	machine_free(&machine);
	assert_int_equal(different, 0);
	assert_true(masked > 200 || native_vector_bytes() < 64);
	assert_true(faults > 0 && faults < rounds / 10);
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		assert_true(runs[i] > 10 ||
			    (i < ARRAY_SIZE(templates) && !processor_has(&templates[i])));
}

/* A move by EVEX on [rdi] or zmm1. fields: from bit 0 W, vvvv, pp, b, L'L, z, V', aaa. */
static void put_fields(uint8_t bytes[16], unsigned fields, uint8_t opcode, bool memory)
{
	bytes[0] = 0x62;
	bytes[1] = opcode == 0x2a ? 0xf2 : 0xf1;
	bytes[2] = (uint8_t)((fields & 1) << 7 | (fields & 2 ? 0x74 : 0x7c) | (fields >> 2 & 3));
	bytes[3] = (uint8_t)((fields & 0xf0) | (fields & 0x100 ? 0 : 8) | fields >> 9);
	bytes[4] = opcode;
	bytes[5] = memory ? 0x07 : 0xc1;
}

/* The processor's #UD is the decoder's, for each value of the fields that EVEX has beside registers. */
static void test_evex_reserved(void **state)
{
	static const uint8_t opcodes[] = {0x10, 0x11, 0x28, 0x29, 0x2b, 0x6e,
					  0x6f, 0x7e, 0x7f, 0xd6, 0xe7, 0x2a};
	long counts[2] = {0};

	(void)state;
	if (native_vector_bytes() < 64 || !native_init(MACHINE_CODE, MACHINE_DATA, DATA_SIZE))
		skip();
	for (unsigned i = 0; i < (2 * ARRAY_SIZE(opcodes)) << 10; i++) {
		struct native_state native = {.gpr[GPR_RDI] = MACHINE_DATA};
		uint8_t bytes[16] = {0};
		struct insn insn;
		enum insn_status status;
		bool undefined;

		put_fields(bytes, i & 1023, opcodes[i >> 11], i & 1024);
		status = insn_decode(bytes, 15, INSN_MODE_64, &insn);
		if (status == INSN_UNKNOWN || insn.op == INSN_SIMD)
			continue;
		undefined = native_run(bytes, 6, &native) == VECTOR_UD;
		if (undefined != (status == INSN_INVALID))
			fail_msg("%02x %02x %02x %02x %02x: status %d", bytes[1], bytes[2],
				 bytes[3], bytes[4], bytes[5], status);
		counts[undefined]++;
	}
	assert_true(counts[0] > 200 && counts[1] > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_processor),
		cmocka_unit_test(test_evex_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
