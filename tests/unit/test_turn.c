/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns on one CPU, played against the ideal: each partition gets its weight's part of the time in which it
 * wants the CPU, no way of sleeping gains anything, and who is owed time comes soon.
 */
/* sources: kernel/turn.c kernel/cap.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/cap.h"
#include "kernel/turn.h"

enum { SLICE = 10000, SLICE_MIN = 1000, MAX_PLAYERS = 64 };

/* A vCPU of the play. It runs for `burst`, then sleeps for `sleep`; sleep 0: it never does. */
struct player {
	uint32_t slot, weight;
	uint64_t burst, sleep;
	struct turn turn;
	uint64_t left, wakes; /* of the burst; when it wakes */
	uint64_t used, woke, worst;
	bool waits; /* woke without debt, and has not run since */
};

static struct turn_queue q;
static struct player players[MAX_PLAYERS];
static unsigned count;
static uint64_t now;

static int set_up(void **state)
{
	(void)state;
	memset(&q, 0, sizeof(q));
	memset(players, 0, sizeof(players));
	q.slice = SLICE;
	q.slice_min = SLICE_MIN;
	count = 0;
	now = 1000;
	return 0;
}

static struct player *add(uint32_t slot, uint32_t weight, uint64_t burst, uint64_t sleep)
{
	struct player *p = &players[count++];

	*p = (struct player){.slot = slot, .weight = weight, .burst = burst, .sleep = sleep};
	turn_join(&q, &p->turn, slot, weight);
	p->left = burst;
	p->wakes = now;
	return p;
}

/* Those who are due wake up; answers when the turn of the running one has to end for them. */
static uint64_t wake(const struct player *runs, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < count; i++) {
		struct player *p = &players[i];

		if (p->turn.wants || p->wakes > now)
			continue;
		turn_want(&q, &p->turn, true);
		p->woke = now;
		p->left = p->burst;
		p->waits = turn_is_owed(&q, &p->turn);
		if (runs && turn_preempts(&q, &p->turn, &runs->turn) && end > start + SLICE_MIN)
			end = now > start + SLICE_MIN ? now : start + SLICE_MIN;
	}
	return end;
}

static struct player *choose(unsigned *owed)
{
	struct player *best = NULL;

	*owed = 0;
	for (unsigned i = 0; i < count; i++) {
		struct player *p = &players[i];

		if (!p->turn.wants)
			continue;
		*owed += turn_is_owed(&q, &p->turn);
		if (!best || turn_before(&p->turn, &best->turn))
			best = p;
	}
	if (best)
		*owed -= turn_is_owed(&q, &best->turn);
	return best;
}

enum { STEP = 50 };

static void turn_of(struct player *p, unsigned owed)
{
	uint64_t start = now, end = now + turn_pick(&q, &p->turn, owed);

	if (p->waits && now - p->woke > p->worst)
		p->worst = now - p->woke;
	p->waits = false;
	while (now < end) {
		now += STEP;
		p->used += STEP;
		turn_charge(&p->turn, STEP);
		if (p->sleep && (p->left -= STEP < p->left ? STEP : p->left) == 0) {
			turn_want(&q, &p->turn, false);
			p->wakes = now + p->sleep;
			return;
		}
		end = wake(p, start, end);
	}
}

static void play(uint64_t ticks)
{
	uint64_t end = now + ticks;

	while (now < end) {
		unsigned owed;
		struct player *p;

		wake(NULL, 0, 0);
		p = choose(&owed);
		if (p)
			turn_of(p, owed);
		else
			now += STEP;
	}
}

static uint64_t permille(uint64_t part, uint64_t whole)
{
	return part * 1000 / whole;
}

static void test_weights(void **state)
{
	struct player *one = add(0, 50, SLICE, 0), *two = add(1, 100, SLICE, 0);
	struct player *four = add(2, 200, SLICE, 0);
	(void)state;

	play(SLICE * 700ULL);
	assert_in_range(permille(two->used, one->used), 1950, 2050);
	assert_in_range(permille(four->used, one->used), 3900, 4100);
}

/* The lightest beside the heaviest: it has its turns, and they are short. */
static void test_extremes(void **state)
{
	struct player *light = add(0, WEIGHT_MIN, SLICE, 0), *heavy = add(1, WEIGHT_MAX, SLICE, 0);
	(void)state;

	play(SLICE * 10000ULL);
	assert_in_range(light->used, 7 * SLICE_MIN, 13 * SLICE_MIN);
	assert_int_equal(heavy->used + light->used + 1000, now);
}

/* More vCPUs, whatever they do with each other, do not make a partition's share larger. */
static void test_vcpus_share_their_partitions_weight(void **state)
{
	struct player *alone = add(0, 100, SLICE, 0);
	uint64_t others = 0;
	(void)state;

	for (unsigned i = 0; i < 8; i++)
		add(1, 100, i < 4 ? SLICE : 3000 + 500 * i, i < 4 ? 0 : 500 * i);
	play(SLICE * 1000ULL);
	for (unsigned i = 1; i < count; i++)
		others += players[i].used;
	assert_in_range(permille(alone->used, alone->used + others), 490, 510);
	/* Among themselves those that never sleep are equal. */
	assert_in_range(permille(players[1].used, players[4].used), 970, 1030);
}

