/* SPDX-License-Identifier: BSD-2-Clause */
/* Segment registers from descriptors: which fit, their fields, their accessed bits. */
#include "vmm/segment_load.h"

#include "vmm/emulate_internal.h"

enum { TYPE_ACCESSED = 1, TYPE_WRITABLE = 2, TYPE_CONFORMING = 4, TYPE_CODE = 8, TYPE_LDT = 2 };
enum { SELECTOR_TI = 4, SELECTOR_RPL = 3, DESCRIPTOR_SIZE = 8, DESCRIPTOR_TYPE_AT = 5 };

bool segment_read_descriptor(struct emulate *e, uint16_t selector, struct descriptor *descriptor,
			     bool *ok)
{
	const struct frame *frame = e->frame;
	const struct seg *ldt = &frame->seg[SEG_LDTR];
	uint64_t base = frame->gdtr.base, limit = frame->gdtr.limit;
	unsigned offset = selector & ~7u;
	struct emulate_span span;

	*ok = true;
	if (selector & SELECTOR_TI) {
		base = ldt->base;
		limit = ldt->limit;
		*ok = !(ldt->attributes & SEG_ATTR_UNUSABLE);
	}
	*ok = *ok && offset + DESCRIPTOR_SIZE - 1 <= limit;
	if (!*ok)
		return true;
	descriptor->selector = selector;
	descriptor->linear = base + offset;
	if (!(frame->control.efer & EFER_LMA))
		descriptor->linear = (uint32_t)descriptor->linear;
	else if (!guest_canonical(frame, descriptor->linear) ||
		 !guest_canonical(frame, descriptor->linear + DESCRIPTOR_SIZE - 1))
		return emulate_raise_gp(e); /* the table's base is canonical, its end need not be */
	return emulate_translate_linear(e, descriptor->linear, DESCRIPTOR_SIZE,
					WALK_READ | WALK_IMPLICIT, &span) &&
	       emulate_span_read(e, &span, &descriptor->raw);
}

struct seg segment_of(uint16_t selector, uint64_t raw)
{
	struct seg seg = {
		.selector = selector,
		.attributes = (uint16_t)((raw >> 40 & 0xff) | (raw >> 44 & 0xf00)),
		.base = (raw >> 16 & 0xffffff) | (raw >> 32 & 0xff000000),
		.limit = (uint32_t)((raw & 0xffff) | (raw >> 32 & 0xf0000)),
	};

	if (seg.attributes & SEG_ATTR_G)
		seg.limit = seg.limit << PAGE_SHIFT | PAGE_MASK;
	return seg;
}

static bool raise(struct emulate *e, unsigned vector, uint16_t selector, unsigned ext)
{
	return emulate_raise(
		e, fault_with_error(e->frame, vector, (selector & ~(unsigned)SELECTOR_RPL) | ext));
}

/* What kind of segment a register takes. */
struct segment_rule {
	uint8_t index;
	uint8_t absent; /* the exception where P is 0; 0: the one of what does not fit */
	bool null;	/* the null selector is fine: unusable */
	bool (*fits)(const struct seg *seg, unsigned cpl);
};

static unsigned dpl(const struct seg *seg)
{
	return seg->attributes >> 5 & 3;
}

static bool is_memory(const struct seg *seg)
{
	return seg->attributes & SEG_ATTR_S;
}

static bool fits_ldtr(const struct seg *seg, unsigned cpl)
{
	(void)cpl;
	return !is_memory(seg) && (seg->attributes & SEG_ATTR_TYPE) == TYPE_LDT &&
	       !(seg->selector & SELECTOR_TI);
}

/* CS's RPL becomes the CPL. */
static bool fits_cs(const struct seg *seg, unsigned cpl)
{
	if (!is_memory(seg) || !(seg->attributes & TYPE_CODE))
		return false;
	return seg->attributes & TYPE_CONFORMING ? dpl(seg) <= cpl : dpl(seg) == cpl;
}

static bool fits_ss(const struct seg *seg, unsigned cpl)
{
	return is_memory(seg) && (seg->attributes & (TYPE_CODE | TYPE_WRITABLE)) == TYPE_WRITABLE &&
	       dpl(seg) == cpl && (seg->selector & SELECTOR_RPL) == cpl;
}

static bool fits_data(const struct seg *seg, unsigned cpl)
{
	unsigned rpl = seg->selector & SELECTOR_RPL, code = seg->attributes & TYPE_CODE;

	if (!is_memory(seg) || (code && !(seg->attributes & TYPE_WRITABLE)))
		return false;
	return (code && (seg->attributes & TYPE_CONFORMING)) || dpl(seg) >= MAX(rpl, cpl);
}

static const struct segment_rule rules[] = {
	{SEG_LDTR, 0, true, fits_ldtr},	      {SEG_CS, VECTOR_NP, false, fits_cs},
	{SEG_SS, VECTOR_SS, false, fits_ss},  {SEG_DS, VECTOR_NP, true, fits_data},
	{SEG_ES, VECTOR_NP, true, fits_data}, {SEG_FS, VECTOR_NP, true, fits_data},
	{SEG_GS, VECTOR_NP, true, fits_data},
};

static bool set_accessed(struct emulate *e, struct seg *seg, gva_t linear)
{
	struct emulate_span span;
	uint8_t byte;

	if (!is_memory(seg) || seg->attributes & TYPE_ACCESSED)
		return true;
	seg->attributes |= TYPE_ACCESSED;
	byte = (uint8_t)seg->attributes;
	return emulate_translate_linear(e, linear + DESCRIPTOR_TYPE_AT, sizeof(byte),
					WALK_WRITE | WALK_IMPLICIT, &span) &&
	       emulate_span_write(e, &span, &byte);
}

static const struct segment_rule *rule_of(unsigned index)
{
	const struct segment_rule *rule = rules;

	while (rule->index != index)
		rule++;
	return rule;
}

bool segment_fits(unsigned index, const struct seg *seg, unsigned cpl)
{
	return rule_of(index)->fits(seg, cpl);
}

bool segment_load_descriptor(struct emulate *e, unsigned index, const struct descriptor *descriptor,
			     unsigned cpl, unsigned vector, unsigned ext)
{
	const struct segment_rule *rule = rule_of(index);
	uint16_t selector = descriptor->selector;
	struct seg loaded = segment_of(selector, descriptor->raw);

	if (!rule->fits(&loaded, cpl))
		return raise(e, vector, selector, ext);
	if (!(loaded.attributes & SEG_ATTR_P))
		return raise(e, rule->absent ? rule->absent : vector, selector, ext);
	if (!set_accessed(e, &loaded, descriptor->linear))
		return false;
	e->frame->seg[index] = loaded;
	return true;
}

bool segment_load(struct emulate *e, unsigned index, uint16_t selector, unsigned cpl,
		  unsigned vector, unsigned ext)
{
	struct descriptor descriptor;
	bool ok;

	if (segment_is_null(selector)) {
		if (!rule_of(index)->null)
			return raise(e, vector, 0, ext);
		e->frame->seg[index] = (struct seg){.selector = selector,
						    .attributes = SEG_ATTR_UNUSABLE};
		return true;
	}
	if (!segment_read_descriptor(e, selector, &descriptor, &ok))
		return false;
	if (!ok)
		return raise(e, vector, selector, ext);
	return segment_load_descriptor(e, index, &descriptor, cpl, vector, ext);
}
