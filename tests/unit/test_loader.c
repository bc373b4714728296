/* SPDX-License-Identifier: BSD-2-Clause */
/* What well-formed images find in memory and registers when they start. */
/* sources: vmm/loader.c vmm/loader_known.c vmm/loader_linux.c vmm/loader_elf.c vmm/loader_pvh.c
 * vmm/loader_multiboot.c lib/format.c vmm/loader_multiboot2.c vmm/multiboot2_info.c
 * vmm/acpi_writer.c vmm/loader_flat.c
 * vmm/bios.c vmm/memory_map.c vmm/partition.c vmm/guest_mem.c tests/unit/vmm_fixture.c
 * tests/unit/loader_images.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/vmm_fixture.h"
#include "vmm/bios.h"
#include <cmocka.h>

#include "tests/unit/load_whole.h"
#include "tests/unit/loader_images.h"
#include "vmm/guest_layout.h"
#include "vmm/loader.h"
#include "vmm/memory_map.h"

#define RSDP 0xf0000

static uint32_t read32(gpa_t gpa)
{
	uint32_t value;

	memcpy(&value, fixture_ram(gpa), sizeof(value));
	return value;
}

static uint64_t read64(gpa_t gpa)
{
	uint64_t value;

	memcpy(&value, fixture_ram(gpa), sizeof(value));
	return value;
}

static const char rsdp_image[37] = "RSD PTR abcdefghijklmnopqrstuvwxyz01";

/* Loads the image with an initrd of 5000 bytes and a module, or says why not. */
static const char *load(const struct image *image, struct boot_entry *entry)
{
	static uint8_t initrd[5000], module[10];

	memset(initrd, 0x5a, sizeof(initrd));
	memset(module, 0xa5, sizeof(module));
	fixture_image(IMAGE_KERNEL, "kernel", image->bytes, image->size);
	fixture_image(IMAGE_INITRD, "initrd", initrd, sizeof(initrd));
	fixture_image(IMAGE_MODULE, "module", module, sizeof(module));
	strcpy(fixture_config.boot.texts + 7, "a text");
	fixture_config.images[2].text = 7;
	strcpy(fixture_config.cmdline, "console=ttyS0 quiet");
	memcpy(fixture_ram(RSDP), rsdp_image, sizeof(rsdp_image));
	return load_whole(RSDP, entry);
}

static void test_linux(void **state)
{
	struct image image = image_linux();
	struct boot_entry entry;
	uint32_t initrd;

	(void)state;
	fixture_init(MIB(64));
	assert_null(load(&image, &entry));
	assert_int_equal(entry.mode, ENTRY_LONG);
	assert_int_equal(entry.rip, LINUX_PREF + 0x200);
	assert_int_equal(entry.rsi, GUEST_BOOT_INFO);
	assert_memory_equal(fixture_ram(LINUX_PREF), image.bytes + LINUX_KERNEL, LINUX_KERNEL_SIZE);
	assert_memory_equal(fixture_ram(GUEST_BOOT_INFO + 0x202), "HdrS", 4);
	assert_int_equal(*fixture_ram(GUEST_BOOT_INFO + 0x210), 0xff);
	assert_string_equal(fixture_ram(read32(GUEST_BOOT_INFO + 0x228)), "console=ttyS0 quiet");
	assert_int_equal(read64(GUEST_BOOT_INFO + 0x70), RSDP);
	initrd = read32(GUEST_BOOT_INFO + 0x218);
	assert_int_equal(initrd, MIB(64) - 2 * PAGE_SIZE);
	assert_int_equal(read32(GUEST_BOOT_INFO + 0x21c), 5000);
	assert_int_equal(*fixture_ram(initrd), 0x5a);
	assert_int_equal(*fixture_ram(initrd + 4999), 0x5a);
	image_free(&image);
}

/* "32-bit Boot Protocol": the first byte is the entry, ESI has boot_params, paging is off. */
static void check_32_bit(struct image *image)
{
	struct boot_entry entry;

	fixture_init(MIB(64));
	assert_null(load(image, &entry));
	assert_int_equal(entry.mode, ENTRY_PROTECTED);
	assert_int_equal(entry.rip, LINUX_PREF);
	assert_int_equal(entry.rsi, GUEST_BOOT_INFO);
	assert_int_equal(entry.rbx, 0);
	assert_memory_equal(fixture_ram(LINUX_PREF), image->bytes + LINUX_KERNEL, LINUX_KERNEL_SIZE);
	image_free(image);
}

