/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder against a second decoder: structured random byte strings in every mode, comparing
 * length, operation, operands and effective-address recipe; and the quick length against the full.
 */
/* sources: vmm/insn_decode.c vmm/insn_modrm.c vmm/insn_operand.c vmm/insn_vex.c vmm/insn_length.c
 * vmm/insn_map_one.c vmm/insn_map_0f.c vmm/insn_map_group.c tests/unit/insn_zydis.c */
/* libs: -lZydis */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/insn_zydis.h"
#include "tests/unit/random.h"

static long rounds(long usual)
{
	return getenv("FREEHOLD_LONG") ? usual * 100 : usual;
}

static size_t put_prefixes(uint8_t *bytes)
{
	static const uint8_t prefixes[] = {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26,
					   0x64, 0x65, 0x40, 0x48, 0x4f, 0x41, 0x44, 0x42};
	unsigned count = pick(3) ? pick(4) : pick(15);
	size_t at = 0;

	for (; count; count--)
		bytes[at++] = prefixes[pick(sizeof(prefixes))];
	return at;
}

/* Random bytes behind random prefixes and an escape or a vector prefix, so that all maps are met. */
static void make_bytes(uint8_t bytes[16])
{
	static const uint8_t vector[] = {0xc5, 0xc4, 0x62};
	size_t at = 0;

	for (int i = 0; i < 16; i += 8) {
		uint64_t word = next_random();

		memcpy(bytes + i, &word, 8);
	}
	if (pick(2))
		at = put_prefixes(bytes);
	switch (at < 13 ? pick(8) : 7) {
	case 0:
	case 1:
	case 2:
		bytes[at] = 0x0f;
		break;
	case 3:
		bytes[at] = 0x0f;
		bytes[at + 1] = pick(2) ? 0x38 : 0x3a;
		break;
	case 4:
		bytes[0] = vector[pick(3)];
		break;
	default:
		break;
	}
}

static void show(const char *why, enum insn_mode mode, const uint8_t *bytes)
{
	fprintf(stderr, "%s, mode %d:", why, mode);
	for (int i = 0; i < INSN_MAX_LENGTH; i++)
		fprintf(stderr, " %02x", bytes[i]);
	fputc('\n', stderr);
}

static void test_against_zydis(void **state)
{
	long counts[4] = {0}, shown = 0;

	(void)state;
	for (long i = rounds(200000); i; i--) {
		uint8_t bytes[16];
		enum insn_mode mode = pick(4)	? INSN_MODE_64
				      : pick(2) ? INSN_MODE_32
						: INSN_MODE_16;
		const char *why = NULL;
		enum opinion opinion;

		make_bytes(bytes);
		opinion = zydis_compare(bytes, pick(20) ? 15 : pick(16), mode, &why);
		counts[opinion]++;
		if (opinion == OPINION_DIFFERENT && shown++ < 40)
			show(why, mode, bytes);
	}
	assert_int_equal(counts[OPINION_DIFFERENT], 0);
	assert_true(counts[OPINION_SAME] > 5 * counts[OPINION_LEFT_OUT]);
	assert_true(counts[OPINION_SAME] > rounds(200000) / 2);
}

/* Every one- and two-byte opcode with every ModRM, so that no table entry is left to chance. */
static void test_every_modrm(void **state)
{
	long different = 0;

	(void)state;
	for (unsigned i = 0; i < 3u << 18; i++) {
		uint8_t bytes[16] = {0x0f, 0, 0, 0x24, 0x12, 0x34, 0x56, 0x78, 0x9a};
		uint8_t *opcode = bytes + (i >> 16 & 1);
		enum insn_mode mode = (enum insn_mode)(i >> 18);
		const char *why = NULL;

		if (i & 1 << 17) {
			memmove(bytes + 1, bytes, 15);
			bytes[0] = 0x66;
			opcode++;
		}
		opcode[0] = (uint8_t)(i >> 8);
		opcode[1] = (uint8_t)i;
		if (zydis_compare(bytes, 15, mode, &why) == OPINION_DIFFERENT && different++ < 40)
			show(why, mode, bytes);
	}
	assert_int_equal(different, 0);
}

typedef void make_move(uint8_t bytes[16], enum insn_mode mode);

