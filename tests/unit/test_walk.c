/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page walk against a model of its own, written level by level from the manual's tables, on random
 * tables, modes and accesses; and its error codes and races in named cases.
 */
/* sources: vmm/walk.c vmm/guest_mem.c tests/unit/guest_record.c tests/unit/walk_model.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/guest_record.h"
#include "tests/unit/random.h"
#include "tests/unit/walk_model.h"
#include "vmm/cpu_bits.h"
#include "vmm/guest_mem.h"
#include "vmm/walk.h"

enum { PAGES = MODEL_PAGES, RAM_SIZE = MODEL_RAM };

static uint8_t *ram;

static int setup(void **state)
{
	static const struct guest_range range = {0, RAM_SIZE};

	(void)state;
	ram = calloc(1, RAM_SIZE);
	model_ram = calloc(1, RAM_SIZE);
	guest_record_reset();
	return guest_mem_init(ram, &range, 1) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(ram);
	free(model_ram);
	return 0;
}

/* Random cases. */
static void random_context(struct walk_context *c)
{
	static const uint8_t widths[] = {32, 36, 40, 46, 52};

	*c = (struct walk_context){
		.cr0 = CR0_PE | (pick(20) ? CR0_PG : 0) | (pick(2) ? CR0_WP : 0),
		.cr3 = pick(PAGES) * 4096 + (pick(2) ? next_random() & 0xfff : 0),
		.cr4 = next_random() & (CR4_PSE | CR4_SMEP | CR4_SMAP | CR4_PKE),
		.efer = pick(2) ? EFER_NXE : 0,
		.rflags = pick(2) ? RFLAGS_AC : 0,
		.pkru = (uint32_t)next_random(),
		.cpl = pick(2) ? 3 : 0,
		.maxphyaddr = widths[pick(ARRAY_SIZE(widths))],
		.gib_pages = pick(2),
	};
	if (!(c->cr0 & CR0_PG))
		return;
	switch (pick(4)) {
	case 0:
		break;
	case 1:
		c->cr4 |= CR4_PAE;
		break;
	default:
		c->cr4 |= CR4_PAE | (pick(3) ? 0 : CR4_LA57);
		c->efer |= EFER_LMA;
		break;
	}
}

static uint64_t random_entry(bool narrow)
{
	uint64_t entry = pick(PAGES) * 4096 + (pick(30) ? 1 : 0);

	entry |= (pick(4) ? 2 : 0) | (pick(4) ? 4 : 0) | (next_random() & 0xe78);
	entry |= pick(3) ? 0x20 : 0;
	if (pick(6))
		entry &= ~0x80ULL;
	else
		entry |= 0x80;
	if (pick(30) == 0)
		entry |= next_random() & BITS(20, 12);
	if (narrow)
		return (uint32_t)entry | (pick(4) ? 0 : (uint32_t)next_random() & 0xffe00000);
	entry |= pick(6) ? 0 : BIT(63);
	entry |= pick(25) ? 0 : BIT(12 + pick(51));
	return entry | (pick(3) ? 0 : (next_random() & BITS(62, 59)));
}

static void random_tables(bool narrow)
{
	for (unsigned at = 0; at < RAM_SIZE; at += narrow ? 4 : 8) {
		uint64_t entry = random_entry(narrow);

		memcpy(ram + at, &entry, narrow ? 4 : 8);
	}
}

/* A PAE root with entries that are often valid: the random ones nearly never are. */
static void random_pae_root(const struct walk_context *c)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t entry = pick(PAGES) * 4096 | (pick(10) ? 1 : 0) |
				 (pick(10) ? 0 : BIT(pick(9)));

		memcpy(ram + (c->cr3 & 0xffffffe0) + i * 8, &entry, 8);
	}
}

static bool compare_once(const struct walk_context *c, unsigned *count)
{
	static const unsigned kinds[] = {WALK_READ, WALK_WRITE, WALK_FETCH,
					 WALK_READ | WALK_IMPLICIT, WALK_WRITE | WALK_IMPLICIT};
	uint64_t linear = next_random();
	unsigned access = kinds[pick(ARRAY_SIZE(kinds))];
	struct walk_result ours = {0}, theirs = {0};
	enum walk_status status, expected;

	if (!(c->efer & EFER_LMA))
		linear = (uint32_t)linear;
	memset(guest_record.reads, 0, sizeof(guest_record.reads));
	expected = model_walk(c, linear, access, &theirs);
	status = walk(c, linear, access, &ours);
	while (status == WALK_RETRY) { /* one entry on two levels, see test_self_reference */
		count[status]++;
		status = walk(c, linear, access, &ours);
	}
	count[status]++;
	return status == expected && (status == WALK_FAULT || ours.gpa == theirs.gpa) &&
	       (status != WALK_FAULT || ours.error == theirs.error);
}

