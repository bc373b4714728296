/* SPDX-License-Identifier: BSD-2-Clause */
/* THREATS L06 and L07: images that lie are refused before a byte of guest memory is written. */
/* sources: vmm/loader.c vmm/loader_known.c vmm/loader_linux.c vmm/loader_elf.c vmm/loader_pvh.c
 * vmm/loader_multiboot.c lib/format.c vmm/loader_multiboot2.c vmm/multiboot2_info.c
 * vmm/acpi_writer.c vmm/loader_flat.c
 * vmm/memory_map.c vmm/partition.c vmm/guest_mem.c tests/unit/vmm_fixture.c
 * tests/unit/loader_images.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/vmm_fixture.h"
#include <cmocka.h>

#include "tests/unit/load_whole.h"
#include "tests/unit/loader_images.h"
#include "vmm/loader.h"

#define MEMORY	      MIB(4)
#define RANDOM_ROUNDS 20000

typedef struct image (*make_t)(void);

/* One lie: value, of width bytes, at offset of a well-formed image. */
struct lie {
	const char *what;
	make_t make;
	size_t offset;
	unsigned width;
	uint64_t value;
};

#define PH64(index, field) (ELF64_PH + (index)*ELF64_PH_SIZE + (field))
#define PH32(index, field) (ELF32_PH + (index)*ELF32_PH_SIZE + (field))

