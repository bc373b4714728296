/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes kernel images by the offsets that the specifications give, not by the loaders' structures.
 */
#include "tests/unit/loader_images.h"

#include <stdlib.h>
#include <string.h>

static struct image make(size_t size)
{
	struct image image = {calloc(1, size), size};

	if (!image.bytes)
		abort();
	return image;
}

void image_free(struct image *image)
{
	free(image->bytes);
	image->bytes = NULL;
}

void image_put(struct image *image, size_t offset, const void *bytes, size_t count)
{
	memcpy(image->bytes + offset, bytes, count);
}

void image_put16(struct image *image, size_t offset, uint16_t value)
{
	image_put(image, offset, &value, sizeof(value));
}

void image_put32(struct image *image, size_t offset, uint32_t value)
{
	image_put(image, offset, &value, sizeof(value));
}

void image_put64(struct image *image, size_t offset, uint64_t value)
{
	image_put(image, offset, &value, sizeof(value));
}

static void count_up(struct image *image, size_t offset, size_t count)
{
	for (size_t i = 0; i < count; i++)
		image->bytes[offset + i] = (uint8_t)(i % 255 + 1);
}

struct image image_linux(void)
{
	struct image image = make(LINUX_KERNEL + LINUX_KERNEL_SIZE);

	image.bytes[0x1f1] = 4; /* setup_sects */
	image_put32(&image, 0x1f4, LINUX_KERNEL_SIZE / 16);
	image_put16(&image, 0x1fe, 0xaa55);
	image.bytes[0x200] = 0xeb;
	image.bytes[0x201] = 0x6a; /* the header ends at 26Ch */
	image_put(&image, 0x202, "HdrS", 4);
	image_put16(&image, 0x206, 0x020f);
	image.bytes[0x211] = 1; /* LOADED_HIGH */
	image_put32(&image, 0x22c, 0x7fffffff);
	image_put32(&image, 0x230, 0x200000);
	image.bytes[0x234] = 1;		 /* relocatable */
	image_put16(&image, 0x236, 0x1); /* XLF_KERNEL_64 */
	image_put32(&image, 0x238, 2047);
	image_put64(&image, 0x258, LINUX_PREF);
	image_put32(&image, 0x260, LINUX_INIT_SIZE);
	count_up(&image, LINUX_KERNEL, LINUX_KERNEL_SIZE);
	return image;
}

static void put_contents(struct image *image)
{
	count_up(image, ELF_FIRST, 0x1000);
	count_up(image, ELF_SECOND, 0x100);
	/* Another note first; then XEN_ELFNOTE_PHYS32_ENTRY. */
	image_put32(image, ELF_NOTE_AT, 4);
	image_put32(image, ELF_NOTE_AT + 4, 3);
	image_put32(image, ELF_NOTE_AT + 8, 18);
	image_put(image, ELF_NOTE_AT + 12, "GNU", 4);
	image_put32(image, ELF_NOTE_AT + 20, 4);
	image_put32(image, ELF_NOTE_AT + 24, 4);
	image_put32(image, ELF_NOTE_AT + 28, 18);
	image_put(image, ELF_NOTE_AT + 32, "Xen", 4);
	image_put32(image, ELF_NOTE_AT + 36, ELF_ENTRY);
}

static void put_ph64(struct image *image, unsigned index, uint32_t type, uint64_t offset,
		     uint64_t address, uint64_t filesz, uint64_t memsz)
{
	size_t at = ELF64_PH + index * ELF64_PH_SIZE;

	image_put32(image, at, type);
	image_put64(image, at + 8, offset);
	image_put64(image, at + 16, address + 0xffffffff80000000);
	image_put64(image, at + 24, address);
	image_put64(image, at + 32, filesz);
	image_put64(image, at + 40, memsz);
}

struct image image_elf64(void)
{
	struct image image = make(ELF_NOTE_AT + 40);

	image_put(&image, 0, "\177ELF\2\1\1", 7);
	image_put16(&image, 16, 2);  /* ET_EXEC */
	image_put16(&image, 18, 62); /* EM_X86_64 */
	image_put64(&image, 24, 0xffffffff80000000 + ELF_ENTRY);
	image_put64(&image, 32, ELF64_PH);
	image_put16(&image, 54, ELF64_PH_SIZE);
	image_put16(&image, 56, 3);
	put_ph64(&image, 0, 1, ELF_FIRST, ELF_FIRST_TO, 0x1000, 0x2000);
	put_ph64(&image, 1, 1, ELF_SECOND, ELF_SECOND_TO, 0x100, 0x100);
	put_ph64(&image, 2, 4, ELF_NOTE_AT, 0, 40, 40);
	put_contents(&image);
	return image;
}

