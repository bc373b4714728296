/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds Multiboot2 boot information for tests, honest or not, and parses it. Behind <cmocka.h>. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "boot/multiboot2.h"
#include "boot/multiboot2_format.h"
#include "lib/types.h"

enum { IMAGE_SIZE = 1 << 20 };

struct image {
	uint32_t size; /* so far */
	uint8_t bytes[IMAGE_SIZE] __attribute__((aligned(8)));
};

static inline void image_put(struct image *image, const void *data, uint32_t size)
{
	memcpy(image->bytes + image->size, data, size);
	image->size += size;
}

static inline void image_put_u32(struct image *image, uint32_t value)
{
	image_put(image, &value, sizeof(value));
}

static inline void image_put_u64(struct image *image, uint64_t value)
{
	image_put(image, &value, sizeof(value));
}

static inline void image_begin(struct image *image)
{
	memset(image, 0, sizeof(*image));
	image->size = 8;
}

/* Returns the tag's offset, for image_close_tag. */
static inline uint32_t image_open_tag(struct image *image, uint32_t type)
{
	uint32_t at = image->size;

	image_put_u32(image, type);
	image_put_u32(image, 0);
	return at;
}

static inline void image_close_tag(struct image *image, uint32_t at)
{
	uint32_t size = image->size - at;

	memcpy(image->bytes + at + 4, &size, sizeof(size));
	image->size = (uint32_t)ALIGN_UP(image->size, 8);
}

static inline void image_put_tag(struct image *image, uint32_t type, const void *body, uint32_t size)
{
	uint32_t at = image_open_tag(image, type);

	image_put(image, body, size);
	image_close_tag(image, at);
}

static inline void image_put_text(struct image *image, uint32_t type, const char *text)
{
	image_put_tag(image, type, text, (uint32_t)strlen(text) + 1);
}

static inline void image_put_module(struct image *image, uint32_t start, uint32_t end,
				    const char *text, uint32_t text_size)
{
	uint32_t at = image_open_tag(image, MULTIBOOT2_TAG_MODULE);

	image_put_u32(image, start);
	image_put_u32(image, end);
	image_put(image, text, text_size);
	image_close_tag(image, at);
}

static inline void image_put_entry(struct image *image, uint64_t base, uint64_t size, uint32_t type)
{
	image_put_u64(image, base);
	image_put_u64(image, size);
	image_put_u32(image, type);
	image_put_u32(image, 0);
}

/* RAM from 0 to 640 KiB and from 1 MiB to 256 MiB, and what a PC has beside it. */
static inline void image_put_mmap(struct image *image)
{
	uint32_t at = image_open_tag(image, MULTIBOOT2_TAG_MMAP);

	image_put_u32(image, 24);
	image_put_u32(image, 0);
	image_put_entry(image, 0, 0x9fc00, 1);
	image_put_entry(image, 0x9fc00, 0x400, 2);
	image_put_entry(image, 0xf0000, 0x10000, 2);
	image_put_entry(image, MIB(1), MIB(255), 1);
	image_put_entry(image, MIB(200), 0x1000, 3);
	image_close_tag(image, at);
}

static inline void image_end(struct image *image)
{
	image_close_tag(image, image_open_tag(image, MULTIBOOT2_TAG_END));
	memcpy(image->bytes, &image->size, sizeof(image->size));
}

static struct image image;
static struct boot_info info;

/* Parses a copy that ends where the sanitizer watches. */
static inline enum boot_error parse_readable(size_t readable)
{
	void *copy = malloc(readable);
	enum boot_error error;

	assert_non_null(copy);
	memcpy(copy, image.bytes, readable);
	info.kernel_start = MIB(2);
	info.kernel_end = MIB(4);
	error = multiboot2_parse(copy, readable, &info);
	free(copy);
	return error;
}

static inline enum boot_error parse(void)
{
	return parse_readable(image.size);
}

static inline bool has_note(const char *text)
{
	for (uint32_t i = 0; i < info.note_count; i++) {
		if (strstr(info.notes[i], text))
			return true;
	}
	return false;
}

static inline void put_module(uint32_t start, uint32_t end, const char *text)
{
	image_put_module(&image, start, end, text, (uint32_t)strlen(text) + 1);
}

static inline void assert_module(const struct boot_module *module, const char *name, hpa_t start,
				 uint64_t size)
{
	assert_string_equal(module->name, name);
	assert_int_equal(module->start, start);
	assert_int_equal(module->size, size);
}
