/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/bios.h"

#include "lib/string.h"
#include "vmm/guest_layout.h"
#include "vmm/guest_mem.h"

/*
 * An INT answers as PC BIOSes do (AH = 86h, CF = 1), an interrupt of the 8259s ends itself, and after an
 * exception or an NMI all is as it was.
 */
enum { VECTORS = 256, STUBS = 0xff00, SOFT = STUBS, HARD = STUBS + 16, BIOS_SEGMENT = 0xf000 };

static const uint8_t soft_stub[] = {
	0x55,			/* push %bp */
	0x89, 0xe5,		/* mov %sp, %bp */
	0x80, 0x4e, 0x06, 0x01, /* orb $1, 6(%bp): CF of the flags that return, IF among them */
	0x5d,			/* pop %bp */
	0xb4, 0x86,		/* mov $0x86, %ah */
	0xcf,			/* iret */
};
static const uint8_t hard_stub[] = {
	0x50,	    /* push %ax */
	0xb0, 0x20, /* mov $0x20, %al: a non-specific EOI */
	0xe6, 0xa0, /* out %al, $0xa0 */
	0xe6, 0x20, /* out %al, $0x20 */
	0x58,	    /* pop %ax */
	0xcf,	    /* iret */
};

enum { EXCEPTION = SOFT + sizeof(soft_stub) - 1 }; /* its IRET */

static bool is_hard(unsigned vector)
{
	return (vector >= 0x08 && vector < 0x10) || (vector >= 0x70 && vector < 0x78);
}

static void put(gpa_t to, const void *from, size_t size)
{
	memcpy(guest_ptr(to, size), from, size);
}

void bios_put(void)
{
	for (unsigned i = 0; i < VECTORS; i++) {
		uint16_t stub = i < 8 ? EXCEPTION : is_hard(i) ? HARD : SOFT;
		const uint16_t vector[2] = {stub, BIOS_SEGMENT};

		put(i * sizeof(vector), vector, sizeof(vector));
	}
	put(GUEST_BIOS + SOFT, soft_stub, sizeof(soft_stub));
	put(GUEST_BIOS + HARD, hard_stub, sizeof(hard_stub));
}
