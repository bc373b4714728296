/* SPDX-License-Identifier: BSD-2-Clause */
/* THREATS A13, A18: what CPL 3 may ask the processor, and what it may not if the guest says so. */
#include "tests/guests/hostile_a/cases.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"

enum { TSC_STORM = 200, EDX_RDTSCP = 1 << 27, ECX7_UMIP = 1 << 2 };

/* TSC_AUX in ECX, the TSC in EDX:EAX: it never goes back. */
static void storm_tsc(bool rdtscp, bool user)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < TSC_STORM; i++) {
		struct code_run run = {.rcx = ~0ULL};
		struct fault fault = rdtscp ? CODE_FAULT(&run, user, 0x0f, 0x01, 0xf9)
					    : CODE_FAULT(&run, user, 0x0f, 0x31);
		uint64_t now = run.rdx << 32 | run.rax;

		if (!test_check(fault.vector == NO_FAULT && now > last,
				"RDTSC%s: vector %d, %lx after %lx", rdtscp ? "P" : "",
				fault.vector, now, last))
			return;
		if (rdtscp)
			test_check(run.rcx == 5, "TSC_AUX %lx", run.rcx);
		last = now;
		clock_relax();
	}
}

static void check_user(const char *name, int tsc, int rdtscp, bool has_rdtscp)
{
	struct code_run run = {.rcx = 0};

	test_check(CODE_FAULT(&run, true, 0x0f, 0x31).vector == tsc, "RDTSC, %s", name);
	if (has_rdtscp)
		test_check(CODE_FAULT(&run, true, 0x0f, 0x01, 0xf9).vector == rdtscp, "RDTSCP, %s",
			   name);
	for (unsigned i = 0; i < 40; i++, clock_relax()) {
		run.rcx = i < 36 ? i : 1ULL << (i - 6);
		test_check(CODE_FAULT(&run, true, 0x0f, 0x33).vector == VECTOR_GP, "RDPMC %lx, %s",
			   run.rcx, name);
		test_check(CODE_FAULT(&run, false, 0x0f, 0x33).vector == VECTOR_GP,
			   "RDPMC %lx at CPL 0, %s", run.rcx, name);
	}
}

void a_test_tsc(void)
{
	bool has_rdtscp = cpuid(0x80000001, 0).edx & EDX_RDTSCP;
	uint64_t cr4 = cr4_read();

	if (has_rdtscp)
		msr_write(MSR_TSC_AUX, 5);
	for (unsigned user = 0; user < 2; user++) {
		storm_tsc(false, user);
		if (has_rdtscp)
			storm_tsc(true, user);
	}
	check_user("usual", NO_FAULT, NO_FAULT, has_rdtscp);
	cr4_write(cr4 | CR4_TSD | CR4_PCE);
	check_user("TSD and PCE", VECTOR_GP, VECTOR_GP, has_rdtscp);
	cr4_write(cr4);
}

/* AX or (RDI). SDM 3A 2.5 "Control Registers", on CR4.UMIP. */
static const struct insn_bytes umip_insns[] = {
	INSN_BYTES("SGDT", 0x0f, 0x01, 0x07), INSN_BYTES("SIDT", 0x0f, 0x01, 0x0f),
	INSN_BYTES("SLDT", 0x0f, 0x00, 0xc0), INSN_BYTES("SMSW", 0x0f, 0x01, 0xe0),
	INSN_BYTES("STR", 0x0f, 0x00, 0xc8),
};

static void check_umip(const char *name, int user_vector)
{
	static uint8_t table[16];

	for (unsigned i = 0; i < ARRAY_SIZE(umip_insns); i++) {
		for (unsigned user = 0; user < 2; user++) {
			struct code_run run = {.rdi = (uintptr_t)table};
			int vector = code_fault(&run, umip_insns[i].code, umip_insns[i].size, user)
					     .vector;

			test_check(vector == (user ? user_vector : NO_FAULT),
				   "%s at CPL %u, %s: vector %d", umip_insns[i].name, 3 * user,
				   name, vector);
		}
	}
}

static void write_cr4(void *value)
{
	cr4_write((uintptr_t)value);
}

void a_test_umip(void)
{
	bool has_umip = cpuid(7, 0).ecx & ECX7_UMIP;
	uint64_t cr4 = cr4_read();
	int vector = fault_of(write_cr4, (void *)(cr4 | CR4_UMIP)).vector;

	test_check(vector == (has_umip ? NO_FAULT : VECTOR_GP), "CR4.UMIP: vector %d", vector);
	if (has_umip)
		check_umip("UMIP", VECTOR_GP);
	cr4_write(cr4);
	check_umip("no UMIP", NO_FAULT);
	print("# UMIP is %s\n", has_umip ? "there" : "absent");
}
