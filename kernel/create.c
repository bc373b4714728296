/* SPDX-License-Identifier: BSD-2-Clause */
/* Creation, a step at a time: memory, pool, scrub, tables, mappings, CPUs; and the way back. */
#include "kernel/create.h"

#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "drivers/tsc.h"
#include "kernel/console.h"
#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/machine.h"
#include "kernel/sched.h"
#include "kernel/scrub.h"
#include "lib/assert.h"
#include "lib/copy.h"
#include "lib/string.h"

extern const uint8_t vmm_image_start[], vmm_image_end[];

enum {
	SMALL_CHUNK = 256 * 1024, /* mapped by 4 KiB pages in one step */
	POOL_CHUNK_PAGES = 128,
	LAPIC_TICK_KHZ = 1000000,
};

static_assert(sizeof(struct vmm_config) <= PAGE_SIZE, "step_program maps one page");

/* What create_undo has to give back, for a slot whose struct may be gone. */
static struct {
	uint64_t epoch; /* of the flush after the pool was unmapped; 0: not begun */
	bool pool_mapped;
	uint64_t pool_size;
} slots[MAX_PARTITIONS];

/* The one creation that is under way. */
static struct {
	bool under_way;
	unsigned step;
	uint32_t slot;
	struct part_desc desc;
	struct create_plan plan;
	uint32_t piece_count;
	struct memory_piece pieces[MEMORY_PIECES];
	struct extent_grant pool;
	uint32_t index;	 /* of the piece, image or vCPU that the step is at */
	uint64_t offset; /* within it */
	struct partition *part;
	int failed; /* why it is being undone */
} making;

static uint64_t serials; /* given out */

struct user_image vmm_program;

void create_init(void)
{
	user_image_parse(vmm_image_start, vmm_image_end, &vmm_program);
	machine.vmm_entry = vmm_program.entry;
}

static struct extent_tag tag_of(uint32_t slot, bool pool)
{
	return (struct extent_tag){.owner = OWNER_PARTITION, .slot = slot, .is_pool = pool};
}

/* Memory for [gpa, gpa + size): large-page aligned where the guest's address is. Under memory_lock. */
static int take_memory(gpa_t gpa, uint64_t size)
{
	while (size) {
		struct memory_piece *piece = &making.pieces[making.piece_count];
		uint64_t to_large = (MIB(2) - (gpa & (MIB(2) - 1))) & (MIB(2) - 1);
		uint64_t large = ALIGN_DOWN(size, MIB(2));
		struct extent_request request = {
			.size = to_large ? MIN(to_large, size)
				: large	 ? large
					 : size,
			.align = to_large || !large ? PAGE_SIZE : MIB(2),
			.tag = tag_of(making.slot, false),
		};
		struct extent_grant grant;
		int err;

		if (making.piece_count == MEMORY_PIECES)
			return ERR_NOMEM;
		err = extent_alloc(&machine.extents, &request, &grant);
		if (err)
			return err;
		*piece = (struct memory_piece){gpa, grant.start, grant.size, grant.clean};
		making.piece_count++;
		gpa += grant.size;
		size -= grant.size;
	}
	return ERR_NONE;
}

static int step_memory(void)
{
	int err = ERR_NONE;

	making.piece_count = 0;
	spin_lock(&machine.memory_lock);
	for (uint32_t i = 0; i < making.desc.range_count && !err; i++)
		err = take_memory(making.desc.ranges[i].gpa, making.desc.ranges[i].size);
	if (!err) {
		struct extent_request request = {
			.size = making.plan.pool_pages * PAGE_SIZE,
			.align = PAGE_SIZE,
			.tag = tag_of(making.slot, true),
			.whole = true,
		};

		err = extent_alloc(&machine.extents, &request, &making.pool);
	}
	spin_unlock(&machine.memory_lock);
	return err;
}

/* One bounded piece of a grant; true when all of it is zero. */
static bool scrub_some(hpa_t start, uint64_t size)
{
	uint64_t step = MIN(size - making.offset, (uint64_t)SCRUB_STEP);

	step = MIN(step, MIB(2) - ((start + making.offset) & (MIB(2) - 1)));
	if (step)
		scrub(start + making.offset, step);
	making.offset += step;
	if (making.offset < size)
		return false;
	making.offset = 0;
	return true;
}

