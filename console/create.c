/* SPDX-License-Identifier: BSD-2-Clause */
/* From what was placed to a partition. */
#include "console/create.h"

#include "console/call.h"
#include "console/host.h"
#include "console/rules.h"
#include "console/view.h"
#include "lib/string.h"

bool create_check_machine(void)
{
	static struct host_info host;
	unsigned count = view_partitions();

	host_query(&host);
	if (!strcmp(host.backend, "none")) {
		rule_error(RULE_MACHINE, "this machine cannot run guests: %s", host.backend_reason);
		return false;
	}
	if (count >= host.partition_limit) {
		rule_error(RULE_COUNT,
			   "there %s %u partition%s already, and this build has room for no more",
			   count == 1 ? "is" : "are", count, count == 1 ? "" : "s");
		return false;
	}
	return true;
}

bool create_takes_ring(const struct create *create, const struct ring *ring)
{
	return ring->shared &&
	       ring->size == (create->ring_size ? create->ring_size : RING_OUT_MIN) &&
	       ring_is_lossless(ring) == create->lossless;
}

/* What is left of an earlier one serves, if it is as this one's is to be. */
static bool take_kept(struct create *create, struct ring *kept)
{
	if (!kept || !create_takes_ring(create, kept))
		return false;
	create->ring = *kept;
	*kept = (struct ring){0};
	return true;
}

/* The VMM and the console share it; it must be there before the partition is. */
static int64_t find_ring(struct create *create, struct ring *kept)
{
	size_t size = create->ring_size ? create->ring_size : RING_OUT_MIN;
	int64_t result = ERR_NONE;

	if (!take_kept(create, kept))
		result = ring_make(&create->ring, size, create->lossless);
	create->desc.ring = call_address(create->ring.shared);
	create->desc.ring_size = size;
	return result;
}

int64_t create_step(struct create *create, const struct definition *definition, struct ring *kept)
{
	int64_t slot = create->ring.shared ? ERR_NONE : find_ring(create, kept);

	if (slot == ERR_NONE)
		slot = call_part_create(&create->desc);
	if (slot == ERR_AGAIN)
		return slot;
	if (slot >= 0 && partition_add((uint32_t)MIN(slot, (int64_t)MAX_PARTITIONS), create->born,
				       create->desc.name, create->ring, definition, &create->policy))
		return slot;
	if (kept && create->ring.shared && !kept->shared)
		*kept = create->ring;
	else
		ring_free(&create->ring);
	return slot < 0 ? slot : ERR_LIMIT;
}
