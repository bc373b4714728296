/* SPDX-License-Identifier: BSD-2-Clause */
/* How deep a stack ever was: it is filled before its first use, and what is no longer filling was used. */
#pragma once

#include "lib/types.h"

/* No address of ours, no small number, and not canonical. */
#define STACK_FILLING 0x5afe57ac0badf111ULL

static inline void stack_fill(uint64_t *bottom, size_t size)
{
	for (size_t i = 0; i < size / sizeof(*bottom); i++)
		bottom[i] = STACK_FILLING;
}

/* In bytes. The owner may use it meanwhile. */
static inline size_t stack_used(const volatile uint64_t *bottom, size_t size)
{
	size_t free = 0;

	while (free < size / sizeof(*bottom) && bottom[free] == STACK_FILLING)
		free++;
	return size - free * sizeof(*bottom);
}
