/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux/x86 boot protocol, "64-bit Boot Protocol" and, for a kernel without that entry, "32-bit
 * Boot Protocol" (Documentation/arch/x86/boot.rst): checks the setup header of a bzImage and fills in
 * the boot_params page.
 */
#include "lib/linux_header.h"
#include "lib/string.h"
#include "vmm/guest_layout.h"
#include "vmm/guest_mem.h"
#include "vmm/loader_plan.h"
#include "vmm/memory_map.h"
#include "vmm/partition.h"

enum { HEADER_ROOM = 0x290, SECTOR = 512, ENTRY_64 = 0x200, LOADER_UNREGISTERED = 0xff };

/* The header ends where the jump over it leads to. */
#define HEADER_END(jump_offset) (0x202u + (jump_offset))

/* "The Zero Page" (Documentation/arch/x86/zero-page.rst): offsets of what a loader fills in. */
enum { BOOT_ACPI_RSDP = 0x70, BOOT_E820_ENTRIES = 0x1e8, BOOT_E820_TABLE = 0x2d0 };

struct e820_entry {
	uint64_t start, size;
	uint32_t type;
} __attribute__((packed));

static_assert(sizeof(struct e820_entry) == 20, "the protocol's size");

static bool match(const struct vmm_image *image)
{
	uint32_t magic;

	/* No more: one that is cut off behind it is to be called that, and no boot sector. */
	return load_image_read(image, LINUX_MAGIC_AT, &magic, sizeof(magic)) && magic == LINUX_MAGIC;
}

static const char *check_header(const struct linux_header *header)
{
	if (header->version < LINUX_VERSION_PLACE)
		return load_refuse(
			"a Linux kernel with a boot protocol older than 2.10 is not supported: %u.%02u",
			header->version >> 8, header->version & 0xff);
	if (HEADER_END(header->jump_offset) < 0x264)
		return "the setup header is shorter than its version says";
	if (!(header->loadflags & LINUX_LOADED_HIGH))
		return "a zImage, which is loaded low, is not supported";
	if (!linux_alignment_is_valid(header))
		return load_refuse("kernel_alignment is not a power of two: %Xh",
				   header->kernel_alignment);
	if (header->pref_address & PAGE_MASK)
		return load_refuse("pref_address is not page-aligned: %lXh", header->pref_address);
	if (strnlen(partition->cmdline, CMDLINE_SIZE) > MIN(header->cmdline_size, CMDLINE_SIZE - 1u))
		return "the command line is longer than the kernel takes";
	return NULL;
}

static const char *refuse_size(const struct load_plan *plan, gpa_t to, uint64_t size)
{
	return load_refuse("the kernel does not fit into the partition's memory: %lu MiB at %lXh%s",
			   ALIGN_UP(size, MIB(1)) / MIB(1), to, load_remedy(plan, to, size));
}

/*
 * Both entries take boot_params in RSI. The 32-bit one, at the kernel's first byte, wants EBX, EBP and
 * EDI to be zero, flat segments and no paging.
 */
static const char *plan_entry(struct load_plan *plan, const struct linux_header *header, gpa_t to)
{
	/* "64-bit Boot Protocol": it is mapped where it is, and our page tables end there. */
	if (to >= GIB(4) || header->init_size > GIB(4) - to)
		return "a kernel has to be below 4 GiB";
	if (linux_has_64_bit_entry(header))
		plan->entry = (struct boot_entry){
			.mode = ENTRY_LONG, .rip = to + ENTRY_64, .rsi = GUEST_BOOT_INFO};
	else
		plan->entry = (struct boot_entry){.rip = to, .rsi = GUEST_BOOT_INFO};
	return NULL;
}

