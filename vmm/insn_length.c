/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short cut to an instruction's length, for exits on processors that do not report it. A guest
 * that exits often does so by one of these few encodings.
 */
#include "vmm/insn.h"

/* Opcodes behind 0F that have no operand bytes, or a ModRM byte that always names registers. */
struct quick_entry {
	uint8_t op, length;
};

static const struct quick_entry quick_0f[256] = {
	[0x05] = {INSN_SYSCALL, 2}, [0x06] = {INSN_CLTS, 2},   [0x07] = {INSN_SYSRET, 2},
	[0x08] = {INSN_INVD, 2},    [0x09] = {INSN_WBINVD, 2}, [0x20] = {INSN_MOV_CR, 3},
	[0x21] = {INSN_MOV_DR, 3},  [0x22] = {INSN_MOV_CR, 3}, [0x23] = {INSN_MOV_DR, 3},
	[0x30] = {INSN_WRMSR, 2},   [0x31] = {INSN_RDTSC, 2},  [0x32] = {INSN_RDMSR, 2},
	[0x33] = {INSN_RDPMC, 2},   [0xa2] = {INSN_CPUID, 2},  [0xaa] = {INSN_RSM, 2},
};

/* 0F 01 with a register form: by the six low bits of the third byte. */
static const uint8_t quick_0f01[64] = {
	[0x01] = INSN_VMCALL,  [0x08] = INSN_MONITOR, [0x09] = INSN_MWAIT,   [0x10] = INSN_XGETBV,
	[0x11] = INSN_XSETBV,  [0x18] = INSN_VMRUN,   [0x19] = INSN_VMMCALL, [0x1a] = INSN_VMLOAD,
	[0x1b] = INSN_VMSAVE,  [0x1c] = INSN_STGI,    [0x1d] = INSN_CLGI,    [0x1e] = INSN_SKINIT,
	[0x1f] = INSN_INVLPGA, [0x39] = INSN_RDTSCP,
};

/* MOV to or from a control or debug register that does not exist is left to the full decoder. */
static bool special_register_known(unsigned opcode, unsigned modrm)
{
	unsigned reg = modrm >> 3 & 7;

	return opcode & 1 || (BIT(reg) & (BIT(0) | BIT(2) | BIT(3) | BIT(4)));
}

unsigned insn_length_quick(const uint8_t *bytes, size_t count, enum insn_op *op)
{
	const struct quick_entry *entry;

	if (count && bytes[0] == 0xf4) {
		*op = INSN_HLT;
		return 1;
	}
	if (count < 3 || bytes[0] != 0x0f)
		return 0;
	if (bytes[1] == 0x01) {
		*op = bytes[2] >= 0xc0 ? quick_0f01[bytes[2] & 63] : INSN_NONE;
		return *op ? 3 : 0;
	}
	entry = &quick_0f[bytes[1]];
	if (entry->length == 3 && !special_register_known(bytes[1], bytes[2]))
		return 0;
	*op = entry->op;
	return entry->length;
}
