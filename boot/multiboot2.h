/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads what a Multiboot2 loader tells us. Pure: no hardware, no state of its own but a scratch
 * map.
 */
#pragma once

#include "boot/boot_info.h"

/* Why we cannot go on. Whatever is not in this list becomes a note instead. */
enum boot_error {
	BOOT_OK,
	BOOT_BAD_MAGIC,	  /* not started by a Multiboot2 loader */
	BOOT_BAD_ADDRESS, /* the boot information is not aligned to 8 bytes */
	BOOT_BAD_SIZE,	  /* its size is too small to be true, or larger than what can be read */
	BOOT_BAD_TAG,	  /* a tag is smaller than its kind must be, or larger than what is left */
	BOOT_NO_END,	  /* the tags do not end with an end tag */
	BOOT_BAD_MMAP,	  /* the memory map's entries have an impossible size */
	BOOT_NO_MMAP,
	BOOT_NO_RAM, /* there is a memory map, and no page of RAM in it */
};

/*
 * Reads the boot information at info, of which readable bytes may be touched. In: kernel_start and
 * kernel_end of *out; everything else there is written. If a tag that has to be unique comes twice,
 * the first one counts and the second is noted. Not reentrant: boot only.
 */
enum boot_error must_check multiboot2_parse(const void *info, size_t readable,
					    struct boot_info *out);

/* The error in words, for the operator. */
const char *boot_error_text(enum boot_error error);