static int step_scrub(void)
{
	for (; making.index < making.piece_count; making.index++) {
		const struct memory_piece *piece = &making.pieces[making.index];

		if (piece->clean)
			continue;
		making.index += scrub_some(piece->hpa, piece->size);
		return ERR_AGAIN;
	}
	if (!making.pool.clean && !scrub_some(making.pool.start, making.pool.size))
		return ERR_AGAIN;
	return ERR_NONE;
}

static int step_map_pool(void)
{
	uint64_t at = making.offset;
	uint64_t size = MIN(making.pool.size - at, POOL_CHUNK_PAGES * PAGE_SIZE);
	int err;

	slots[making.slot].pool_mapped = true;
	slots[making.slot].pool_size = making.pool.size;
	err = page_map(&kernel_space, part_pool_address(making.slot) + at, making.pool.start + at,
		       size, PAGE_READ | PAGE_WRITE);
	if (err)
		return err;
	making.offset += size;
	return making.offset < making.pool.size ? ERR_AGAIN : ERR_NONE;
}

static void *pool_pages(struct partition *part, uint64_t bytes)
{
	void *block = page_pool_alloc_block(&part->pool, ALIGN_UP(bytes, PAGE_SIZE) / PAGE_SIZE);

	ASSERT(block); /* the plan counted it */
	return block;
}

static int step_objects(void)
{
	uint64_t own = ALIGN_UP(sizeof(struct partition), PAGE_SIZE);
	struct partition *part = (void *)part_pool_address(making.slot);
	int err;

	making.part = part;
	part->slot = making.slot;
	part->serial = ++serials;
	part->desc = making.desc;
	part->piece_count = making.piece_count;
	memcpy(part->pieces, making.pieces, sizeof(part->pieces));
	part->pool_size = making.pool.size;
	part->pool_tables = making.plan.table_pages * PAGE_SIZE;
	part->limiter_lock = (spinlock_t)SPINLOCK(LOCK_PARTITION);
	cap_init(&part->cap, us_to_tsc(CAP_WINDOW_US), part->desc.cap);
	part->cap_lock = (spinlock_t)SPINLOCK(LOCK_SCHEDULER);
	part->lapic_clock = lapic_clock_make(tsc_khz(), LAPIC_TICK_KHZ);
	page_pool_init(&part->pool, (uint8_t *)part + own, making.pool.start + own,
		       (making.pool.size - own) / PAGE_SIZE);
	err = user_space_init(&part->space, &part->pool);
	if (err)
		return err;
	return page_space_init(&part->nested, machine.virt->nested_format, &part->pool,
			       machine.virt->nested_largest(), 0, BIT(48) - 1);
}

static int map_user(struct partition *part, uint64_t va, void *block, uint64_t size, unsigned prot)
{
	return page_map(&part->space, va, page_pool_pa(&part->pool, block), size, PAGE_USER | prot);
}

static int make_vcpu(struct partition *part, uint32_t index)
{
	struct vcpu *v = pool_pages(part, sizeof(*v));
	uint8_t *stack;
	int err;

	part->vcpus[index] = v;
	v->index = (uint16_t)index;
	v->part = part;
	v->cpu = making.plan.cpus[index];
	v->virt.hw = pool_pages(part, machine.virt->hw_pages * PAGE_SIZE);
	v->virt.hw_pa = page_pool_pa(&part->pool, v->virt.hw);
	v->user_stack = USER_STACK_TOP(index);
	v->user_frame = USER_FRAME_PAGE(index);
	v->frame = pool_pages(part, PAGE_SIZE);
	v->fpu = pool_pages(part, fpu_area_size());
	stack = pool_pages(part, USER_STACK_SIZE);
	v->stack = stack;
	deadline_init(&v->timer, NULL);
	deadline_init(&v->vmm_deadline, NULL);
	err = map_user(part, USER_FRAME_PAGE(index), v->frame, PAGE_SIZE, PAGE_READ | PAGE_WRITE);
	if (err)
		return err;
	return map_user(part, USER_STACK_TOP(index) - USER_STACK_SIZE, stack, USER_STACK_SIZE,
			PAGE_READ | PAGE_WRITE);
}

static int step_vcpus(void)
{
	int err = make_vcpu(making.part, making.index);

	if (err)
		return err;
	return ++making.index < making.desc.vcpu_count ? ERR_AGAIN : ERR_NONE;
}