static void put_ph32(struct image *image, unsigned index, uint32_t type, uint32_t offset,
		     uint32_t address, uint32_t filesz, uint32_t memsz)
{
	const uint32_t words[] = {type, offset, address, address, filesz, memsz};

	image_put(image, ELF32_PH + index * ELF32_PH_SIZE, words, sizeof(words));
}

struct image image_elf32(void)
{
	struct image image = make(ELF_NOTE_AT + 40);

	image_put(&image, 0, "\177ELF\1\1\1", 7);
	image_put16(&image, 16, 2);
	image_put16(&image, 18, 3); /* EM_386 */
	image_put32(&image, 24, ELF_ENTRY);
	image_put32(&image, 28, ELF32_PH);
	image_put16(&image, 42, ELF32_PH_SIZE);
	image_put16(&image, 44, 3);
	put_ph32(&image, 0, 1, ELF_FIRST, ELF_FIRST_TO, 0x1000, 0x2000);
	put_ph32(&image, 1, 1, ELF_SECOND, ELF_SECOND_TO, 0x100, 0x100);
	put_ph32(&image, 2, 4, ELF_NOTE_AT, 0, 40, 40);
	put_contents(&image);
	return image;
}

void image_multiboot_flags(struct image *image, size_t header, uint32_t flags)
{
	image_put32(image, header, 0x1badb002);
	image_put32(image, header + 4, flags);
	image_put32(image, header + 8, (uint32_t) - (0x1badb002 + flags));
}

struct image image_multiboot(void)
{
	struct image image = make(MULTIBOOT_SIZE);

	count_up(&image, 0, MULTIBOOT_SIZE);
	image_multiboot_flags(&image, MULTIBOOT_HEADER, 0x10003);
	image_put32(&image, MULTIBOOT_HEADER + 12, 0x100000 + MULTIBOOT_HEADER); /* header_addr */
	image_put32(&image, MULTIBOOT_HEADER + 16, 0x100000);			 /* load_addr */
	image_put32(&image, MULTIBOOT_HEADER + 20, 0x100000 + MULTIBOOT_SIZE);	 /* load_end_addr */
	image_put32(&image, MULTIBOOT_HEADER + 24, 0x104000);			 /* bss_end_addr */
	image_put32(&image, MULTIBOOT_HEADER + 28, 0x100080);			 /* entry_addr */
	return image;
}

void image_multiboot2_header(struct image *image, size_t header, uint32_t length)
{
	image_put32(image, header, 0xe85250d6);
	image_put32(image, header + 4, 0);
	image_put32(image, header + 8, length);
	image_put32(image, header + 12, (uint32_t) - (0xe85250d6 + length));
}

static void put_tag(struct image *image, size_t at, uint16_t type, uint32_t size)
{
	image_put16(image, at, type);
	image_put16(image, at + 2, 0);
	image_put32(image, at + 4, size);
}

struct image image_multiboot2(void)
{
	struct image image = make(MULTIBOOT2_SIZE);

	count_up(&image, 0, MULTIBOOT2_SIZE);
	image_multiboot2_header(&image, MULTIBOOT2_HEADER, MULTIBOOT2_LENGTH);
	put_tag(&image, MULTIBOOT2_TAGS, 1, 16);
	image_put32(&image, MULTIBOOT2_TAGS + 8, 1);
	image_put32(&image, MULTIBOOT2_TAGS + 12, 6);
	put_tag(&image, MULTIBOOT2_ADDRESSES, 2, 24);
	image_put32(&image, MULTIBOOT2_ADDRESSES + 8, 0x100000 + MULTIBOOT2_HEADER);
	image_put32(&image, MULTIBOOT2_ADDRESSES + 12, 0x100000);
	image_put32(&image, MULTIBOOT2_ADDRESSES + 16, 0x100000 + MULTIBOOT2_SIZE);
	image_put32(&image, MULTIBOOT2_ADDRESSES + 20, 0x104000);
	put_tag(&image, MULTIBOOT2_ENTRY, 3, 12);
	image_put32(&image, MULTIBOOT2_ENTRY + 8, 0x100400);
	put_tag(&image, MULTIBOOT2_END, 0, 8);
	return image;
}

struct image image_sector(void)
{
	struct image image = make(512);

	count_up(&image, 0, 510);
	image_put16(&image, 510, 0xaa55);
	return image;
}
