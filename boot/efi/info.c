/* SPDX-License-Identifier: BSD-2-Clause */
/* Multiboot2 3.6 "Boot information format", written; boot/multiboot2.c is the reader. */
#include "boot/efi/info.h"

#include "boot/efi_memory.h"
#include "boot/multiboot2_format.h"
#include "lib/string.h"

/* Multiboot2 3.6.8 "Memory map" */
struct mmap_entry {
	uint64_t base, length;
	uint32_t type, reserved;
};

_Static_assert(sizeof(struct mmap_entry) == 24, "as in the specification");

enum { MMAP_RAM = 1, MMAP_RESERVED, MMAP_ACPI, MMAP_NVS, MMAP_BAD };

enum { TAG_HEADER = 8, INFO_HEADER = 8, MODULE_NAME_MAX = 64 };

/*
 * By EFI_MEMORY_TYPE; UEFI 2.10 7.2 "Memory Type Usage after ExitBootServices()". What is not here
 * is reserved: persistent memory, too, which outlives us, and memory that was not accepted.
 */
static const uint8_t memory_types[] = {
	MMAP_RESERVED, /* EfiReservedMemoryType */
	MMAP_RAM,      /* EfiLoaderCode */
	MMAP_RAM,      /* EfiLoaderData */
	MMAP_RAM,      /* EfiBootServicesCode */
	MMAP_RAM,      /* EfiBootServicesData */
	MMAP_RESERVED, /* EfiRuntimeServicesCode */
	MMAP_RESERVED, /* EfiRuntimeServicesData */
	MMAP_RAM,      /* EfiConventionalMemory */
	MMAP_BAD,      /* EfiUnusableMemory */
	MMAP_ACPI,     /* EfiACPIReclaimMemory */
	MMAP_NVS,      /* EfiACPIMemoryNVS */
};

void info_begin(struct info_writer *writer, void *bytes, size_t size)
{
	*writer = (struct info_writer){.bytes = bytes, .size = size, .used = INFO_HEADER};
	writer->full = size < INFO_HEADER;
}

static void put(struct info_writer *writer, const void *from, size_t size)
{
	if (writer->full || size > writer->size - writer->used) {
		writer->full = true;
		return;
	}
	memcpy(writer->bytes + writer->used, from, size);
	writer->used += size;
}

/* The body follows, and then pad(). */
static void put_header(struct info_writer *writer, uint32_t type, size_t body_size)
{
	uint32_t header[] = {type, (uint32_t)(TAG_HEADER + body_size)};

	put(writer, header, sizeof(header));
}

static void pad(struct info_writer *writer)
{
	static const uint8_t zeros[MULTIBOOT2_TAG_ALIGN];

	put(writer, zeros, ALIGN_UP(writer->used, MULTIBOOT2_TAG_ALIGN) - writer->used);
}

void info_add(struct info_writer *writer, uint32_t type, const void *body, size_t size)
{
	put_header(writer, type, size);
	put(writer, body, size);
	pad(writer);
}

void info_add_text(struct info_writer *writer, uint32_t type, const char *text)
{
	info_add(writer, type, text, strlen(text) + 1);
}

void info_add_module(struct info_writer *writer, uint32_t start, uint32_t end, const char *name)
{
	uint32_t place[] = {start, end};
	size_t length = strnlen(name, MODULE_NAME_MAX - 1);

	put_header(writer, MULTIBOOT2_TAG_MODULE, sizeof(place) + length + 1);
	put(writer, place, sizeof(place));
	put(writer, name, length);
	put(writer, "", 1);
	pad(writer);
}

/*
 * UEFI 2.10 7.2.3: what runtime services use stays theirs, whatever the type says; memory for a specific
 * purpose is not ours to hand out.
 */
static uint32_t type_of(const struct efi_descriptor *from)
{
	uint32_t type = from->type < ARRAY_SIZE(memory_types) ? memory_types[from->type]
							      : (uint32_t)MMAP_RESERVED;

	if (type == MMAP_RAM && from->attributes & (EFI_ATTRIBUTE_SP | EFI_ATTRIBUTE_RUNTIME))
		return MMAP_RESERVED;
	return type;
}

