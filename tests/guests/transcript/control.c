/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control and debug registers, XCR0: each bit by itself, and the rules between bits: SDM 3A 2.5 "Control
 * Registers", APM2 3.1 "System Control Registers", APM2 13.1.1 "Debug Registers".
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/format.h"
#include "tests/guests/lib/fpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/transcript/insn.h"
#include "tests/guests/transcript/subject.h"

enum { LOW_BITS = 32 };

/* Of the upper half: bits that some register gives a meaning, and its ends. */
static const uint8_t high_bits[] = {32, 47, 51, 52, 61, 63};

static void load(unsigned reg, uint64_t value, const char *name)
{
	static const uint8_t codes[][3] = {
		[0] = {0x0f, 0x22, 0xc0}, [2] = {0x0f, 0x22, 0xd0}, [3] = {0x0f, 0x22, 0xd8},
		[4] = {0x0f, 0x22, 0xe0}, [6] = {0x0f, 0x23, 0xf0}, [7] = {0x0f, 0x23, 0xf8}};
	struct shot shot;

	shot_begin(&shot, 0);
	shot.code = codes[reg];
	shot.size = 3;
	shot.gpr[RAX] = value;
	shot_fire(&shot, "%s", name);
}

static void toggle(unsigned reg, const char *name, uint64_t value, unsigned bit)
{
	char text[32];

	format(text, sizeof(text), "%s ^ bit %u", name, bit);
	load(reg, value ^ BIT(bit), text);
}

static void not_tried(const char *name, unsigned bit)
{
	print("%s %s ^ bit %u @0 -> not tried\n", subject_name, name, bit);
}

static void toggle_all(unsigned reg, const char *name, uint64_t value)
{
	for (unsigned bit = 0; bit < LOW_BITS; bit++)
		toggle(reg, name, value, bit);
	for (unsigned i = 0; i < ARRAY_SIZE(high_bits); i++)
		toggle(reg, name, value, high_bits[i]);
}

static void control_registers(void)
{
	uint64_t cr0 = cr0_read(), cr4 = cr4_read();

	for (unsigned i = 0; i < ARRAY_SIZE(high_bits); i++)
		toggle(0, "cr0", cr0, high_bits[i]);
	if (test_bed("bare-qemu"))
		return; /* TCG checks nothing, and leaves long mode as if it could */
	for (unsigned bit = 0; bit < LOW_BITS; bit++)
		toggle(0, "cr0", cr0, bit);
	load(0, cr0 & ~(uint64_t)(CR0_PG | CR0_PE), "cr0 without PG, PE");
	load(0, cr0 | CR0_CD | CR0_NW, "cr0 with CD, NW");
	load(0, cr0 & ~(uint64_t)(CR0_ET | CR0_NE), "cr0 without ET, NE");
	load(0, cr0 | BITS(28, 19) | BIT(17) | BITS(15, 6), "cr0 with all reserved bits below 32");
	load(0, 0, "cr0 = 0");
	toggle_all(4, "cr4", cr4);
	load(4, 0, "cr4 = 0");
	load(2, 0x123456789abcdef0, "cr2 = 123456789abcdef0");
}

/* QEMU takes what is reserved, and refuses the guest at its next entry. */
static void cr3(void)
{
	uint64_t value = cr3_read();

	for (unsigned bit = 0; bit < 6; bit++)
		toggle(3, "cr3", value, bit);
	for (unsigned bit = 52; bit < 64; bit += bit == 52 ? 10 : 1) {
		if (test_bed("qemu") || test_bed("bare-qemu"))
			not_tried("cr3", bit);
		else
			toggle(3, "cr3", value, bit);
	}
}

static void cr8(void)
{
	static const uint64_t values[] = {0, 1, 15, 16, 255, BIT(32), ~0UL};
	struct shot shot;

	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		shot_begin(&shot, 0);
		SHOT_CODE(&shot, 0x44, 0x0f, 0x22, 0xc0, 0x44, 0x0f, 0x20, 0xc3); /* and RBX = CR8 */
		shot.gpr[RAX] = values[i];
		shot_fire(&shot, "cr8 = %lx", values[i]);
	}
}

static void lmsw(void)
{
	static const uint16_t values[] = {0, 1, 2, 4, 8, 0xe, 0xffff};
	struct shot shot;

	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		shot_begin(&shot, 0);
		SHOT_CODE(&shot, 0x0f, 0x01, 0xf0);
		shot.gpr[RAX] = values[i];
		shot_fire(&shot, "lmsw %x", values[i]);
	}
}

static void xsetbv(uint32_t index, uint64_t value)
{
	struct shot shot;

	shot_begin(&shot, 0);
	SHOT_CODE(&shot, 0x0f, 0x01, 0xd1);
	shot.gpr[RAX] = (uint32_t)value;
	shot.gpr[RCX] = index;
	shot.gpr[RDX] = value >> 32;
	shot_fire(&shot, "xcr%x = %lx", index, value);
}

static void extended_states(void)
{
	static const uint64_t values[] = {
		0,     1,     2,	   3,		4,	     5,		  6,
		7,     0xb,   0x1b,	   0x27,	0xe7,	     0x207,	  0x107,
		0x2e7, 0x807, BIT(17) | 7, BIT(18) | 7, BIT(32) | 7, BIT(62) | 7, BIT(63) | 7};
	uint64_t cr4 = cr4_read();

	cr4_write(cr4 | CR4_OSXSAVE);
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++)
		xsetbv(0, values[i]);
	xsetbv(1, 0);
	xsetbv(~0u, 3);
	cr4_write(cr4);
}

static void debug_registers(void)
{
	toggle_all(6, "dr6", DR6_RESET);
	toggle_all(7, "dr7", DR7_RESET);
	load(6, 0, "dr6 = 0");
	load(6, UINT32_MAX, "dr6 = ffffffff");
	load(7, 0, "dr7 = 0");
}

extern const struct insn_case cases_control[], cases_control_de[];

void subject_control(void)
{
	control_registers();
	cr3();
	cr8();
	lmsw();
	if (fpu_has_xsave())
		extended_states();
	debug_registers();
	cases_fire(cases_control, NULL);
	cr4_write(cr4_read() | CR4_DE);
	cases_fire(cases_control_de, NULL);
	cr4_write(cr4_read() & ~(uint64_t)CR4_DE);
}
