/* SPDX-License-Identifier: BSD-2-Clause */
/* Where things stand in a ring-3 address space (a VMM's or the console's). All of it is user memory. */
#pragma once

#include <stdint.h>

#define USER_IMAGE_BASE	 0x0000000000400000ULL /* the program's own text, rodata, data, bss */
#define USER_CONFIG_BASE 0x0000000010000000ULL /* VMM: struct vmm_config, read-only */
#define USER_FRAME_BASE \
	0x0000000011000000ULL /* VMM: frame page of vCPU i at + i * USER_FRAME_STRIDE */
#define USER_FRAME_STRIDE 0x2000ULL
#define USER_STACK_BASE	  0x0000000012000000ULL /* stack i ends at + (i + 1) * USER_STACK_STRIDE */
#define USER_STACK_STRIDE 0x10000ULL
#define USER_STACK_SIZE	  0x6000ULL /* mapped below the end; what is below is a guard */
#define USER_RING_BASE \
	0x0000000013000000ULL /* VMM: its struct console_ring, shared with the console */
#define USER_GROW_BASE	 0x0000001000000000ULL /* console: memory it asked for with CALL_MEM_MAP */
#define USER_SCREEN_BASE 0x0000004000000000ULL /* console: the memory of the machine's screen */
#define USER_IMAGES_BASE 0x0000008000000000ULL /* images, read-only; addresses are in the config */
#define USER_GUEST_BASE	 0x0000010000000000ULL /* VMM: the guest's memory, GPA g at + g */
#define USER_END	 0x0000800000000000ULL

/* Bytes of an image, from its first on, that the console can see. */
#define IMAGE_WINDOW 0x100000ULL

#define USER_STACK_TOP(i)  (USER_STACK_BASE + ((uint64_t)(i) + 1) * USER_STACK_STRIDE)
#define USER_FRAME_PAGE(i) (USER_FRAME_BASE + (uint64_t)(i)*USER_FRAME_STRIDE)

/* Limits of this build that both sides of the ABI know. */
enum {
	MAX_CPUS = 256,
	MAX_PARTITIONS = 64,
	MAX_VCPUS = 64,	     /* a partition */
	MAX_RANGES = 4,	     /* guest-physical memory ranges of a partition */
	MAX_IMAGES = 64,     /* of the machine */
	MAX_PART_IMAGES = 8, /* named by one partition */
	NAME_SIZE = 32,	     /* of a partition or image, with the terminator */
	CMDLINE_SIZE = 2048, /* with the terminator */
	TEXTS_SIZE = 1024,   /* of all images of a partition together */
};
