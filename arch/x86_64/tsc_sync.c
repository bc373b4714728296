/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One round: CPU 0 reads its TSC, asks, the other reads its own, answers, CPU 0 reads again.
 * Synchronous clocks put the middle value between the outer two; the shortest round bounds the
 * difference best.
 */
#include "arch/x86_64/tsc_sync.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/smp.h"

enum {
	ROUNDS = 64,
	ROUND_END = ROUNDS + 1,
};

/* Each on a line of its own: one writer each. */
static struct {
	uint32_t asked __attribute__((aligned(64)));
	uint32_t answered __attribute__((aligned(64)));
	uint64_t tsc;
} line;

static void wait_for(const uint32_t *word, uint32_t round)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != round)
		cpu_pause();
}

static void round_judge(struct smp_target *target, uint64_t before, uint64_t middle, uint64_t after)
{
	uint64_t warp = 0, tolerance = (after - before) / 2 + 1;

	if (middle < before)
		warp = before - middle;
	else if (middle > after)
		warp = middle - after;
	target->tsc_warp = MAX(target->tsc_warp, warp);
	if (tolerance < target->tsc_tolerance) {
		target->tsc_tolerance = tolerance;
		target->tsc_ahead = (int64_t)(middle - before - (after - before) / 2);
	}
}

void tsc_sync_measure(struct smp_target *target, uint64_t budget)
{
	uint64_t start = tsc_read();

	target->tsc_warp = 0;
	target->tsc_ahead = 0;
	target->tsc_tolerance = ~0ULL;
	for (uint32_t round = 1; round <= ROUNDS && (round <= 2 || tsc_read() - start < budget);
	     round++) {
		uint64_t before = tsc_read_ordered(), middle;

		__atomic_store_n(&line.asked, round, __ATOMIC_RELEASE);
		wait_for(&line.answered, round);
		middle = line.tsc;
		round_judge(target, before, middle, tsc_read_ordered());
	}
	__atomic_store_n(&line.asked, ROUND_END, __ATOMIC_RELEASE);
	wait_for(&line.answered, ROUND_END);
	/* The next CPU begins where this one did. */
	__atomic_store_n(&line.asked, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&line.answered, 0, __ATOMIC_RELEASE);
}

void tsc_sync_answer(void)
{
	uint32_t round = 0;

	while (round != ROUND_END) {
		uint32_t asked = __atomic_load_n(&line.asked, __ATOMIC_ACQUIRE);

		if (asked == round) {
			cpu_pause();
			continue;
		}
		line.tsc = tsc_read_ordered();
		round = asked;
		__atomic_store_n(&line.answered, round, __ATOMIC_RELEASE);
	}
}
