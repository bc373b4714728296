/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS B16, J03: holds a pattern of its own (pattern=1) in every register that is switched with a vCPU,
 * and looks again and again, loops=1000 times, whether it is still there. Two of these on one CPU, each
 * sleeping between looks, see each other's bits if there is any way.
 */
#include "tests/guests/lib/fpu.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

enum { VECTOR_TICK = 0x40, XMM_LOW_WORDS = 32, YMM_OFFSET = 0, YMM_BYTES = 256 };

static const uint32_t switched_msrs[] = {MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_STAR,
					 MSR_LSTAR,	   MSR_CSTAR,	     MSR_KERNEL_GS_BASE};

static struct fpu_area wanted, seen;
static uint64_t pattern, features;
static uint32_t pkru;

static void on_tick(struct trap_frame *frame)
{
	(void)frame;
	apic_eoi();
}

static uint64_t word(unsigned index)
{
	return pattern * 0x0101010101010101ULL ^ (uint64_t)index << 32;
}

/* Canonical, for the MSRs that hold addresses. */
static uint64_t address(unsigned index)
{
	return 0x7000000000ULL + (pattern << 16) + index;
}

static void build(void)
{
	fpu_save(&wanted);
	for (unsigned i = 0; i < XMM_LOW_WORDS; i++)
		wanted.xmm[i] = word(i);
	/* A value of 80 bits in each 16-byte slot. */
	for (unsigned i = 0; i < ARRAY_SIZE(wanted.st); i += 2) {
		wanted.st[i] = word(100 + i) | BIT(63);
		wanted.st[i + 1] = 0x4000 + pattern;
	}
	wanted.tags = 0xff;
	wanted.mxcsr = 0x1f80 | (pattern & 1) << 15;
	wanted.xstate_bv = features & (XCR0_X87 | XCR0_SSE);
	if (features & XCR0_AVX) {
		memset(wanted.extended + YMM_OFFSET, (int)pattern, YMM_BYTES);
		wanted.xstate_bv |= XCR0_AVX;
	}
}

static void load(void)
{
	fpu_load(&wanted);
	if (features & XCR0_PKRU_BIT)
		fpu_pkru_write(pkru);
	dr0_write(address(0));
	dr1_write(address(1));
	dr2_write(address(2));
	dr3_write(address(3));
	for (unsigned i = 0; i < ARRAY_SIZE(switched_msrs); i++)
		msr_write(switched_msrs[i], address(10 + i));
}

static void check_words(const char *what, const void *is, const void *should, size_t size)
{
	test_check(!memcmp(is, should, size), "%s changed", what);
}

static void check(void)
{
	if (fpu_has_xsave())
		test_check(xcr0_read() == features, "XCR0 is %lx", xcr0_read());
	fpu_save(&seen);
	check_words("x87", seen.st, wanted.st, sizeof(seen.st));
	check_words("xmm", seen.xmm, wanted.xmm, sizeof(seen.xmm));
	test_check(seen.mxcsr == wanted.mxcsr, "mxcsr is %x", seen.mxcsr);
	test_check(seen.tags == wanted.tags, "tags are %x", seen.tags);
	if (features & XCR0_AVX)
		check_words("ymm", seen.extended, wanted.extended, YMM_BYTES);
	if (features & XCR0_PKRU_BIT)
		test_check(fpu_pkru_read() == pkru, "pkru is %x", fpu_pkru_read());
	test_check(dr0_read() == address(0) && dr1_read() == address(1) &&
			   dr2_read() == address(2) && dr3_read() == address(3),
		   "a debug register changed");
	for (unsigned i = 0; i < ARRAY_SIZE(switched_msrs); i++)
		test_check(msr_read(switched_msrs[i]) == address(10 + i), "msr %x changed",
			   switched_msrs[i]);
}

static void test_pattern(void)
{
	uint64_t loops = words_number("loops", 1000), sleep = words_number("sleep", 200);

	pattern = words_number("pattern", 1);
	pkru = 0xaaaaaaa8u ^ (uint32_t)(pattern << 8 & 0xff00);
	build();
	load();
	for (uint64_t i = 0; i < loops; i++) {
		clock_arm(VECTOR_TICK, tsc_read() + sleep * clock_khz() / 1000);
		cpu_idle();
		check();
	}
}

static const struct test_case cases[] = {{"J03-pattern", test_pattern}};

void guest_main(void)
{
	trap_set(VECTOR_TICK, on_tick);
	apic_enable();
	features = fpu_enable();
	test_run_all(cases, ARRAY_SIZE(cases));
}
