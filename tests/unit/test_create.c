/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Creations and destructions that a failed console leaves behind after any of their steps: the kernel ends
 * them, and every guest that stays has its CPUs.
 */
/* sources: kernel/cores.c kernel/cap.c kernel/turn.c kernel/recorder.c lib/string.c lib/format.c
 * lib/copy.c */
#include "tests/unit/kernel_host.h"

#include "kernel/create.c"
#include "kernel/create_cpus.c"
#include "kernel/life.c"

enum { STEPS_MAX = 200, POOL_PAGES = 3 * POOL_CHUNK_PAGES, VCPUS = 2 };

uint64_t host_tsc, host_xcr0, host_dr[4];
unsigned host_cpu;
uint8_t host_blocks[HOST_CPUS][PERCPU_KERNEL_SIZE] __attribute__((aligned(64)));
void (*host_on_window)(void), (*host_on_idle)(void);

struct machine machine = {.memory_lock = SPINLOCK(LOCK_MEMORY)};
struct page_space kernel_space;

static struct partition parts[MAX_PARTITIONS];
static struct vcpu vcpus[MAX_PARTITIONS][VCPUS];
static struct vmm_config configs[MAX_PARTITIONS];
static bool holds[MAX_PARTITIONS]; /* memory */
static bool mapped[MAX_PARTITIONS][POOL_PAGES / POOL_CHUNK_PAGES];
static bool epoch_reached;
static unsigned steps_of_memory;

/* --- The rest of the kernel --- */

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	print_error("%s:%d: %s\n", file, line, expression);
	abort();
}

unsigned *lock_rank_state(void)
{
	return &this_cpu()->lock_ranks;
}

unsigned cpu_count(void)
{
	return HOST_CPUS;
}

bool cpu_online(unsigned number)
{
	return number < HOST_CPUS;
}

void cpu_kick(unsigned number)
{
	(void)number;
}

uint64_t cpu_flush_begin(void)
{
	epoch_reached = false;
	return 1;
}

bool cpu_epoch_reached(uint64_t epoch)
{
	assert_int_equal(epoch, 1);
	return epoch_reached;
}

void sched_attach(struct vcpu *v)
{
	assert_int_equal(v->homed, 0);
	v->homed = 1;
}

uint32_t vcpu_notify(struct vcpu *v, uint32_t bits)
{
	vcpu_pend_local(v, bits);
	return 0;
}

void vcpu_reset(struct vcpu *v, uint64_t tsc_offset)
{
	(void)tsc_offset;
	v->virt.pending = v->index == 0 ? EVENT_START : 0;
	v->virt.state = VIRT_OUT;
}

static bool *chunk_at(uint64_t va, uint64_t size)
{
	uint64_t at = va - KERNEL_POOL_BASE;

	assert_true(size == POOL_CHUNK_PAGES * PAGE_SIZE);
	return &mapped[at / KERNEL_POOL_STRIDE][at % KERNEL_POOL_STRIDE / size];
}

int page_map(struct page_space *space, uint64_t va, hpa_t pa, uint64_t size, unsigned rights)
{
	(void)space, (void)pa, (void)rights;
	*chunk_at(va, size) = true;
	return ERR_NONE;
}

int page_unmap(struct page_space *space, uint64_t va, uint64_t size)
{
	(void)space;
	*chunk_at(va, size) = false;
	return ERR_NONE;
}

uint64_t extent_release_slot(struct extent_map *map, uint32_t slot)
{
	(void)map;
	holds[slot] = false;
	return 0;
}

/* Which CPUs are meant is in the description. */
int create_check(const struct part_desc *desc, struct create_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	for (uint32_t i = 0; i < desc->vcpu_count; i++)
		plan->cpus[i] = desc->cpus[i];
	return ERR_NONE;
}

int create_check_name(const char *name, const struct partition *but)
{
	(void)name, (void)but;
	return ERR_NONE;
}

int create_step_memory(void)
{
	holds[making.slot] = true;
	making.pool.size = POOL_PAGES * PAGE_SIZE;
	return ++steps_of_memory % 2 ? ERR_AGAIN : ERR_NONE;
}

int create_step_scrub(void)
{
	return ERR_NONE;
}

int create_step_objects(void)
{
	struct partition *part = &parts[making.slot];

	memset(part, 0, sizeof(*part));
	part->slot = making.slot;
	part->desc = making.desc;
	part->config = &configs[making.slot];
	making.part = part;
	return ERR_NONE;
}

int create_step_vcpus(void)
{
	struct vcpu *v = &vcpus[making.slot][making.index];

	memset(v, 0, sizeof(*v));
	v->index = (uint16_t)making.index;
	v->part = making.part;
	v->cpu = making.plan.cpus[making.index];
	making.part->vcpus[making.index] = v;
	return ++making.index < making.desc.vcpu_count ? ERR_AGAIN : ERR_NONE;
}

int create_step_program(void)
{
	return ERR_NONE;
}

