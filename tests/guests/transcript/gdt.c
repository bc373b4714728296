/* SPDX-License-Identifier: BSD-2-Clause */
/* See gdt.h. */
#include "tests/guests/transcript/gdt.h"

#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/transcript/layout.h"

#define NOT_CANONICAL 0x0000800000000000UL
#define TSS_BUSY_BIT  BIT(41)

enum {
	OWN_ENTRIES = 10,
	/* Access bytes: P, DPL, S, type. */
	DATA = 0x93,
	DATA_RO = 0x91,
	DATA3 = 0xf3,
	DATA3_RO = 0xf1,
	DATA3_DOWN = 0xf7,
	CODE = 0x9b,
	CODE_CONFORMING = 0x9f,
	CODE3 = 0xfb,
	CODE3_UNREADABLE = 0xf9,
	LDT = 0x82,
	TSS = 0x89,
	TSS_BUSY = 0x8b,
	TSS16 = 0x81,
	GATE = 0x8c,
	GATE3 = 0xec,
	GATE16 = 0x84,
	TASK_GATE = 0x85,
	PRESENT = 0x80,
	/* G, D, L */
	FLAT = 0xc,
	LONG = 0xa,
	LONG_AND_D = 0xe,
	LIMIT = 0xfffff,
};

static uint64_t gdt[GDT_END / 8] __attribute__((aligned(16)));
static uint64_t ldt[LDT_END / 8] __attribute__((aligned(16)));

static void put_segment(unsigned selector, unsigned access, unsigned flags)
{
	gdt[selector / 8] = (LIMIT & 0xffff) | (uint64_t)access << 40 |
			    (uint64_t)(LIMIT >> 16) << 48 | (uint64_t)flags << 52;
}

static void put_system(unsigned selector, unsigned access, uint64_t base, uint32_t limit)
{
	gdt[selector / 8] = limit | (base & 0xffffff) << 16 | (uint64_t)access << 40 |
			    (base >> 24 & 0xff) << 56;
	gdt[selector / 8 + 1] = base >> 32;
}

static void put_gate(unsigned selector, unsigned access, uint16_t target, uint64_t offset)
{
	gdt[selector / 8] = (offset & 0xffff) | (uint64_t)target << 16 | (uint64_t)access << 40 |
			    (offset >> 16 & 0xffff) << 48;
	gdt[selector / 8 + 1] = offset >> 32;
}

static void put_segments(void)
{
	put_segment(GDT_DATA, DATA, FLAT);
	put_segment(GDT_DATA_RO, DATA_RO, FLAT);
	put_segment(GDT_DATA3, DATA3, FLAT);
	put_segment(GDT_DATA3_RO, DATA3_RO, FLAT);
	put_segment(GDT_DATA3_DOWN, DATA3_DOWN, FLAT);
	put_segment(GDT_DATA3_ABSENT, DATA3 & ~PRESENT, FLAT);
	put_segment(GDT_CODE, CODE, LONG);
	put_segment(GDT_CODE_CONFORMING, CODE_CONFORMING, LONG);
	put_segment(GDT_CODE3, CODE3, LONG);
	put_segment(GDT_CODE_ABSENT, CODE & ~PRESENT, LONG);
	put_segment(GDT_CODE3_UNREADABLE, CODE3_UNREADABLE, LONG);
	put_segment(GDT_CODE32, CODE, FLAT);
	put_segment(GDT_CODE_L_D, CODE, LONG_AND_D);
	put_segment(GDT_RESERVED, PRESENT, 0);
}

static void put_systems(void)
{
	uint64_t tss = (uintptr_t)&cpu_of(0)->tss, to = STAGE_CODE + GDT_GATE_OFFSET;
	const uint32_t size = sizeof(struct tss) - 1;

	put_system(GDT_LDT, LDT, (uintptr_t)ldt, LDT_END - 1);
	put_system(GDT_LDT_ABSENT, LDT & ~PRESENT, (uintptr_t)ldt, LDT_END - 1);
	put_system(GDT_LDT_FAR, LDT, NOT_CANONICAL, LDT_END - 1);
	put_system(GDT_TSS, TSS, tss, size);
	put_system(GDT_TSS_BUSY, TSS_BUSY, tss, size);
	put_system(GDT_TSS_ABSENT, TSS & ~PRESENT, tss, size);
	put_system(GDT_TSS_FAR, TSS, NOT_CANONICAL, size);
	put_system(GDT_TSS16, TSS16, tss, size);
	put_gate(GDT_GATE3, GATE3, SELECTOR_CODE, to);
	put_gate(GDT_GATE, GATE, SELECTOR_CODE, to);
	put_gate(GDT_GATE3_ABSENT, GATE3 & ~PRESENT, SELECTOR_CODE, to);
	put_gate(GDT_GATE3_NO_CODE, GATE3, SELECTOR_DATA, to);
	put_gate(GDT_GATE3_FAR, GATE3, SELECTOR_CODE, NOT_CANONICAL);
	gdt[GDT_GATE16 / 8] = (uint64_t)GATE16 << 40 | SELECTOR_CODE << 16;
	gdt[GDT_TASK_GATE / 8] = (uint64_t)TASK_GATE << 40 | GDT_TSS << 16;
}

void gdt_free_tss(unsigned selector)
{
	gdt[selector / 8] &= ~TSS_BUSY_BIT;
}

void gdt_init(void)
{
	const struct descriptor_pointer pointer = {sizeof(gdt) - 1, (uintptr_t)gdt};

	memcpy(gdt, guest_gdt, OWN_ENTRIES * sizeof(gdt[0]));
	put_segments();
	put_systems();
	ldt[LDT_DATA3 / 8] = gdt[GDT_DATA3 / 8];
	ldt[LDT_CODE3 / 8] = gdt[GDT_CODE3 / 8];
	gdt_load(&pointer);
}
