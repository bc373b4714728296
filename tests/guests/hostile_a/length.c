/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS A02, A03, A04, A07: where an instruction that exits begins and ends, as prefixes, page borders,
 * another CPU's writes and the canonical border make it hard to say.
 */
#include "tests/guests/hostile_a/cases.h"

#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/vendor.h"
#include "tests/guests/lib/words.h"

enum { LONGEST = 15, PF_FETCH = 1 << 4, PF_PRESENT = 1 };
#define EDGE 0x7ffffffff000ULL /* the last page of the lower half */

static uint8_t two_pages[2 * PAGE_SIZE] __attribute__((aligned(4096)));

static void put_prefixed(uint8_t *to, size_t length, uint8_t a, uint8_t b, size_t opcode, bool rex)
{
	static const uint8_t prefixes[] = {0x66, 0x67, 0xf2, 0xf3, 0x2e,
					   0x36, 0x3e, 0x26, 0x64, 0x65};
	size_t count = length - opcode;

	for (size_t i = 0; i < count; i++)
		to[i] = prefixes[i % ARRAY_SIZE(prefixes)];
	to[count] = a;
	if (opcode == 2)
		to[count + 1] = b;
	if (rex && count)
		to[count - 1] = 0x48;
}

/* rex: the last prefix is REX.W, else none is. */
static void check_prefixes(const char *name, uint8_t a, uint8_t b, size_t opcode, uint64_t rcx,
			   bool rex)
{
	uint8_t code[LONGEST + 1];

	for (size_t length = opcode; length <= LONGEST + 1; length++) {
		struct code_run run = {.rcx = rcx, .rdx = 0x80};
		int wanted = length > LONGEST ? VECTOR_GP : NO_FAULT;
		struct fault fault;

		put_prefixed(code, length, a, b, opcode, rex);
		fault = code_fault(&run, code, length, false);
		test_check(fault.vector == wanted, "%s of %lu bytes: vector %d", name, length,
			   fault.vector);
		if (wanted == VECTOR_GP && fault.vector == VECTOR_GP)
			test_check(fault.rip == (uintptr_t)code_page, "%s: #GP at %lx", name,
				   fault.rip);
	}
}

static void check_prefixed(const char *name, uint8_t a, uint8_t b, size_t opcode, uint64_t rcx)
{
	check_prefixes(name, a, b, opcode, rcx, false);
	check_prefixes(name, a, b, opcode, rcx, true);
}

void a_test_prefixes(void)
{
	check_prefixed("CPUID", 0x0f, 0xa2, 2, 0);
	check_prefixed("RDMSR", 0x0f, 0x32, 2, MSR_APIC);
	check_prefixed("WBINVD", 0x0f, 0x09, 2, 0);
	check_prefixed("IN", 0xec, 0, 1, 0);
}

void a_test_rex(void)
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

void a_test_straddle(void)
{
	check_straddle("both there", PAGE_P | PAGE_W, NO_FAULT, 0);
	check_straddle("second not present", 0, VECTOR_PF, PF_FETCH);
	check_straddle("second not executable", PAGE_P | PAGE_W | PAGE_NX, VECTOR_PF,
		       PF_FETCH | PF_PRESENT);
	check_straddle("both there again", PAGE_P | PAGE_W, NO_FAULT, 0);
}

static volatile bool race_ends;
static volatile uint64_t race_writes;

/*
 * Two instructions at one place, and what follows each length tells which was taken: after two bytes CF is
 * cleared, or RDMSR of no MSR; after five CF is set. What TCG makes of both, byte by byte, is harmless: above
 * all no prefix of 66h meets RET, which would pop 16 bits and be gone.
 */
enum { CPUID_SIZE = 2, RACE_PATIENCE = 50 };
static const uint8_t race_codes[][8] __attribute__((aligned(8))) = {
	{0x0f, 0xa2, 0xf8, 0x90, 0xc3, 0xf9, 0xc3, 0x90}, /* CPUID; CLC; NOP; RET; STC; RET */
	{0x66, 0x2e, 0x2e, 0x0f, 0x32, 0xf9, 0xc3, 0x90}, /* RDMSR with prefixes; STC; RET */
};