/* THREATS I03: all ways of going to sleep just before a turn's end; none gains more than a hundredth. */
static void test_sleeping_gains_nothing(void **state)
{
	(void)state;
	for (uint64_t burst = 200; burst <= 3 * SLICE; burst += 350)
		for (uint64_t sleep = STEP; sleep <= 2 * SLICE; sleep = sleep * 3 / 2 + STEP) {
			struct player *honest, *evader;

			set_up(NULL);
			honest = add(0, 100, SLICE, 0);
			evader = add(1, 100, burst, sleep);
			play(SLICE * 200ULL);
			assert_in_range(permille(evader->used, now), 0, 510);
			assert_in_range(permille(honest->used, now), 490, 1000);
		}
}

/* Who uses less than its share waits no longer than a short turn for each other that woke with it. */
static void test_sleepers_come_soon(void **state)
{
	(void)state;
	add(0, 100, SLICE, 0);
	add(1, 400, SLICE, 0);
	for (unsigned i = 2; i < 14; i++)
		add(i, 100, 100, 20000 + 700 * i);
	play(SLICE * 1000ULL);
	for (unsigned i = 2; i < count; i++)
		assert_in_range(players[i].worst, 0, SLICE_MIN + 12 * 150);
}

static void test_sleepers_with_long_bursts_come_soon(void **state)
{
	(void)state;
	add(0, 100, SLICE, 0);
	for (unsigned i = 1; i < 5; i++)
		add(i, 100, 3 * SLICE, SLICE * 40ULL + 9 * i);
	play(SLICE * 2000ULL);
	/* Four at once, each a short turn. */
	for (unsigned i = 1; i < count; i++)
		assert_in_range(players[i].worst, 0, 5 * SLICE_MIN);
}

/* Credit is bounded: after any sleep one does not hold the CPU longer than a slice at a time. */
static void test_no_bank(void **state)
{
	struct player *sleeper, *busy;
	uint64_t before;
	(void)state;

	busy = add(0, 100, SLICE, 0);
	sleeper = add(1, 100, 1000000000, 1);
	sleeper->wakes = now + SLICE * 1000ULL;
	play(SLICE * 1000ULL);
	before = busy->used;
	play(SLICE * 20ULL);
	assert_in_range(permille(sleeper->used, busy->used - before), 1000, 1250);
}

/* A partition that comes anew owes nothing and is owed nothing, whoever had the slot before. */
static void test_newcomer(void **state)
{
	struct player *busy = add(0, 100, SLICE, 0), *first = add(1, 100, SLICE, 0), *next;
	(void)state;

	play(SLICE * 100ULL);
	turn_leave(&first->turn);
	first->wakes = UINT64_MAX;
	first->turn.wants = true; /* not to be woken, nor chosen */
	count = 1;
	play(SLICE * 100ULL);
	count = 1;
	busy->used = 0;
	next = add(1, 100, SLICE, 0);
	play(SLICE * 100ULL);
	assert_in_range(permille(next->used, busy->used), 950, 1050);
}

/* Clocks about to wrap, or one that wrapped while a vCPU slept. */
static void test_wrap(void **state)
{
	struct player *one, *two;
	(void)state;

	q.clock = UINT64_MAX - SLICE * 20ULL;
	one = add(0, 100, SLICE, 0);
	two = add(1, 300, SLICE, 0);
	play(SLICE * 400ULL);
	assert_in_range(permille(two->used, one->used), 2900, 3100);
	turn_want(&q, &two->turn, false);
	two->turn.account->vtime += 1ULL << 63; /* so long it slept */
	two->used = one->used = 0;
	two->wakes = now;
	play(SLICE * 800ULL);
	assert_in_range(permille(two->used, one->used), 2600, 3200);
}

static void test_cap(void **state)
{
	struct cap cap;
	uint64_t got = 0, at = 5;
	(void)state;

	cap_init(&cap, 100000, 0);
	assert_int_equal(cap.budget, 0);
	cap_init(&cap, 100000, 25);
	assert_int_equal(cap_left(&cap, at), 25000);
	/* It overdraws all the time: on the average it gets no more. */
	while (at < 100000000) {
		if (cap_left(&cap, at)) {
			at += 7001;
			got += 7001;
			cap_charge(&cap, at, 7001);
		} else {
			at = cap.end;
		}
	}
	assert_in_range(got, at / 4 - 7001, at / 4 + 2 * 7001);
	/* Nothing is saved up. */
	assert_int_equal(cap_left(&cap, at + 1000000000), 25000);
	/* A CPU whose clock is behind sees the window of the others. */
	cap_charge(&cap, at + 1000000000, 20000);
	assert_int_equal(cap_left(&cap, at + 999999000), 5000);
	/* What was used in several windows at once is paid by as many. */
	cap_charge(&cap, at + 1000000000, 105000);
	assert_int_equal(cap_left(&cap, at + 1000400000), 0);
	assert_int_equal(cap_left(&cap, at + 1000500000), 25000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_weights, set_up),
		cmocka_unit_test_setup(test_extremes, set_up),
		cmocka_unit_test_setup(test_vcpus_share_their_partitions_weight, set_up),
		cmocka_unit_test_setup(test_sleeping_gains_nothing, set_up),
		cmocka_unit_test_setup(test_sleepers_come_soon, set_up),
		cmocka_unit_test_setup(test_sleepers_with_long_bursts_come_soon, set_up),
		cmocka_unit_test_setup(test_no_bank, set_up),
		cmocka_unit_test_setup(test_newcomer, set_up),
		cmocka_unit_test_setup(test_wrap, set_up),
		cmocka_unit_test(test_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
