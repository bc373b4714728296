/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's memory: the one family of functions through which a byte of it is read or written.
 * Other vCPUs change it while we look, so each read takes one private copy and never looks again.
 */
#pragma once

#include "abi/layout.h"
#include "lib/types.h"
#include "vmm/guest_asm.h"

/* One run of guest RAM, both in whole pages. */
struct guest_range {
	gpa_t start;
	uint64_t size;
};

/*
 * Where the guest's RAM is: GPA g stands at base + g, for every g in a range. Sealed by guest_mem_init.
 * The main range is the largest: what is in it needs no search. main_size is 0 where hooks are linked,
 * so that every access takes the long way, which calls them.
 */
struct guest_mem {
	uint8_t *base;
	gpa_t main_start;
	uint64_t main_size;
	unsigned count;
	struct guest_range range[MAX_RANGES];
};

extern struct guest_mem guest_mem;

/*
 * What a test can do to an access: refuse it before it happens, or look at the RAM (and change it)
 * after. The product links no such table; the reference is weak and its address is then null.
 */
struct guest_hooks {
	bool (*before)(gpa_t gpa, size_t length, bool write);
	void (*after)(gpa_t gpa, void *ram, size_t length, bool write);
};

extern const struct guest_hooks guest_hooks __attribute__((weak));

/*
 * Describes the guest's RAM, once, before any vCPU runs. base is USER_GUEST_BASE in the product.
 * False if there are too many ranges, if one is not in whole pages, wraps, or overlaps another.
 */
bool must_check guest_mem_init(void *base, const struct guest_range *ranges, unsigned count);

/*
 * All of these: from any vCPU, no lock. False (or GUEST_NO_RAM) if the bytes are not all in one range,
 * and then nothing was read or written. Lengths of 1, 2, 4 and 8 are one access of the processor.
 */
bool must_check guest_read(gpa_t gpa, void *to, size_t length);
bool must_check guest_write(gpa_t gpa, const void *from, size_t length);

enum guest_swap {
	GUEST_SWAPPED,
	GUEST_DIFFERS, /* the memory does not hold `expected`; it was not changed */
	GUEST_NO_RAM,
};

/* Locked compare and exchange of 1, 2, 4 or 8 bytes. Unaligned is allowed, as on the processor. */
enum guest_swap must_check guest_cmpxchg(gpa_t gpa, unsigned size, uint64_t expected,
					 uint64_t value);

/* The same with 16 bytes, low half first. gpa must be a multiple of 16. */
enum guest_swap must_check guest_cmpxchg16(gpa_t gpa, const uint64_t expected[2],
					   const uint64_t value[2]);

/*
 * Where guest RAM stands in this address space, for loaders and other bulk writes; null if the bytes
 * are not all in one range. Reading decisions through it is a bug: use guest_read.
 */
void *guest_ptr(gpa_t gpa, uint64_t length);

/* What guest_read_word answers: in registers, because a page walk is four of them. */
struct guest_word {
	uint64_t value;
	bool ok;
};

/* guest_read of 8 bytes that do not cross a page boundary, the usual case without a call. */
struct guest_word guest_read_word_far(gpa_t gpa);

static inline struct guest_word guest_read_word(gpa_t gpa)
{
	if (__builtin_expect(gpa - guest_mem.main_start >= guest_mem.main_size, 0))
		return guest_read_word_far(gpa);
	return (struct guest_word){guest_load64(guest_mem.base + gpa), true};
}
