/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's page walk: from a linear to a guest-physical address as the guest's processor would
 * do it, with its checks, its error codes and its accessed and dirty bits, in every paging mode.
 */
#pragma once

#include "lib/types.h"

/* All that decides a translation. Taken from the frame page; CPUID's part from the partition. */
struct walk_context {
	uint64_t cr0, cr3, cr4, efer, rflags;
	uint32_t pkru; /* counts only with CR4.PKE */
	uint8_t cpl;
	uint8_t maxphyaddr; /* the guest's, 32 to 52: what is above is reserved in its tables */
	bool gib_pages;	    /* the guest's CPUID offers 1 GiB pages */
};

/* The kind of access. The first two are the error code's own bits. */
enum walk_access {
	WALK_READ = 0,
	WALK_WRITE = 1 << 1,
	WALK_FETCH = 1 << 4,
	WALK_IMPLICIT = 1 << 8, /* the processor's own access (GDT, TSS): supervisor at any CPL */
};

/* SDM 3A 4.7 "Page-Fault Exceptions" */
enum page_fault_error {
	FAULT_PRESENT = 1 << 0,
	FAULT_WRITE = 1 << 1,
	FAULT_USER = 1 << 2,
	FAULT_RESERVED = 1 << 3,
	FAULT_FETCH = 1 << 4,
	FAULT_KEY = 1 << 5,
};

enum walk_status {
	WALK_OK,       /* result.gpa is the address */
	WALK_FAULT,    /* #PF with result.error; CR2 is the linear address */
	WALK_UNBACKED, /* a table entry is at result.gpa, and no RAM is there */
	WALK_RETRY, /* another vCPU changed an entry before its A or D bit was set: run it again */
};

struct walk_result {
	gpa_t gpa;
	uint32_t error; /* enum page_fault_error */
};

/*
 * Translates one address for one access; the answer holds for its 4 KiB page. Sets the A bits on the
 * path, and D for a write, if the access is allowed and they are not set; a fault changes nothing.
 * Reads each entry once, at most five. linear must be canonical (64-bit) or below 4 GiB: the
 * segmentation checks come first. Any vCPU, no lock.
 */
enum walk_status must_check walk(const struct walk_context *context, gva_t linear, unsigned access,
				 struct walk_result *result);
