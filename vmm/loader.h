/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads the guest: looks at the kernel image, checks all of it, and only then copies it and its
 * modules into guest memory. Images are hostile input; nobody can change them while they are read.
 */
#pragma once

#include "abi/config.h"
#include "lib/types.h"

/* The registers that a boot protocol sets; see vmm/start_state.h for the others. */
struct boot_entry {
	bool long_mode; /* else 32-bit protected mode without paging */
	uint64_t rip;
	uint64_t rax, rbx, rsi;
};

/*
 * Loads the partition's images and writes what the boot protocol wants to be found in memory. Null,
 * or why the guest cannot start (a static text); then no byte of guest memory was written. Called
 * once, before any vCPU runs, with guest memory described and checked. rsdp: where the guest's ACPI
 * tables are going to be.
 */
const char *must_check loader_load(gpa_t rsdp, struct boot_entry *entry);
