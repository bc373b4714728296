/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much memory an image needs to be loaded, as far as its beginning tells for certain: what the VMM's
 * loaders accept (vmm/loader_plan.h) is never refused for it. Of a bzImage, a flat binary, and an ELF file
 * whose segments go where its program headers say, it is exact. Images are the operator's, of any bytes.
 */
#pragma once

#include "abi/config.h"
#include "lib/types.h"

struct image_view {
	const uint8_t *bytes;
	uint64_t seen; /* how many of them can be read */
	uint64_t size; /* of all the image */
};

/* Guest-physical addresses, from 1 MiB on: what is below is in every partition. */
struct image_need {
	uint64_t begin, end;
	uint64_t limit;	       /* or no partition will do, though it had RAM there */
	uint64_t module_limit; /* the other images stand behind it, and end below */
};

/* Nothing, at 1 MiB, where the image does not tell more. */
struct image_need image_need(const struct image_view *image, const struct part_boot *boot);

/* The least memory= that holds it and modules of so many bytes in whole pages; LAYOUT_NEVER: none. */
uint64_t image_need_memory(const struct image_need *need, uint64_t modules);
