/* SPDX-License-Identifier: BSD-2-Clause */
/* What a description may ask for: every rule broken once, CPUs chosen, the pool large enough. */
#include "tests/unit/kernel_host.h"

#include "kernel/cores.c"
#include "kernel/create_plan.c"

uint8_t host_blocks[HOST_CPUS][PERCPU_KERNEL_SIZE] __attribute__((aligned(64)));
uint64_t host_tsc, host_xcr0, host_dr[4];
unsigned host_cpu;
void (*host_on_window)(void), (*host_on_idle)(void);

struct machine machine;
struct cpu_features cpu_features = {.phys_bits = 40, .xsave_size = 832};
struct partition *partitions[MAX_PARTITIONS];
struct user_image vmm_program;

static const struct virt_ops fake_virt = {.hw_pages = 1};
static bool ring_taken;

enum { RING = 0x1000000000 >> 12 };

static const uint64_t ring = (uint64_t)RING << 12;

unsigned cpu_count(void)
{
	return HOST_CPUS;
}

/* CPU 2 did not start. */
bool cpu_online(unsigned number)
{
	return number < HOST_CPUS && number != 2;
}

bool console_has_region(uint64_t va, uint64_t size)
{
	return va >= ring && va + size <= ring + 2 * RING_PAGES(RING_OUT_MIN) * PAGE_SIZE;
}

bool console_ring_in_use(uint64_t va, uint64_t size)
{
	(void)va, (void)size;
	return ring_taken;
}

uint64_t user_image_data_pages(const struct user_image *image)
{
	(void)image;
	return 14;
}

static struct part_desc desc;
static struct create_plan plan;

static int set_up(void **state)
{
	(void)state;
	memset(host_blocks, 0, sizeof(host_blocks));
	memset(partitions, 0, sizeof(partitions));
	for (unsigned i = 0; i < HOST_CPUS; i++)
		cpu_of(i)->owner = CPU_NO_OWNER;
	cores_init((const uint32_t[]){0, 1, 2, 3}, HOST_CPUS, 0);
	machine.virt = &fake_virt;
	machine.image_count = 2;
	machine.images[1].size = MIB(9) + 5;
	ring_taken = false;
	desc = (struct part_desc){.name = "one",
				  .vcpu_count = 1,
				  .range_count = 1,
				  .ring = ring,
				  .ring_size = RING_OUT_MIN,
				  .ranges = {{.gpa = 0, .size = MIB(64)}}};
	memset(desc.cpus, 0xff, sizeof(desc.cpus));
	return 0;
}

static int check(void)
{
	return create_check(&desc, &plan);
}

#define REFUSED(change, err)                    \
	do {                                    \
		set_up(NULL);                   \
		assert_int_equal(check(), 0);   \
		change;                         \
		assert_int_equal(check(), err); \
	} while (0)

