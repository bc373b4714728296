/* SPDX-License-Identifier: BSD-2-Clause */
/* A second opinion on an instruction, from the Zydis library, in terms that compare with struct insn. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/insn.h"

enum opinion {
	OPINION_SAME,
	OPINION_BOTH_REFUSE,
	OPINION_LEFT_OUT, /* valid, and not among what our decoder is meant to know */
	OPINION_DIFFERENT,
};

/*
 * Decodes bytes with both decoders and compares length, operation and operands. On
 * OPINION_DIFFERENT, why says in a few words what differs.
 */
enum opinion zydis_compare(const uint8_t *bytes, size_t count, enum insn_mode mode,
			   const char **why);

/*
 * A VEX form that zydis_compare does not ask for, though it does for the same without VEX: such a form our
 * decoder could refuse unnoticed. NULL: there is none.
 */
const char *zydis_unpaired(void);
