/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multiboot 2 (Multiboot2 Specification 2.0): reads the header's tags, and refuses what they demand and
 * there is not.
 */
#include "vmm/loader_multiboot2.h"

#include "lib/string.h"
#include "vmm/guest_layout.h"
#include "vmm/loader_elf.h"

#define HEADER_MAGIC 0xe85250d6u
#define LOADER_MAGIC 0x36d76289u

enum { HEADER_SEARCH = 32768, HEADER_ALIGN = 8, ARCHITECTURE_I386 = 0, INFORMATION_LAST = 21 };

/* "Header magic fields" */
struct header {
	uint32_t magic, architecture, length, checksum;
};

/* "General tag structure" of the header. */
struct tag {
	uint16_t type, flags;
	uint32_t size;
};

enum tag_flag { TAG_OPTIONAL = 1 << 0 };

enum tag_type {
	TAG_END = 0,
	TAG_INFORMATION = 1,
	TAG_ADDRESS = 2,
	TAG_ENTRY = 3,
	TAG_EFI_SERVICES = 7,
	TAG_RELOCATABLE = 10, /* the highest that the specification has */
};

/* What was found. */
struct wishes {
	uint64_t header_at;
	bool has_addresses, has_entry;
	struct load_addresses addresses;
	uint32_t entry;
};

/* The first mark at *at or behind it: all of the header is in the first 32 KiB, at a multiple of 8. */
static bool find_mark(const struct vmm_image *image, uint64_t *at, struct header *header)
{
	for (; *at < HEADER_SEARCH; *at += HEADER_ALIGN) {
		if (!load_image_read(image, *at, header, sizeof(*header)))
			return false;
		if (header->magic == HEADER_MAGIC)
			return true;
	}
	return false;
}

/* The checksum that goes with the rest of it. */
static uint32_t checksum(const struct header *header)
{
	return 0 - (header->magic + header->architecture + header->length);
}

static bool find_header(const struct vmm_image *image, struct header *header, uint64_t *offset)
{
	for (*offset = 0; find_mark(image, offset, header); *offset += HEADER_ALIGN)
		if (header->checksum == checksum(header))
			return true;
	return false;
}

static bool match(const struct vmm_image *image)
{
	struct header header;
	uint64_t offset;

	return find_header(image, &header, &offset);
}

/* The mark stands there, but the sum is wrong. */
static const char *almost(const struct vmm_image *image)
{
	struct header header;
	uint64_t at = 0;

	if (!find_mark(image, &at, &header))
		return NULL;
	return load_refuse(
		"the checksum of the Multiboot2 header at %lXh of the file is wrong: %Xh, and not %Xh",
		at, header.checksum, checksum(&header));
}

/* The body of a tag, of which at least size bytes must be there. */
static bool read_body(const struct load_plan *plan, const struct tag *tag, uint64_t at, void *to,
		      size_t size)
{
	return tag->size >= sizeof(*tag) + size &&
	       load_image_read(plan->kernel, at + sizeof(*tag), to, size);
}

/*
 * "Information request header tag": types of tags of the boot information. As with GRUB, one that the
 * specification knows is not refused because this machine has nothing to say there.
 */
static const char *take_information(const struct load_plan *plan, const struct tag *tag, uint64_t at)
{
	uint64_t end = at + tag->size;
	uint32_t type;

	for (at += sizeof(*tag); end - at >= sizeof(type); at += sizeof(type)) {
		if (!load_image_read(plan->kernel, at, &type, sizeof(type)))
			return "a tag of the Multiboot2 header is cut off";
		if (type > INFORMATION_LAST)
			return "the Multiboot2 header demands information that nobody knows";
	}
	return NULL;
}

/* "The address tag of Multiboot2 header": load_addr -1 is the file from its beginning. */
static const char *take_addresses(const struct load_plan *plan, const struct tag *tag, uint64_t at,
				  struct wishes *wishes)
{
	struct load_addresses *a = &wishes->addresses;

