/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AVX-512's moves under a mask against a model of theirs, element by element as SDM 2 has each: what is
 * loaded, stored, merged, zeroed and faulted, and that no byte of an element that is off is accessed.
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

#include "tests/unit/fpu_regs_fake.h"
#include "tests/unit/random.h"

enum { WINDOW = MACHINE_PAGES * 4096, RDI = 0x07, RBP = 0x45 /* ModRM: [rdi], [rbp + disp8] */ };

/* The forms with their operand in memory. A store's opcode is the load's, but for one bit. */
static const struct move {
	uint8_t pp, load, store, w, element;
	bool aligned, scalar;
} moves[] = {
	{0, 0x10, 0x11, 0, 4, false, false}, /* VMOVUPS */
	{1, 0x10, 0x11, 1, 8, false, false}, /* VMOVUPD */
	{2, 0x10, 0x11, 0, 4, false, true},  /* VMOVSS */
	{3, 0x10, 0x11, 1, 8, false, true},  /* VMOVSD */
	{0, 0x28, 0x29, 0, 4, true, false},  /* VMOVAPS */
	{1, 0x28, 0x29, 1, 8, true, false},  /* VMOVAPD */
	{1, 0x6f, 0x7f, 0, 4, true, false},  /* VMOVDQA32 */
	{1, 0x6f, 0x7f, 1, 8, true, false},  /* VMOVDQA64 */
	{3, 0x6f, 0x7f, 0, 1, false, false}, /* VMOVDQU8 */
	{3, 0x6f, 0x7f, 1, 2, false, false}, /* VMOVDQU16 */
	{2, 0x6f, 0x7f, 0, 4, false, false}, /* VMOVDQU32 */
	{2, 0x6f, 0x7f, 1, 8, false, false}, /* VMOVDQU64 */
};

/* One instruction: a form, its operands, and the mask. */
struct masked {
	const struct move *move;
	bool store, zero;
	unsigned length; /* EVEX.L'L */
	unsigned reg, mask;
	unsigned at; /* of the window */
};

/* The device's accesses in their order; and how often each byte of the window was accessed. */
static struct {
	unsigned count;
	struct {
		gpa_t gpa;
		unsigned size;
		bool write;
	} access[64];
	uint8_t touched[WINDOW];
} seen;

static void note(gpa_t gpa, unsigned size, bool write)
{
	assert_true(seen.count < ARRAY_SIZE(seen.access));
	seen.access[seen.count].gpa = gpa;
	seen.access[seen.count].size = size;
	seen.access[seen.count++].write = write;
	for (unsigned i = 0; i < size; i++)
		if (gpa - MACHINE_DEVICE + i < WINDOW)
			seen.touched[gpa - MACHINE_DEVICE + i]++;
}

static bool note_read(void *context, gpa_t gpa, unsigned size, uint64_t *value)
{
	(void)context;
	note(gpa, size, false);
	memcpy(value, machine.device + (gpa - MACHINE_DEVICE) % WINDOW, size);
	return true;
}

static bool note_write(void *context, gpa_t gpa, unsigned size, uint64_t value)
{
	(void)context;
	note(gpa, size, true);
	memcpy(machine.device + (gpa - MACHINE_DEVICE) % WINDOW, &value, size);
	return true;
}

static void reset_seen(void)
{
	static const struct emulate_ops ops = {.mmio_read = note_read, .mmio_write = note_write};

	memset(&seen, 0, sizeof(seen));
	guest_record_reset();
	machine.e.ops = &ops;
}

/* Bytes of RAM are counted where they are read; who wrote one is told by what is there. */
static unsigned times_touched(unsigned offset)
{
	if (offset / 4096 & 1)
		return seen.touched[offset];
	return guest_record.reads[MACHINE_RAM_DATA + offset];
}

static unsigned vector_bytes(const struct masked *insn)
{
	return insn->move->scalar ? insn->move->element : 16U << insn->length;
}

/* Whether byte `n` of the operand is accessed. */
static bool is_on(const struct masked *insn, unsigned n)
{
	return fake_masks[insn->mask] >> n / insn->move->element & 1;
}

static enum emulate_result run(const struct masked *insn)
{
	uint8_t code[] = {
		0x62,
		(uint8_t)(0x61 | (insn->reg & 8 ? 0 : 0x80) | (insn->reg & 16 ? 0 : 0x10)),
		(uint8_t)(insn->move->w << 7 | 0x7c | insn->move->pp),
		(uint8_t)(insn->zero << 7 | insn->length << 5 | 8 | insn->mask),
		insn->store ? insn->move->store : insn->move->load,
		(uint8_t)((insn->reg & 7) << 3 | RDI),
	};

