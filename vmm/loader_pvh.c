/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PVH boot protocol for ELF files (Xen's docs/misc/pvh.pandoc, "x86/HVM direct boot ABI", and
 * public/arch-x86/hvm/start_info.h): a 32-bit entry with EBX = hvm_start_info.
 */
#include "lib/string.h"
#include "vmm/guest_layout.h"
#include "vmm/guest_mem.h"
#include "vmm/loader_elf.h"
#include "vmm/memory_map.h"
#include "vmm/partition.h"

#define START_MAGIC 0x336ec578u

struct start_info {
	uint32_t magic, version, flags, module_count;
	uint64_t modules, cmdline, rsdp, memory_map;
	uint32_t memory_map_count, reserved;
};

struct start_module {
	uint64_t start, size, cmdline, reserved;
};

struct start_memory {
	uint64_t start, size;
	uint32_t type, reserved;
};

static_assert(sizeof(struct start_info) == 56, "version 1");
static_assert(sizeof(struct start_module) == 32 && sizeof(struct start_memory) == 24, "version 1");

/* Both lists stand in the page at GUEST_MODULES. */
#define MEMORY_MAP (GUEST_MODULES + MAX_PART_IMAGES * sizeof(struct start_module))
static_assert(MEMORY_MAP + MEMORY_ENTRIES_MAX * sizeof(struct start_memory) <=
		      GUEST_MODULES + PAGE_SIZE,
	      "one page");

static bool match(const struct vmm_image *image)
{
	uint64_t entry;
	struct elf elf;

	return !elf_open(image, &elf) && elf_pvh_entry(&elf, &entry);
}

/* An ELF that is none that is loaded, or a kernel without the note. */
static const char *almost(const struct vmm_image *image)
{
	const char *why;
	struct elf elf;

	if (!elf_has_mark(image))
		return NULL;
	why = elf_open(image, &elf);
	return why ? why : "it is an ELF file without a PVH note (Linux: CONFIG_PVH)";
}

static const char *plan_elf(struct load_plan *plan)
{
	const char *why;
	uint64_t entry;
	struct elf elf;

	why = elf_open(plan->kernel, &elf);
	if (!why)
		why = elf_plan(&elf, plan);
	if (why)
		return why;
	if (!elf_pvh_entry(&elf, &entry) || entry >= GIB(4) || !load_in_segment(plan, entry))
		return "the PVH entry is in no segment below 4 GiB";
	plan->entry = (struct boot_entry){.rip = entry, .rbx = GUEST_BOOT_INFO};
	return NULL;
}

static void put_modules(const struct load_plan *plan)
{
	gpa_t texts = GUEST_TEXTS;

	for (unsigned i = 0; i < plan->module_count; i++) {
		struct start_module module = {
			.start = plan->module[i].to,
			.size = plan->module[i].image->size,
		};
		const char *text = load_text_of(plan->module[i].image);

		if (text[0])
			module.cmdline = load_put_text(&texts, NULL, text);
		load_put(GUEST_MODULES + i * sizeof(module), &module, sizeof(module));
	}
}

static unsigned put_memory_map(void)
{
	struct memory_entry entries[MEMORY_ENTRIES_MAX];
	unsigned count = memory_map_build(entries);

	for (unsigned i = 0; i < count; i++) {
		struct start_memory entry = {entries[i].start, entries[i].size, entries[i].type, 0};

		load_put(MEMORY_MAP + i * sizeof(entry), &entry, sizeof(entry));
	}
	return count;
}

static void finish(const struct load_plan *plan)
{
	struct start_info info = {
		.magic = START_MAGIC,
		.version = 1,
		.module_count = plan->module_count,
		.modules = plan->module_count ? GUEST_MODULES : 0,
		.cmdline = GUEST_CMDLINE,
		.rsdp = plan->rsdp,
		.memory_map = MEMORY_MAP,
	};

	load_put(GUEST_CMDLINE, partition->cmdline, sizeof(partition->cmdline));
	put_modules(plan);
	info.memory_map_count = put_memory_map();
	load_put(GUEST_BOOT_INFO, &info, sizeof(info));
}

const struct load_format load_pvh = {
	.protocol = BOOT_PVH,
	.mismatch = "it is no ELF file with a PVH note: boot=pvh",
	.match = match,
	.almost = almost,
	.plan = plan_elf,
	.finish = finish,
};
