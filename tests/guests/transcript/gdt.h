/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A GDT and an LDT with a descriptor of each kind. The entries that the guest itself uses are as in
 * guest_gdt. SDM 3A 3.4.5 "Segment Descriptors", 3.5 "System Descriptor Types".
 */
#pragma once

#include "lib/types.h"

enum gdt_selector {
	GDT_OWN_TSS = 0x40,
	GDT_DATA = 0x50,
	GDT_DATA_RO = 0x58,
	GDT_DATA3 = 0x60,
	GDT_DATA3_RO = 0x68,
	GDT_DATA3_DOWN = 0x70,
	GDT_DATA3_ABSENT = 0x78,
	GDT_CODE = 0x80,
	GDT_CODE_CONFORMING = 0x88,
	GDT_CODE3 = 0x90,
	GDT_CODE_ABSENT = 0x98,
	GDT_CODE3_UNREADABLE = 0xa0,
	GDT_CODE32 = 0xa8,
	GDT_CODE_L_D = 0xb0,
	GDT_LDT = 0xb8,
	GDT_LDT_ABSENT = 0xc8,
	GDT_TSS = 0xd8,
	GDT_TSS_BUSY = 0xe8,
	GDT_TSS_ABSENT = 0xf8,
	GDT_LDT_FAR = 0x108, /* its base is not canonical */
	GDT_TSS_FAR = 0x118,
	GDT_GATE3 = 0x128, /* a call gate that CPL 3 may use: to STAGE_CODE + GDT_GATE_OFFSET */
	GDT_GATE = 0x138,
	GDT_GATE3_ABSENT = 0x148,
	GDT_TSS16 = 0x158,
	GDT_GATE16 = 0x160,
	GDT_TASK_GATE = 0x168,
	GDT_RESERVED = 0x170,
	GDT_GATE3_NO_CODE = 0x178, /* to a data segment */
	GDT_GATE3_FAR = 0x188,	   /* to an address that is not canonical */
	GDT_END = 0x198,

	LDT_DATA3 = 0x0f, /* TI, RPL 3; valid while the LDT is loaded */
	LDT_CODE3 = 0x17,
	LDT_END = 0x18,

	GDT_GATE_OFFSET = 0x800,
};

/* Writes the tables anew and loads the GDT; no LDT. TR stays the guest's own TSS. */
void gdt_init(void);

/* For LTR: entry of a TSS made available again. */
void gdt_free_tss(unsigned selector);
