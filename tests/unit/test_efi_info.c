/* SPDX-License-Identifier: BSD-2-Clause */
/* The UEFI loader's pure parts: what it writes, the kernel's parser reads; load options; its ELF file. */
/* sources: boot/efi/info.c boot/efi/options.c boot/efi/elf.c */
/* sources: boot/multiboot2.c boot/efi_map.c boot/memmap.c */
/* sources: boot/modules.c boot/note.c lib/format.c */
#include "boot/efi/info.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/efi/elf.h"
#include "boot/efi/options.h"
#include "boot/multiboot2.h"
#include "boot/multiboot2_format.h"

enum { DESCRIPTOR_SIZE = 48 }; /* as EDK II has it: larger than what is in it */

static _Alignas(8) uint8_t bytes[65536];
static struct boot_info info;

static void put_descriptor(uint8_t *map, uint32_t at, uint32_t type, uint64_t start, uint64_t pages)
{
	uint64_t words[DESCRIPTOR_SIZE / 8] = {type, start, 0, pages, 0xf, 0};

	memcpy(map + at * DESCRIPTOR_SIZE, words, sizeof(words));
}

/* Writes what main.c writes, around the map, and reads it. */
static enum boot_error round_trip(const uint8_t *map, uint32_t count)
{
	struct info_writer writer;

	info_begin(&writer, bytes, sizeof(bytes));
	info_add_text(&writer, MULTIBOOT2_TAG_CMDLINE, "log=debug");
	info_add_module(&writer, MIB(8), MIB(8) + 5, "freehold.conf");
	info_add_module(&writer, MIB(9), MIB(9) + 7, "linux");
	assert_true(info_add_map(&writer, map, count * DESCRIPTOR_SIZE, DESCRIPTOR_SIZE));
	assert_true(info_end(&writer));
	info.kernel_start = MIB(2);
	info.kernel_end = MIB(3);
	return multiboot2_parse(bytes, writer.used, &info);
}

static enum boot_memory kind_at(hpa_t address)
{
	for (uint32_t i = 0; i < info.range_count; i++) {
		if (info.ranges[i].start <= address && address < info.ranges[i].end)
			return info.ranges[i].kind;
	}
	return 0;
}

static void test_round_trip(void **state)
{
	uint8_t map[DESCRIPTOR_SIZE];

	(void)state;
	put_descriptor(map, 0, 7, MIB(1), 0x10000);
	assert_int_equal(round_trip(map, 1), BOOT_OK);
	assert_int_equal(info.note_count, 0);
	assert_string_equal(info.cmdline, "log=debug");
	assert_true(info.has_config);
	assert_int_equal(info.module_count, 1);
	assert_string_equal(info.modules[0].name, "linux");
	assert_int_equal(info.modules[0].start, MIB(9));
	assert_int_equal(info.modules[0].size, 7);
}

static void test_memory_types(void **state)
{
	static const enum boot_memory kinds[] = {
		BOOT_RESERVED, BOOT_RAM,	  BOOT_RAM,	 BOOT_RAM,
		BOOT_RAM,      BOOT_RESERVED,	  BOOT_RESERVED, BOOT_RAM,
		BOOT_BAD,      BOOT_ACPI_RECLAIM, BOOT_ACPI_NVS, BOOT_RESERVED,
		BOOT_RESERVED, BOOT_RESERVED,	  BOOT_RESERVED, BOOT_RESERVED,
	};
	uint8_t map[(ARRAY_SIZE(kinds) + 1) * DESCRIPTOR_SIZE];

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(kinds); i++)
		put_descriptor(map, i, i, MIB(16 + i), 256);
	put_descriptor(map, ARRAY_SIZE(kinds), 0x80000000, MIB(64), 256);
	assert_int_equal(round_trip(map, ARRAY_SIZE(kinds) + 1), BOOT_OK);
	for (uint32_t i = 0; i < ARRAY_SIZE(kinds); i++)
		assert_int_equal(kind_at(MIB(16 + i)), kinds[i]);
	assert_int_equal(kind_at(MIB(64)), BOOT_RESERVED);
}

