/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions about the partition's configuration. The kernel wrote the page; it never changes. */
#include "vmm/partition.h"

const struct vmm_config *partition = (const struct vmm_config *)USER_CONFIG_BASE;

const struct vmm_image *partition_image(enum image_role role)
{
	for (unsigned i = 0; i < partition->image_count && i < MAX_PART_IMAGES; i++)
		if (partition->images[i].role == (uint32_t)role)
			return &partition->images[i];
	return NULL;
}

uint64_t partition_low_end(void)
{
	uint64_t end = 0;

	for (unsigned i = 0; i < partition->range_count && i < MAX_RANGES; i++) {
		const struct part_range *range = &partition->ranges[i];

		if (range->gpa < GIB(4))
			end = MAX(end, range->gpa + range->size);
	}
	return end;
}
