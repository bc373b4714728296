/* SPDX-License-Identifier: BSD-2-Clause */
/* Vector registers as plain memory, for hosted tests whose own code uses the real ones. */
#pragma once

#include "lib/types.h"

extern uint64_t fake_vectors[32][8];
extern uint64_t fake_mm[8];
extern uint64_t fake_masks[8];
extern uint16_t fake_x87_status;
extern uint64_t fake_xcr0;

/* The component PKRU, alone: where XSAVE puts it, and how often it was asked. */
extern struct fake_pkru {
	uint32_t value, offset;
	unsigned looks;
} fake_pkru;
