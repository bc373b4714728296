/* SPDX-License-Identifier: BSD-2-Clause */
/* A small cache of decoded instructions for each vCPU, of two ways; the newer of a set stands first. */
#include "vmm/insn_cache.h"

#include "abi/frame.h"

struct insn_entry insn_entries[MAX_VCPUS][INSN_CACHE_SETS][INSN_CACHE_WAYS];

const struct insn *insn_cache_find(const struct insn_key *key)
{
	const struct insn_entry *entry = insn_cache_place(key->vcpu, key->rip);

	if (!entry->valid || entry->words[0] != key->words[0] || entry->words[1] != key->words[1] ||
	    entry->insn.mode != key->mode)
		return NULL;
	return &entry->insn;
}

static enum insn_move move_of(const struct insn *insn)
{
	const uint32_t loads = BIT(FORM_REG_RM) | BIT(FORM_ACC_MOFFS);
	const uint32_t stores = BIT(FORM_RM_REG) | BIT(FORM_RM_IMM) | BIT(FORM_MOFFS_ACC);

	if (insn->op != INSN_MOV || !insn->memory || insn->mode != INSN_MODE_64 ||
	    insn->address_size != 8 || insn->segment == SEG_FS || insn->segment == SEG_GS)
		return INSN_MOVE_NONE;
	if (BIT(insn->form) & loads)
		return INSN_MOVE_LOAD;
	return BIT(insn->form) & stores ? INSN_MOVE_STORE : INSN_MOVE_NONE;
}

void insn_cache_put(const struct insn_key *key, const struct insn *insn)
{
	struct insn_entry *set = insn_cache_set(key->vcpu, key->rip);
	bool accumulator = insn->form == FORM_ACC_MOFFS || insn->form == FORM_MOFFS_ACC;
	unsigned reg = accumulator ? GPR_RAX : insn->reg;
	bool high_byte = insn->operand_size == 1 && reg >= 4 && reg < 8 &&
			 !(insn->prefixes & PREFIX_REX);

	if (set[0].rip != key->rip)
		set[1] = set[0];
	set[0] = (struct insn_entry){
		.rip = key->rip,
		.words = {key->words[0], key->words[1]},
		.valid = true,
		.move = (uint8_t)move_of(insn),
		.gpr = (uint8_t)(high_byte ? reg - 4 : reg),
		.high_byte = high_byte,
		.immediate = insn->form == FORM_RM_IMM,
		.insn = *insn,
	};
}
