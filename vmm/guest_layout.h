/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands where in the guest's low memory when it starts. The guest may take all of it back but
 * what its memory map says is not RAM.
 */
#pragma once

#include "lib/types.h"

/* BIOS data area: Linux and others look here for the extended one, NOVA and GRUB for serial ports. */
#define GUEST_BDA_COM	       0x400ULL
#define GUEST_BDA_EQUIPMENT    0x410ULL
#define GUEST_BDA_EBDA_SEGMENT 0x40eULL
#define GUEST_BDA_BASE_KIB     0x413ULL

#define GUEST_GDT	 0x1000ULL
#define GUEST_BOOT_INFO	 0x2000ULL /* 4 KiB: boot_params, hvm_start_info or Multiboot information */
#define GUEST_MODULES	 0x3000ULL /* 4 KiB: module lists and the memory map in its protocol's form */
#define GUEST_CMDLINE	 0x4000ULL  /* CMDLINE_SIZE */
#define GUEST_LOW	 0x5000ULL  /* Multiboot and flat images may be loaded from here on */
#define GUEST_PAGE_TABLE 0x10000ULL /* PML4, PDPT and four page directories: 4 GiB, identity */
#define GUEST_TEXTS	 0x90000ULL /* to 9B000h: texts of modules; all that Multiboot2 tells */
#define GUEST_TEXTS_END	 0x9b000ULL
#define GUEST_EBDA	 0x9fc00ULL
#define GUEST_HOLE	 0xa0000ULL /* to C0000h: a PC's video memory; no RAM */
#define GUEST_HOLE_END	 0xc0000ULL
#define GUEST_ACPI	 0xe0000ULL    /* tables, reclaimable */
#define GUEST_ACPI_NVS	 0xef000ULL    /* the FACS */
#define GUEST_BIOS	 0xf0000ULL    /* the RSDP stands at its beginning */
#define GUEST_HIGH	 0x100000ULL   /* images are loaded from here on */
#define GUEST_DEVICES	 0xc0000000ULL /* to 4 GiB: PCI windows, IOAPIC, local APIC; no RAM */
