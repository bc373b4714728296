/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multiboot 1 (Multiboot Specification 0.6.96): ELF files with a Multiboot header, and any file
 * whose header gives the addresses itself.
 */
#include "lib/string.h"
#include "vmm/guest_layout.h"
#include "vmm/guest_mem.h"
#include "vmm/loader_elf.h"
#include "vmm/memory_map.h"
#include "vmm/partition.h"

#define HEADER_MAGIC 0x1badb002u

enum { HEADER_SEARCH = 8192, HEADER_ALIGN = 4 };

/* Header flags: 0 to 15 must be understood, or the image must not be loaded. */
enum { ALIGN_MODULES = 1 << 0, WANT_MEMORY = 1 << 1, HAS_ADDRESSES = 1 << 16 };
enum { MUST_KNOW = 0xffff };

/* "Header magic fields" */
struct mark {
	uint32_t magic, flags, checksum;
};

struct header {
	struct mark mark;
	uint32_t header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
};

/* "Boot information format": what is there is told by flags. */
enum {
	INFO_MEMORY = 1 << 0,
	INFO_CMDLINE = 1 << 2,
	INFO_MODULES = 1 << 3,
	INFO_MAP = 1 << 6,
	INFO_LOADER = 1 << 9
};

struct information {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4];
	uint32_t mmap_length, mmap_addr, drives_length, drives_addr, config_table, loader_name;
};

struct module {
	uint32_t start, end, text, reserved;
};

struct map_entry {
	uint32_t size; /* of what follows */
	uint64_t start, length;
	uint32_t type;
} __attribute__((packed));

#define MEMORY_MAP (GUEST_MODULES + MAX_PART_IMAGES * sizeof(struct module))
static_assert(MEMORY_MAP + MEMORY_ENTRIES_MAX * sizeof(struct map_entry) <= GUEST_MODULES + PAGE_SIZE,
	      "one page");

static_assert(GUEST_TEXTS + (MAX_PART_IMAGES + 2) * NAME_SIZE + CMDLINE_SIZE +
			      MAX_PART_IMAGES * TEXTS_SIZE <=
		      GUEST_TEXTS_END,
	      "room for all texts");

/* The first one at *at or behind it: 4-byte aligned, and all of it in the first 8 KiB. */
static bool find_mark(const struct vmm_image *image, uint64_t *at, struct mark *mark)
{
	for (; *at <= HEADER_SEARCH - sizeof(*mark); *at += HEADER_ALIGN) {
		if (!load_image_read(image, *at, mark, sizeof(*mark)))
			return false;
		if (mark->magic == HEADER_MAGIC)
			return true;
	}
	return false;
}

/* The checksum that goes with the rest of it. */
static uint32_t checksum(const struct mark *mark)
{
	return 0 - (mark->magic + mark->flags);
}

static bool find_header(const struct vmm_image *image, struct header *header, uint64_t *offset)
{
	struct mark mark;

	for (uint64_t at = 0; find_mark(image, &at, &mark); at += HEADER_ALIGN) {
		if (mark.checksum != checksum(&mark))
			continue;
		memset(header, 0, sizeof(*header));
		header->mark = mark;
		*offset = at;
		return !(header->mark.flags & HAS_ADDRESSES) ||
		       load_image_read(image, at, header, sizeof(*header));
	}
	return false;
}

static bool match(const struct vmm_image *image)
{
	struct header header;
	uint64_t offset;

	return find_header(image, &header, &offset);
}

/* The mark stands there, but not all that belongs to it, or it is wrong. */
static const char *almost(const struct vmm_image *image)
{
	struct mark mark;
	uint64_t at = 0;

	if (!find_mark(image, &at, &mark))
		return NULL;
	if (mark.checksum == checksum(&mark))
		return load_refuse("the Multiboot header at %lXh of the file is cut off", at);
	return load_refuse(
		"the checksum of the Multiboot header at %lXh of the file is wrong: %Xh, and not %Xh",
		at, mark.checksum, checksum(&mark));
}