static void test_linux_32(void **state)
{
	struct image image = image_linux();

	(void)state;
	image_put16(&image, 0x236, 0); /* XLF_KERNEL_64 is clear */
	check_32_bit(&image);
}

static void test_linux_before_64(void **state)
{
	struct image image = image_linux();

	(void)state;
	image_put16(&image, 0x206, 0x020b); /* what stands in xloadflags has no meaning yet */
	check_32_bit(&image);
}

static void test_linux_32_too_high(void **state)
{
	struct image image = image_linux();
	struct boot_entry entry;

	(void)state;
	image_put64(&image, 0x258, GIB(5));
	image_put16(&image, 0x236, 0);
	fixture_init(GIB(5));
	assert_string_equal(load(&image, &entry), "a kernel has to be below 4 GiB");
	image_free(&image);
}

/* Our page tables end at 4 GiB, where this one would be entered. */
static void test_linux_64_too_high(void **state)
{
	struct image image = image_linux();
	struct boot_entry entry;

	(void)state;
	image_put64(&image, 0x258, GIB(5));
	fixture_init(GIB(5));
	assert_string_equal(load(&image, &entry), "a kernel has to be below 4 GiB");
	image_free(&image);
}

/* Documentation/arch/x86/zero-page.rst: 1E8h the count, 2D0h the table of 20-byte entries. */
static void test_linux_e820(void **state)
{
	struct image image = image_linux();
	struct boot_entry entry;
	uint64_t usable = 0, last = 0;
	unsigned count;

	(void)state;
	fixture_init(GIB(5));
	assert_null(load(&image, &entry));
	count = *fixture_ram(GUEST_BOOT_INFO + 0x1e8);
	assert_int_equal(count, 7);
	for (unsigned i = 0; i < count; i++) {
		gpa_t at = GUEST_BOOT_INFO + 0x2d0 + i * 20;

		assert_true(read64(at) >= last);
		last = read64(at) + read64(at + 8);
		usable += read32(at + 16) == 1 ? read64(at + 8) : 0;
		/* Nothing is promised in the holes. */
		assert_false(read64(at) < 0xc0000 && last > 0xa0000);
		assert_false(read64(at) < GIB(4) && last > GIB(3));
	}
	assert_int_equal(last, GIB(6));
	assert_int_equal(usable, 0x9fc00 + GIB(3) - MIB(1) + GIB(2));
	image_free(&image);
}

/* "init_size": whatever memory it is loaded to, it runs at pref_address or above, by its alignment. */
static void test_linux_place(void **state)
{
	struct image image = image_linux();
	struct boot_entry entry;

	(void)state;
	image_put64(&image, 0x258, MIB(16));
	fixture_init(MIB(8));
	assert_non_null(load(&image, &entry));
	image_put64(&image, 0x258, 0);
	fixture_init(MIB(8));
	assert_null(load(&image, &entry));
	assert_int_equal(entry.rip, MIB(2) + 0x200);
	image_put64(&image, 0x258, MIB(3));
	fixture_init(MIB(8));
	assert_null(load(&image, &entry));
	assert_int_equal(entry.rip, MIB(4) + 0x200);
	image.bytes[0x234] = 0; /* not relocatable */
	fixture_init(MIB(8));
	assert_null(load(&image, &entry));
	assert_int_equal(entry.rip, MIB(3) + 0x200);
	image_put64(&image, 0x258, 0);
	fixture_init(MIB(8));
	assert_non_null(load(&image, &entry));
	image_put64(&image, 0x258, 0xfffffffffffff000);
	image.bytes[0x234] = 1;
	fixture_init(MIB(8));
	assert_non_null(load(&image, &entry));
	image_free(&image);
}

static void test_linux_initrd_limit(void **state)
{
	struct image image = image_linux();
	struct boot_entry entry;

	(void)state;
	image_put32(&image, 0x22c, MIB(32) - 1);
	fixture_init(MIB(64));
	assert_null(load(&image, &entry));
	assert_int_equal(read32(GUEST_BOOT_INFO + 0x218), MIB(32) - 2 * PAGE_SIZE);
	image_free(&image);
}

