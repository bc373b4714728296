/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's ELF file, which freehold.efi carries in itself. Pure. */
#pragma once

#include "lib/types.h"

/* Where the file wants to lie, and where it is entered: physical addresses, before it is moved. */
struct elf_span {
	uint64_t start, end, entry;
};

/* Reads where it wants to lie. False if the file is no kernel of ours. */
bool must_check elf_span(const void *file, size_t size, struct elf_span *span);

/* Copies what elf_span accepted to `to`, which is span->start's place, and clears what it does not fill. */
void elf_copy(const void *file, const struct elf_span *span, uint8_t *to);
