/* SPDX-License-Identifier: BSD-2-Clause */
/* What the operator is told of an image that is refused: what it is, where in it, and how much. */
/* sources: vmm/loader.c vmm/loader_known.c vmm/loader_linux.c vmm/loader_elf.c vmm/loader_pvh.c
 * vmm/loader_multiboot.c vmm/loader_multiboot2.c vmm/multiboot2_info.c
 * vmm/acpi_writer.c vmm/loader_flat.c
 * vmm/memory_map.c vmm/partition.c vmm/guest_mem.c tests/unit/vmm_fixture.c
 * tests/unit/loader_images.c lib/format.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/vmm_fixture.h"
#include <cmocka.h>

#include "tests/unit/load_whole.h"
#include "tests/unit/loader_images.h"

/* An image with one thing wrong, in a partition of 64 MiB, and what is said of it. */
struct wrong {
	struct image (*make)(void);
	size_t at;
	unsigned width; /* bytes of value; 0: nothing is changed */
	uint64_t value;
	const char *why;
};

static void check(const struct wrong *wrong)
{
	struct image image = wrong->make();
	struct boot_entry entry;
	const char *why;

	if (wrong->width)
		image_put(&image, wrong->at, &wrong->value, wrong->width);
	fixture_init(MIB(64));
	fixture_image(IMAGE_KERNEL, "kernel", image.bytes, image.size);
	why = load_whole(0xf0000, &entry);
	assert_non_null(why);
	assert_string_equal(why, wrong->why);
	image_free(&image);
}

