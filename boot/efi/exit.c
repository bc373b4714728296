/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UEFI 2.10 7.4.6 "EFI_BOOT_SERVICES.ExitBootServices()": the map may have changed since it was
 * taken, and then it is taken again; after the first try no other service may be called.
 */
#include "boot/efi/exit.h"

enum { EXIT_TRIES = 8 };

enum exit_result exit_boot_services(EFI_BOOT_SERVICES *services, EFI_HANDLE image,
				    const struct exit_map *map, struct info_writer *info)
{
	for (uint32_t tries = 0; tries < EXIT_TRIES; tries++) {
		UINTN size = map->room, key, descriptor_size = 0;
		UINT32 version;

		if (services->GetMemoryMap(&size, (EFI_MEMORY_DESCRIPTOR *)map->bytes, &key,
					   &descriptor_size, &version) != EFI_SUCCESS)
			return tries == 0 ? EXIT_NO_MAP : EXIT_STUCK;
		if (services->ExitBootServices(image, key) != EFI_SUCCESS)
			continue;
		/* Their room was counted beforehand. */
		if (size > map->room || !info_add_map(info, map->bytes, size, descriptor_size) ||
		    !info_end(info))
			return EXIT_STUCK;
		return EXIT_DONE;
	}
	return EXIT_STUCK;
}
