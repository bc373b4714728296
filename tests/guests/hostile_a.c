/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS A01 to A11, A13, A14, A16 to A19: privileged and odd instructions. Each ends as the manuals
 * say, at the right place, and nothing of the host shows. A04 needs cpus=2.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/fpu.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/random.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

enum { LONGEST = 15, PF_FETCH = 1 << 4, PF_PRESENT = 1 };
#define EDGE 0x7ffffffff000ULL /* the last page of the lower half */

static uint8_t two_pages[2 * PAGE_SIZE] __attribute__((aligned(4096)));

static bool same(struct cpuid_regs a, struct cpuid_regs b)
{
	return a.eax == b.eax && a.ebx == b.ebx && a.ecx == b.ecx && a.edx == b.edx;
}

static bool is_freehold(void)
{
	return cpuid(0x40000000, 0).ebx == 0x65657246;
}

/* --- A01 --- */

/* Bits that promise what is not there: APM3 appendix E, SDM 2A "CPUID". */
static const struct {
	const char *name;
	uint32_t leaf;
	uint32_t ebx, ecx, edx; /* bits that must be clear */
} hidden[] = {
	{"leaf 1", 1, 0, BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(15),
	 BIT(18)},
	{"leaf 7", 7, BIT(2) | BIT(25), BIT(5) | BIT(7), 0},
	{"leaf 80000001h", 0x80000001, 0, BIT(2) | BIT(10) | BIT(12) | BIT(15) | BIT(29), 0},
	{"leaf 3", 3, ~0u, ~0u, ~0u},
	{"leaf 12h", 0x12, ~0u, ~0u, ~0u},
	{"leaf 14h", 0x14, ~0u, ~0u, ~0u},
	{"leaf 8000000ah", 0x8000000a, ~0u, ~0u, ~0u},
	{"leaf 8000001bh", 0x8000001b, ~0u, ~0u, ~0u},
	{"leaf 8000001fh", 0x8000001f, ~0u, ~0u, ~0u},
};

static void test_hidden(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(hidden); i++) {
		struct cpuid_regs r = cpuid(hidden[i].leaf, 0);

		test_check(!(r.ebx & hidden[i].ebx) && !(r.ecx & hidden[i].ecx) &&
				   !(r.edx & hidden[i].edx),
			   "%s: %x %x %x %x", hidden[i].name, r.eax, r.ebx, r.ecx, r.edx);
	}
	test_check(cpuid(1, 0).ecx & BIT(31), "the hypervisor bit is clear");
	test_check(cpuid(1, 0).ecx & BIT(21), "x2APIC is not offered");
}

static void user_cpuid(void *argument)
{
	struct code_run *run = argument;
	struct cpuid_regs r = cpuid((uint32_t)run->rax, (uint32_t)run->rcx);

	run->rax = r.eax;
	run->rbx = r.ebx;
	run->rcx = r.ecx;
	run->rdx = r.edx;
}

/* What follows CR4, XCR0 and the APIC's mode may differ from moment to moment, but not here. */
static void check_stable(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs first = cpuid(leaf, subleaf), again = cpuid(leaf, subleaf);

	test_check(same(first, again), "leaf %x.%x changes", leaf, subleaf);
	if (leaf > 0xff && leaf < 0x40000000)
		test_check(!(first.eax | first.ebx | first.ecx | first.edx) ||
				   same(first, cpuid(cpuid(0, 0).eax, subleaf)),
			   "leaf %x.%x has %x %x %x %x", leaf, subleaf, first.eax, first.ebx,
			   first.ecx, first.edx);
}

static void test_flood(void)
{
	uint64_t samples = words_number("samples", 1000), seed = 1;

	for (uint32_t leaf = 0; leaf < 0x30; leaf++)
		for (uint32_t subleaf = 0; subleaf < (leaf % 4 ? 4 : 256); subleaf++)
			check_stable(leaf, subleaf);
	for (uint32_t leaf = 0x80000000; leaf < 0x80000030; leaf++)
		check_stable(leaf, 0);
	for (uint64_t i = 0; i < samples; i++)
		check_stable((uint32_t)random_next(&seed), (uint32_t)(random_next(&seed) & 0xff));
}

