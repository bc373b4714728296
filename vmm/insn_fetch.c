/* SPDX-License-Identifier: BSD-2-Clause */
/* Fetching the guest's instruction from at most two pages into a private copy, and decoding that. */
#include "vmm/insn_fetch.h"

#include "vmm/cpu_bits.h"
#include "vmm/emulate_fault.h"
#include "vmm/guest_mem.h"
#include "vmm/insn_cache.h"
#include "vmm/walk_quick.h"

/* The copy, and how far it could grow: to the segment's limit or the longest instruction. */
struct fetch {
	const struct frame *frame;
	const struct walk_context *context;
	struct frame_event *event;
	enum insn_mode mode;
	unsigned count, available;
	bool whole; /* all of words was read at once */
	union {
		uint64_t words[2];
		uint8_t bytes[16];
	};
};

void walk_context_init(struct walk_context *context, const struct frame *frame,
		       const struct guest_cpu *cpu)
{
	context->cr0 = frame->control.cr0;
	context->cr3 = frame->control.cr3;
	context->cr4 = frame->control.cr4;
	context->efer = frame->control.efer;
	context->rflags = frame->rflags;
	context->pkru = 0;
	context->cpl = frame->control.cpl;
	context->maxphyaddr = cpu->maxphyaddr;
	context->gib_pages = cpu->gib_pages;
}

enum insn_mode insn_frame_mode(const struct frame *frame)
{
	unsigned attributes = frame->seg[SEG_CS].attributes;

	if ((frame->control.efer & EFER_LMA) && (attributes & SEG_ATTR_L))
		return INSN_MODE_64;
	/* In real mode D is 0 unless the guest left it set on purpose, and then it counts. */
	return attributes & SEG_ATTR_DB && !(frame->rflags & RFLAGS_VM) ? INSN_MODE_32
									: INSN_MODE_16;
}

bool guest_canonical(const struct frame *frame, uint64_t address)
{
	unsigned unused = frame->control.cr4 & CR4_LA57 ? 64 - 57 : 64 - 48;

	return (uint64_t)((int64_t)(address << unused) >> unused) == address;
}

static enum fetch_status general_protection(struct fetch *fetch)
{
	*fetch->event = fault_with_error(fetch->frame, VECTOR_GP, 0);
	return FETCH_FAULT;
}

/* Appends up to `length` bytes at gpa. In the usual case both words are there, and it takes two loads. */
static enum fetch_status read_bytes(struct fetch *fetch, gpa_t gpa, size_t length)
{
	if (length == INSN_MAX_LENGTH && (gpa & PAGE_MASK) <= PAGE_SIZE - sizeof(fetch->words)) {
		struct guest_word low = guest_read_word(gpa), high = guest_read_word(gpa + 8);

		if (!low.ok || !high.ok)
			return FETCH_NO_RAM;
		fetch->words[0] = low.value;
		fetch->words[1] = high.value;
		fetch->whole = true;
	} else if (!guest_read(gpa, fetch->bytes + fetch->count, length)) {
		return FETCH_NO_RAM;
	}
	fetch->count += (unsigned)length;
	return FETCH_OK;
}

static inline size_t page_part(const struct fetch *fetch, gva_t linear)
{
	return MIN(PAGE_SIZE - (linear & PAGE_MASK), (uint64_t)(fetch->available - fetch->count));
}

/* Appends what is left of one page, up to `available`. */
static enum fetch_status fetch_page(struct fetch *fetch)
{
	const struct frame *frame = fetch->frame;
	gva_t linear = frame->rip + fetch->count;
	struct walk_result result __attribute__((uninitialized));
	enum walk_status status;

	if (fetch->mode == INSN_MODE_64) {
		gpa_t gpa;

		if (!guest_canonical(frame, linear))
			return general_protection(fetch);
		if (walk_quick_fetch(frame, linear, &gpa))
			return read_bytes(fetch, gpa, page_part(fetch, linear));
	} else {
		linear = (uint32_t)(linear + frame->seg[SEG_CS].base);
	}
	status = walk(fetch->context, linear, WALK_FETCH, &result);
	if (status == WALK_OK)
		return read_bytes(fetch, result.gpa, page_part(fetch, linear));
	if (status != WALK_FAULT)
		return status == WALK_RETRY ? FETCH_RETRY : FETCH_NO_RAM;
	*fetch->event = fault_page(frame, linear, result.error);
	return FETCH_FAULT;
}

