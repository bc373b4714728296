/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux/x86 boot protocol, "64-bit Boot Protocol" and, for a kernel without that entry, "32-bit
 * Boot Protocol" (Documentation/arch/x86/boot.rst): checks the setup header of a bzImage and fills in
 * the boot_params page.
 */
#include "lib/string.h"
#include "vmm/guest_layout.h"
#include "vmm/guest_mem.h"
#include "vmm/loader_plan.h"
#include "vmm/memory_map.h"
#include "vmm/partition.h"

/* "The Real-Mode Kernel Header", from its first byte at 1F1h. */
struct setup_header {
	uint8_t setup_sects;
	uint16_t root_flags;
	uint32_t syssize; /* the protected-mode part, in 16 bytes */
	uint16_t ram_size, vid_mode, root_dev;
	uint16_t boot_flag;
	uint8_t jump, jump_offset;
	uint32_t header;
	uint16_t version;
	uint32_t realmode_swtch;
	uint16_t start_sys_seg, kernel_version;
	uint8_t type_of_loader, loadflags;
	uint16_t setup_move_size;
	uint32_t code32_start, ramdisk_image, ramdisk_size, bootsect_kludge;
	uint16_t heap_end_ptr;
	uint8_t ext_loader_ver, ext_loader_type;
	uint32_t cmd_line_ptr, initrd_addr_max, kernel_alignment;
	uint8_t relocatable_kernel, min_alignment;
	uint16_t xloadflags;
	uint32_t cmdline_size, hardware_subarch;
	uint64_t hardware_subarch_data;
	uint32_t payload_offset, payload_length;
	uint64_t setup_data, pref_address;
	uint32_t init_size, handover_offset, kernel_info_offset;
} __attribute__((packed));

enum { SETUP_OFFSET = 0x1f1, HEADER_ROOM = 0x290, SECTOR = 512 };
enum { LOADED_HIGH = 1 << 0, XLF_KERNEL_64 = 1 << 0, ENTRY_64 = 0x200, LOADER_UNREGISTERED = 0xff };

static_assert(offsetof(struct setup_header, header) == 0x202 - SETUP_OFFSET, "HdrS");
static_assert(offsetof(struct setup_header, xloadflags) == 0x236 - SETUP_OFFSET, "xloadflags");
static_assert(offsetof(struct setup_header, init_size) == 0x260 - SETUP_OFFSET, "init_size");

/* The header ends where the jump over it leads to. */
#define HEADER_END(jump_offset) (0x202u + (jump_offset))
#define HEADER_MAGIC		0x53726448u /* "HdrS" */
#define VERSION_PLACE		0x020a	    /* 2.10: pref_address and init_size */
#define VERSION_64		0x020c	    /* 2.12: xloadflags, and with it the 64-bit entry */

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
	return load_image_read(image, SETUP_OFFSET + offsetof(struct setup_header, header), &magic,
			       sizeof(magic)) &&
	       magic == HEADER_MAGIC;
}

static bool has_64_bit_entry(const struct setup_header *header)
{
	return header->version >= VERSION_64 && (header->xloadflags & XLF_KERNEL_64);
}

static const char *check_header(const struct setup_header *header)
{
	if (header->version < VERSION_PLACE)
		return load_refuse(
			"a Linux kernel with a boot protocol older than 2.10 is not supported: %u.%02u",
			header->version >> 8, header->version & 0xff);
	if (HEADER_END(header->jump_offset) < 0x264)
		return "the setup header is shorter than its version says";
	if (!(header->loadflags & LOADED_HIGH))
		return "a zImage, which is loaded low, is not supported";
	if (header->kernel_alignment < PAGE_SIZE ||
	    (header->kernel_alignment & (header->kernel_alignment - 1)))
		return load_refuse("kernel_alignment is not a power of two: %Xh",
				   header->kernel_alignment);
	if (header->pref_address & PAGE_MASK)
		return load_refuse("pref_address is not page-aligned: %lXh", header->pref_address);
	if (strnlen(partition->cmdline, CMDLINE_SIZE) > MIN(header->cmdline_size, CMDLINE_SIZE - 1u))
		return "the command line is longer than the kernel takes";
	return NULL;
}

/* Where the kernel prefers to be, else the lowest place that its alignment allows; 0: nowhere. */
static gpa_t choose_place(const struct setup_header *header, uint64_t size)
{
	gpa_t lowest = ALIGN_UP(GUEST_HIGH, header->kernel_alignment);

	if (header->pref_address >= GUEST_HIGH && guest_ptr(header->pref_address, size))
		return header->pref_address;
	return header->relocatable_kernel && guest_ptr(lowest, size) ? lowest : 0;
}

/*
 * Both entries take boot_params in RSI. The 32-bit one, at the kernel's first byte, wants EBX, EBP and
 * EDI to be zero, flat segments and no paging.
 */
static const char *plan_entry(struct load_plan *plan, const struct setup_header *header, gpa_t to)
{
	if (has_64_bit_entry(header)) {
		plan->entry = (struct boot_entry){
			.mode = ENTRY_LONG, .rip = to + ENTRY_64, .rsi = GUEST_BOOT_INFO};
		return NULL;
	}
	if (to >= GIB(4) || header->init_size > GIB(4) - to)
		return "a kernel without the 64-bit entry has to be below 4 GiB";
	plan->entry = (struct boot_entry){.rip = to, .rsi = GUEST_BOOT_INFO};
	return NULL;
}

static const char *plan_kernel(struct load_plan *plan)
{
	struct setup_header header;
	uint64_t setup, file;
	const char *why;
	gpa_t to;

	if (!load_image_read(plan->kernel, SETUP_OFFSET, &header, sizeof(header)))
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
	to = choose_place(&header, header.init_size);
	if (!to)
		return load_refuse(
			"the kernel does not fit into the partition's memory: %Xh bytes%s %lXh",
			header.init_size, header.relocatable_kernel ? ", best at" : " at",
			header.pref_address);
	plan->module_limit = (uint64_t)header.initrd_addr_max + 1;
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

static void put_initrd(const struct load_plan *plan, struct setup_header *header)
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
	struct setup_header header;

	memcpy(&header, image + SETUP_OFFSET, sizeof(header));
	/* "the size of the setup header": what is beyond belongs to fields that we do not know. */
	memcpy(params + SETUP_OFFSET, image + SETUP_OFFSET,
	       MIN(HEADER_END(header.jump_offset), (size_t)HEADER_ROOM) - SETUP_OFFSET);
	header.type_of_loader = LOADER_UNREGISTERED;
	header.cmd_line_ptr = (uint32_t)GUEST_CMDLINE;
	put_initrd(plan, &header);
	memcpy(params + SETUP_OFFSET, &header, offsetof(struct setup_header, handover_offset));
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