/* "The address fields of Multiboot header" */
static const char *plan_addresses(struct load_plan *plan, const struct header *header,
				  uint64_t offset)
{
	const struct load_addresses addresses = {header->header_addr, header->load_addr,
						 header->load_end_addr, header->bss_end_addr};

	plan->entry.rip = header->entry_addr;
	return load_add_addressed(plan, offset, &addresses);
}

static const char *plan_image(struct load_plan *plan)
{
	struct header header;
	const char *why;
	uint64_t offset;

	if (!find_header(plan->kernel, &header, &offset))
		return "the Multiboot header is cut off";
	if (header.mark.flags & MUST_KNOW & ~(uint32_t)(ALIGN_MODULES | WANT_MEMORY))
		return load_refuse(
			"the Multiboot header demands what there is not (a video mode?): its flags are %Xh",
			header.mark.flags);
	plan->floor = GUEST_LOW;
	plan->low_end = GUEST_TEXTS;
	plan->entry = (struct boot_entry){
		.rax = LOAD_MULTIBOOT_MAGIC, .rbx = GUEST_BOOT_INFO, .idt_limit = REAL_IDT_LIMIT};
	why = header.mark.flags & HAS_ADDRESSES ? plan_addresses(plan, &header, offset)
						: elf_plan_image(plan);
	if (!why && (plan->entry.rip >= GIB(4) || !load_in_segment(plan, plan->entry.rip)))
		return "the Multiboot entry is in no segment below 4 GiB";
	return why;
}

static void put_modules(const struct load_plan *plan, struct information *info, gpa_t *texts)
{
	for (unsigned i = 0; i < plan->module_count; i++) {
		const struct vmm_image *image = plan->module[i].image;
		uint64_t to = plan->module[i].to;
		struct module module = {
			.start = (uint32_t)to,
			.end = (uint32_t)(to + image->size),
			.text = (uint32_t)load_put_text(texts, image->name, load_text_of(image)),
		};

		load_put(GUEST_MODULES + i * sizeof(module), &module, sizeof(module));
	}
	info->mods_count = plan->module_count;
	info->mods_addr = (uint32_t)GUEST_MODULES;
}

static void put_memory(struct information *info)
{
	struct memory_entry entries[MEMORY_ENTRIES_MAX];
	unsigned count = memory_map_build(entries);

	for (unsigned i = 0; i < count; i++) {
		struct map_entry entry = {
			.size = sizeof(entry) - sizeof(entry.size),
			.start = entries[i].start,
			.length = entries[i].size,
			.type = entries[i].type,
		};

		load_put(MEMORY_MAP + i * sizeof(entry), &entry, sizeof(entry));
	}
	info->mmap_length = (uint32_t)(count * sizeof(struct map_entry));
	info->mmap_addr = (uint32_t)MEMORY_MAP;
	info->mem_lower = (uint32_t)(GUEST_EBDA / KIB(1));
	info->mem_upper = (uint32_t)((partition_low_end() - GUEST_HIGH) / KIB(1));
}

/*
 * The command line and a module's text begin with the image's name, as with GRUB Legacy and QEMU: guests
 * take the first word for that, unless the loader calls itself GRUB 2.
 */
static void finish(const struct load_plan *plan)
{
	gpa_t texts = GUEST_TEXTS;
	struct information info = {
		.flags = INFO_MEMORY | INFO_CMDLINE | INFO_MODULES | INFO_MAP | INFO_LOADER,
	};

	info.loader_name = (uint32_t)load_put_text(&texts, "Freehold", NULL);
	info.cmdline = (uint32_t)load_put_text(&texts, plan->kernel->name, partition->cmdline);
	put_modules(plan, &info, &texts);
	put_memory(&info);
	load_put(GUEST_BOOT_INFO, &info, sizeof(info));
}

const struct load_format load_multiboot = {
	.protocol = BOOT_MULTIBOOT,
	.mismatch = "it has no Multiboot header: boot=multiboot",
	.match = match,
	.almost = almost,
	.plan = plan_image,
	.finish = finish,
};
