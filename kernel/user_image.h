/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring-3 program that is embedded in the kernel's image as an ELF file: text and rodata are mapped from
 * where they stand, shared by all who run it; data and bss are a copy of each one's own.
 */
#pragma once

#include "abi/errors.h"
#include "arch/x86_64/paging.h"

enum { USER_SEGMENTS = 4 };

struct user_segment {
	uint64_t va;	      /* page-aligned */
	const uint8_t *bytes; /* in the kernel's image, page-aligned */
	uint64_t file_size;
	uint64_t memory_size;
	unsigned prot; /* enum page_prot */
};

struct user_image {
	uint64_t entry;
	unsigned count;
	struct user_segment segments[USER_SEGMENTS];
};

/* Our own build made it: what is wrong with it is an assertion. */
void user_image_parse(const uint8_t *start, const uint8_t *end, struct user_image *image);

/* Pages that its writable segments take. */
uint64_t user_image_data_pages(const struct user_image *image);

/*
 * Maps it into space. data is user_image_data_pages pages in one block of the pool that owns them;
 * they are filled in by user_image_reset. ERR_NOMEM.
 */
int must_check user_image_map(const struct user_image *image, struct page_space *space,
			      uint8_t *data, const struct page_pool *pool);

/* Data as in the file, bss zero. */
void user_image_reset(const struct user_image *image, uint8_t *data);