static void test_flood_user(void)
{
	static const uint32_t leaves[] = {0, 1, 7, 0xb, 0xd, 0x40000000, 0x80000001, 0xffffffff};

	for (unsigned i = 0; i < ARRAY_SIZE(leaves); i++) {
		struct code_run run = {.rax = leaves[i]};
		struct cpuid_regs r = cpuid(leaves[i], 0);
		struct fault fault = fault_of_user(user_cpuid, &run, 0);

		test_check(fault.vector == NO_FAULT && run.rax == r.eax && run.rbx == r.ebx &&
				   run.rcx == r.ecx && run.rdx == r.edx,
			   "leaf %x differs at CPL 3: fault %d", leaves[i], fault.vector);
	}
}

/* --- A02 --- */

static size_t put_prefixed(uint8_t *to, size_t length, uint8_t a, uint8_t b, size_t opcode)
{
	static const uint8_t prefixes[] = {0x66, 0x67, 0x2e, 0x36, 0x3e, 0x26};
	size_t count = length - opcode;

	for (size_t i = 0; i < count; i++)
		to[i] = prefixes[i % ARRAY_SIZE(prefixes)];
	to[count] = a;
	if (opcode == 2)
		to[count + 1] = b;
	return length;
}

static void check_prefixed(const char *name, uint8_t a, uint8_t b, size_t opcode, uint64_t rcx)
{
	uint8_t code[LONGEST + 1];

	for (size_t length = opcode; length <= LONGEST + 1; length++) {
		struct code_run run = {.rcx = rcx, .rdx = 0x80};
		int wanted = length > LONGEST ? VECTOR_GP : NO_FAULT;
		struct fault fault;

		put_prefixed(code, length, a, b, opcode);
		fault = code_fault(&run, code, length, false);
		test_check(fault.vector == wanted, "%s of %lu bytes: vector %d", name, length,
			   fault.vector);
		if (wanted == VECTOR_GP && fault.vector == VECTOR_GP)
			test_check(fault.rip == (uintptr_t)code_page, "%s: #GP at %lx", name,
				   fault.rip);
	}
}

static void test_prefixes(void)
{
	check_prefixed("CPUID", 0x0f, 0xa2, 2, 0);
	check_prefixed("RDMSR", 0x0f, 0x32, 2, MSR_APIC);
	check_prefixed("WBINVD", 0x0f, 0x09, 2, 0);
	check_prefixed("IN", 0xec, 0, 1, 0);
}

static void test_rex(void)
{
	struct code_run run = {.rax = 0};
	struct fault fault;

	/* REX counts only right before the opcode; all of them are harmless here. */
	for (uint8_t rex = 0x40; rex < 0x50; rex++) {
		run = (struct code_run){.rax = 0};
		fault = CODE_FAULT(&run, false, rex, 0x0f, 0xa2);
		test_check(fault.vector == NO_FAULT && run.rax == cpuid(0, 0).eax,
			   "REX %x CPUID: %d", rex, fault.vector);
		fault = CODE_FAULT(&run, false, rex, 0x66, 0x0f, 0xa2);
		test_check(fault.vector == NO_FAULT, "REX %x 66 CPUID: %d", rex, fault.vector);
	}
	/* LOCK is #UD: APM3 1.2.5 "Lock Prefix". TCG ignores it here. */
	fault = CODE_FAULT(&run, false, 0xf0, 0x0f, 0xa2);
	test_check(fault.vector == VECTOR_UD || test_bed("qemu"), "LOCK CPUID: %d", fault.vector);
}

/* --- A03 --- */

/* CPUID with its last byte on the second page, which is mapped as flags say. */
static void check_straddle(const char *name, uint64_t flags, int vector, uint32_t error)
{
	struct code_run run = {.rax = 0};
	uint64_t second = PAGING_TEST + PAGE_SIZE;
	struct fault fault;

	two_pages[PAGE_SIZE - 1] = 0x0f;
	two_pages[PAGE_SIZE] = 0xa2;
	two_pages[PAGE_SIZE + 1] = 0xc3;
	paging_map(PAGING_TEST, (uintptr_t)two_pages, PAGE_P | PAGE_W);
	paging_map(second, (uintptr_t)two_pages + PAGE_SIZE, flags);
	fault = code_fault_at(&run, (void *)(second - 1), false);
	test_check(fault.vector == vector, "%s: vector %d", name, fault.vector);
	if (vector == VECTOR_PF && fault.vector == vector)
		test_check(fault.cr2 == second && fault.error == error && fault.rip == second - 1,
			   "%s: cr2 %lx error %x rip %lx", name, fault.cr2, fault.error, fault.rip);
}

