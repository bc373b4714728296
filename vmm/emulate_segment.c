/* SPDX-License-Identifier: BSD-2-Clause */
/* Segmentation: from segment:offset to a linear address, with the checks of each mode. */
#include "vmm/emulate_internal.h"

enum { TYPE_CODE = 1 << 3, TYPE_EXPAND_DOWN = 1 << 2, TYPE_WRITABLE = 1 << 1 /* code: readable */ };

/* SDM 3A 5.5 "Segment Types Check" */
static bool type_allows(const struct seg *seg, unsigned access)
{
	unsigned type = seg->attributes & SEG_ATTR_TYPE;

	if (seg->attributes & SEG_ATTR_UNUSABLE || !(seg->attributes & SEG_ATTR_P))
		return false;
	if (type & TYPE_CODE)
		return !(access & WALK_WRITE) && (type & TYPE_WRITABLE);
	return !(access & WALK_WRITE) || (type & TYPE_WRITABLE);
}

/*
 * SDM 3A 5.3 "Limit Checking". A segment of 4 GiB has no end: what goes past it begins again at 0,
 * as AMD's and Intel's processors do.
 */
static bool limit_allows(const struct seg *seg, bool typed, uint64_t offset, uint64_t size)
{
	uint64_t last = offset + size - 1;
	unsigned type = seg->attributes & SEG_ATTR_TYPE;

	if (typed && (type & (TYPE_CODE | TYPE_EXPAND_DOWN)) == TYPE_EXPAND_DOWN) {
		uint64_t top = seg->attributes & SEG_ATTR_DB ? 0xffffffff : 0xffff;

		return offset > seg->limit && last <= top;
	}
	return last <= seg->limit || seg->limit == 0xffffffff;
}

gva_t emulate_segment_linear(const struct emulate *e, unsigned segment, uint64_t offset)
{
	bool has_base = !emulate_is_64(e) || segment == SEG_FS || segment == SEG_GS;
	gva_t linear = offset + (has_base ? e->frame->seg[segment].base : 0);

	return emulate_is_64(e) ? linear : (uint32_t)linear;
}

bool emulate_segment_ok(const struct emulate *e, unsigned segment, uint64_t offset, uint64_t size,
			unsigned access, gva_t *linear)
{
	const struct seg *seg = &e->frame->seg[segment];
	bool typed = emulate_protected(e);

	*linear = emulate_segment_linear(e, segment, offset);
	if (emulate_is_64(e))
		return guest_canonical(e->frame, *linear) &&
		       guest_canonical(e->frame, *linear + size - 1);
	return (!typed || type_allows(seg, access)) && limit_allows(seg, typed, offset, size);
}

bool emulate_linear(struct emulate *e, unsigned segment, uint64_t offset, unsigned size,
		    unsigned access, gva_t *linear)
{
	unsigned vector = segment == SEG_SS ? VECTOR_SS : VECTOR_GP;

	if (emulate_segment_ok(e, segment, offset, size, access, linear))
		return true;
	return emulate_raise(e, fault_with_error(e->frame, vector, 0));
}