static void rewrite(void *unused)
{
	volatile uint64_t *to = (volatile uint64_t *)code_page;
	uint64_t codes[ARRAY_SIZE(race_codes)];

	(void)unused;
	memcpy(codes, race_codes, sizeof(codes));
	for (unsigned i = 0; !race_ends; i++) {
		*to = codes[i % ARRAY_SIZE(codes)];
		race_writes++;
	}
}

enum race_result { RACE_CPUID, RACE_MSR, RACE_CHANGED, RACE_LENGTH, RACE_ODD, RACE_RESULTS };

static enum race_result race_once(uint32_t leaves, uint32_t base)
{
	struct code_run run = {.rcx = MSR_APIC, .rax = 0};
	struct fault fault = code_fault_at(&run, code_page, false);
	bool carry = run.rflags & 1;

	/* CPUID was done, maybe CLC, and then came the other's RDMSR, of what CPUID left in ECX. */
	if (fault.vector == VECTOR_GP && fault.rip - (uintptr_t)code_page - CPUID_SIZE < 2)
		return RACE_CHANGED;
	if (fault.vector != NO_FAULT)
		return RACE_ODD;
	if (run.rax == leaves)
		return carry ? RACE_LENGTH : RACE_CPUID;
	if (run.rax == base)
		return carry ? RACE_MSR : RACE_LENGTH;
	return RACE_ODD;
}

void a_test_race(void)
{
	uint64_t loops = words_number("races", 2000);
	uint64_t seen[RACE_RESULTS] = {0};
	uint32_t leaves = cpuid(0, 0).eax, base = (uint32_t)msr_read(MSR_APIC);

	if (words_number("cpus", 1) < 2) {
		test_skip("one CPU");
		return;
	}
	memcpy(code_page, race_codes[0], sizeof(race_codes[0]));
	race_ends = false;
	if (!test_check(cpu_start(1), "CPU 1 does not start"))
		return;
	cpu_run(1, rewrite, NULL);
	/* On a busy machine the two may run by turns for long: it is no race until both codes were seen. */
	for (uint64_t i = 0;
	     i < loops || (i < RACE_PATIENCE * loops && (!seen[RACE_CPUID] || !seen[RACE_MSR])); i++)
		seen[race_once(leaves, base)]++;
	race_ends = true;
	test_check(cpu_wait(1, 5000), "CPU 1 does not end");
	print("# race: CPUID %lu, RDMSR %lu, changed %lu, odd %lu\n", seen[RACE_CPUID],
	      seen[RACE_MSR], seen[RACE_CHANGED], seen[RACE_ODD]);
	test_check(race_writes > 0 && seen[RACE_CPUID] && seen[RACE_MSR], "nothing was rewritten");
	test_check(!seen[RACE_LENGTH], "%lu with the other's length", seen[RACE_LENGTH]);
	/* TCG reads an instruction byte by byte, and keeps what it has made of it until the next write. */
	test_check(!seen[RACE_ODD] || test_bed("qemu"), "%lu odd results of %lu", seen[RACE_ODD],
		   loops);
}

/* The instruction ends where the canonical half does: what follows is a #GP, in the guest. */
static void check_edge(const char *name, const uint8_t *code, size_t size)
{
	struct code_run run = {.rcx = MSR_APIC};
	struct fault fault;

	memcpy(two_pages + PAGE_SIZE - size, code, size);
	fault = code_fault_at(&run, (void *)(EDGE + PAGE_SIZE - size), false);
	test_check(fault.vector == VECTOR_GP, "%s: vector %d rip %lx", name, fault.vector,
		   fault.rip);
}

void a_test_edge(void)
{
	static const struct insn_bytes insns[] = {
		INSN_BYTES("CPUID", 0x0f, 0xa2), INSN_BYTES("RDMSR", 0x0f, 0x32),
		INSN_BYTES("WBINVD", 0x0f, 0x09), INSN_BYTES("OUT", 0xe6, 0x80)};
	struct hypercall call = hypercall_of(true);

	paging_map(EDGE, (uintptr_t)two_pages, PAGE_P | PAGE_W);
	check_edge(call.name, call.code, HYPERCALL_SIZE);
	for (unsigned i = 0; i < ARRAY_SIZE(insns); i++)
		check_edge(insns[i].name, insns[i].code, insns[i].size);
}