	machine_reset_frame(&machine);
	machine_set_code(&machine, code, sizeof(code));
	GPR(RDI) = MACHINE_DATA + insn->at;
	reset_seen();
	return machine_step(&machine);
}

/* SDM 2: FOR j := 0 TO KL-1: element j, or what was there, or zero; and DEST[MAXVL-1:VL] := 0. */
static void model_load(const struct masked *insn, uint8_t vector[64], const uint8_t *memory)
{
	unsigned size = vector_bytes(insn);

	for (unsigned n = 0; n < 64; n++)
		if (n >= size)
			vector[n] = 0;
		else if (is_on(insn, n))
			vector[n] = memory[n];
		else if (insn->zero)
			vector[n] = 0;
}

static void model_store(const struct masked *insn, const uint8_t *vector, uint8_t memory[64])
{
	for (unsigned n = 0; n < vector_bytes(insn); n++)
		if (is_on(insn, n))
			memory[n] = vector[n];
}

static void random_masked(struct masked *insn)
{
	static const unsigned edges[] = {0x1000, 0x2000, 0x3000, 0x4000};

	*insn = (struct masked){
		.move = &moves[pick(ARRAY_SIZE(moves))],
		.store = pick(2),
		.length = pick(3),
		.reg = pick(32),
		.mask = 1 + pick(7),
		.at = edges[pick(ARRAY_SIZE(edges))] - pick(66),
	};
	insn->zero = !insn->store && pick(2);
	if (insn->move->aligned)
		insn->at &= ~63U;
	for (unsigned i = 0; i < 8; i++)
		fake_masks[i] = pick(4) ? next_random() & next_random() : next_random();
	for (unsigned i = 0; i < 256; i++)
		fake_vectors[i / 8][i % 8] = next_random();
}

static void test_model(void **state)
{
	uint8_t memory[64], after[64];
	uint64_t vectors[32][8], masks[8];
	struct masked insn;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		random_masked(&insn);
		for (unsigned i = 0; i < 64; i++)
			*machine_data(&machine, insn.at + i) = (uint8_t)next_random();
		machine_get(&machine, insn.at, memory, 64);
		memcpy(vectors, fake_vectors, sizeof(vectors));
		memcpy(masks, fake_masks, sizeof(masks));
		assert_int_equal(run(&insn), EMULATE_DONE);
		if (insn.store)
			model_store(&insn, (uint8_t *)vectors[insn.reg], memory);
		else
			model_load(&insn, (uint8_t *)vectors[insn.reg], memory);
		machine_get(&machine, insn.at, after, 64);
		assert_memory_equal(after, memory, 64);
		assert_memory_equal(fake_vectors, vectors, sizeof(vectors));
		assert_memory_equal(fake_masks, masks, sizeof(masks));
		for (unsigned n = 0; n < 64; n++) {
			bool on = n < vector_bytes(&insn) && is_on(&insn, n);
			bool device = (insn.at + n) / 4096 & 1;

			if (device || !insn.store)
				assert_int_equal(times_touched(insn.at + n), on);
		}
	}
}

/* What is off in RAM is not written, not even with what is there: another vCPU may be writing it. */
static void test_store_between_writes(void **state)
{
	struct masked insn = {.move = &moves[8], .store = true, .length = 2, .mask = 3, .at = 0x40};
	unsigned before, after;

	(void)state;
	fake_masks[3] = ~0ULL; /* so that the page is accessed and dirty, and the decoding known */
	assert_int_equal(run(&insn), EMULATE_DONE);
	fake_masks[3] = 0;
	assert_int_equal(run(&insn), EMULATE_DONE);
	before = guest_record.accesses;
	fake_masks[3] = 0x8000000000000ff5;
	assert_int_equal(run(&insn), EMULATE_DONE);
	after = guest_record.accesses;
	/* four runs, and the walk to their page */
	assert_int_equal(after - before, 4 + 4);
}

/* The page with an element that is on faults, at the first byte of one; a page with none is not looked at. */
static void test_missing_page(void **state)
{
	uint64_t vectors[32][8];
	struct masked insn;
	unsigned faults = 0;

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		unsigned lost, first = 64;
		uint64_t entry;
		enum emulate_result result;

		random_masked(&insn);
		lost = insn.at / 4096 + pick(2);
		entry = *machine_entry(&machine, lost);
		*machine_entry(&machine, lost) = insn.store && pick(2) ? entry & ~2ULL : 0;
		for (unsigned n = vector_bytes(&insn); n-- > 0;)
			if (is_on(&insn, n) && (insn.at + n) / 4096 == lost)
				first = n;
		memcpy(vectors, fake_vectors, sizeof(vectors));
		result = run(&insn);
		*machine_entry(&machine, lost) = entry;
		if (first == 64) {
			assert_int_equal(result, EMULATE_DONE);
			continue;
		}
		faults++;
		assert_int_equal(result, EMULATE_FAULT);
		assert_int_equal(FRAME->event.vector, VECTOR_PF);
		assert_true(FRAME->event.cr2 == MACHINE_DATA + insn.at + first);
		assert_int_equal(seen.count, 0);
		assert_memory_equal(fake_vectors, vectors, sizeof(vectors));
	}
	assert_true(faults > 500 && faults < 3500);
}