static void test_against_model(void **state)
{
	unsigned count[4] = {0}, rounds = getenv("FREEHOLD_LONG") ? 4000 : 200;

	(void)state;
	for (unsigned round = 0; round < rounds; round++) {
		struct walk_context c;

		random_context(&c);
		random_tables(!(c.cr4 & CR4_PAE));
		if ((c.cr4 & CR4_PAE) && !(c.efer & EFER_LMA))
			random_pae_root(&c);
		memcpy(model_ram, ram, RAM_SIZE);
		for (unsigned i = 0; i < 1000; i++) {
			assert_true(compare_once(&c, count));
			if (i % 100 == 0) /* the A and D bits, and nothing else */
				assert_memory_equal(ram, model_ram, RAM_SIZE);
		}
		assert_memory_equal(ram, model_ram, RAM_SIZE);
	}
	for (unsigned i = WALK_OK; i < WALK_RETRY; i++)
		assert_true(count[i] > rounds * 10);
}

/* A page of 4-level tables in which linear 0 to 2 MiB is `leaf` and the pages behind it. */
static void put_entry(gpa_t at, uint64_t value)
{
	memcpy(ram + at, &value, 8);
}

static uint64_t get_entry(gpa_t at)
{
	uint64_t value;

	memcpy(&value, ram + at, 8);
	return value;
}

static struct walk_context simple_tables(uint64_t leaf)
{
	memset(ram, 0, RAM_SIZE);
	for (unsigned i = 1; i < 4; i++)
		put_entry(i * 0x1000, (i + 1) * 0x1000 | 7);
	put_entry(0x4000, leaf);
	guest_record_reset();
	return (struct walk_context){
		.cr0 = CR0_PE | CR0_PG | CR0_WP,
		.cr3 = 0x1000,
		.cr4 = CR4_PAE,
		.efer = EFER_LMA | EFER_NXE,
		.maxphyaddr = 40,
	};
}

/* Reads nothing twice, whatever the outcome. */
static void test_reads_once(void **state)
{
	struct walk_context c = simple_tables(0x5000 | 7);
	struct walk_result result;

	(void)state;
	assert_int_equal(walk(&c, 0x123, WALK_WRITE, &result), WALK_OK);
	assert_int_equal(result.gpa, 0x5123);
	assert_int_equal(guest_record.twice, 0);
	assert_int_equal(guest_record.accesses, 4 + 4);
	assert_int_equal(get_entry(0x4000), 0x5000 | 0x67);
	assert_int_equal(get_entry(0x1000), 0x2000 | 0x27);
}

/* QEMU sets A in a page-directory-pointer entry; no other reserved bit is let through, and none is set. */
static void test_pdpte_with_a(void **state)
{
	struct walk_context c = simple_tables(0x5000 | 0x67);
	struct walk_result result;

	(void)state;
	c.efer = EFER_NXE;
	c.cr3 = 0x2000;
	put_entry(0x2000, 0x3000 | 0x21);
	assert_int_equal(walk(&c, 0x123, 0, &result), WALK_OK);
	assert_int_equal(result.gpa, 0x5123);
	put_entry(0x2000, 0x3000 | 0x41);
	assert_int_equal(walk(&c, 0x123, 0, &result), WALK_FAULT);
	assert_int_equal(result.error, FAULT_PRESENT | FAULT_RESERVED);
	put_entry(0x2000, 0x3001);
	assert_int_equal(walk(&c, 0x123, 0, &result), WALK_OK);
	assert_int_equal(get_entry(0x2000), 0x3001);
}

/* With the bits already set there is not one write: read-only tables of a guest stay untouched. */
static void test_no_needless_update(void **state)
{
	struct walk_context c = simple_tables(0x5000 | 0x67);
	struct walk_result result;

	(void)state;
	for (unsigned i = 1; i < 4; i++)
		put_entry(i * 0x1000, get_entry(i * 0x1000) | 0x20);
	assert_int_equal(walk(&c, 0x123, WALK_WRITE, &result), WALK_OK);
	assert_int_equal(guest_record.accesses, 4);
}

/* Another vCPU changes each entry right after it was read: never an A bit into the wrong entry. */
static void test_race_retries(void **state)
{
	struct walk_context c = simple_tables(0x5000 | 7);
	struct walk_result result;

	(void)state;
	guest_record.mutate = true;
	assert_int_not_equal(walk(&c, 0x123, WALK_READ, &result), WALK_OK);
	assert_true(guest_record.accesses <= 5);
}

static void test_failed_access(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 8; n++) {
		struct walk_context c = simple_tables(0x5000 | 7);
		struct walk_result result;

		guest_record.fail_at = n;
		assert_int_equal(walk(&c, 0x123, WALK_WRITE, &result),
				 n <= 4 ? WALK_UNBACKED : WALK_RETRY);
	}
}

