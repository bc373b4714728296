/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivery of an exception, followed step by step until one fails: SDM 3A 6.12 "Exception and Interrupt
 * Handling". Only reads, and sets no more than accessed bits.
 */
#include "vmm/post_mortem.h"

#include "lib/format.h"
#include "vmm/cpu_bits.h"
#include "vmm/guest_features.h"
#include "vmm/guest_mem.h"
#include "vmm/walk.h"

/* One delivery: what of it is known. */
struct delivery {
	const struct frame *frame;
	struct walk_context walk;
	unsigned vector;
	unsigned gate_size; /* 4: real mode, 8: 32-bit, 16: long mode */
	uint64_t gate;	    /* linear address */
	uint8_t bytes[16];
	char *to;
	size_t size;
};

/* Reads up to 16 bytes as the processor does for itself; false if that faults. */
static bool read_system(const struct delivery *d, gva_t linear, void *to, size_t count)
{
	struct walk_result result;
	uint8_t *byte = to;

	for (size_t i = 0; i < count; i++)
		if (walk(&d->walk, linear + i, WALK_READ | WALK_IMPLICIT, &result) != WALK_OK ||
		    !guest_read(result.gpa, &byte[i], 1))
			return false;
	return true;
}

static size_t check_limit(struct delivery *d)
{
	const struct table_reg *idtr = &d->frame->idtr;

	if ((d->vector + 1) * d->gate_size - 1 <= idtr->limit)
		return 0;
	return format(d->to, d->size, "\nthen: the IDT has no gate for it (base %lx, limit %x)",
		      idtr->base, idtr->limit);
}

static size_t check_table(struct delivery *d)
{
	if (read_system(d, d->gate, d->bytes, d->gate_size))
		return 0;
	return format(d->to, d->size, "\nthen: its gate in the IDT, at %lx, is not mapped", d->gate);
}

/* Interrupt or trap gate of the mode's size, or (32-bit) a task gate; and present. */
static size_t check_gate(struct delivery *d)
{
	unsigned type = d->bytes[5] & 0x1f;
	bool is_gate = (type & ~1u) == 14 || (d->gate_size == 8 && ((type & ~1u) == 6 || type == 5));

	if (d->gate_size == 4)
		return 0;
	if (!is_gate)
		return format(d->to, d->size,
			      "\nthen: what is in the IDT at %lx is no gate (type %x)", d->gate,
			      type);
	if (!(d->bytes[5] & 0x80))
		return format(d->to, d->size, "\nthen: its gate in the IDT, at %lx, is not present",
			      d->gate);
	return 0;
}

/* A stack switch is not followed: where it leads stands in a TSS. */
static size_t check_stack(struct delivery *d)
{
	const struct seg *ss = &d->frame->seg[SEG_SS];
	bool long_mode = d->gate_size == 16;
	gva_t top = d->frame->gpr[GPR_RSP];
	struct walk_result result;

	if (d->frame->control.cpl || d->gate_size == 4 || (long_mode && d->bytes[4] & 7))
		return 0;
	top = long_mode ? (top & ~15ULL) - 8 : (uint32_t)(ss->base + top - 4);
	if (guest_canonical(d->frame, top) && walk(&d->walk, top, WALK_WRITE, &result) == WALK_OK)
		return 0;
	return format(d->to, d->size, "\nthen: the stack cannot be written, at %lx", top);
}

static unsigned gate_size(const struct frame *frame)
{
	if (!(frame->control.cr0 & CR0_PE))
		return 4;
	return frame->control.efer & EFER_LMA ? 16 : 8;
}

size_t post_mortem_gate(const struct frame *frame, unsigned vector, char *to, size_t size)
{
	static size_t (*const steps[])(struct delivery *) = {check_limit, check_table, check_gate,
							     check_stack};
	struct delivery d = {
		.frame = frame,
		.vector = vector,
		.gate_size = gate_size(frame),
		.to = to,
		.size = size,
	};
	size_t used = 0;

	d.gate = frame->idtr.base + vector * d.gate_size;
	walk_context_init(&d.walk, frame, &guest_features.cpu);
	for (unsigned i = 0; i < ARRAY_SIZE(steps) && !used; i++)
		used = steps[i](&d);
	return used;
}
