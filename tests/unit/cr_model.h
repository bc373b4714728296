/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manual's rules for loads of control registers, one function each: what vmm/cr.c is compared
 * with, and shares nothing with.
 */
#pragma once

#include "vmm/cr.h"

enum { PHYS_BITS = 40 };

/* Bit numbers: SDM 3A 2.5 "Control Registers" and 2.2.1 "Extended Feature Enable Register". */
enum { PE = 0, MP, EM, TS, ET, NE, WP = 16, AM = 18, NW = 29, CD, PG };
enum {
	VME = 0,
	PVI,
	TSD,
	DE,
	PSE,
	PAE,
	MCE,
	PGE,
	PCE,
	OSFXSR,
	OSXMM,
	UMIP,
	LA57,
	VMXE,
	SMXE,
	FSGSBASE = 16,
	PCIDE,
	OSXSAVE,
	SMEP = 20,
	SMAP,
	PKE,
	CET,
	PKS,
	UINTR
};
enum { LME = 8, LMA = 10 };

#define B(n) (1ULL << (n))

/* What a rule looks at: the state before, the CR and the value written. */
struct cr_write {
	const struct cr_state *old;
	unsigned cr;
	uint64_t value;
	uint64_t cr4_valid;
	bool bad_pdptes;
};

static inline bool cr_has(uint64_t value, unsigned bit)
{
	return value >> bit & 1;
}

/* The first rule that forbids the write, or null. Counts for each rule that it did. */
const char *cr_broken_rule(const struct cr_write *w);

/* A rule that never forbade anything so far, or null. */
const char *cr_rule_never_met(void);

/* Whether the write, if it is good, loads the PDPTEs. */
bool cr_loads_pdptes(const struct cr_write *w);