static int map_ring(struct partition *part)
{
	for (uint64_t i = 0; i < RING_PAGES(making.desc.ring_size); i++) {
		struct page_mapping mapping;
		uint64_t va = making.desc.ring + i * PAGE_SIZE;
		int err;

		if (!page_lookup(console_space(), va, &mapping))
			return ERR_FAULT;
		err = page_map(&part->space, USER_RING_BASE + i * PAGE_SIZE,
			       mapping.pa + (va - mapping.va), PAGE_SIZE,
			       PAGE_USER | PAGE_READ | PAGE_WRITE);
		if (err)
			return err;
	}
	return ERR_NONE;
}

static int step_program(void)
{
	struct partition *part = making.part;
	int err;

	part->vmm_data = pool_pages(part, user_image_data_pages(&vmm_program) * PAGE_SIZE);
	part->config = pool_pages(part, sizeof(*part->config));
	err = user_image_map(&vmm_program, &part->space, part->vmm_data, &part->pool);
	err = err ? err : map_user(part, USER_CONFIG_BASE, part->config, PAGE_SIZE, PAGE_READ);
	return err ? err : map_ring(part);
}

/* Where an image stands in the VMM's space: each 2 MiB-aligned, in the order of the description. */
static uint64_t image_address(const struct part_desc *desc, uint32_t index)
{
	uint64_t va = USER_IMAGES_BASE;

	for (uint32_t i = 0; i < index; i++)
		va += ALIGN_UP(machine.images[desc->images[i].image].size, MIB(2)) + MIB(2);
	return va;
}

static int step_images(void)
{
	const struct machine_image *image;
	uint64_t size, left;
	int err;

	if (making.index == making.desc.image_count)
		return ERR_NONE;
	image = &machine.images[making.desc.images[making.index].image];
	left = ALIGN_UP(image->size, PAGE_SIZE) - making.offset;
	size = MIN(left, (uint64_t)SMALL_CHUNK);
	err = page_map(&making.part->space,
		       image_address(&making.desc, making.index) + making.offset,
		       image->start + making.offset, size, PAGE_USER | PAGE_READ);
	if (err)
		return err;
	making.offset += size;
	if (size == left) {
		making.index++;
		making.offset = 0;
	}
	return ERR_AGAIN;
}

/* How much of a piece one step maps: large pages are few entries. */
static uint64_t map_chunk(gpa_t gpa, uint64_t size)
{
	uint64_t to_large = (MIB(2) - (gpa & (MIB(2) - 1))) & (MIB(2) - 1);

	if (to_large)
		return MIN(MIN(size, to_large), (uint64_t)SMALL_CHUNK);
	if (size < MIB(2))
		return MIN(size, (uint64_t)SMALL_CHUNK);
	return MIN(ALIGN_DOWN(size, MIB(2)), MIB(256));
}

static int step_guest_memory(void)
{
	const struct memory_piece *piece = &making.pieces[making.index];
	struct partition *part = making.part;
	uint64_t size;
	hpa_t hpa;
	gpa_t gpa;
	int err;

	if (making.index == making.piece_count)
		return ERR_NONE;
	gpa = piece->gpa + making.offset;
	hpa = piece->hpa + making.offset;
	size = map_chunk(gpa, piece->size - making.offset);
	spin_lock(&machine.memory_lock);
	ASSERT(extent_owned(&machine.extents, hpa, size, tag_of(making.slot, false)));
	spin_unlock(&machine.memory_lock);
	err = page_map(&part->nested, gpa, hpa, size, PAGE_READ | PAGE_WRITE | PAGE_EXEC);
	err = err ? err
		  : page_map(&part->space, USER_GUEST_BASE + gpa, hpa, size,
			     PAGE_USER | PAGE_READ | PAGE_WRITE);
	if (err)
		return err;
	making.offset += size;
	if (making.offset == piece->size) {
		making.index++;
		making.offset = 0;
	}
	return ERR_AGAIN;
}

/* A dedicated CPU takes its core with it. */
static bool core_in_plan(unsigned cpu)
{
	for (uint32_t i = 0; i < making.desc.vcpu_count; i++)
		if (core_of(making.plan.cpus[i]) == core_of(cpu))
			return true;
	return false;
}

