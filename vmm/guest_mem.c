/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's memory: finds the RAM behind a guest-physical address and copies to and from it. It
 * promises that no access leaves the ranges, and that each byte is fetched once an access.
 */
#include "vmm/guest_mem.h"

struct guest_mem guest_mem;

static bool range_valid(const struct guest_range *range)
{
	return range->size && !((range->start | range->size) & PAGE_MASK) &&
	       range->start + range->size - 1 >= range->start;
}

static bool ranges_overlap(const struct guest_range *a, const struct guest_range *b)
{
	return a->start <= b->start + (b->size - 1) && b->start <= a->start + (a->size - 1);
}

bool guest_mem_init(void *base, const struct guest_range *ranges, unsigned count)
{
	if (count > MAX_RANGES)
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!range_valid(&ranges[i]))
			return false;
		for (unsigned j = 0; j < i; j++)
			if (ranges_overlap(&ranges[i], &ranges[j]))
				return false;
	}
	guest_mem = (struct guest_mem){.base = base, .count = count};
	for (unsigned i = 0; i < count; i++) {
		guest_mem.range[i] = ranges[i];
		if (ranges[i].size > guest_mem.main_size && !&guest_hooks) {
			guest_mem.main_start = ranges[i].start;
			guest_mem.main_size = ranges[i].size;
		}
	}
	return true;
}

static void *find_in_ranges(gpa_t gpa, uint64_t length)
{
	for (unsigned i = 0; i < guest_mem.count; i++) {
		uint64_t offset = gpa - guest_mem.range[i].start;
		uint64_t size = guest_mem.range[i].size;

		if (offset < size && size - offset >= length)
			return guest_mem.base + gpa;
	}
	return NULL;
}

void *guest_ptr(gpa_t gpa, uint64_t length)
{
	uint64_t offset = gpa - guest_mem.main_start;

	if (offset < guest_mem.main_size && guest_mem.main_size - offset >= length)
		return guest_mem.base + gpa;
	return find_in_ranges(gpa, length);
}

static bool allowed(gpa_t gpa, size_t length, bool write)
{
	return !&guest_hooks || guest_hooks.before(gpa, length, write);
}

static void accessed(gpa_t gpa, void *ram, size_t length, bool write)
{
	if (&guest_hooks)
		guest_hooks.after(gpa, ram, length, write);
}

/*
 * Copies in words, and in one access where the length is a word's: what the guest polls for (an
 * index, a flag) changes in one step. from or to may change under our hands, hence the volatile.
 */
static void copy_words(uint8_t *to, const uint8_t *from, size_t length)
{
	for (; length >= 8; length -= 8, to += 8, from += 8)
		guest_store64(to, guest_load64(from));
	if (length & 4) {
		guest_store32(to, guest_load32(from));
		to += 4, from += 4;
	}
	if (length & 2) {
		guest_store16(to, guest_load16(from));
		to += 2, from += 2;
	}
	if (length & 1)
		guest_store8(to, guest_load8(from));
}

bool guest_read(gpa_t gpa, void *to, size_t length)
{
	void *ram = guest_ptr(gpa, length);

	if (!ram || !allowed(gpa, length, false))
		return false;
	copy_words(to, ram, length);
	accessed(gpa, ram, length, false);
	return true;
}

struct guest_word guest_read_word_far(gpa_t gpa)
{
	struct guest_word word = {0};

	word.ok = guest_read(gpa, &word.value, sizeof(word.value));
	return word;
}

bool guest_write(gpa_t gpa, const void *from, size_t length)
{
	void *ram = guest_ptr(gpa, length);

	if (!ram || !allowed(gpa, length, true))
		return false;
	copy_words(ram, from, length);
	accessed(gpa, ram, length, true);
	return true;
}

static bool swap_sized(void *ram, unsigned size, uint64_t expected, uint64_t value)
{
	if (size == 8)
		return guest_swap64(ram, expected, value);
	if (size == 4)
		return guest_swap32(ram, (uint32_t)expected, (uint32_t)value);
	if (size == 2)
		return guest_swap16(ram, (uint16_t)expected, (uint16_t)value);
	return guest_swap8(ram, (uint8_t)expected, (uint8_t)value);
}

enum guest_swap guest_cmpxchg(gpa_t gpa, unsigned size, uint64_t expected, uint64_t value)
{
	void *ram = guest_ptr(gpa, size);
	bool swapped;

	if (!ram || !allowed(gpa, size, true))
		return GUEST_NO_RAM;
	swapped = swap_sized(ram, size, expected, value);
	accessed(gpa, ram, size, true);
	return swapped ? GUEST_SWAPPED : GUEST_DIFFERS;
}

enum guest_swap guest_cmpxchg16(gpa_t gpa, const uint64_t expected[2], const uint64_t value[2])
{
	void *ram = guest_ptr(gpa, 16);
	bool swapped;

	if (!ram || !allowed(gpa, 16, true))
		return GUEST_NO_RAM;
	swapped = guest_swap128(ram, expected, value);
	accessed(gpa, ram, 16, true);
	return swapped ? GUEST_SWAPPED : GUEST_DIFFERS;
}