static enum fetch_status fetch_first(struct fetch *fetch)
{
	const struct frame *frame = fetch->frame;

	fetch->mode = insn_frame_mode(frame);
	fetch->count = 0;
	fetch->whole = false;
	fetch->available = INSN_MAX_LENGTH;
	if (fetch->mode != INSN_MODE_64) {
		uint32_t limit = frame->seg[SEG_CS].limit;

		if (frame->rip > limit)
			return general_protection(fetch);
		fetch->available = (unsigned)MIN(limit - frame->rip + 1, (uint64_t)INSN_MAX_LENGTH);
	}
	return fetch_page(fetch);
}

static enum fetch_status decoded(struct fetch *fetch, enum insn_status status)
{
	switch (status) {
	case INSN_OK:
		return FETCH_OK;
	case INSN_INVALID:
		*fetch->event = fault_without_error(VECTOR_UD);
		return FETCH_FAULT;
	case INSN_UNKNOWN:
		return FETCH_UNKNOWN;
	case INSN_SHORT:    /* the segment ends before the instruction does */
	case INSN_TOO_LONG: /* SDM 3A 6.15 "General Protection Exception" */
		break;
	}
	return general_protection(fetch);
}

/* Decodes what was fetched, and fetches the second page if the instruction reaches into it. */
static enum fetch_status decode(struct fetch *fetch, struct insn *insn)
{
	enum insn_status status = insn_decode(fetch->bytes, fetch->count, fetch->mode, insn);

	if (status == INSN_SHORT && fetch->count < fetch->available) {
		enum fetch_status second = fetch_page(fetch);

		if (second != FETCH_OK)
			return second;
		status = insn_decode(fetch->bytes, fetch->count, fetch->mode, insn);
	}
	return decoded(fetch, status);
}

/* decode, through the cache. A copy that the segment's limit or the page's end cut is no key. */
static enum fetch_status decode_cached(struct fetch *fetch, struct insn *insn)
{
	const struct insn_key key = {fetch->frame->vcpu,
				     fetch->frame->rip,
				     {fetch->words[0], fetch->words[1]},
				     fetch->mode};
	const struct insn *known;
	enum fetch_status status;

	if (!fetch->whole)
		return decode(fetch, insn);
	known = insn_cache_find(&key);
	if (known) {
		*insn = *known;
		return FETCH_OK;
	}
	status = decode(fetch, insn);
	if (status == FETCH_OK)
		insn_cache_put(&key, insn);
	return status;
}

enum fetch_status insn_fetch(const struct frame *frame, const struct walk_context *context,
			     struct insn *insn, struct frame_event *event)
{
	struct fetch fetch __attribute__((uninitialized));
	enum fetch_status status;

	fetch.frame = frame;
	fetch.context = context;
	fetch.event = event;
	status = fetch_first(&fetch);
	return status == FETCH_OK ? decode_cached(&fetch, insn) : status;
}

enum fetch_status insn_fetch_length(const struct frame *frame, const struct walk_context *context,
				    unsigned *length, enum insn_op *op, struct frame_event *event)
{
	struct fetch fetch __attribute__((uninitialized));
	struct insn insn __attribute__((uninitialized));
	enum fetch_status status;

	fetch.frame = frame;
	fetch.context = context;
	fetch.event = event;
	status = fetch_first(&fetch);
	if (status != FETCH_OK)
		return status;
	*length = insn_length_quick(fetch.bytes, fetch.count, op);
	if (*length)
		return FETCH_OK;
	status = decode_cached(&fetch, &insn);
	if (status != FETCH_OK)
		return status;
	*length = insn.length;
	*op = insn.op;
	return FETCH_OK;
}
