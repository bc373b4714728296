/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot information: what an honest loader says is read, and no lie of another gets through. */
/* sources: boot/multiboot2.c boot/efi_map.c boot/memmap.c boot/modules.c boot/note.c lib/format.c */
#include "boot/multiboot2.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "boot/efi_memory.h"
#include "tests/unit/multiboot2_image.h"

static void set_u32(uint32_t at, uint32_t value)
{
	memcpy(image.bytes + at, &value, sizeof(value));
}

static void put_honest(void)
{
	static const uint8_t rsdp_old[20] = "RSD PTR old", rsdp_new[36] = "RSD PTR new";
	uint64_t efi = 0x7e000000;
	uint32_t at;

	image_begin(&image);
	image_put_text(&image, MULTIBOOT2_TAG_CMDLINE, "serial=com1 debug");
	image_put_text(&image, MULTIBOOT2_TAG_LOADER, "GRUB 2.06");
	put_module(MIB(8), MIB(8) + 5, "kernel and more words");
	put_module(MIB(9), MIB(9) + 0x1001, "freehold.conf");
	put_module(MIB(10), MIB(12), "initrd");
	image_put_mmap(&image);
	at = image_open_tag(&image, MULTIBOOT2_TAG_FRAMEBUFFER);
	image_put_u64(&image, 0x80000000);
	image_put_u32(&image, 4096);
	image_put_u32(&image, 1024);
	image_put_u32(&image, 768);
	image_put(&image, "\x20\x01\0\0", 4);
	image_close_tag(&image, at);
	image_put_tag(&image, MULTIBOOT2_TAG_EFI64, &efi, sizeof(efi));
	image_put_tag(&image, MULTIBOOT2_TAG_ACPI_NEW, rsdp_new, sizeof(rsdp_new));
	image_put_tag(&image, MULTIBOOT2_TAG_ACPI_OLD, rsdp_old, sizeof(rsdp_old));
	image_put_tag(&image, 4711, "a tag of the future", 20);
	image_end(&image);
}

static void test_honest(void **state)
{
	(void)state;
	put_honest();
	assert_int_equal(parse(), BOOT_OK);
	assert_int_equal(info.note_count, 0);
	assert_int_equal(info.kernel_start, MIB(2));
	assert_int_equal(info.kernel_end, MIB(4));
	assert_string_equal(info.cmdline, "serial=com1 debug");
	assert_string_equal(info.loader, "GRUB 2.06");
	assert_int_equal(info.module_count, 2);
	assert_module(&info.modules[0], "kernel", MIB(8), 5);
	assert_module(&info.modules[1], "initrd", MIB(10), MIB(2));
	assert_true(info.has_config);
	assert_module(&info.config, "freehold.conf", MIB(9), 0x1001);
	assert_int_equal(info.framebuffer.address, 0x80000000);
	assert_int_equal(info.framebuffer.pitch, 4096);
	assert_int_equal(info.framebuffer.width, 1024);
	assert_int_equal(info.framebuffer.height, 768);
	assert_int_equal(info.framebuffer.bits_per_pixel, 32);
	assert_int_equal(info.framebuffer.kind, 1);
	assert_int_equal(info.efi_system_table, 0x7e000000);
	assert_int_equal(info.rsdp_size, 36);
	assert_memory_equal(info.rsdp, "RSD PTR new", 12);
}

/* The runtime services' regions of a map whose descriptors have size bytes each. */
static void put_efi_map(const struct efi_descriptor *descriptors, unsigned count, uint32_t size)
{
	uint32_t at;

	image_begin(&image);
	image_put_mmap(&image);
	at = image_open_tag(&image, MULTIBOOT2_TAG_EFI_MMAP);
	image_put_u32(&image, size);
	image_put_u32(&image, 1);
	for (unsigned i = 0; i < count; i++) {
		image_put(&image, (const char *)&descriptors[i], sizeof(*descriptors));
		image_put(&image, "padding",
			  size > sizeof(*descriptors) ? size - (uint32_t)sizeof(*descriptors) : 0);
	}
	image_close_tag(&image, at);
	image_end(&image);
	assert_int_equal(parse(), BOOT_OK);
}

