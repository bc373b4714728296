/* SPDX-License-Identifier: BSD-2-Clause */
/* Chooses the image format, completes its plan with the modules, and carries the plan out, piece by piece. */
#include "vmm/loader.h"

#include "lib/format.h"
#include "lib/string.h"
#include "vmm/guest_layout.h"
#include "vmm/guest_mem.h"
#include "vmm/loader_plan.h"
#include "vmm/partition.h"

/*
 * In the order in which they are tried: an ELF with a PVH note may have Multiboot headers too, and one
 * with a header of the second kind one of the first.
 */
static const struct load_format *const formats[] = {&load_linux,     &load_pvh,	   &load_multiboot2,
						    &load_multiboot, &load_sector, &load_flat};

/* What is under way, from one upcall to the next. */
static struct load {
	struct load_plan plan;
	const struct load_format *format;
	unsigned copy;	 /* of the plan's, which one is next */
	uint64_t copied; /* bytes of that one that are there */
} load;

struct load_copy {
	const uint8_t *from;
	gpa_t to;
	uint64_t size;
};

const char *load_refuse(const char *text, ...)
{
	static char buffer[LOAD_REFUSAL_SIZE];
	va_list args;

	va_start(args, text);
	vformat(buffer, sizeof(buffer), text, args);
	va_end(args);
	return buffer;
}

bool load_image_read(const struct vmm_image *image, uint64_t offset, void *to, size_t length)
{
	if (offset > image->size || image->size - offset < length)
		return false;
	memcpy(to, (const uint8_t *)(uintptr_t)image->address + offset, length);
	return true;
}

bool load_in_segment(const struct load_plan *plan, uint64_t address)
{
	for (unsigned i = 0; i < plan->segment_count; i++)
		if (address - plan->segment[i].to < plan->segment[i].size)
			return true;
	return false;
}

/* The segment that has bytes there; NULL: none. */
static const struct load_segment *overlapped(const struct load_plan *plan, gpa_t to, uint64_t size)
{
	for (unsigned i = 0; i < plan->segment_count; i++) {
		const struct load_segment *other = &plan->segment[i];

		if (to < other->to + other->size && other->to < to + size)
			return other;
	}
	return NULL;
}

static uint64_t kib(uint64_t bytes)
{
	return bytes / KIB(1) + (bytes % KIB(1) != 0);
}

/* What the modules take; none: 0. */
static uint64_t modules_size(const struct load_plan *plan)
{
	uint64_t size = 0;

	for (unsigned i = 0; i < partition->image_count && i < MAX_PART_IMAGES; i++)
		if (&partition->images[i] != plan->kernel)
			size += ALIGN_UP(partition->images[i].size, PAGE_SIZE);
	return size;
}

/* Below 3 GiB a partition's memory= is the address at which its RAM ends. */
const char *load_remedy(const struct load_plan *plan, gpa_t to, uint64_t size)
{
	static char text[48];
	uint64_t modules = modules_size(plan);
	gpa_t limit = modules ? MIN(plan->module_limit, GUEST_DEVICES) : GUEST_DEVICES;
	gpa_t end;

	if (to > limit || size > limit || modules > limit)
		return "";
	end = ALIGN_UP(to + size, PAGE_SIZE) + modules;
	if (to < GUEST_HIGH || end > ALIGN_DOWN(limit, PAGE_SIZE))
		return "";
	format(text, sizeof(text), "; it needs memory=%luM or more", ALIGN_UP(end, MIB(1)) / MIB(1));
	return text;
}

/* Outside of what the format leaves free, or of the memory there is. */
static const char *misplaced(const struct load_plan *plan, gpa_t to, uint64_t size)
{
	if (to < plan->floor)
		return plan->floor == GUEST_HIGH
			       ? load_refuse("a segment is loaded below 1 MiB: at %lXh", to)
			       : load_refuse(
					 "it is loaded too low: other things stand there: %lXh, below %lXh",
					 to, plan->floor);
	if (to < GUEST_HIGH && (to >= plan->low_end || size > plan->low_end - to))
		return load_refuse("it is loaded below 1 MiB and ends above %lXh: %lu KiB at %lXh",
				   plan->low_end, kib(size), to);
	if (!guest_ptr(to, size))
		return load_refuse(
			"a segment does not fit into the partition's memory: %lu KiB at %lXh%s",
			kib(size), to, load_remedy(plan, to, size));
	return NULL;
}

const char *load_add_segment(struct load_plan *plan, uint64_t offset, uint64_t file_size, gpa_t to,
			     uint64_t size)
{
	const struct vmm_image *image = plan->kernel;
	const struct load_segment *other;
	const char *why;

	if (offset > image->size || image->size - offset < file_size)
		return load_refuse("a segment is not in the file: %lXh bytes at %lXh of it",
				   file_size, offset);
	if (file_size > size)
		return load_refuse("a segment is larger in the file than in memory: %lXh bytes, %lXh",
				   file_size, size);
	if (size == 0)
		return NULL;
	why = misplaced(plan, to, size);
	if (why)
		return why;
	other = overlapped(plan, to, size);
	if (other)
		return load_refuse("two segments overlap: %lXh bytes at %lXh, %lXh bytes at %lXh",
				   other->size, other->to, size, to);
	if (plan->segment_count == LOAD_SEGMENTS_MAX)
		return "it has too many segments";
	plan->segment[plan->segment_count++] = (struct load_segment){
		.from = (const uint8_t *)(uintptr_t)image->address + offset,
		.file_size = file_size,
		.to = to,
		.size = size,
	};
	return NULL;
}

