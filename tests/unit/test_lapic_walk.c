/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/lapic: posters on other CPUs against the owner, and random walks beside the reference
 * model.
 */
/* sources: tests/unit/lapic_fixture.c kernel/lapic.c kernel/lapic_base.c kernel/lapic_ipi.c
 * kernel/lapic_lvt.c
 * kernel/lapic_reg.c kernel/lapic_timer.c tests/unit/lapic_model.c
 * tests/unit/lapic_walk.c */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "tests/unit/lapic_fixture.h"
#include "tests/unit/lapic_model.h"
#include "tests/unit/random.h"

noreturn void walk_failed(const char *expression, int line)
{
	assert_failed(expression, "tests/unit/lapic_walk.c", line);
}

/*
 * THREATS C11: two CPUs post while the owner takes: each new post is delivered once, none is lost.
 */
enum { POSTS = 300000 };

static unsigned posted_new[2];

static void *poster(void *which)
{
	unsigned *count = which;
	unsigned base_vector = count == &posted_new[0] ? 0x40 : 0x80;
	uint64_t state = base_vector;

	for (unsigned i = 0; i < POSTS; i++) {
		uint64_t draw = random_step(&state);

		*count += lapic_post(&apic, base_vector + (draw >> 16 & 0x3f), draw >> 24 & 1);
		if (i % 64 == 0)
			lapic_post_line(&apic, i & 64);
	}
	return NULL;
}

static void take_all(unsigned taken[2])
{
	int vector;

	while ((vector = lapic_pending_vector(&apic)) >= 0) {
		taken[vector >= 0x80]++;
		lapic_accept(&apic, (unsigned)vector);
		put(EOI, 0);
	}
}

static void test_two_posters(void **state)
{
	pthread_t threads[2];
	unsigned taken[2] = {0};

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, poster, &posted_new[i]), 0);
	for (unsigned i = 0; i < 300000; i++)
		take_all(taken);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	take_all(taken);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(posted_new[i] > 0);
		/* Two posts of one vector may meet in IRR; more than was posted cannot come out. */
		assert_true(taken[i] <= posted_new[i]);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_true(apic.pir[i] == 0 && apic.irr[i] == 0 && apic.isr[i] == 0);
}

/* None lost, strictly: the poster waits until its vector was taken. */
static unsigned served;

static void *careful_poster(void *nothing)
{
	for (unsigned i = 0; i < 20000; i++) {
		assert_true(lapic_post(&apic, 0x40 + i % 0xc0, false));
		while (__atomic_load_n(&served, __ATOMIC_ACQUIRE) <= i)
			sched_yield();
	}
	return nothing;
}

static void test_none_lost(void **state)
{
	pthread_t thread;

	(void)state;
	served = 0;
	assert_int_equal(pthread_create(&thread, NULL, careful_poster, NULL), 0);
	while (served < 20000) {
		int vector = lapic_pending_vector(&apic);

		if (vector < 0) {
			sched_yield();
			continue;
		}
		assert_int_equal(vector, 0x40 + served % 0xc0);
		lapic_accept(&apic, (unsigned)vector);
		put(EOI, 0);
		__atomic_store_n(&served, served + 1, __ATOMIC_RELEASE);
	}
	pthread_join(thread, NULL);
}

/* 10^5 operations and more, from random bytes, in walks short and long. */
static void test_walks(void **state)
{
	static uint8_t bytes[6000];

	(void)state;
	srand(20260101);
	for (unsigned walk = 0; walk < 400; walk++) {
		size_t size = (size_t)(rand() % 6000);

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)(rand() >> 8);
		lapic_walk(bytes, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_two_posters, set_up),
		cmocka_unit_test_setup(test_none_lost, set_up),
		cmocka_unit_test_setup(test_walks, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
