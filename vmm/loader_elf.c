/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads ELF files: the header's checks, the segments, and the note that gives the PVH entry. */
#include "vmm/loader_elf.h"

#include "lib/string.h"

/* What both classes' headers must say. */
static const char *check(uint16_t type, uint16_t phentsize, size_t entry_size, const struct elf *elf)
{
	uint64_t size = elf->phnum * entry_size;

	if (type != ELF_TYPE_EXEC)
		return "an ELF file that is not an executable for fixed addresses";
	if (elf->phnum == 0 || elf->phnum > ELF_PHNUM_MAX || phentsize != entry_size)
		return "the ELF header's e_phnum or e_phentsize is wrong";
	if (elf->phoff > elf->image->size || elf->image->size - elf->phoff < size)
		return "the ELF program headers are not in the file";
	return NULL;
}

static const char *open32(const struct vmm_image *image, struct elf *elf)
{
	struct elf32_header header;

	if (!load_image_read(image, 0, &header, sizeof(header)))
		return "the ELF file is cut off";
	if (header.machine != ELF_MACHINE_386)
		return "an ELF file for another machine";
	*elf = (struct elf){image, false, header.phnum, header.phoff, header.entry};
	return check(header.type, header.phentsize, sizeof(struct elf32_segment), elf);
}

static const char *open64(const struct vmm_image *image, struct elf *elf)
{
	struct elf64_header header;

	if (!load_image_read(image, 0, &header, sizeof(header)))
		return "the ELF file is cut off";
	if (header.machine != ELF_MACHINE_X86_64)
		return "an ELF file for another machine";
	*elf = (struct elf){image, true, header.phnum, header.phoff, header.entry};
	return check(header.type, header.phentsize, sizeof(struct elf64_segment), elf);
}

bool elf_has_mark(const struct vmm_image *image)
{
	uint32_t magic;

	return load_image_read(image, 0, &magic, sizeof(magic)) && magic == ELF_MAGIC;
}

const char *elf_open(const struct vmm_image *image, struct elf *elf)
{
	uint8_t ident[ELF_IDENT];

	if (!elf_has_mark(image))
		return "no ELF file";
	if (!load_image_read(image, 0, ident, sizeof(ident)))
		return "the ELF file is cut off";
	if (ident[ELF_IDENT_DATA] != ELF_DATA_LSB || ident[ELF_IDENT_VERSION] != 1)
		return "an ELF file for another machine";
	if (ident[ELF_IDENT_CLASS] == ELF_CLASS_32)
		return open32(image, elf);
	return ident[ELF_IDENT_CLASS] == ELF_CLASS_64 ? open64(image, elf)
						      : "an ELF file of unknown class";
}

struct elf_segment elf_segment(const struct elf *elf, unsigned index)
{
	const uint8_t *table = (const uint8_t *)(uintptr_t)elf->image->address + elf->phoff;
	struct elf32_segment narrow;
	struct elf64_segment wide;

	if (!elf->wide) {
		memcpy(&narrow, table + index * sizeof(narrow), sizeof(narrow));
		return (struct elf_segment){narrow.type,  narrow.offset, narrow.vaddr,
					    narrow.paddr, narrow.filesz, narrow.memsz};
	}
	memcpy(&wide, table + index * sizeof(wide), sizeof(wide));
	return (struct elf_segment){wide.type,	wide.offset, wide.vaddr,
				    wide.paddr, wide.filesz, wide.memsz};
}

const char *elf_plan(const struct elf *elf, struct load_plan *plan)
{
	for (unsigned i = 0; i < elf->phnum; i++) {
		struct elf_segment segment = elf_segment(elf, i);
		const char *why;

		if (segment.type != ELF_LOAD)
			continue;
		why = load_add_segment(plan, segment.offset, segment.filesz, segment.paddr,
				       segment.memsz);
		if (why)
			return why;
	}
	return plan->segment_count ? NULL : "the ELF file has nothing to load";
}

static uint64_t physical_entry(const struct elf *elf)
{
	for (unsigned i = 0; i < elf->phnum; i++) {
		struct elf_segment segment = elf_segment(elf, i);

		if (segment.type == ELF_LOAD && elf->entry - segment.vaddr < segment.memsz)
			return elf->entry - segment.vaddr + segment.paddr;
	}
	return elf->entry;
}

const char *elf_plan_image(struct load_plan *plan)
{
	const char *why;
	struct elf elf;

	why = elf_open(plan->kernel, &elf);
	if (!why)
		why = elf_plan(&elf, plan);
	if (!why)
		plan->entry.rip = physical_entry(&elf);
	return why;
}

struct elf_note {
	uint32_t name_size, size, type;
};

enum { NOTES_MAX = 4096 };
enum { NOTE_PHYS32_ENTRY = 18 }; /* Xen's public/elfnote.h, XEN_ELFNOTE_PHYS32_ENTRY */

/*
 * One note at *offset, which moves on past it. False if it is not all below end. Names and
 * descriptors are padded to 4 bytes, in ELF64 files too.
 */
static bool next_note(const struct elf *elf, uint64_t *offset, uint64_t end, struct elf_note *note,
		      uint64_t *contents)
{
	uint64_t left = end - *offset;
	uint64_t name, size;

	if (left < sizeof(*note) || !load_image_read(elf->image, *offset, note, sizeof(*note)))
		return false;
	name = ALIGN_UP(note->name_size, 4);
	size = ALIGN_UP(note->size, 4);
	left -= sizeof(*note);
	if (name > left || size > left - name)
		return false;
	*contents = *offset + sizeof(*note) + name;
	*offset = *contents + size;
	return true;
}

static bool is_pvh(const struct elf *elf, const struct elf_note *note, uint64_t contents)
{
	char name[4];

	return note->type == NOTE_PHYS32_ENTRY && note->name_size == sizeof(name) &&
	       (note->size == 4 || note->size == 8) &&
	       load_image_read(elf->image, contents - sizeof(name), name, sizeof(name)) &&
	       memcmp(name, "Xen", sizeof(name)) == 0;
}

/* left: how many notes are looked at before one gives up. A kernel has some dozen. */
static bool entry_in(const struct elf *elf, const struct elf_segment *notes, unsigned *left,
		     uint64_t *entry)
{
	uint64_t offset = notes->offset, end = notes->offset + notes->filesz, contents = 0;
	struct elf_note note;

	if (notes->offset > elf->image->size || elf->image->size - notes->offset < notes->filesz)
		return false;
	while (*left > 0 && next_note(elf, &offset, end, &note, &contents)) {
		(*left)--;
		if (is_pvh(elf, &note, contents)) {
			*entry = 0;
			return load_image_read(elf->image, contents, entry, note.size);
		}
	}
	return false;
}

bool elf_pvh_entry(const struct elf *elf, uint64_t *entry)
{
	unsigned left = NOTES_MAX;

	for (unsigned i = 0; i < elf->phnum; i++) {
		struct elf_segment segment = elf_segment(elf, i);

		if (segment.type == ELF_NOTE && entry_in(elf, &segment, &left, entry))
			return true;
	}
	return false;
}
