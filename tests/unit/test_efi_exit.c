/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaving boot services, by firmware of ours that refuses, changes its map, or has none (THREATS L09). */
/* sources: boot/efi/exit.c boot/efi/info.c boot/multiboot2.c */
/* sources: boot/efi_map.c boot/memmap.c boot/modules.c boot/note.c */
/* sources: lib/format.c */
#include "boot/efi/exit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "boot/multiboot2.h"

enum { DESCRIPTOR_SIZE = 48, DESCRIPTORS_MAX = 16, NEVER = 1000 };

/* A call of another service finds a null pointer. */
static EFI_BOOT_SERVICES services;

static struct firmware {
	UINTN key;
	unsigned descriptors; /* in its map now */
	unsigned refusals;    /* of ExitBootServices, each with a map that has grown by `grows` */
	unsigned grows;
	unsigned no_map_from; /* the call of GetMemoryMap from which on it fails */
	unsigned maps, exits; /* calls so far */
	bool gone;
} firmware;

static _Alignas(8) uint8_t map_bytes[DESCRIPTORS_MAX * DESCRIPTOR_SIZE], info_bytes[4096];
static struct boot_info info;

static EFI_STATUS EFIAPI get_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *map, UINTN *key,
				 UINTN *descriptor_size, UINT32 *version)
{
	UINTN needed = firmware.descriptors * DESCRIPTOR_SIZE, room = *size;

	assert_false(firmware.gone);
	if (firmware.maps++ >= firmware.no_map_from)
		return EFI_INVALID_PARAMETER;
	*size = needed;
	*descriptor_size = DESCRIPTOR_SIZE;
	*version = 1;
	if (room < needed)
		return EFI_BUFFER_TOO_SMALL;
	memset(map, 0, needed);
	for (unsigned i = 0; i < firmware.descriptors; i++) {
		EFI_MEMORY_DESCRIPTOR one = {.Type = EfiConventionalMemory,
					     .PhysicalStart = MIB(16) * (i + 1),
					     .NumberOfPages = 256};

		memcpy((uint8_t *)map + i * DESCRIPTOR_SIZE, &one, sizeof(one));
	}
	*key = firmware.key;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI exit_services(EFI_HANDLE image, UINTN key)
{
	assert_ptr_equal(image, &firmware);
	assert_false(firmware.gone);
	if (firmware.exits++ < firmware.refusals) {
		firmware.key++;
		firmware.descriptors += firmware.grows;
		return EFI_INVALID_PARAMETER;
	}
	/* The key has to be that of the latest map. */
	if (key != firmware.key)
		return EFI_INVALID_PARAMETER;
	firmware.gone = true;
	return EFI_SUCCESS;
}

static enum exit_result leave(size_t info_size)
{
	struct exit_map map = {map_bytes, sizeof(map_bytes)};
	struct info_writer writer;

	services.GetMemoryMap = get_map;
	services.ExitBootServices = exit_services;
	firmware.key = 7;
	info_begin(&writer, info_bytes, info_size);
	return exit_boot_services(&services, &firmware, &map, &writer);
}

static unsigned ram_ranges(void)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < info.range_count; i++)
		count += info.ranges[i].kind == BOOT_RAM;
	return count;
}

/* How many refusals, how much the map grows with each, and what comes of it after how many maps. */
static const struct {
	unsigned refusals, grows, maps;
	enum exit_result result;
} cases[] = {
	{0, 0, 1, EXIT_DONE},	{1, 1, 2, EXIT_DONE},  {3, 2, 4, EXIT_DONE},
	{7, 0, 8, EXIT_DONE},	{8, 0, 8, EXIT_STUCK}, {NEVER, 0, 8, EXIT_STUCK},
	{1, 20, 2, EXIT_STUCK},
};

/* The kernel gets the map that was true in the end. */
static void test_retries(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		firmware = (struct firmware){.descriptors = 4,
					     .refusals = cases[i].refusals,
					     .grows = cases[i].grows,
					     .no_map_from = NEVER};
		assert_int_equal(leave(sizeof(info_bytes)), cases[i].result);
		assert_int_equal(firmware.maps, cases[i].maps);
		assert_int_equal(firmware.gone, cases[i].result == EXIT_DONE);
		if (cases[i].result != EXIT_DONE)
			continue;
		assert_int_equal(multiboot2_parse(info_bytes, sizeof(info_bytes), &info), BOOT_OK);
		assert_int_equal(ram_ranges(), firmware.descriptors);
	}
}

static void test_no_map(void **state)
{
	(void)state;
	firmware = (struct firmware){.descriptors = 4, .no_map_from = 0};
	assert_int_equal(leave(sizeof(info_bytes)), EXIT_NO_MAP);
	assert_int_equal(firmware.exits, 0);
	/* After a refusal there is no way back. */
	firmware = (struct firmware){.descriptors = 4, .refusals = 1, .no_map_from = 1};
	assert_int_equal(leave(sizeof(info_bytes)), EXIT_STUCK);
}

static void test_no_room(void **state)
{
	(void)state;
	firmware = (struct firmware){.descriptors = 4, .no_map_from = NEVER};
	assert_int_equal(leave(64), EXIT_STUCK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retries),
		cmocka_unit_test(test_no_map),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
