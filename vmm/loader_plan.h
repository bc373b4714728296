/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the loaders of the single formats share: a plan of what goes where. A format fills in a plan
 * and writes nothing; the plan is carried out when all of it was found good.
 */
#pragma once

#include "vmm/loader.h"

enum { LOAD_SEGMENTS_MAX = 16, LOAD_REFUSAL_SIZE = 160 };

/* In EAX at a Multiboot 1 entry. */
#define LOAD_MULTIBOOT_MAGIC 0x2badb002u

struct load_segment {
	const uint8_t *from;
	uint64_t file_size; /* bytes copied; the rest of size stays zero, as the memory came */
	gpa_t to;
	uint64_t size;
};

struct load_module {
	const struct vmm_image *image;
	gpa_t to;
};

struct load_plan {
	gpa_t rsdp;
	const struct vmm_image *kernel;
	unsigned segment_count, module_count;
	struct load_segment segment[LOAD_SEGMENTS_MAX];
	struct load_module module[MAX_PART_IMAGES];
	gpa_t floor;	    /* no segment is loaded below; 1 MiB if the format does not say */
	gpa_t low_end;	    /* one below 1 MiB ends here; at the EBDA if the format does not say */
	gpa_t module_limit; /* modules end below; 4 GiB if the format does not say */
	struct boot_entry entry;
};

/* One image format. */
struct load_format {
	enum boot_protocol protocol;
	const char *mismatch; /* why an image is not of this format, for one who says that it is */
	/* True if this is the one for the image. */
	bool (*match)(const struct vmm_image *image);
	/* Of one that is not: why, where it looks as if it were meant to be; else NULL. NULL: none does. */
	const char *(*almost)(const struct vmm_image *image);
	/*
	 * Adds the segments, says the entry and the limit. Null, or what is wrong with the image.
	 */
	const char *(*plan)(struct load_plan *plan);
	/* Writes the protocol's structures, when segments and modules are in place. */
	void (*finish)(const struct load_plan *plan); /* NULL: nothing more is written */
};

extern const struct load_format load_linux, load_pvh, load_multiboot2, load_multiboot, load_sector,
	load_flat;

/*
 * A text with numbers in it, for a refusal: what stands in an image and addresses in hexadecimal, as 7C00h.
 * It lasts until the next one is made.
 */
const char *load_refuse(const char *text, ...) printf_like(1, 2);

/* What the image is, and what to do then, of what is no kernel; NULL: nobody knows. */
const char *load_known(const struct vmm_image *image);

/*
 * For a refusal, of what is loaded above 1 MiB: "; it needs memory=67M or more", with the modules beside it,
 * or "" if that would not help. It lasts until the next one is made.
 */
const char *load_remedy(const struct load_plan *plan, gpa_t to, uint64_t size);

/* Adds a segment of the image at offset. Null, or what is wrong with it. */
const char *must_check load_add_segment(struct load_plan *plan, uint64_t offset, uint64_t file_size,
					gpa_t to, uint64_t size);

/* The addresses that both Multiboot headers can give; 0: not given, as there. */
struct load_addresses {
	uint32_t header, load, load_end, bss_end;
};

/* Adds the segment that they describe; the header stands at offset in the file. As load_add_segment. */
const char *must_check load_add_addressed(struct load_plan *plan, uint64_t offset,
					  const struct load_addresses *addresses);

/* True if the address is in a segment of the plan. */
bool load_in_segment(const struct load_plan *plan, uint64_t address);

/* Copies length bytes of an image at offset; false if they are not all inside it. */
bool must_check load_image_read(const struct vmm_image *image, uint64_t offset, void *to,
				size_t length);

/* Writes to guest memory that is there: the plan's, or below 1 MiB, which every partition has. */
void load_put(gpa_t to, const void *from, size_t length);

/* The text that the operator gave with an image, or "". */
const char *load_text_of(const struct vmm_image *image);

/*
 * Writes "name text", or one of them if the other is empty or NULL, with its zero, and moves *to on behind
 * it. Answers where it stands. The caller has the room: NAME_SIZE + CMDLINE_SIZE each at most.
 */
gpa_t load_put_text(gpa_t *to, const char *name, const char *text);
