/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's spinlock and the order in which locks may be taken. A CPU takes locks in rising rank
 * only; that is checked at run time, always. The kernel runs with interrupts off, so no lock needs
 * to mask them. It stands in lib/ because the drivers, below kernel/, lock too.
 */
#pragma once

#include "lib/assert.h"
#include "lib/types.h"

/*
 * In rising order: a lock may be taken only while all locks held on this CPU are of a lower rank.
 */
enum lock_rank {
	LOCK_PARTITIONS, /* the table of slots, creation and destruction */
	LOCK_PARTITION,	 /* one partition's own state */
	LOCK_FREEZE,	 /* one partition's generation and page tables */
	LOCK_SCHEDULER,	 /* one CPU's run queue */
	LOCK_CONSOLE,	 /* blobs and the console's events */
	LOCK_MEMORY,	 /* the extents */
	LOCK_START,	 /* CPUs that come online, one at a time */
	LOCK_MAPPING,	 /* the kernel's own page tables */
	LOCK_DEVICE,	 /* IOAPICs and what else has no rank of its own */
	LOCK_LOG,
	LOCK_UART,
	LOCK_RANKS
};

/* Initialise with SPINLOCK(rank). Fair: tickets are served in the order they were drawn. */
typedef struct spinlock {
	union {
		struct {
			uint16_t next;	/* the next ticket; atomic */
			uint16_t owner; /* the ticket being served; atomic */
		};
		uint32_t tickets; /* both */
	};
	uint32_t rank; /* enum lock_rank; constant */
} spinlock_t;

#define SPINLOCK(lock_rank)                                \
	{                                                  \
		.next = 0, .owner = 0, .rank = (lock_rank) \
	}

/*
 * This CPU's held ranks, a bit each. Defined by kernel/; where nobody defines it (on the host),
 * ranks are not checked. It may be called before per-CPU data exists.
 */
unsigned *lock_rank_state(void) __attribute__((weak));

static inline void spin_rank_enter(uint32_t rank)
{
	if (lock_rank_state) {
		unsigned *held = lock_rank_state();

		ASSERT(*held >> rank == 0);
		*held |= 1u << rank;
	}
}

static inline void spin_rank_leave(uint32_t rank)
{
	if (lock_rank_state) {
		unsigned *held = lock_rank_state();

		ASSERT(*held & 1u << rank);
		*held &= ~(1u << rank);
	}
}

static inline void spin_lock(spinlock_t *lock)
{
	uint16_t ticket;

	spin_rank_enter(lock->rank);
	ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket)
		__builtin_ia32_pause();
}

/* Takes it if it is free, and waits for nobody. */
static inline bool must_check spin_trylock(spinlock_t *lock)
{
	spinlock_t seen = {.tickets = __atomic_load_n(&lock->tickets, __ATOMIC_RELAXED)};
	spinlock_t taken = seen;

	taken.next++;
	if (seen.next != seen.owner ||
	    !__atomic_compare_exchange_n(&lock->tickets, &seen.tickets, taken.tickets, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	spin_rank_enter(lock->rank);
	return true;
}

static inline void spin_unlock(spinlock_t *lock)
{
	/* Only the holder writes owner. */
	uint16_t served = __atomic_load_n(&lock->owner, __ATOMIC_RELAXED);

	spin_rank_leave(lock->rank);
	__atomic_store_n(&lock->owner, (uint16_t)(served + 1), __ATOMIC_RELEASE);
}

/* True if somebody holds it, now or a moment ago: for assertions of the holder. */
static inline bool spin_is_locked(const spinlock_t *lock)
{
	return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&lock->next, __ATOMIC_RELAXED);
}