static void test_wrong(void **state)
{
	static const struct wrong all[] = {
		{image_linux, 0x206, 2, 0x209,
		 "a Linux kernel with a boot protocol older than 2.10 is not supported: 2.09"},
		{image_linux, 0x1fe, 2, 0x1234, "the setup header's boot_flag is 1234h, not AA55h"},
		{image_linux, 0x230, 4, 0x3000, "kernel_alignment is not a power of two: 3000h"},
		{image_linux, 0x258, 8, 0x200010, "pref_address is not page-aligned: 200010h"},
		{image_linux, 0x260, 4, MIB(65),
		 "the kernel does not fit into the partition's memory: 65 MiB at 200000h; it needs "
		 "memory=67M or more"},
		{image_linux, 0x260, 4, 0xc0000000,
		 "the kernel does not fit into the partition's memory: 3072 MiB at 200000h"},
		{image_elf64, ELF64_PH + 24, 8, 0x80000,
		 "a segment is loaded below 1 MiB: at 80000h"},
		{image_elf64, ELF64_PH + 24, 8, MIB(64) - 0x1000,
		 "a segment does not fit into the partition's memory: 8 KiB at 3FFF000h; it needs "
		 "memory=65M or more"},
		{image_elf64, ELF64_PH + 24, 8, 0xfffffffffffff000,
		 "a segment does not fit into the partition's memory: 8 KiB at FFFFFFFFFFFFF000h"},
		{image_elf64, ELF64_PH + 24, 8, GIB(3),
		 "a segment does not fit into the partition's memory: 8 KiB at C0000000h"},
		{image_elf64, ELF64_PH + ELF64_PH_SIZE + 24, 8, 0x101000,
		 "two segments overlap: 2000h bytes at 100000h, 100h bytes at 101000h"},
		{image_elf64, ELF64_PH + 8, 8, 0x9999999,
		 "a segment is not in the file: 1000h bytes at 9999999h of it"},
		{image_elf64, ELF64_PH + 32, 8, 0x2001,
		 "a segment is larger in the file than in memory: 2001h bytes, 2000h"},
		{image_elf64, 18, 2, 183, "an ELF file for another machine"},
		{image_elf64, ELF64_PH + 2 * ELF64_PH_SIZE, 4, 5, /* no PT_NOTE */
		 "it is an ELF file without a PVH note (Linux: CONFIG_PVH)"},
		{image_multiboot, MULTIBOOT_HEADER + 8, 4, 0x12345678,
		 "the checksum of the Multiboot header at 40h of the file is wrong: 12345678h, and not "
		 "E4514FFBh"},
		{image_multiboot2, MULTIBOOT2_HEADER + 12, 4, 0x12345678,
		 "the checksum of the Multiboot2 header at 80h of the file is wrong: 12345678h, and not "
		 "17ADAEDAh"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		check(&all[i]);
}

/* Flags are part of the sum. */
static void test_multiboot_flags(void **state)
{
	struct image image = image_multiboot();
	struct boot_entry entry;

	(void)state;
	image_put32(&image, MULTIBOOT_HEADER + 4, 0x10004);
	image_put32(&image, MULTIBOOT_HEADER + 8, 0 - 0x1badb002u - 0x10004u);
	fixture_init(MIB(64));
	fixture_image(IMAGE_KERNEL, "kernel", image.bytes, image.size);
	assert_string_equal(
		load_whole(0xf0000, &entry),
		"the Multiboot header demands what there is not (a video mode?): its flags are 10004h");
	image_free(&image);
}

/* Behind the sum there are addresses to come. */
static void test_multiboot_cut_off(void **state)
{
	static const uint32_t header[3] = {0x1badb002u, 0x10000, 0 - 0x1badb002u - 0x10000};
	struct boot_entry entry;

	(void)state;
	fixture_init(MIB(64));
	fixture_image(IMAGE_KERNEL, "kernel", header, sizeof(header));
	assert_string_equal(load_whole(0xf0000, &entry),
			    "the Multiboot header at 0h of the file is cut off");
}

static void test_module(void **state)
{
	static const uint8_t initrd[MIB(2)];
	struct image image = image_multiboot();
	struct boot_entry entry;

	(void)state;
	fixture_init(MIB(2));
	fixture_image(IMAGE_KERNEL, "kernel", image.bytes, image.size);
	fixture_image(IMAGE_INITRD, "the-initrd", initrd, sizeof(initrd));
	assert_string_equal(
		load_whole(0xf0000, &entry),
		"the-initrd, of 2048 KiB, does not fit into memory beside it; it needs memory=4M or "
		"more");
	image_free(&image);
}

/* What lies higher than the initrd may is no help. */
static void test_module_limit(void **state)
{
	static const uint8_t initrd[MIB(2)];
	struct image image = image_linux();
	struct boot_entry entry;

	(void)state;
	image_put32(&image, 0x22c, MIB(4) - 1);
	fixture_init(MIB(64));
	fixture_image(IMAGE_KERNEL, "kernel", image.bytes, image.size);
	fixture_image(IMAGE_INITRD, "the-initrd", initrd, sizeof(initrd));
	assert_string_equal(load_whole(0xf0000, &entry),
			    "the-initrd, of 2048 KiB, does not fit into memory beside it");
	image_free(&image);
}

static void test_large_sector(void **state)
{
	static uint8_t bytes[KIB(700)];
	struct boot_entry entry;

	(void)state;
	bytes[510] = 0x55;
	bytes[511] = 0xaa;
	fixture_init(MIB(64));
	fixture_image(IMAGE_KERNEL, "kernel", bytes, sizeof(bytes));
	assert_string_equal(
		load_whole(0xf0000, &entry),
		"it begins with a boot sector, but has 700 KiB, and 608 KiB fit below 9FC00h; "
		"there is no disk that it could be");
}

/* What people take for a kernel. Asked for by name or not, it is called what it is. */
static void test_known(void **state)
{
	static const struct {
		size_t at, size;
		const char *mark, *why;
	} all[] = {
		{0, 2, "\x1f\x8b", "it is compressed by gzip: unpack it first"},
		{0, 6, "\xfd\x37zXZ", "it is compressed by xz: unpack it first"},
		{0, 4, "\x28\xb5\x2f\xfd", "it is compressed by zstd: unpack it first"},
		{0, 4, "BZh9", "it is compressed by bzip2: unpack it first"},
		{0, 5, "\x5d\0\0\x80", "it is compressed by lzma: unpack it first"},
		{0, 4, "\x04\x22\x4d\x18", "it is compressed by lz4: unpack it first"},
		{0, 4, "\x02\x21\x4c\x18", "it is compressed by lz4: unpack it first"},
		{0, 9, "\x89LZO\0\r\n\x1a\n", "it is compressed by lzop: unpack it first"},
		{0, 6, "070701",
		 "it is a cpio archive, as an initrd is: kernel= names the kernel, initrd= this one"},
		{0, 4, "QFI\xfb", "it is a disk in qcow2: take the kernel out of it"},
		{32769, 5, "CD001", "it is a CD: take the kernel out of it"},
		{0, 2, "MZ",
		 "it is an EFI application, and no Linux bzImage: there is no firmware that starts it"},
		{0, 0, "",
		 "it is no Linux bzImage, no ELF with a PVH note, and has neither a Multiboot header nor a "
		 "boot sector's mark; load= starts it as a flat binary"},
	};
	static uint8_t bytes[40000];
	struct boot_entry entry;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes + all[i].at, all[i].mark, all[i].size);
		for (enum boot_protocol asked = 0; asked <= BOOT_LINUX; asked += BOOT_LINUX) {
			fixture_init(MIB(64));
			fixture_config.boot.protocol = asked;
			fixture_image(IMAGE_KERNEL, "kernel", bytes, sizeof(bytes));
			assert_string_equal(load_whole(0xf0000, &entry),
					    asked && !all[i].size
						    ? "it is no Linux bzImage: boot=linux"
						    : all[i].why);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_multiboot_flags),
		cmocka_unit_test(test_multiboot_cut_off),
		cmocka_unit_test(test_module),
		cmocka_unit_test(test_module_limit),
		cmocka_unit_test(test_large_sector),
		cmocka_unit_test(test_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
