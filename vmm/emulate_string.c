/* SPDX-License-Identifier: BSD-2-Clause */
/* MOVS, STOS, LODS, CMPS and SCAS, repeated in bounded runs. */
#include "vmm/emulate_string.h"

#include "vmm/emulate_flags.h"

/* What each operation does with its two sides. */
struct string_kind {
	bool source;  /* reads segment:[rSI]; else the accumulator stands in */
	bool target;  /* uses ES:[rDI]; else the accumulator is written */
	bool compare; /* reads both and sets flags */
};

static const struct string_kind kinds[] = {
	[INSN_MOVS - INSN_MOVS] = {true, true, false},
	[INSN_CMPS - INSN_MOVS] = {true, true, true},
	[INSN_STOS - INSN_MOVS] = {false, true, false},
	[INSN_LODS - INSN_MOVS] = {true, false, false},
	[INSN_SCAS - INSN_MOVS] = {false, true, true},
};

struct string_run {
	const struct string_kind *kind;
	struct string_side source, target;
	uint64_t accumulator, rflags;
	uint64_t count;
	bool ended; /* a comparison ended the repetition */
};

static bool run_open(struct emulate *e, struct string_run *run)
{
	unsigned access = run->kind->compare ? WALK_READ : WALK_WRITE;

	if (run->kind->source &&
	    !string_open(e, &run->source, e->insn.segment, GPR_RSI, WALK_READ, &run->count))
		return false;
	return !run->kind->target ||
	       string_open(e, &run->target, SEG_ES, GPR_RDI, access, &run->count);
}

/* SDM 2B "REP": REPE stops on ZF = 0, REPNE on ZF = 1. */
static bool comparison_ends(const struct emulate *e, uint64_t rflags)
{
	bool equal = rflags & RFLAGS_ZF;

	return e->insn.prefixes & PREFIX_REP ? !equal : equal;
}

static bool run_element(struct emulate *e, struct string_run *run, uint64_t index)
{
	unsigned size = e->insn.operand_size;
	uint64_t value = run->accumulator, other;

	if (run->kind->source && !string_read(e, &run->source, index, &value))
		return false;
	if (!run->kind->target) {
		run->accumulator = value;
		return true;
	}
	if (!run->kind->compare)
		return string_write(e, &run->target, index, value);
	if (!string_read(e, &run->target, index, &other))
		return false;
	flags_binary(INSN_CMP, size, value, other, &run->rflags);
	run->ended = comparison_ends(e, run->rflags);
	return true;
}

/* Returns how many elements were done. */
static uint64_t run_elements(struct emulate *e, struct string_run *run)
{
	uint64_t done = 0;

	while (done < run->count && !run->ended && run_element(e, run, done))
		done++;
	return done;
}

static void run_commit(struct emulate *e, const struct string_run *run, uint64_t done)
{
	if (!done)
		return;
	if (run->kind->source)
		string_advance(e, GPR_RSI, done);
	if (run->kind->target)
		string_advance(e, GPR_RDI, done);
	else
		emulate_set_gpr(e, GPR_RAX, e->insn.operand_size, run->accumulator);
	if (run->kind->compare)
		emulate_set_flags(e, run->rflags);
	string_count_down(e, done);
}

bool emulate_string(struct emulate *e)
{
	struct string_run run = {
		.kind = &kinds[e->insn.op - INSN_MOVS],
		.accumulator = emulate_get_gpr(e, GPR_RAX, e->insn.operand_size),
		.rflags = e->frame->rflags,
	};
	uint64_t left = string_count(e), total = 0, done = 0;

	while (left && total < EMULATE_MAX_ITERATIONS && !run.ended) {
		run.count = MIN(left, EMULATE_MAX_ITERATIONS - total);
		if (!run_open(e, &run))
			return string_finish(e, total, true, false);
		done = run_elements(e, &run);
		run_commit(e, &run, done);
		total += done;
		left -= done;
		if (done < run.count && !run.ended)
			return string_finish(e, total, true, false);
	}
	return string_finish(e, total, false, !string_left(e) || run.ended);
}
