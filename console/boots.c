/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring of boots. The table is in a blob, too: a count of any value reads nothing outside it. */
#include "console/boots.h"

void boots_add(struct boots *boots, uint64_t position, uint64_t tsc)
{
	boots->boot[boots->count++ % BOOTS_KEPT] = (struct boot){position, tsc};
}

const struct boot *boots_latest(const struct boots *boots)
{
	return boots->count ? &boots->boot[(boots->count - 1) % BOOTS_KEPT] : NULL;
}

uint64_t boots_position(const struct boots *boots)
{
	const struct boot *boot = boots_latest(boots);

	return boot ? boot->position : 0;
}

const struct boot *boots_find(const struct boots *boots, uint64_t position)
{
	for (uint64_t i = 1; i <= MIN(boots->count, (uint64_t)BOOTS_KEPT); i++) {
		const struct boot *boot = &boots->boot[(boots->count - i) % BOOTS_KEPT];

		if (boot->position <= position)
			return boot;
	}
	return NULL;
}

uint64_t boots_next(const struct boots *boots, uint64_t position)
{
	uint64_t next = UINT64_MAX;

	for (uint64_t i = 0; i < MIN(boots->count, (uint64_t)BOOTS_KEPT); i++) {
		if (boots->boot[i].position > position)
			next = MIN(next, boots->boot[i].position);
	}
	return next;
}