static void test_rules(void **state)
{
	static struct partition other;
	(void)state;

	REFUSED(machine.virt = NULL, ERR_NOSYS);
	REFUSED(desc.flags = PART_SMT_SHARE, ERR_INVAL);
	REFUSED(desc.flags = PART_SMT_SHARE << 1, ERR_INVAL);
	REFUSED(desc.weight = WEIGHT_MAX + 1, ERR_INVAL);
	REFUSED(desc.cap = 101, ERR_INVAL);
	REFUSED((desc.flags = PART_DEDICATED, desc.weight = 1), ERR_INVAL);
	REFUSED((desc.flags = PART_DEDICATED, desc.cap = 1), ERR_INVAL);
	REFUSED(desc.ring_size = 0, ERR_INVAL);
	REFUSED(desc.ring_size = RING_OUT_MIN / 2, ERR_INVAL);
	REFUSED(desc.ring_size = RING_OUT_MIN + 4096, ERR_INVAL);
	REFUSED(desc.ring_size = 2 * (uint64_t)RING_OUT_MAX, ERR_INVAL);
	REFUSED(desc.ring_size = BIT(63), ERR_INVAL);
	REFUSED(desc.ring_size = 4 * (uint64_t)RING_OUT_MIN, ERR_FAULT);
	REFUSED(desc.name[0] = 0, ERR_INVAL);
	REFUSED(memset(desc.name, 'a', NAME_SIZE), ERR_INVAL);
	REFUSED(memset(desc.cmdline, 'a', CMDLINE_SIZE), ERR_INVAL);
	REFUSED(desc.boot.texts[TEXTS_SIZE - 1] = 'a', ERR_INVAL);
	REFUSED(desc.boot.protocol = BOOT_PROTOCOLS, ERR_INVAL);
	REFUSED((other.desc = desc, partitions[3] = &other), ERR_EXIST);
	REFUSED(desc.vcpu_count = 0, ERR_INVAL);
	REFUSED(desc.vcpu_count = MAX_VCPUS + 1, ERR_INVAL);
	REFUSED(desc.vcpu_count = 0xffffffff, ERR_INVAL);
	REFUSED(desc.range_count = 0, ERR_INVAL);
	REFUSED(desc.range_count = MAX_RANGES + 1, ERR_INVAL);
	REFUSED(desc.image_count = MAX_PART_IMAGES + 1, ERR_INVAL);
	REFUSED((desc.image_count = 1, desc.images[0].image = 2), ERR_NOENT);
	REFUSED((desc.image_count = 1, desc.images[0].role = IMAGE_MODULE + 1), ERR_NOENT);
	REFUSED((desc.image_count = 1, desc.images[0].text = TEXTS_SIZE), ERR_NOENT);
	REFUSED(desc.ring = ring + 1, ERR_FAULT);
	REFUSED(desc.ring = ring - PAGE_SIZE, ERR_FAULT);
	REFUSED(desc.ring = ring + (RING_PAGES(RING_OUT_MIN) + 1) * PAGE_SIZE, ERR_FAULT);
	REFUSED(ring_taken = true, ERR_BUSY);
	REFUSED(desc.cpus[0] = 2, ERR_NOENT);
	REFUSED(desc.cpus[0] = 99, ERR_NOENT);
	REFUSED((desc.cpus[0] = 0, desc.flags = PART_DEDICATED), ERR_NOENT);
	REFUSED((desc.vcpu_count = 3, desc.flags = PART_DEDICATED), ERR_BUSY);
}

static void test_ranges(void **state)
{
	(void)state;
	REFUSED(desc.ranges[0].size = 0, ERR_INVAL);
	REFUSED(desc.ranges[0].size += 1, ERR_INVAL);
	REFUSED(desc.ranges[0].gpa += 0x800, ERR_INVAL);
	REFUSED(desc.ranges[0].gpa = 0ULL - PAGE_SIZE, ERR_INVAL);
	REFUSED((desc.ranges[0].gpa = PAGE_SIZE, desc.ranges[0].size = 0ULL - PAGE_SIZE), ERR_INVAL);
	REFUSED(desc.ranges[0].size = BIT(40) + PAGE_SIZE, ERR_INVAL);
	REFUSED((desc.range_count = 2, desc.ranges[1] = desc.ranges[0]), ERR_INVAL);
	REFUSED((desc.range_count = 2,
		 desc.ranges[1] = (struct part_range){MIB(64) - PAGE_SIZE, MIB(1)}),
		ERR_INVAL);
	set_up(NULL);
	desc.range_count = 2;
	desc.ranges[1] = (struct part_range){MIB(64), PAGE_SIZE};
	assert_int_equal(check(), 0);
}

static void test_dedicated_choice(void **state)
{
	(void)state;
	desc.flags = PART_DEDICATED;
	desc.vcpu_count = 2;
	desc.cpus[1] = 3;
	assert_int_equal(check(), 0);
	assert_int_equal(plan.cpus[1], 3); /* named ones are not taken for others */
	assert_int_equal(plan.cpus[0], 1);
	cpu_of(1)->owner = 5;
	assert_int_equal(check(), ERR_BUSY);
	desc.cpus[0] = 3;
	desc.cpus[1] = 3;
	assert_int_equal(check(), ERR_BUSY);
}

static void test_pool_choice(void **state)
{
	(void)state;
	cpu_of(0)->vcpu_count = 1;
	cpu_of(3)->owner = 7;
	core_take(3, false);
	desc.vcpu_count = 3;
	assert_int_equal(check(), 0);
	assert_int_equal(plan.cpus[0], 1);
	assert_int_equal((plan.cpus[1] == 0) + (plan.cpus[2] == 0), 1);
	desc.cpus[2] = 3;
	assert_int_equal(check(), ERR_BUSY);
}

