/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the emulator share: operands, registers, faults, and the handlers of operations. */
#pragma once

#include "vmm/cpu_bits.h"
#include "vmm/emulate.h"
#include "vmm/emulate_fault.h"
#include "vmm/guest_mem.h"

/*
 * All functions that return bool: true, or false with the reason in e->result and, for a fault, in
 * frame->event. Until then no register and no memory was changed.
 */

/* A handler carries out one operation. True: done, and the instruction is to be skipped. */
typedef bool emulate_handler(struct emulate *e);

/* The bytes of an operand, on one page or two. */
struct emulate_span {
	gva_t linear;
	unsigned count;
	struct {
		gpa_t gpa;
		unsigned size;
		bool ram;
	} piece[2];
};

struct emulate_operand {
	bool memory;
	uint8_t reg;
	unsigned size; /* 1, 2, 4, 8 */
	struct emulate_span span;
};

static inline bool emulate_stop(struct emulate *e, enum emulate_result result)
{
	e->result = result;
	return false;
}

static inline bool emulate_raise(struct emulate *e, struct frame_event event)
{
	e->frame->event = event;
	return emulate_stop(e, EMULATE_FAULT);
}

static inline bool emulate_raise_gp(struct emulate *e)
{
	return emulate_raise(e, fault_with_error(e->frame, VECTOR_GP, 0));
}

static inline bool emulate_raise_ud(struct emulate *e)
{
	return emulate_raise(e, fault_without_error(VECTOR_UD));
}

static inline uint64_t emulate_mask(unsigned size)
{
	return ~0ULL >> (64 - 8 * size);
}

static inline bool emulate_is_64(const struct emulate *e)
{
	return e->insn.mode == INSN_MODE_64;
}

static inline bool emulate_protected(const struct emulate *e)
{
	return (e->frame->control.cr0 & CR0_PE) && !(e->frame->rflags & RFLAGS_VM);
}

/* emulate_segment.c */

/* The linear address alone, unchecked. */
gva_t emulate_segment_linear(const struct emulate *e, unsigned segment, uint64_t offset);
/*
 * The segment's checks and base for an access of size bytes at offset. The quiet form raises nothing.
 * access is an enum walk_access.
 */
bool must_check emulate_segment_ok(const struct emulate *e, unsigned segment, uint64_t offset,
				   uint64_t size, unsigned access, gva_t *linear);
bool must_check emulate_linear(struct emulate *e, unsigned segment, uint64_t offset, unsigned size,
			       unsigned access, gva_t *linear);

/* emulate_memory.c */

/*
 * SDM 3A 6.15 "Alignment Check Exception". Vectors have rules of their own: whether those that need not be
 * aligned raise #AC is up to the processor, and here they do not. size is a power of two.
 */
bool must_check emulate_check_alignment(struct emulate *e, gva_t linear, unsigned size);
/* Translates size bytes (a power of two up to 64) at segment:offset: all checks of the access. */
bool must_check emulate_translate(struct emulate *e, unsigned segment, uint64_t offset,
				  unsigned size, unsigned access, struct emulate_span *span);
/* The same of a linear address, without the checks of a segment and of alignment. */
bool must_check emulate_translate_linear(struct emulate *e, gva_t linear, unsigned size,
					 unsigned access, struct emulate_span *span);
bool must_check emulate_span_read(struct emulate *e, const struct emulate_span *span, void *to);
bool must_check emulate_span_write(struct emulate *e, const struct emulate_span *span,
				   const void *from);

/* One address that is already translated; ram says where it goes. */
bool must_check emulate_cell_read(struct emulate *e, gpa_t gpa, bool ram, unsigned size,
				  uint64_t *value);
bool must_check emulate_cell_write(struct emulate *e, gpa_t gpa, bool ram, unsigned size,
				   uint64_t value);

/* emulate_operand.c */

uint64_t emulate_get_gpr(const struct emulate *e, unsigned reg, unsigned size);
/* Writes as the processor does: 4 bytes clear the upper half, 1 and 2 keep the rest. */
void emulate_set_gpr(struct emulate *e, unsigned reg, unsigned size, uint64_t value);
/* Registers that are not operands: the index and count registers, and the stack pointer. */
void emulate_set_address_gpr(struct emulate *e, unsigned reg, unsigned size, uint64_t value);

/* The offset that the recipe of e->insn gives, plus delta, cut to the address size. */
uint64_t emulate_offset(const struct emulate *e, uint64_t delta);

/* The r/m operand (or moffs), checked and translated for access if it is memory. */
bool must_check emulate_rm(struct emulate *e, unsigned size, unsigned access,
			   struct emulate_operand *operand);
bool must_check emulate_load(struct emulate *e, const struct emulate_operand *operand,
			     uint64_t *value);
bool must_check emulate_store(struct emulate *e, const struct emulate_operand *operand,
			      uint64_t value);
/*
 * The second half of a read-modify-write. Locked, in RAM, it is a compare-and-exchange against what
 * was loaded; if another vCPU was faster, EMULATE_RESTART. Across pages or in a device no lock exists.
 */
bool must_check emulate_replace(struct emulate *e, const struct emulate_operand *operand,
				uint64_t loaded, uint64_t value, bool locked);
static inline bool emulate_locked(const struct emulate *e)
{
	return e->insn.prefixes & PREFIX_LOCK;
}

void emulate_set_flags(struct emulate *e, uint64_t rflags);
/* Jumps: RIP is written, nothing is skipped. The target must have been checked. */
void emulate_set_rip(struct emulate *e, uint64_t rip);

/* The handlers, by file. */
emulate_handler emulate_alu, emulate_alu_unary, emulate_shift, emulate_shift_double, emulate_mul,
	emulate_imul2, emulate_div;
emulate_handler emulate_mov, emulate_mov_sreg, emulate_movzx, emulate_movsx, emulate_movbe,
	emulate_xchg, emulate_xadd, emulate_cmpxchg, emulate_cmpxchg8b, emulate_setcc,
	emulate_cmovcc, emulate_bit, emulate_bit_scan;
emulate_handler emulate_push, emulate_pop, emulate_call, emulate_jmp, emulate_ret;
emulate_handler emulate_string;
emulate_handler emulate_ins, emulate_outs, emulate_in, emulate_out;
emulate_handler emulate_vector;
emulate_handler emulate_mmx;
emulate_handler emulate_flush;
emulate_handler emulate_smsw, emulate_lmsw, emulate_load_sreg, emulate_jmp_far;
