/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMM's spinlock. A VMM half runs to completion, so a holder is never preempted by another half
 * on its CPU; two halves meet only when two vCPUs are in the VMM on two CPUs.
 *
 * Lock order, outermost first: a device's lock; PCI's, if the device is a function on it; an
 * interrupt controller's (one of the 8259's and the IOAPIC's at a time); the timer queue's.
 */
#pragma once

#include "lib/types.h"

typedef struct {
	uint32_t held;
} spinlock_t;

static inline void spin_lock(spinlock_t *lock)
{
	while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) != 0) {
		while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED) != 0)
			__builtin_ia32_pause();
	}
}

static inline void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}