/* A piece at a time, in order: the kernel, the modules, and at last what the protocol wants to be found. */
static void test_pieces(void **state)
{
	static uint8_t initrd[2 * LOAD_PIECE + 5];
	struct image image = image_linux();
	struct boot_entry entry = {0};
	gpa_t to = MIB(64) - ALIGN_UP(sizeof(initrd), PAGE_SIZE);
	size_t copied = LOAD_PIECE - LINUX_KERNEL_SIZE;

	(void)state;
	for (size_t i = 0; i < sizeof(initrd); i++)
		initrd[i] = (uint8_t)(i % 251 + 1);
	fixture_init(MIB(64));
	fixture_image(IMAGE_KERNEL, "kernel", image.bytes, image.size);
	fixture_image(IMAGE_INITRD, "initrd", initrd, sizeof(initrd));
	assert_null(loader_begin(RSDP));
	assert_true(fixture_untouched(0, GUEST_HOLE));
	assert_true(fixture_untouched(GUEST_HIGH, MIB(64)));
	for (unsigned i = 0; i < 2; i++, copied += LOAD_PIECE) {
		assert_false(loader_go_on(&entry));
		assert_memory_equal(fixture_ram(to), initrd, copied);
		assert_true(fixture_untouched(to + copied, MIB(64)));
		assert_true(fixture_untouched(GUEST_BOOT_INFO, GUEST_BOOT_INFO + PAGE_SIZE));
		assert_int_equal(entry.rip, 0);
	}
	assert_true(loader_go_on(&entry));
	assert_memory_equal(fixture_ram(LINUX_PREF), image.bytes + LINUX_KERNEL, LINUX_KERNEL_SIZE);
	assert_memory_equal(fixture_ram(to), initrd, sizeof(initrd));
	assert_int_equal(read32(GUEST_BOOT_INFO + 0x218), to);
	assert_int_equal(entry.rip, LINUX_PREF + 0x200);
	image_free(&image);
}

/* What fills its pieces exactly needs no empty one, and what is empty none of its own. */
static void test_whole_pieces(void **state)
{
	static const uint8_t module[2 * LOAD_PIECE - LINUX_KERNEL_SIZE] = {1};
	struct image image = image_linux();
	struct boot_entry entry;

	(void)state;
	fixture_init(MIB(64));
	fixture_image(IMAGE_KERNEL, "kernel", image.bytes, image.size);
	fixture_image(IMAGE_MODULE, "nothing", module, 0);
	fixture_image(IMAGE_MODULE, "module", module, sizeof(module));
	assert_null(loader_begin(RSDP));
	assert_false(loader_go_on(&entry));
	assert_true(loader_go_on(&entry));
	image_free(&image);
}

static void test_linux_without_initrd(void **state)
{
	struct image image = image_linux();
	struct boot_entry entry;

	(void)state;
	fixture_init(MIB(64));
	fixture_image(IMAGE_KERNEL, "kernel", image.bytes, image.size);
	assert_null(load_whole(RSDP, &entry));
	assert_int_equal(read32(GUEST_BOOT_INFO + 0x218), 0);
	assert_int_equal(read32(GUEST_BOOT_INFO + 0x21c), 0);
	image_free(&image);
}

static void check_segments(const struct image *image)
{
	assert_memory_equal(fixture_ram(ELF_FIRST_TO), image->bytes + ELF_FIRST, 0x1000);
	assert_true(fixture_untouched(ELF_FIRST_TO + 0x1000, ELF_SECOND_TO));
	assert_memory_equal(fixture_ram(ELF_SECOND_TO), image->bytes + ELF_SECOND, 0x100);
}

/* Xen's public/arch-x86/hvm/start_info.h */
static void check_start_info(void)
{
	gpa_t info = GUEST_BOOT_INFO, modules, map;

	assert_int_equal(read32(info), 0x336ec578);
	assert_int_equal(read32(info + 4), 1);
	assert_int_equal(read32(info + 12), 2);
	modules = read64(info + 16);
	assert_string_equal(fixture_ram(read64(info + 24)), "console=ttyS0 quiet");
	assert_int_equal(read64(info + 32), RSDP);
	map = read64(info + 40);
	assert_int_equal(read32(info + 48), 6);
	assert_int_equal(read64(modules + 8), 5000);
	assert_int_equal(*fixture_ram(read64(modules)), 0x5a);
	assert_int_equal(read64(modules + 16), 0); /* no text was given */
	assert_int_equal(read64(modules + 32 + 8), 10);
	assert_int_equal(*fixture_ram(read64(modules + 32)), 0xa5);
	assert_string_equal(fixture_ram(read64(modules + 32 + 16)), "a text");
	assert_int_equal(read64(map), 0);
	assert_int_equal(read64(map + 8), 0x9fc00);
	assert_int_equal(read32(map + 16), MEMORY_RAM);
	assert_int_equal(read64(map + 5 * 24), MIB(1));
	assert_int_equal(read64(map + 5 * 24 + 8), MIB(15));
}

