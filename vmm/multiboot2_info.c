/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multiboot2 Specification 2.0, "Boot information format": tags, each at a multiple of 8. What is not here
 * we do not have: BIOS disks, VBE, framebuffer, ELF symbols, APM, EFI, SMBIOS, network.
 */
#include "lib/string.h"
#include "vmm/acpi_writer.h"
#include "vmm/guest_layout.h"
#include "vmm/guest_mem.h"
#include "vmm/loader_multiboot2.h"
#include "vmm/memory_map.h"
#include "vmm/partition.h"

enum info_type {
	INFO_END = 0,
	INFO_CMDLINE = 1,
	INFO_LOADER = 2,
	INFO_MODULE = 3,
	INFO_MEMORY = 4,
	INFO_MAP = 6,
	INFO_RSDP_OLD = 14,
	INFO_RSDP_NEW = 15,
	INFO_LOAD_BASE = 21,
};

struct tag {
	uint32_t type, size;
};

struct map_entry {
	uint64_t start, length;
	uint32_t type, reserved;
};

enum { RSDP_CHECKSUM = 8, RSDP_REVISION = 15, RSDP_OLD_SIZE = 20, RSDP_NEW_SIZE = 36 };
enum { TAG_ALIGN = 8, TAGS = 16 };

static_assert(GUEST_TEXTS + (MAX_PART_IMAGES + 2) * (NAME_SIZE + TAG_ALIGN) + CMDLINE_SIZE +
			      MAX_PART_IMAGES * TEXTS_SIZE +
			      MEMORY_ENTRIES_MAX * sizeof(struct map_entry) + 2 * RSDP_NEW_SIZE +
			      TAGS * (sizeof(struct tag) + TAG_ALIGN) <=
		      GUEST_TEXTS_END,
	      "room for all of it");

/* The tag from begin to *at is complete: its size is known now. */
static void end_tag(gpa_t begin, gpa_t *at, enum info_type type)
{
	const struct tag tag = {type, (uint32_t)(*at - begin)};

	load_put(begin, &tag, sizeof(tag));
	*at = ALIGN_UP(*at, TAG_ALIGN);
}

/* A tag of words and, unless it is NULL, "name text". */
static void put_tag(gpa_t *at, enum info_type type, const void *words, size_t size,
		    const char *name, const char *text)
{
	gpa_t begin = *at;

	*at += sizeof(struct tag);
	load_put(*at, words, size);
	*at += size;
	if (name)
		load_put_text(at, name, text);
	end_tag(begin, at, type);
}

static void put_modules(const struct load_plan *plan, gpa_t *at)
{
	for (unsigned i = 0; i < plan->module_count; i++) {
		const struct load_module *module = &plan->module[i];
		const uint32_t place[2] = {(uint32_t)module->to,
					   (uint32_t)(module->to + module->image->size)};

		put_tag(at, INFO_MODULE, place, sizeof(place), module->image->name,
			load_text_of(module->image));
	}
}

static void put_map(gpa_t *at)
{
	struct memory_entry entries[MEMORY_ENTRIES_MAX];
	unsigned count = memory_map_build(entries);
	const uint32_t form[2] = {sizeof(struct map_entry), 0}; /* version 0 */
	gpa_t begin = *at;

	*at += sizeof(struct tag);
	load_put(*at, form, sizeof(form));
	*at += sizeof(form);
	for (unsigned i = 0; i < count; i++) {
		const struct map_entry entry = {entries[i].start, entries[i].size, entries[i].type,
						0};

		load_put(*at, &entry, sizeof(entry));
		*at += sizeof(entry);
	}
	end_tag(begin, at, INFO_MAP);
}

static uint32_t load_base(const struct load_plan *plan)
{
	gpa_t base = GIB(4) - 1;

	for (unsigned i = 0; i < plan->segment_count; i++)
		base = MIN(base, plan->segment[i].to);
	return (uint32_t)base;
}

/* ACPI 1.0's, which ours begins as: its revision says that no more follows. */
static void put_old_rsdp(const void *rsdp, gpa_t *at)
{
	uint8_t old[RSDP_OLD_SIZE];

	memcpy(old, rsdp, sizeof(old));
	old[RSDP_REVISION] = 0;
	old[RSDP_CHECKSUM] = 0;
	old[RSDP_CHECKSUM] = acpi_checksum(old, sizeof(old));
	put_tag(at, INFO_RSDP_OLD, old, sizeof(old), NULL, NULL);
}

void multiboot2_put(const struct load_plan *plan)
{
	const uint32_t memory[2] = {(uint32_t)(GUEST_EBDA / KIB(1)),
				    (uint32_t)((partition_low_end() - GUEST_HIGH) / KIB(1))};
	const uint32_t base = load_base(plan);
	const void *rsdp = guest_ptr(plan->rsdp, RSDP_NEW_SIZE);
	gpa_t at = GUEST_TEXTS + 2 * sizeof(uint32_t);
	uint32_t size[2] = {0, 0};

	put_tag(&at, INFO_CMDLINE, NULL, 0, plan->kernel->name, partition->cmdline);
	put_tag(&at, INFO_LOADER, NULL, 0, "Freehold", NULL);
	put_modules(plan, &at);
	put_tag(&at, INFO_MEMORY, memory, sizeof(memory), NULL, NULL);
	put_map(&at);
	put_old_rsdp(rsdp, &at);
	put_tag(&at, INFO_RSDP_NEW, rsdp, RSDP_NEW_SIZE, NULL, NULL);
	put_tag(&at, INFO_LOAD_BASE, &base, sizeof(base), NULL, NULL);
	put_tag(&at, INFO_END, NULL, 0, NULL, NULL);
	size[0] = (uint32_t)(at - GUEST_TEXTS);
	load_put(GUEST_TEXTS, size, sizeof(size));
}
