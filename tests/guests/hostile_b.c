/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS B01, B02, B05, B06, B08, B09: control registers, EFER and every MSR, against rules written down
 * here by the manuals and not by the code under test: SDM 3A 2.5 "Control Registers", APM2 3.1 "System
 * Control Registers", SDM 4 2.1 "Architectural MSRs".
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/random.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

/* --- B01: control registers --- */

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

static void test_cr0(void)
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

static void test_cr4(void)
{
	uint64_t old = cr4_read();

	for (unsigned i = 0; i < 64; i++) {
		for (unsigned j = i; j < 64; j++) {
			uint64_t value = old ^ BIT(i) ^ (j == i ? 0 : BIT(j));

			check_cr("cr4", write_cr4, old, value, cr4_is_legal(value), value);
		}
	}
}

static void test_cr3(void)
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

static void write_msr(void *argument)
{
	const uint64_t *msr = argument;

	msr_write((uint32_t)msr[0], msr[1]);
}

static struct fault msr_write_fault(uint32_t index, uint64_t value)
{
	uint64_t msr[2] = {index, value};

	return fault_of(write_msr, msr);
}

static void read_msr(void *argument)
{
	uint64_t *msr = argument;

	msr[1] = msr_read((uint32_t)msr[0]);
}

static struct fault msr_read_fault(uint32_t index, uint64_t *value)
{
	uint64_t msr[2] = {index, *value};
	struct fault fault = fault_of(read_msr, msr);

	*value = msr[1];
	return fault;
}

/* SCE and NXE may change; LME with paging on may not; LMA is read-only, and whether #GP says so differs. */
static void test_efer(void)
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
static void test_leave(void)
{
	uint64_t efer = msr_read(MSR_EFER);

	for (unsigned i = 0; i < 10; i++) {
		leave_long_mode();
		test_check(msr_read(MSR_EFER) == efer, "EFER %lx", msr_read(MSR_EFER));
	}
}

/* --- B05, B06 --- */

/* All that a guest of ours may find. What is not here is #GP. */
static const struct {
	uint32_t first, last;
} may_exist[] = {
	{0x10, 0x12},
	{0x17, 0x17},
	{0x1b, 0x1b},
	{0x3b, 0x3b},
	{0x8b, 0x8b},
	{0xfe, 0xfe},
	{0x174, 0x176},
	{0x179, 0x17b},
	{0x1a0, 0x1a0},
	{0x200, 0x20f},
	{0x250, 0x250},
	{0x258, 0x259},
	{0x268, 0x26f},
	{0x277, 0x277},
	{0x2ff, 0x2ff},
	{0x6e0, 0x6e0},
	{0x800, 0x83f},
	{0xda0, 0xda0},
	{0xc0000080, 0xc0000084},
	{0xc0000100, 0xc0000103},
	{0xc0010010, 0xc0010010},
	{0xc0010015, 0xc0010015},
	{0xc001001f, 0xc001001f},
	{0xc0010058, 0xc0010058},
	{0xc0010131, 0xc0010131},
	{0xc0010055, 0xc0010055},
	{0xc0011020, 0xc0011022},
	{0xc0011029, 0xc001102a},
	{0x4b564d00, 0x4b564d01},
	{0xc0010140, 0xc0010141},
	{0xc001102c, 0xc001102d},
	{0x2a, 0x2a},
	{0xc0011023, 0xc0011023},
	{0x1d9, 0x1d9},
};

/* Where all are tried: first index, how many. */
static const struct {
	uint32_t first, count;
} ranges[] = {{0, 0x2000}, {0x40000000, 0x100}, {0xc0000000, 0x2000}, {0xc0010000, 0x2000}};

static bool is_allowed(uint32_t index)
{
	for (unsigned i = 0; i < ARRAY_SIZE(may_exist); i++)
		if (index >= may_exist[i].first && index <= may_exist[i].last)
			return true;
	return false;
}

static unsigned exist;

static void check_read(uint32_t index)
{
	uint64_t value = 0x5a5a5a5a5a5a5a5a, again = 0;
	struct fault fault = msr_read_fault(index, &value);

	if (fault.vector == NO_FAULT) {
		exist++;
		test_check(is_allowed(index), "RDMSR %x gives %lx", index, value);
	} else {
		test_check(fault.vector == VECTOR_GP && fault.error == 0,
			   "RDMSR %x: vector %d error %x", index, fault.vector, fault.error);
		test_check(msr_read_fault(index, &again).vector == VECTOR_GP, "RDMSR %x: differs",
			   index);
	}
}

