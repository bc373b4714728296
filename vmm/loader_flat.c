/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images without a format: a boot sector, entered as a BIOS enters it, and a flat binary at the address
 * that the operator gives, entered in the state of Multiboot 1.
 */
#include "vmm/guest_layout.h"
#include "vmm/guest_mem.h"
#include "vmm/loader_plan.h"
#include "vmm/partition.h"

enum { SECTOR = 512, MARK_AT = 510, MARK = 0xaa55, SECTOR_TO = 0x7c00, FIRST_DISK = 0x80 };

static bool match_sector(const struct vmm_image *image)
{
	uint16_t mark;

	return load_image_read(image, MARK_AT, &mark, sizeof(mark)) && mark == MARK;
}

/* All of the image: there is no disk from which it could read the rest of itself. */
static const char *plan_sector(struct load_plan *plan)
{
	plan->floor = SECTOR_TO;
	plan->entry = (struct boot_entry){
		.mode = ENTRY_REAL, .rip = SECTOR_TO, .rsp = SECTOR_TO, .rdx = FIRST_DISK};
	if (plan->kernel->size > GUEST_EBDA - SECTOR_TO)
		return load_refuse(
			"it begins with a boot sector, but has %lu KiB, and 608 KiB fit below 9FC00h; "
			"there is no disk that it could be",
			ALIGN_UP(plan->kernel->size, KIB(1)) / KIB(1));
	return load_add_segment(plan, 0, plan->kernel->size, SECTOR_TO, plan->kernel->size);
}

const struct load_format load_sector = {
	.protocol = BOOT_SECTOR,
	.mismatch = "its first 512 bytes do not end in 55h, AAh: boot=sector",
	.match = match_sector,
	.plan = plan_sector,
};

static bool match_flat(const struct vmm_image *image)
{
	(void)image;
	return partition->boot.protocol == BOOT_FLAT;
}

static const char *plan_flat(struct load_plan *plan)
{
	const struct part_boot *boot = &partition->boot;
	const char *why;

	plan->floor = GUEST_LOW;
	plan->low_end = GUEST_TEXTS;
	why = load_add_segment(plan, 0, plan->kernel->size, boot->load, plan->kernel->size);
	if (why)
		return why;
	if (boot->entry >= GIB(4) || !load_in_segment(plan, boot->entry))
		return "entry= is not inside of the image, or not below 4 GiB";
	plan->entry = (struct boot_entry){
		.rip = boot->entry,
		.rax = LOAD_MULTIBOOT_MAGIC,
		.rbx = GUEST_BOOT_INFO,
		.idt_limit = REAL_IDT_LIMIT,
	};
	return NULL;
}

static void finish_flat(const struct load_plan *plan)
{
	load_multiboot.finish(plan);
}

const struct load_format load_flat = {
	.protocol = BOOT_FLAT,
	.match = match_flat,
	.plan = plan_flat,
	.finish = finish_flat,
};
