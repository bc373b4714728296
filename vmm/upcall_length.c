/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EXIT_LENGTH: finds how long the instruction is that exited, where the hardware does not say. It
 * was fetched by the processor before; another vCPU may have changed the bytes or the tables since.
 */
#include "vmm/upcall.h"

#include "vmm/fetch.h"
#include "vmm/guest_features.h"
#include "vmm/report.h"
#include "vmm/walk_quick.h"

/* What stands at RIP has to be what exited, else its length is another's: then it runs again. */
static const uint8_t length_of[INSN_OPS] = {
	[INSN_CPUID] = LENGTH_OF_CPUID,	     [INSN_RDMSR] = LENGTH_OF_RDMSR,
	[INSN_WRMSR] = LENGTH_OF_WRMSR,	     [INSN_HLT] = LENGTH_OF_HLT,
	[INSN_VMCALL] = LENGTH_OF_HYPERCALL, [INSN_VMMCALL] = LENGTH_OF_HYPERCALL,
	[INSN_XSETBV] = LENGTH_OF_XSETBV,    [INSN_INVD] = LENGTH_OF_CACHE,
	[INSN_WBINVD] = LENGTH_OF_CACHE,     [INSN_WBNOINVD] = LENGTH_OF_CACHE,
};

static inline struct resume answer(const struct frame *frame, enum insn_op op, unsigned length)
{
	uint32_t wanted = frame->length_of;

	return (struct resume){
		.insn_len = (uint8_t)(wanted && length_of[op] == wanted ? length : 0),
	};
}

/* The length of one of the few usual encodings in 64-bit code, or 0: then the long way decides. */
static inline unsigned quick_length(const struct frame *frame, enum insn_op *op)
{
	struct guest_word word;
	uint8_t bytes[8];
	gpa_t gpa;

	if (!(frame->seg[SEG_CS].attributes & SEG_ATTR_L) ||
	    (frame->rip & PAGE_MASK) > PAGE_SIZE - sizeof(bytes) ||
	    (uint64_t)((int64_t)(frame->rip << 16) >> 16) != frame->rip ||
	    !walk_quick_fetch(frame, frame->rip, &gpa))
		return 0;
	word = guest_read_word(gpa);
	if (!word.ok)
		return 0;
	__builtin_memcpy(bytes, &word.value, sizeof(bytes));
	return insn_length_quick(bytes, sizeof(bytes), op);
}

static __attribute__((noinline)) struct resume slow_length(struct frame *frame)
{
	enum insn_op op = INSN_NONE;
	__attribute__((uninitialized)) struct walk_context context;
	enum fetch_status status;
	unsigned length = 0;

	walk_context_init(&context, frame, &guest_features.cpu);
	status = insn_fetch_length(frame, &context, &length, &op, &frame->event);
	if (status == FETCH_OK)
		return answer(frame, op, length);
	return fetch_failed(frame, status);
}

/* The hottest upcall where the processor tells no length. */
struct resume upcall_length(struct frame *frame)
{
	enum insn_op op = INSN_NONE;
	unsigned length = quick_length(frame, &op);

	if (__builtin_expect(length != 0, 1))
		return answer(frame, op, length);
	return slow_length(frame);
}