static void test_straddle(void)
{
	check_straddle("both there", PAGE_P | PAGE_W, NO_FAULT, 0);
	check_straddle("second not present", 0, VECTOR_PF, PF_FETCH);
	check_straddle("second not executable", PAGE_P | PAGE_W | PAGE_NX, VECTOR_PF,
		       PF_FETCH | PF_PRESENT);
	check_straddle("both there again", PAGE_P | PAGE_W, NO_FAULT, 0);
}

/* --- A04 --- */

static volatile bool race_ends;
static volatile uint64_t race_writes;

/* Two instructions of different lengths and rights at one place: CPUID; RDMSR with a prefix. */
static const uint64_t race_codes[] = {0x909090909090a20fULL, 0x909090909090320fULL,
				      0x909090320f2e2e66ULL, 0x9090a20f3e2e3e66ULL};

static void rewrite(void *unused)
{
	volatile uint64_t *to = (volatile uint64_t *)code_page;

	(void)unused;
	for (unsigned i = 0; !race_ends; i++) {
		*to = race_codes[i % ARRAY_SIZE(race_codes)];
		race_writes++;
	}
}

static void test_race(void)
{
	uint64_t loops = words_number("races", 2000);
	unsigned odd = 0;

	if (words_number("cpus", 1) < 2) {
		test_skip("one CPU");
		return;
	}
	memset(code_page, 0x90, 64);
	code_page[64] = 0xc3;
	race_ends = false;
	if (!test_check(cpu_start(1), "CPU 1 does not start"))
		return;
	cpu_run(1, rewrite, NULL);
	for (uint64_t i = 0; i < loops; i++) {
		struct code_run run = {.rcx = MSR_APIC, .rax = 0};
		struct fault fault = code_fault_at(&run, code_page, false);
		bool is_cpuid = run.rax == cpuid(0, 0).eax;
		bool is_msr = run.rax == (uint32_t)msr_read(MSR_APIC);

		/* Cut in the middle the bytes may be any instruction; only these two are wanted often. */
		odd += fault.vector != NO_FAULT || (!is_cpuid && !is_msr);
	}
	race_ends = true;
	test_check(cpu_wait(1, 5000), "CPU 1 does not end");
	test_check(race_writes > 0, "nothing was rewritten");
	test_check(odd <= loops / 2, "%u odd results of %lu", odd, loops);
}

/* --- A05, A06, A11, A13, A19: what is not there --- */

struct absent {
	const char *name;
	uint8_t size, code[6];
};

#define INSN(name, ...)                       \
	{                                     \
		name, CODE_SIZE(__VA_ARGS__), \
		{                             \
			__VA_ARGS__           \
		}                             \
	}

static const struct absent svm_insns[] = {
	INSN("VMRUN", 0x0f, 0x01, 0xd8),   INSN("VMLOAD", 0x0f, 0x01, 0xda),
	INSN("VMSAVE", 0x0f, 0x01, 0xdb),  INSN("STGI", 0x0f, 0x01, 0xdc),
	INSN("CLGI", 0x0f, 0x01, 0xdd),	   INSN("SKINIT", 0x0f, 0x01, 0xde),
	INSN("INVLPGA", 0x0f, 0x01, 0xdf),
};

static const struct absent vmx_insns[] = {
	INSN("VMLAUNCH", 0x0f, 0x01, 0xc2),
	INSN("VMRESUME", 0x0f, 0x01, 0xc3),
	INSN("VMXOFF", 0x0f, 0x01, 0xc4),
	INSN("VMFUNC", 0x0f, 0x01, 0xd4),
	INSN("VMREAD", 0x0f, 0x78, 0xc0),
	INSN("VMWRITE", 0x0f, 0x79, 0xc0),
	INSN("VMPTRLD", 0x0f, 0xc7, 0x37),
	INSN("VMPTRST", 0x0f, 0xc7, 0x3f),
	INSN("VMCLEAR", 0x66, 0x0f, 0xc7, 0x37),
	INSN("VMXON", 0xf3, 0x0f, 0xc7, 0x37),
	INSN("INVEPT", 0x66, 0x0f, 0x38, 0x80, 0x07),
	INSN("INVVPID", 0x66, 0x0f, 0x38, 0x81, 0x07),
};

