/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF32 and ELF64 executables, as the loaders that know the format see them. */
#pragma once

#include "lib/elf.h"
#include "vmm/loader_plan.h"

/* Both classes in one form (System V ABI, "ELF Header" and "Program Header"). */
struct elf {
	const struct vmm_image *image;
	bool wide; /* ELF64 */
	unsigned phnum;
	uint64_t phoff, entry;
};

struct elf_segment {
	uint32_t type;
	uint64_t offset, vaddr, paddr, filesz, memsz;
};

/* True if it calls itself an ELF file. */
bool elf_has_mark(const struct vmm_image *image);

/* Null and *elf, or why this is no ELF executable that we load. */
const char *must_check elf_open(const struct vmm_image *image, struct elf *elf);

/* The program header number index, below phnum; elf_open has checked that it is in the file. */
struct elf_segment elf_segment(const struct elf *elf, unsigned index);

/* Adds all PT_LOAD segments to the plan, at their physical addresses. Null, or what is wrong. */
const char *must_check elf_plan(const struct elf *elf, struct load_plan *plan);

/*
 * The plan of an ELF file that is entered at its own entry: its segments, and entry.rip, physical: files for
 * Multiboot often give a virtual one, which a segment has. Null, or what is wrong.
 */
const char *must_check elf_plan_image(struct load_plan *plan);

/* Finds the PVH note's 32-bit entry; false if there is no (well-formed) one. */
bool must_check elf_pvh_entry(const struct elf *elf, uint64_t *entry);
