/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS D07, protection keys (SDM 3A 4.6.2): RDPKRU and WRPKRU, what the processor refuses by a key, and
 * that an instruction that the VMM carries out is refused the same. Skipped where the processor has none.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/fpu.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"

#define KEY(n) ((uint64_t)(n) << 59)
#define DEVICE (PAGING_TEST + APIC_INITIAL)
#define KEYED  (PAGING_TEST + PAGE_SIZE)

enum { ECX7_PKU = 1 << 3, ECX7_OSPKE = 1 << 4 };
enum { ERROR_P = 1, ERROR_W = 2, ERROR_U = 4, ERROR_PK = 1 << 5 };
enum { NO_ACCESS_1 = 1 << 2, NO_WRITE_1 = 2 << 2 }; /* of key 1 */

static uint8_t target[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static void check_fault(const char *what, struct fault fault, int vector, uint32_t error)
{
	test_check(fault.vector == vector && (vector == NO_FAULT || fault.error == error),
		   "%s: vector %d error %x", what, fault.vector, fault.error);
}

static void test_instructions(void)
{
	struct code_run run = {.rax = 0x55550000};

	test_check(cpuid(7, 0).ecx & ECX7_OSPKE, "CPUID does not follow CR4.PKE");
	check_fault("WRPKRU", CODE_FAULT(&run, true, 0x0f, 0x01, 0xef), NO_FAULT, 0);
	test_check(fpu_pkru_read() == 0x55550000, "PKRU is %x", fpu_pkru_read());
	run = (struct code_run){.rdx = 0x1111};
	check_fault("RDPKRU", CODE_FAULT(&run, true, 0x0f, 0x01, 0xee), NO_FAULT, 0);
	test_check(run.rax == 0x55550000 && run.rdx == 0, "RDPKRU gives %lx:%lx", run.rdx, run.rax);
	run = (struct code_run){.rdx = 1};
	check_fault("WRPKRU, EDX", CODE_FAULT(&run, false, 0x0f, 0x01, 0xef), VECTOR_GP, 0);
	run = (struct code_run){.rcx = 1};
	check_fault("WRPKRU, ECX", CODE_FAULT(&run, false, 0x0f, 0x01, 0xef), VECTOR_GP, 0);
	check_fault("RDPKRU, ECX", CODE_FAULT(&run, false, 0x0f, 0x01, 0xee), VECTOR_GP, 0);
	fpu_pkru_write(0);
	cr4_write(cr4_read() & ~(uint64_t)CR4_PKE);
	run = (struct code_run){0};
	check_fault("RDPKRU, PKE=0", CODE_FAULT(&run, false, 0x0f, 0x01, 0xee), VECTOR_UD, 0);
	check_fault("WRPKRU, PKE=0", CODE_FAULT(&run, false, 0x0f, 0x01, 0xef), VECTOR_UD, 0);
	test_check(!(cpuid(7, 0).ecx & ECX7_OSPKE), "CPUID still says OSPKE");
	cr4_write(cr4_read() | CR4_PKE);
}

/* An instruction that reads [rsi] and writes [rdi], under keys 0 and 1 that allow this. */
struct key_case {
	const char *name;
	bool user, wp;
	uint32_t pkru;
	bool fails;
};

static const struct key_case key_cases[] = {
	{"all allowed", true, true, 0, false},
	{"another key", true, true, 0xfffffff0, false},
	{"no access", false, true, NO_ACCESS_1, true},
	{"no access, WP=0", false, false, NO_ACCESS_1, true},
	{"no access at CPL 3", true, true, NO_ACCESS_1, true},
	{"no write", false, true, NO_WRITE_1, true},
	{"no write, WP=0", false, false, NO_WRITE_1, false},
	{"no write at CPL 3", true, true, NO_WRITE_1, true},
	{"no write at CPL 3, WP=0", true, false, NO_WRITE_1, true},
};

static void set_wp(bool on)
{
	uint64_t cr0 = cr0_read() & ~(uint64_t)CR0_WP;

	cr0_write(on ? cr0 | CR0_WP : cr0);
}

/* MOVSD from `from` to the page of key 1. */
static void try_move(uint64_t from, const struct key_case *c)
{
	struct code_run run = {.rsi = from, .rdi = KEYED};
	uint32_t error = ERROR_PK | ERROR_P | ERROR_W | (c->user ? ERROR_U : 0);
	struct fault fault;

	*(volatile uint32_t *)target = 0;
	paging_set_user(true); /* a key counts where all levels are the user's */
	set_wp(c->wp);
	fpu_pkru_write(c->pkru);
	fault = CODE_FAULT(&run, c->user, 0xa5);
	fpu_pkru_write(0);
	set_wp(true);
	check_fault(c->name, fault, c->fails ? VECTOR_PF : NO_FAULT, error);
	test_check(!c->fails || (fault.cr2 == KEYED && fault.rdi == KEYED && fault.rsi == from),
		   "%s: CR2 %lx RDI %lx RSI %lx", c->name, fault.cr2, fault.rdi, fault.rsi);
	test_check(*(volatile uint32_t *)target == (c->fails ? 0 : 0x12345678), "%s: wrote %x",
		   c->name, *(volatile uint32_t *)target);
}

static uint32_t source = 0x12345678;

static void test_processor(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(key_cases); i++)
		try_move((uintptr_t)&source, &key_cases[i]);
}

/* The processor checks the device's page, of key 0, and exits; the other operand is the VMM's to check. */
static void test_emulated(void)
{
	apic_write(APIC_INITIAL, source);
	for (size_t i = 0; i < ARRAY_SIZE(key_cases); i++)
		try_move(DEVICE, &key_cases[i]);
}

static const struct test_case cases[] = {
	{"D07-keys-instructions", test_instructions},
	{"D07-keys-processor", test_processor},
	{"D07-keys-emulated", test_emulated},
};

void guest_main(void)
{
	bool has_keys = cpuid(7, 0).ecx & ECX7_PKU;

	apic_enable();
	fpu_enable();
	print("# protection keys are %s\n", has_keys ? "there" : "absent");
	if (!has_keys)
		guest_exit(0);
	paging_map(DEVICE & ~(uint64_t)PAGE_MASK, APIC_PAGE, PAGE_P | PAGE_W | PAGE_U);
	paging_map(KEYED, (uintptr_t)target, PAGE_P | PAGE_W | PAGE_U | KEY(1));
	test_run_all(cases, ARRAY_SIZE(cases));
}
