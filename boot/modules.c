/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Admits modules: each has a name of its own and whole pages of RAM of its own, so that the kernel
 * may clear its last page's tail and map it without looking at its neighbours.
 */
#include "boot/modules.h"

#include "abi/layout.h"
#include "boot/memmap.h"
#include "boot/note.h"
#include "lib/string.h"

_Static_assert((int)BOOT_NAME_SIZE == (int)NAME_SIZE, "an image's name is the same on both sides");
_Static_assert((int)BOOT_MAX_MODULES >= (int)MAX_IMAGES, "all images have room");

/*
 * Where a module's pages end. The caller knows that end is far from 2^64: the memory map ends at
 * 2^52.
 */
static hpa_t pages_end(const struct boot_module *module)
{
	return ALIGN_UP(module->start + module->size, PAGE_SIZE);
}

static bool overlap(const struct boot_module *a, const struct boot_module *b)
{
	return a->start < pages_end(b) && b->start < pages_end(a);
}

/* Copies the first word. Returns what is wrong with it, or NULL. */
static const char *take_name(char name[BOOT_NAME_SIZE], const char *text, size_t text_size)
{
	size_t length = strnlen(text, text_size);
	size_t count = 0;

	if (length == text_size)
		return "its command line is not terminated";
	while (length > 0 && *text == ' ') {
		text++;
		length--;
	}
	for (; count < length && text[count] != ' '; count++) {
		if (count == BOOT_NAME_SIZE - 1)
			return "its name is too long";
		if (text[count] < ' ' || text[count] > '~')
			return "its name is not printable ASCII";
		name[count] = text[count];
	}
	name[count] = '\0';
	return count == 0 ? "it has no name" : NULL;
}

/* What is wrong with where it lies, or NULL. */
static const char *check_place(const struct boot_info *info, const struct boot_module *module,
			       hpa_t end)
{
	if (end < module->start)
		return "it ends before it starts";
	if (end == module->start)
		return "it is empty, or the loader could not read it";
	if (module->start & PAGE_MASK)
		return "it does not start on a page";
	if (end > info->ranges[info->range_count - 1].end ||
	    !memmap_is_ram(info, module->start, ALIGN_UP(end, PAGE_SIZE)))
		return "it is not in RAM";
	if (module->start < info->kernel_end && info->kernel_start < pages_end(module))
		return "it overlaps the kernel";
	return NULL;
}

static const char *check_other(const struct boot_module *module, const struct boot_module *other)
{
	if (strcmp(module->name, other->name) == 0)
		return "another has this name";
	return overlap(module, other) ? "it overlaps another" : NULL;
}

static const char *check_others(const struct boot_info *info, const struct boot_module *module)
{
	const char *wrong = info->has_config ? check_other(module, &info->config) : NULL;

	for (uint32_t i = 0; i < info->module_count && !wrong; i++)
		wrong = check_other(module, &info->modules[i]);
	return wrong;
}

void boot_add_module(struct boot_info *info, hpa_t start, hpa_t end, const char *text,
		     size_t text_size)
{
	struct boot_module module = {.start = start, .size = end - start};
	const char *wrong = take_name(module.name, text, text_size);
	bool is_config = !wrong && strcmp(module.name, BOOT_CONFIG_NAME) == 0;

	if (!wrong && info->range_count == 0)
		wrong = "there is no RAM";
	if (!wrong)
		wrong = check_place(info, &module, end);
	if (!wrong)
		wrong = check_others(info, &module);
	if (!wrong && !is_config && info->module_count == MAX_IMAGES)
		wrong = "there are too many";
	if (wrong) {
		module.name[BOOT_NAME_SIZE - 1] = '\0';
		boot_note(info, "module \"%s\" at 0x%llx refused: %s", module.name,
			  (unsigned long long)start, wrong);
		return;
	}
	if (is_config) {
		info->config = module;
		info->has_config = true;
	} else {
		info->modules[info->module_count++] = module;
	}
}