	if (!read_body(plan, tag, at, a, sizeof(*a)))
		return "a tag of the Multiboot2 header is cut off";
	if (a->load == UINT32_MAX)
		a->load = a->header - (uint32_t)wishes->header_at;
	wishes->has_addresses = true;
	return NULL;
}

static const char *take_entry(const struct load_plan *plan, const struct tag *tag, uint64_t at,
			      struct wishes *wishes)
{
	if (!read_body(plan, tag, at, &wishes->entry, sizeof(wishes->entry)))
		return "a tag of the Multiboot2 header is cut off";
	wishes->has_entry = true;
	return NULL;
}

/*
 * What is not named here changes nothing: modules are page-aligned always, entries for EFI count on EFI,
 * nobody has to relocate; and a screen that is not there is no reason not to start, for GRUB neither.
 */
static const char *take_tag(const struct load_plan *plan, const struct tag *tag, uint64_t at,
			    struct wishes *wishes)
{
	switch (tag->type) {
	case TAG_INFORMATION:
		return tag->flags & TAG_OPTIONAL ? NULL : take_information(plan, tag, at);
	case TAG_ADDRESS:
		return take_addresses(plan, tag, at, wishes);
	case TAG_ENTRY:
		return take_entry(plan, tag, at, wishes);
	case TAG_EFI_SERVICES:
		return tag->flags & TAG_OPTIONAL ? NULL
						 : "the Multiboot2 header demands EFI boot services";
	default:
		if (tag->type > TAG_RELOCATABLE && !(tag->flags & TAG_OPTIONAL))
			return "the Multiboot2 header has a tag that is not optional and not known";
		return NULL;
	}
}

static const char *take_tags(const struct load_plan *plan, const struct header *header,
			     struct wishes *wishes)
{
	uint64_t at = wishes->header_at + sizeof(*header), end = wishes->header_at + header->length;

	if (end > HEADER_SEARCH)
		return "the Multiboot2 header is longer than 32 KiB";
	if (header->length < sizeof(*header))
		return "the Multiboot2 header is shorter than itself";
	while (at < end) {
		struct tag tag;
		const char *why;

		if (end - at < sizeof(tag) || !load_image_read(plan->kernel, at, &tag, sizeof(tag)) ||
		    tag.size < sizeof(tag) || tag.size > end - at)
			return "a tag of the Multiboot2 header is cut off";
		if (tag.type == TAG_END)
			return NULL;
		why = take_tag(plan, &tag, at, wishes);
		if (why)
			return why;
		at += ALIGN_UP((uint64_t)tag.size, HEADER_ALIGN);
	}
	return NULL;
}

static const char *plan_image(struct load_plan *plan)
{
	struct wishes wishes = {0};
	struct header header;
	const char *why;

	if (!find_header(plan->kernel, &header, &wishes.header_at))
		return "the Multiboot2 header is cut off"; /* match() has read it already */
	if (header.architecture != ARCHITECTURE_I386)
		return "the Multiboot2 header is not for x86";
	why = take_tags(plan, &header, &wishes);
	if (why)
		return why;
	if (wishes.has_addresses && !wishes.has_entry)
		return "the Multiboot2 header gives addresses and no entry";
	plan->floor = GUEST_LOW;
	plan->low_end = GUEST_TEXTS;
	plan->entry = (struct boot_entry){.rax = LOADER_MAGIC, .rbx = GUEST_TEXTS};
	why = wishes.has_addresses ? load_add_addressed(plan, wishes.header_at, &wishes.addresses)
				   : elf_plan_image(plan);
	if (wishes.has_entry)
		plan->entry.rip = wishes.entry;
	if (!why && (plan->entry.rip >= GIB(4) || !load_in_segment(plan, plan->entry.rip)))
		return "the Multiboot2 entry is in no segment below 4 GiB";
	return why;
}

const struct load_format load_multiboot2 = {
	.protocol = BOOT_MULTIBOOT2,
	.mismatch = "it has no Multiboot2 header: boot=multiboot2",
	.match = match,
	.almost = almost,
	.plan = plan_image,
	.finish = multiboot2_put,
};
