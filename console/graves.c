/* SPDX-License-Identifier: BSD-2-Clause */
/* A copy has the layout of a ring of its size, and the positions of the original. */
#include "console/graves.h"

#include "console/call.h"
#include "lib/copy.h"
#include "lib/string.h"

struct table {
	uint64_t count; /* all so far; the k-th is in grave[k % GRAVES] */
	struct grave grave[GRAVES];
};

static_assert(sizeof(struct table) <= PAGE_SIZE, "the copies begin on the next page");

static struct table *graves; /* NULL: there is no memory for them */

static struct console_ring *copy_of(unsigned place)
{
	uint8_t *copies = (uint8_t *)graves + PAGE_SIZE;

	return (struct console_ring *)(copies + place * RING_PAGES(GRAVE_SIZE) * PAGE_SIZE);
}

void graves_reset(void)
{
	int64_t address = 0;

	if (call_blob_get(BLOB_GRAVES, &address, sizeof(address)) != sizeof(address)) {
		address = call_mem_map(GRAVES_PAGES);
		if (address > 0)
			call_blob_set(BLOB_GRAVES, &address, sizeof(address));
	}
	graves = address > 0 ? (struct table *)(uintptr_t)address : NULL;
	/* The instance that failed may have written to them. */
	for (unsigned i = 0; graves && i < GRAVES; i++) {
		graves->grave[i].ring = (struct ring){copy_of(i), GRAVE_SIZE};
		graves->grave[i].name[NAME_SIZE - 1] = '\0';
	}
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
	struct grave *grave;

	if (!graves || !partition->ring.shared || ring_head(&partition->ring) == 0)
		return;
	grave = &graves->grave[graves->count % GRAVES];
	grave->name[0] = '\0'; /* until it is whole */
	memset(grave->ring.shared, 0, sizeof(struct console_ring));
	grave->boots = partition->boots;
	copy_output(&grave->ring, &partition->ring);
	copy_stamps(&grave->ring, &partition->ring);
	str_copy(grave->name, sizeof(grave->name), partition->name);
	graves->count++;
}

const struct grave *graves_at(unsigned index)
{
	const struct grave *grave;

	if (!graves || index >= GRAVES)
		return NULL;
	grave = &graves->grave[(graves->count + GRAVES - 1 - index) % GRAVES];
	return grave->name[0] && graves_find(grave->name) == grave && !partition_find(grave->name)
		       ? grave
		       : NULL;
}

const struct grave *graves_find(const char *name)
{
	for (unsigned i = 1; graves && i <= GRAVES; i++) {
		const struct grave *grave = &graves->grave[(graves->count - i) % GRAVES];

		if (grave->name[0] && !strcmp(grave->name, name))
			return grave;
	}
	return NULL;
}
