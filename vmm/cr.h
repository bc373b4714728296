/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of the control registers: which values a guest may load into CR0, CR3, CR4 and CR8, and
 * what else changes then. Pure, but for reading the PDPTEs that PAE paging loads.
 * SDM 2B "MOV--Move to/from Control Registers"; SDM 3A 2.5 "Control Registers".
 */
#pragma once

#include "lib/types.h"

/* What depends on the processor that the guest was promised. */
struct cr_rules {
	uint64_t cr4_valid; /* the bits that may be 1 */
	uint8_t phys_bits;
};

/* The registers that decide, and that change together. */
struct cr_state {
	uint64_t cr0, cr3, cr4, efer;
	bool cs_long;	   /* CS.L: with EFER.LMA, 64-bit mode */
	bool tss_16;	   /* TR holds a 16-bit TSS */
	uint64_t pdptr[4]; /* written if PAE paging loaded them */
	bool pdptr_loaded;
};

/* The bits of CR4 that a table of CPUID answers allows, given as the registers that matter. */
uint64_t cr4_valid_bits(uint32_t leaf1_ecx, uint32_t leaf1_edx, uint32_t leaf7_ebx,
			uint32_t leaf7_ecx);

/* Loads value. False: #GP(0), and state is as it was. */
bool must_check cr_load(const struct cr_rules *rules, struct cr_state *state, unsigned cr,
			uint64_t value);
