/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Normalises the memory map. Two sorted sets are kept: RAM as the union of what was given, and the
 * reservations with their kinds; only at the end is one taken from the other, so order does not
 * matter.
 */
#include "boot/memmap.h"

#include "boot/note.h"
#include "lib/string.h"

/* SDM 3A 4.1.4 "Enumeration of Paging Features by CPUID": MAXPHYADDR is at most 52. */
#define ADDRESS_END BIT(52)

/* Firmware data that SMM may still use; VGA and option ROMs; IOAPIC, local APIC, MSI and flash. */
static const struct boot_range platform[] = {
	{0, PAGE_SIZE, BOOT_RESERVED},
	{0xa0000, MIB(1), BOOT_RESERVED},
	{0xfec00000, GIB(4), BOOT_RESERVED},
};

void memmap_init(struct memmap *map)
{
	map->ram.count = 0;
	map->reserved.count = 0;
	map->wrapped = 0;
	map->joined = 0;
	map->dropped = 0;
}

/* The first range that ends behind the address, or count. */
static uint32_t set_find(const struct memmap_set *set, hpa_t address)
{
	uint32_t low = 0, high = set->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (set->ranges[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The caller knows that there is room. */
static void set_insert(struct memmap_set *set, uint32_t at, struct boot_range range)
{
	memmove(&set->ranges[at + 1], &set->ranges[at], (set->count - at) * sizeof(range));
	set->ranges[at] = range;
	set->count++;
}

static void set_remove(struct memmap_set *set, uint32_t at, uint32_t count)
{
	set->count -= count;
	memmove(&set->ranges[at], &set->ranges[at + count],
		(set->count - at) * sizeof(set->ranges[0]));
}

static uint64_t range_size(const struct boot_range *range)
{
	return range->end - range->start;
}

static uint32_t smallest(const struct boot_range *ranges, uint32_t count)
{
	uint32_t found = 0;

	for (uint32_t i = 1; i < count; i++) {
		if (range_size(&ranges[i]) < range_size(&ranges[found]))
			found = i;
	}
	return found;
}

static void add_ram(struct memmap *map, struct boot_range range)
{
	struct memmap_set *set = &map->ram;
	/* One byte earlier, so that a range which ends where this one starts is merged too. */
	uint32_t first = range.start ? set_find(set, range.start - 1) : 0;
	uint32_t last = first;

	while (last < set->count && set->ranges[last].start <= range.end) {
		range.start = MIN(range.start, set->ranges[last].start);
		range.end = MAX(range.end, set->ranges[last].end);
		last++;
	}
	set_remove(set, first, last - first);
	if (set->count == BOOT_MAX_RANGES) {
		uint32_t least = smallest(set->ranges, set->count);

		map->dropped++;
		if (range_size(&set->ranges[least]) >= range_size(&range))
			return;
		set_remove(set, least, 1);
		first = set_find(set, range.start);
	}
	set_insert(set, first, range);
}

/* Joins the two neighbours with the smallest gap. The gap becomes what the stronger of them is. */
static void join_reserved(struct memmap *map)
{
	struct memmap_set *set = &map->reserved;
	struct boot_range *range = set->ranges;
	uint32_t best = 1;

	for (uint32_t i = 2; i < set->count; i++) {
		if (range[i].start - range[i - 1].end < range[best].start - range[best - 1].end)
			best = i;
	}
	range[best - 1].kind = MAX(range[best - 1].kind, range[best].kind);
	range[best - 1].end = range[best].end;
	set_remove(set, best, 1);
	map->joined++;
}

/* Cuts the range at the address, if that lies inside it. The caller knows that there is room. */
static void split(struct memmap_set *set, uint32_t at, hpa_t address)
{
	struct boot_range tail = set->ranges[at];

	if (address <= tail.start || address >= tail.end)
		return;
	tail.start = address;
	set->ranges[at].end = address;
	set_insert(set, at + 1, tail);
}

/* Merges the range with the one before it, if they touch and are of one kind. */
static void merge_back(struct memmap_set *set, uint32_t at)
{
	if (at == 0 || at >= set->count)
		return;
	if (set->ranges[at - 1].end != set->ranges[at].start ||
	    set->ranges[at - 1].kind != set->ranges[at].kind)
		return;
	set->ranges[at - 1].end = set->ranges[at].end;
	set_remove(set, at, 1);
}

/*
 * Gives the part of range up to the next change its kind, or leaves the stronger one. Returns its
 * end.
 */
static hpa_t paint(struct memmap_set *set, struct boot_range range)
{
	uint32_t at = set_find(set, range.start);

	if (at == set->count || set->ranges[at].start >= range.end) {
		set_insert(set, at, range);
	} else if (set->ranges[at].start > range.start) {
		range.end = set->ranges[at].start;
		set_insert(set, at, range);
	} else {
		range.end = MIN(range.end, set->ranges[at].end);
		if (set->ranges[at].kind >= range.kind)
			return range.end;
		split(set, at, range.end);
		split(set, at, range.start);
		at = set_find(set, range.start);
		set->ranges[at].kind = range.kind;
	}
	merge_back(set, at + 1);
	merge_back(set, at);
	return range.end;
}

static void add_reserved(struct memmap *map, struct boot_range range)
{
	range.start = ALIGN_DOWN(range.start, PAGE_SIZE);
	range.end = ALIGN_UP(range.end, PAGE_SIZE);
	while (range.start < range.end) {
		/* A step adds two at most, when it cuts a weaker range in three. */
		while (map->reserved.count > MEMMAP_MAX_RESERVED - 2)
			join_reserved(map);
		range.start = paint(&map->reserved, range);
	}
}

void memmap_add(struct memmap *map, hpa_t start, uint64_t size, enum boot_memory kind)
{
	struct boot_range range = {start, MIN(start + size, ADDRESS_END), kind};
	bool wraps = start + size < start;

	if (size == 0)
		return;
	if (kind == BOOT_RAM) {
		/* A length that cannot be true says nothing about where the RAM ends. */
		if (wraps || start + size > ADDRESS_END)
			map->wrapped++;
		else
			add_ram(map, range);
		return;
	}
	if (kind < BOOT_RAM || kind > BOOT_BAD)
		range.kind = BOOT_RESERVED;
	if (wraps)
		range.end = ADDRESS_END;
	if (range.start < range.end)
		add_reserved(map, range);
}

void memmap_add_platform(struct memmap *map)
{
	for (size_t i = 0; i < ARRAY_SIZE(platform); i++)
		memmap_add(map, platform[i].start, range_size(&platform[i]), platform[i].kind);
}

/* RAM being written into info->ranges, before the reservations join it. */
struct output {
	struct boot_info *info;
	uint32_t room;
	uint32_t dropped;
};

static void put_ram(struct output *out, hpa_t start, hpa_t end)
{
	struct boot_info *info = out->info;
	struct boot_range range = {start, end, BOOT_RAM};

	if (start >= end)
		return;
	if (info->range_count == out->room) {
		uint32_t least = smallest(info->ranges, info->range_count);

		out->dropped++;
		if (range_size(&info->ranges[least]) >= range_size(&range))
			return;
		info->range_count--;
		memmove(&info->ranges[least], &info->ranges[least + 1],
			(info->range_count - least) * sizeof(range));
	}
	info->ranges[info->range_count++] = range;
}

/* Writes what is left of a RAM range, rounded inwards, when the reservations are taken from it. */
static void put_rest(struct output *out, const struct memmap_set *reserved,
		     const struct boot_range *ram)
{
	hpa_t start = ALIGN_UP(ram->start, PAGE_SIZE);
	hpa_t end = ALIGN_DOWN(ram->end, PAGE_SIZE);

	for (uint32_t i = set_find(reserved, start); i < reserved->count && start < end; i++) {
		put_ram(out, start, MIN(end, reserved->ranges[i].start));
		start = MAX(start, reserved->ranges[i].end);
	}
	put_ram(out, start, end);
}

/* From the back, so that it needs no third array. */
static void merge_into(struct boot_info *info, const struct memmap_set *reserved)
{
	uint32_t ram = info->range_count;
	uint32_t other = reserved->count;

	info->range_count += other;
	for (uint32_t at = info->range_count; other > 0; at--) {
		if (ram > 0 && info->ranges[ram - 1].start > reserved->ranges[other - 1].start)
			info->ranges[at - 1] = info->ranges[--ram];
		else
			info->ranges[at - 1] = reserved->ranges[--other];
	}
}

void memmap_finish(const struct memmap *map, struct boot_info *info)
{
	struct output out = {info, BOOT_MAX_RANGES - map->reserved.count, map->dropped};

	info->range_count = 0;
	for (uint32_t i = 0; i < map->ram.count; i++)
		put_rest(&out, &map->reserved, &map->ram.ranges[i]);
	merge_into(info, &map->reserved);

	if (map->wrapped)
		boot_note(info, "memory map: %u RAM entries end beyond the address space, ignored",
			  map->wrapped);
	if (map->joined)
		boot_note(info, "memory map: too many reservations, %u gaps are lost", map->joined);
	if (out.dropped)
		boot_note(info, "memory map: too many entries, %u pieces of RAM are lost",
			  out.dropped);
}

bool memmap_is_ram(const struct boot_info *info, hpa_t start, hpa_t end)
{
	for (uint32_t i = 0; i < info->range_count; i++) {
		const struct boot_range *range = &info->ranges[i];

		if (range->kind == BOOT_RAM && range->start <= start && end <= range->end)
			return start < end;
	}
	return false;
}
