/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UEFI's tables, as far as runtime services need them: where the services are, what they answer. Pure; calls
 * nothing of the firmware's.
 */
#pragma once

#include "lib/types.h"

struct efi_source {
	/* Makes size bytes of physical memory readable, for good; NULL if that cannot be. */
	const void *(*map)(hpa_t pa, size_t size);
	/* True if they lie in one region of the runtime services', in one of code if code. */
	bool (*is_runtime)(hpa_t pa, size_t size, bool code);
};

/* Physical addresses; all in regions of code. */
struct efi_services {
	uint16_t major, minor; /* of the specification */
	hpa_t get_time, reset_system;
};

/* UEFI 2.10 8.5.1 "ResetSystem()": EFI_RESET_TYPE */
enum efi_reset_type { EFI_RESET_COLD, EFI_RESET_WARM, EFI_RESET_SHUTDOWN };

/* 8.3.1 "GetTime()": EFI_TIME */
struct efi_time {
	uint16_t year;
	uint8_t month, day, hour, minute, second, pad;
	uint32_t nanosecond;
	int16_t time_zone; /* minutes to be added for UTC, or EFI_UNSPECIFIED_ZONE */
	uint8_t daylight, pad2;
};

static_assert(sizeof(struct efi_time) == 16, "as in the specification");

enum { EFI_UNSPECIFIED_ZONE = 0x7ff };

/* Follows the system table. NULL, or what is wrong with it. */
const char *efi_find_services(const struct efi_source *source, hpa_t system_table,
			      struct efi_services *services);

/* Unix seconds; a time of no zone counts as UTC. False if no clock shows that. */
bool must_check efi_time_seconds(const struct efi_time *time, uint64_t *seconds);
