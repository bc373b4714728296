/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS A05, A06, A11, A13, A19, A24: instructions that are not there for a guest are #UD at each
 * CPL, and turn nothing on.
 */
#include "tests/guests/hostile_a/cases.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"

static const struct insn_bytes svm_insns[] = {
	INSN_BYTES("VMRUN", 0x0f, 0x01, 0xd8),	 INSN_BYTES("VMLOAD", 0x0f, 0x01, 0xda),
	INSN_BYTES("VMSAVE", 0x0f, 0x01, 0xdb),	 INSN_BYTES("STGI", 0x0f, 0x01, 0xdc),
	INSN_BYTES("CLGI", 0x0f, 0x01, 0xdd),	 INSN_BYTES("SKINIT", 0x0f, 0x01, 0xde),
	INSN_BYTES("INVLPGA", 0x0f, 0x01, 0xdf),
};

static const struct insn_bytes vmx_insns[] = {
	INSN_BYTES("VMLAUNCH", 0x0f, 0x01, 0xc2),
	INSN_BYTES("VMRESUME", 0x0f, 0x01, 0xc3),
	INSN_BYTES("VMXOFF", 0x0f, 0x01, 0xc4),
	INSN_BYTES("VMFUNC", 0x0f, 0x01, 0xd4),
	INSN_BYTES("VMREAD", 0x0f, 0x78, 0xc0),
	INSN_BYTES("VMWRITE", 0x0f, 0x79, 0xc0),
	INSN_BYTES("VMPTRLD", 0x0f, 0xc7, 0x37),
	INSN_BYTES("VMPTRST", 0x0f, 0xc7, 0x3f),
	INSN_BYTES("VMCLEAR", 0x66, 0x0f, 0xc7, 0x37),
	INSN_BYTES("VMXON", 0xf3, 0x0f, 0xc7, 0x37),
	INSN_BYTES("INVEPT", 0x66, 0x0f, 0x38, 0x80, 0x07),
	INSN_BYTES("INVVPID", 0x66, 0x0f, 0x38, 0x81, 0x07),
};

static const struct insn_bytes wait_insns[] = {
	INSN_BYTES("MONITOR", 0x0f, 0x01, 0xc8),
	INSN_BYTES("MWAIT", 0x0f, 0x01, 0xc9),
	INSN_BYTES("MONITORX", 0x0f, 0x01, 0xfa),
	INSN_BYTES("MWAITX", 0x0f, 0x01, 0xfb),
};

/* TCG runs these as MFENCE: it does not look at the prefix. */
static const struct insn_bytes user_wait_insns[] = {
	INSN_BYTES("UMONITOR", 0xf3, 0x0f, 0xae, 0xf7),
	INSN_BYTES("UMWAIT", 0xf2, 0x0f, 0xae, 0xf7),
	INSN_BYTES("TPAUSE", 0x66, 0x0f, 0xae, 0xf7),
};

static const struct insn_bytes other_insns[] = {
	INSN_BYTES("RDPRU", 0x0f, 0x01, 0xfd), INSN_BYTES("RSM", 0x0f, 0xaa),
	INSN_BYTES("UD2", 0x0f, 0x0b),	       INSN_BYTES("UD1", 0x0f, 0xb9, 0xc0),
	INSN_BYTES("UD0", 0x0f, 0xff, 0xc0),
};

/* Of features that CPUID does not have. */
static const struct insn_bytes feature_insns[] = {
	INSN_BYTES("GETSEC", 0x0f, 0x37),
	INSN_BYTES("ENCLS", 0x0f, 0x01, 0xcf),
	INSN_BYTES("ENCLU", 0x0f, 0x01, 0xd7),
	INSN_BYTES("ENCLV", 0x0f, 0x01, 0xc0),
	INSN_BYTES("PCONFIG", 0x0f, 0x01, 0xc5),
	INSN_BYTES("WRSSD", 0x0f, 0x38, 0xf6, 0x07),
	INSN_BYTES("WRUSSD", 0x66, 0x0f, 0x38, 0xf5, 0x07),
	INSN_BYTES("SETSSBSY", 0xf3, 0x0f, 0x01, 0xe8),
	INSN_BYTES("RSTORSSP", 0xf3, 0x0f, 0x01, 0x2f),
	INSN_BYTES("SENDUIPI", 0xf3, 0x0f, 0xc7, 0xf0),
	INSN_BYTES("UIRET", 0xf3, 0x0f, 0x01, 0xec),
	INSN_BYTES("CLUI", 0xf3, 0x0f, 0x01, 0xee),
	INSN_BYTES("STUI", 0xf3, 0x0f, 0x01, 0xef),
};

