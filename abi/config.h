/* SPDX-License-Identifier: BSD-2-Clause */
/* What a partition is made from (console to kernel) and what its VMM is told of it (kernel to VMM). */
#pragma once

#include "abi/layout.h"

enum part_flags {
	PART_DEDICATED = 1 << 0, /* each vCPU has a CPU of its own */
	PART_TESTDEV = 1 << 1,	 /* its VMM has the test devices */
	PART_SMT_SHARE = 1 << 2, /* and shares its core with others that say so, too */
};

struct part_range {
	uint64_t gpa;  /* page-aligned */
	uint64_t size; /* bytes, page-aligned, not 0 */
};

enum image_role { IMAGE_KERNEL, IMAGE_INITRD, IMAGE_MODULE };

/* How the kernel image is started; by default what it looks like, in this order. */
enum boot_protocol {
	BOOT_BY_IMAGE,
	BOOT_LINUX,
	BOOT_PVH,
	BOOT_MULTIBOOT2,
	BOOT_MULTIBOOT,
	BOOT_SECTOR,
	BOOT_FLAT, /* never by its look: needs an address */
	BOOT_PROTOCOLS
};

struct part_image {
	uint32_t image; /* index of the machine's image */
	uint32_t role;	/* enum image_role */
	uint32_t text;	/* what its protocol hands over with it: offset in texts; 0: nothing */
};

struct part_boot {
	uint32_t protocol; /* enum boot_protocol */
	uint32_t reserved;
	uint64_t load;		/* BOOT_FLAT: where the image goes, */
	uint64_t entry;		/* and where it is entered */
	char texts[TEXTS_SIZE]; /* of the images, the first one empty; a zero behind each and at the end */
};

#define CPU_ANY 0xffffffffu

/* A pool partition's share of each CPU where it has vCPUs, against those that want the same CPU. */
enum { WEIGHT_MIN = 1, WEIGHT_DEFAULT = 100, WEIGHT_MAX = 10000 };

/* Read by the kernel once, at CALL_PART_CREATE; name, weight and cap can be changed later. */
struct part_desc {
	char name[NAME_SIZE];
	uint32_t flags;
	uint32_t vcpu_count;
	uint32_t range_count;
	uint32_t image_count;
	uint64_t ring; /* address of a struct console_ring in the console's own memory (CALL_MEM_MAP) */
	uint64_t ring_size;	  /* bytes of its output */
	uint32_t cpus[MAX_VCPUS]; /* CPU number, or CPU_ANY */
	uint32_t weight;	  /* 0: WEIGHT_DEFAULT; must be 0 for dedicated CPUs */
	uint32_t cap; /* percent of one CPU that all its vCPUs may use at most; 0: no cap, as above */
	struct part_range ranges[MAX_RANGES];
	struct part_image images[MAX_PART_IMAGES];
	struct part_boot boot;
	char cmdline[CMDLINE_SIZE];
};

struct vmm_image {
	uint64_t address; /* in the VMM's space, read-only */
	uint64_t size;	  /* bytes; the rest of the last page reads as zero */
	uint32_t role;
	uint32_t text; /* as in part_image */
	char name[NAME_SIZE];
};

/* Read-only at USER_CONFIG_BASE in every VMM. Times: guest TSC = host TSC + tsc_offset. */
struct vmm_config {
	char name[NAME_SIZE];
	uint32_t vcpu_count;
	uint32_t range_count;
	uint32_t image_count;
	uint32_t phys_bits; /* the guest's MAXPHYADDR */
	uint64_t tsc_khz;
	uint64_t tsc_offset;  /* two's complement */
	uint64_t start_tsc;   /* host TSC when the partition was started */
	uint64_t start_wall;  /* Unix time, ns, at start_tsc */
	uint32_t start_count; /* 1 at the first start, +1 at each start or reset */
	uint32_t flags;	      /* enum part_flags */
	uint64_t ring_size;   /* bytes of the console ring's output */
	struct part_range ranges[MAX_RANGES];
	struct vmm_image images[MAX_PART_IMAGES];
	struct part_boot boot;
	char cmdline[CMDLINE_SIZE];
};
