/* SPDX-License-Identifier: BSD-2-Clause */
/* The audit: in bounded steps, to the last leaf, and each rule broken once. */
/* sources: kernel/extent.c kernel/extent_alloc.c arch/x86_64/page_pool.c arch/x86_64/paging.c
 * arch/x86_64/page_walk.c arch/x86_64/page_format.c lib/format.c lib/string.c */
#include "tests/unit/page_fixture.h"

#include "kernel/audit.c"

enum { POOL_PAGES = 128, GUEST_PAGES = 100, SLOT = 3, STEPS_MAX = 4000 };

static const hpa_t kernel_ram = MIB(1), console_ram = MIB(2), guest_ram = MIB(4), free_ram = MIB(8);

struct machine machine;
struct partition *partitions[MAX_PARTITIONS];
struct page_space kernel_space;
static struct page_space console;
static struct extent storage[32];
static struct page_fixture f;
static struct partition part;
static bool open_port;

struct page_space *console_space(void)
{
	return &console;
}

static hpa_t screen_pa = 1;

bool display_is_given(hpa_t pa, uint64_t size)
{
	return pa == screen_pa && size == PAGE_SIZE;
}

static bool port_open(uint16_t port)
{
	return open_port && port == 0xffff;
}

static const struct virt_ops virt = {.port_open = port_open};

static void carve(hpa_t start, uint64_t size, struct extent_tag tag)
{
	assert_int_equal(extent_carve(&machine.extents, start, start + size, tag), 0);
}

static void map(struct page_space *space, uint64_t va, hpa_t pa, uint64_t size, unsigned prot)
{
	assert_int_equal(page_map(space, va, pa, size, prot), 0);
}

enum { USER = PAGE_USER | PAGE_READ | PAGE_WRITE };

/* One partition whose guest's pages are mapped one by one, the console and the kernel with one page each. */
static int setup(void **unused)
{
	(void)unused;
	fixture_make(&f, POOL_PAGES);
	open_port = false;
	machine.virt = &virt;
	memset(partitions, 0, sizeof(partitions));
	extent_map_init(&machine.extents, storage, ARRAY_SIZE(storage));
	assert_int_equal(extent_add(&machine.extents, 0, MIB(1), OWNER_FIRMWARE), 0);
	assert_int_equal(extent_add(&machine.extents, MIB(1), MIB(16), OWNER_FREE), 0);
	carve(kernel_ram, MIB(1), (struct extent_tag){.owner = OWNER_KERNEL});
	carve(console_ram, MIB(1), (struct extent_tag){.owner = OWNER_CONSOLE});
	carve(guest_ram, MIB(1), (struct extent_tag){.owner = OWNER_PARTITION, .slot = SLOT});
	assert_int_equal(page_space_init(&kernel_space, &page_format_host, &f.pool, PAGE_LEVEL_1G,
					 0xffff800000000000ULL, UINT64_MAX),
			 0);
	assert_int_equal(page_space_init(&console, &page_format_host, &f.pool, PAGE_LEVEL_1G, 0,
					 0x7fffffffffffULL),
			 0);
	part = (struct partition){.slot = SLOT, .serial = 7};
	assert_int_equal(page_space_init(&part.space, &page_format_host, &f.pool, PAGE_LEVEL_1G, 0,
					 0x7fffffffffffULL),
			 0);
	assert_int_equal(page_space_init(&part.nested, &page_format_npt, &f.pool, PAGE_LEVEL_1G, 0,
					 0x7fffffffffffULL),
			 0);
	map(&kernel_space, UINT64_MAX - PAGE_SIZE + 1, kernel_ram, PAGE_SIZE, PAGE_READ);
	for (unsigned i = 256; i < 512; i++)
		console.root[i] = part.space.root[i] = kernel_space.root[i];
	map(&console, MIB(1), console_ram, PAGE_SIZE, USER);
	for (unsigned i = 0; i < GUEST_PAGES; i++) {
		map(&part.space, MIB(2) + i * PAGE_SIZE, guest_ram + i * PAGE_SIZE, PAGE_SIZE, USER);
		map(&part.nested, 2 * i * PAGE_SIZE, guest_ram + i * PAGE_SIZE, PAGE_SIZE,
		    PAGE_READ | PAGE_WRITE);
	}
	part.desc.range_count = 1;
	part.desc.ranges[0].size = GUEST_PAGES * PAGE_SIZE;
	partitions[SLOT] = &part;
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	fixture_free(&f);
	return 0;
}

static struct audit_report report;

/* Step number `at` is preceded by meanwhile(). Answers the number of steps. */
static unsigned run(unsigned at, void (*meanwhile)(void))
{
	for (unsigned steps = 1; steps < STEPS_MAX; steps++) {
		uint64_t before = state.report.mappings;
		int result;

		if (steps == at)
			meanwhile();
		result = audit(steps == 1, &report);
		if (steps > 1)
			assert_true(state.report.mappings - before <= STEP_LEAVES);
		if (result != ERR_AGAIN) {
			assert_int_equal(result, ERR_NONE);
			return steps;
		}
	}
	fail_msg("no end");
	return 0;
}

