/* SPDX-License-Identifier: BSD-2-Clause */
/* The segments of a task that is being switched to: descriptors, their checks, their accessed bits. */
#include "vmm/emulate_internal.h"
#include "vmm/task.h"

enum { TYPE_ACCESSED = 1, TYPE_WRITABLE = 2, TYPE_CONFORMING = 4, TYPE_CODE = 8, TYPE_LDT = 2 };
enum { SELECTOR_TI = 4, SELECTOR_RPL = 3, DESCRIPTOR_SIZE = 8, DESCRIPTOR_TYPE_AT = 5 };
enum { V86_ATTRIBUTES = 0xf3, V86_LIMIT = 0xffff };

static bool is_null(uint16_t selector)
{
	return !(selector & ~SELECTOR_RPL);
}

bool task_descriptor_read(struct emulate *e, uint16_t selector, struct task_descriptor *descriptor,
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
	descriptor->linear = (uint32_t)(base + offset);
	return emulate_translate_linear(e, descriptor->linear, DESCRIPTOR_SIZE,
					WALK_READ | WALK_IMPLICIT, &span) &&
	       emulate_span_read(e, &span, &descriptor->raw);
}

struct seg task_segment_of(uint16_t selector, uint64_t raw)
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
	uint8_t absent; /* the exception where P is 0 */
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

/* In the table's order. */
static const struct segment_rule rules[] = {
	{SEG_LDTR, VECTOR_TS, true, fits_ldtr}, {SEG_CS, VECTOR_NP, false, fits_cs},
	{SEG_SS, VECTOR_SS, false, fits_ss},	{SEG_DS, VECTOR_NP, true, fits_data},
	{SEG_ES, VECTOR_NP, true, fits_data},	{SEG_FS, VECTOR_NP, true, fits_data},
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

static bool load(struct emulate *e, const struct segment_rule *rule, unsigned cpl, unsigned ext)
{
	struct seg *seg = &e->frame->seg[rule->index], loaded;
	struct task_descriptor descriptor;
	bool ok;

	if (is_null(seg->selector)) {
		if (!rule->null)
			return raise(e, VECTOR_TS, seg->selector, ext);
		seg->attributes = SEG_ATTR_UNUSABLE;
		return true;
	}
	if (!task_descriptor_read(e, seg->selector, &descriptor, &ok))
		return false;
	if (!ok)
		return raise(e, VECTOR_TS, seg->selector, ext);
	loaded = task_segment_of(seg->selector, descriptor.raw);
	if (!rule->fits(&loaded, cpl))
		return raise(e, VECTOR_TS, seg->selector, ext);
	if (!(loaded.attributes & SEG_ATTR_P))
		return raise(e, rule->absent, seg->selector, ext);
	if (!set_accessed(e, &loaded, descriptor.linear))
		return false;
	*seg = loaded;
	return true;
}

/* SDM 3B 21.2.1 "8086 Emulation" */
static void load_v86(struct frame *frame)
{
	for (unsigned i = SEG_ES; i <= SEG_GS; i++) {
		frame->seg[i].attributes = V86_ATTRIBUTES;
		frame->seg[i].limit = V86_LIMIT;
		frame->seg[i].base = (uint64_t)frame->seg[i].selector << 4;
	}
}

/*
 * Until its descriptor is loaded a register is unusable, but for CS, without which no task can take a fault:
 * it and SS, whose DPL is the CPL, keep the old task's until the new CS is loaded.
 */
static void forget(struct frame *frame)
{
	static const uint8_t unloaded[] = {SEG_LDTR, SEG_DS, SEG_ES, SEG_FS, SEG_GS};

	for (unsigned i = 0; i < ARRAY_SIZE(unloaded); i++)
		frame->seg[unloaded[i]].attributes = SEG_ATTR_UNUSABLE;
}

bool task_load_segments(struct emulate *e, unsigned ext)
{
	struct frame *frame = e->frame;
	bool v86 = frame->rflags & RFLAGS_VM;
	unsigned cpl = v86 ? 3 : frame->seg[SEG_CS].selector & SELECTOR_RPL;

	forget(frame);
	if (!load(e, &rules[0], cpl, ext))
		return false;
	if (v86)
		load_v86(frame);
	for (size_t i = 1; i < ARRAY_SIZE(rules) && !v86; i++) {
		if (!load(e, &rules[i], cpl, ext))
			return false;
		if (rules[i].index == SEG_CS)
			frame->seg[SEG_SS].attributes = (uint16_t)(SEG_ATTR_UNUSABLE | cpl << 5);
	}
	frame->control.cpl = e->walk.cpl = (uint8_t)cpl;
	return true;
}