static const struct absent wait_insns[] = {
	INSN("MONITOR", 0x0f, 0x01, 0xc8),
	INSN("MWAIT", 0x0f, 0x01, 0xc9),
	INSN("MONITORX", 0x0f, 0x01, 0xfa),
	INSN("MWAITX", 0x0f, 0x01, 0xfb),
};

/* TCG runs these as MFENCE: it does not look at the prefix. */
static const struct absent user_wait_insns[] = {
	INSN("UMONITOR", 0xf3, 0x0f, 0xae, 0xf7),
	INSN("UMWAIT", 0xf2, 0x0f, 0xae, 0xf7),
	INSN("TPAUSE", 0x66, 0x0f, 0xae, 0xf7),
};

static const struct absent other_insns[] = {
	INSN("RDPRU", 0x0f, 0x01, 0xfd), INSN("RSM", 0x0f, 0xaa),
	INSN("UD2", 0x0f, 0x0b),	 INSN("UD1", 0x0f, 0xb9, 0xc0),
	INSN("UD0", 0x0f, 0xff, 0xc0),	 INSN("GETSEC", 0x0f, 0x37),
	INSN("ENCLS", 0x0f, 0x01, 0xcf), INSN("PCONFIG", 0x0f, 0x01, 0xc5),
};

static uint8_t operand[64] __attribute__((aligned(64)));

/* other: a vector that is as right at CPL 3, because the hardware checks the CPL first; else #UD again. */
static void check_absent(const struct absent *insns, size_t count, int other)
{
	for (size_t i = 0; i < count; i++) {
		for (unsigned user = 0; user < 2; user++) {
			struct code_run run = {.rdi = (uintptr_t)operand};
			struct fault fault = code_fault(&run, insns[i].code, insns[i].size, user);

			test_check(fault.vector == VECTOR_UD || (user && fault.vector == other),
				   "%s at CPL %u: vector %d", insns[i].name, user * 3, fault.vector);
			test_check(fault.rip == (uintptr_t)code_page, "%s: at %lx", insns[i].name,
				   fault.rip);
		}
	}
}

/* EFER.SVME is 1 while an SVM guest runs, so at CPL 3 the hardware itself may raise #GP first. */
static void test_svm(void)
{
	struct code_run run = {.rcx = MSR_EFER};
	uint64_t efer = msr_read(MSR_EFER) | EFER_SVME;
	struct fault fault;

	check_absent(svm_insns, ARRAY_SIZE(svm_insns), VECTOR_GP);
	test_check(!(msr_read(MSR_EFER) & EFER_SVME), "EFER.SVME is seen");
	run.rax = (uint32_t)efer;
	fault = CODE_FAULT(&run, false, 0x0f, 0x30);
	test_check(fault.vector == VECTOR_GP && fault.error == 0, "EFER.SVME=1: vector %d",
		   fault.vector);
}

static void write_cr4(void *value)
{
	cr4_write((uintptr_t)value);
}

static void test_vmx(void)
{
	struct fault fault;

	check_absent(vmx_insns, ARRAY_SIZE(vmx_insns), VECTOR_UD);
	fault = fault_of(write_cr4, (void *)(cr4_read() | CR4_VMXE));
	test_check(fault.vector == VECTOR_GP, "CR4.VMXE=1: vector %d", fault.vector);
}

static void test_waits(void)
{
	check_absent(wait_insns, ARRAY_SIZE(wait_insns), VECTOR_UD);
}

static void test_user_waits(void)
{
	if (test_bed("qemu"))
		test_skip("TCG runs them as MFENCE");
	else
		check_absent(user_wait_insns, ARRAY_SIZE(user_wait_insns), VECTOR_UD);
}

static void test_others(void)
{
	struct code_run run = {.rcx = 0};
	struct fault fault;

	check_absent(other_insns, ARRAY_SIZE(other_insns), VECTOR_UD);
	for (unsigned i = 0; i < 3; i++) {
		run.rcx = i == 2 ? 0x40000000 : i;
		fault = CODE_FAULT(&run, false, 0x0f, 0x33);
		test_check(fault.vector == VECTOR_GP, "RDPMC %lx: vector %d", run.rcx, fault.vector);
	}
	/* TCG raises #UD. */
	fault = CODE_FAULT(&run, false, 0xf1);
	test_check(fault.vector == VECTOR_DB || (test_bed("qemu") && fault.vector == VECTOR_UD),
		   "ICEBP: vector %d", fault.vector);
}