/* CPUs 0 and 3, 1 and 2 (which did not start) are threads of one core. */
static void test_threads(void **state)
{
	(void)state;
	cores_init((const uint32_t[]){4, 6, 7, 5}, HOST_CPUS, 1);
	desc.flags = PART_DEDICATED;
	assert_int_equal(check(), 0);
	assert_int_equal(plan.cpus[0], 1); /* not CPU 0's sibling */
	desc.cpus[0] = 3;
	assert_int_equal(check(), ERR_BUSY);
	desc.flags |= PART_SMT_SHARE;
	assert_int_equal(check(), ERR_BUSY);
	desc.flags = 0;
	assert_int_equal(check(), ERR_BUSY); /* nor does the pool use it */
}

/* The plan against what mapping takes at the least: each GiB a table twice, an image's pages. */
static void test_pool_grows_with_what_it_holds(void **state)
{
	uint64_t small;
	(void)state;

	assert_int_equal(check(), 0);
	small = plan.pool_pages;
	desc.ranges[0].size = GIB(64);
	assert_int_equal(check(), 0);
	assert_true(plan.pool_pages >= small + 2 * 63);
	set_up(NULL);
	desc.image_count = 1;
	desc.images[0].image = 1;
	assert_int_equal(check(), 0);
	assert_true(plan.pool_pages >= small + 5);
	set_up(NULL);
	desc.vcpu_count = MAX_VCPUS;
	assert_int_equal(check(), 0);
	assert_true(plan.pool_pages >=
		    small + 63 * ((sizeof(struct vcpu) + USER_STACK_SIZE) / PAGE_SIZE + 3));
}

/* More than a slot's room in the kernel's half. */
static void test_pool_has_a_limit(void **state)
{
	(void)state;
	cpu_features.phys_bits = 52;
	desc.ranges[0].size = USER_END - USER_GUEST_BASE;
	machine.images[1].size = GIB(1024) * 256;
	desc.image_count = 8;
	for (unsigned i = 0; i < 8; i++)
		desc.images[i].image = 1;
	assert_int_equal(check(), ERR_LIMIT);
	cpu_features.phys_bits = 40;
}

/* The console is told what create would take, before there is a name, a CPU or a ring. */
static void test_cost(void **state)
{
	struct part_cost cost;
	(void)state;

	desc.image_count = 1;
	desc.images[0].image = 1;
	assert_int_equal(check(), 0);
	assert_int_equal(create_cost(&desc, &cost), 0);
	assert_int_equal(cost.pool, plan.pool_pages * PAGE_SIZE);
	assert_int_equal(cost.tables, plan.table_pages * PAGE_SIZE);
	desc.name[0] = 0;
	desc.ring = desc.ring_size = 0;
	desc.cpus[0] = 99;
	assert_int_equal(create_cost(&desc, &cost), 0);
	assert_int_equal(cost.pool, plan.pool_pages * PAGE_SIZE);
	desc.images[0].image = 2;
	assert_int_equal(create_cost(&desc, &cost), ERR_NOENT);
	desc.image_count = MAX_PART_IMAGES + 1;
	assert_int_equal(create_cost(&desc, &cost), ERR_INVAL);
	desc.image_count = 0;
	desc.range_count = MAX_RANGES + 1;
	assert_int_equal(create_cost(&desc, &cost), ERR_INVAL);
	desc.range_count = 1;
	desc.vcpu_count = 0xffffffff;
	assert_int_equal(create_cost(&desc, &cost), ERR_INVAL);
	desc.vcpu_count = 1;
	machine.virt = NULL;
	assert_int_equal(create_cost(&desc, &cost), ERR_NOSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test_setup(test_dedicated_choice, set_up),
		cmocka_unit_test_setup(test_pool_choice, set_up),
		cmocka_unit_test_setup(test_threads, set_up),
		cmocka_unit_test_setup(test_pool_grows_with_what_it_holds, set_up),
		cmocka_unit_test_setup(test_pool_has_a_limit, set_up),
		cmocka_unit_test_setup(test_cost, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
