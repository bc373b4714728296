/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic with its flags. Pure functions: operands are cut to size (1, 2, 4 or 8 bytes) by the
 * caller, *rflags is read and updated, undefined flags are left as they were where no comment says
 * otherwise.
 */
#pragma once

#include "lib/types.h"
#include "vmm/insn_op.h"

/* SDM 1 3.4.3.1 "Status Flags" */
#define STATUS_FLAGS (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

/* INSN_ADD to INSN_CMP and INSN_TEST. Returns the result, also of CMP and TEST. */
uint64_t flags_binary(enum insn_op op, unsigned size, uint64_t a, uint64_t b, uint64_t *rflags);

/* INSN_INC, INSN_DEC, INSN_NEG, INSN_NOT */
uint64_t flags_unary(enum insn_op op, unsigned size, uint64_t a, uint64_t *rflags);

/* INSN_ROL to INSN_SAR; count as the instruction has it. AF and the OF of long shifts are undefined. */
uint64_t flags_shift(enum insn_op op, unsigned size, uint64_t a, unsigned count, uint64_t *rflags);

/* INSN_SHLD, INSN_SHRD: a is the destination, b is shifted in. */
uint64_t flags_shift_double(enum insn_op op, unsigned size, uint64_t a, uint64_t b, unsigned count,
			    uint64_t *rflags);

/* Sets SF, ZF, PF by a result. */
void flags_result(unsigned size, uint64_t result, uint64_t *rflags);

/* Whether a condition code (0 to 15, as in Jcc) holds. SDM 1 B "EFLAGS Condition Codes" */
bool flags_condition(unsigned code, uint64_t rflags);
