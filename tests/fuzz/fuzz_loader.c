/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS harness 14: the kernel image is the input. Whatever it is, the loader refuses it without
 * a write to guest memory, or the guest starts inside of what was loaded.
 */
/* sources: vmm/loader.c vmm/loader_linux.c vmm/loader_elf.c vmm/loader_pvh.c vmm/loader_multiboot.c
 * vmm/loader_multiboot2.c vmm/multiboot2_info.c vmm/loader_flat.c
 * vmm/memory_map.c vmm/partition.c vmm/guest_mem.c tests/unit/vmm_fixture.c */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/vmm_fixture.h"
#include "vmm/loader.h"

#define MEMORY MIB(4)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t initrd[100] = {1};
	static bool is_clean;
	struct boot_entry entry;

	if (!is_clean)
		fixture_init(MEMORY);
	fixture_config.image_count = 0;
	fixture_image(IMAGE_KERNEL, "kernel", data, size);
	fixture_image(IMAGE_INITRD, "initrd", initrd, sizeof(initrd));
	is_clean = loader_load(0xf0000, &entry) != NULL;
	if (is_clean && !fixture_untouched(0, 0xa0000))
		abort();
	if (is_clean || (entry.mode == ENTRY_REAL && entry.rip == 0x7c00))
		return 0;
	if (entry.rip < MIB(1) || entry.rip >= MEMORY)
		abort();
	return 0;
}
