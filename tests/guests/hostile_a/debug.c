/* SPDX-License-Identifier: BSD-2-Clause */
/* THREATS A17: DR7.GD, reserved bits, and DR4 and DR5: SDM 3B 17.2 "Debug Registers". */
#include "tests/guests/hostile_a/cases.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"

enum { MOV_FROM_DR = 0x21, MOV_TO_DR = 0x23, DEBUG_REGISTERS = 8 };

/* MOV between RAX and DRn. */
static struct fault move(uint8_t opcode, unsigned n, uint64_t rax, bool user)
{
	struct code_run run = {.rax = rax};

	return CODE_FAULT(&run, user, 0x0f, opcode, (uint8_t)(0xc0 | n << 3));
}

static void check_guarded(uint8_t opcode, unsigned n)
{
	struct fault fault;
	uint64_t dr6, dr7;

	dr6_write(DR6_RESET);
	dr7_write(DR7_RESET | DR7_GD);
	fault = move(opcode, n, 0, false);
	dr7 = dr7_read();
	dr7_write(DR7_RESET);
	dr6 = dr6_read();
	dr6_write(DR6_RESET);
	test_check(fault.vector == VECTOR_DB && fault.rip == (uintptr_t)code_page,
		   "%x of DR%u with GD: vector %d", opcode, n, fault.vector);
	test_check(dr6 == (DR6_RESET | DR6_BD), "%x of DR%u with GD: DR6 %lx", opcode, n, dr6);
	test_check(!(dr7 & DR7_GD), "GD is still set in its handler");
}

static void check_reserved(unsigned n)
{
	uint64_t reset = n == 6 ? DR6_RESET : DR7_RESET;

	for (unsigned bit = 32; bit < 64; bit++)
		test_check(move(MOV_TO_DR, n, reset | BIT(bit), false).vector == VECTOR_GP,
			   "DR%u bit %u", n, bit);
}

void a_test_gd(void)
{
	uint64_t cr4 = cr4_read();

	check_reserved(6);
	check_reserved(7);
	cr4_write(cr4 | CR4_DE);
	for (unsigned n = 0; n < DEBUG_REGISTERS; n++) {
		int there = n == 4 || n == 5 ? VECTOR_UD : NO_FAULT;
		uint64_t value = n == 6 ? DR6_RESET : n == 7 ? DR7_RESET : 0;

		if (there == NO_FAULT)
			test_check(move(MOV_FROM_DR, n, 0, true).vector == VECTOR_GP,
				   "DR%u at CPL 3", n);
		test_check(move(MOV_FROM_DR, n, 0, false).vector == there, "from DR%u", n);
		test_check(move(MOV_TO_DR, n, value, false).vector == there, "to DR%u", n);
		/* TCG knows no GD. */
		if (there != NO_FAULT || test_bed("qemu"))
			continue;
		check_guarded(MOV_FROM_DR, n);
		check_guarded(MOV_TO_DR, n);
	}
	cr4_write(cr4);
	test_check(dr7_read() == DR7_RESET && dr6_read() == DR6_RESET, "DR7 %lx DR6 %lx",
		   dr7_read(), dr6_read());
}