static void test_runtime_regions(void **state)
{
	static const struct efi_descriptor descriptors[] = {
		{.type = EFI_RUNTIME_CODE,
		 .start = MIB(16),
		 .pages = 3,
		 .attributes = EFI_ATTRIBUTE_RUNTIME | 0xf},
		{.type = 7, .start = MIB(32), .pages = 9, .attributes = 0xf},
		{.type = EFI_RUNTIME_DATA,
		 .start = MIB(20),
		 .pages = 1,
		 .attributes = EFI_ATTRIBUTE_RUNTIME},
		{.type = EFI_MEMORY_MAPPED_PORTS,
		 .start = 5,
		 .pages = 1,
		 .attributes = EFI_ATTRIBUTE_RUNTIME},
		{.type = EFI_MEMORY_MAPPED_IO,
		 .start = 0xffc00000,
		 .pages = 1024,
		 .attributes = EFI_ATTRIBUTE_RUNTIME},
	};
	static const struct boot_runtime wanted[] = {
		{MIB(16), MIB(16) + 3 * PAGE_SIZE, BOOT_RUNTIME_CODE},
		{MIB(20), MIB(20) + PAGE_SIZE, BOOT_RUNTIME_DATA},
		{0xffc00000, GIB(4), BOOT_RUNTIME_IO},
	};

	(void)state;
	put_efi_map(descriptors, ARRAY_SIZE(descriptors), 48);
	assert_int_equal(info.note_count, 0);
	assert_int_equal(info.runtime_count, ARRAY_SIZE(wanted));
	for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_int_equal(info.runtime[i].start, wanted[i].start);
		assert_int_equal(info.runtime[i].end, wanted[i].end);
		assert_int_equal(info.runtime[i].kind, wanted[i].kind);
	}
}

/* Half of what services need is no use. */
static void test_runtime_regions_refused(void **state)
{
	static const struct {
		uint64_t start, pages;
		uint32_t size;
		const char *why;
	} wrong[] = {
		{MIB(16) + 1, 1, 40, "misplaced"},
		{MIB(16), 0, 40, "misplaced"},
		{MIB(16), UINT64_MAX, 40, "misplaced"},
		{MIB(16), (UINT64_MAX - MIB(16)) / PAGE_SIZE + 1, 40, "misplaced"},
		{MIB(16), 1, 39, "impossible size"},
		{MIB(16), 1, 0, "impossible size"},
		{MIB(16), 1, 4097, "impossible size"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		const struct efi_descriptor both[] = {
			{.type = EFI_RUNTIME_CODE,
			 .start = MIB(8),
			 .pages = 1,
			 .attributes = EFI_ATTRIBUTE_RUNTIME},
			{.type = EFI_RUNTIME_CODE,
			 .start = wrong[i].start,
			 .pages = wrong[i].pages,
			 .attributes = EFI_ATTRIBUTE_RUNTIME},
		};

		put_efi_map(both, wrong[i].size == 40 ? 2 : 0, wrong[i].size);
		assert_int_equal(info.runtime_count, 0);
		assert_int_equal(info.note_count, 1);
		assert_non_null(strstr(info.notes[0], wrong[i].why));
	}
}

static void test_too_many_runtime_regions(void **state)
{
	static struct efi_descriptor many[BOOT_MAX_RUNTIME + 1];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct efi_descriptor){.type = EFI_RUNTIME_DATA,
						  .start = MIB(i),
						  .pages = 1,
						  .attributes = EFI_ATTRIBUTE_RUNTIME};
	put_efi_map(many, BOOT_MAX_RUNTIME, 40);
	assert_int_equal(info.runtime_count, BOOT_MAX_RUNTIME);
	put_efi_map(many, BOOT_MAX_RUNTIME + 1, 40);
	assert_int_equal(info.runtime_count, 0);
	assert_non_null(strstr(info.notes[0], "too many"));
}

static void test_honest_ranges(void **state)
{
	static const struct boot_range expected[] = {
		{0, 0x1000, BOOT_RESERVED},
		{0x1000, 0x9f000, BOOT_RAM},
		{0x9f000, MIB(1), BOOT_RESERVED},
		{MIB(1), MIB(200), BOOT_RAM},
		{MIB(200), MIB(200) + 0x1000, BOOT_ACPI_RECLAIM},
		{MIB(200) + 0x1000, MIB(256), BOOT_RAM},
		{0xfec00000, GIB(4), BOOT_RESERVED},
	};

	(void)state;
	put_honest();
	assert_int_equal(parse(), BOOT_OK);
	assert_int_equal(info.range_count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(info.ranges[i].start, expected[i].start);
		assert_int_equal(info.ranges[i].end, expected[i].end);
		assert_int_equal(info.ranges[i].kind, expected[i].kind);
	}
}

