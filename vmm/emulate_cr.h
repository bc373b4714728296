/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses to control registers that had to be intercepted: which register, which value. What a
 * value may be is decided elsewhere; this is the instruction's part.
 */
#pragma once

#include "vmm/emulate_internal.h"

struct emulate_cr {
	uint8_t cr; /* 0, 2, 3, 4, 8 */
	bool write;
	uint64_t value; /* write: the whole new value; of CLTS and LMSW merged with frame.control.cr0 */
	struct emulate_operand operand; /* read: where it goes */
};

/*
 * Of e->insn (after emulate_fetch), which must be the access that frame.cr tells of; else
 * EMULATE_RESTART. EMULATE_FAULT: #GP(0) at CPL above 0, or the memory operand's fault.
 */
enum emulate_result must_check emulate_cr_begin(struct emulate *e, struct emulate_cr *access);

/* Ends the instruction. For a read, value goes to the register or memory; else it is ignored. */
enum emulate_result must_check emulate_cr_end(struct emulate *e, const struct emulate_cr *access,
					      uint64_t value);
