/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Xen's public/arch-x86/hvm/start_info.h gives the layout of hvm_start_info; from GRUB it is the Multiboot2
 * information (Multiboot2 Specification 3.6 "Boot information format"), of which the command line is read.
 */
#include "tests/guests/lib/words.h"

#include "lib/copy.h"
#include "lib/string.h"
#include "tests/guests/lib/cpu.h"

struct start_info {
	uint32_t magic, version, flags, module_count;
	uint64_t modules, cmdline, rsdp;
	uint64_t memory_map; /* from here: version 1 */
	uint32_t memory_map_count, reserved;
};

struct multiboot2_tag {
	uint32_t type, size;
	char text[];
};

enum { START_MAGIC = 0x336ec578, MULTIBOOT2_MAGIC = 0x36d76289 };
enum { MULTIBOOT2_CMDLINE = 1, MULTIBOOT2_HEADER = 8 };

extern uint32_t start_info_address;

struct memory_entry memory_map[MEMORY_ENTRIES];
unsigned memory_map_count;
uint64_t start_rsdp;
struct start_module start_modules[START_MODULES];
unsigned start_module_count;
static char cmdline[2048];

static void read_multiboot2(void)
{
	uint64_t at = start_info_address + MULTIBOOT2_HEADER;
	const struct multiboot2_tag *tag = (const struct multiboot2_tag *)at;

	for (; tag->type; tag = (const struct multiboot2_tag *)at) {
		if (tag->type == MULTIBOOT2_CMDLINE)
			str_copy(cmdline, sizeof(cmdline), tag->text);
		at += ALIGN_UP(tag->size, 8);
	}
}

void words_init(void)
{
	const struct start_info *info = (const struct start_info *)(uintptr_t)start_info_address;

	if (start_state.gpr[0] == MULTIBOOT2_MAGIC)
		read_multiboot2();
	if (info->magic != START_MAGIC)
		return;
	if (info->cmdline)
		str_copy(cmdline, sizeof(cmdline), (const char *)info->cmdline);
	start_rsdp = info->rsdp;
	start_module_count = MIN(info->module_count, (uint32_t)START_MODULES);
	memcpy(start_modules, (const void *)info->modules,
	       start_module_count * sizeof(start_modules[0]));
	if (info->version < 1)
		return;
	memory_map_count = MIN(info->memory_map_count, (uint32_t)MEMORY_ENTRIES);
	memcpy(memory_map, (const void *)info->memory_map, memory_map_count * sizeof(memory_map[0]));
}

bool words_value(const char *word, char *to, size_t size)
{
	size_t length = strlen(word);
	const char *at = cmdline;

	while (*at) {
		const char *end = strchr(at, ' ');
		size_t all = end ? (size_t)(end - at) : strlen(at);

		if (all > length && !strncmp(at, word, length) && at[length] == '=') {
			str_copy(to, MIN(size, all - length), at + length + 1);
			return true;
		}
		at += all + (end ? 1 : 0);
	}
	return false;
}

uint64_t words_number(const char *word, uint64_t otherwise)
{
	uint64_t value = otherwise;
	char text[32];

	if (words_value(word, text, sizeof(text)) && !str_to_u64(text, strlen(text), &value))
		return otherwise;
	return value;
}
