/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IN, OUT, INS and OUTS. The hardware checked the I/O permissions of the access that exited; so only
 * that access is carried out, and what differs from it is bytes that changed since.
 */
#include "vmm/emulate_string.h"

/* The access must be the one that the exit reported. */
static bool same_access(struct emulate *e, uint16_t port, bool in)
{
	const struct frame_io *io = &e->frame->io;

	if (io->port == port && io->size == e->insn.operand_size && !io->in == !in)
		return true;
	return emulate_stop(e, EMULATE_RESTART);
}

static uint16_t port_of(const struct emulate *e)
{
	if (e->insn.form == FORM_PORT_IMM)
		return (uint16_t)e->insn.immediate;
	return (uint16_t)e->frame->gpr[GPR_RDX];
}

bool emulate_in(struct emulate *e)
{
	unsigned size = e->insn.operand_size;
	uint64_t value = 0;

	if (!same_access(e, port_of(e), true))
		return false;
	if (!e->ops->port_in(e->context, port_of(e), size, &value, 1))
		return emulate_stop(e, EMULATE_UNSUPPORTED);
	emulate_set_gpr(e, GPR_RAX, size, value);
	return true;
}

bool emulate_out(struct emulate *e)
{
	uint64_t value = e->frame->gpr[GPR_RAX];

	if (!same_access(e, port_of(e), false))
		return false;
	if (!e->ops->port_out(e->context, port_of(e), e->insn.operand_size, &value, 1))
		return emulate_stop(e, EMULATE_UNSUPPORTED);
	return true;
}

static uint64_t most_elements(const struct emulate *e)
{
	return EMULATE_MAX_BYTES / e->insn.operand_size;
}

/* Copies a run between guest and buffer, in one piece where it is plain ascending RAM. */
static bool gather(struct emulate *e, const struct string_side *side, uint8_t *to, uint64_t count)
{
	uint64_t value;

	if (side->span.count == 1 && side->span.piece[0].ram && side->step > 0)
		return guest_read(side->span.piece[0].gpa, to, count * side->size) ||
		       emulate_stop(e, EMULATE_UNSUPPORTED);
	for (uint64_t i = 0; i < count; i++, to += side->size) {
		if (!string_read(e, side, i, &value))
			return false;
		for (unsigned byte = 0; byte < side->size; byte++)
			to[byte] = (uint8_t)(value >> (8 * byte));
	}
	return true;
}

static bool scatter(struct emulate *e, const struct string_side *side, const uint8_t *from,
		    uint64_t count)
{
	if (side->span.count == 1 && side->span.piece[0].ram && side->step > 0)
		return guest_write(side->span.piece[0].gpa, from, count * side->size) ||
		       emulate_stop(e, EMULATE_UNSUPPORTED);
	for (uint64_t i = 0; i < count; i++, from += side->size) {
		uint64_t value = 0;

		for (unsigned byte = 0; byte < side->size; byte++)
			value |= (uint64_t)from[byte] << (8 * byte);
		if (!string_write(e, side, i, value))
			return false;
	}
	return true;
}

/*
 * The whole of what is gathered goes out in one call, so that a driver's REP OUTSB of a page is one
 * exit. The index registers move only once the device has taken it.
 */
bool emulate_outs(struct emulate *e)
{
	uint64_t left = string_count(e), total = 0, start = e->frame->gpr[GPR_RSI];
	struct string_side side;
	bool failed = false;

	if (!same_access(e, port_of(e), false))
		return false;
	while (left && total < most_elements(e)) {
		uint64_t count = MIN(left, most_elements(e) - total);

		failed = !string_open(e, &side, e->insn.segment, GPR_RSI, WALK_READ, &count) ||
			 !gather(e, &side, e->buffer + total * side.size, count);
		if (failed)
			break;
		string_advance(e, GPR_RSI, count);
		total += count;
		left -= count;
	}
	if (failed && !total)
		return false;
	if (total &&
	    !e->ops->port_out(e->context, port_of(e), e->insn.operand_size, e->buffer, total)) {
		e->frame->gpr[GPR_RSI] = start;
		e->changed = 0;
		return emulate_stop(e, EMULATE_UNSUPPORTED);
	}
	string_count_down(e, total);
	return string_finish(e, total, failed, !string_left(e));
}

/* The memory is checked for writing before the device is read; then page by page. */
bool emulate_ins(struct emulate *e)
{
	uint64_t left = string_count(e), total = 0;
	struct string_side side;

	if (!same_access(e, port_of(e), true))
		return false;
	while (left && total < most_elements(e)) {
		uint64_t count = MIN(left, most_elements(e) - total);

		if (!string_open(e, &side, SEG_ES, GPR_RDI, WALK_WRITE, &count))
			return string_finish(e, total, true, false);
		if (!e->ops->port_in(e->context, port_of(e), side.size, e->buffer, count)) {
			e->result = EMULATE_UNSUPPORTED;
			return string_finish(e, total, true, false);
		}
		if (!scatter(e, &side, e->buffer, count))
			return string_finish(e, total, true, false);
		string_advance(e, GPR_RDI, count);
		string_count_down(e, count);
		total += count;
		left -= count;
	}
	return string_finish(e, total, false, !string_left(e));
}