static void test_read_all(void)
{
	uint64_t seed = 5, randoms = words_number("randoms", 1000);

	exist = 0;
	for (unsigned r = 0; r < ARRAY_SIZE(ranges); r++)
		for (uint32_t i = 0; i < ranges[r].count; i++)
			check_read(ranges[r].first + i);
	for (uint64_t i = 0; i < randoms; i++)
		check_read((uint32_t)random_next(&seed));
	print("# %u MSRs exist\n", exist);
	test_check(exist > 20, "only %u MSRs", exist);
}

/* Written with what they hold these do more than to store it: the TSC runs, an ICR sends, a clock is put. */
static bool write_acts(uint32_t index)
{
	return index == 0x10 || index == 0x11 || index == 0x12 || index == MSR_DEADLINE ||
	       (index >= 0x800 && index < 0x900) || index >> 8 == 0x4b564d;
}

static void check_write(uint32_t index, uint64_t value)
{
	uint64_t old = 0, now = 0;
	bool readable = msr_read_fault(index, &old).vector == NO_FAULT;
	struct fault fault;

	if (write_acts(index))
		return;
	fault = msr_write_fault(index, value);
	test_check(fault.vector == NO_FAULT || fault.vector == VECTOR_GP, "WRMSR %x=%lx: vector %d",
		   index, value, fault.vector);
	if (fault.vector == NO_FAULT) {
		test_check(is_allowed(index), "WRMSR %x=%lx does nothing wrong", index, value);
		if (readable)
			test_check(msr_read_fault(index, &now).vector == NO_FAULT, "MSR %x is gone",
				   index);
	} else if (readable && index != 0x3b) {
		test_check(msr_read_fault(index, &now).vector == NO_FAULT && now == old,
			   "MSR %x: refused, and %lx became %lx", index, old, now);
	}
	if (readable && fault.vector == NO_FAULT)
		msr_write_fault(index, old);
}

/* The registers that the rest of the guest stands on get their cases elsewhere. */
static bool is_ours(uint32_t index)
{
	return index == MSR_APIC || index == MSR_EFER;
}

static void test_write_all(void)
{
	static const uint64_t values[] = {0, ~0ULL, 0x8000000000000000ULL, 0x0000800000000000ULL};

	for (unsigned r = 0; r < ARRAY_SIZE(ranges); r++)
		for (uint32_t i = 0; i < ranges[r].count; i++) {
			uint32_t index = ranges[r].first + i;

			if (is_ours(index))
				continue;
			for (unsigned v = 0; v < (is_allowed(index) ? ARRAY_SIZE(values) : 1); v++)
				check_write(index, values[v]);
		}
	apic_enable();
}

static void test_write_bits(void)
{
	for (unsigned r = 0; r < ARRAY_SIZE(may_exist); r++)
		for (uint32_t index = may_exist[r].first; index <= may_exist[r].last; index++)
			for (unsigned bit = 0; bit < 64 && !is_ours(index); bit++)
				check_write(index, BIT(bit));
}

/* --- B08 --- */

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

static void test_x2_in_xapic(void)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < 0x100; i++) {
		test_check(msr_read_fault(MSR_X2APIC + i, &value).vector == VECTOR_GP, "RDMSR %x",
			   MSR_X2APIC + i);
		test_check(msr_write_fault(MSR_X2APIC + i, 0).vector == VECTOR_GP, "WRMSR %x",
			   MSR_X2APIC + i);
	}
}

static void test_x2_registers(void)
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

/* --- B09: SDM 3A 11.12.5 "x2APIC State Transitions" --- */

static void test_apic_base(void)
{
	static const uint64_t bases[] = {0,	     0x100000,	 0xfec00000,
					 0xfee01000, 0xfffff000, 0x100000000ULL};
	unsigned bits = cpuid(0x80000008, 0).eax & 0xff;
	uint64_t old = msr_read(MSR_APIC);

	for (unsigned i = 0; i < ARRAY_SIZE(bases); i++)
		test_check(msr_write_fault(MSR_APIC, bases[i] | (old & 0xfff)).vector == VECTOR_GP,
			   "base %lx is taken", bases[i]);
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

static void test_transitions(void)
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

static const struct test_case cases[] = {
	{"B01-cr0", test_cr0},
	{"B01-cr4", test_cr4},
	{"B01-efer", test_efer},
	{"B01-leave", test_leave},
	{"B02-cr3", test_cr3},
	{"B05-read", test_read_all},
	{"B06-write", test_write_all},
	{"B06-bits", test_write_bits},
	{"B08-xapic", test_x2_in_xapic},
	{"B09-base", test_apic_base},
	{"B09-transitions", test_transitions},
	{"B08-x2apic", test_x2_registers},
};

void guest_main(void)
{
	apic_enable();
	test_run_all(cases, ARRAY_SIZE(cases));
}
