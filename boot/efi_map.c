/* SPDX-License-Identifier: BSD-2-Clause */
#include "boot/efi_map.h"

#include "boot/efi_memory.h"
#include "boot/note.h"
#include "lib/string.h"

static enum boot_runtime_kind kind_of(uint32_t type)
{
	switch (type) {
	case EFI_RUNTIME_CODE:
		return BOOT_RUNTIME_CODE;
	case EFI_MEMORY_MAPPED_IO:
		return BOOT_RUNTIME_IO;
	default:
		return BOOT_RUNTIME_DATA;
	}
}

/* What is wrong with it, or NULL. */
static const char *add(struct boot_info *out, const struct efi_descriptor *from)
{
	uint64_t limit = (UINT64_MAX - from->start) >> PAGE_SHIFT;

	if (from->start & PAGE_MASK || !from->pages || from->pages > limit)
		return "are misplaced";
	if (out->runtime_count == BOOT_MAX_RUNTIME)
		return "are too many";
	out->runtime[out->runtime_count++] = (struct boot_runtime){
		.start = from->start,
		.end = from->start + (from->pages << PAGE_SHIFT),
		.kind = kind_of(from->type),
	};
	return NULL;
}

void efi_map_read(struct boot_info *out, const uint8_t *map, size_t size, uint32_t descriptor_size)
{
	const char *wrong = NULL;

	out->runtime_count = 0;
	if (!efi_is_descriptor_size(descriptor_size))
		wrong = "have descriptors of an impossible size";
	for (; !wrong && size >= descriptor_size; size -= descriptor_size, map += descriptor_size) {
		struct efi_descriptor descriptor;

		memcpy(&descriptor, map, sizeof(descriptor));
		if (descriptor.attributes & EFI_ATTRIBUTE_RUNTIME &&
		    descriptor.type != EFI_MEMORY_MAPPED_PORTS)
			wrong = add(out, &descriptor);
	}
	if (!wrong)
		return;
	out->runtime_count = 0;
	boot_note(out, "EFI: the runtime services' regions %s: the services are not used", wrong);
}
