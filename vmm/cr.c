/* SPDX-License-Identifier: BSD-2-Clause */
/* Decides on loads of control registers, and loads the PDPTEs of PAE paging with them. */
#include "vmm/cr.h"

#include "vmm/cpuid_bits.h"
#include "vmm/guest_mem.h"

#define CR0_PE BIT(0)
#define CR0_ET BIT(4)
#define CR0_WP BIT(16)
#define CR0_NW BIT(29)
#define CR0_CD BIT(30)
#define CR0_PG BIT(31)
/* PE MP EM TS ET NE WP AM NW CD PG: the others of 31:0 read as zero whatever is written. */
#define CR0_EXISTING (BITS(5, 0) | CR0_WP | BIT(18) | BITS(31, 29))

#define CR4_PSE	    BIT(4)
#define CR4_PAE	    BIT(5)
#define CR4_PGE	    BIT(7)
#define CR4_LA57    BIT(12)
#define CR4_PCIDE   BIT(17)
#define CR4_SMEP    BIT(20)
#define CR3_PCID    BITS(11, 0)
#define CR3_NOFLUSH BIT(63)

#define EFER_LME BIT(8)
#define EFER_LMA BIT(10)

#define PDPTE_PRESENT BIT(0)
#define PDPTE_A	      BIT(5) /* reserved, but QEMU sets it when it walks */

/* Which feature brings which bits of CR4. */
struct cr4_feature {
	uint32_t leaf1_ecx, leaf1_edx, leaf7_ebx, leaf7_ecx;
	uint64_t bits;
};

static const struct cr4_feature cr4_features[] = {
	{.leaf1_edx = D1_VME, .bits = BITS(1, 0)}, /* VME, PVI */
	{.leaf1_edx = D1_TSC, .bits = BIT(2)},	   /* TSD */
	{.leaf1_edx = D1_DE, .bits = BIT(3)},
	{.leaf1_edx = D1_PSE, .bits = CR4_PSE},
	{.leaf1_edx = D1_PAE, .bits = CR4_PAE},
	{.leaf1_edx = D1_MCE, .bits = BIT(6)},
	{.leaf1_edx = D1_PGE, .bits = CR4_PGE},
	{.bits = BIT(8)}, /* PCE: RDPMC is there without performance counters */
	{.leaf1_edx = D1_FXSR, .bits = BIT(9)}, /* OSFXSR */
	{.leaf1_edx = D1_SSE, .bits = BIT(10)}, /* OSXMMEXCPT */
	{.leaf7_ecx = C7_UMIP, .bits = BIT(11)},
	{.leaf7_ecx = C7_LA57, .bits = CR4_LA57},
	{.leaf7_ebx = B7_FSGSBASE, .bits = BIT(16)},
	{.leaf1_ecx = C1_PCID, .bits = CR4_PCIDE},
	{.leaf1_ecx = C1_XSAVE, .bits = BIT(18)}, /* OSXSAVE */
	{.leaf7_ebx = B7_SMEP, .bits = CR4_SMEP},
	{.leaf7_ebx = B7_SMAP, .bits = BIT(21)},
	{.leaf7_ecx = C7_PKU, .bits = BIT(22)}, /* PKE */
};

uint64_t cr4_valid_bits(uint32_t leaf1_ecx, uint32_t leaf1_edx, uint32_t leaf7_ebx,
			uint32_t leaf7_ecx)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(cr4_features); i++) {
		const struct cr4_feature *need = &cr4_features[i];

		if ((leaf1_ecx & need->leaf1_ecx) == need->leaf1_ecx &&
		    (leaf1_edx & need->leaf1_edx) == need->leaf1_edx &&
		    (leaf7_ebx & need->leaf7_ebx) == need->leaf7_ebx &&
		    (leaf7_ecx & need->leaf7_ecx) == need->leaf7_ecx)
			bits |= need->bits;
	}
	return bits;
}

