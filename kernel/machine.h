/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel knows of this machine; constant after boot but for what says its lock. */
#pragma once

#include "abi/layout.h"
#include "drivers/acpi.h"
#include "kernel/extent.h"
#include "kernel/spinlock.h"
#include "lib/types.h"

struct boot_info;
struct virt_ops;

struct machine_image {
	char name[NAME_SIZE];
	hpa_t start;
	uint64_t size;	/* bytes */
	uint32_t users; /* partitions that name it; CPU 0 */
};

/* A ring-3 program inside the kernel's image: page-aligned segments, mapped from where they are. */
struct machine {
	const struct virt_ops *virt; /* NULL: this machine cannot run guests */
	char virt_reason[80];	     /* then why */
	const struct boot_info *boot;
	struct acpi_info acpi;
	struct extent_map extents; /* under memory_lock */
	spinlock_t memory_lock;
	uint32_t image_count;
	struct machine_image images[MAX_IMAGES];
	struct machine_image config; /* size 0: none */
	uint64_t boot_tsc;
	uint64_t boot_wall;		  /* Unix time, ns, at boot_tsc */
	uint64_t calibration_tsc;	  /* ticks that it took to measure the clocks */
	uint32_t cpu_apic_ids[MAX_CPUS];  /* by CPU number */
	uint64_t vmm_entry;		  /* address of the VMM's upcall entry */
	uint32_t xsave_component_end[64]; /* offset + size in the standard format */
};

extern struct machine machine;

/* What was built: for the banner. */
extern const char machine_build[];

/* Unix time in ns. */
uint64_t machine_wall_now(void);
