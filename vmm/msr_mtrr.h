/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory type range registers, SDM 3A 12.11 "Memory Type Range Registers (MTRRs)". They are
 * kept and checked, and change nothing: the type of the guest's memory is the host's affair.
 */
#pragma once

#include "lib/types.h"

enum { MTRR_VARIABLE = 8, MTRR_FIXED = 11 };

/* One vCPU's. Used by that vCPU's VMM half only. */
struct mtrr {
	uint64_t def_type;
	uint64_t fixed[MTRR_FIXED];
	uint64_t variable[2 * MTRR_VARIABLE]; /* base, mask */
};

/* As a firmware leaves them: RAM write-back, devices uncached. */
void mtrr_init(struct mtrr *mtrr, unsigned phys_bits);

/*
 * index is one of the MSRs FEh, 200h to 20Fh, 250h, 258h, 259h, 268h to 26Fh, 2FFh. False: #GP(0).
 */
bool must_check mtrr_read(struct mtrr *mtrr, uint32_t index, uint64_t *value);
bool must_check mtrr_write(struct mtrr *mtrr, unsigned phys_bits, uint32_t index, uint64_t value);
