/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The setup header of a bzImage (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header"): the loader
 * starts a kernel by it, and the console tells by it how much memory the kernel needs.
 */
#pragma once

#include "lib/types.h"

/* From its first byte at LINUX_HEADER_AT of the file. */
struct linux_header {
	uint8_t setup_sects;
	uint16_t root_flags;
	uint32_t syssize; /* the protected-mode part, in 16 bytes */
	uint16_t ram_size, vid_mode, root_dev;
	uint16_t boot_flag;
	uint8_t jump, jump_offset;
	uint32_t header;
	uint16_t version;
	uint32_t realmode_swtch;
	uint16_t start_sys_seg, kernel_version;
	uint8_t type_of_loader, loadflags;
	uint16_t setup_move_size;
	uint32_t code32_start, ramdisk_image, ramdisk_size, bootsect_kludge;
	uint16_t heap_end_ptr;
	uint8_t ext_loader_ver, ext_loader_type;
	uint32_t cmd_line_ptr, initrd_addr_max, kernel_alignment;
	uint8_t relocatable_kernel, min_alignment;
	uint16_t xloadflags;
	uint32_t cmdline_size, hardware_subarch;
	uint64_t hardware_subarch_data;
	uint32_t payload_offset, payload_length;
	uint64_t setup_data, pref_address;
	uint32_t init_size, handover_offset, kernel_info_offset;
} __attribute__((packed));

enum { LINUX_HEADER_AT = 0x1f1, LINUX_MAGIC_AT = 0x202 };

static_assert(offsetof(struct linux_header, header) == LINUX_MAGIC_AT - LINUX_HEADER_AT, "HdrS");
static_assert(offsetof(struct linux_header, xloadflags) == 0x236 - LINUX_HEADER_AT, "xloadflags");
static_assert(offsetof(struct linux_header, init_size) == 0x260 - LINUX_HEADER_AT, "init_size");

#define LINUX_MAGIC	    0x53726448u /* "HdrS" */
#define LINUX_VERSION_PLACE 0x020a	/* 2.10: pref_address and init_size */
#define LINUX_VERSION_64    0x020c	/* 2.12: xloadflags, and with it the 64-bit entry */

enum { LINUX_LOADED_HIGH = 1 << 0, LINUX_XLF_KERNEL_64 = 1 << 0 };

static inline bool linux_has_64_bit_entry(const struct linux_header *header)
{
	return header->version >= LINUX_VERSION_64 && (header->xloadflags & LINUX_XLF_KERNEL_64);
}

/*
 * "init_size": where the kernel moves itself to, if it is loaded elsewhere, and needs so many bytes of memory
 * before it looks at its memory map. 0 or other nonsense if pref_address is.
 */
static inline gpa_t linux_runtime_start(const struct linux_header *header)
{
	return header->relocatable_kernel
		       ? ALIGN_UP(MAX(header->pref_address, MIB(1)), header->kernel_alignment)
		       : header->pref_address;
}

static inline bool linux_alignment_is_valid(const struct linux_header *header)
{
	uint32_t alignment = header->kernel_alignment;

	return alignment >= PAGE_SIZE && !(alignment & (alignment - 1));
}
