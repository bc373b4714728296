/* SPDX-License-Identifier: BSD-2-Clause */
/* PKRU stays in the processor, like all extended state, and RDPKRU wants CR4.PKE, which the host has not. */
#include "vmm/guest_pkru.h"

#include "lib/string.h"
#include "vmm/cpu_bits.h"
#include "vmm/fpu_regs.h"
#include "vmm/guest_features.h"

/* SDM 1 13.5.7 "PKRU State"; it stands at A80h with Intel, at 980h with AMD. */
enum { XSTATE_PKRU = 1 << 9, AREA_SIZE = 0xac0 };

/* Not inlined: the area is large, and nearly no guest has protection keys on. */
static __attribute__((noinline)) uint32_t read_pkru(uint32_t offset)
{
	__attribute__((uninitialized, aligned(64))) uint8_t area[AREA_SIZE];
	uint32_t pkru;

	if (offset + sizeof(pkru) > sizeof(area))
		return 0;
	fpu_xsave(area, XSTATE_PKRU);
	memcpy(&pkru, area + offset, sizeof(pkru));
	return pkru;
}

uint32_t guest_pkru(const struct frame *frame)
{
	if (!(frame->control.cr4 & CR4_PKE) || !guest_features.pkru_offset)
		return 0;
	return fpu_xcr0() & XSTATE_PKRU ? read_pkru(guest_features.pkru_offset) : 0;
}
