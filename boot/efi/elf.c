/* SPDX-License-Identifier: BSD-2-Clause */
/* System V ABI, "Object Files": as much of it as linker.ld makes use of. */
#include "boot/efi/elf.h"

#include "lib/string.h"

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, program_at, section_at;
	uint32_t flags;
	uint16_t size, program_size, program_count, section_size, section_count, names;
};

struct program_header {
	uint32_t type, flags;
	uint64_t offset, virtual_address, physical_address, file_size, memory_size, align;
};

_Static_assert(sizeof(struct elf_header) == 64, "as in the specification");
_Static_assert(sizeof(struct program_header) == 56, "as in the specification");

enum { PT_LOAD = 1, MACHINE_X86_64 = 62 };

static struct program_header segment(const uint8_t *file, uint32_t index)
{
	struct elf_header header;
	struct program_header found;

	memcpy(&header, file, sizeof(header));
	memcpy(&found, file + header.program_at + index * sizeof(found), sizeof(found));
	return found;
}

static bool check_segment(const struct program_header *load, size_t size)
{
	return load->offset <= size && load->file_size <= size - load->offset &&
	       load->file_size <= load->memory_size && load->physical_address < GIB(1) &&
	       load->memory_size < GIB(1);
}

static bool check_header(const struct elf_header *header, size_t size)
{
	return memcmp(header->ident, "\177ELF\2\1", 6) == 0 && header->machine == MACHINE_X86_64 &&
	       header->program_size == sizeof(struct program_header) && header->program_at <= size &&
	       header->program_count <= (size - header->program_at) / header->program_size;
}

bool elf_span(const void *file, size_t size, struct elf_span *span)
{
	struct elf_header header;

	if (size < sizeof(header))
		return false;
	memcpy(&header, file, sizeof(header));
	if (!check_header(&header, size))
		return false;
	*span = (struct elf_span){.start = UINT64_MAX, .entry = header.entry};
	for (uint32_t i = 0; i < header.program_count; i++) {
		struct program_header load = segment(file, i);

		if (load.type != PT_LOAD)
			continue;
		if (!check_segment(&load, size))
			return false;
		span->start = MIN(span->start, load.physical_address);
		span->end = MAX(span->end, load.physical_address + load.memory_size);
	}
	return span->start <= span->entry && span->entry < span->end;
}

void elf_copy(const void *file, const struct elf_span *span, uint8_t *to)
{
	struct elf_header header;

	memcpy(&header, file, sizeof(header));
	memset(to, 0, span->end - span->start);
	for (uint32_t i = 0; i < header.program_count; i++) {
		struct program_header load = segment(file, i);

		if (load.type == PT_LOAD)
			memcpy(to + (load.physical_address - span->start),
			       (const uint8_t *)file + load.offset, load.file_size);
	}
}
