/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single accesses to memory that others change meanwhile: loads and stores that the compiler may
 * neither split nor repeat, and the locked compare-and-exchanges. None of them needs alignment.
 */
#pragma once

#include "lib/types.h"

#define GUEST_WORD(bits)                                                       \
	struct guest_word##bits {                                              \
		uint##bits##_t value;                                          \
	} __attribute__((packed, may_alias));                                  \
	static inline uint##bits##_t guest_load##bits(const void *ram)         \
	{                                                                      \
		return ((const volatile struct guest_word##bits *)ram)->value; \
	}                                                                      \
	static inline void guest_store##bits(void *ram, uint##bits##_t value)  \
	{                                                                      \
		((volatile struct guest_word##bits *)ram)->value = value;      \
	}

GUEST_WORD(8)
GUEST_WORD(16)
GUEST_WORD(32)
GUEST_WORD(64)

#undef GUEST_WORD

/* True if *ram held expected and now holds value. */
#define GUEST_SWAP(bits, suffix, constraint)                                                        \
	static inline bool guest_swap##bits(void *ram, uint##bits##_t expected,                     \
					    uint##bits##_t value)                                   \
	{                                                                                           \
		bool same;                                                                          \
                                                                                                    \
		asm volatile("lock cmpxchg" suffix " %3, %1"                                        \
			     : "=@ccz"(same), "+m"(*(struct guest_word##bits *)ram), "+a"(expected) \
			     : constraint(value)                                                    \
			     : "memory");                                                           \
		return same;                                                                        \
	}

GUEST_SWAP(8, "b", "q")
GUEST_SWAP(16, "w", "r")
GUEST_SWAP(32, "l", "r")
GUEST_SWAP(64, "q", "r")

#undef GUEST_SWAP

struct guest_pair {
	uint64_t half[2];
} __attribute__((packed, may_alias));

/* ram must be a multiple of 16: CMPXCHG16B faults otherwise. */
static inline bool guest_swap128(void *ram, const uint64_t expected[2], const uint64_t value[2])
{
	uint64_t low = expected[0], high = expected[1];
	bool same;

	asm volatile("lock cmpxchg16b %1"
		     : "=@ccz"(same), "+m"(*(struct guest_pair *)ram), "+a"(low), "+d"(high)
		     : "b"(value[0]), "c"(value[1])
		     : "memory");
	return same;
}
