/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SDM 3C 27.3.1.2 "Checks on Guest Segment Registers" and 27.3.1.3 "Checks on Guest
 * Descriptor-Table Registers".
 */
#include "arch/x86_64/regs.h"
#include "arch/x86_64/vmx/check.h"
#include "arch/x86_64/vmx/vmcs.h"

enum part { PART_SELECTOR, PART_BASE, PART_LIMIT, PART_ACCESS, PARTS };

static const char *const names[SEG_COUNT][PARTS] = {
	[SEG_ES] = {"ES selector", "ES base", "ES limit", "ES access rights"},
	[SEG_CS] = {"CS selector", "CS base", "CS limit", "CS access rights"},
	[SEG_SS] = {"SS selector", "SS base", "SS limit", "SS access rights"},
	[SEG_DS] = {"DS selector", "DS base", "DS limit", "DS access rights"},
	[SEG_FS] = {"FS selector", "FS base", "FS limit", "FS access rights"},
	[SEG_GS] = {"GS selector", "GS base", "GS limit", "GS access rights"},
	[SEG_LDTR] = {"LDTR selector", "LDTR base", "LDTR limit", "LDTR access rights"},
	[SEG_TR] = {"TR selector", "TR base", "TR limit", "TR access rights"},
};

#define ACCESS_RESERVED (BITS(31, 17) | BITS(11, 8))
#define SELECTOR_TI	BIT(2)

static bool is_v86(const struct vmx_guest_state *s)
{
	return s->rflags & RFLAGS_VM;
}

static bool is_long(const struct vmx_guest_state *s)
{
	return s->entry_controls & VMX_ENTRY_LONG_MODE;
}

static bool usable(const struct vmx_guest_segment *seg)
{
	return !(seg->access & VMX_ACCESS_UNUSABLE);
}

static unsigned type_of(const struct vmx_guest_segment *seg)
{
	return seg->access & VMX_ACCESS_TYPE;
}

static unsigned dpl_of(const struct vmx_guest_segment *seg)
{
	return (unsigned)((seg->access & VMX_ACCESS_DPL) >> 5);
}

static bool granularity_fits(const struct vmx_guest_segment *seg)
{
	if (seg->access & VMX_ACCESS_G)
		return (seg->limit & PAGE_MASK) == PAGE_MASK;
	return !(seg->limit >> 20);
}

static bool base_fits(const struct vmx_guest_state *s, unsigned i, const struct vmx_check_limits *l)
{
	const struct vmx_guest_segment *seg = &s->seg[i];

	if (is_v86(s) && i < SEG_LDTR)
		return seg->base == (uint64_t)seg->selector << 4;
	if (i == SEG_CS)
		return !(seg->base >> 32);
	if (i == SEG_TR || i == SEG_FS || i == SEG_GS || (i == SEG_LDTR && usable(seg)))
		return vmx_check_canonical(seg->base, l);
	return i == SEG_LDTR || !usable(seg) || !(seg->base >> 32);
}

static bool selector_fits(const struct vmx_guest_state *s, unsigned i)
{
	const struct vmx_guest_segment *seg = &s->seg[i];

	return !(i == SEG_TR || (i == SEG_LDTR && usable(seg))) || !(seg->selector & SELECTOR_TI);
}

static bool code_fits(const struct vmx_guest_state *s)
{
	const struct vmx_guest_segment *cs = &s->seg[SEG_CS], *ss = &s->seg[SEG_SS];
	unsigned type = type_of(cs);

	if (!usable(cs) ||
	    ((cs->access & VMX_ACCESS_L) && (cs->access & VMX_ACCESS_DB) && is_long(s)))
		return false;
	if (type == 3)
		return dpl_of(cs) == 0;
	if (type == 9 || type == 11)
		return dpl_of(cs) == dpl_of(ss);
	return (type == 13 || type == 15) && dpl_of(cs) <= dpl_of(ss);
}

/* The CPL, even where the segment is unusable. */
static bool stack_fits(const struct vmx_guest_state *s)
{
	const struct vmx_guest_segment *ss = &s->seg[SEG_SS];

	if ((type_of(&s->seg[SEG_CS]) == 3 || !(s->cr0 & CR0_PE)) && dpl_of(ss))
		return false;
	return !usable(ss) || type_of(ss) == 3 || type_of(ss) == 7;
}

/* Accessed, and if it is code, readable. */
static bool data_fits(const struct vmx_guest_segment *seg)
{
	unsigned type = type_of(seg);

	return !usable(seg) || ((type & 1) && (!(type & 8) || (type & 2)));
}

static bool type_fits(const struct vmx_guest_state *s, unsigned i)
{
	const struct vmx_guest_segment *seg = &s->seg[i];

	if (i == SEG_TR)
		return usable(seg) && (type_of(seg) == 11 || (type_of(seg) == 3 && !is_long(s)));
	if (i == SEG_LDTR)
		return !usable(seg) || type_of(seg) == 2;
	if (i == SEG_CS)
		return code_fits(s);
	return i == SEG_SS ? stack_fits(s) : data_fits(seg);
}

static bool access_fits(const struct vmx_guest_state *s, unsigned i)
{
	const struct vmx_guest_segment *seg = &s->seg[i];
	bool is_system = i >= SEG_LDTR;

	if (is_v86(s) && !is_system)
		return seg->access == 0xf3;
	if (!type_fits(s, i))
		return false;
	if (!usable(seg))
		return true;
	return !(seg->access & VMX_ACCESS_S) == is_system && (seg->access & VMX_ACCESS_P) &&
	       !(seg->access & ACCESS_RESERVED) && granularity_fits(seg);
}

const char *vmx_check_segments(const struct vmx_guest_state *state, const struct vmx_check_limits *l)
{
	for (unsigned i = 0; i < SEG_COUNT; i++) {
		if (!selector_fits(state, i))
			return names[i][PART_SELECTOR];
		if (!base_fits(state, i, l))
			return names[i][PART_BASE];
		if (is_v86(state) && i < SEG_LDTR && state->seg[i].limit != 0xffff)
			return names[i][PART_LIMIT];
		if (!access_fits(state, i))
			return names[i][PART_ACCESS];
	}
	if (!vmx_check_canonical(state->gdtr.base, l))
		return "GDTR base";
	if (state->gdtr.limit >> 16)
		return "GDTR limit";
	if (!vmx_check_canonical(state->idtr.base, l))
		return "IDTR base";
	return state->idtr.limit >> 16 ? "IDTR limit" : NULL;
}