const char *load_add_addressed(struct load_plan *plan, uint64_t offset,
			       const struct load_addresses *a)
{
	uint64_t before = (uint64_t)a->header - a->load;
	uint64_t start, file, size;

	if (a->load > a->header || before > offset)
		return "the Multiboot header's load_addr is wrong";
	if (a->load_end && a->load_end < a->load)
		return "the Multiboot header's load_end_addr is wrong";
	start = offset - before;
	file = a->load_end ? (uint64_t)a->load_end - a->load : plan->kernel->size - start;
	size = a->bss_end ? (uint64_t)a->bss_end - a->load : file;
	if (a->bss_end && a->bss_end < a->load + file)
		return "the Multiboot header's bss_end_addr is wrong";
	return load_add_segment(plan, start, file, a->load, size);
}

static gpa_t segments_end(const struct load_plan *plan)
{
	gpa_t end = GUEST_HIGH;

	for (unsigned i = 0; i < plan->segment_count; i++)
		end = MAX(end, plan->segment[i].to + plan->segment[i].size);
	return end;
}

/* From the top of the low RAM downwards, each on a page boundary, all above the kernel. */
static const char *place_modules(struct load_plan *plan)
{
	gpa_t top = ALIGN_DOWN(MIN(plan->module_limit, partition_low_end()), PAGE_SIZE);
	gpa_t floor = ALIGN_UP(segments_end(plan), PAGE_SIZE);

	for (unsigned i = 0; i < partition->image_count && i < MAX_PART_IMAGES; i++) {
		const struct vmm_image *image = &partition->images[i];
		uint64_t size = image->size;

		if (image == plan->kernel)
			continue;
		if (top < floor || size > top - floor)
			return load_refuse("%s, of %lu KiB, does not fit into memory beside it%s",
					   image->name, kib(size), load_remedy(plan, floor, 0));
		top = ALIGN_DOWN(top - size, PAGE_SIZE);
		if (size && !guest_ptr(top, size))
			return load_refuse("%s, of %lu KiB, does not fit into one range of memory",
					   image->name, kib(size));
		plan->module[plan->module_count++] = (struct load_module){image, top};
	}
	return NULL;
}

void load_put(gpa_t to, const void *from, size_t length)
{
	if (length)
		memcpy(guest_ptr(to, length), from, length);
}

const char *load_text_of(const struct vmm_image *image)
{
	return partition->boot.texts + image->text;
}

gpa_t load_put_text(gpa_t *to, const char *name, const char *text)
{
	size_t name_size = name ? strlen(name) : 0, text_size = text ? strlen(text) : 0;
	gpa_t begin = *to;

	load_put(*to, name, name_size);
	*to += name_size;
	if (name_size && text_size)
		load_put((*to)++, " ", 1);
	load_put(*to, text, text_size);
	*to += text_size;
	load_put((*to)++, "", 1);
	return begin;
}

static bool is_asked_for(const struct load_format *format)
{
	return !partition->boot.protocol || partition->boot.protocol == format->protocol;
}

/* By its look, or because the operator says so; NULL: none is. */
static const struct load_format *find_format(const struct vmm_image *image)
{
	for (unsigned i = 0; i < ARRAY_SIZE(formats); i++)
		if (is_asked_for(formats[i]) && formats[i]->match(image))
			return formats[i];
	return NULL;
}

/* Of an image that has no format, or not the one that the operator says. */
static const char *why_no_format(const struct vmm_image *image)
{
	const char *why = load_known(image);

	for (unsigned i = 0; !why && i < ARRAY_SIZE(formats); i++)
		if (is_asked_for(formats[i]) && formats[i]->almost)
			why = formats[i]->almost(image);
	for (unsigned i = 0; !why && i < ARRAY_SIZE(formats); i++)
		if (formats[i]->protocol == partition->boot.protocol)
			why = formats[i]->mismatch;
	return why ? why
		   : "it is no Linux bzImage, no ELF with a PVH note, and has neither a Multiboot header nor "
		     "a boot sector's mark; load= starts it as a flat binary";
}

const char *loader_begin(gpa_t rsdp)
{
	struct load_plan *plan = &load.plan;
	const char *why;

	load = (struct load){.plan = {.rsdp = rsdp,
				      .kernel = partition_image(IMAGE_KERNEL),
				      .floor = GUEST_HIGH,
				      .low_end = GUEST_EBDA,
				      .module_limit = GIB(4)}};
	if (!plan->kernel)
		return "the partition names no kernel image";
	load.format = find_format(plan->kernel);
	if (!load.format)
		return why_no_format(plan->kernel);
	why = load.format->plan(plan);
	return why ? why : place_modules(plan);
}

/* The plan's copies by number: first the segments, then the modules. */
static struct load_copy copy_number(const struct load_plan *plan, unsigned i)
{
	const struct load_segment *segment = &plan->segment[i];
	const struct load_module *module;

	if (i < plan->segment_count)
		return (struct load_copy){segment->from, segment->to, segment->file_size};
	module = &plan->module[i - plan->segment_count];
	return (struct load_copy){(const uint8_t *)(uintptr_t)module->image->address, module->to,
				  module->image->size};
}

/* True if all is there. */
static bool copy_piece(void)
{
	const unsigned count = load.plan.segment_count + load.plan.module_count;
	uint64_t left = LOAD_PIECE;

	while (load.copy < count && left) {
		struct load_copy copy = copy_number(&load.plan, load.copy);
		uint64_t size = MIN(copy.size - load.copied, left);

		load_put(copy.to + load.copied, copy.from + load.copied, size);
		load.copied += size;
		left -= size;
		if (load.copied == copy.size) {
			load.copy++;
			load.copied = 0;
		}
	}
	return load.copy == count;
}

bool loader_go_on(struct boot_entry *entry)
{
	if (!copy_piece())
		return false;
	if (load.format->finish)
		load.format->finish(&load.plan);
	*entry = load.plan.entry;
	return true;
}