/* The kernel's last page is the last of all addresses: behind it is no more. */
static void test_all_is_well(void **unused)
{
	(void)unused;
	assert_true(run(0, NULL) > PORTS / STEP_PORTS + 2 * (GUEST_PAGES / STEP_LEAVES));
	assert_int_equal(report.partitions, 1);
	assert_int_equal(report.spaces, 4);
	assert_int_equal(report.mappings, 202);
	assert_int_equal(report.violations, 0);
	assert_string_equal(report.first, "");
}

static uint64_t digest(void)
{
	run(0, NULL);
	return report.digest;
}

/* The same tables, the same digest; one page more, or where it leads or what it allows: another. */
static void test_digest(void **unused)
{
	uint64_t before = digest(), with, elsewhere;

	(void)unused;
	assert_true(digest() == before);
	map(&console, MIB(3), guest_ram, PAGE_SIZE, USER);
	with = digest();
	assert_true(with != before && digest() == with);
	map(&console, MIB(5), guest_ram + PAGE_SIZE, PAGE_SIZE, USER);
	elsewhere = digest();
	assert_true(elsewhere != with && elsewhere != before);
}

static void expect_violation(const char *what)
{
	run(0, NULL);
	if (!strstr(report.first, what))
		fail_msg("%s", report.first);
	assert_int_equal(report.violations, 1);
}

static void test_foreign_frames(void **unused)
{
	(void)unused;
	map(&console, MIB(3), guest_ram, PAGE_SIZE, USER);
	expect_violation("a frame that is not the console's");
}

static void test_foreign_frame_of_a_guest(void **unused)
{
	(void)unused;
	assert_int_equal(page_unmap(&part.nested, 198 * PAGE_SIZE, PAGE_SIZE), 0);
	map(&part.nested, 198 * PAGE_SIZE, free_ram, PAGE_SIZE, PAGE_READ);
	expect_violation("nested slot 3: va 0xc6000 -> pa 0x800000 size 0x1000: a frame that is not");
}

static void test_missing_page(void **unused)
{
	(void)unused;
	assert_int_equal(page_unmap(&part.space, MIB(2) + 50 * PAGE_SIZE, PAGE_SIZE), 0);
	expect_violation("slot 3: 100 pages configured, 99 in its vmm");
}

static void test_ram_in_the_kernel(void **unused)
{
	(void)unused;
	map(&kernel_space, 0xffffa00000000000ULL, GIB(64), PAGE_SIZE, PAGE_READ); /* a device */
	map(&kernel_space, 0xffffa00000002000ULL, free_ram, PAGE_SIZE, PAGE_READ);
	for (unsigned i = 256; i < 512; i++)
		console.root[i] = part.space.root[i] = kernel_space.root[i];
	expect_violation("RAM that is not the kernel's");
}

static void test_upper_half(void **unused)
{
	(void)unused;
	part.space.root[300] = 1;
	expect_violation("vmm slot 3: root entry 300 differs");
}

static void test_open_port(void **unused)
{
	(void)unused;
	open_port = true;
	expect_violation("1 ports are open");
}

static void destroy(void)
{
	partitions[SLOT] = NULL;
}

static void follow(void)
{
	part.serial++;
}

/* In the middle of the VMM's space, which has four steps of its own. */
static void test_partition_goes_meanwhile(void **unused)
{
	unsigned middle = PORTS / STEP_PORTS + 2 + 2 * SLOT + 3;
	(void)unused;

	run(middle, destroy);
	assert_int_equal(report.partitions, 1);
	assert_int_equal(report.spaces, 3);
	assert_int_equal(report.violations, 0);
	partitions[SLOT] = &part;
	run(middle, follow);
	assert_int_equal(report.spaces, 5);
	assert_int_equal(report.violations, 0);
}

/* Left in the middle, by Ctrl-C, and asked for again. */
static void test_begins_anew(void **unused)
{
	(void)unused;
	for (unsigned steps = 0; steps < PORTS / STEP_PORTS + 3; steps++)
		assert_int_equal(audit(steps == 0, &report), ERR_AGAIN);
	test_all_is_well(unused);
}

/* The screen's memory is nobody's RAM, and the console's alone. */
static void test_screen(void **unused)
{
	(void)unused;
	screen_pa = MIB(64);
	map(&console, MIB(8), screen_pa, PAGE_SIZE, USER);
	run(0, NULL);
	assert_int_equal(report.violations, 0);
	map(&console, MIB(9), screen_pa + PAGE_SIZE, PAGE_SIZE, USER);
	expect_violation("a frame that is not the console's");
	assert_int_equal(page_unmap(&console, MIB(9), PAGE_SIZE), 0);
	map(&part.space, MIB(8), screen_pa, PAGE_SIZE, USER);
	expect_violation("a frame of another owner");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_is_well),
		TEST(test_digest),
		TEST(test_foreign_frames),
		TEST(test_foreign_frame_of_a_guest),
		TEST(test_missing_page),
		TEST(test_ram_in_the_kernel),
		TEST(test_upper_half),
		TEST(test_open_port),
		TEST(test_partition_goes_meanwhile),
		TEST(test_begins_anew),
		TEST(test_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