/* Moves in all modes; counts is by enum opinion. */
static void compare_moves(make_move *make, long counts[4])
{
	for (long i = rounds(200000), shown = 0; i; i--) {
		enum insn_mode mode = (enum insn_mode)pick(3);
		uint8_t bytes[16];
		const char *why = NULL;
		enum opinion opinion;

		make(bytes, mode);
		opinion = zydis_compare(bytes, 15, mode, &why);
		counts[opinion]++;
		if (opinion == OPINION_DIFFERENT && shown++ < 40)
			show(why, mode, bytes);
	}
	assert_int_equal(counts[OPINION_DIFFERENT], 0);
}

/* A move by EVEX; outside 64-bit mode R and X have to be as they are, or it is BOUND. */
static void make_evex_move(uint8_t bytes[16], enum insn_mode mode)
{
	static const uint8_t opcodes[] = {0x10, 0x11, 0x28, 0x29, 0x2b, 0x6e,
					  0x6f, 0x7e, 0x7f, 0xd6, 0xe7};
	static const uint8_t operands[][7] = {{0x47, 0x81}, {0xc1}, {0x84, 0x24, 1, 2, 3, 4}};
	bool streaming_load = !pick(16);
	unsigned vvvv = pick(8) ? 15 : pick(16), high_vvvv = pick(8) ? 8 : 0;

	memset(bytes, 0, 16);
	bytes[0] = 0x62;
	bytes[1] = (uint8_t)(pick(16) << 4 | (mode == INSN_MODE_64 ? 0 : 0xc0) |
			     (streaming_load ? 2 : 1));
	bytes[2] = (uint8_t)(pick(2) << 7 | vvvv << 3 | 4 | pick(4));
	bytes[3] = (uint8_t)(pick(2) << 7 | pick(4) << 5 | (pick(4) ? 0 : 0x10) | high_vvvv |
			     (pick(2) ? pick(8) : 0));
	bytes[4] = streaming_load ? 0x2a : opcodes[pick(ARRAY_SIZE(opcodes))];
	memcpy(bytes + 5, operands[pick(ARRAY_SIZE(operands))], sizeof(operands[0]));
}

/* The moves by EVEX, with masks, and with all that is reserved: of these the decoder knows everything. */
static void test_evex_moves(void **state)
{
	long counts[4] = {0};

	(void)state;
	compare_moves(make_evex_move, counts);
	assert_true(counts[OPINION_SAME] > rounds(200000) / 20);
	assert_true(counts[OPINION_BOTH_REFUSE] > rounds(200000) / 4);
}

/* A move by VEX; outside 64-bit mode the two highest bits are ones, or it is LDS or LES. */
static void make_vex_move(uint8_t bytes[16], enum insn_mode mode)
{
	static const uint8_t opcodes[] = {0x10, 0x11, 0x12, 0x13, 0x16, 0x17, 0x28, 0x29,
					  0x2b, 0x6e, 0x6f, 0x7e, 0x7f, 0xd6, 0xe7, 0xf0};
	static const uint8_t operands[][7] = {{0x47, 0x81}, {0xc1}, {0x84, 0x24, 1, 2, 3, 4}};
	uint8_t fields = (uint8_t)((pick(2) ? 15 : pick(16)) << 3 | pick(8)); /* vvvv, L, pp */
	uint8_t registers = mode == INSN_MODE_64 ? (uint8_t)(pick(8) << 5) : 0xe0;
	bool streaming_load = !pick(16);
	size_t at = 0;

	memset(bytes, 0, 16);
	if (streaming_load || pick(2)) {
		bytes[at++] = 0xc4;
		bytes[at++] = registers | (streaming_load ? 2 : 1);
		bytes[at++] = (uint8_t)(pick(2) << 7) | fields;
	} else {
		bytes[at++] = 0xc5;
		bytes[at++] = (registers & 0x80) | fields | (mode == INSN_MODE_64 ? 0 : 0x40);
	}
	bytes[at++] = streaming_load ? 0x2a : opcodes[pick(ARRAY_SIZE(opcodes))];
	memcpy(bytes + at, operands[pick(ARRAY_SIZE(operands))], sizeof(operands[0]));
}

/* The moves by VEX, whatever register the third operand names. */
static void test_vex_moves(void **state)
{
	long counts[4] = {0};

	(void)state;
	compare_moves(make_vex_move, counts);
	assert_true(counts[OPINION_SAME] > rounds(200000) / 5);
	assert_true(counts[OPINION_BOTH_REFUSE] > rounds(200000) / 8);
}

/* What is not asked for cannot be missed: each move that we know without VEX is asked for with it, too. */
static void test_vex_asked_for(void **state)
{
	const char *name = zydis_unpaired();

	(void)state;
	if (name)
		fail_msg("%s is in no pair", name);
}

