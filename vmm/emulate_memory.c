/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory operands: translation page by page, and access to RAM or device as each page has it. */
#include "lib/string.h"
#include "vmm/emulate_internal.h"

bool emulate_check_alignment(struct emulate *e, gva_t linear, unsigned size)
{
	if (size > 8 || !(linear & (size - 1)))
		return true;
	if (!(e->walk.cpl == 3 && (e->walk.cr0 & CR0_AM) && (e->walk.rflags & RFLAGS_AC)))
		return true;
	return emulate_raise(e, fault_with_error(e->frame, VECTOR_AC, 0));
}

static bool translate_page(struct emulate *e, gva_t linear, unsigned access, gpa_t *gpa)
{
	struct walk_result result;

	switch (walk(&e->walk, linear, access, &result)) {
	case WALK_OK:
		*gpa = result.gpa;
		return true;
	case WALK_FAULT:
		return emulate_raise(e, fault_page(e->frame, linear, result.error));
	case WALK_RETRY:
		return emulate_stop(e, EMULATE_RESTART);
	case WALK_UNBACKED:
		break;
	}
	return emulate_stop(e, EMULATE_UNSUPPORTED);
}

static bool add_piece(struct emulate *e, gva_t linear, unsigned size, unsigned access,
		      struct emulate_span *span)
{
	gpa_t gpa;

	if (!translate_page(e, linear, access, &gpa))
		return false;
	span->piece[span->count].gpa = gpa;
	span->piece[span->count].size = size;
	span->piece[span->count].ram = guest_ptr(gpa, size);
	span->count++;
	return true;
}

/* SDM 3A 2.1.1.1 "Global and Local Descriptor Tables in IA-32e Mode": in compatibility mode, too. */
static bool is_linear_64(const struct emulate *e, unsigned access)
{
	return emulate_is_64(e) || ((access & WALK_IMPLICIT) && (e->frame->control.efer & EFER_LMA));
}

bool emulate_translate_linear(struct emulate *e, gva_t linear, unsigned size, unsigned access,
			      struct emulate_span *span)
{
	unsigned first;

	span->linear = linear;
	span->count = 0;
	first = (unsigned)MIN(size, PAGE_SIZE - (linear & PAGE_MASK));
	if (!add_piece(e, linear, first, access, span))
		return false;
	if (first < size) {
		gva_t second = linear + first;

		if (!is_linear_64(e, access))
			second = (uint32_t)second;
		if (!add_piece(e, second, size - first, access, span))
			return false;
	}
	return true;
}

bool emulate_translate(struct emulate *e, unsigned segment, uint64_t offset, unsigned size,
		       unsigned access, struct emulate_span *span)
{
	gva_t linear;

	return emulate_linear(e, segment, offset, size, access, &linear) &&
	       emulate_translate_linear(e, linear, size, access, span) &&
	       emulate_check_alignment(e, linear, size);
}

/* The largest access that a device is asked for at once. */
static unsigned device_chunk(unsigned left)
{
	if (left >= 8)
		return 8;
	if (left >= 4)
		return 4;
	return left >= 2 ? 2 : 1;
}

static bool device_read(struct emulate *e, gpa_t gpa, unsigned size, uint8_t *to)
{
	for (unsigned chunk; size; size -= chunk, gpa += chunk, to += chunk) {
		uint64_t value = 0;

		chunk = device_chunk(size);
		if (!e->ops->mmio_read(e->context, gpa, chunk, &value))
			return emulate_stop(e, EMULATE_UNSUPPORTED);
		memcpy(to, &value, chunk);
	}
	return true;
}

static bool device_write(struct emulate *e, gpa_t gpa, unsigned size, const uint8_t *from)
{
	for (unsigned chunk; size; size -= chunk, gpa += chunk, from += chunk) {
		uint64_t value = 0;

		chunk = device_chunk(size);
		memcpy(&value, from, chunk);
		if (!e->ops->mmio_write(e->context, gpa, chunk, value))
			return emulate_stop(e, EMULATE_UNSUPPORTED);
	}
	return true;
}

bool emulate_span_read(struct emulate *e, const struct emulate_span *span, void *to)
{
	uint8_t *at = to;

	for (unsigned i = 0; i < span->count; at += span->piece[i].size, i++) {
		if (!span->piece[i].ram) {
			if (!device_read(e, span->piece[i].gpa, span->piece[i].size, at))
				return false;
		} else if (!guest_read(span->piece[i].gpa, at, span->piece[i].size)) {
			return emulate_stop(e, EMULATE_UNSUPPORTED);
		}
	}
	return true;
}

bool emulate_span_write(struct emulate *e, const struct emulate_span *span, const void *from)
{
	const uint8_t *at = from;

	for (unsigned i = 0; i < span->count; at += span->piece[i].size, i++) {
		if (!span->piece[i].ram) {
			if (!device_write(e, span->piece[i].gpa, span->piece[i].size, at))
				return false;
		} else if (!guest_write(span->piece[i].gpa, at, span->piece[i].size)) {
			return emulate_stop(e, EMULATE_UNSUPPORTED);
		}
	}
	return true;
}

bool emulate_cell_read(struct emulate *e, gpa_t gpa, bool ram, unsigned size, uint64_t *value)
{
	*value = 0;
	if (!(ram ? guest_read(gpa, value, size) : e->ops->mmio_read(e->context, gpa, size, value)))
		return emulate_stop(e, EMULATE_UNSUPPORTED);
	*value &= emulate_mask(size);
	return true;
}

bool emulate_cell_write(struct emulate *e, gpa_t gpa, bool ram, unsigned size, uint64_t value)
{
	if (ram ? guest_write(gpa, &value, size) : e->ops->mmio_write(e->context, gpa, size, value))
		return true;
	return emulate_stop(e, EMULATE_UNSUPPORTED);
}
