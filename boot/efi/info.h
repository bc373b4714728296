/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a Multiboot2 boot information, so that the kernel is entered as by any other loader. Pure:
 * knows nothing of firmware calls.
 */
#pragma once

#include "lib/types.h"

/* A boot information under construction. What does not fit is left out and makes it `full`. */
struct info_writer {
	uint8_t *bytes; /* aligned to 8 */
	size_t size, used;
	bool full;
};

/* How much buffer a map of map_size bytes needs at most: as 24 bytes for 40 or more, and as it is. */
#define INFO_MAP_SIZE(map_size) (2 * (map_size) + 128)

/* Starts over in bytes[0..size). */
void info_begin(struct info_writer *writer, void *bytes, size_t size);

/* Adds a tag with a body of size bytes. */
void info_add(struct info_writer *writer, uint32_t type, const void *body, size_t size);

/* Adds a tag whose body is a text with its terminator. */
void info_add_text(struct info_writer *writer, uint32_t type, const char *text);

/* Adds a module at [start, end); its text is name, which has less than 64 characters. */
void info_add_module(struct info_writer *writer, uint32_t start, uint32_t end, const char *name);

/* How a screen's memory is laid out: UEFI 2.10 12.9 "EFI_GRAPHICS_OUTPUT_PROTOCOL", without its types. */
struct info_screen {
	uint64_t address;
	uint32_t width, height, pixels_per_line;
	uint32_t masks[4]; /* of a pixel's bits: red, green, blue, reserved */
};

/* Adds a framebuffer of pixels; none if masks are not those of 8 to 32 bits. */
void info_add_screen(struct info_writer *writer, const struct info_screen *screen);

/*
 * Adds the firmware's memory map, as it is once boot services are gone, in both forms that Multiboot2
 * has: map_size bytes of descriptors, each descriptor_size long. False, and no tag, if descriptors cannot
 * have that size.
 */
bool must_check info_add_map(struct info_writer *writer, const void *map, size_t map_size,
			     size_t descriptor_size);

/* Ends it. False if something did not fit. */
bool must_check info_end(struct info_writer *writer);