/* RAM by its type that runtime services use, or that has a specific purpose; and ACPI tables stay those. */
static void test_memory_attributes(void **state)
{
	static const uint64_t attributes[] = {0xf, BIT(63) | 0xf, BIT(18) | 0xf};
	uint8_t map[6 * DESCRIPTOR_SIZE];

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		put_descriptor(map, i, i < 3 ? 7 : 9, MIB(16 + i), 256);
		memcpy(map + i * DESCRIPTOR_SIZE + 32, &attributes[i % 3], 8);
	}
	assert_int_equal(round_trip(map, 6), BOOT_OK);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(kind_at(MIB(16 + i)), i ? BOOT_RESERVED : BOOT_RAM);
		assert_int_equal(kind_at(MIB(19 + i)), BOOT_ACPI_RECLAIM);
	}
	/* And where runtime services are is passed on. */
	assert_int_equal(info.runtime_count, 2);
	assert_int_equal(info.runtime[0].start, MIB(17));
	assert_int_equal(info.runtime[1].start, MIB(20));
}

/* RAM that cannot end where it says is not believed; a reservation that cannot is, to the end. */
static void test_impossible_length(void **state)
{
	uint8_t map[3 * DESCRIPTOR_SIZE];

	(void)state;
	put_descriptor(map, 0, 7, MIB(1), 256);
	put_descriptor(map, 1, 7, MIB(64), UINT64_MAX);
	put_descriptor(map, 2, 0, MIB(128), (UINT64_MAX >> 12) + 2);
	assert_int_equal(round_trip(map, 3), BOOT_OK);
	assert_int_equal(kind_at(MIB(1)), BOOT_RAM);
	assert_int_equal(kind_at(MIB(64)), 0);
	assert_int_equal(kind_at(GIB(1)), BOOT_RESERVED);
}

static void test_map_refused(void **state)
{
	static const size_t wrong[] = {0, 1, 24, 39, 4097, SIZE_MAX};
	struct info_writer writer;
	size_t used;

	(void)state;
	info_begin(&writer, bytes, sizeof(bytes));
	used = writer.used;
	for (uint32_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(info_add_map(&writer, bytes, 4096, wrong[i]));
	assert_int_equal(writer.used, used);
}

/* Whatever the firmware writes into its map, the parser gets a structure that it accepts. */
static void test_random_maps(void **state)
{
	uint8_t map[64 * DESCRIPTOR_SIZE];

	(void)state;
	srandom(1);
	for (uint32_t round = 0; round < 2000; round++) {
		enum boot_error error;

		for (uint32_t i = 0; i < sizeof(map); i++)
			map[i] = (uint8_t)random();
		for (uint32_t i = 0; i < 64; i += 2)
			put_descriptor(map, i, (uint32_t)random() % 16,
				       (uint64_t)random() << (random() % 34),
				       1ULL << (random() % 60));
		error = round_trip(map, 64);
		assert_true(error == BOOT_OK || error == BOOT_NO_RAM);
		for (uint32_t i = 1; i < info.range_count; i++)
			assert_true(info.ranges[i - 1].end <= info.ranges[i].start);
	}
}

/* At every size that is too small the writer says so, and stays inside. */
static void test_full(void **state)
{
	uint8_t map[DESCRIPTOR_SIZE];
	struct info_writer writer;
	size_t needed = 0;

	(void)state;
	put_descriptor(map, 0, 7, MIB(1), 256);
	for (size_t size = 0; needed == 0; size += 8) {
		uint8_t *tight = malloc(size);

		info_begin(&writer, tight, size);
		info_add_text(&writer, MULTIBOOT2_TAG_CMDLINE, "a");
		info_add_module(&writer, 0, 1, "b");
		assert_true(info_add_map(&writer, map, sizeof(map), sizeof(map)));
		if (info_end(&writer))
			needed = size;
		free(tight);
	}
	assert_int_equal(needed, 8 + 16 + 24 + 40 + (16 + DESCRIPTOR_SIZE) + 8);
}

/* What the reader makes of a screen: by the highest bit of all masks. */
static void test_screen(void **state)
{
	static const struct {
		uint32_t masks[4], bits, pitch;
	} cases[] = {
		{{0xff0000, 0xff00, 0xff, 0xff000000}, 32, 1024 * 4},
		{{0xff0000, 0xff00, 0xff, 0}, 24, 1024 * 3},
		{{0xf800, 0x7e0, 0x1f, 0}, 16, 1024 * 2},
		{{0, 0, 0, 0}, 0, 0},
	};
	uint8_t map[DESCRIPTOR_SIZE];

	(void)state;
	put_descriptor(map, 0, 7, MIB(1), 256);
	for (uint32_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct info_screen screen = {
			.address = 0xc0000000, .width = 1000, .height = 700, .pixels_per_line = 1024};
		struct info_writer writer;

		memcpy(screen.masks, cases[i].masks, sizeof(screen.masks));
		info_begin(&writer, bytes, sizeof(bytes));
		info_add_screen(&writer, &screen);
		assert_true(info_add_map(&writer, map, sizeof(map), sizeof(map)));
		assert_true(info_end(&writer));
		assert_int_equal(multiboot2_parse(bytes, writer.used, &info), BOOT_OK);
		assert_int_equal(info.framebuffer.bits_per_pixel, cases[i].bits);
		assert_int_equal(info.framebuffer.pitch, cases[i].pitch);
		assert_int_equal(info.framebuffer.kind, cases[i].bits ? 1 : 0);
		assert_int_equal(info.framebuffer.width, cases[i].bits ? 1000 : 0);
	}
}

static bool convert(char *to, size_t size, const char *text)
{
	uint16_t wide[64];
	size_t count = strlen(text);

	for (size_t i = 0; i < count; i++)
		wide[i] = (uint8_t)text[i];
	return options_convert(to, size, wide, count);
}

static void test_options(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"log=debug x", "log=debug x"},
		{"freehold.efi log=debug", "log=debug"},
		{"FS0:\\freehold\\FREEHOLD.EFI   a b", "a b"},
		{".efi", ""},
		{"efi a", "efi a"},
		{"  a", "a"},
	};
	uint16_t private[] = {'a', 0x263a};
	char text[16], whole[32];

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(convert(whole, sizeof(whole), cases[i][0]));
		assert_string_equal(whole, cases[i][1]);
	}
	assert_true(convert(text, sizeof(text), "123456789012345"));
	assert_false(convert(text, sizeof(text), "1234567890123456"));
	assert_string_equal(text, "");
	assert_false(options_convert(text, sizeof(text), private, 2));
	assert_string_equal(text, "");
	assert_true(options_convert(text, sizeof(text), private, 1));
	assert_true(options_convert(text, sizeof(text), NULL, 0));
}

