/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the embedded ELF files' program headers and maps what they describe. */
#include "kernel/user_image.h"

#include "abi/layout.h"
#include "arch/x86_64/kernel_space.h"
#include "lib/assert.h"
#include "lib/string.h"

enum { PT_LOAD = 1, PF_X = 1, PF_W = 2 };

/* System V ABI, "Object Files": ELF-64. */
struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, program_offset, section_offset;
	uint32_t flags;
	uint16_t header_size, program_size, program_count;
	uint16_t section_size, section_count, section_names;
};

struct elf_program {
	uint32_t type, flags;
	uint64_t offset, va, pa, file_size, memory_size, align;
};

void user_image_parse(const uint8_t *start, const uint8_t *end, struct user_image *image)
{
	const struct elf_header *elf = (const void *)start;
	const struct elf_program *program = (const void *)(start + elf->program_offset);

	ASSERT(!memcmp(elf->ident, "\177ELF", 4));
	memset(image, 0, sizeof(*image));
	image->entry = elf->entry;
	for (unsigned i = 0; i < elf->program_count; i++, program++) {
		struct user_segment *segment = &image->segments[image->count];

		if (program->type != PT_LOAD || !program->memory_size)
			continue;
		ASSERT(image->count < USER_SEGMENTS);
		ASSERT(program->va % PAGE_SIZE == 0 && program->offset % PAGE_SIZE == 0);
		ASSERT(start + program->offset + program->file_size <= end);
		ASSERT((program->flags & (PF_X | PF_W)) != (PF_X | PF_W));
		segment->va = program->va;
		segment->bytes = start + program->offset;
		segment->file_size = program->file_size;
		segment->memory_size = program->memory_size;
		segment->prot = PAGE_USER | PAGE_READ | (program->flags & PF_W ? PAGE_WRITE : 0) |
				(program->flags & PF_X ? PAGE_EXEC : 0);
		image->count++;
	}
}

uint64_t user_image_data_pages(const struct user_image *image)
{
	uint64_t pages = 0;

	for (unsigned i = 0; i < image->count; i++)
		if (image->segments[i].prot & PAGE_WRITE)
			pages += ALIGN_UP(image->segments[i].memory_size, PAGE_SIZE) / PAGE_SIZE;
	return pages;
}

int user_image_map(const struct user_image *image, struct page_space *space, uint8_t *data,
		   const struct page_pool *pool)
{
	for (unsigned i = 0; i < image->count; i++) {
		const struct user_segment *segment = &image->segments[i];
		uint64_t size = ALIGN_UP(segment->memory_size, PAGE_SIZE);
		hpa_t pa;
		int err;

		if (segment->prot & PAGE_WRITE) {
			pa = page_pool_pa(pool, data);
			data += size;
		} else {
			pa = kernel_image_pa(segment->bytes);
		}
		err = page_map(space, segment->va, pa, size, segment->prot);
		if (err)
			return err;
	}
	return ERR_NONE;
}

void user_image_reset(const struct user_image *image, uint8_t *data)
{
	for (unsigned i = 0; i < image->count; i++) {
		const struct user_segment *segment = &image->segments[i];
		uint64_t size = ALIGN_UP(segment->memory_size, PAGE_SIZE);

		if (!(segment->prot & PAGE_WRITE))
			continue;
		memcpy(data, segment->bytes, segment->file_size);
		memset(data + segment->file_size, 0, size - segment->file_size);
		data += size;
	}
}
