/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Multiboot2 boot information: walks its tags twice. The second time is for the modules, which
 * are checked against a memory map that may come behind them.
 */
#include "boot/multiboot2.h"

#include "boot/efi_map.h"
#include "boot/memmap.h"
#include "boot/modules.h"
#include "boot/multiboot2_format.h"
#include "boot/note.h"
#include "lib/string.h"

/* Multiboot2 3.6.2 "Basic tags structure" */
struct tag {
	uint32_t type;
	uint32_t size; /* with this header, without padding */
};

/* 3.6.6 "Modules", without the tag's header; the text follows */
struct module_body {
	uint32_t start, end;
};

/* 3.6.8 "Memory map", without the tag's header; the entries follow */
struct mmap_body {
	uint32_t entry_size, entry_version;
};

struct mmap_entry {
	uint64_t base, length;
	uint32_t type, reserved;
};

/* 3.6.17 "EFI memory map", without the tag's header; the descriptors follow */
struct efi_mmap_body {
	uint32_t descriptor_size, version;
};

/* 3.6.12 "Framebuffer info", without the tag's header, up to what depends on the kind */
struct framebuffer_body {
	uint64_t address;
	uint32_t pitch, width, height;
	uint8_t bits_per_pixel, kind;
	uint8_t reserved[2];
};

_Static_assert(sizeof(struct mmap_entry) == 24, "as in the specification");
_Static_assert(offsetof(struct framebuffer_body, kind) == 21, "as in the specification");

enum {
	INFO_HEADER = 8,       /* total size, reserved */
	MMAP_ENTRY_MAX = 4096, /* far more than any version of the entry will have */
	FRAMEBUFFER_SIZE = 22,
	RSDP_OLD_SIZE = 20, /* ACPI 6.5 5.2.5.3 "Root System Description Pointer (RSDP) Structure" */
	RSDP_NEW_SIZE = 36,
};

/*
 * In the order of enum boot_memory's counterpart, 3.6.8: 1 RAM, 3 ACPI, 4 preserve on hibernation,
 * 5 bad.
 */
static const enum boot_memory memory_kinds[] = {
	BOOT_RESERVED, BOOT_RAM, BOOT_RESERVED, BOOT_ACPI_RECLAIM, BOOT_ACPI_NVS, BOOT_BAD,
};

typedef enum boot_error (*tag_handler)(struct boot_info *out, const uint8_t *body, size_t size);

struct tag_rule {
	uint32_t type;
	uint32_t least; /* bytes of the body */
	bool repeatable;
	const char *name;
	tag_handler handle;
};

static struct memmap scratch;

static enum boot_error handle_cmdline(struct boot_info *out, const uint8_t *body, size_t size)
{
	boot_copy_text(out, "command line", out->cmdline, sizeof(out->cmdline), (const char *)body,
		       size);
	return BOOT_OK;
}

static enum boot_error handle_loader(struct boot_info *out, const uint8_t *body, size_t size)
{
	boot_copy_text(out, "loader's name", out->loader, sizeof(out->loader), (const char *)body,
		       size);
	return BOOT_OK;
}

static enum boot_error handle_mmap(struct boot_info *out, const uint8_t *body, size_t size)
{
	struct mmap_body head;
	struct mmap_entry entry;

	memcpy(&head, body, sizeof(head));
	if (head.entry_size < sizeof(entry) || head.entry_size % 8 != 0 ||
	    head.entry_size > MMAP_ENTRY_MAX)
		return BOOT_BAD_MMAP;
	memmap_init(&scratch);
	memmap_add_platform(&scratch);
	body += sizeof(head);
	size -= sizeof(head);
	for (; size >= head.entry_size; size -= head.entry_size, body += head.entry_size) {
		memcpy(&entry, body, sizeof(entry));
		memmap_add(&scratch, entry.base, entry.length,
			   entry.type < ARRAY_SIZE(memory_kinds) ? memory_kinds[entry.type]
								 : BOOT_RESERVED);
	}
	if (size > 0)
		boot_note(out, "memory map: %zu bytes behind the last entry", size);
	memmap_finish(&scratch, out);
	return BOOT_OK;
}

static enum boot_error handle_framebuffer(struct boot_info *out, const uint8_t *body, size_t size)
{
	struct framebuffer_body head;

	(void)size;
	memcpy(&head, body, FRAMEBUFFER_SIZE);
	out->framebuffer = (struct boot_framebuffer){
		.address = head.address,
		.pitch = head.pitch,
		.width = head.width,
		.height = head.height,
		.bits_per_pixel = head.bits_per_pixel,
		.kind = head.kind,
	};
	return BOOT_OK;
}

static enum boot_error handle_efi64(struct boot_info *out, const uint8_t *body, size_t size)
{
	(void)size;
	memcpy(&out->efi_system_table, body, sizeof(out->efi_system_table));
	return BOOT_OK;
}

static enum boot_error handle_efi_mmap(struct boot_info *out, const uint8_t *body, size_t size)
{
	struct efi_mmap_body head;

	memcpy(&head, body, sizeof(head));
	efi_map_read(out, body + sizeof(head), size - sizeof(head), head.descriptor_size);
	return BOOT_OK;
}

/* Of the two RSDP tags the larger structure is the newer one, and is kept. */
static void keep_rsdp(struct boot_info *out, const uint8_t *body, uint32_t size)
{
	if (size <= out->rsdp_size)
		return;
	memcpy(out->rsdp, body, size);
	out->rsdp_size = size;
}

static enum boot_error handle_rsdp_old(struct boot_info *out, const uint8_t *body, size_t size)
{
	(void)size;
	keep_rsdp(out, body, RSDP_OLD_SIZE);
	return BOOT_OK;
}

