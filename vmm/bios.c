/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/bios.h"

#include "lib/string.h"
#include "vmm/guest_layout.h"
#include "vmm/guest_mem.h"

/*
 * An INT answers as PC BIOSes do (AH = 86h, CF = 1), an interrupt of the 8259s ends itself, and after an
 * exception or an NMI all is as it was. What has no error to answer is answered from the BIOS data area, and
 * where a PC begins anew this one does, too.
 */
enum {
	VECTORS = 256,
	BIOS_SEGMENT = 0xf000,
	SOFT = 0xff00,
	HARD = 0xff10,
	RESET = 0xff20,
	EQUIPMENT = 0xff30,
	MEMORY = 0xff40,
	RESET_VECTOR = 0xfff0, /* SDM 3A 9.1.4 "First Instruction Executed" */
	MODEL = 0xfffe,
};

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

static const uint8_t reset_stub[] = {
	0xb0, 0xfe, /* mov $0xfe, %al */
	0xe6, 0x64, /* out %al, $0x64: the keyboard controller pulls the reset line */
	0xf4,	    /* hlt */
	0xeb, 0xfd, /* jmp to it */
};
/* With the address of a word of the BIOS data area, which goes into AX. */
#define WORD_STUB(at)                                             \
	{                                                         \
		0x1e,			     /* push %ds */       \
			0xb8, 0x40, 0x00,    /* mov $0x40, %ax */ \
			0x8e, 0xd8,	     /* mov %ax, %ds */   \
			0xa1, (at)-0x400, 0, /* mov, to %ax */    \
			0x1f,		     /* pop %ds */        \
			0xcf,		     /* iret */           \
	}
static const uint8_t equipment_stub[] = WORD_STUB(GUEST_BDA_EQUIPMENT);
static const uint8_t memory_stub[] = WORD_STUB(GUEST_BDA_BASE_KIB);
static const uint8_t reset_vector[] = {0xea, RESET & 0xff, RESET >> 8, 0x00, 0xf0}; /* ljmp */
static const uint8_t model[] = {0xfc};						    /* an AT */

static const struct {
	uint16_t at;
	uint8_t size;
	const uint8_t *bytes;
} pieces[] = {
	{SOFT, sizeof(soft_stub), soft_stub},
	{HARD, sizeof(hard_stub), hard_stub},
	{RESET, sizeof(reset_stub), reset_stub},
	{EQUIPMENT, sizeof(equipment_stub), equipment_stub},
	{MEMORY, sizeof(memory_stub), memory_stub},
	{RESET_VECTOR, sizeof(reset_vector), reset_vector},
	{MODEL, sizeof(model), model},
};

enum { EXCEPTION = SOFT + sizeof(soft_stub) - 1 }; /* its IRET */

static const struct {
	uint8_t vector;
	uint16_t stub;
} others[] = {
	{0x11, EQUIPMENT}, {0x12, MEMORY}, {0x18, RESET}, {0x19, RESET}, /* there is nothing to boot */
};

static bool is_hard(unsigned vector)
{
	return (vector >= 0x08 && vector < 0x10) || (vector >= 0x70 && vector < 0x78);
}

static void put(gpa_t to, const void *from, size_t size)
{
	memcpy(guest_ptr(to, size), from, size);
}

static void put_vector(unsigned number, uint16_t stub)
{
	const uint16_t vector[2] = {stub, BIOS_SEGMENT};

	put(number * sizeof(vector), vector, sizeof(vector));
}

void bios_put(void)
{
	for (unsigned i = 0; i < VECTORS; i++)
		put_vector(i, i < 8 ? EXCEPTION : is_hard(i) ? HARD : SOFT);
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++)
		put_vector(others[i].vector, others[i].stub);
	for (unsigned i = 0; i < ARRAY_SIZE(pieces); i++)
		put(GUEST_BIOS + pieces[i].at, pieces[i].bytes, pieces[i].size);
}
