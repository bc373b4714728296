/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel images for the loader's tests: well-formed ones, which a test then spoils by offset. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* All images fit; the rest of the buffer is not part of the image. */
#define IMAGE_ROOM 65536

struct image {
	uint8_t *bytes; /* exactly size bytes on the heap, so that the sanitizer sees any overrun */
	size_t size;
};

void image_free(struct image *image);
void image_put(struct image *image, size_t offset, const void *bytes, size_t count);
void image_put16(struct image *image, size_t offset, uint16_t value);
void image_put32(struct image *image, size_t offset, uint32_t value);
void image_put64(struct image *image, size_t offset, uint64_t value);

/* A bzImage, boot protocol 2.15, 16 KiB of kernel that begins with bytes 1, 2, 3, ... */
struct image image_linux(void);

enum {
	LINUX_KERNEL = 5 * 512, /* where the protected-mode part begins in the file */
	LINUX_KERNEL_SIZE = 16384,
	LINUX_INIT_SIZE = 0x100000,
	LINUX_PREF = 0x200000,
};

/*
 * ELF files with two segments, at 1 MiB (4 KiB of file, 8 KiB of memory) and at 2 MiB (256 bytes),
 * and a note. The program headers stand behind the ELF header, in the order load, load, note.
 */
struct image image_elf64(void);
struct image image_elf32(void);

enum {
	ELF_FIRST = 0x1000, /* file offsets */
	ELF_SECOND = 0x2000,
	ELF_NOTE_AT = 0x3000,
	ELF_FIRST_TO = 0x100000,
	ELF_SECOND_TO = 0x200000,
	ELF_ENTRY = 0x100040,
	ELF64_PH = 64,
	ELF64_PH_SIZE = 56,
	ELF32_PH = 52,
	ELF32_PH_SIZE = 32,
};

/* Not an ELF: a Multiboot header at 40h that gives all addresses, loaded to 1 MiB. */
struct image image_multiboot(void);

enum { MULTIBOOT_HEADER = 0x40, MULTIBOOT_SIZE = 8192 };

/*
 * Not an ELF: a Multiboot2 header at 80h that asks for the command line and the map, gives all addresses
 * and the entry, and ends. Its tags begin at MULTIBOOT2_TAGS.
 */
struct image image_multiboot2(void);

enum {
	MULTIBOOT2_HEADER = 0x80,
	MULTIBOOT2_TAGS = MULTIBOOT2_HEADER + 16,
	MULTIBOOT2_ADDRESSES = MULTIBOOT2_TAGS + 16,
	MULTIBOOT2_ENTRY = MULTIBOOT2_ADDRESSES + 24,
	MULTIBOOT2_END = MULTIBOOT2_ENTRY + 16,
	MULTIBOOT2_LENGTH = MULTIBOOT2_END + 8 - MULTIBOOT2_HEADER,
	MULTIBOOT2_SIZE = 8192,
};

/* A header of this length at an offset, its checksum right; the tags are the caller's. */
void image_multiboot2_header(struct image *image, size_t header, uint32_t length);

/* 512 bytes that end in 55h, AAh. */
struct image image_sector(void);

/* Sets the three words' checksum right after flags were changed. */
void image_multiboot_flags(struct image *image, size_t header, uint32_t flags);