/* A length that cannot be true becomes one that boot/memmap.c does not believe either. */
static struct mmap_entry convert(const struct efi_descriptor *from)
{
	bool fits = from->pages <= UINT64_MAX >> PAGE_SHIFT;

	return (struct mmap_entry){
		.base = from->start,
		.length = fits ? from->pages << PAGE_SHIFT : UINT64_MAX,
		.type = type_of(from),
	};
}

/* Multiboot2 3.6.12 "Framebuffer info", of direct RGB color */
struct framebuffer {
	uint64_t address;
	uint32_t pitch, width, height;
	uint8_t bits_per_pixel, kind;
	uint8_t reserved[2];
	struct {
		uint8_t position, size;
	} colors[3];
	uint8_t padding[2];
};

enum { FRAMEBUFFER_SIZE = 30, FRAMEBUFFER_RGB = 1 };

_Static_assert(offsetof(struct framebuffer, padding) == FRAMEBUFFER_SIZE, "as in the specification");

void info_add_screen(struct info_writer *writer, const struct info_screen *screen)
{
	uint32_t all = screen->masks[0] | screen->masks[1] | screen->masks[2] | screen->masks[3];
	uint32_t bytes = all ? (32 - (uint32_t)__builtin_clz(all) + 7) / 8 : 0;
	struct framebuffer tag = {
		.address = screen->address,
		.pitch = screen->pixels_per_line * bytes,
		.width = screen->width,
		.height = screen->height,
		.bits_per_pixel = (uint8_t)(bytes * 8),
		.kind = FRAMEBUFFER_RGB,
	};

	if (!bytes || !screen->address || screen->pixels_per_line > UINT32_MAX / bytes)
		return;
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t mask = screen->masks[i];

		if (!mask)
			continue;
		tag.colors[i].position = (uint8_t)__builtin_ctz(mask);
		tag.colors[i].size = (uint8_t)(32 - __builtin_clz(mask) - __builtin_ctz(mask));
	}
	info_add(writer, MULTIBOOT2_TAG_FRAMEBUFFER, &tag, FRAMEBUFFER_SIZE);
}

/* Multiboot2 3.6.17 "EFI memory map": as it is, for who looks for the runtime services. */
static void add_firmware_map(struct info_writer *writer, const void *map, size_t map_size,
			     size_t descriptor_size)
{
	uint32_t format[] = {(uint32_t)descriptor_size, 1};

	put_header(writer, MULTIBOOT2_TAG_EFI_MMAP, sizeof(format) + map_size);
	put(writer, format, sizeof(format));
	put(writer, map, map_size);
	pad(writer);
}

bool info_add_map(struct info_writer *writer, const void *map, size_t map_size,
		  size_t descriptor_size)
{
	static const uint32_t format[] = {sizeof(struct mmap_entry), 0};
	const uint8_t *at = map;
	size_t count;

	if (!efi_is_descriptor_size(descriptor_size))
		return false;
	count = map_size / descriptor_size;
	put_header(writer, MULTIBOOT2_TAG_MMAP, sizeof(format) + count * sizeof(struct mmap_entry));
	put(writer, format, sizeof(format));
	for (; count > 0; count--, at += descriptor_size) {
		struct efi_descriptor descriptor;
		struct mmap_entry entry;

		memcpy(&descriptor, at, sizeof(descriptor));
		entry = convert(&descriptor);
		put(writer, &entry, sizeof(entry));
	}
	pad(writer);
	add_firmware_map(writer, map, map_size, descriptor_size);
	return true;
}

bool info_end(struct info_writer *writer)
{
	uint32_t header[2] = {0};

	info_add(writer, MULTIBOOT2_TAG_END, "", 0);
	if (writer->full)
		return false;
	header[0] = (uint32_t)writer->used;
	memcpy(writer->bytes, header, sizeof(header));
	return true;
}