int create_step_images(void)
{
	return ERR_NONE;
}

int create_step_guest_memory(void)
{
	return ERR_NONE;
}

void create_fill_config(struct partition *part)
{
	(void)part;
}

bool part_reset_step(struct partition *part)
{
	if (part->reset_count < part->desc.vcpu_count) {
		vcpu_reset(part->vcpus[part->reset_count++], 0);
		return false;
	}
	part->reset_count = 0;
	return true;
}

void scrub(hpa_t pa, uint64_t size)
{
	(void)pa, (void)size;
}

void console_event(uint32_t events)
{
	(void)events;
}

void log_partition_flush(struct log_limiter *limiter, const char *name, enum log_level level)
{
	(void)limiter, (void)name, (void)level;
}

/* --- The machine --- */

/* What another CPU does for its vCPUs, when it looks: one CPU after the other. */
static void let_a_cpu_look(void)
{
	static unsigned cpu;

	cpu = (cpu + 1) % HOST_CPUS;
	epoch_reached = cpu == 0;
	for (unsigned slot = 0; slot < MAX_PARTITIONS; slot++)
		for (uint32_t i = 0; partitions[slot] && i < VCPUS; i++) {
			struct vcpu *v = partitions[slot]->vcpus[i];

			if (v->cpu != cpu || !v->homed)
				continue;
			vcpu_take(v, PEND_STOP);
			/* The request stays, as serve() in sched.c leaves it. */
			if (vcpu_pending(v) & PEND_DETACH)
				v->homed = 0;
		}
}

static struct part_desc describe(const char *name, bool dedicated, unsigned first)
{
	struct part_desc desc = {
		.vcpu_count = VCPUS,
		.flags = dedicated ? PART_DEDICATED : 0,
		.cpus = {first, dedicated ? first + 1 : first},
	};

	str_copy(desc.name, sizeof(desc.name), name);
	return desc;
}

/* Goes on with a call of the console's for at most so many steps. The answer of the last. */
static int go_on(int (*step)(const void *), const void *what, unsigned count)
{
	int err = ERR_AGAIN;

	for (unsigned i = 0; i < count && err == ERR_AGAIN; i++) {
		err = step(what);
		/* They do not look each time: what waits for them is seen to wait. */
		if (i % 2)
			let_a_cpu_look();
	}
	return err;
}

static int create(const void *desc)
{
	return part_create(desc);
}

static int start(const void *slot)
{
	return part_start(*(const uint32_t *)slot);
}

static int destroy(const void *slot)
{
	return part_destroy(*(const uint32_t *)slot);
}

static void recover(void)
{
	for (unsigned i = 0; !create_recover(); i++) {
		assert_true(i < STEPS_MAX);
		if (i % 2)
			let_a_cpu_look();
	}
	assert_true(create_recover());
}

/* A pool guest with both its vCPUs on CPU 2 runs. */
static uint32_t prepare(void)
{
	static const uint32_t apic_ids[HOST_CPUS] = {0, 1, 2, 3};
	struct part_desc desc = describe("pool", false, 2);
	uint32_t slot;
	int err;

	memset(host_blocks, 0, sizeof(host_blocks));
	memset(partitions, 0, sizeof(partitions));
	memset(slots, 0, sizeof(slots));
	memset(&making, 0, sizeof(making));
	memset(holds, 0, sizeof(holds));
	memset(mapped, 0, sizeof(mapped));
	for (unsigned i = 0; i < HOST_CPUS; i++) {
		cpu_of(i)->number = i;
		cpu_of(i)->owner = CPU_NO_OWNER;
	}
	cores_init(apic_ids, HOST_CPUS, 0);
	err = go_on(create, &desc, STEPS_MAX);
	assert_true(err >= 0);
	slot = (uint32_t)err;
	assert_int_equal(go_on(start, &slot, STEPS_MAX), ERR_NONE);
	return slot;
}

/* Each guest that is there has CPUs, which are its own or the pool's; what is not there has nothing. */
static void check(void)
{
	unsigned counts[HOST_CPUS] = {0};

	assert_false(making.under_way);
	for (unsigned slot = 0; slot < MAX_PARTITIONS; slot++) {
		const struct partition *part = partitions[slot];

		assert_int_equal(holds[slot], part != NULL);
		for (unsigned chunk = 0; chunk < ARRAY_SIZE(mapped[0]); chunk++)
			assert_int_equal(mapped[slot][chunk], part != NULL);
		for (uint32_t i = 0; part && i < VCPUS; i++) {
			const struct vcpu *v = part->vcpus[i];

			assert_int_equal(v->homed, 1);
			assert_false(vcpu_pending(v) & PEND_DETACH);
			counts[v->cpu]++;
			if (part->desc.flags & PART_DEDICATED)
				assert_int_equal(cpu_of(v->cpu)->owner, slot);
			else
				assert_true(core_serves_pool(v->cpu));
		}
	}
	for (unsigned cpu = 0; cpu < HOST_CPUS; cpu++)
		assert_int_equal(cpu_of(cpu)->vcpu_count, counts[cpu]);
}

