/* SPDX-License-Identifier: BSD-2-Clause */
/* UEFI 2.10 4.2 "EFI Table Header", 4.3 "EFI System Table", 4.5 "EFI Runtime Services Table". */
#include "drivers/efi.h"

#include "drivers/calendar.h"
#include "lib/string.h"

#define SYSTEM_SIGNATURE  0x5453595320494249ULL /* "IBI SYST" */
#define RUNTIME_SIGNATURE 0x56524553544e5552ULL /* "RUNTSERV" */

enum table_offset {
	HEADER_REVISION = 8,
	HEADER_SIZE = 12,
	HEADER_CRC = 16,
	HEADER_END = 24,
	SYSTEM_RUNTIME = 88, /* where the runtime services' table is */
	SYSTEM_END = 120,
	RUNTIME_GET_TIME = 24,
	RUNTIME_RESET_SYSTEM = 104,
	RUNTIME_END = 136,
	TABLE_MAX = 4096,
};

enum { MINUTES_PER_DAY = 24 * 60 };

static uint32_t read32(const uint8_t *table, unsigned offset)
{
	uint32_t value;

	memcpy(&value, table + offset, sizeof(value));
	return value;
}

static uint64_t read64(const uint8_t *table, unsigned offset)
{
	uint64_t value;

	memcpy(&value, table + offset, sizeof(value));
	return value;
}

/* ISO 3309's, over all of the table, its own field as zeros. */
static uint32_t sum_of(const uint8_t *table, uint32_t size)
{
	uint32_t crc = ~0u;

	for (uint32_t i = 0; i < size; i++) {
		crc ^= i >= HEADER_CRC && i < HEADER_CRC + sizeof(crc) ? 0 : table[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* The table that lies there, or NULL. */
static const uint8_t *find_table(const struct efi_source *source, hpa_t pa, uint64_t signature,
				 uint32_t least)
{
	const uint8_t *table = source->is_runtime(pa, HEADER_END, false)
				       ? source->map(pa, HEADER_END)
				       : NULL;
	uint32_t size;

	if (!table || read64(table, 0) != signature)
		return NULL;
	size = read32(table, HEADER_SIZE);
	if (size < least || size > TABLE_MAX || !source->is_runtime(pa, size, false))
		return NULL;
	table = source->map(pa, size);
	return table && sum_of(table, size) == read32(table, HEADER_CRC) ? table : NULL;
}

const char *efi_find_services(const struct efi_source *source, hpa_t system_table,
			      struct efi_services *services)
{
	const uint8_t *system = find_table(source, system_table, SYSTEM_SIGNATURE, SYSTEM_END);
	const uint8_t *runtime;
	uint32_t revision;

	if (!system)
		return "there is no system table where the loader says";
	runtime = find_table(source, read64(system, SYSTEM_RUNTIME), RUNTIME_SIGNATURE, RUNTIME_END);
	if (!runtime)
		return "there is no table of services where the system table says";
	revision = read32(system, HEADER_REVISION);
	*services = (struct efi_services){
		.major = (uint16_t)(revision >> 16),
		.minor = (uint16_t)revision,
		.get_time = read64(runtime, RUNTIME_GET_TIME),
		.reset_system = read64(runtime, RUNTIME_RESET_SYSTEM),
	};
	if (!source->is_runtime(services->get_time, 1, true) ||
	    !source->is_runtime(services->reset_system, 1, true))
		return "a service is outside of the services' code";
	return NULL;
}

bool efi_time_seconds(const struct efi_time *time, uint64_t *seconds)
{
	const struct calendar calendar = {
		.year = time->year,
		.month = time->month,
		.day = time->day,
		.hour = time->hour,
		.minute = time->minute,
		.second = time->second,
	};
	int zone = time->time_zone == EFI_UNSPECIFIED_ZONE ? 0 : time->time_zone;
	uint64_t local;

	if (zone < -MINUTES_PER_DAY || zone > MINUTES_PER_DAY ||
	    !calendar_seconds(&calendar, &local))
		return false;
	if (zone < 0 && local < (uint64_t)-zone * 60)
		return false;
	*seconds = local + (uint64_t)((int64_t)zone * 60);
	return true;
}