static void test_old_rsdp_alone(void **state)
{
	static const uint8_t rsdp[20] = "RSD PTR old";

	(void)state;
	image_begin(&image);
	image_put_mmap(&image);
	image_put_tag(&image, MULTIBOOT2_TAG_ACPI_OLD, rsdp, sizeof(rsdp));
	image_end(&image);
	assert_int_equal(parse(), BOOT_OK);
	assert_int_equal(info.rsdp_size, 20);
}

/* L01: whatever the total size and wherever the memory ends, an error and no read beyond. */
static void test_truncated_everywhere(void **state)
{
	uint32_t whole;

	(void)state;
	put_honest();
	whole = image.size;
	for (uint32_t size = 0; size < whole; size++) {
		set_u32(0, whole);
		assert_int_not_equal(parse_readable(size), BOOT_OK);
		set_u32(0, size);
		assert_int_not_equal(parse_readable(whole), BOOT_OK);
		if (size >= 8)
			assert_int_not_equal(parse_readable(size), BOOT_OK);
	}
}

static void test_total_size(void **state)
{
	static const uint32_t sizes[] = {0, 1, 7, 8, 15, 0xffffffff, 0x80000000};

	(void)state;
	put_honest();
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		set_u32(0, sizes[i]);
		assert_int_equal(parse(), BOOT_BAD_SIZE);
	}
}

static void test_misaligned(void **state)
{
	(void)state;
	assert_int_equal(multiboot2_parse(image.bytes + 4, 64, &info), BOOT_BAD_ADDRESS);
}

static void test_tag_size(void **state)
{
	static const uint32_t sizes[] = {0, 1, 7, 0x7fffffff, 0xfffffff8, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		put_honest();
		set_u32(12, sizes[i]);
		assert_int_equal(parse(), BOOT_BAD_TAG);
	}
}

/* A tag that ends at the total size, but whose padding does not. */
static void test_no_room_for_padding(void **state)
{
	(void)state;
	image_begin(&image);
	image_put_mmap(&image);
	image_put_tag(&image, MULTIBOOT2_TAG_LOADER, "x", 2);
	image.size -= 6;
	set_u32(0, image.size);
	assert_int_equal(parse(), BOOT_NO_END);
}

static void test_no_end_tag(void **state)
{
	(void)state;
	image_begin(&image);
	image_put_mmap(&image);
	set_u32(0, image.size);
	assert_int_equal(parse(), BOOT_NO_END);
}

static void test_tag_too_small_for_its_kind(void **state)
{
	static const uint32_t types[] = {
		MULTIBOOT2_TAG_MODULE, MULTIBOOT2_TAG_MMAP,	MULTIBOOT2_TAG_FRAMEBUFFER,
		MULTIBOOT2_TAG_EFI64,  MULTIBOOT2_TAG_ACPI_OLD, MULTIBOOT2_TAG_ACPI_NEW,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		image_begin(&image);
		image_put_tag(&image, types[i], "seven..", 7);
		image_put_mmap(&image);
		image_end(&image);
		assert_int_equal(parse(), BOOT_BAD_TAG);
	}
}

static void test_duplicates_first_counts(void **state)
{
	uint32_t at;

	(void)state;
	image_begin(&image);
	image_put_text(&image, MULTIBOOT2_TAG_CMDLINE, "first");
	image_put_text(&image, MULTIBOOT2_TAG_CMDLINE, "second");
	image_put_mmap(&image);
	at = image_open_tag(&image, MULTIBOOT2_TAG_MMAP);
	image_put_u32(&image, 24);
	image_put_u32(&image, 0);
	image_put_entry(&image, GIB(8), GIB(8), 1);
	image_close_tag(&image, at);
	image_end(&image);
	assert_int_equal(parse(), BOOT_OK);
	assert_string_equal(info.cmdline, "first");
	assert_true(has_note("second command line tag ignored"));
	assert_true(has_note("second memory map tag ignored"));
	assert_true(info.ranges[info.range_count - 1].end <= GIB(4));
}

static void test_mmap_entry_size(void **state)
{
	static const uint32_t sizes[] = {0, 8, 16, 23, 25, 0x80000000, 0xfffffff8, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		image_begin(&image);
		image_put_mmap(&image);
		set_u32(16, sizes[i]);
		image_end(&image);
		assert_int_equal(parse(), BOOT_BAD_MMAP);
	}
}