static void check_pvh(struct image image)
{
	struct boot_entry entry;

	fixture_init(MIB(16));
	assert_null(load(&image, &entry));
	assert_int_equal(entry.mode, ENTRY_PROTECTED);
	assert_int_equal(entry.rip, ELF_ENTRY);
	assert_int_equal(entry.rbx, GUEST_BOOT_INFO);
	check_segments(&image);
	check_start_info();
	image_free(&image);
}

static void test_pvh64(void **state)
{
	(void)state;
	check_pvh(image_elf64());
}

static void test_pvh32(void **state)
{
	(void)state;
	check_pvh(image_elf32());
}

/* Multiboot Specification 3.3 "Boot information format" */
static void check_multiboot_info(void)
{
	gpa_t info = GUEST_BOOT_INFO, map;

	assert_int_equal(read32(info), 1 << 0 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9);
	assert_int_equal(read32(info + 4), 639);
	assert_int_equal(read32(info + 8), 15 * 1024);
	assert_string_equal(fixture_ram(read32(info + 16)), "kernel console=ttyS0 quiet");
	assert_string_equal(fixture_ram(read32(info + 64)), "Freehold");
	assert_int_equal(read32(info + 20), 2);
	assert_string_equal(fixture_ram(read32(read32(info + 24) + 8)), "initrd");
	assert_string_equal(fixture_ram(read32(read32(info + 24) + 16 + 8)), "module a text");
	assert_int_equal(read32(read32(info + 24) + 4) - read32(read32(info + 24)), 5000);
	assert_int_equal(read32(info + 44), 6 * 24);
	map = read32(info + 48);
	assert_int_equal(read32(map), 20);
	assert_int_equal(read64(map + 5 * 24 + 4), MIB(1));
	assert_int_equal(read32(map + 5 * 24 + 20), MEMORY_RAM);
}

static void test_multiboot_addresses(void **state)
{
	struct image image = image_multiboot();
	struct boot_entry entry;

	(void)state;
	fixture_init(MIB(16));
	assert_null(load(&image, &entry));
	assert_int_equal(entry.mode, ENTRY_PROTECTED);
	assert_int_equal(entry.rip, 0x100080);
	assert_int_equal(entry.rax, 0x2badb002);
	assert_int_equal(entry.rbx, GUEST_BOOT_INFO);
	assert_memory_equal(fixture_ram(0x100000), image.bytes, MULTIBOOT_SIZE);
	check_multiboot_info();
	image_free(&image);
}

/* The ELF has no PVH note, and its entry is a virtual address. */
static void check_multiboot_elf(struct image image)
{
	struct boot_entry entry;

	image_multiboot_flags(&image, ELF_FIRST + 0x10, 3);
	image_put32(&image, ELF_NOTE_AT + 28, 17);
	fixture_init(MIB(16));
	assert_null(load(&image, &entry));
	assert_int_equal(entry.rip, ELF_ENTRY);
	assert_int_equal(entry.rax, 0x2badb002);
	check_segments(&image);
	check_multiboot_info();
	image_free(&image);
}

static void test_multiboot_elf(void **state)
{
	(void)state;
	check_multiboot_elf(image_elf64());
	check_multiboot_elf(image_elf32());
}

/* The tag of a type, the number-th of them; 0: there is none. Each is at a multiple of 8, the last is 0. */
static gpa_t find_tag(gpa_t info, uint32_t type, unsigned number)
{
	gpa_t at = info + 8, end = info + read32(info);

	assert_int_equal(read32(info + 4), 0);
	for (; at < end; at = ALIGN_UP(at + read32(at + 4), 8)) {
		assert_true(read32(at + 4) >= 8);
		if (read32(at) == type && !number--)
			return at;
		if (read32(at) == 0)
			assert_int_equal(at + 8, end);
	}
	return 0;
}

/* Multiboot2 Specification 3.6 "Boot information format" */
/* "As defined per ACPI 1.0": of revision 0, with its own checksum, and else as it is. */
static void check_old_rsdp(const uint8_t *old)
{
	uint8_t sum = 0;

	for (unsigned i = 0; i < 20; i++)
		sum += old[i];
	assert_int_equal(sum, 0);
	assert_int_equal(old[15], 0);
	assert_memory_equal(old, rsdp_image, 8);
	assert_memory_equal(old + 9, rsdp_image + 9, 6);
	assert_memory_equal(old + 16, rsdp_image + 16, 4);
}

