/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory map, minus the image. The map's entries come in rising order. */
#include "tests/guests/lib/ram.h"

#include "tests/guests/lib/words.h"

#define MAPPED GIB(4)

/* Cuts [start, end) so that it has nothing of the image; false if nothing is left at or above from. */
static bool without_image(uint64_t from, uint64_t start, uint64_t end, struct ram_piece *piece)
{
	uint64_t image = (uintptr_t)guest_image, image_end = (uintptr_t)guest_image_end;

	start = MAX(start, from);
	end = MIN(end, MAPPED);
	if (start >= image && start < image_end)
		start = image_end;
	if (start < image && end > image)
		end = image;
	*piece = (struct ram_piece){start, end};
	return start < end;
}

bool ram_next(uint64_t *from, struct ram_piece *piece)
{
	for (unsigned i = 0; i < memory_map_count; i++) {
		const struct memory_entry *entry = &memory_map[i];

		if (entry->type != MEMORY_RAM || entry->start + entry->size <= *from)
			continue;
		if (without_image(*from, entry->start, entry->start + entry->size, piece)) {
			*from = piece->end;
			return true;
		}
	}
	return false;
}

uint64_t ram_low_end(void)
{
	for (unsigned i = 0; i < memory_map_count; i++) {
		const struct memory_entry *entry = &memory_map[i];

		if (entry->type == MEMORY_RAM && entry->start <= MIB(1) &&
		    entry->start + entry->size > MIB(1))
			return entry->start + entry->size;
	}
	return 0;
}