static const struct lie lies[] = {
	{"version 2.09 has no pref_address", image_linux, 0x206, 2, 0x0209},
	{"not loaded high", image_linux, 0x211, 1, 0},
	{"the header is shorter than its version", image_linux, 0x201, 1, 0x10},
	{"setup_sects beyond the file", image_linux, 0x1f1, 1, 200},
	{"syssize beyond the file", image_linux, 0x1f4, 4, 0x7fffffff},
	{"syssize wraps", image_linux, 0x1f4, 4, 0xffffffff},
	{"syssize 0", image_linux, 0x1f4, 4, 0},
	{"init_size below the file's", image_linux, 0x260, 4, LINUX_KERNEL_SIZE - 16},
	{"init_size 0", image_linux, 0x260, 4, 0},
	{"init_size beyond memory", image_linux, 0x260, 4, 0xffffffff},
	{"alignment 0", image_linux, 0x230, 4, 0},
	{"alignment 3000h", image_linux, 0x230, 4, 0x3000},
	{"alignment 2 GiB", image_linux, 0x230, 4, 0x80000000},
	{"pref_address not aligned", image_linux, 0x258, 8, LINUX_PREF + 1},
	{"cmdline_size below the line's", image_linux, 0x238, 4, 3},
	{"initrd_addr_max 0", image_linux, 0x22c, 4, 0},
	{"phnum 0", image_elf64, 56, 2, 0},
	{"phnum 65535", image_elf64, 56, 2, 65535},
	{"phnum beyond the file", image_elf64, 56, 2, 300},
	{"phentsize 0", image_elf64, 54, 2, 0},
	{"phentsize of ELF32", image_elf64, 54, 2, 32},
	{"phoff beyond the file", image_elf64, 32, 8, 0x10000},
	{"phoff wraps", image_elf64, 32, 8, UINT64_MAX - 16},
	{"phoff 2^63", image_elf64, 32, 8, BIT(63)},
	{"ET_DYN", image_elf64, 16, 2, 3},
	{"ARM", image_elf64, 18, 2, 40},
	{"i386 in ELF64", image_elf64, 18, 2, 3},
	{"big-endian", image_elf64, 5, 1, 2},
	{"class 3", image_elf64, 4, 1, 3},
	{"offset beyond the file", image_elf64, PH64(0, 8), 8, 0x10000},
	{"offset + filesz wraps", image_elf64, PH64(0, 8), 8, UINT64_MAX - 0xff},
	{"offset 2^63", image_elf64, PH64(0, 8), 8, BIT(63)},
	{"filesz > memsz", image_elf64, PH64(0, 40), 8, 0xfff},
	{"filesz beyond the file", image_elf64, PH64(1, 32), 8, 0x5000},
	{"filesz 2^64 - 1", image_elf64, PH64(0, 32), 8, UINT64_MAX},
	{"memsz beyond memory", image_elf64, PH64(0, 40), 8, MEMORY},
	{"memsz 2^63", image_elf64, PH64(0, 40), 8, BIT(63)},
	{"memsz 2^64 - 1", image_elf64, PH64(0, 40), 8, UINT64_MAX},
	{"paddr beyond memory", image_elf64, PH64(0, 24), 8, MEMORY},
	{"paddr + memsz one page too far", image_elf64, PH64(0, 24), 8, MEMORY - 0x1000},
	{"paddr wraps", image_elf64, PH64(0, 24), 8, UINT64_MAX - 0xfff},
	{"paddr 0", image_elf64, PH64(0, 24), 8, 0},
	{"paddr in the video hole", image_elf64, PH64(0, 24), 8, 0xa0000},
	{"segments overlap", image_elf64, PH64(1, 24), 8, ELF_FIRST_TO + 0x1fff},
	{"nothing to load", image_elf64, 56, 2, 0},
	{"PVH entry outside", image_elf64, ELF_NOTE_AT + 36, 4, 0x180000},
	{"PVH entry 0", image_elf64, ELF_NOTE_AT + 36, 4, 0},
	{"note's size beyond its segment", image_elf64, ELF_NOTE_AT + 24, 4, 0x1000},
	{"note's size wraps", image_elf64, ELF_NOTE_AT + 24, 4, 0xffffffff},
	{"note's name wraps", image_elf64, ELF_NOTE_AT, 4, 0xfffffffe},
	{"note of size 3", image_elf64, ELF_NOTE_AT + 24, 4, 3},
	{"note segment beyond the file", image_elf64, PH64(2, 32), 8, 0x100000},
	{"note segment's offset wraps", image_elf64, PH64(2, 8), 8, UINT64_MAX - 7},
	{"phnum of ELF32 beyond the file", image_elf32, 44, 2, 60000},
	{"phoff of ELF32", image_elf32, 28, 4, 0xfffffff0},
	{"filesz of ELF32", image_elf32, PH32(0, 16), 4, 0xffffffff},
	{"memsz of ELF32", image_elf32, PH32(0, 20), 4, 0xffffffff},
	{"paddr of ELF32", image_elf32, PH32(0, 12), 4, 0xfffff000},
	{"checksum", image_multiboot, MULTIBOOT_HEADER + 8, 4, 1},
	{"header_addr beyond what the file has before", image_multiboot, MULTIBOOT_HEADER + 12, 4,
	 0x101000},
	{"load_addr > header_addr", image_multiboot, MULTIBOOT_HEADER + 16, 4, 0x100041},
	{"load_end_addr < load_addr", image_multiboot, MULTIBOOT_HEADER + 20, 4, 0xff000},
	{"load_end_addr beyond the file", image_multiboot, MULTIBOOT_HEADER + 20, 4, 0x103000},
	{"bss_end_addr < load_end_addr", image_multiboot, MULTIBOOT_HEADER + 24, 4, 0x101000},
	{"bss_end_addr beyond memory", image_multiboot, MULTIBOOT_HEADER + 24, 4, 0xfffff000},
	{"entry outside", image_multiboot, MULTIBOOT_HEADER + 28, 4, 0x104000},
	{"entry 0", image_multiboot, MULTIBOOT_HEADER + 28, 4, 0},
};

