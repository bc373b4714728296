/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads no byte but by image_read, and believes no field that it has not compared with a bound. */
#include "console/image_need.h"

#include "console/layout.h"
#include "lib/elf.h"
#include "lib/linux_header.h"
#include "lib/string.h"

#define LOWEST MIB(1)
#define BEYOND BIT(47) /* no guest has RAM there: LAYOUT_MAX and its hole are less */

static bool image_read(const struct image_view *image, uint64_t offset, void *to, size_t length)
{
	if (offset > image->seen || image->seen - offset < length)
		return false;
	memcpy(to, image->bytes + offset, length);
	return true;
}

static void set_place(struct image_need *need, uint64_t begin, uint64_t size)
{
	if (begin >= LOWEST && begin < BEYOND && size < BEYOND) {
		need->begin = begin;
		need->end = begin + size;
	}
}

static bool is_linux(const struct image_view *image, uint32_t protocol)
{
	uint32_t magic;

	return (protocol == BOOT_BY_IMAGE || protocol == BOOT_LINUX) &&
	       image_read(image, LINUX_MAGIC_AT, &magic, sizeof(magic)) && magic == LINUX_MAGIC;
}

static void need_linux(const struct image_view *image, struct image_need *need)
{
	struct linux_header header;

	if (!image_read(image, LINUX_HEADER_AT, &header, sizeof(header)) ||
	    header.version < LINUX_VERSION_PLACE || !linux_alignment_is_valid(&header))
		return;
	need->limit = GIB(4);
	need->module_limit = (uint64_t)header.initrd_addr_max + 1;
	set_place(need, linux_runtime_start(&header), header.init_size);
}

enum { MULTIBOOT_SEARCH = 8192, MULTIBOOT_ALIGN = 4, MULTIBOOT_ADDRESSES = 1 << 16 };
enum {
	MULTIBOOT2_SEARCH = 32768,
	MULTIBOOT2_ALIGN = 8,
	MULTIBOOT2_HEADER = 16,
	MULTIBOOT2_ADDRESS = 2
};
#define MULTIBOOT_MAGIC	 0x1badb002u
#define MULTIBOOT2_MAGIC 0xe85250d6u

/* Tags are 8-byte aligned. Anything that reads like the address tag counts as one. */
static bool has_address_tag(const struct image_view *image, uint64_t header, uint32_t length)
{
	uint64_t end = MIN(header + length, (uint64_t)MULTIBOOT2_SEARCH);
	uint16_t type;

	for (uint64_t at = header + MULTIBOOT2_HEADER; at < end; at += MULTIBOOT2_ALIGN)
		if (image_read(image, at, &type, sizeof(type)) && type == MULTIBOOT2_ADDRESS)
			return true;
	return false;
}

/*
 * A Multiboot header in it may say where it is loaded, whatever its program headers say (Multiboot
 * Specification 0.6.96, "The address fields"; Multiboot2 Specification 2.0, "The address tag").
 */
static bool may_give_addresses(const struct image_view *image)
{
	uint32_t words[3];
	uint64_t step;

	/* By a byte first: nearly always there is none, and each `create` looks at all these places. */
	for (uint64_t at = 0; at < MULTIBOOT2_SEARCH && at + sizeof(words) <= image->seen;
	     at += step) {
		step = at < MULTIBOOT_SEARCH ? MULTIBOOT_ALIGN : MULTIBOOT2_ALIGN;
		if (image->bytes[at] != (uint8_t)MULTIBOOT_MAGIC &&
		    image->bytes[at] != (uint8_t)MULTIBOOT2_MAGIC)
			continue;
		memcpy(words, image->bytes + at, sizeof(words));
		if (words[0] == MULTIBOOT_MAGIC && at < MULTIBOOT_SEARCH &&
		    (words[1] & MULTIBOOT_ADDRESSES))
			return true;
		if (words[0] == MULTIBOOT2_MAGIC && at % MULTIBOOT2_ALIGN == 0 &&
		    has_address_tag(image, at, words[2]))
			return true;
	}
	return false;
}

/* Of both classes of ELF, what is asked here. */
struct program {
	bool wide;
	uint64_t phoff;
	uint16_t type, machine, phentsize, phnum;
};

struct segment {
	uint32_t type;
	uint64_t begin, size;
};