/* A newer entry may be larger: what it added is skipped. */
static void test_mmap_larger_entries(void **state)
{
	uint32_t at;

	(void)state;
	image_begin(&image);
	at = image_open_tag(&image, MULTIBOOT2_TAG_MMAP);
	image_put_u32(&image, 32);
	image_put_u32(&image, 1);
	image_put_entry(&image, MIB(16), MIB(16), 1);
	image_put_u64(&image, ~0ULL);
	image_put_entry(&image, MIB(64), MIB(16), 1);
	image_put_u64(&image, ~0ULL);
	image_put_u32(&image, 1);
	image_close_tag(&image, at);
	image_end(&image);
	assert_int_equal(parse(), BOOT_OK);
	assert_true(has_note("4 bytes behind the last entry"));
	assert_int_equal(info.range_count, 5);
	assert_int_equal(info.ranges[3].start, MIB(64));
	assert_int_equal(info.ranges[3].end, MIB(80));
}

static void test_no_mmap_and_no_ram(void **state)
{
	uint32_t at;

	(void)state;
	image_begin(&image);
	image_end(&image);
	assert_int_equal(parse(), BOOT_NO_MMAP);

	image_begin(&image);
	at = image_open_tag(&image, MULTIBOOT2_TAG_MMAP);
	image_put_u32(&image, 24);
	image_put_u32(&image, 0);
	image_put_entry(&image, MIB(16), MIB(16), 0);
	image_put_entry(&image, MIB(64), MIB(16), 77);
	image_close_tag(&image, at);
	image_end(&image);
	assert_int_equal(parse(), BOOT_NO_RAM);
}

/* L02: RAM where the local APIC and the MSI window are is not RAM. */
static void test_ram_over_mmio(void **state)
{
	uint32_t at;

	(void)state;
	image_begin(&image);
	at = image_open_tag(&image, MULTIBOOT2_TAG_MMAP);
	image_put_u32(&image, 24);
	image_put_u32(&image, 0);
	image_put_entry(&image, 0, GIB(8), 1);
	image_close_tag(&image, at);
	image_end(&image);
	assert_int_equal(parse(), BOOT_OK);
	for (uint32_t i = 0; i < info.range_count; i++) {
		if (info.ranges[i].kind == BOOT_RAM) {
			assert_true(info.ranges[i].end <= 0xfee00000 ||
				    info.ranges[i].start >= GIB(4));
			assert_true(info.ranges[i].end <= 0xa0000 || info.ranges[i].start >= MIB(1));
		}
	}
	assert_int_equal(info.ranges[info.range_count - 1].end, GIB(8));
}

/* L08 */
static void test_cmdline(void **state)
{
	static char text[65536];

	(void)state;
	memset(text, 'x', sizeof(text));
	image_begin(&image);
	image_put_tag(&image, MULTIBOOT2_TAG_CMDLINE, text, sizeof(text));
	image_put_tag(&image, MULTIBOOT2_TAG_LOADER, "caf\xc3\xa9\n", 7);
	image_put_mmap(&image);
	image_end(&image);
	assert_int_equal(parse(), BOOT_OK);
	assert_int_equal(strlen(info.cmdline), BOOT_CMDLINE_SIZE - 1);
	assert_string_equal(info.loader, "caf???");
	assert_true(has_note("command line: not terminated"));
	assert_true(has_note("command line: cut from 65536 to 4095"));
	assert_true(has_note("loader's name: has characters"));
}

static void test_every_error_has_a_text(void **state)
{
	(void)state;
	for (enum boot_error error = BOOT_OK; error <= BOOT_NO_RAM; error++)
		assert_non_null(boot_error_text(error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_honest),
		cmocka_unit_test(test_honest_ranges),
		cmocka_unit_test(test_runtime_regions),
		cmocka_unit_test(test_runtime_regions_refused),
		cmocka_unit_test(test_too_many_runtime_regions),
		cmocka_unit_test(test_old_rsdp_alone),
		cmocka_unit_test(test_truncated_everywhere),
		cmocka_unit_test(test_total_size),
		cmocka_unit_test(test_misaligned),
		cmocka_unit_test(test_tag_size),
		cmocka_unit_test(test_no_room_for_padding),
		cmocka_unit_test(test_no_end_tag),
		cmocka_unit_test(test_tag_too_small_for_its_kind),
		cmocka_unit_test(test_duplicates_first_counts),
		cmocka_unit_test(test_mmap_entry_size),
		cmocka_unit_test(test_mmap_larger_entries),
		cmocka_unit_test(test_no_mmap_and_no_ram),
		cmocka_unit_test(test_ram_over_mmio),
		cmocka_unit_test(test_cmdline),
		cmocka_unit_test(test_every_error_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
