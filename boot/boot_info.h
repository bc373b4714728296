/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every way of starting Freehold tells the kernel. Filled in by boot/ before kernel_main, checked
 * there; the kernel trusts its bounds. Physical addresses throughout; the texts are copies.
 */
#pragma once

#include "lib/types.h"

enum {
	BOOT_MAX_RANGES = 1024,
	BOOT_MAX_MODULES = 65, /* MAX_IMAGES and the configuration */
	BOOT_CMDLINE_SIZE = 4096,
	BOOT_NAME_SIZE = 32,
	BOOT_MAX_NOTES = 16,
	BOOT_NOTE_SIZE = 96,
	BOOT_MAX_RUNTIME = 128,
};

enum boot_memory { BOOT_RAM = 1, BOOT_ACPI_RECLAIM, BOOT_ACPI_NVS, BOOT_RESERVED, BOOT_BAD };

/* Page-aligned, sorted, disjoint; RAM is rounded inwards, everything else outwards and wins. */
struct boot_range {
	hpa_t start;
	hpa_t end; /* exclusive */
	enum boot_memory kind;
};

struct boot_module {
	hpa_t start;
	uint64_t size; /* in bytes */
	char name[BOOT_NAME_SIZE];
};

enum boot_runtime_kind { BOOT_RUNTIME_CODE = 1, BOOT_RUNTIME_DATA, BOOT_RUNTIME_IO };

/*
 * What UEFI's runtime services use. Page-aligned; whether it lies in RAM that was given to us is not
 * checked.
 */
struct boot_runtime {
	hpa_t start;
	hpa_t end; /* exclusive */
	enum boot_runtime_kind kind;
};

struct boot_framebuffer {
	hpa_t address; /* 0: none */
	uint32_t pitch, width, height;
	uint8_t bits_per_pixel, kind;
};

struct boot_info {
	hpa_t kernel_start, kernel_end; /* the image, with its bss; page-aligned */
	uint32_t range_count;
	uint32_t module_count;	/* images, without the configuration */
	uint32_t runtime_count; /* 0: nobody said where the runtime services are */
	uint32_t note_count;
	uint32_t notes_lost; /* how many more there were than notes[] holds */
	bool has_config;
	struct boot_module config;
	struct boot_range ranges[BOOT_MAX_RANGES];
	struct boot_module modules[BOOT_MAX_MODULES];
	struct boot_runtime runtime[BOOT_MAX_RUNTIME];
	char cmdline[BOOT_CMDLINE_SIZE];
	char loader[64];
	uint8_t rsdp[36]; /* a copy of the RSDP from the tags; valid if rsdp_size is not 0 */
	uint32_t rsdp_size;
	hpa_t efi_system_table; /* 0: not started by UEFI firmware */
	struct boot_framebuffer framebuffer;
	/* What was wrong but not fatal (a refused module, a cut command line): for the log, in words. */
	char notes[BOOT_MAX_NOTES][BOOT_NOTE_SIZE];
};

/* True if a byte of [start, end), which is not empty, is RAM. */
static inline bool boot_has_ram(const struct boot_info *info, hpa_t start, hpa_t end)
{
	for (uint32_t i = 0; i < info->range_count; i++) {
		const struct boot_range *range = &info->ranges[i];

		if (range->kind == BOOT_RAM && range->start < end && start < range->end)
			return true;
	}
	return false;
}

/*
 * kernel/ defines it: boot/ ends here, on the boot stack and the boot page tables. A symbol's physical
 * address is its virtual one - KERNEL_IMAGE_BASE + image_delta. CPU 0, interrupts off; info is static.
 */
noreturn void kernel_main(struct boot_info *info, hpa_t image_delta);
