/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a partition's images fit into its memory. What they need is image_need.h's to say. */
#include "console/call.h"
#include "console/create.h"
#include "console/host.h"
#include "console/image_need.h"
#include "console/layout.h"
#include "console/number.h"
#include "console/rules.h"
#include "console/text.h"
#include "lib/format.h"

/* What the check has found out so far. */
struct fit {
	struct image_need need; /* of the kernel */
	uint64_t modules;	/* what the others take, in whole pages */
	uint64_t memory;	/* that is needed */
};

static uint64_t image_size(uint32_t index)
{
	static struct image_info image;

	return host_image(index, &image) ? MIN(image.size, LAYOUT_MAX) : 0;
}

/* The kernel maps the beginning once and finds it again; one that it cannot map tells nothing. */
static struct image_need kernel_need(const struct create *create, uint32_t index)
{
	struct image_view view = {.size = image_size(index)};
	uint64_t size = 0;
	int64_t address = call_image_map(index, &size);

	if (address > 0) {
		view.bytes = (const uint8_t *)(uintptr_t)address;
		view.seen = MIN(size, IMAGE_WINDOW);
	}
	return image_need(&view, &create->desc.boot);
}

enum { WHY = 120 };

static void tell_parts(const struct fit *fit, char to[WHY])
{
	const struct image_need *kernel = &fit->need;
	char size[NUMBER_TEXT], begin[NUMBER_TEXT];
	size_t used = 0;

	to[0] = '\0';
	if (kernel->end > kernel->begin)
		used = format(to, WHY, "the kernel takes %s from %s on",
			      number_size_text(size, kernel->end - kernel->begin),
			      number_size_text(begin, kernel->begin));
	if (fit->modules)
		format(to + used, WHY - used, "%sthe other images take %s", used ? ", " : "",
		       number_size_text(size, fit->modules));
}

/* A rule of the object, and no image that is missing: the code is not the rule's usual one. */
static void refuse(const struct create *create, const struct part_image *part, const struct fit *fit)
{
	static const char *const roles[] = {
		[IMAGE_KERNEL] = "kernel", [IMAGE_INITRD] = "initrd", [IMAGE_MODULE] = "module"};
	const uint64_t limit = fit->modules ? MIN(fit->need.module_limit, LAYOUT_LOW_END)
					    : LAYOUT_LOW_END;
	static struct image_info image;
	char why[WHY], end[NUMBER_TEXT];

	tell_parts(fit, why);
	if (!host_image(part->image, &image))
		image.name[0] = '\0';
	if (fit->memory == LAYOUT_NEVER)
		text_fail(CODE_RULE,
			  "%s=%s: no memory= is enough: %s, and RAM for it ends at %s [rule %u]",
			  roles[part->role], image.name, why, number_size_text(end, limit),
			  RULE_IMAGE);
	else
		text_fail(CODE_RULE,
			  "%s=%s: needs memory=%luM or more, and memory=%.24s is less: %s [rule %u]",
			  roles[part->role], image.name, ALIGN_UP(fit->memory, MIB(1)) / MIB(1),
			  create->memory_text, why, RULE_IMAGE);
}

/* The kernel is the first image, as the table of keys has it: what comes after it stands above it. */
bool create_check_images(const struct create *create)
{
	const struct part_desc *desc = &create->desc;
	const struct part_image *lacking = NULL;
	struct fit fit = {.need = kernel_need(create, desc->images[0].image)};

	for (uint32_t i = 0; i < desc->image_count; i++) {
		if (i > 0)
			fit.modules += ALIGN_UP(image_size(desc->images[i].image), PAGE_SIZE);
		fit.memory = image_need_memory(&fit.need, fit.modules);
		if (!lacking && fit.memory > create->memory)
			lacking = &desc->images[i];
	}
	if (lacking)
		refuse(create, lacking, &fit);
	return !lacking;
}
