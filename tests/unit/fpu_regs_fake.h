/* SPDX-License-Identifier: BSD-2-Clause */
/* Vector registers as plain memory, for hosted tests whose own code uses the real ones. */
#pragma once

#include "lib/types.h"

extern uint64_t fake_vectors[16][4];
extern uint64_t fake_xcr0;
extern uint64_t fake_mmx[8];
extern unsigned fake_fpu_status;

/* The component PKRU, alone: where XSAVE puts it, and how often it was asked. */
extern struct fake_pkru {
	uint32_t value, offset;
	unsigned looks;
} fake_pkru;