/* The guest that was there before goes on, and the CPUs may be another's. */
static void check_that_all_works(uint32_t pool)
{
	struct part_desc desc = describe("again", true, 1);
	uint32_t slot;
	int err;

	assert_true(part_may_run(partitions[pool]));
	err = go_on(create, &desc, STEPS_MAX);
	assert_true(err >= 0);
	slot = (uint32_t)err;
	check();
	assert_int_equal(go_on(start, &slot, STEPS_MAX), ERR_NONE);
	assert_int_equal(go_on(destroy, &slot, STEPS_MAX), ERR_NONE);
	check();
	assert_int_equal(go_on(destroy, &pool, STEPS_MAX), ERR_NONE);
	check();
}

static void test_forsaken_creation(void **state)
{
	bool moved = false, left;
	unsigned count;
	int err = ERR_AGAIN;

	(void)state;
	for (count = 1; err == ERR_AGAIN; count++) {
		struct part_desc desc = describe("own", true, 2);
		uint32_t pool = prepare();

		assert_true(count < STEPS_MAX);
		err = go_on(create, &desc, count);
		left = vcpus[pool][0].homed == 0;
		recover();
		check();
		/* The CPUs that it was to have are the pool's again, and idle. */
		assert_true(!left || vcpus[pool][0].cpu >= 2);
		moved |= left;
		if (err != ERR_AGAIN)
			assert_int_equal(go_on(destroy, &(uint32_t){(uint32_t)err}, STEPS_MAX), 0);
		check_that_all_works(pool);
	}
	assert_true(err >= 0 && moved);
}

static void test_forsaken_destruction(void **state)
{
	static const struct part_desc descs[2] = {{.flags = 0}, {.flags = PART_DEDICATED}};
	unsigned gone = 0, stays = 0;

	(void)state;
	for (unsigned kind = 0; kind < ARRAY_SIZE(descs); kind++) {
		int err = ERR_AGAIN;

		for (unsigned count = 1; err == ERR_AGAIN; count++) {
			struct part_desc desc = describe("doomed", descs[kind].flags, 1);
			uint32_t pool = prepare();
			uint32_t slot = (uint32_t)go_on(create, &desc, STEPS_MAX);

			assert_true(count < STEPS_MAX);
			assert_int_equal(go_on(start, &slot, STEPS_MAX), ERR_NONE);
			err = go_on(destroy, &slot, count);
			recover();
			check();
			gone += partitions[slot] == NULL;
			stays += partitions[slot] != NULL;
			if (partitions[slot]) {
				/* Either will do. */
				if (count % 2)
					assert_int_equal(go_on(start, &slot, STEPS_MAX), ERR_NONE);
				assert_int_equal(go_on(destroy, &slot, STEPS_MAX), ERR_NONE);
			}
			check_that_all_works(pool);
		}
		assert_int_equal(err, ERR_NONE);
	}
	assert_true(gone >= 4 && stays >= 4);
}

static void test_forsaken_start(void **state)
{
	struct part_desc desc = describe("own", true, 2);
	uint32_t pool = prepare(), slot = (uint32_t)go_on(create, &desc, STEPS_MAX);

	(void)state;
	assert_int_equal(go_on(start, &slot, 1), ERR_AGAIN);
	assert_int_equal(partitions[slot]->reset_count, 1);
	recover();
	check();
	assert_int_equal(partitions[slot]->reset_count, 0);
	assert_int_equal(go_on(start, &slot, STEPS_MAX), ERR_NONE);
	assert_int_equal(go_on(destroy, &slot, STEPS_MAX), ERR_NONE);
	check_that_all_works(pool);
}

/* One that fails by itself leaves a partition alone that is on its way out: its CPUs are still its own. */
static void test_failure_beside_a_destruction(void **state)
{
	struct part_desc doomed = describe("doomed", true, 2), desc = describe("other", false, 1);
	uint32_t pool = prepare(), slot = (uint32_t)go_on(create, &doomed, STEPS_MAX);

	(void)state;
	assert_int_equal(part_destroy(slot), ERR_AGAIN);
	for (unsigned i = 0; i < HOST_CPUS; i++)
		let_a_cpu_look();
	assert_int_equal(vcpus[slot][0].homed, 0);
	assert_int_equal(go_on(create, &desc, 3), ERR_AGAIN);
	making.failed = ERR_NOMEM;
	assert_int_equal(go_on(create, &desc, STEPS_MAX), ERR_NOMEM);
	assert_int_equal(vcpus[slot][0].homed, 0);
	assert_int_equal(go_on(destroy, &slot, STEPS_MAX), ERR_NONE);
	check_that_all_works(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forsaken_creation),
		cmocka_unit_test(test_forsaken_destruction),
		cmocka_unit_test(test_forsaken_start),
		cmocka_unit_test(test_failure_beside_a_destruction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
