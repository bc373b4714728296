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
		return "it begins with a boot sector, but is larger than fits below 9FC00h; there is no disk "
		       "that it could be";
	return load_add_segment(plan, 0, plan->kernel->size, SECTOR_TO, plan->kernel->size);
}

/*
 * There is no BIOS. An INT that asks for one answers "function not supported" as PC BIOSes do (AH = 86h,
 * CF = 1), an interrupt of the 8259s ends itself.
 */
enum { VECTORS = 256, STUBS = 0xff00, SOFT = STUBS, HARD = STUBS + 16, BIOS_SEGMENT = 0xf000 };

static const uint8_t soft_stub[] = {
	0xb4, 0x86,	  /* mov $0x86, %ah */
	0xf9,		  /* stc */
	0xca, 0x02, 0x00, /* lret $2: the flags stay */
};
static const uint8_t hard_stub[] = {
	0x50,	    /* push %ax */
	0xb0, 0x20, /* mov $0x20, %al: a non-specific EOI */
	0xe6, 0xa0, /* out %al, $0xa0 */
	0xe6, 0x20, /* out %al, $0x20 */
	0x58,	    /* pop %ax */
	0xcf,	    /* iret */
};

static bool is_hard(unsigned vector)
{
	return (vector >= 0x08 && vector < 0x10) || (vector >= 0x70 && vector < 0x78);
}

static void finish_sector(const struct load_plan *plan)
{
	(void)plan;
	for (unsigned i = 0; i < VECTORS; i++) {
		const uint16_t vector[2] = {is_hard(i) ? HARD : SOFT, BIOS_SEGMENT};

		load_put(i * sizeof(vector), vector, sizeof(vector));
	}
	load_put(GUEST_BIOS + SOFT, soft_stub, sizeof(soft_stub));
	load_put(GUEST_BIOS + HARD, hard_stub, sizeof(hard_stub));
}

const struct load_format load_sector = {
	.protocol = BOOT_SECTOR,
	.mismatch = "its first 512 bytes do not end in 55h, AAh: boot=sector",
	.match = match_sector,
	.plan = plan_sector,
	.finish = finish_sector,
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
		.rip = boot->entry, .rax = LOAD_MULTIBOOT_MAGIC, .rbx = GUEST_BOOT_INFO};
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
