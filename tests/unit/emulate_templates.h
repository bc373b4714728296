/* SPDX-License-Identifier: BSD-2-Clause */
/* The opcodes that the emulator is compared with the processor on. */
#pragma once

#include "lib/types.h"

enum { ANY = -1 };

enum template_flag {
	LOCKABLE = 1 << 0,
	VECTOR = 1 << 1,
	STRING = 1 << 2,
	NO_66 = 1 << 3,
	FIXED = 1 << 4,	  /* no ModRM follows */
	HALF = 1 << 6,	  /* VEX.L is 0; VEX.vvvv names the register that gives the other half */
	AVX = 1 << 5,	  /* a VEX3 prefix is made, with the prefix byte as its pp */
	EVEX = 1 << 7,	  /* an EVEX prefix is made: pp, the opcode, and the bits below */
	MEMORY = 1 << 8,  /* no form between registers exists */
	VEX_128 = 1 << 9, /* VEX.L is 0 */
};
/* Elements may be masked off: MERGE, and what is off in a register be zeroed: ZERO. */
enum { EVEX_W = 1, EVEX_128 = 2, EVEX_MERGE = 4, EVEX_ZERO = 8 };

/* An opcode, the value of ModRM.reg or ANY, and what may be added. */
struct template
{
	const char *opcode;
	uint8_t count;
	int8_t reg;
	uint16_t flags;
};

/* clang-format off */
#define T(bytes, reg, flags) {bytes, sizeof(bytes) - 1, reg, flags}

