/* SPDX-License-Identifier: BSD-2-Clause */
/* A copy has the layout of a ring of its size, and the positions of the original. */
#include "console/graves.h"

#include "lib/copy.h"
#include "lib/string.h"

static struct {
	uint64_t count; /* all so far; the k-th is in grave[k % GRAVES] */
	struct grave grave[GRAVES];
} graves;

static _Alignas(PAGE_SIZE) uint8_t memory[GRAVES][RING_PAGES(GRAVE_SIZE) * PAGE_SIZE];

void graves_reset(void)
{
	memset(&graves, 0, sizeof(graves));
}

static void copy_output(const struct ring *to, const struct ring *from)
{
	struct ring_view view = ring_look(from, 0);
	uint64_t head = view.start + view.size;
	uint64_t position = head - MIN(view.size, to->size);
	uint8_t *out = ring_out(to->shared, to->size);

	to->shared->out_head = head;
	while (position < head) {
		size_t at = position % to->size;
		size_t part = MIN(to->size - at, head - position);

		ring_copy(from, position, out + at, part);
		position += part;
	}
}

static void copy_stamps(const struct ring *to, const struct ring *from)
{
	uint64_t head = from->shared->stamp_head;

	to->shared->stamp_head = head;
	for (uint64_t i = 1; i <= MIN(head, (uint64_t)RING_STAMPS(to->size)); i++)
		ring_stamps(to->shared)[(head - i) % RING_STAMPS(to->size)] = ring_stamps(
			from->shared)[(head - i) % RING_STAMPS(from->size)];
}

void graves_add(const struct partition *partition)
{
	unsigned place = graves.count % GRAVES;
	struct grave *grave = &graves.grave[place];

	if (!partition->ring.shared || ring_head(&partition->ring) == 0)
		return;
	graves.count++;
	memset(memory[place], 0, sizeof(struct console_ring));
	grave->ring.shared = (struct console_ring *)memory[place];
	grave->ring.size = GRAVE_SIZE;
	grave->boots = partition->boots;
	str_copy(grave->name, sizeof(grave->name), partition->name);
	copy_output(&grave->ring, &partition->ring);
	copy_stamps(&grave->ring, &partition->ring);
}

const struct grave *graves_find(const char *name)
{
	for (uint64_t i = 1; i <= MIN(graves.count, (uint64_t)GRAVES); i++) {
		const struct grave *grave = &graves.grave[(graves.count - i) % GRAVES];

		if (!strcmp(grave->name, name))
			return grave;
	}
	return NULL;
}