/* One segment of 4 bytes in the file and 16 in memory, entered at its start. */
static void make_elf(uint64_t *file)
{
	static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
	uint64_t words[] = {0,
			    0,
			    62ULL << 16 | 2,
			    MIB(2),
			    64,
			    0,
			    (uint64_t)56 << 48 | 64ULL << 32,
			    1,
			    (uint64_t)5 << 32 | 1,
			    120,
			    MIB(2),
			    MIB(2),
			    4,
			    16,
			    4096,
			    0x44332211};

	memcpy(words, ident, sizeof(ident));
	memcpy(file, words, sizeof(words));
}

static void test_elf(void **state)
{
	static const uint8_t copied[16] = {0x11, 0x22, 0x33, 0x44};
	uint64_t file[16];
	struct elf_span span;
	uint8_t to[16];

	(void)state;
	make_elf(file);
	assert_true(elf_span(file, sizeof(file), &span));
	assert_int_equal(span.start, MIB(2));
	assert_int_equal(span.end, MIB(2) + 16);
	assert_int_equal(span.entry, MIB(2));
	memset(to, 0xff, sizeof(to));
	elf_copy(file, &span, to);
	assert_memory_equal(to, copied, sizeof(to));
}

static void test_elf_refused(void **state)
{
	static const struct {
		uint32_t word;
		uint64_t value;
	} lies[] = {
		{0, 0},		  {2, 0},   {3, MIB(4)}, {4, UINT64_MAX},
		{4, 128},	  {6, 0},   {7, 0xffff}, {9, UINT64_MAX},
		{11, UINT64_MAX}, {12, 17}, {12, 9},	 {13, UINT64_MAX},
	};
	uint64_t file[16];
	struct elf_span span;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(lies); i++) {
		make_elf(file);
		file[lies[i].word] = lies[i].value;
		assert_false(elf_span(file, sizeof(file), &span));
	}
	make_elf(file);
	for (size_t size = 0; size < 124; size++)
		assert_false(elf_span(file, size, &span));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_memory_types),
		cmocka_unit_test(test_memory_attributes),
		cmocka_unit_test(test_impossible_length),
		cmocka_unit_test(test_map_refused),
		cmocka_unit_test(test_random_maps),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_screen),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_elf),
		cmocka_unit_test(test_elf_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
