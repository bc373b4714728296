/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns the loader's map into extents: firmware, kernel, images, heap; the rest is free and dirty. */
#include "kernel/memory.h"

#include "boot/boot_info.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/panic.h"
#include "lib/copy.h"

enum {
	EXTENT_CAPACITY = 4096,
	LOW_END = 1 << 20,
	LOW_RAM_END = 0xa0000,
};

#define HEAP_SMALL	MIB(8)
#define HEAP_LARGE	MIB(32) /* on machines with many CPUs, which have the memory */
#define HEAP_LARGE_FROM GIB(8)

static struct extent storage[EXTENT_CAPACITY];
static hpa_t trampoline;
static struct memory_heap kernel_region;

static const struct extent_tag kernel_tag = {.owner = OWNER_KERNEL};
static const struct extent_tag image_tag = {.owner = OWNER_IMAGE};

static void add_ranges(const struct boot_info *info)
{
	unsigned lost = 0;

	for (uint32_t i = 0; i < info->range_count; i++) {
		const struct boot_range *range = &info->ranges[i];
		enum extent_owner owner = range->kind == BOOT_RAM ? OWNER_FREE : OWNER_FIRMWARE;

		lost += extent_add(&machine.extents, range->start, range->end, owner) != ERR_NONE;
	}
	if (lost)
		log_print(LOG_WARNING, "memory: %u ranges of the map are not used", lost);
}

/*
 * Below 1 MiB everything is the kernel's: firmware still has a hand in it, and CPUs start there. Page by
 * page, because GRUB puts small modules there on UEFI. Page 0 is not RAM to us (boot/memmap.c).
 */
static void take_low(void)
{
	for (hpa_t page = PAGE_SIZE; page < LOW_END; page += PAGE_SIZE) {
		if (extent_carve(&machine.extents, page, page + PAGE_SIZE, kernel_tag))
			continue;
		/* The highest that there is, away from what the firmware uses at the bottom. */
		if (page < LOW_RAM_END)
			trampoline = page;
	}
}

static void take_module(const struct boot_module *module, struct machine_image *image)
{
	hpa_t end = ALIGN_UP(module->start + module->size, PAGE_SIZE);

	if (extent_carve(&machine.extents, module->start, end, image_tag)) {
		log_print(LOG_ERROR, "image %s: its memory is not free: not used", module->name);
		return;
	}
	str_copy(image->name, sizeof(image->name), module->name);
	image->start = module->start;
	image->size = module->size;
}

static void take_modules(const struct boot_info *info)
{
	for (uint32_t i = 0; i < info->module_count && machine.image_count < MAX_IMAGES; i++) {
		struct machine_image *image = &machine.images[machine.image_count];

		take_module(&info->modules[i], image);
		machine.image_count += image->size != 0;
	}
	if (info->has_config)
		take_module(&info->config, &machine.config);
}

/* The rest of each image's last page reads as zero, whatever the loader left there. Identity-mapped still. */
static void zero_tail(const struct machine_image *image)
{
	hpa_t end = image->start + image->size;

	for (hpa_t at = end; at & PAGE_MASK; at++)
		*(volatile uint8_t *)at = 0;
}

static struct memory_heap take_heap(void)
{
	uint64_t free = extent_totals(&machine.extents).free;
	struct extent_request request = {
		.size = free >= HEAP_LARGE_FROM ? HEAP_LARGE : HEAP_SMALL,
		.align = MIB(2),
		.below = GIB(4),
		.tag = kernel_tag,
		.whole = true,
	};
	struct extent_grant grant;

	if (extent_alloc(&machine.extents, &request, &grant))
		panic("no %lu MiB of free memory below 4 GiB in one piece", request.size >> 20);
	return (struct memory_heap){grant.start, grant.size};
}

struct memory_heap memory_init(const struct boot_info *info)
{
	extent_map_init(&machine.extents, storage, EXTENT_CAPACITY);
	add_ranges(info);
	if (extent_carve(&machine.extents, info->kernel_start, info->kernel_end, kernel_tag))
		panic("the kernel's own image is not in free memory");
	take_modules(info);
	take_low();
	for (uint32_t i = 0; i < machine.image_count; i++)
		zero_tail(&machine.images[i]);
	zero_tail(&machine.config);
	kernel_region = take_heap();
	return kernel_region;
}

hpa_t memory_trampoline(void)
{
	return trampoline;
}

void memory_log(void)
{
	struct extent_totals totals = extent_totals(&machine.extents);

	log_print(LOG_INFO, "memory: %lu KiB of RAM, %lu KiB free, kernel region at 0x%lx",
		  totals.ram >> 10, totals.free >> 10, kernel_region.start);
	for (uint32_t i = 0; i < machine.image_count; i++)
		log_print(LOG_INFO, "image %s: %lu bytes at 0x%lx", machine.images[i].name,
			  machine.images[i].size, machine.images[i].start);
	if (!machine.config.size)
		log_print(LOG_WARNING, "no module named freehold.conf: no configuration");
}
