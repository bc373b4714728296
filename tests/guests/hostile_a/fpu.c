/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS A15, A16: images of the extended state that the processor refuses; a state that faults at its next
 * use, kept over exits and turns of other vCPUs; #NM as often as one likes.
 */
#include "tests/guests/hostile_a/cases.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/fpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"

enum { MXCSR_RESERVED = 1 << 16, VECTOR_TIMER = 0x72, NM_STORM = 100, TURNS = 5 };

static struct fpu_area image;

static int restore(bool extended, uint64_t address)
{
	struct code_run run = {.rdi = address, .rax = UINT32_MAX, .rdx = UINT32_MAX};

	return extended ? CODE_FAULT(&run, false, 0x48, 0x0f, 0xae, 0x2f).vector /* XRSTOR64 (%rdi) */
			: CODE_FAULT(&run, false, 0x48, 0x0f, 0xae, 0x0f).vector; /* FXRSTOR64 */
}

/* One word of a good image, changed, is refused; the image is good again after. */
static void check_refused(const char *name, bool extended, uint64_t *word, uint64_t bits)
{
	uint64_t old = *word;
	int vector;

	*word |= bits;
	vector = restore(extended, (uintptr_t)&image);
	*word = old;
	test_check(vector == VECTOR_GP, "%s: vector %d", name, vector);
}

/* TCG looks neither at MXCSR's reserved bits nor at what beyond XSTATE_BV and XCOMP_BV must be zero. */
static void check_images(bool extended, uint64_t offered)
{
	uint64_t *mxcsr = (uint64_t *)(void *)&image.mxcsr;

	test_check(restore(extended, (uintptr_t)&image) == NO_FAULT, "a good image");
	if (!test_bed("qemu"))
		check_refused("reserved MXCSR", extended, mxcsr, MXCSR_RESERVED);
	test_check(restore(extended, (uintptr_t)&image + 8) == VECTOR_GP, "8 bytes off");
	test_check(restore(extended, 0x800000000000ULL) == VECTOR_GP, "not canonical");
	if (!extended)
		return;
	for (unsigned bit = 0; bit < 64; bit++) {
		if (!(offered & BIT(bit)))
			check_refused("XSTATE_BV", true, &image.xstate_bv, BIT(bit));
		/* What compaction means is the processor's own affair, if it has XSAVEC. */
		if (bit != 63)
			check_refused("XCOMP_BV", true, &image.xcomp_bv, BIT(bit));
	}
	check_refused("header byte 16", true, &image.header[0], 1);
}

static void load_mxcsr(void *value)
{
	asm volatile("ldmxcsr %0" : : "m"(*(uint32_t *)value));
}

void a_test_fpu_images(void)
{
	uint64_t offered = fpu_enable();
	uint32_t mxcsr = MXCSR_RESERVED;

	asm volatile("fninit");
	fpu_save(&image);
	check_images(false, offered);
	if (fpu_has_xsave())
		check_images(true, offered);
	if (!test_bed("qemu"))
		test_check(fault_of(load_mxcsr, &mxcsr).vector == VECTOR_GP, "LDMXCSR");
}

static volatile unsigned ticks;

static void on_tick(struct trap_frame *frame)
{
	(void)frame;
	ticks++;
	apic_eoi();
}

/* Sleeps, so that others run on this CPU, whose registers are not these. */
static void let_others_run(void)
{
	unsigned before = ticks;

	trap_set(VECTOR_TIMER, on_tick);
	clock_arm(VECTOR_TIMER, clock_after_ms(25));
	while (ticks == before)
		cpu_idle();
}

/*
 * An x87 exception that is pending and unmasked, and an SSE exception that is flagged, would fault in whoever
 * touched the state carelessly: it goes and comes with the vCPU as it is, and faults here, once it is used.
 */
void a_test_fpu_kept(void)
{
	static const uint16_t control = 0x0340;	  /* everything unmasked */
	static const uint32_t mxcsr = 0x0000003f; /* all flags, nothing masked */
	static struct fpu_area before, after;
	struct code_run run = {.rax = 0};

	fpu_enable();
	asm volatile("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp" : : "m"(control));
	asm volatile("ldmxcsr %0" : : "m"(mxcsr));
	for (unsigned i = 0; i < TURNS; i++) {
		fpu_save(&before);
		cpuid(0, 0);
		let_others_run();
		fpu_save(&after);
		test_check(before.status == after.status && after.status & BIT(7), "FSW %x, was %x",
			   after.status, before.status);
		test_check(after.control == control && after.mxcsr == mxcsr, "FCW %x MXCSR %x",
			   after.control, after.mxcsr);
	}
	test_check(CODE_FAULT(&run, false, 0x9b).vector == VECTOR_MF, "FWAIT does not fault");
	asm volatile("fninit");
}

void a_test_nm_storm(void)
{
	struct code_run run = {.rax = 0};

	fpu_enable();
	for (unsigned i = 0; i < NM_STORM; i++, clock_relax()) {
		cr0_write(cr0_read() | CR0_TS);
		test_check(CODE_FAULT(&run, false, 0xd9, 0xe8).vector == VECTOR_NM, "FLD1 with TS");
		test_check(CODE_FAULT(&run, true, 0x0f, 0x28, 0xc0).vector == VECTOR_NM,
			   "MOVAPS with TS");
		asm volatile("clts");
		test_check(CODE_FAULT(&run, false, 0xd9, 0xe8, 0xdd, 0xd8).vector == NO_FAULT,
			   "FLD1 after CLTS");
	}
}