/* SDM 1 15.7 "Memory Alignment": the whole vector, even if all of it is off. */
static void test_alignment(void **state)
{
	struct masked insn = {.length = 2, .mask = 1};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(moves); i++) {
		for (unsigned j = 0; j < 8; j++) {
			insn.move = &moves[i];
			insn.store = j & 1;
			insn.at = j & 2 ? 0x1010 : 0x1020;
			insn.length = j & 2 ? 1 : 2;
			fake_masks[1] = j & 4 ? 1 : 0;
			if (moves[i].aligned)
				assert_fault(run(&insn), VECTOR_GP, 0);
			else
				assert_int_equal(run(&insn), EMULATE_DONE);
			if (moves[i].aligned || !(j & 4))
				assert_int_equal(seen.count, 0);
		}
	}
}

/* Each run of elements in chunks as large as may be, none of which splits an element. */
static void test_runs(void **state)
{
	static const struct {
		unsigned move;
		uint64_t mask;
		struct {
			unsigned at, size;
		} access[12];
	} cases[] = {
		{8, 0x10ff0e, {{1, 2}, {3, 1}, {8, 8}, {20, 1}}},
		{9, 0xbd, {{0, 2}, {4, 8}, {14, 2}}},
		{10, 0x107, {{0, 8}, {8, 4}, {32, 4}}},
		{11, 0x83, {{0, 8}, {8, 8}, {56, 8}}},
		{11, ~0ULL, {{0, 8}, {8, 8}, {16, 8}, {24, 8}, {32, 8}, {40, 8}, {48, 8}, {56, 8}}},
	};

	(void)state;
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		struct masked insn = {.move = &moves[cases[i / 2].move],
				      .store = i & 1,
				      .length = 2,
				      .mask = 7,
				      .at = 0x1234};
		unsigned count = 0;

		fake_masks[7] = cases[i / 2].mask;
		assert_int_equal(run(&insn), EMULATE_DONE);
		for (; cases[i / 2].access[count].size; count++) {
			assert_int_equal(seen.access[count].gpa - MACHINE_DEVICE - insn.at,
					 cases[i / 2].access[count].at);
			assert_int_equal(seen.access[count].size, cases[i / 2].access[count].size);
			assert_int_equal(seen.access[count].write, insn.store);
		}
		assert_int_equal(seen.count, count);
	}
}

/* Of a vector that lies half beyond the canonical addresses only what is on counts. */
static void test_canonical(void **state)
{
	static const uint8_t code[][7] = {
		{0x62, 0xf1, 0x7e, 0x49, 0x6f, RDI}, /* vmovdqu32 zmm0{k1}, [rdi] */
		{0x62, 0xf1, 0x7e, 0x49, 0x6f, RBP}, /* the same from [rbp] */
	};

	(void)state;
	reset_seen();
	for (unsigned i = 0; i < ARRAY_SIZE(code); i++) {
		machine_set_code(&machine, code[i], sizeof(code[i]));
		GPR(RDI) = GPR(RBP) = 0x00007ffffffffff0;
		fake_masks[1] = 0x8;
		assert_int_equal(machine_step(&machine), EMULATE_FAULT);
		assert_int_equal(FRAME->event.vector, VECTOR_PF);
		assert_true(FRAME->event.cr2 == 0x00007ffffffffffc);
		fake_masks[1] = 0x18;
		assert_fault(machine_step(&machine), i ? VECTOR_SS : VECTOR_GP, 0);
		fake_masks[1] = 0;
		assert_int_equal(machine_step(&machine), EMULATE_DONE);
		FRAME->rip = MACHINE_CODE;
	}
	assert_int_equal(seen.count, 0);
}

