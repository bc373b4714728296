/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the guest's memory map from the partition's ranges. */
#include "vmm/memory_map.h"

#include "vmm/guest_layout.h"
#include "vmm/partition.h"

/* Below 1 MiB every partition is alike. What is not listed has no RAM that the guest may use. */
static const struct memory_entry low_entries[] = {
	{0, GUEST_EBDA, MEMORY_RAM},
	{GUEST_EBDA, GUEST_HOLE - GUEST_EBDA, MEMORY_RESERVED},
	{GUEST_ACPI, GUEST_ACPI_NVS - GUEST_ACPI, MEMORY_ACPI},
	{GUEST_ACPI_NVS, GUEST_BIOS - GUEST_ACPI_NVS, MEMORY_NVS},
	{GUEST_BIOS, GUEST_HIGH - GUEST_BIOS, MEMORY_RESERVED},
};

static_assert(ARRAY_SIZE(low_entries) + MAX_RANGES == MEMORY_ENTRIES_MAX, "all fit");

static bool covered(gpa_t start, gpa_t end)
{
	for (unsigned i = 0; i < partition->range_count; i++) {
		const struct part_range *range = &partition->ranges[i];

		if (start >= range->gpa && end - range->gpa <= range->size)
			return true;
	}
	return false;
}

static bool touched(gpa_t start, gpa_t end)
{
	for (unsigned i = 0; i < partition->range_count; i++) {
		const struct part_range *range = &partition->ranges[i];

		if (range->gpa < end && range->gpa + range->size > start)
			return true;
	}
	return false;
}

const char *memory_map_check(void)
{
	if (partition->range_count > MAX_RANGES)
		return "too many memory ranges";
	for (unsigned i = 0; i < partition->range_count; i++)
		if (partition->ranges[i].gpa + partition->ranges[i].size < partition->ranges[i].gpa)
			return "a memory range wraps";
	if (!covered(0, GUEST_HOLE) || !covered(GUEST_HOLE_END, GUEST_HIGH + MIB(1)))
		return "there must be RAM from 0 to A0000h and from C0000h to 200000h at least";
	if (touched(GUEST_HOLE, GUEST_HOLE_END) || touched(GUEST_DEVICES, GIB(4)))
		return "there must be no RAM from A0000h to C0000h and from 3 GiB to 4 GiB";
	return NULL;
}

unsigned memory_map_build(struct memory_entry entries[MEMORY_ENTRIES_MAX])
{
	unsigned count = 0;

	for (; count < ARRAY_SIZE(low_entries); count++)
		entries[count] = low_entries[count];
	for (unsigned i = 0; i < partition->range_count; i++) {
		gpa_t start = MAX(partition->ranges[i].gpa, GUEST_HIGH);
		gpa_t end = partition->ranges[i].gpa + partition->ranges[i].size;

		if (end > start)
			entries[count++] = (struct memory_entry){start, end - start, MEMORY_RAM};
	}
	return count;
}
