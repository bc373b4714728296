/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS B08, B09: the local APIC's MSRs in each mode, and IA32_APIC_BASE: SDM 3A 11.12 "Extended xAPIC
 * (x2APIC)", 11.12.5 "x2APIC State Transitions".
 */
#include "tests/guests/hostile_b/cases.h"

#include "arch/x86_64/insn.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/msr.h"
#include "tests/guests/lib/report.h"

/* SDM 3A table 11-6 "Local APIC Register Address Map Supported by x2APIC": what RDMSR may read. */
static bool x2_readable(uint32_t offset)
{
	if (offset >= 0x10 && offset <= 0x28)
		return true;
	if (offset >= 0x32 && offset <= 0x39)
		return true;
	return offset == 2 || offset == 3 || offset == 8 || offset == 0xa || offset == 0xd ||
	       offset == 0xf || offset == 0x30 || offset == 0x3e;
}

void b_test_x2_in_xapic(void)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < 0x100; i++) {
		test_check(msr_read_fault(MSR_X2APIC + i, &value).vector == VECTOR_GP, "RDMSR %x",
			   MSR_X2APIC + i);
		test_check(msr_write_fault(MSR_X2APIC + i, 0).vector == VECTOR_GP, "WRMSR %x",
			   MSR_X2APIC + i);
	}
}

void b_test_x2_registers(void)
{
	uint64_t value = 0;

	apic_use_x2();
	for (uint32_t i = 0; i < 0x100; i++) {
		int vector = msr_read_fault(MSR_X2APIC + i, &value).vector;

		test_check(vector == (x2_readable(i) ? NO_FAULT : VECTOR_GP), "RDMSR %x: vector %d",
			   MSR_X2APIC + i, vector);
	}
	for (uint32_t i = 0x40; i < 0x400; i++)
		test_check(msr_write_fault(MSR_X2APIC + i, ~0ULL).vector == VECTOR_GP, "WRMSR %x",
			   MSR_X2APIC + i);
	/* Read-only, and reserved bits: SDM 3A 11.12.1.3 "Reserved Bit Checking". */
	test_check(msr_write_fault(0x802, 0).vector == VECTOR_GP, "the ID is written");
	test_check(msr_write_fault(0x803, 0).vector == VECTOR_GP, "the version is written");
	test_check(msr_write_fault(0x80a, 0).vector == VECTOR_GP, "PPR is written");
	test_check(msr_write_fault(0x80d, 0).vector == VECTOR_GP, "LDR is written");
	test_check(msr_write_fault(0x808, 0x100).vector == VECTOR_GP, "TPR bit 8");
	test_check(msr_write_fault(0x80b, 1).vector == VECTOR_GP, "EOI of 1");
	test_check(msr_write_fault(0x828, 1).vector == VECTOR_GP, "ESR of 1");
	test_check(msr_write_fault(0x808, 0).vector == NO_FAULT, "TPR of 0");
	test_check(msr_write_fault(0x80b, 0).vector == NO_FAULT, "EOI of 0");
}

void b_test_apic_base(void)
{
	static const uint64_t bases[] = {0,	     0x100000,	 0xfec00000,
					 0xfee01000, 0xfffff000, 0x100000000ULL};
	unsigned bits = cpuid(0x80000008, 0).eax & 0xff;
	uint64_t old = msr_read(MSR_APIC);

	/* Over RAM, the IOAPIC, ROM and where nothing is. */
	for (unsigned i = 0; i < ARRAY_SIZE(bases); i++) {
		test_check(msr_write_fault(MSR_APIC, bases[i] | (old & 0xfff)).vector == NO_FAULT,
			   "base %lx is refused", bases[i]);
		msr_write(MSR_APIC, old);
	}
	for (unsigned bit = bits; bit < 64; bit++)
		test_check(msr_write_fault(MSR_APIC, old | BIT(bit)).vector == VECTOR_GP, "bit %u",
			   bit);
	for (unsigned bit = 0; bit < 8; bit++)
		test_check(msr_write_fault(MSR_APIC, old | BIT(bit)).vector == VECTOR_GP, "bit %u",
			   bit);
	test_check(msr_write_fault(MSR_APIC, old | BIT(9)).vector == VECTOR_GP, "bit 9");
	test_check(msr_read(MSR_APIC) == old, "it became %lx", msr_read(MSR_APIC));
	test_check(apic_id() == 0 && apic_read(APIC_VERSION) != 0, "the page is gone");
}

static bool moves_to(uint64_t bits)
{
	uint64_t rest = msr_read(MSR_APIC) & ~(uint64_t)(APIC_BASE_ENABLE | APIC_BASE_X2);

	return msr_write_fault(MSR_APIC, rest | bits).vector == NO_FAULT;
}

void b_test_transitions(void)
{
	enum {
		OFF = 0,
		X1 = APIC_BASE_ENABLE,
		X2 = APIC_BASE_ENABLE | APIC_BASE_X2,
		BAD = APIC_BASE_X2
	};

	test_check(!moves_to(BAD), "xAPIC to EXTD without EN");
	test_check(moves_to(OFF), "xAPIC to off");
	test_check(!(cpuid(1, 0).edx & BIT(9)), "CPUID has an APIC that is off");
	test_check(!moves_to(X2), "off to x2APIC");
	test_check(!moves_to(BAD), "off to EXTD without EN");
	test_check(moves_to(X1), "off to xAPIC");
	test_check(cpuid(1, 0).edx & BIT(9), "CPUID has no APIC");
	test_check(moves_to(X2), "xAPIC to x2APIC");
	test_check(!moves_to(X1), "x2APIC to xAPIC");
	test_check(!moves_to(BAD), "x2APIC to EXTD without EN");
	test_check(apic_is_x2(), "it is no longer x2APIC");
	test_check(moves_to(OFF), "x2APIC to off");
	test_check(moves_to(X1), "off to xAPIC again");
	apic_enable();
}
