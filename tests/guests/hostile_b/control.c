/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS B01, B02: CR0, CR3, CR4 and EFER against rules written down here by the manuals and not by the
 * code under test: SDM 3A 2.5 "Control Registers", APM2 3.1 "System Control Registers".
 */
#include "tests/guests/hostile_b/cases.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/msr.h"
#include "tests/guests/lib/report.h"

static void write_cr0(void *value)
{
	cr0_write((uintptr_t)value);
}

static void write_cr3(void *value)
{
	cr3_write((uintptr_t)value);
}

static void write_cr4(void *value)
{
	cr4_write((uintptr_t)value);
}

/* In 64-bit mode. 4 is ET; 6-15, 17 and 19-28 read as zero whatever is written. */
static bool cr0_is_legal(uint64_t value)
{
	bool pe = value & 1, pg = value >> 31 & 1, nw = value >> 29 & 1, cd = value >> 30 & 1;

	return value >> 32 == 0 && pe && pg && (!nw || cd);
}

static uint64_t cr0_after(uint64_t value)
{
	return (value & 0xe005003f) | 0x10;
}

static uint64_t cr4_offered(void)
{
	struct cpuid_regs one = cpuid(1, 0), seven = cpuid(7, 0);
	uint64_t bits = 0x7fc; /* TSD to OSXMMEXCPT */

	bits |= one.edx & BIT(1) ? BITS(1, 0) : 0; /* VME, PVI */
	bits |= seven.ecx & BIT(2) ? BIT(11) : 0;  /* UMIP */
	bits |= seven.ebx & BIT(0) ? BIT(16) : 0;  /* FSGSBASE */
	bits |= one.ecx & BIT(17) ? BIT(17) : 0;   /* PCIDE */
	bits |= one.ecx & BIT(26) ? BIT(18) : 0;   /* OSXSAVE */
	bits |= seven.ebx & BIT(7) ? BIT(20) : 0;  /* SMEP */
	bits |= seven.ebx & BIT(20) ? BIT(21) : 0; /* SMAP */
	bits |= seven.ecx & BIT(3) ? BIT(22) : 0;  /* PKE */
	return bits;
}

static bool cr4_is_legal(uint64_t value)
{
	return (value & ~cr4_offered()) == 0 && value & BIT(5);
}

/* Writes it, compares with the rule, reads back, restores. */
static void check_cr(const char *name, void (*write)(void *), uint64_t old, uint64_t value,
		     bool legal, uint64_t after)
{
	struct fault fault = fault_of(write, (void *)value);
	uint64_t now = write == write_cr0 ? cr0_read() : cr4_read();

	write((void *)old);
	if (legal)
		test_check(fault.vector == NO_FAULT && now == after, "%s=%lx: vector %d, reads %lx",
			   name, value, fault.vector, now);
	else
		test_check(fault.vector == VECTOR_GP && fault.error == 0 && now == old,
			   "%s=%lx: vector %d, reads %lx", name, value, fault.vector, now);
}

/*
 * TCG drops the upper half without a fault; only if the lower half changes more than TS and MP it asks
 * whether that is to exit, and then it is our rule that counts.
 */
static bool bed_drops(uint64_t changed)
{
	return test_bed("qemu") && changed >> 32 &&
	       !(uint32_t)(changed & ~(uint64_t)(CR0_TS | CR0_MP));
}

void b_test_cr0(void)
{
	uint64_t old = cr0_read();

	for (unsigned i = 0; i < 64; i++) {
		for (unsigned j = i; j < 64; j++) {
			uint64_t value = old ^ BIT(i) ^ (j == i ? 0 : BIT(j));

			if (bed_drops(old ^ value))
				continue;
			check_cr("cr0", write_cr0, old, value, cr0_is_legal(value),
				 cr0_after(value));
		}
	}
}

void b_test_cr4(void)
{
	uint64_t old = cr4_read();

	for (unsigned i = 0; i < 64; i++) {
		for (unsigned j = i; j < 64; j++) {
			uint64_t value = old ^ BIT(i) ^ (j == i ? 0 : BIT(j));

			check_cr("cr4", write_cr4, old, value, cr4_is_legal(value), value);
		}
	}
}

void b_test_cr3(void)
{
	unsigned bits = cpuid(0x80000008, 0).eax & 0xff;
	uint64_t old = cr3_read();

	if (test_bed("qemu")) {
		test_skip("TCG takes them, and refuses the guest at its next entry");
		return;
	}
	for (unsigned i = bits; i < 63; i++) {
		struct fault fault = fault_of(write_cr3, (void *)(old | BIT(i)));

		test_check(fault.vector == VECTOR_GP, "cr3 bit %u: vector %d", i, fault.vector);
		cr3_write(old);
	}
	test_check(cr3_read() == old, "cr3 %lx", cr3_read());
}

/* SCE and NXE may change; LME with paging on may not; LMA is read-only, and whether #GP says so differs. */
void b_test_efer(void)
{
	uint64_t old = msr_read(MSR_EFER);
	bool nx = cpuid(0x80000001, 0).edx & BIT(20);

	for (unsigned i = 0; i < 64; i++) {
		uint64_t value = old ^ BIT(i);
		bool legal = i == 0 || (i == 11 && nx);
		struct fault fault = msr_write_fault(MSR_EFER, value);
		uint64_t now = msr_read(MSR_EFER);

		msr_write(MSR_EFER, old);
		if (legal)
			test_check(fault.vector == NO_FAULT && now == value,
				   "EFER bit %u: vector %d, %lx", i, fault.vector, now);
		else
			test_check((fault.vector == VECTOR_GP || i == 10) && now == old,
				   "EFER bit %u: vector %d, reads %lx", i, fault.vector, now);
	}
}

void leave_long_mode(void);

/*
 * LME without PAE is legal while paging is off. QEMU 7.2 does not restore the host's CR0 at an exit from
 * that state: whoever runs a guest in it as it is loses the machine.
 */
void b_test_leave(void)
{
	uint64_t efer = msr_read(MSR_EFER);

	for (unsigned i = 0; i < 10; i++) {
		leave_long_mode();
		test_check(msr_read(MSR_EFER) == efer, "EFER %lx", msr_read(MSR_EFER));
	}
}
