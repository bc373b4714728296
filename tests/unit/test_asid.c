/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ASIDs against a model of a TLB: it keeps every translation until a flush, tagged by ASID, and no vCPU may
 * ever find another's. What the emulators cannot show: they flush at each entry.
 */
/* sources: arch/x86_64/svm/asid.c */
#include "arch/x86_64/svm/asid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CPUS = 3, VCPUS = 9, LIMIT = 5, STEPS = 200000 };

/* As struct virt_vcpu has them. */
struct user {
	uint32_t asid;
	uint64_t generation;
	unsigned cpu;
	unsigned version; /* of its tables: an older translation is stale */
};

struct cpu {
	struct asid_pool pool;
	int owner[LIMIT];	 /* whose translations stand under the ASID, or -1 */
	unsigned version[LIMIT]; /* and of which version */
};

static struct cpu cpus[CPUS];
static struct user users[VCPUS];

static void flush(struct cpu *cpu)
{
	for (unsigned i = 0; i < LIMIT; i++)
		cpu->owner[i] = -1;
}

static void set_up_model(void)
{
	for (unsigned i = 0; i < CPUS; i++) {
		asid_pool_init(&cpus[i].pool, LIMIT);
		flush(&cpus[i]);
		/* What the firmware, or a hypervisor before us, left behind. */
		for (unsigned asid = 0; asid < LIMIT; asid++)
			cpus[i].owner[asid] = 1000;
	}
	for (unsigned i = 0; i < VCPUS; i++)
		users[i] = (struct user){.cpu = CPUS};
}

/* What svm.c does at load and at entry; refused: the entry fails, and the flush may not have happened. */
static void enter(unsigned number, unsigned on, bool refused)
{
	struct user *user = &users[number];
	struct cpu *cpu = &cpus[on];
	bool flushing = false;

	if (user->cpu != on)
		user->generation = 0;
	user->cpu = on;
	if (user->generation != cpu->pool.generation) {
		struct asid_choice choice = asid_take(&cpu->pool);

		user->asid = choice.asid;
		user->generation = choice.generation;
		flushing = choice.flush_all;
	}
	if (refused) {
		if (flushing)
			asid_flush_missed(&cpu->pool);
		user->generation = 0; /* its partition ends */
		return;
	}
	if (flushing)
		flush(cpu);
	assert_in_range(user->asid, 1, LIMIT - 1);
	assert_true(cpu->owner[user->asid] == -1 || cpu->owner[user->asid] == (int)number);
	assert_true(cpu->owner[user->asid] == -1 || cpu->version[user->asid] == user->version);
	cpu->owner[user->asid] = (int)number;
	cpu->version[user->asid] = user->version;
}

static void test_random_life(void **state)
{
	unsigned seed = 1;
	(void)state;

	set_up_model();
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned number = (unsigned)rand_r(&seed) % VCPUS;
		unsigned what = (unsigned)rand_r(&seed) % 16;

		if (what == 0) { /* its tables change: flush */
			users[number].version++;
			users[number].generation = 0;
		}
		enter(number, what < 4 ? (unsigned)rand_r(&seed) % CPUS : number % CPUS, what == 5);
	}
}

static void test_none_is_valid_before_it_was_taken(void **state)
{
	struct asid_pool pool;
	(void)state;

	asid_pool_init(&pool, LIMIT);
	assert_int_not_equal(pool.generation, 0); /* a vCPU that has none must not match */
}

static void test_first_begins_with_a_flush(void **state)
{
	struct asid_pool pool;
	struct asid_choice choice;
	(void)state;

	asid_pool_init(&pool, LIMIT);
	choice = asid_take(&pool);
	assert_true(choice.flush_all);
	assert_int_equal(choice.asid, 1);
	for (uint32_t asid = 2; asid < LIMIT; asid++) {
		struct asid_choice next = asid_take(&pool);

		assert_int_equal(next.asid, asid);
		assert_int_equal(next.generation, choice.generation);
		assert_false(next.flush_all);
	}
	assert_true(asid_take(&pool).generation > choice.generation);
}

static void test_smallest_pool(void **state)
{
	struct asid_pool pool;
	(void)state;

	asid_pool_init(&pool, 2);
	for (unsigned i = 0; i < 5; i++) {
		struct asid_choice choice = asid_take(&pool);

		assert_int_equal(choice.asid, 1);
		assert_true(choice.flush_all);
	}
}

static void test_missed_flush_is_made_up_for(void **state)
{
	struct asid_pool pool;
	uint64_t generation;
	(void)state;

	asid_pool_init(&pool, LIMIT);
	generation = asid_take(&pool).generation;
	asid_flush_missed(&pool);
	assert_true(asid_take(&pool).flush_all);
	assert_true(pool.generation > generation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_life),
		cmocka_unit_test(test_none_is_valid_before_it_was_taken),
		cmocka_unit_test(test_first_begins_with_a_flush),
		cmocka_unit_test(test_smallest_pool),
		cmocka_unit_test(test_missed_flush_is_made_up_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