static bool pae_paging(const struct cr_state *state)
{
	return (state->cr0 & CR0_PG) && (state->cr4 & CR4_PAE) && !(state->efer & EFER_LMA);
}

/* SDM 3A 4.4.1 "PDPTE Registers" */
static bool load_pdptes(const struct cr_rules *rules, struct cr_state *state)
{
	const uint64_t reserved = BITS(2, 1) | BITS(8, 6) | BITS(63, rules->phys_bits);
	gpa_t table = state->cr3 & BITS(31, 5);

	for (unsigned i = 0; i < 4; i++) {
		/* What is not RAM reads as all-ones, and so is refused. */
		if (!guest_read(table + i * 8, &state->pdptr[i], 8))
			return false;
		if ((state->pdptr[i] & PDPTE_PRESENT) && (state->pdptr[i] & reserved))
			return false;
		state->pdptr[i] &= ~PDPTE_A;
	}
	state->pdptr_loaded = true;
	return true;
}

/*
 * Long mode goes on and off with CR0.PG: SDM 3A 10.8.5 "Initializing IA-32e Mode", with its 10.8.5.4
 * "IA-32e Mode Consistency Checks": no processor enters a guest whose TSS is of 16 bits there.
 */
static bool switch_long_mode(struct cr_state *state, uint64_t value)
{
	bool was = state->cr0 & CR0_PG, is = value & CR0_PG;

	if (was == is || !(state->efer & EFER_LME))
		return true;
	if (is && (!(state->cr4 & CR4_PAE) || state->cs_long || state->tss_16))
		return false;
	if (!is && state->cs_long)
		return false;
	state->efer ^= EFER_LMA;
	return true;
}

static bool load_cr0(const struct cr_rules *rules, struct cr_state *state, uint64_t value)
{
	uint64_t changed;

	if (value >> 32)
		return false;
	value = (value & CR0_EXISTING) | CR0_ET;
	changed = state->cr0 ^ value;
	if ((value & CR0_PG) && !(value & CR0_PE))
		return false;
	if ((value & CR0_NW) && !(value & CR0_CD))
		return false;
	if (!(value & CR0_PG) && (state->cr4 & CR4_PCIDE))
		return false;
	if (!switch_long_mode(state, value))
		return false;
	state->cr0 = value;
	return !pae_paging(state) || !(changed & (CR0_PG | CR0_CD | CR0_NW)) ||
	       load_pdptes(rules, state);
}

static bool load_cr3(const struct cr_rules *rules, struct cr_state *state, uint64_t value)
{
	if (state->cr4 & CR4_PCIDE)
		value &= ~CR3_NOFLUSH;
	if ((state->efer & EFER_LMA) && value >> rules->phys_bits)
		return false;
	state->cr3 = value;
	return !pae_paging(state) || load_pdptes(rules, state);
}

static bool load_cr4(const struct cr_rules *rules, struct cr_state *state, uint64_t value)
{
	uint64_t changed = state->cr4 ^ value;

	if (value & ~rules->cr4_valid)
		return false;
	/* The number of levels is chosen before: SDM 3A 4.1.2 "Paging-Mode Enabling". */
	if ((state->efer & EFER_LMA) && (!(value & CR4_PAE) || (changed & CR4_LA57)))
		return false;
	if ((changed & value & CR4_PCIDE) && (!(state->efer & EFER_LMA) || (state->cr3 & CR3_PCID)))
		return false;
	state->cr4 = value;
	return !pae_paging(state) || !(changed & (CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP)) ||
	       load_pdptes(rules, state);
}

typedef bool (*load_t)(const struct cr_rules *rules, struct cr_state *state, uint64_t value);

bool cr_load(const struct cr_rules *rules, struct cr_state *state, unsigned cr, uint64_t value)
{
	static const load_t loads[] = {[0] = load_cr0, [3] = load_cr3, [4] = load_cr4};
	struct cr_state next = *state;

	if (cr >= ARRAY_SIZE(loads) || !loads[cr] || !loads[cr](rules, &next, value))
		return false;
	*state = next;
	return true;
}