static const char *plan_kernel(struct load_plan *plan)
{
	struct linux_header header;
	uint64_t setup, file;
	const char *why;
	gpa_t to;

	if (!load_image_read(plan->kernel, LINUX_HEADER_AT, &header, sizeof(header)))
		return "the file is cut off";
	if (header.boot_flag != 0xaa55)
		return load_refuse("the setup header's boot_flag is %Xh, not AA55h",
				   header.boot_flag);
	why = check_header(&header);
	if (why)
		return why;
	setup = ((header.setup_sects ? header.setup_sects : 4) + 1u) * SECTOR;
	file = (uint64_t)header.syssize * 16;
	if (setup >= plan->kernel->size || file > ALIGN_UP(plan->kernel->size - setup, 16))
		return "the file is cut off";
	file = MIN(file, plan->kernel->size - setup);
	if (file <= ENTRY_64 || header.init_size < file)
		return load_refuse("init_size or syssize is wrong: %Xh and %Xh", header.init_size,
				   header.syssize);
	plan->module_limit = (uint64_t)header.initrd_addr_max + 1;
	/* Loaded lower, it would move there all the same, over what stands there. */
	to = linux_runtime_start(&header);
	if (to < GUEST_HIGH || !guest_ptr(to, header.init_size))
		return refuse_size(plan, to, header.init_size);
	why = plan_entry(plan, &header, to);
	if (why)
		return why;
	if (plan->kernel->size - setup > header.init_size)
		return load_add_segment(plan, setup, file, to, header.init_size);
	/* What follows syssize (a signature) is harmless, and some kernels look for it. */
	return load_add_segment(plan, setup, plan->kernel->size - setup, to, header.init_size);
}

static void put_e820(uint8_t *params)
{
	struct memory_entry entries[MEMORY_ENTRIES_MAX];
	unsigned count = memory_map_build(entries);

	params[BOOT_E820_ENTRIES] = (uint8_t)count;
	for (unsigned i = 0; i < count; i++) {
		struct e820_entry entry = {entries[i].start, entries[i].size, entries[i].type};

		memcpy(params + BOOT_E820_TABLE + i * sizeof(entry), &entry, sizeof(entry));
	}
}

static void put_initrd(const struct load_plan *plan, struct linux_header *header)
{
	for (unsigned i = 0; i < plan->module_count; i++) {
		const struct load_module *module = &plan->module[i];

		if (module->image->role == IMAGE_INITRD) {
			header->ramdisk_image = (uint32_t)module->to;
			header->ramdisk_size = (uint32_t)module->image->size;
			return;
		}
	}
}

static void put_header(const struct load_plan *plan, uint8_t *params)
{
	const uint8_t *image = (const uint8_t *)(uintptr_t)plan->kernel->address;
	struct linux_header header;

	memcpy(&header, image + LINUX_HEADER_AT, sizeof(header));
	/* "the size of the setup header": what is beyond belongs to fields that we do not know. */
	memcpy(params + LINUX_HEADER_AT, image + LINUX_HEADER_AT,
	       MIN(HEADER_END(header.jump_offset), (size_t)HEADER_ROOM) - LINUX_HEADER_AT);
	header.type_of_loader = LOADER_UNREGISTERED;
	header.cmd_line_ptr = (uint32_t)GUEST_CMDLINE;
	put_initrd(plan, &header);
	memcpy(params + LINUX_HEADER_AT, &header, offsetof(struct linux_header, handover_offset));
}

static void finish(const struct load_plan *plan)
{
	uint8_t *params = guest_ptr(GUEST_BOOT_INFO, PAGE_SIZE);

	memset(params, 0, PAGE_SIZE);
	load_put(GUEST_CMDLINE, partition->cmdline, sizeof(partition->cmdline));
	put_header(plan, params);
	memcpy(params + BOOT_ACPI_RSDP, &plan->rsdp, sizeof(plan->rsdp));
	put_e820(params);
}

const struct load_format load_linux = {
	.protocol = BOOT_LINUX,
	.mismatch = "it is no Linux bzImage: boot=linux",
	.match = match,
	.plan = plan_kernel,
	.finish = finish,
};
