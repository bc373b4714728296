/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS A08, A09, A14, A16, A17: caches, XCR0, CR0 by LMSW and CLTS, debug registers: what is legal works,
 * and what is not is the architected fault.
 */
#include "tests/guests/hostile_a/cases.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/fpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

void a_test_cache(void)
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

static int xsetbv(uint32_t index, uint64_t value, bool user)
{
	struct code_run run = {.rcx = index, .rax = (uint32_t)value, .rdx = value >> 32};

	return CODE_FAULT(&run, user, 0x0f, 0x01, 0xd1).vector;
}

void a_test_xsetbv(void)
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

void a_test_lmsw(void)
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

void a_test_debug_registers(void)
{
	test_check(fault_of(write_dr7, (void *)BIT(32)).vector == VECTOR_GP, "DR7 bit 32");
	test_check(fault_of(write_dr6, (void *)BIT(32)).vector == VECTOR_GP, "DR6 bit 32");
	dr0_write(0x123456789abcULL);
	test_check(dr0_read() == 0x123456789abcULL, "DR0 %lx", dr0_read());
	dr0_write(0);
	test_check(dr7_read() == DR7_RESET, "DR7 %lx", dr7_read());
}
