/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF files as the System V ABI lays them out ("ELF Header", "Program Header"): what kernels have of it. */
#pragma once

#include "lib/types.h"

enum { ELF_IDENT = 16, ELF_IDENT_CLASS = 4, ELF_IDENT_DATA = 5, ELF_IDENT_VERSION = 6 };
enum { ELF_CLASS_32 = 1, ELF_CLASS_64 = 2, ELF_DATA_LSB = 1 };
enum { ELF_TYPE_EXEC = 2, ELF_MACHINE_386 = 3, ELF_MACHINE_X86_64 = 62 };

#define ELF_MAGIC 0x464c457fu /* 7Fh "ELF" */

/* Of program headers; any more is no kernel, and FFFFh (PN_XNUM) would stand for a larger number. */
enum { ELF_PHNUM_MAX = 64 };

enum elf_segment_type { ELF_LOAD = 1, ELF_NOTE = 4 };

struct elf32_header {
	uint8_t ident[ELF_IDENT];
	uint16_t type, machine;
	uint32_t version, entry, phoff, shoff, flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf64_header {
	uint8_t ident[ELF_IDENT];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf32_segment {
	uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

struct elf64_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

static_assert(sizeof(struct elf32_header) == 52 && sizeof(struct elf64_header) == 64, "no padding");
static_assert(sizeof(struct elf32_segment) == 32 && sizeof(struct elf64_segment) == 56,
	      "no padding");