/* The same for Multiboot2. */
static const struct lie lies2[] = {
	{"asks for type 22", image_multiboot2, MULTIBOOT2_TAGS + 12, 4, 22},
	{"asks for a type far off", image_multiboot2, MULTIBOOT2_TAGS + 12, 4, 0x80000000},
	{"tag of size 0", image_multiboot2, MULTIBOOT2_TAGS + 4, 4, 0},
	{"tag of size 7", image_multiboot2, MULTIBOOT2_TAGS + 4, 4, 7},
	{"tag beyond the header", image_multiboot2, MULTIBOOT2_TAGS + 4, 4, 0x1000},
	{"tag's size wraps", image_multiboot2, MULTIBOOT2_TAGS + 4, 4, 0xffffffff},
	{"unknown and not optional", image_multiboot2, MULTIBOOT2_TAGS, 2, 11},
	{"EFI boot services", image_multiboot2, MULTIBOOT2_TAGS, 2, 7},
	{"address tag too short", image_multiboot2, MULTIBOOT2_ADDRESSES + 4, 4, 16},
	{"entry tag too short", image_multiboot2, MULTIBOOT2_ENTRY + 4, 4, 8},
	{"addresses without entry", image_multiboot2, MULTIBOOT2_ENTRY, 2, 6},
	{"header_addr beyond what the file has before", image_multiboot2, MULTIBOOT2_ADDRESSES + 8,
	 4, 0x101000},
	{"load_addr > header_addr", image_multiboot2, MULTIBOOT2_ADDRESSES + 12, 4, 0x100081},
	{"load_end_addr < load_addr", image_multiboot2, MULTIBOOT2_ADDRESSES + 16, 4, 0xff000},
	{"load_end_addr beyond the file", image_multiboot2, MULTIBOOT2_ADDRESSES + 16, 4, 0x103000},
	{"bss_end_addr beyond memory", image_multiboot2, MULTIBOOT2_ADDRESSES + 20, 4, 0xfffff000},
	{"entry outside", image_multiboot2, MULTIBOOT2_ENTRY + 8, 4, 0x104000},
	{"entry 0", image_multiboot2, MULTIBOOT2_ENTRY + 8, 4, 0},
};

static const char *load(const struct image *image, struct boot_entry *entry)
{
	static const uint8_t initrd[5000] = {1};

	fixture_config.image_count = 0;
	fixture_image(IMAGE_KERNEL, "kernel", image->bytes, image->size);
	fixture_image(IMAGE_INITRD, "initrd", initrd, sizeof(initrd));
	strcpy(fixture_config.cmdline, "quiet");
	return load_whole(0xf0000, entry);
}

static bool memory_untouched(void)
{
	return fixture_untouched(0, 0xa0000) && fixture_untouched(0xc0000, MEMORY);
}

/* So that each lie is the reason of its refusal. */
static void test_truth_is_accepted(void **state)
{
	static const make_t makers[] = {image_linux,	 image_elf64,	   image_elf32,
					image_multiboot, image_multiboot2, image_sector};
	struct boot_entry entry;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(makers); i++) {
		struct image image = makers[i]();

		fixture_init(MEMORY);
		assert_null(load(&image, &entry));
		image_free(&image);
	}
}

static void check_lies(const struct lie *table, unsigned count)
{
	struct boot_entry entry;

	fixture_init(MEMORY);
	for (unsigned i = 0; i < count; i++) {
		struct image image = table[i].make();

		image_put(&image, table[i].offset, &table[i].value, table[i].width);
		if (!load(&image, &entry))
			fail_msg("accepted: %s", table[i].what);
		if (!memory_untouched())
			fail_msg("memory was written: %s", table[i].what);
		image_free(&image);
	}
}

static void test_lies_are_refused(void **state)
{
	(void)state;
	check_lies(lies, ARRAY_SIZE(lies));
	check_lies(lies2, ARRAY_SIZE(lies2));
}

/* load= and entry= are the operator's: what they cannot be is refused all the same. */
static void test_flat_places(void **state)
{
	static const uint64_t bad[][2] = {
		{0, 0},
		{0x4ff0, 0x4ff0},
		{0x8fff8, 0x8fff8},
		{0x9f000, 0x9f000},
		{0xa0000, 0xa0000},
		{0xf0000, 0xf0000},
		{MEMORY - 0x1000, MEMORY - 0x1000},
		{MEMORY, MEMORY},
		{UINT64_MAX - 1, UINT64_MAX - 1},
		{0x100000, 0xfffff},
		{0x100000, 0x102000},
		{GIB(5), GIB(5)},
	};
	struct image image = image_multiboot();
	struct boot_entry entry;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		fixture_init(MEMORY);
		fixture_config.boot.protocol = BOOT_FLAT;
		fixture_config.boot.load = bad[i][0];
		fixture_config.boot.entry = bad[i][1];
		assert_non_null(load(&image, &entry));
		assert_true(memory_untouched());
	}
	image_free(&image);
}

