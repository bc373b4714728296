/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware's memory map as UEFI has it: 2.10 7.2.3 "EFI_BOOT_SERVICES.GetMemoryMap()". */
#pragma once

#include "lib/types.h"

/* EFI_MEMORY_DESCRIPTOR. Firmware puts more bytes than these between two of them. */
struct efi_descriptor {
	uint32_t type, padding;
	uint64_t start, virtual_start, pages, attributes;
};

static_assert(sizeof(struct efi_descriptor) == 40, "as in the specification");

enum efi_memory_type {
	EFI_RUNTIME_CODE = 5,
	EFI_RUNTIME_DATA = 6,
	EFI_MEMORY_MAPPED_IO = 11,
	EFI_MEMORY_MAPPED_PORTS = 12,
};

enum { EFI_DESCRIPTOR_MAX = 4096 }; /* far more than any version of it will have */

/* True if the firmware's descriptors can have that size. */
static inline bool efi_is_descriptor_size(size_t size)
{
	return size >= sizeof(struct efi_descriptor) && size <= EFI_DESCRIPTOR_MAX;
}

#define EFI_ATTRIBUTE_SP      BIT(18) /* memory for a specific purpose */
#define EFI_ATTRIBUTE_RUNTIME BIT(63) /* runtime services use it */
