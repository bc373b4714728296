/* SPDX-License-Identifier: BSD-2-Clause */
/* A partition's VMM: its objects, its space and what it is told, at creation and when it begins anew. */
#include "kernel/creation.h"

#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/kernel_space.h"
#include "drivers/tsc.h"
#include "kernel/console.h"
#include "kernel/machine.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "lib/copy.h"
#include "lib/string.h"

extern const uint8_t vmm_image_start[], vmm_image_end[];

enum { LAPIC_TICK_KHZ = 1000000 };

static_assert(sizeof(struct vmm_config) <= PAGE_SIZE, "create_step_program maps one page");

static uint64_t serials; /* given out */

struct user_image vmm_program;

void create_init(void)
{
	user_image_parse(vmm_image_start, vmm_image_end, &vmm_program);
	machine.vmm_entry = vmm_program.entry;
}

static void *pool_pages(struct partition *part, uint64_t bytes)
{
	void *block = page_pool_alloc_block(&part->pool, ALIGN_UP(bytes, PAGE_SIZE) / PAGE_SIZE);

	ASSERT(block); /* the plan counted it */
	return block;
}

int create_step_objects(void)
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

int create_step_vcpus(void)
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

int create_step_program(void)
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

int create_step_images(void)
{
	const struct machine_image *image;
	uint64_t size, left;
	int err;

	if (making.index == making.desc.image_count)
		return ERR_NONE;
	image = &machine.images[making.desc.images[making.index].image];
	left = ALIGN_UP(image->size, PAGE_SIZE) - making.offset;
	size = MIN(left, (uint64_t)CREATION_SMALL_CHUNK);
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

void create_fill_config(struct partition *part)
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