/* A segment's end, and the end of 4 GiB, behind which the next address is 0. */
static void test_segments(void **state)
{
	(void)state;
	machine_set_mode(&machine, INSN_MODE_32, true);
	reset_seen();
	CODE("\x62\xf1\x7e\x49\x7f\x07"); /* vmovdqu32 [edi]{k1}, zmm0 */
	GPR(RDI) = MACHINE_DEVICE + 0x10;
	FRAME->seg[SEG_DS].limit = MACHINE_DEVICE + 0x1f;
	fake_masks[1] = 0xf;
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	FRAME->rip = MACHINE_RAM_CODE;
	fake_masks[1] = 0x10;
	assert_fault(machine_step(&machine), VECTOR_GP, 0);
	FRAME->seg[SEG_DS].limit = 0xffffffff;
	GPR(RDI) = 0xfffffff0;
	fake_masks[1] = 0x108;
	memset(machine.ram, 0x5a, 64);
	memset(fake_vectors, 0x77, sizeof(fake_vectors));
	reset_seen();
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	assert_int_equal(seen.count, 1);
	assert_true(seen.access[0].gpa == 0xfffffffc && seen.access[0].size == 4);
	assert_memory_equal(machine.ram + 12, "\x5a\x5a\x5a\x5a\x77\x77\x77\x77\x5a", 9);
}

/* A scalar that is off is not checked for alignment, either. */
static void test_alignment_check(void **state)
{
	static const char code[][7] = {
		"\x62\xf1\x7e\x0a\x10\x07", /* vmovss xmm0{k2}, [rdi] */
		"\x62\xf1\xff\x0a\x11\x07", /* vmovsd [rdi]{k2}, xmm0 */
		"\x62\xf1\x7e\x4a\x6f\x07", /* vmovdqu32 zmm0{k2}, [rdi] */
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(code); i++) {
		machine_set_code(&machine, code[i], 6);
		FRAME->control.cpl = 3;
		FRAME->rflags |= RFLAGS_AC;
		GPR(RDI) = MACHINE_DATA + 0x1002;
		fake_masks[2] = ~1ULL;
		if (i < 2)
			assert_int_equal(machine_step(&machine), EMULATE_DONE);
		FRAME->rip = MACHINE_CODE;
		fake_masks[2] = 1;
		if (i < 2)
			assert_fault(machine_step(&machine), VECTOR_AC, 0);
		else
			assert_int_equal(machine_step(&machine), EMULATE_DONE);
	}
}

/* SDM 2A 2.7.11 "#UD Equations for EVEX" */
static void test_reserved(void **state)
{
	static const char code[][8] = {
		"\x62\xf1\x7c\xc9\x11\x07", /* vmovups [rdi]{k1}{z}, zmm0 */
		"\x62\xf1\x7e\x89\x11\x07", /* vmovss [rdi]{k1}{z}, xmm0 */
		"\x62\xf1\x7c\xc8\x10\x07", /* vmovups zmm0{z}, [rdi] */
		"\x62\xf1\x7c\x59\x10\x07", /* EVEX.b */
		"\x62\xf1\xfc\x49\x10\x07", /* vmovups with W1 */
		"\x62\xf1\x7d\x49\x28\x07", /* vmovapd with W0 */
		"\x62\xf1\x7c\x49\x2b\x07", /* vmovntps under a mask */
		"\x62\xf2\x7d\x49\x2a\x07", /* vmovntdqa */
		"\x62\xf1\x7d\x09\x6e\x07", /* vmovd */
		"\x62\xf1\xfe\x09\x7e\x07", /* vmovq */
		"\x62\xf1\x74\x49\x10\x07", /* vvvv */
		"\x62\xf1\x7c\x41\x10\x07", /* V' */
	};

	(void)state;
	reset_seen();
	GPR(RDI) = MACHINE_DATA + 0x1000;
	for (unsigned i = 0; i < ARRAY_SIZE(code); i++) {
		machine_set_code(&machine, code[i], 6);
		assert_fault(machine_step(&machine), VECTOR_UD, 0);
	}
	CODE("\xf2\x0f\x6f\x07"); /* VMOVDQU8's opcode without EVEX is none */
	assert_int_equal(machine_step(&machine), EMULATE_UNSUPPORTED);
	CODE("\xc5\xff\x6f\x07"); /* nor with VEX */
	assert_int_equal(machine_step(&machine), EMULATE_UNSUPPORTED);
	CODE("\x62\xf1\x7c\x49\x10\x07");
	fake_xcr0 = 0xc7;
	assert_fault(machine_step(&machine), VECTOR_UD, 0);
	fake_xcr0 = 0xe7;
	assert_int_equal(seen.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_model),	 CASE(test_store_between_writes),
		CASE(test_missing_page), CASE(test_alignment),
		CASE(test_runs),	 CASE(test_canonical),
		CASE(test_segments),	 CASE(test_alignment_check),
		CASE(test_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
