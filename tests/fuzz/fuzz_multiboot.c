/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot information of arbitrary bytes, once with the size it claims and once with its true one: no
 * access beyond it, and whatever is accepted keeps every promise of struct boot_info.
 */
/* sources: boot/multiboot2.c boot/efi_map.c boot/memmap.c */
/* sources: boot/modules.c boot/note.c boot/option.c lib/format.c */
#include <stdlib.h>
#include <string.h>

#include "abi/layout.h"
#include "boot/memmap.h"
#include "boot/multiboot2.h"
#include "boot/option.h"

#define KERNEL_START MIB(2)
#define KERNEL_END   MIB(4)

static struct boot_info info;

static void check(bool promise)
{
	if (!promise)
		abort();
}

static void check_text(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	check(length < size);
	for (size_t i = 0; i < length; i++)
		check(text[i] >= ' ' && text[i] <= '~');
}

static void check_ranges(void)
{
	check(info.range_count > 0 && info.range_count <= BOOT_MAX_RANGES);
	for (uint32_t i = 0; i < info.range_count; i++) {
		const struct boot_range *range = &info.ranges[i];

		check(range->start < range->end && range->end <= BIT(52));
		check((range->start & PAGE_MASK) == 0 && (range->end & PAGE_MASK) == 0);
		check(range->kind >= BOOT_RAM && range->kind <= BOOT_BAD);
		check(i == 0 || info.ranges[i - 1].end <= range->start);
	}
	check(!memmap_is_ram(&info, 0xfee00000, 0xfee01000));
}

static void check_module(const struct boot_module *module)
{
	hpa_t end = ALIGN_UP(module->start + module->size, PAGE_SIZE);

	check_text(module->name, sizeof(module->name));
	check(module->name[0] != '\0' && module->size > 0);
	check(memmap_is_ram(&info, module->start, end));
	check(end <= KERNEL_START || module->start >= KERNEL_END);
}

static void check_apart(const struct boot_module *a, const struct boot_module *b)
{
	check(strcmp(a->name, b->name) != 0);
	check(ALIGN_UP(a->start + a->size, PAGE_SIZE) <= b->start ||
	      ALIGN_UP(b->start + b->size, PAGE_SIZE) <= a->start);
}

static void check_modules(void)
{
	check(info.module_count <= MAX_IMAGES);
	if (info.has_config)
		check_module(&info.config);
	for (uint32_t i = 0; i < info.module_count; i++) {
		check_module(&info.modules[i]);
		if (info.has_config)
			check_apart(&info.modules[i], &info.config);
		for (uint32_t j = 0; j < i; j++)
			check_apart(&info.modules[i], &info.modules[j]);
	}
}

static void check_runtime(void)
{
	check(info.runtime_count <= BOOT_MAX_RUNTIME);
	for (uint32_t i = 0; i < info.runtime_count; i++) {
		const struct boot_runtime *region = &info.runtime[i];

		check(region->start < region->end);
		check((region->start & PAGE_MASK) == 0 && (region->end & PAGE_MASK) == 0);
		check(region->kind >= BOOT_RUNTIME_CODE && region->kind <= BOOT_RUNTIME_IO);
	}
}

static void check_texts(void)
{
	char value[8];

	check_text(info.cmdline, sizeof(info.cmdline));
	check_text(info.loader, sizeof(info.loader));
	check(info.note_count <= BOOT_MAX_NOTES);
	for (uint32_t i = 0; i < info.note_count; i++)
		check_text(info.notes[i], BOOT_NOTE_SIZE);
	if (boot_option(&info, "serial", value, sizeof(value)) == BOOT_OPTION_ABSENT)
		check(value[0] == '\0');
	check_text(value, sizeof(value));
	check(info.rsdp_size == 0 || info.rsdp_size == 20 || info.rsdp_size == 36);
}

static void parse(const uint8_t *copy, size_t size)
{
	enum boot_error error;

	info.kernel_start = KERNEL_START;
	info.kernel_end = KERNEL_END;
	error = multiboot2_parse(copy, size, &info);
	check_texts();
	if (error != BOOT_OK) {
		check(boot_error_text(error) != NULL);
		return;
	}
	check(info.kernel_start == KERNEL_START && info.kernel_end == KERNEL_END);
	check_ranges();
	check_modules();
	check_runtime();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);
	uint32_t total = (uint32_t)size;

	if (size > 0)
		memcpy(copy, data, size);
	parse(copy, size);
	if (size >= sizeof(total)) {
		memcpy(copy, &total, sizeof(total));
		parse(copy, size);
	}
	free(copy);
	return 0;
}
