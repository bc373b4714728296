/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which extended states the host switches, and their memory images: SDM 1 13 "Managing State Using
 * XSAVE".
 */
#include "arch/x86_64/fpu.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/safe.h"
#include "lib/string.h"

enum {
	LEAF_XSTATE = 0xd,
	XSAVE_LEGACY_SIZE = 512,
	XSAVE_HEADER_SIZE = 64,
};

enum {
	FCW_IM = 1 << 0, /* masks FSW_IE */
	FCW_INIT = 0x37f,
	FSW_IE = 1 << 0,
	FSW_ES = 1 << 7, /* an exception that is not masked waits */
	MXCSR_INIT = 0x1f80,
};

/* AMX is left out: 8 KiB a vCPU for what no guest is offered. MPX is gone from the hardware. */
#define XCR0_AVX512   (XCR0_OPMASK | XCR0_ZMM_HI256 | XCR0_HI16_ZMM)
#define XCR0_SWITCHED (XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512 | XCR0_PKRU)

/* The legacy region: SDM 1 table 10-2 "Format of an FXSAVE Area". */
struct fxsave_area {
	uint16_t fcw, fsw;
	uint8_t ftw, reserved0;
	uint16_t fop;
	uint64_t fip, fdp;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t registers[480];
};

static_assert(sizeof(struct fxsave_area) == XSAVE_LEGACY_SIZE, "SDM 1 table 10-2");

struct xsave_area {
	struct fxsave_area legacy;
	uint64_t xstate_bv, xcomp_bv;
	uint8_t reserved[48];
};

/*
 * Offset and size of each state in the standard format are its own, so the last end is the area's
 * size.
 */
static uint32_t area_size(uint64_t xcr0)
{
	uint32_t size = XSAVE_LEGACY_SIZE + XSAVE_HEADER_SIZE;

	for (uint32_t i = 2; i < 63; i++) {
		struct cpuid_regs r;

		if (!(xcr0 >> i & 1))
			continue;
		r = cpuid(LEAF_XSTATE, i);
		size = MAX(size, r.ebx + r.eax);
	}
	return size;
}

void fpu_features(struct cpu_features *features)
{
	uint64_t xcr0 = features->xcr0_supported & XCR0_SWITCHED;

	features->xsave_size = XSAVE_LEGACY_SIZE;
	if (!features->xsave)
		return;
	if ((xcr0 & XCR0_AVX512) != XCR0_AVX512 || !(xcr0 & XCR0_AVX))
		xcr0 &= ~(uint64_t)XCR0_AVX512;
	features->xcr0_host = xcr0;
	features->xsave_size = area_size(xcr0);
}

void fpu_init_cpu(void)
{
	uint64_t cr4 = cr4_read() | CR4_OSFXSR | CR4_OSXMMEXCPT;

	if (!cpu_features.xsave) {
		cr4_write(cr4);
		return;
	}
	cr4_write(cr4 | CR4_OSXSAVE);
	xcr0_write(cpu_features.xcr0_host);
}

void fpu_area_init(void *area)
{
	struct xsave_area *xsave = area;

	memset(area, 0, fpu_area_size());
	xsave->legacy.fcw = 0x40;
	xsave->legacy.ftw = 0xff; /* every register holds +0.0: abridged form of 5555h */
	xsave->legacy.mxcsr = MXCSR_INIT;
	/*
	 * All but x87 start in their initial configuration; x87's is FNINIT's, which RESET's is
	 * not.
	 */
	if (cpu_features.xsave)
		xsave->xstate_bv = XCR0_X87;
}

void fpu_save(void *area)
{
	if (cpu_features.xsave)
		safe_xsave(area);
	else
		safe_fxsave(area);
}

static bool restore(const void *area)
{
	return cpu_features.xsave ? safe_xrstor(area) : safe_fxrstor(area);
}

/*
 * AMD's processors without XSAVEERPTR restore FOP, FIP and FDP from an image with FSW.ES only (APM2 "FXSAVE
 * and FXRSTOR Instructions"): the next guest would read the last one's. So zeros go in first, with ES. No
 * #MF follows: neither instruction waits.
 */
static const struct xsave_area no_pointers __attribute__((aligned(FPU_AREA_ALIGN))) = {
	.legacy = {.fcw = FCW_INIT & ~FCW_IM, .fsw = FSW_IE | FSW_ES, .mxcsr = MXCSR_INIT},
	.xstate_bv = XCR0_X87,
};

bool fpu_restore(const void *area)
{
	if (cpu_features.vendor == CPU_VENDOR_AMD && !cpu_features.xsaveerptr &&
	    !restore(&no_pointers))
		return false;
	return restore(area);
}

bool xcr0_valid(uint64_t value, uint64_t supported)
{
	/* Groups that come and go together, and what each builds on. */
	static const struct {
		uint64_t group, base;
	} rules[] = {
		{XCR0_AVX, XCR0_SSE},
		{XCR0_BNDREGS | XCR0_BNDCSR, XCR0_X87},
		{XCR0_AVX512, XCR0_AVX | XCR0_SSE},
		{XCR0_TILECFG | XCR0_TILEDATA, XCR0_X87},
	};

	if ((value & ~supported) || !(value & XCR0_X87))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (!(value & rules[i].group))
			continue;
		if ((value & rules[i].group) != rules[i].group ||
		    (value & rules[i].base) != rules[i].base)
			return false;
	}
	return true;
}
