/* SPDX-License-Identifier: BSD-2-Clause */
/* The one place that knows the guest-physical layout; the VMM and the kernel take it as they get it. */
#include "console/layout.h"

#include "lib/types.h"

#define HOLE_START KIB(640) /* VGA memory of a PC */
#define HOLE_END   KIB(768)
#define LOW_END	   LAYOUT_LOW_END
#define HIGH_START GIB(4)

uint32_t layout_plan(uint64_t bytes, struct part_range ranges[MAX_RANGES])
{
	uint64_t low_end = MIN(bytes, LOW_END);
	uint32_t count = 0;

	ranges[count++] = (struct part_range){0, HOLE_START};
	ranges[count++] = (struct part_range){HOLE_END, low_end - HOLE_END};
	if (bytes > LOW_END)
		ranges[count++] = (struct part_range){HIGH_START, bytes - LOW_END};
	return count;
}

uint64_t layout_asked(const struct part_range *ranges, uint32_t count)
{
	const struct part_range *last;

	if (count == 0 || count > MAX_RANGES)
		return 0;
	last = &ranges[count - 1];
	return last->gpa == HIGH_START ? LOW_END + last->size : last->gpa + last->size;
}

uint64_t layout_bytes(const struct part_range *ranges, uint32_t count)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < MIN(count, (uint32_t)MAX_RANGES); i++)
		bytes += ranges[i].size;
	return bytes;
}

uint64_t layout_needed(uint64_t begin, uint64_t end)
{
	if (end <= LOW_END)
		return end;
	if (begin >= HIGH_START && end > begin && end - HIGH_START <= LAYOUT_MAX - LOW_END)
		return LOW_END + (end - HIGH_START);
	return LAYOUT_NEVER;
}