static enum boot_error handle_rsdp_new(struct boot_info *out, const uint8_t *body, size_t size)
{
	(void)size;
	keep_rsdp(out, body, RSDP_NEW_SIZE);
	return BOOT_OK;
}

static enum boot_error handle_module(struct boot_info *out, const uint8_t *body, size_t size)
{
	struct module_body head;

	memcpy(&head, body, sizeof(head));
	boot_add_module(out, head.start, head.end, (const char *)body + sizeof(head),
			size - sizeof(head));
	return BOOT_OK;
}

static const struct tag_rule first_walk[] = {
	{MULTIBOOT2_TAG_CMDLINE, 0, false, "command line", handle_cmdline},
	{MULTIBOOT2_TAG_LOADER, 0, false, "loader name", handle_loader},
	{MULTIBOOT2_TAG_MMAP, sizeof(struct mmap_body), false, "memory map", handle_mmap},
	{MULTIBOOT2_TAG_FRAMEBUFFER, FRAMEBUFFER_SIZE, false, "framebuffer", handle_framebuffer},
	{MULTIBOOT2_TAG_EFI64, sizeof(uint64_t), false, "EFI system table", handle_efi64},
	{MULTIBOOT2_TAG_ACPI_OLD, RSDP_OLD_SIZE, false, "ACPI 1.0", handle_rsdp_old},
	{MULTIBOOT2_TAG_ACPI_NEW, RSDP_NEW_SIZE, false, "ACPI 2.0", handle_rsdp_new},
	{MULTIBOOT2_TAG_EFI_MMAP, sizeof(struct efi_mmap_body), false, "EFI memory map",
	 handle_efi_mmap},
	{0},
};

static const struct tag_rule second_walk[] = {
	{MULTIBOOT2_TAG_MODULE, sizeof(struct module_body), true, "module", handle_module},
	{0},
};

/* The list ends with an empty rule. */
static const struct tag_rule *find_rule(const struct tag_rule *rules, uint32_t type)
{
	while (rules->handle && rules->type != type)
		rules++;
	return rules->handle ? rules : NULL;
}

static enum boot_error apply_rule(const struct tag_rule *rule, uint64_t *seen,
				  struct boot_info *out, const uint8_t *body, size_t size)
{
	if (size < rule->least)
		return BOOT_BAD_TAG;
	if ((*seen & BIT(rule->type)) && !rule->repeatable) {
		boot_note(out, "boot information: second %s tag ignored", rule->name);
		return BOOT_OK;
	}
	*seen |= BIT(rule->type);
	return rule->handle(out, body, size);
}

/* Calls the rules' handlers on the tags in info[8..total). */
static enum boot_error walk(const uint8_t *info, size_t total, const struct tag_rule *rules,
			    struct boot_info *out)
{
	uint64_t seen = 0;
	struct tag tag;

	for (size_t at = INFO_HEADER; total - at >= sizeof(tag);
	     at += ALIGN_UP(tag.size, MULTIBOOT2_TAG_ALIGN)) {
		const struct tag_rule *rule;
		enum boot_error error;

		memcpy(&tag, info + at, sizeof(tag));
		if (tag.size < sizeof(tag) || tag.size > total - at)
			return BOOT_BAD_TAG;
		if (tag.type == MULTIBOOT2_TAG_END)
			return BOOT_OK;
		rule = find_rule(rules, tag.type);
		error = rule ? apply_rule(rule, &seen, out, info + at + sizeof(tag),
					  tag.size - sizeof(tag))
			     : BOOT_OK;
		if (error != BOOT_OK)
			return error;
		if (ALIGN_UP(tag.size, MULTIBOOT2_TAG_ALIGN) > total - at)
			return BOOT_NO_END;
	}
	return BOOT_NO_END;
}

static bool has_ram(const struct boot_info *out)
{
	for (uint32_t i = 0; i < out->range_count; i++) {
		if (out->ranges[i].kind == BOOT_RAM)
			return true;
	}
	return false;
}

enum boot_error multiboot2_parse(const void *info, size_t readable, struct boot_info *out)
{
	hpa_t kernel_start = out->kernel_start, kernel_end = out->kernel_end;
	enum boot_error error;
	uint32_t total;

	memset(out, 0, sizeof(*out));
	out->kernel_start = kernel_start;
	out->kernel_end = kernel_end;
	if ((uintptr_t)info % MULTIBOOT2_TAG_ALIGN != 0)
		return BOOT_BAD_ADDRESS;
	if (readable < INFO_HEADER)
		return BOOT_BAD_SIZE;
	memcpy(&total, info, sizeof(total));
	if (total < INFO_HEADER + sizeof(struct tag) || total > readable)
		return BOOT_BAD_SIZE;

	error = walk(info, total, first_walk, out);
	if (error != BOOT_OK)
		return error;
	if (out->range_count == 0)
		return BOOT_NO_MMAP;
	if (!has_ram(out))
		return BOOT_NO_RAM;
	return walk(info, total, second_walk, out);
}

static const char *const error_texts[] = {
	[BOOT_OK] = "no error",
	[BOOT_BAD_MAGIC] = "not started by a Multiboot2 loader",
	[BOOT_BAD_ADDRESS] = "the boot information is misaligned",
	[BOOT_BAD_SIZE] = "the boot information's size is impossible",
	[BOOT_BAD_TAG] = "a tag of the boot information has an impossible size",
	[BOOT_NO_END] = "the boot information has no end tag",
	[BOOT_BAD_MMAP] = "the memory map's entries have an impossible size",
	[BOOT_NO_MMAP] = "the loader gave no memory map",
	[BOOT_NO_RAM] = "the memory map has no RAM",
};

const char *boot_error_text(enum boot_error error)
{
	return error_texts[error];
}