static bool read_program(const struct image_view *image, struct program *program)
{
	struct elf32_header narrow;
	struct elf64_header wide;

	if (!image_read(image, 0, &narrow, sizeof(narrow)) ||
	    narrow.ident[ELF_IDENT_DATA] != ELF_DATA_LSB || narrow.ident[ELF_IDENT_VERSION] != 1)
		return false;
	if (narrow.ident[ELF_IDENT_CLASS] == ELF_CLASS_32) {
		*program = (struct program){false,	    narrow.phoff,     narrow.type,
					    narrow.machine, narrow.phentsize, narrow.phnum};
		return narrow.machine == ELF_MACHINE_386 &&
		       narrow.phentsize == sizeof(struct elf32_segment);
	}
	if (narrow.ident[ELF_IDENT_CLASS] != ELF_CLASS_64 ||
	    !image_read(image, 0, &wide, sizeof(wide)))
		return false;
	*program = (struct program){true,	  wide.phoff,	  wide.type,
				    wide.machine, wide.phentsize, wide.phnum};
	return wide.machine == ELF_MACHINE_X86_64 && wide.phentsize == sizeof(struct elf64_segment);
}

static bool read_segment(const struct image_view *image, const struct program *program,
			 unsigned index, struct segment *segment)
{
	uint64_t at = program->phoff + (uint64_t)index * program->phentsize;
	struct elf32_segment narrow;
	struct elf64_segment wide;

	if (program->wide && image_read(image, at, &wide, sizeof(wide)))
		*segment = (struct segment){wide.type, wide.paddr, wide.memsz};
	else if (!program->wide && image_read(image, at, &narrow, sizeof(narrow)))
		*segment = (struct segment){narrow.type, narrow.paddr, narrow.memsz};
	else
		return false;
	return true;
}

static bool is_elf(const struct image_view *image, uint32_t protocol)
{
	static const bool loads_elf[BOOT_PROTOCOLS] = {
		[BOOT_BY_IMAGE] = true,
		[BOOT_PVH] = true,
		[BOOT_MULTIBOOT2] = true,
		[BOOT_MULTIBOOT] = true,
	};
	uint32_t magic;

	return protocol < BOOT_PROTOCOLS && loads_elf[protocol] &&
	       image_read(image, 0, &magic, sizeof(magic)) && magic == ELF_MAGIC;
}

enum { SECTOR_MARK_AT = 510, SECTOR_MARK = 0xaa55 };

/* What is no kernel for any other protocol can be a boot sector. */
static bool may_be_sector(const struct image_view *image, uint32_t protocol)
{
	uint16_t mark;

	return protocol == BOOT_BY_IMAGE &&
	       image_read(image, SECTOR_MARK_AT, &mark, sizeof(mark)) && mark == SECTOR_MARK;
}

/*
 * From the lowest to the highest byte that segments have above 1 MiB. What begins below 3 GiB and ends above
 * 4 GiB is more than one range: then nothing is certain.
 */
static void need_elf(const struct image_view *image, uint32_t protocol, struct image_need *need)
{
	uint64_t begin = BEYOND, end = 0;
	struct program program;
	struct segment segment;

	if (may_be_sector(image, protocol) || (protocol != BOOT_PVH && may_give_addresses(image)) ||
	    !read_program(image, &program) || program.type != ELF_TYPE_EXEC ||
	    program.phnum > ELF_PHNUM_MAX)
		return;
	for (unsigned i = 0; i < program.phnum; i++) {
		if (!read_segment(image, &program, i, &segment))
			return;
		if (segment.type != ELF_LOAD || segment.size == 0 || segment.begin < LOWEST)
			continue;
		if (segment.begin >= BEYOND || segment.size >= BEYOND)
			return;
		begin = MIN(begin, segment.begin);
		end = MAX(end, segment.begin + segment.size);
	}
	if (end && (end <= GIB(4) || begin >= GIB(4)))
		set_place(need, begin, end - begin);
}

struct image_need image_need(const struct image_view *image, const struct part_boot *boot)
{
	struct image_need need = {
		.begin = LOWEST, .end = LOWEST, .limit = UINT64_MAX, .module_limit = GIB(4)};

	if (boot->protocol == BOOT_FLAT)
		set_place(&need, boot->load, image->size);
	else if (is_linux(image, boot->protocol))
		need_linux(image, &need);
	else if (is_elf(image, boot->protocol))
		need_elf(image, boot->protocol, &need);
	return need;
}

uint64_t image_need_memory(const struct image_need *need, uint64_t modules)
{
	uint64_t alone = layout_needed(need->begin, need->end);
	uint64_t end = ALIGN_UP(need->end, PAGE_SIZE) + modules;

	if (need->end > need->limit)
		return LAYOUT_NEVER;
	if (!modules || alone == LAYOUT_NEVER)
		return alone;
	return end <= ALIGN_DOWN(need->module_limit, PAGE_SIZE) ? layout_needed(LOWEST, end)
								: LAYOUT_NEVER;
}
