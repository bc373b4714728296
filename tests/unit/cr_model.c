/* SPDX-License-Identifier: BSD-2-Clause */
/* SDM 2B "MOV--Move to/from Control Registers", its list of exceptions, rule by rule. */
#include "tests/unit/cr_model.h"

static bool reserved_high_cr0(const struct cr_write *w)
{
	return w->cr == 0 && w->value > 0xffffffff;
}

static bool paging_without_protection(const struct cr_write *w)
{
	return w->cr == 0 && cr_has(w->value, PG) && !cr_has(w->value, PE);
}

static bool write_through_with_cache(const struct cr_write *w)
{
	return w->cr == 0 && cr_has(w->value, NW) && !cr_has(w->value, CD);
}

static bool starts_paging(const struct cr_write *w)
{
	return w->cr == 0 && !cr_has(w->old->cr0, PG) && cr_has(w->value, PG);
}

static bool long_mode_without_pae(const struct cr_write *w)
{
	return starts_paging(w) && cr_has(w->old->efer, LME) && !cr_has(w->old->cr4, PAE);
}

static bool long_mode_from_long_segment(const struct cr_write *w)
{
	return starts_paging(w) && cr_has(w->old->efer, LME) && w->old->cs_long;
}

static bool long_mode_with_16_bit_tss(const struct cr_write *w)
{
	return starts_paging(w) && cr_has(w->old->efer, LME) && w->old->tss_16;
}

static bool paging_off_in_64_bit(const struct cr_write *w)
{
	return w->cr == 0 && cr_has(w->old->cr0, PG) && !cr_has(w->value, PG) &&
	       cr_has(w->old->efer, LMA) && w->old->cs_long;
}

static bool paging_off_with_pcid(const struct cr_write *w)
{
	return w->cr == 0 && cr_has(w->old->cr0, PG) && !cr_has(w->value, PG) &&
	       cr_has(w->old->cr4, PCIDE);
}

static bool cr3_too_high(const struct cr_write *w)
{
	uint64_t address = w->value;

	if (w->cr != 3 || !cr_has(w->old->efer, LMA))
		return false;
	if (cr_has(w->old->cr4, PCIDE))
		address &= ~B(63);
	return address >= B(PHYS_BITS);
}

static bool cr4_reserved(const struct cr_write *w)
{
	return w->cr == 4 && (w->value | w->cr4_valid) != w->cr4_valid;
}

static bool pae_off_in_long_mode(const struct cr_write *w)
{
	return w->cr == 4 && cr_has(w->old->efer, LMA) && !cr_has(w->value, PAE);
}

/* SDM 3A 4.1.2: the number of levels is chosen before long mode is entered. */
static bool levels_change_in_long_mode(const struct cr_write *w)
{
	return w->cr == 4 && cr_has(w->old->efer, LMA) &&
	       cr_has(w->value, LA57) != cr_has(w->old->cr4, LA57);
}

static bool starts_pcid(const struct cr_write *w)
{
	return w->cr == 4 && cr_has(w->value, PCIDE) && !cr_has(w->old->cr4, PCIDE);
}

static bool pcid_outside_long_mode(const struct cr_write *w)
{
	return starts_pcid(w) && !cr_has(w->old->efer, LMA);
}

static bool pcid_with_one_in_cr3(const struct cr_write *w)
{
	return starts_pcid(w) && w->old->cr3 % 4096 != 0;
}

/* SDM 3A 4.4.1: which writes load the PDPTEs, if they leave PAE paging on. */
bool cr_loads_pdptes(const struct cr_write *w)
{
	bool paging = cr_has(w->cr == 0 ? w->value : w->old->cr0, PG);
	bool pae = cr_has(w->cr == 4 ? w->value : w->old->cr4, PAE);
	bool long_mode = cr_has(w->old->efer, LME) && paging;
	uint64_t of_cr0 = B(PG) | B(CD) | B(NW), of_cr4 = B(PSE) | B(PAE) | B(PGE) | B(SMEP);

	if (!paging || !pae || long_mode)
		return false;
	if (w->cr == 3)
		return true;
	return w->cr == 0 ? ((w->value ^ w->old->cr0) & of_cr0) != 0
			  : ((w->value ^ w->old->cr4) & of_cr4) != 0;
}

static bool reserved_in_pdptes(const struct cr_write *w)
{
	return cr_loads_pdptes(w) && w->bad_pdptes;
}

static const struct {
	const char *name;
	bool (*applies)(const struct cr_write *w);
} rules[] = {
	{"CR0 63:32", reserved_high_cr0},
	{"PG without PE", paging_without_protection},
	{"NW without CD", write_through_with_cache},
	{"LME and PG without PAE", long_mode_without_pae},
	{"LME and PG with CS.L", long_mode_from_long_segment},
	{"LME and PG with a 16-bit TSS", long_mode_with_16_bit_tss},
	{"PG off in 64-bit mode", paging_off_in_64_bit},
	{"PG off with PCIDE", paging_off_with_pcid},
	{"CR3 above MAXPHYADDR", cr3_too_high},
	{"CR4 reserved", cr4_reserved},
	{"PAE off in long mode", pae_off_in_long_mode},
	{"LA57 changed in long mode", levels_change_in_long_mode},
	{"PCIDE outside of long mode", pcid_outside_long_mode},
	{"PCIDE with a PCID in CR3", pcid_with_one_in_cr3},
	{"reserved bits in PDPTEs", reserved_in_pdptes},
};

static unsigned rule_hits[ARRAY_SIZE(rules)];

const char *cr_broken_rule(const struct cr_write *w)
{
	const char *name = NULL;

	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].applies(w)) {
			rule_hits[i]++;
			name = name ? name : rules[i].name;
		}
	return name;
}

const char *cr_rule_never_met(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++)
		if (!rule_hits[i])
			return rules[i].name;
	return NULL;
}