static void check_multiboot2_info(gpa_t info)
{
	gpa_t at;

	assert_string_equal(fixture_ram(find_tag(info, 1, 0) + 8), "kernel console=ttyS0 quiet");
	assert_int_equal(read32(find_tag(info, 1, 0) + 4), 8 + sizeof("kernel console=ttyS0 quiet"));
	assert_string_equal(fixture_ram(find_tag(info, 2, 0) + 8), "Freehold");
	at = find_tag(info, 3, 0);
	assert_int_equal(read32(at + 12) - read32(at + 8), 5000);
	assert_int_equal(*fixture_ram(read32(at + 8)), 0x5a);
	assert_string_equal(fixture_ram(at + 16), "initrd");
	at = find_tag(info, 3, 1);
	assert_int_equal(*fixture_ram(read32(at + 8)), 0xa5);
	assert_string_equal(fixture_ram(at + 16), "module a text");
	assert_int_equal(find_tag(info, 3, 2), 0);
	at = find_tag(info, 4, 0);
	assert_int_equal(read32(at + 8), 639);
	assert_int_equal(read32(at + 12), 15 * 1024);
	at = find_tag(info, 6, 0);
	assert_int_equal(read32(at + 4), 16 + 6 * 24);
	assert_int_equal(read32(at + 8), 24);
	assert_int_equal(read64(at + 16 + 5 * 24), MIB(1));
	assert_int_equal(read32(at + 16 + 5 * 24 + 16), MEMORY_RAM);
	check_old_rsdp(fixture_ram(find_tag(info, 14, 0) + 8));
	assert_memory_equal(fixture_ram(find_tag(info, 15, 0) + 8), rsdp_image, 36);
	assert_int_equal(read32(find_tag(info, 21, 0) + 8), 0x100000);
	assert_int_not_equal(find_tag(info, 0, 0), 0);
}

static void test_multiboot2_addresses(void **state)
{
	struct image image = image_multiboot2();
	struct boot_entry entry;

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		fixture_init(MIB(16));
		assert_null(load(&image, &entry));
		assert_int_equal(entry.mode, ENTRY_PROTECTED);
		assert_int_equal(entry.rip, 0x100400);
		assert_int_equal(entry.rax, 0x36d76289);
		assert_memory_equal(fixture_ram(0x100000), image.bytes, MULTIBOOT2_SIZE);
		check_multiboot2_info(entry.rbx);
		/* "-1 means that the file must be loaded from its beginning" */
		image_put32(&image, MULTIBOOT2_ADDRESSES + 12, UINT32_MAX);
	}
	image_free(&image);
}

/* An ELF with both headers; the second kind is preferred, the operator may choose the other. */
static void test_multiboot2_elf(void **state)
{
	struct image image = image_elf64();
	struct boot_entry entry;

	(void)state;
	image_multiboot_flags(&image, ELF_FIRST + 0x10, 3);
	image_multiboot2_header(&image, ELF_FIRST + 0x40, 24);
	image_put64(&image, ELF_FIRST + 0x50, 8ULL << 32);
	image_put32(&image, ELF_NOTE_AT + 28, 17);
	fixture_init(MIB(16));
	assert_null(load(&image, &entry));
	assert_int_equal(entry.rip, ELF_ENTRY);
	assert_int_equal(entry.rax, 0x36d76289);
	check_segments(&image);
	check_multiboot2_info(entry.rbx);
	fixture_init(MIB(16));
	fixture_config.boot.protocol = BOOT_MULTIBOOT;
	assert_null(load(&image, &entry));
	assert_int_equal(entry.rax, 0x2badb002);
	fixture_init(MIB(16));
	fixture_config.boot.protocol = BOOT_PVH;
	assert_string_equal(load(&image, &entry),
			    "it is an ELF file without a PVH note (Linux: CONFIG_PVH)");
	image_free(&image);
}