/* --- A07 --- */

static void test_hypercall(void)
{
	struct code_run run = {.rax = 0x1234, .rbx = 1, .rcx = 2, .rdx = 3};
	struct fault fault = CODE_FAULT(&run, false, 0x0f, 0x01, 0xd9);

	test_check(fault.vector == NO_FAULT, "VMMCALL: vector %d", fault.vector);
	test_check((int64_t)run.rax < 0, "VMMCALL answers %lx", run.rax);
	test_check(run.rbx == 1 && run.rcx == 2 && run.rdx == 3, "VMMCALL changes registers");
	fault = CODE_FAULT(&run, true, 0x0f, 0x01, 0xd9);
	test_check(fault.vector == VECTOR_UD, "VMMCALL at CPL 3: vector %d", fault.vector);
	for (unsigned user = 0; user < 2; user++) {
		fault = CODE_FAULT(&run, user, 0x0f, 0x01, 0xc1);
		test_check(fault.vector == VECTOR_UD,
			   "VMCALL, the other vendor's, at CPL %u: vector %d", 3 * user,
			   fault.vector);
	}
}

/* The instruction ends where the canonical half does: what follows is a #GP, in the guest. */
static void test_edge(void)
{
	static const struct absent insns[] = {INSN("VMMCALL", 0x0f, 0x01, 0xd9),
					      INSN("CPUID", 0x0f, 0xa2),
					      INSN("HLT-less RDMSR", 0x0f, 0x32),
					      INSN("WBINVD", 0x0f, 0x09), INSN("OUT", 0xe6, 0x80)};

	paging_map(EDGE, (uintptr_t)two_pages, PAGE_P | PAGE_W);
	for (unsigned i = 0; i < ARRAY_SIZE(insns); i++) {
		struct code_run run = {.rcx = MSR_APIC};
		uint64_t at = EDGE + PAGE_SIZE - insns[i].size;
		struct fault fault;

		memcpy(two_pages + PAGE_SIZE - insns[i].size, insns[i].code, insns[i].size);
		fault = code_fault_at(&run, (void *)at, false);
		test_check(fault.vector == VECTOR_GP, "%s: vector %d rip %lx", insns[i].name,
			   fault.vector, fault.rip);
	}
}

/* --- A08, A09 --- */

static void test_cache(void)
{
	uint64_t loops = words_number("caches", 500);
	static volatile uint64_t memory[8];
	struct code_run run;
	struct fault fault;

	for (uint64_t i = 0; i < loops; i++) {
		memory[i % ARRAY_SIZE(memory)] = i;
		asm volatile("invd" : : : "memory");
		test_check(memory[i % ARRAY_SIZE(memory)] == i, "INVD lost a write");
		asm volatile("wbinvd" : : : "memory");
		asm volatile(".byte 0xf3, 0x0f, 0x09" : : : "memory"); /* WBNOINVD */
	}
	fault = CODE_FAULT(&run, true, 0x0f, 0x08);
	test_check(fault.vector == VECTOR_GP, "INVD at CPL 3: vector %d", fault.vector);
	fault = CODE_FAULT(&run, true, 0x0f, 0x09);
	test_check(fault.vector == VECTOR_GP, "WBINVD at CPL 3: vector %d", fault.vector);
}

/* --- A14 --- */

static int xsetbv(uint32_t index, uint64_t value, bool user)
{
	struct code_run run = {.rcx = index, .rax = (uint32_t)value, .rdx = value >> 32};

	return CODE_FAULT(&run, user, 0x0f, 0x01, 0xd1).vector;
}

