/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading a segment register from its descriptor, with the checks of protected mode: SDM 3A 5.5 to 5.8. Where
 * a fault is named it is in the frame, and the function returns false, as the emulator's own do.
 */
#pragma once

#include "vmm/emulate.h"

/* A descriptor as it was read from memory. */
struct descriptor {
	uint16_t selector;
	gva_t linear;
	uint64_t raw;
};

/*
 * Of a selector that is not null, from the GDT or the LDT that the frame has. *ok is false if it is
 * beyond the table's end.
 */
bool must_check segment_read_descriptor(struct emulate *e, uint16_t selector,
					struct descriptor *descriptor, bool *ok);

/* As a segment register holds it. */
struct seg segment_of(uint16_t selector, uint64_t raw);

static inline bool segment_is_null(uint16_t selector)
{
	return !(selector & ~3u);
}

/* Whether that register takes such a segment, present or not, for a program at cpl. */
bool segment_fits(unsigned index, const struct seg *seg, unsigned cpl);

/*
 * Loads frame->seg[index] from a selector, for a program at cpl: CS by a jump or a new task, SS, a data
 * segment, or LDTR. What does not fit raises `vector` with the selector as error code, what is not present
 * #NP, or #SS for SS. ext is the EXT bit of the error codes. A null selector makes the register unusable, but
 * CS and SS refuse it. Sets the accessed bit.
 */
bool must_check segment_load(struct emulate *e, unsigned index, uint16_t selector, unsigned cpl,
			     unsigned vector, unsigned ext);

/* The same for who has read the descriptor before, and looked at it: it is not read again. */
bool must_check segment_load_descriptor(struct emulate *e, unsigned index,
					const struct descriptor *descriptor, unsigned cpl,
					unsigned vector, unsigned ext);
