/* SPDX-License-Identifier: BSD-2-Clause */
/* The extended state, which the compiler never touches here: turned on, saved and loaded as a whole. */
#pragma once

#include "lib/types.h"

enum { FPU_AREA = 4096, FPU_HEADER = 512, XCR0_PKRU_BIT = 1 << 9 };

/* XSAVE's legacy area: SDM 1 table 10-2 "Format of an FXSAVE Area". */
struct fpu_area {
	uint16_t control, status;
	uint8_t tags, reserved0;
	uint16_t opcode;
	uint64_t ip, dp;
	uint32_t mxcsr, mxcsr_mask;
	uint64_t st[16];
	uint64_t xmm[32];
	uint64_t reserved1[12];
	uint64_t xstate_bv, xcomp_bv, header[6];
	uint8_t extended[FPU_AREA - FPU_HEADER - 64];
} __attribute__((aligned(64)));
static_assert(sizeof(struct fpu_area) == FPU_AREA, "legacy, header, the rest");

bool fpu_has_xsave(void);

/* CR0 and CR4 so that x87, SSE and XSAVE work; XCR0 = all that CPUID offers. Returns XCR0, 3 without. */
uint64_t fpu_enable(void);

/* Saves or loads everything that XCR0 has, or by FXSAVE and FXRSTOR. */
void fpu_save(struct fpu_area *area);
void fpu_load(const struct fpu_area *area);

uint32_t fpu_pkru_read(void);
void fpu_pkru_write(uint32_t value);