static const struct template templates[] = {
	T("\x00", ANY, LOCKABLE), T("\x01", ANY, LOCKABLE), T("\x02", ANY, 0), T("\x03", ANY, 0),
	T("\x08", ANY, LOCKABLE), T("\x09", ANY, LOCKABLE), T("\x0a", ANY, 0), T("\x0b", ANY, 0),
	T("\x10", ANY, LOCKABLE), T("\x11", ANY, LOCKABLE), T("\x12", ANY, 0), T("\x13", ANY, 0),
	T("\x18", ANY, LOCKABLE), T("\x19", ANY, LOCKABLE), T("\x1a", ANY, 0), T("\x1b", ANY, 0),
	T("\x20", ANY, LOCKABLE), T("\x21", ANY, LOCKABLE), T("\x22", ANY, 0), T("\x23", ANY, 0),
	T("\x28", ANY, LOCKABLE), T("\x29", ANY, LOCKABLE), T("\x2a", ANY, 0), T("\x2b", ANY, 0),
	T("\x30", ANY, LOCKABLE), T("\x31", ANY, LOCKABLE), T("\x32", ANY, 0), T("\x33", ANY, 0),
	T("\x38", ANY, 0), T("\x39", ANY, 0), T("\x3a", ANY, 0), T("\x3b", ANY, 0),
	T("\x14", ANY, FIXED), T("\x15", ANY, FIXED), T("\x3c", ANY, FIXED), T("\x2d", ANY, FIXED),
	/* CMP, 7, cannot be locked */
	T("\x80", ANY, 0), T("\x81", ANY, 0), T("\x83", ANY, 0), T("\x80", 0, LOCKABLE),
	T("\x81", 1, LOCKABLE), T("\x83", 2, LOCKABLE), T("\x80", 3, LOCKABLE),
	T("\x81", 4, LOCKABLE), T("\x83", 5, LOCKABLE), T("\x80", 6, LOCKABLE),
	T("\x84", ANY, 0), T("\x85", ANY, 0), T("\xa8", ANY, FIXED), T("\xa9", ANY, FIXED),
	T("\x86", ANY, LOCKABLE), T("\x87", ANY, LOCKABLE), T("\x91", ANY, FIXED),
	T("\x88", ANY, 0), T("\x89", ANY, 0), T("\x8a", ANY, 0), T("\x8b", ANY, 0),
	T("\xc6", 0, 0), T("\xc7", 0, 0), T("\xb3", ANY, FIXED), T("\xbe", ANY, FIXED),
	T("\x63", ANY, 0), T("\x0f\xb6", ANY, 0), T("\x0f\xb7", ANY, 0), T("\x0f\xbe", ANY, 0),
	T("\x0f\xbf", ANY, 0), T("\x0f\x38\xf0", ANY, MEMORY), T("\x0f\x38\xf1", ANY, MEMORY),
	T("\x0f\xc3", ANY, NO_66 | MEMORY), T("\x69", ANY, 0), T("\x6b", ANY, 0), T("\x0f\xaf", ANY, 0),
	T("\xf6", 0, 0), T("\xf7", 0, 0), T("\xf6", 2, LOCKABLE), T("\xf7", 2, LOCKABLE),
	T("\xf6", 3, LOCKABLE), T("\xf7", 3, LOCKABLE), T("\xf6", 4, 0), T("\xf7", 4, 0),
	T("\xf6", 5, 0), T("\xf7", 5, 0), T("\xf6", 6, 0), T("\xf7", 6, 0), T("\xf6", 7, 0),
	T("\xf7", 7, 0), T("\xfe", 0, LOCKABLE), T("\xff", 0, LOCKABLE), T("\xfe", 1, LOCKABLE),
	T("\xff", 1, LOCKABLE), T("\xc0", ANY, 0), T("\xc1", ANY, 0), T("\xd0", ANY, 0),
	T("\xd1", ANY, 0), T("\xd2", ANY, 0), T("\xd3", ANY, 0), T("\x0f\xa4", ANY, 0),
	T("\x0f\xa5", ANY, 0), T("\x0f\xac", ANY, 0), T("\x0f\xad", ANY, 0),
	T("\x0f\xb0", ANY, LOCKABLE), T("\x0f\xb1", ANY, LOCKABLE), T("\x0f\xc0", ANY, LOCKABLE),
	T("\x0f\xc1", ANY, LOCKABLE), T("\x0f\xc7", 1, LOCKABLE | NO_66 | MEMORY),
	T("\x0f\xa3", ANY, 0),
	T("\x0f\xab", ANY, LOCKABLE), T("\x0f\xb3", ANY, LOCKABLE), T("\x0f\xbb", ANY, LOCKABLE),
	T("\x0f\xba", 4, 0), T("\x0f\xba", 5, LOCKABLE), T("\x0f\xba", 6, LOCKABLE),
	T("\x0f\xba", 7, LOCKABLE), T("\x0f\xbc", ANY, 0), T("\x0f\xbd", ANY, 0),
	T("\x0f\x90", ANY, 0), T("\x0f\x92", ANY, 0), T("\x0f\x97", ANY, 0), T("\x0f\x9d", ANY, 0),
	T("\x0f\x9e", ANY, 0), T("\x0f\x9a", ANY, 0), T("\x0f\x40", ANY, 0), T("\x0f\x43", ANY, 0),
	T("\x0f\x46", ANY, 0), T("\x0f\x48", ANY, 0), T("\x0f\x4c", ANY, 0), T("\x0f\x4f", ANY, 0),
	T("\xff", 6, 0), T("\x8f", 0, 0), T("\x53", ANY, FIXED), T("\x5f", ANY, FIXED),
	T("\x68", ANY, FIXED), T("\x6a", ANY, FIXED), T("\x8c", 3, 0),
	T("\xa4", ANY, STRING), T("\xa5", ANY, STRING), T("\xa6", ANY, STRING),
	T("\xa7", ANY, STRING), T("\xaa", ANY, STRING), T("\xab", ANY, STRING),
	T("\xac", ANY, STRING), T("\xad", ANY, STRING), T("\xae", ANY, STRING),
	T("\xaf", ANY, STRING), T("\xf3\xa4", ANY, STRING), T("\xf3\xa5", ANY, STRING),
	T("\xf3\xa6", ANY, STRING), T("\xf2\xa7", ANY, STRING), T("\xf3\xaa", ANY, STRING),
	T("\xf3\xab", ANY, STRING), T("\xf2\xac", ANY, STRING), T("\xf3\xad", ANY, STRING),
	T("\xf2\xae", ANY, STRING), T("\xf3\xaf", ANY, STRING),
	T("\x00\x0f\x10", ANY, VECTOR), T("\x66\x0f\x10", ANY, VECTOR), T("\xf3\x0f\x10", ANY, VECTOR),
	T("\xf2\x0f\x10", ANY, VECTOR), T("\x00\x0f\x11", ANY, VECTOR), T("\x66\x0f\x11", ANY, VECTOR),
	T("\xf3\x0f\x11", ANY, VECTOR), T("\xf2\x0f\x11", ANY, VECTOR), T("\x00\x0f\x28", ANY, VECTOR),
	T("\x66\x0f\x29", ANY, VECTOR), T("\x66\x0f\x2b", ANY, VECTOR), T("\x66\x0f\x6f", ANY, VECTOR),
	T("\xf3\x0f\x6f", ANY, VECTOR), T("\x66\x0f\x7f", ANY, VECTOR), T("\xf3\x0f\x7f", ANY, VECTOR),
	T("\x66\x0f\xe7", ANY, VECTOR), T("\xf2\x0f\xf0", ANY, VECTOR), T("\x66\x0f\x6e", ANY, VECTOR),
	T("\x66\x0f\x7e", ANY, VECTOR), T("\xf3\x0f\x7e", ANY, VECTOR), T("\x66\x0f\xd6", ANY, VECTOR),
	T("\x00\x0f\x12", ANY, VECTOR), T("\x66\x0f\x13", ANY, VECTOR), T("\x00\x0f\x16", ANY, VECTOR),
	T("\x66\x0f\x17", ANY, VECTOR), T("\x00\x10", ANY, AVX), T("\x00\x11", ANY, AVX),
	T("\x01\x6f", ANY, AVX), T("\x01\x7f", ANY, AVX), T("\x02\x6f", ANY, AVX),
	T("\x02\x7f", ANY, AVX), T("\x01\xe7", ANY, AVX), T("\x02\x10", ANY, AVX),
	T("\x03\x11", ANY, AVX), T("\x01\x6e", ANY, AVX | VEX_128), T("\x01\x7e", ANY, AVX | VEX_128),
	T("\x00\x12", ANY, AVX | HALF), T("\x01\x12", ANY, AVX | HALF), T("\x00\x16", ANY, AVX | HALF),
	T("\x00\x0f\x6e", ANY, VECTOR), T("\x00\x0f\x6f", ANY, VECTOR), T("\x00\x0f\x7e", ANY, VECTOR),
	T("\x00\x0f\x7f", ANY, VECTOR), T("\x00\x0f\xe7", ANY, VECTOR),
	T("\x00\x10\x0c", ANY, EVEX), T("\x01\x10\x0d", ANY, EVEX), T("\x00\x11\x04", ANY, EVEX),
	T("\x02\x10\x0c", ANY, EVEX), T("\x03\x10\x0d", ANY, EVEX), T("\x02\x11\x04", ANY, EVEX),
	T("\x03\x11\x05", ANY, EVEX), T("\x00\x28\x0c", ANY, EVEX), T("\x01\x29\x05", ANY, EVEX),
	T("\x01\x6f\x0c", ANY, EVEX), T("\x01\x7f\x05", ANY, EVEX), T("\x02\x6f\x0c", ANY, EVEX),
	T("\x02\x6f\x0d", ANY, EVEX), T("\x02\x7f\x05", ANY, EVEX), T("\x01\xe7\x00", ANY, EVEX),
	T("\x00\x2b\x00", ANY, EVEX), T("\x01\x6e\x02", ANY, EVEX), T("\x01\x6e\x03", ANY, EVEX),
	T("\x01\x7e\x02", ANY, EVEX), T("\x01\x7e\x03", ANY, EVEX), T("\x02\x7e\x03", ANY, EVEX),
	T("\x01\xd6\x03", ANY, EVEX), T("\x01\x11\x05", ANY, EVEX), T("\x01\x28\x0d", ANY, EVEX),
	T("\x00\x29\x04", ANY, EVEX), T("\x01\x6f\x0d", ANY, EVEX), T("\x01\x7f\x04", ANY, EVEX),
	T("\x02\x7f\x04", ANY, EVEX), T("\x03\x6f\x0c", ANY, EVEX), T("\x03\x6f\x0d", ANY, EVEX),
	T("\x03\x7f\x04", ANY, EVEX), T("\x03\x7f\x05", ANY, EVEX),
	T("\x01\x16", ANY, AVX | HALF), T("\x00\x13", ANY, AVX | VEX_128),
	T("\x01\x17", ANY, AVX | VEX_128),
};
/* clang-format on */

/* These two have a prefix that is part of the opcode. */
static const struct template prefixed[] = {
	T("\xf3\x0f\xb8", ANY, 0),
	T("\xf3\x0f\xbc", ANY, 0),
	T("\xf3\x0f\xbd", ANY, 0),
};