/* Moves one vCPU off a CPU that becomes somebody's own. True when it is gone. */
static bool evacuate(struct vcpu *v)
{
	unsigned best = 0;

	if (__atomic_load_n(&v->homed, __ATOMIC_SEQ_CST)) {
		vcpu_notify(v, PEND_DETACH);
		cpu_kick(v->cpu);
		return false;
	}
	for (unsigned cpu = 1; cpu < cpu_count(); cpu++)
		if (core_serves_pool(cpu) && !core_in_plan(cpu) &&
		    cpu_of(cpu)->vcpu_count < cpu_of(best)->vcpu_count)
			best = cpu;
	cpu_of(v->cpu)->vcpu_count--;
	cpu_of(best)->vcpu_count++;
	v->cpu = best;
	/* Asked for once more while it left: it is not to leave its new CPU too. */
	vcpu_take(v, PEND_DETACH);
	__atomic_fetch_or(&v->virt.pending, PEND_REARM, __ATOMIC_SEQ_CST);
	sched_attach(v);
	return true;
}

/* Before a dedicated CPU is its owner's, the pool's vCPUs leave it. */
static int step_evacuate(void)
{
	bool busy = false;

	if (!(making.desc.flags & PART_DEDICATED))
		return ERR_NONE;
	for (unsigned slot = 0; slot < MAX_PARTITIONS; slot++) {
		struct partition *part = partitions[slot];

		for (uint32_t i = 0; part && i < part->desc.vcpu_count; i++) {
			struct vcpu *v = part->vcpus[i];

			if (!(part->desc.flags & PART_DEDICATED) && core_in_plan(v->cpu))
				busy |= !evacuate(v);
		}
	}
	return busy ? ERR_AGAIN : ERR_NONE;
}

static void fill_config(struct partition *part)
{
	struct vmm_config *config = part->config;

	str_copy(config->name, sizeof(config->name), part->desc.name);
	config->vcpu_count = part->desc.vcpu_count;
	config->flags = part->desc.flags;
	config->range_count = part->desc.range_count;
	config->image_count = part->desc.image_count;
	config->phys_bits = cpu_features.phys_bits;
	config->ring_size = part->desc.ring_size;
	config->tsc_khz = tsc_khz();
	memcpy(config->ranges, part->desc.ranges, sizeof(config->ranges));
	config->boot = part->desc.boot;
	memcpy(config->cmdline, part->desc.cmdline, sizeof(config->cmdline));
	for (uint32_t i = 0; i < part->desc.image_count; i++) {
		const struct part_image *named = &part->desc.images[i];
		struct machine_image *image = &machine.images[named->image];

		config->images[i].address = image_address(&part->desc, i);
		config->images[i].size = image->size;
		config->images[i].role = named->role;
		config->images[i].text = named->text;
		str_copy(config->images[i].name, NAME_SIZE, image->name);
		image->users++;
	}
}

/* The last step, which cannot fail: from here on the partition exists. */
static int step_publish(void)
{
	struct partition *part = making.part;

	fill_config(part);
	for (uint32_t i = 0; i < part->desc.vcpu_count; i++) {
		struct vcpu *v = part->vcpus[i];

		vcpu_reset(v, 0);
		if (part->desc.flags & PART_DEDICATED) {
			__atomic_store_n(&cpu_of(v->cpu)->owner, part->slot, __ATOMIC_RELAXED);
			core_take(v->cpu, part->desc.flags & PART_SMT_SHARE);
		}
		cpu_of(v->cpu)->vcpu_count++;
	}
	partitions[part->slot] = part;
	for (uint32_t i = 0; i < part->desc.vcpu_count; i++)
		sched_attach(part->vcpus[i]);
	return ERR_NONE;
}

static int (*const steps[])(void) = {
	step_memory,  step_scrub,  step_map_pool,     step_objects,  step_vcpus,
	step_program, step_images, step_guest_memory, step_evacuate, step_publish,
};

static int begin(const struct part_desc *desc)
{
	int err;

	memset(&making, 0, sizeof(making));
	making.desc = *desc;
	err = create_check(&making.desc, &making.plan);
	if (err)
		return err;
	while (making.slot < MAX_PARTITIONS &&
	       (partitions[making.slot] || slots[making.slot].pool_mapped ||
		slots[making.slot].epoch))
		making.slot++;
	if (making.slot == MAX_PARTITIONS)
		return ERR_LIMIT;
	making.under_way = true;
	return ERR_NONE;
}

