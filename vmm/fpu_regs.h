/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's vector and x87 registers, which stay in the processor while the VMM runs: C here is compiled
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

/* ZMMreg (0 to 31), 64 bytes. Only if fpu_xcr0() says that AVX-512 is on. */
void fpu_store_zmm(unsigned reg, void *to);
void fpu_load_zmm(unsigned reg, const void *from);

/*
 * The mask register kreg (0 to 7): its low 2 bytes, or all 8. Only if fpu_xcr0() says that AVX-512 is on; all
 * of it only where the processor has AVX512BW, too.
 */
void fpu_store_mask16(unsigned reg, void *to);
void fpu_store_mask64(unsigned reg, void *to);

/*
 * MMreg (0 to 7), 8 bytes. Either makes all x87 registers MMX ones, as the instruction does. Only if
 * fpu_x87_status() shows no pending exception, which would come here.
 */
void fpu_store_mm(unsigned reg, void *to);
void fpu_load_mm(unsigned reg, const void *from);

/* The x87 status word; changes nothing. */
uint16_t fpu_x87_status(void);

/* XCR0, the guest's. Only if its CR4.OSXSAVE is set: then the host's is too. */
uint64_t fpu_xcr0(void);

/*
 * XSAVE of the components in `components` that are on in XCR0, in the standard format. `area` is a multiple
 * of 64; what is not asked for keeps its bytes there. Only where the processor has XSAVE.
 */
void fpu_xsave(void *area, uint32_t components);