/* The exact codes of the cases that guests know best. */
static void test_error_codes(void **state)
{
	static const struct {
		uint64_t leaf;
		uint64_t cr4;
		unsigned access, cpl, error;
	} cases[] = {
		{0, 0, WALK_READ, 0, 0},
		{0, 0, WALK_WRITE, 3, FAULT_WRITE | FAULT_USER},
		{0x5001, 0, WALK_WRITE, 0, FAULT_PRESENT | FAULT_WRITE},
		{0x5001, 0, WALK_READ, 3, FAULT_PRESENT | FAULT_USER},
		{0x5005 | BIT(63), 0, WALK_FETCH, 3, FAULT_PRESENT | FAULT_USER | FAULT_FETCH},
		{0x5007, CR4_SMEP, WALK_FETCH, 0, FAULT_PRESENT | FAULT_FETCH},
		{0x5007, CR4_SMAP, WALK_READ, 0, FAULT_PRESENT},
		{0x5007 | BIT(41), 0, WALK_READ, 0, FAULT_PRESENT | FAULT_RESERVED},
		{0x5007 | BIT(59), CR4_PKE, WALK_WRITE, 3,
		 FAULT_PRESENT | FAULT_WRITE | FAULT_USER | FAULT_KEY},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct walk_context c = simple_tables(cases[i].leaf);
		struct walk_result result;

		c.cr4 |= cases[i].cr4;
		c.cpl = (uint8_t)cases[i].cpl;
		c.pkru = 1 << 3; /* key 1: no writes */
		assert_int_equal(walk(&c, 0x123, cases[i].access, &result), WALK_FAULT);
		assert_int_equal(result.error, cases[i].error);
		assert_int_equal(get_entry(0x1000), 0x2000 | 7); /* a fault sets no A bit */
	}
}

/*
 * A table that maps itself is as deep as any other. The walk meets its own A bit on the way, takes it
 * for another vCPU's, and has to be run again, once.
 */
static void test_self_reference(void **state)
{
	struct walk_context c = simple_tables(0);
	struct walk_result result;

	(void)state;
	put_entry(0x1000, 0x1000 | 7);
	assert_int_equal(walk(&c, 0, WALK_READ, &result), WALK_RETRY);
	assert_int_equal(walk(&c, 0, WALK_READ, &result), WALK_OK);
	assert_int_equal(result.gpa, 0x1000);
}

static void test_guest_mem_ranges(void **state)
{
	static const struct guest_range two[] = {{0, 0x2000}, {0x8000, 0x1000}};
	static const struct guest_range bad[][2] = {
		{{0, 0x1800}, {0x8000, 0x1000}},    {{0, 0}, {0x8000, 0x1000}},
		{{0, 0x9000}, {0x8000, 0x1000}},    {{0x800, 0x1000}, {0x8000, 0x1000}},
		{{~0xfffULL, 0x2000}, {0, 0x1000}},
	};
	uint8_t buffer[16] = {0};

	(void)state;
	guest_record_reset();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(guest_mem_init(ram, bad[i], 2));
	assert_true(guest_mem_init(ram, two, 2));
	assert_true(guest_read(0x1ff0, buffer, 16));
	assert_false(guest_read(0x1ff1, buffer, 16));
	assert_false(guest_write(0x7fff, buffer, 2));
	assert_true(guest_write(0x8ff0, buffer, 16));
	assert_false(guest_read(~0ULL - 3, buffer, 8));
	assert_ptr_equal(guest_ptr(0x8000, 0x1000), ram + 0x8000);
	assert_null(guest_ptr(0x8000, 0x1001));
	assert_null(guest_ptr(0, ~0ULL));
	assert_null(guest_ptr(0x2000, 1));
}

static void test_guest_cmpxchg(void **state)
{
	static const struct guest_range range = {0, RAM_SIZE};
	uint64_t pair[2] = {1, 2}, zero[2] = {0, 0}, value;

	(void)state;
	assert_true(guest_mem_init(ram, &range, 1));
	memset(ram, 0, 64);
	guest_record_reset();
	for (unsigned size = 1; size <= 8; size *= 2) {
		gpa_t gpa = 64 * size + 3; /* unaligned */

		memset(ram + gpa, 0, 8);
		assert_int_equal(guest_cmpxchg(gpa, size, 0, ~0ULL), GUEST_SWAPPED);
		assert_int_equal(guest_cmpxchg(gpa, size, 0, 5), GUEST_DIFFERS);
		memcpy(&value, ram + gpa, 8);
		assert_int_equal(value, ~0ULL >> (64 - 8 * size));
	}
	assert_int_equal(guest_cmpxchg(RAM_SIZE - 4, 8, 0, 0), GUEST_NO_RAM);
	assert_int_equal(guest_cmpxchg16(16, zero, pair), GUEST_SWAPPED);
	assert_int_equal(guest_cmpxchg16(16, zero, pair), GUEST_DIFFERS);
	assert_memory_equal(ram + 16, pair, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),	   cmocka_unit_test(test_reads_once),
		cmocka_unit_test(test_pdpte_with_a),	   cmocka_unit_test(test_race_retries),
		cmocka_unit_test(test_no_needless_update), cmocka_unit_test(test_race_retries),
		cmocka_unit_test(test_failed_access),	   cmocka_unit_test(test_error_codes),
		cmocka_unit_test(test_self_reference),	   cmocka_unit_test(test_guest_mem_ranges),
		cmocka_unit_test(test_guest_cmpxchg),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