/* A file of notes that say nothing is not gone through for ever: 4096 are more than any kernel has. */
static void test_many_notes(void **state)
{
	struct image image = image_elf64();
	struct boot_entry entry;

	(void)state;
	for (unsigned count = 4094; count < 4096; count++) {
		size_t notes = 12UL * count, size = ELF_NOTE_AT + notes + 40;
		struct image large = {calloc(1, size), size};

		/* Zeros are empty notes; the first of the image's two is another's, too. */
		memcpy(large.bytes, image.bytes, ELF_NOTE_AT);
		memcpy(large.bytes + ELF_NOTE_AT + notes, image.bytes + ELF_NOTE_AT, 40);
		image_put64(&large, PH64(2, 32), notes + 40);
		fixture_init(MEMORY);
		assert_int_equal(load(&large, &entry) == NULL, count == 4094);
		image_free(&large);
	}
	image_free(&image);
}

static void test_large_sector(void **state)
{
	struct image image = image_sector();
	struct boot_entry entry;

	(void)state;
	for (size_t size = 0x9fc00 - 0x7c00; size < 0x9fc00 - 0x7c00 + 2; size++) {
		struct image large = {calloc(1, size), size};

		memcpy(large.bytes, image.bytes, 512);
		fixture_init(MEMORY);
		assert_int_equal(load(&large, &entry) != NULL, size > 0x9fc00 - 0x7c00);
		image_free(&large);
	}
	image_free(&image);
}

/* The header's own words, with the checksum right. */
static void test_multiboot2_header(void **state)
{
	static const uint32_t words[][2] = {
		{4, MULTIBOOT2_LENGTH},
		{0, MULTIBOOT2_LENGTH - 13},
		{0, 15},
		{0, 0},
		{0, 32768},
		{0, 0xffffffff},
		{0, 20},
	};
	struct image image = image_multiboot2();
	struct boot_entry entry;

	(void)state;
	fixture_init(MEMORY);
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		image_put32(&image, MULTIBOOT2_HEADER + 4, words[i][0]);
		image_put32(&image, MULTIBOOT2_HEADER + 8, words[i][1]);
		image_put32(&image, MULTIBOOT2_HEADER + 12,
			    (uint32_t) - (0xe85250d6 + words[i][0] + words[i][1]));
		assert_non_null(load(&image, &entry));
		assert_true(memory_untouched());
	}
	image_free(&image);
}

static void test_multiboot_demands(void **state)
{
	struct image image = image_multiboot();
	struct boot_entry entry;

	(void)state;
	for (unsigned bit = 2; bit < 16; bit++) {
		fixture_init(MEMORY);
		image_multiboot_flags(&image, MULTIBOOT_HEADER, 0x10000 | 1u << bit);
		assert_non_null(load(&image, &entry));
		assert_true(memory_untouched());
	}
	image_free(&image);
}

/* Cut off at every length: refused, or whole enough to be what it says. */
static void check_cut(make_t make, size_t whole)
{
	struct image image = make();
	struct boot_entry entry;

	fixture_init(MEMORY);
	for (size_t size = 0; size < whole; size += size < 700 ? 1 : 61) {
		struct image cut = {malloc(size ? size : 1), size};

		memcpy(cut.bytes, image.bytes, size);
		/* A bzImage's first sector has a boot sector's mark: that little of it is one. */
		if (make == image_linux && size >= 512 && size < 0x206) {
			assert_null(load(&cut, &entry));
			assert_int_equal(entry.mode, ENTRY_REAL);
			fixture_init(MEMORY);
		} else {
			assert_non_null(load(&cut, &entry));
			assert_true(memory_untouched());
		}
		image_free(&cut);
	}
	image_free(&image);
}

