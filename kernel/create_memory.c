/* SPDX-License-Identifier: BSD-2-Clause */
/* Creation's steps for memory: taken from the extents, cleared, and mapped for the guest and its VMM. */
#include "kernel/creation.h"

#include "kernel/machine.h"
#include "kernel/scrub.h"
#include "lib/assert.h"

/* The next piece of the range that the step is at: large-page aligned where the guest's address is. */
static int take_piece(const struct part_range *range)
{
	gpa_t gpa = range->gpa + making.offset;
	uint64_t size = range->size - making.offset;
	uint64_t to_large = (MIB(2) - (gpa & (MIB(2) - 1))) & (MIB(2) - 1);
	uint64_t large = ALIGN_DOWN(size, MIB(2));
	struct extent_request request = {
		.size = to_large ? MIN(to_large, size)
			: large	 ? large
				 : size,
		.align = to_large || !large ? PAGE_SIZE : MIB(2),
		.tag = creation_tag(false),
	};
	struct extent_grant grant;
	int err;

	if (making.piece_count == MEMORY_PIECES)
		return ERR_NOMEM;
	err = extent_alloc(&machine.extents, &request, &grant);
	if (err)
		return err;
	making.pieces[making.piece_count++] = (struct memory_piece){gpa, grant.start, grant.size,
								    grant.clean};
	making.offset += grant.size;
	return ERR_NONE;
}

static int take_ranges(void)
{
	while (making.index < making.desc.range_count) {
		const struct part_range *range = &making.desc.ranges[making.index];
		int err = take_piece(range);

		if (err)
			return err;
		if (making.offset == range->size) {
			making.index++;
			making.offset = 0;
		}
	}
	return ERR_NONE;
}

static int take_pool(void)
{
	struct extent_request request = {
		.size = making.plan.pool_pages * PAGE_SIZE,
		.align = PAGE_SIZE,
		.tag = creation_tag(true),
		.whole = true,
	};

	if (making.pool.size)
		return ERR_NONE;
	return extent_alloc(&machine.extents, &request, &making.pool);
}

/*
 * Goes on where it had to wait for what an idle CPU cleans: what is taken stays taken, since given back it
 * would be dirty, and to be waited for again. The pool comes first, as it has to be in one piece.
 */
int create_step_memory(void)
{
	int err;

	spin_lock(&machine.memory_lock);
	err = take_pool();
	if (!err)
		err = take_ranges();
	spin_unlock(&machine.memory_lock);
	return err;
}

/* One bounded piece of a grant; true when all of it is zero. */
static bool scrub_some(hpa_t start, uint64_t size)
{
	uint64_t step = MIN(size - making.offset, (uint64_t)SCRUB_STEP);

	step = MIN(step, MIB(2) - ((start + making.offset) & (MIB(2) - 1)));
	if (step)
		scrub(start + making.offset, step);
	making.offset += step;
	if (making.offset < size)
		return false;
	making.offset = 0;
	return true;
}

int create_step_scrub(void)
{
	for (; making.index < making.piece_count; making.index++) {
		const struct memory_piece *piece = &making.pieces[making.index];

		if (piece->clean)
			continue;
		making.index += scrub_some(piece->hpa, piece->size);
		return ERR_AGAIN;
	}
	if (!making.pool.clean && !scrub_some(making.pool.start, making.pool.size))
		return ERR_AGAIN;
	return ERR_NONE;
}

/* How much of a piece one step maps: large pages are few entries. */
static uint64_t map_chunk(gpa_t gpa, uint64_t size)
{
	uint64_t to_large = (MIB(2) - (gpa & (MIB(2) - 1))) & (MIB(2) - 1);

	if (to_large)
		return MIN(MIN(size, to_large), (uint64_t)CREATION_SMALL_CHUNK);
	if (size < MIB(2))
		return MIN(size, (uint64_t)CREATION_SMALL_CHUNK);
	return MIN(ALIGN_DOWN(size, MIB(2)), MIB(256));
}

int create_step_guest_memory(void)
{
	const struct memory_piece *piece = &making.pieces[making.index];
	struct partition *part = making.part;
	uint64_t size;
	hpa_t hpa;
	gpa_t gpa;
	int err;

	if (making.index == making.piece_count)
		return ERR_NONE;
	gpa = piece->gpa + making.offset;
	hpa = piece->hpa + making.offset;
	size = map_chunk(gpa, piece->size - making.offset);
	spin_lock(&machine.memory_lock);
	ASSERT(extent_owned(&machine.extents, hpa, size, creation_tag(false)));
	spin_unlock(&machine.memory_lock);
	err = page_map(&part->nested, gpa, hpa, size, PAGE_READ | PAGE_WRITE | PAGE_EXEC);
	err = err ? err
		  : page_map(&part->space, USER_GUEST_BASE + gpa, hpa, size,
			     PAGE_USER | PAGE_READ | PAGE_WRITE);
	if (err)
		return err;
	making.offset += size;
	if (making.offset == piece->size) {
		making.index++;
		making.offset = 0;
	}
	return ERR_AGAIN;
}