/* An INT answers that the function is not there, an interrupt of the 8259s ends itself. */
static void test_bios(void **state)
{
	static const uint8_t reset[] = {0xb0, 0xfe, 0xe6, 0x64, 0xf4, 0xeb, 0xfd};
	static const uint8_t memory[] = {0x1e, 0xb8, 0x40, 0,	 0x8e, 0xd8,
					 0xa1, 0x13, 0,	   0x1f, 0xcf};

	(void)state;
	fixture_init(MIB(16));
	bios_put();
	assert_int_equal(read32(0xffff0), 0x00ff20ea); /* ljmp $0xf000, $0xff20 */
	assert_int_equal(*fixture_ram(0xffff4), 0xf0);
	assert_int_equal(*fixture_ram(0xffffe), 0xfc);
	assert_memory_equal(fixture_ram(0xfff20), reset, sizeof(reset));
	assert_int_equal(read32(0x18 * 4), 0xf000ff20);
	assert_int_equal(read32(0x19 * 4), 0xf000ff20);
	assert_int_equal(read32(0x11 * 4), 0xf000ff30);
	assert_int_equal(read32(0x12 * 4), 0xf000ff40);
	assert_memory_equal(fixture_ram(0xfff40), memory, sizeof(memory));
	assert_int_equal(*fixture_ram(0xfff37), 0x10);
	assert_int_equal(read32(0x10 * 4), 0xf000ff00);
	assert_int_equal(read32(0x08 * 4), 0xf000ff10);
	assert_int_equal(read32(0x70 * 4), 0xf000ff10);
	assert_int_equal(read32(0xff * 4), 0xf000ff00);
	assert_int_equal(read32(2 * 4), 0xf000ff0a);
	assert_int_equal(read32(0xfff00), 0x80e58955);
	assert_int_equal(read32(0xfff08), 0xcf86b4);
	assert_int_equal(read32(0xfff10) & 0xffffff, 0x20b050);
}

/* At 7C00h, in real mode. */
static void test_sector(void **state)
{
	struct image image = image_sector();
	struct boot_entry entry;

	(void)state;
	fixture_init(MIB(16));
	assert_null(load(&image, &entry));
	assert_int_equal(entry.mode, ENTRY_REAL);
	assert_int_equal(entry.rip, 0x7c00);
	assert_int_equal(entry.rdx, 0x80);
	assert_memory_equal(fixture_ram(0x7c00), image.bytes, 512);
	image_free(&image);
}

static void test_flat(void **state)
{
	struct image image = image_multiboot();
	struct boot_entry entry;

	(void)state;
	fixture_init(MIB(16));
	fixture_config.boot.protocol = BOOT_FLAT;
	fixture_config.boot.load = 0x20000;
	fixture_config.boot.entry = 0x20010;
	assert_null(load(&image, &entry));
	assert_int_equal(entry.mode, ENTRY_PROTECTED);
	assert_int_equal(entry.rip, 0x20010);
	assert_memory_equal(fixture_ram(0x20000), image.bytes, image.size);
	check_multiboot_info();
	image_free(&image);
}

static void test_map_check(void **state)
{
	(void)state;
	fixture_init(MIB(16));
	assert_null(memory_map_check());
	fixture_config.ranges[0].size -= PAGE_SIZE;
	assert_non_null(memory_map_check());
	fixture_init(MIB(16));
	fixture_config.ranges[0].size = MIB(16); /* RAM in the video hole */
	assert_non_null(memory_map_check());
	fixture_init(GIB(4));
	assert_null(memory_map_check());
	fixture_config.ranges[1].size += PAGE_SIZE; /* beyond 3 GiB */
	assert_non_null(memory_map_check());
	fixture_init(MIB(16));
	fixture_config.ranges[2] = (struct part_range){UINT64_MAX - PAGE_MASK, 2 * PAGE_SIZE};
	fixture_config.range_count = 3;
	assert_non_null(memory_map_check());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux),
		cmocka_unit_test(test_linux_32),
		cmocka_unit_test(test_linux_before_64),
		cmocka_unit_test(test_linux_32_too_high),
		cmocka_unit_test(test_linux_64_too_high),
		cmocka_unit_test(test_linux_e820),
		cmocka_unit_test(test_linux_place),
		cmocka_unit_test(test_linux_initrd_limit),
		cmocka_unit_test(test_linux_without_initrd),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_whole_pieces),
		cmocka_unit_test(test_pvh64),
		cmocka_unit_test(test_pvh32),
		cmocka_unit_test(test_multiboot_addresses),
		cmocka_unit_test(test_multiboot_elf),
		cmocka_unit_test(test_multiboot2_addresses),
		cmocka_unit_test(test_multiboot2_elf),
		cmocka_unit_test(test_bios),
		cmocka_unit_test(test_sector),
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_map_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