static void test_cut_off(void **state)
{
	(void)state;
	check_cut(image_linux, LINUX_KERNEL + LINUX_KERNEL_SIZE - 15);
	check_cut(image_elf64, ELF_NOTE_AT + 40);
	check_cut(image_elf32, ELF_NOTE_AT + 40);
	check_cut(image_multiboot, MULTIBOOT_SIZE);
	check_cut(image_multiboot2, MULTIBOOT2_SIZE);
	check_cut(image_sector, 512);
}

static void test_modules_too_large(void **state)
{
	struct image image = image_elf64();
	struct image large = {calloc(1, MIB(2)), MIB(2) - 0x1000};
	struct boot_entry entry;

	(void)state;
	fixture_init(MEMORY);
	fixture_image(IMAGE_KERNEL, "kernel", image.bytes, image.size);
	fixture_image(IMAGE_MODULE, "module", large.bytes, large.size);
	assert_null(
		load_whole(0xf0000, &entry)); /* 2 MiB are free but for the second segment's page */
	fixture_init(MEMORY);
	large.size++;
	fixture_image(IMAGE_KERNEL, "kernel", image.bytes, image.size);
	fixture_image(IMAGE_MODULE, "module", large.bytes, large.size);
	assert_non_null(load_whole(0xf0000, &entry));
	assert_true(memory_untouched());
	image_free(&image);
	image_free(&large);
}

static void test_no_kernel(void **state)
{
	struct boot_entry entry;

	(void)state;
	fixture_init(MEMORY);
	assert_non_null(load_whole(0xf0000, &entry));
	fixture_image(IMAGE_KERNEL, "kernel", "", 0);
	assert_non_null(load_whole(0xf0000, &entry));
}

/*
 * A few random bytes in the headers of random images. The sanitizer sees any access outside of
 * image or memory; an accepted image has to start inside what was loaded, above 1 MiB.
 */
static void test_random_lies(void **state)
{
	static const make_t makers[] = {image_linux, image_elf64, image_elf32, image_multiboot,
					image_multiboot2};
	static const size_t spans[] = {0x26c, 0x3028, 0x3028, 0x60,
				       MULTIBOOT2_HEADER + MULTIBOOT2_LENGTH};
	unsigned accepted = 0;

	(void)state;
	srandom(1);
	fixture_init(MEMORY);
	for (unsigned round = 0; round < RANDOM_ROUNDS; round++) {
		unsigned kind = (unsigned)random() % ARRAY_SIZE(makers);
		struct image image = makers[kind]();
		struct boot_entry entry;

		for (long count = random() % 4 + 1; count; count--) {
			size_t at = (size_t)random() % spans[kind];
			bool note = random() % 2;

			at = (kind == 1 || kind == 2) && at >= 0x100
				     ? (note ? 0x3000 + at % 0x28 : at % 0x100)
				     : at;
			image.bytes[at] = (uint8_t)random();
		}
		if (!load(&image, &entry)) {
			accepted++;
			if (entry.mode == ENTRY_REAL)
				assert_int_equal(entry.rip, 0x7c00);
			else
				assert_in_range(entry.rip, MIB(1), MEMORY - 1);
		}
		image_free(&image);
	}
	/* Otherwise the test looks at refusals only. */
	assert_in_range(accepted, RANDOM_ROUNDS / 20, RANDOM_ROUNDS - RANDOM_ROUNDS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth_is_accepted), cmocka_unit_test(test_lies_are_refused),
		cmocka_unit_test(test_multiboot_demands), cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_multiboot2_header), cmocka_unit_test(test_flat_places),
		cmocka_unit_test(test_many_notes),	  cmocka_unit_test(test_large_sector),
		cmocka_unit_test(test_modules_too_large), cmocka_unit_test(test_no_kernel),
		cmocka_unit_test(test_random_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