static void test_xsetbv(void)
{
	uint64_t offered;

	if (!fpu_has_xsave()) {
		test_skip("no XSAVE");
		return;
	}
	cr4_write(cr4_read() & ~(uint64_t)CR4_OSXSAVE);
	test_check(xsetbv(0, 1, false) == VECTOR_UD, "XSETBV without OSXSAVE");
	offered = fpu_enable();
	test_check(xsetbv(0, offered & ~(uint64_t)XCR0_X87, false) == VECTOR_GP, "x87 clear");
	test_check(xsetbv(0, XCR0_X87 | XCR0_AVX, false) == VECTOR_GP, "AVX without SSE");
	test_check(xsetbv(1, offered, false) == VECTOR_GP, "ECX=1");
	test_check(xsetbv(UINT32_MAX, offered, false) == VECTOR_GP, "ECX=-1");
	test_check(xsetbv(0, offered, true) == VECTOR_GP, "CPL 3");
	for (unsigned bit = 0; bit < 64; bit++) {
		if (!(offered & BIT(bit)))
			test_check(xsetbv(0, offered | BIT(bit), false) == VECTOR_GP, "bit %u", bit);
		else if (bit == 1)
			test_check(xsetbv(0, offered & ~BIT(bit), false) ==
					   (offered & XCR0_AVX ? VECTOR_GP : NO_FAULT),
				   "SSE clear");
	}
	test_check(xcr0_read() == offered, "XCR0 is %lx", xcr0_read());
	test_check(xsetbv(0, XCR0_X87, false) == NO_FAULT && xcr0_read() == XCR0_X87, "x87 alone");
	test_check(cpuid(0xd, 0).ebx == 576, "XSAVE area of %u bytes for x87 alone",
		   cpuid(0xd, 0).ebx);
	test_check(xsetbv(0, offered, false) == NO_FAULT && xcr0_read() == offered, "all again");
	test_check(cpuid(0xd, 0).ebx == cpuid(0xd, 0).ecx, "XSAVE area of %u bytes for all, not %u",
		   cpuid(0xd, 0).ebx, cpuid(0xd, 0).ecx);
}

/* --- A16, A17 --- */

static void test_lmsw(void)
{
	uint64_t cr0 = cr0_read();
	struct code_run run = {.rax = 0};
	struct fault fault = CODE_FAULT(&run, false, 0x0f, 0x01, 0xf0); /* LMSW AX: cannot clear PE */

	test_check(fault.vector == NO_FAULT, "LMSW 0: vector %d", fault.vector);
	test_check((cr0_read() & 0xf) == CR0_PE, "cr0 %lx after LMSW 0", cr0_read());
	run.rax = 0xf;
	fault = CODE_FAULT(&run, false, 0x0f, 0x01, 0xf0);
	test_check((cr0_read() & 0xf) == 0xf, "cr0 %lx after LMSW 15", cr0_read());
	asm volatile("clts");
	test_check(!(cr0_read() & CR0_TS), "cr0 %lx after CLTS", cr0_read());
	cr0_write(cr0);
	test_check(cr0_read() == cr0, "cr0 %lx, not %lx", cr0_read(), cr0);
}

static void write_dr7(void *value)
{
	dr7_write((uintptr_t)value);
}

static void write_dr6(void *value)
{
	dr6_write((uintptr_t)value);
}

static void test_debug_registers(void)
{
	test_check(fault_of(write_dr7, (void *)BIT(32)).vector == VECTOR_GP, "DR7 bit 32");
	test_check(fault_of(write_dr6, (void *)BIT(32)).vector == VECTOR_GP, "DR6 bit 32");
	dr0_write(0x123456789abcULL);
	test_check(dr0_read() == 0x123456789abcULL, "DR0 %lx", dr0_read());
	dr0_write(0);
	test_check(dr7_read() == DR7_RESET, "DR7 %lx", dr7_read());
}

static const struct test_case cases[] = {
	{"A01-hidden", test_hidden},	 {"A01-flood", test_flood},
	{"A01-user", test_flood_user},	 {"A02-prefixes", test_prefixes},
	{"A02-rex", test_rex},		 {"A03-straddle", test_straddle},
	{"A04-race", test_race},	 {"A05-svm", test_svm},
	{"A06-vmx", test_vmx},		 {"A07-hypercall", test_hypercall},
	{"A07-edge", test_edge},	 {"A08-A09-caches", test_cache},
	{"A11-waits", test_waits},	 {"A11-user-waits", test_user_waits},
	{"A13-A19-others", test_others}, {"A14-xsetbv", test_xsetbv},
	{"A16-lmsw", test_lmsw},	 {"A17-debug", test_debug_registers},
};

void guest_main(void)
{
	apic_enable();
	if (!is_freehold())
		print("# not under Freehold\n");
	test_run_all(cases, ARRAY_SIZE(cases));
}