enum { STORM = 50 };

static uint8_t operand[64] __attribute__((aligned(64)));

/* other: a vector that is as right at CPL 3, because the hardware checks the CPL first; else #UD again. */
static void check_absent(const struct insn_bytes *insns, size_t count, int other)
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
void a_test_svm(void)
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

void a_test_vmx(void)
{
	struct fault fault;

	check_absent(vmx_insns, ARRAY_SIZE(vmx_insns), VECTOR_UD);
	fault = fault_of(write_cr4, (void *)(cr4_read() | CR4_VMXE));
	test_check(fault.vector == VECTOR_GP, "CR4.VMXE=1: vector %d", fault.vector);
}

void a_test_waits(void)
{
	check_absent(wait_insns, ARRAY_SIZE(wait_insns), VECTOR_UD);
}

void a_test_user_waits(void)
{
	if (test_bed("qemu"))
		test_skip("TCG runs them as MFENCE");
	else
		check_absent(user_wait_insns, ARRAY_SIZE(user_wait_insns), VECTOR_UD);
}

void a_test_others(void)
{
	struct code_run run = {.rcx = 0};
	struct fault fault;

	for (unsigned i = 0; i < STORM; i++) {
		check_absent(other_insns, ARRAY_SIZE(other_insns), VECTOR_UD);
		clock_relax();
	}
	for (unsigned i = 0; i < 3; i++) {
		run.rcx = i == 2 ? 0x40000000 : i;
		fault = CODE_FAULT(&run, false, 0x0f, 0x33);
		test_check(fault.vector == VECTOR_GP, "RDPMC %lx: vector %d", run.rcx, fault.vector);
	}
	/* TCG raises #UD. */
	for (unsigned i = 0; i < STORM; i++) {
		fault = CODE_FAULT(&run, false, 0xf1);
		test_check(fault.vector == VECTOR_DB ||
				   (test_bed("qemu") && fault.vector == VECTOR_UD),
			   "ICEBP: vector %d", fault.vector);
	}
}

enum { INVPCID_TYPES = 4, EBX7_INVPCID = 1 << 10, EBX8_CLZERO = 1 << 0 };

/* SDM 2A "INVPCID": #UD without the feature; a type that is none, or reserved bits, are #GP. */
static void check_invpcid(void)
{
	bool there = cpuid(7, 0).ebx & EBX7_INVPCID;
	int refused = there ? VECTOR_GP : VECTOR_UD;
	uint64_t *descriptor = (uint64_t *)(void *)operand;

	descriptor[0] = descriptor[1] = 0;
	/* Bochs looks at the lower half of the type's register. */
	for (unsigned i = 0; i < (test_bed("ryzen") || test_bed("qemu") ? 64 : 32); i++) {
		struct code_run run = {.rdi = (uintptr_t)operand, .rcx = i ? BIT(i) : INVPCID_TYPES};
		bool legal = there && run.rcx < INVPCID_TYPES;
		int vector = CODE_FAULT(&run, false, 0x66, 0x0f, 0x38, 0x82, 0x0f).vector;

		test_check(vector == (legal ? NO_FAULT : refused), "INVPCID type %lx: vector %d",
			   run.rcx, vector);
		run.rcx = 0;
		descriptor[0] = BIT(i);
		vector = CODE_FAULT(&run, false, 0x66, 0x0f, 0x38, 0x82, 0x0f).vector;
		descriptor[0] = 0;
		if (i >= 12)
			test_check(vector == refused, "INVPCID of bit %u: vector %d", i, vector);
	}
}

void a_test_features(void)
{
	struct code_run run = {.rax = (uintptr_t)operand};
	int vector;

	check_absent(feature_insns, ARRAY_SIZE(feature_insns), VECTOR_UD);
	check_invpcid();
	if (!(cpuid(0x80000008, 0).ebx & EBX8_CLZERO)) {
		vector = CODE_FAULT(&run, false, 0x0f, 0x01, 0xfc).vector;
		test_check(vector == VECTOR_UD, "CLZERO: vector %d", vector);
	}
}