/* The quick length must be the full decoder's, and must know what nearly all exits are. */
static void test_quick_length(void **state)
{
	static const char usual[][4] = {
		"\x0f\xa2",	"\x0f\x32",	"\x0f\x30",	"\xf4",		"\x0f\x01\xc1",
		"\x0f\x01\xd9", "\x0f\x20\xc0", "\x0f\x22\xd8", "\x0f\x01\xd1", "\x0f\x09"};

	(void)state;
	for (unsigned i = 0; i < 1u << 16; i++) {
		uint8_t bytes[16] = {0x0f, (uint8_t)(i >> 8), (uint8_t)i};
		enum insn_op op = INSN_NONE;
		unsigned length = insn_length_quick(bytes, 15, &op);
		struct insn insn;

		if (!length)
			continue;
		assert_int_equal(insn_decode(bytes, 15, INSN_MODE_64, &insn), INSN_OK);
		assert_int_equal(insn.length, length);
		assert_int_equal(insn.op, op);
	}
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		uint8_t bytes[16] = {0};
		enum insn_op op;

		memcpy(bytes, usual[i], sizeof(usual[i]));
		assert_true(insn_length_quick(bytes, 15, &op) > 0);
	}
}

static void test_quick_length_reads_no_further(void **state)
{
	enum insn_op op;

	(void)state;
	for (size_t count = 0; count < 3; count++) {
		uint8_t *bytes = malloc(count + 1);

		memset(bytes, 0x0f, count + 1);
		bytes = realloc(bytes, count ? count : 1);
		assert_int_equal(insn_length_quick(bytes, count, &op), 0);
		free(bytes);
	}
}

/* Fewer bytes than the instruction has: INSN_SHORT, and never a read past the end (the sanitizer). */
static void test_short(void **state)
{
	(void)state;
	for (long i = 0; i < 20000; i++) {
		uint8_t bytes[16], *copy;
		struct insn insn, again;
		enum insn_status status;

		make_bytes(bytes);
		if (insn_decode(bytes, 15, INSN_MODE_64, &insn) != INSN_OK)
			continue;
		for (size_t count = 0; count < insn.length; count++) {
			copy = malloc(count + !count);
			memcpy(copy, bytes, count);
			status = insn_decode(copy, count, INSN_MODE_64, &again);
			free(copy);
			assert_int_equal(status, INSN_SHORT);
		}
	}
}

static void test_fifteen_bytes(void **state)
{
	uint8_t bytes[32];
	struct insn insn;

	(void)state;
	memset(bytes, 0x66, sizeof(bytes));
	bytes[13] = 0x0f;
	bytes[14] = 0xa2;
	assert_int_equal(insn_decode(bytes, 32, INSN_MODE_64, &insn), INSN_OK);
	assert_int_equal(insn.length, 15);
	assert_int_equal(insn.op, INSN_CPUID);
	bytes[13] = 0x66;
	bytes[14] = 0x0f;
	bytes[15] = 0xa2;
	assert_int_equal(insn_decode(bytes, 32, INSN_MODE_64, &insn), INSN_TOO_LONG);
	assert_int_equal(insn_decode(bytes, 15, INSN_MODE_64, &insn), INSN_TOO_LONG);
	assert_int_equal(insn_decode(bytes, 14, INSN_MODE_64, &insn), INSN_SHORT);
}

/* AMD's way to CR8 from 32-bit code; another register cannot be locked. */
static void test_lock_cr0_is_cr8(void **state)
{
	static const uint8_t cr8[] = {0xf0, 0x0f, 0x20, 0xc0}, cr4[] = {0xf0, 0x0f, 0x20, 0xe0};
	struct insn insn;

	(void)state;
	assert_int_equal(insn_decode(cr8, 4, INSN_MODE_32, &insn), INSN_OK);
	assert_int_equal(insn.reg, 8);
	assert_int_equal(insn_decode(cr4, 4, INSN_MODE_32, &insn), INSN_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_zydis),
		cmocka_unit_test(test_every_modrm),
		cmocka_unit_test(test_evex_moves),
		cmocka_unit_test(test_vex_moves),
		cmocka_unit_test(test_vex_asked_for),
		cmocka_unit_test(test_quick_length),
		cmocka_unit_test(test_quick_length_reads_no_further),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_fifteen_bytes),
		cmocka_unit_test(test_lock_cr0_is_cr8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
