/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's extended state, which stays in the processor while the VMM runs: C here is compiled
 * for general registers only, and these routines are the one way to the others.
 */
#pragma once

#include "lib/types.h"

/* XMMreg (0 to 15) to and from 16 bytes; what is above bit 127 stays. */
void fpu_store_xmm(unsigned reg, void *to);
void fpu_load_xmm(unsigned reg, const void *from);

/* YMMreg, 32 bytes; a load clears what is above. Only if fpu_xcr0() says that AVX is on. */
void fpu_store_ymm(unsigned reg, void *to);
void fpu_load_ymm(unsigned reg, const void *from);

/*
 * MMX register 0 to 7 and 8 bytes; the FPU's stack is marked as such an instruction does. Only if
 * fpu_status() has FPU_ES clear: else the processor would raise #MF here.
 */
void fpu_store_mmx(unsigned reg, void *to);
void fpu_load_mmx(unsigned reg, const void *from);

/* SDM 1 8.1.3 "x87 FPU Status Register": an exception is pending that is not masked. */
enum { FPU_ES = 1 << 7 };
unsigned fpu_status(void);

/* XCR0, the guest's. Only if its CR4.OSXSAVE is set: then the host's is too. */
uint64_t fpu_xcr0(void);

/*
 * XSAVE of the components in `components` that are on in XCR0, in the standard format. `area` is a multiple
 * of 64; what is not asked for keeps its bytes there. Only where the processor has XSAVE.
 */
void fpu_xsave(void *area, uint32_t components);
