/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads the guest: looks at the kernel image, checks all of it, and only then copies it and its
 * modules into guest memory. Images are hostile input; nobody can change them while they are read.
 */
#pragma once

#include "abi/config.h"
#include "lib/types.h"

/* In which mode a guest is entered. */
enum entry_mode {
	ENTRY_PROTECTED, /* 32-bit, flat segments, no paging */
	ENTRY_LONG,	 /* 64-bit, the first 4 GiB mapped one to one */
	ENTRY_REAL,	 /* all segments 0 */
};

/* The registers that a boot protocol sets; see vmm/start_state.h for the others. */
struct boot_entry {
	enum entry_mode mode;
	uint64_t rip;
	uint64_t rax, rbx, rdx, rsi, rsp;
	uint16_t idt_limit; /* of 32- and 64-bit entries; base 0 */
};

/* As BIOS and boot loader leave it, for who goes back to real mode: vmm/bios.h. */
enum { REAL_IDT_LIMIT = 0x3ff };

/*
 * Loads the partition's images and writes what the boot protocol wants to be found in memory. Null,
 * or why the guest cannot start (a static text); then no byte of guest memory was written. Called
 * once, before any vCPU runs, with guest memory described and checked. rsdp: where the guest's RSDP
 * is: some protocols hand over a copy.
 */
const char *must_check loader_load(gpa_t rsdp, struct boot_entry *entry);
