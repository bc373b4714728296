/* SPDX-License-Identifier: BSD-2-Clause */
/* The segments of a task that is being switched to. */
#include "vmm/emulate_internal.h"
#include "vmm/segment_load.h"
#include "vmm/task.h"

enum { SELECTOR_RPL = 3, V86_ATTRIBUTES = 0xf3, V86_LIMIT = 0xffff };

/* SDM 3B 21.2.1 "8086 Emulation" */
static void load_v86(struct frame *frame)
{
	for (unsigned i = SEG_ES; i <= SEG_GS; i++) {
		frame->seg[i].attributes = V86_ATTRIBUTES;
		frame->seg[i].limit = V86_LIMIT;
		frame->seg[i].base = (uint64_t)frame->seg[i].selector << 4;
	}
}

static bool load(struct emulate *e, unsigned index, unsigned cpl, unsigned ext)
{
	return segment_load(e, index, e->frame->seg[index].selector, cpl, VECTOR_TS, ext);
}

bool task_load_segments(struct emulate *e, unsigned ext)
{
	struct frame *frame = e->frame;
	static const uint8_t order[] = {SEG_CS, SEG_SS, SEG_DS, SEG_ES, SEG_FS, SEG_GS};
	bool v86 = frame->rflags & RFLAGS_VM;
	unsigned cpl = v86 ? 3 : frame->seg[SEG_CS].selector & SELECTOR_RPL;

	if (!load(e, SEG_LDTR, cpl, ext))
		return false;
	if (v86)
		load_v86(frame);
	for (size_t i = 0; i < ARRAY_SIZE(order) && !v86; i++) {
		if (!load(e, order[i], cpl, ext))
			return false;
		if (order[i] == SEG_CS)
			frame->seg[SEG_SS].attributes = (uint16_t)(SEG_ATTR_UNUSABLE | cpl << 5);
	}
	frame->control.cpl = e->walk.cpl = (uint8_t)cpl;
	return true;
}
