/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder on any bytes: the first input byte chooses the mode, the rest is code. It must not read
 * past the end, its answer must be in range, and it must not depend on bytes behind the instruction.
 */
/* sources: vmm/insn_decode.c vmm/insn_modrm.c vmm/insn_operand.c vmm/insn_vex.c vmm/insn_length.c
 * vmm/insn_map_one.c vmm/insn_map_0f.c vmm/insn_map_group.c */
#include <stdlib.h>
#include <string.h>

#include "abi/frame.h"
#include "vmm/insn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_ranges(const struct insn *insn, size_t count)
{
	require(insn->length && insn->length <= INSN_MAX_LENGTH && insn->length <= count);
	require(insn->op > INSN_NONE && insn->op < INSN_OPS);
	require(insn->base <= INSN_REG_NONE && insn->index <= INSN_REG_NONE);
	require(insn->index != INSN_REG_RIP && insn->scale <= 3 && insn->segment <= SEG_GS);
	require(insn->reg < 32 && insn->rm < 32);
	require(insn->operand_size && insn->operand_size <= 8);
	require(insn->address_size == 2 || insn->address_size == 4 || insn->address_size == 8);
}

/* The instruction alone, without a byte behind it, and with others there, is the same. */
static void check_prefix_property(const uint8_t *code, const struct insn *insn)
{
	uint8_t *exact = malloc(insn->length), other[INSN_MAX_LENGTH];
	struct insn again;

	memcpy(exact, code, insn->length);
	memset(other, 0xa5, sizeof(other));
	memcpy(other, code, insn->length);
	require(insn_decode(exact, insn->length, insn->mode, &again) == INSN_OK);
	require(!memcmp(&again, insn, sizeof(again)));
	require(insn_decode(other, sizeof(other), insn->mode, &again) == INSN_OK);
	require(!memcmp(&again, insn, sizeof(again)));
	for (size_t count = 0; count < insn->length; count++)
		require(insn_decode(exact, count, insn->mode, &again) == INSN_SHORT);
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum insn_op op;
	struct insn insn;
	unsigned quick;

	if (!size)
		return 0;
	memset(&insn, 0, sizeof(insn));
	quick = insn_length_quick(data + 1, size - 1, &op);
	if (insn_decode(data + 1, size - 1, data[0] % 3, &insn) != INSN_OK) {
		require(!quick);
		return 0;
	}
	require(!quick || (quick == insn.length && op == insn.op));
	check_ranges(&insn, size - 1);
	check_prefix_property(data + 1, &insn);
	return 0;
}
