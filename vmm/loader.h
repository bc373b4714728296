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
 * What loader_go_on copies at once: milliseconds where the machine is an emulator that others keep from
 * running, and much less elsewhere; an upcall may take 100. Who waits for this CPU gets it in between.
 */
#define LOAD_PIECE MIB(1)

/*
 * Looks at the partition's images and plans where they go. Null, or why the guest cannot start. Writes no
 * byte of guest memory. Called before any vCPU runs, with guest memory described and checked. rsdp: where the
 * guest's RSDP is: some protocols hand over a copy.
 */
const char *must_check loader_begin(gpa_t rsdp);

/*
 * Copies the next piece. True if it was the last: then what the boot protocol wants to be found in memory is
 * there, too, and *entry says how the guest is entered.
 */
bool must_check loader_go_on(struct boot_entry *entry);