/* vCPUs that were on their way to another CPU get one. True when none is under way. */
static bool settle(void)
{
	bool settled = true;

	for (unsigned slot = 0; slot < MAX_PARTITIONS; slot++) {
		struct partition *part = partitions[slot];

		for (uint32_t i = 0; part && i < part->desc.vcpu_count; i++) {
			struct vcpu *v = part->vcpus[i];

			if (!__atomic_load_n(&v->homed, __ATOMIC_SEQ_CST))
				(void)evacuate(v);
			else if (vcpu_pending(v) & PEND_DETACH)
				settled = false;
		}
	}
	return settled;
}

/* Undoes what is being made. ERR_AGAIN, then ERR_NONE. */
static int abandon(void)
{
	int err = settle() ? create_undo(making.slot) : ERR_AGAIN;

	if (err == ERR_NONE)
		making.under_way = false;
	return err;
}

int part_create(const struct part_desc *desc)
{
	int err = ERR_NONE;

	/* One that a console left behind when it failed: it is undone before another begins. */
	if (making.under_way && strcmp(desc->name, making.desc.name)) {
		(void)abandon();
		return ERR_AGAIN;
	}
	if (!making.under_way)
		err = begin(desc);
	if (err)
		return err;
	if (!making.failed)
		err = steps[making.step]();
	if (err == ERR_AGAIN)
		return err;
	if (err)
		making.failed = err;
	if (making.failed) {
		err = abandon();
		return err ? err : making.failed;
	}
	making.index = 0;
	making.offset = 0;
	if (++making.step < ARRAY_SIZE(steps))
		return ERR_AGAIN;
	making.under_way = false;
	return (int)making.slot;
}

static void release_users(struct partition *part)
{
	for (uint32_t i = 0; i < part->desc.image_count; i++)
		machine.images[part->desc.images[i].image].users--;
	for (uint32_t i = 0; i < part->desc.vcpu_count; i++) {
		struct cpu *cpu = cpu_of(part->vcpus[i]->cpu);

		cpu->vcpu_count--;
		if (cpu->owner == part->slot) {
			__atomic_store_n(&cpu->owner, CPU_NO_OWNER, __ATOMIC_RELAXED);
			core_release(cpu->number, part->desc.flags & PART_SMT_SHARE);
		}
	}
}

int create_undo(uint32_t slot)
{
	if (slot >= MAX_PARTITIONS)
		return ERR_NOENT;
	if (partitions[slot]) {
		release_users(partitions[slot]);
		partitions[slot] = NULL;
	}
	if (slots[slot].pool_mapped) {
		uint64_t size = MIN(slots[slot].pool_size, POOL_CHUNK_PAGES * PAGE_SIZE);

		/* From its end; never fails, since whole pages are unmapped as they were mapped. */
		slots[slot].pool_size -= size;
		ASSERT(!page_unmap(&kernel_space, part_pool_address(slot) + slots[slot].pool_size,
				   size));
		if (slots[slot].pool_size)
			return ERR_AGAIN;
		slots[slot].pool_mapped = false;
		slots[slot].epoch = cpu_flush_begin();
	}
	if (slots[slot].epoch && !cpu_epoch_reached(slots[slot].epoch))
		return ERR_AGAIN;
	slots[slot].epoch = 0;
	spin_lock(&machine.memory_lock);
	extent_release_slot(&machine.extents, slot);
	spin_unlock(&machine.memory_lock);
	return ERR_NONE;
}

int create_undo_rest(uint32_t slot)
{
	bool being_made = making.under_way && making.slot == slot;

	if (slot >= MAX_PARTITIONS || being_made || (!slots[slot].pool_mapped && !slots[slot].epoch))
		return ERR_NOENT;
	return create_undo(slot);
}

bool create_uses_ring(uint64_t va, uint64_t size)
{
	return making.under_way && making.desc.ring < va + size &&
	       va < making.desc.ring + RING_PAGES(making.desc.ring_size) * PAGE_SIZE;
}

static void reset_vmm(struct partition *part)
{
	const uint64_t now = tsc_read();

	user_image_reset(&vmm_program, part->vmm_data);
	part->pic_line = 0;
	part->deadline = 0;
	part->cpuid_count = 0;
	part->config->start_tsc = now;
	part->config->start_wall = machine_wall_now();
	part->config->tsc_offset = 0 - now;
}

bool part_reset_step(struct partition *part)
{
	struct vcpu *v;

	if (part->reset_count == part->desc.vcpu_count) {
		part->reset_count = 0;
		return true;
	}
	if (!part->reset_count)
		reset_vmm(part);
	v = part->vcpus[part->reset_count++];
	vcpu_reset(v, part->config->tsc_offset);
	return false;
}
