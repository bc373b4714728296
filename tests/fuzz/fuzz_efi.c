/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the UEFI loader has from firmware. The first byte chooses: a memory map, which is written as boot
 * information, read by the kernel's parser and compared with a slow reading of the same descriptors; load
 * options; or the ELF file, whose copy is compared with a slow one.
 */
/* sources: boot/efi/info.c boot/efi/options.c boot/efi/elf.c */
/* sources: boot/multiboot2.c boot/efi_map.c boot/memmap.c boot/modules.c boot/note.c lib/format.c */
#include <stdlib.h>
#include <string.h>

#include "boot/efi/elf.h"
#include "boot/efi/info.h"
#include "boot/efi/options.h"
#include "boot/efi_memory.h"
#include "boot/multiboot2.h"
#include "boot/multiboot2_format.h"

#define ADDRESS_END BIT(52)

enum { INPUT_MAX = 4096, DESCRIPTORS_MAX = INPUT_MAX / 40, SPAN_MAX = 1 << 22 };

static struct boot_info info;

static void check(bool promise)
{
	if (!promise)
		abort();
}

/* A copy of just that size: the sanitizer sees each byte beyond. Not NULL, nor a fault, for none. */
static void *copy_of(const uint8_t *data, size_t size)
{
	void *copy = malloc(size + !size);

	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

/* --- The memory map --- */

struct map {
	struct efi_descriptor descriptor[DESCRIPTORS_MAX];
	size_t count;
};

/* What the specification makes of a type; RAM that has a purpose is reserved. */
static enum boot_memory kind_of(const struct efi_descriptor *d)
{
	switch (d->type) {
	case 1 ... 4:
	case 7:
		return d->attributes & (BIT(63) | BIT(18)) ? BOOT_RESERVED : BOOT_RAM;
	case 8:
		return BOOT_BAD;
	case 9:
		return BOOT_ACPI_RECLAIM;
	case 10:
		return BOOT_ACPI_NVS;
	default:
		return BOOT_RESERVED;
	}
}

/* Its end, at most that of all addresses; its start if it is not believed, or empty. */
static uint64_t end_of(const struct efi_descriptor *d)
{
	unsigned __int128 end = d->start + ((unsigned __int128)d->pages << PAGE_SHIFT);

	if (end <= ADDRESS_END)
		return (uint64_t)end;
	return kind_of(d) == BOOT_RAM ? d->start : MAX(d->start, ADDRESS_END);
}

/* Every byte of the page was given as RAM. */
static bool is_given(const struct map *map, uint64_t page)
{
	uint64_t at = page;

	for (size_t i = 0; i < map->count && at < page + PAGE_SIZE; i++) {
		const struct efi_descriptor *d = &map->descriptor[i];

		if (kind_of(d) != BOOT_RAM || d->start > at || end_of(d) <= at)
			continue;
		at = end_of(d);
		i = (size_t)-1; /* once more from the first */
	}
	return at >= page + PAGE_SIZE;
}

static enum boot_memory slow_kind(const struct map *map, uint64_t page)
{
	enum boot_memory kind = is_given(map, page) ? BOOT_RAM : 0;

	for (size_t i = 0; i < map->count; i++) {
		const struct efi_descriptor *d = &map->descriptor[i];
		bool covers = MAX(d->start, page) < MIN(end_of(d), page + PAGE_SIZE);

		if (covers && kind_of(d) != BOOT_RAM)
			kind = MAX(kind, kind_of(d));
	}
	/* What a PC has there: the first page, VGA and ROMs, the APICs and the flash below 4 GiB. */
	if (page == 0 || (page >= 0xa0000 && page < MIB(1)) || (page >= 0xfec00000 && page < GIB(4)))
		kind = MAX(kind, BOOT_RESERVED);
	return kind;
}

static enum boot_memory kind_at(uint64_t page)
{
	for (uint32_t i = 0; i < info.range_count; i++) {
		if (info.ranges[i].start <= page && page < info.ranges[i].end)
			return info.ranges[i].kind;
	}
	return 0;
}

/* The page of the address, and the two beside it. */
static void compare_around(const struct map *map, uint64_t address)
{
	uint64_t page = ALIGN_DOWN(address, PAGE_SIZE);

	for (uint64_t at = page - PAGE_SIZE; at != page + 2 * PAGE_SIZE; at += PAGE_SIZE) {
		if (at < ADDRESS_END)
			check(kind_at(at) == slow_kind(map, at));
	}
}

static void compare_memory(const struct map *map, enum boot_error error)
{
	bool has_ram = false;

	for (uint32_t i = 0; i < info.range_count; i++)
		has_ram |= info.ranges[i].kind == BOOT_RAM;
	check(error == (has_ram ? BOOT_OK : BOOT_NO_RAM));
	for (size_t i = 0; i < map->count; i++) {
		compare_around(map, map->descriptor[i].start);
		compare_around(map, end_of(&map->descriptor[i]));
	}
	compare_around(map, 0);
	compare_around(map, MIB(1));
	compare_around(map, GIB(4));
}

/* Regions of the runtime services in their order; all of them, or none and a note. */
static void compare_runtime(const struct map *map)
{
	uint32_t count = 0, notes = 0;
	bool wrong = false;

	for (size_t i = 0; i < map->count; i++) {
		const struct efi_descriptor *d = &map->descriptor[i];

		if (!(d->attributes & BIT(63)) || d->type == EFI_MEMORY_MAPPED_PORTS)
			continue;
		wrong |= d->start % PAGE_SIZE != 0 || d->pages == 0 ||
			 d->start + ((unsigned __int128)d->pages << PAGE_SHIFT) > UINT64_MAX;
		if (!wrong && count < info.runtime_count) {
			check(info.runtime[count].start == d->start);
			check(info.runtime[count].end == d->start + (d->pages << PAGE_SHIFT));
			check((info.runtime[count].kind == BOOT_RUNTIME_CODE) ==
			      (d->type == EFI_RUNTIME_CODE));
			check((info.runtime[count].kind == BOOT_RUNTIME_IO) ==
			      (d->type == EFI_MEMORY_MAPPED_IO));
		}
		count++;
	}
	check(info.runtime_count == (wrong ? 0 : count));
	for (uint32_t i = 0; i < info.note_count; i++)
		notes += strncmp(info.notes[i], "EFI: ", 5) == 0;
	check(notes == wrong);
}

static void compare_screen(const struct info_screen *screen)
{
	const struct boot_framebuffer *found = &info.framebuffer;

	if (found->address == 0)
		return;
	check(found->address == screen->address);
	check(found->width == screen->width && found->height == screen->height);
	check(found->bits_per_pixel >= 8 && found->bits_per_pixel <= 32);
	check(found->pitch == screen->pixels_per_line * (uint64_t)(found->bits_per_pixel / 8));
}

/* Bytes: the size of a descriptor, that of the buffer, a screen, and the descriptors. */
static void fuzz_map(const uint8_t *data, size_t size)
{
	static struct map map;
	struct info_writer writer;
	struct info_screen screen;
	uint16_t head[2];
	uint8_t *bytes, *copy;

	if (size < sizeof(head) + sizeof(screen))
		return;
	memcpy(head, data, sizeof(head));
	memcpy(&screen, data + sizeof(head), sizeof(screen));
	data += sizeof(head) + sizeof(screen);
	size -= sizeof(head) + sizeof(screen);
	copy = copy_of(data, size);
	bytes = malloc(head[1] + 1U);
	info_begin(&writer, bytes, head[1]);
	info_add_text(&writer, MULTIBOOT2_TAG_CMDLINE, "log=debug");
	info_add_screen(&writer, &screen);
	info_add_module(&writer, 0, 5, "below all RAM");
	if (!info_add_map(&writer, copy, size, head[0])) {
		check(head[0] < sizeof(struct efi_descriptor) || head[0] > EFI_DESCRIPTOR_MAX);
	} else if (info_end(&writer)) {
		for (map.count = 0; (map.count + 1) * head[0] <= size; map.count++)
			memcpy(&map.descriptor[map.count], data + map.count * head[0],
			       sizeof(map.descriptor[0]));
		enum boot_error error = multiboot2_parse(bytes, writer.used, &info);

		compare_memory(&map, error);
		check(strcmp(info.cmdline, "log=debug") == 0 && info.module_count == 0);
		compare_runtime(&map);
		compare_screen(&screen);
	} else {
		/* Headers, the texts, a framebuffer and two maps: what the loader reckons with is enough. */
		check(head[1] < INFO_MAP_SIZE(size) + 128);
	}
	free(copy);
	free(bytes);
}

/* --- Load options --- */

/* A byte with the size of the buffer, and characters. */
static void fuzz_options(const uint8_t *data, size_t size)
{
	size_t room = size > 0 ? data[0] + 1U : 1, count = size > 0 ? (size - 1) / 2 : 0;
	uint16_t *from = copy_of(data + (size > 0), count * 2);
	char *to = malloc(room);
	bool good = options_convert(to, room, from, count);
	size_t length = strnlen(to, room);

	check(length < room && (good || length == 0));
	for (size_t i = 0; i < length; i++)
		check(to[i] >= ' ' && to[i] <= '~');
	check(length == 0 || to[0] != ' ');
	/* It ends the text, up to its 0, as it stands there. */
	for (size_t i = 0; good && i < count && from[i] != 0; i++) {
		size_t left = 0;

		while (i + left < count && from[i + left] != 0)
			left++;
		if (left <= length)
			check((uint16_t)(uint8_t)to[length - left] == from[i]);
	}
	free(from);
	free(to);
}

/* --- The ELF file --- */

static void compare_copy(const uint8_t *file, const struct elf_span *span, const uint8_t *copy)
{
	uint64_t program_at, size = span->end - span->start;
	uint8_t *slow = calloc(1, size);
	uint16_t count;

	memcpy(&program_at, file + 32, sizeof(program_at));
	memcpy(&count, file + 56, sizeof(count));
	for (uint16_t i = 0; i < count; i++) {
		uint64_t words[7];

		memcpy(words, file + program_at + i * sizeof(words), sizeof(words));
		/* Type and flags, offset, virtual and physical address, size in the file, and in memory. */
		for (uint64_t at = 0; (uint32_t)words[0] == 1 && at < words[4]; at++)
			slow[words[3] - span->start + at] = file[words[1] + at];
	}
	check(memcmp(slow, copy, size) == 0);
	free(slow);
}

static void fuzz_elf(const uint8_t *data, size_t size)
{
	uint8_t *file = copy_of(data, size), *copy;
	struct elf_span span;

	if (elf_span(file, size, &span)) {
		check(span.start <= span.entry && span.entry < span.end && span.end < GIB(2));
		if (span.end - span.start <= SPAN_MAX) {
			copy = malloc(span.end - span.start);
			elf_copy(file, &span, copy);
			compare_copy(file, &span, copy);
			free(copy);
		}
	}
	free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parts[])(const uint8_t *data, size_t size) = {
		fuzz_map,
		fuzz_options,
		fuzz_elf,
	};

	if (size > 0 && size <= INPUT_MAX)
		parts[data[0] % ARRAY_SIZE(parts)](data + 1, size - 1);
	return 0;
}
