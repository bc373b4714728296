/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS harness 14: the kernel image is the input, and what the operator may say besides (boot=, load=,
 * entry=, modules with texts) stands behind it. Whatever it is, the loader refuses it without a write to
 * guest memory, or the guest starts inside of what was loaded; and nothing that is in the guest's memory,
 * from before or written just now, decides anything: it is not read. What it accepts the console, which looks
 * at the image's beginning when the partition is configured, does not refuse.
 */
/* sources: vmm/loader.c vmm/loader_known.c vmm/loader_linux.c vmm/loader_elf.c vmm/loader_pvh.c
 * vmm/loader_multiboot.c lib/format.c vmm/loader_multiboot2.c vmm/multiboot2_info.c
 * vmm/acpi_writer.c vmm/loader_flat.c
 * vmm/memory_map.c vmm/partition.c vmm/guest_mem.c tests/unit/vmm_fixture.c
 * tests/unit/guest_record.c console/image_need.c console/layout.c */
#include <stdlib.h>
#include <string.h>

#include "console/image_need.h"
#include "tests/unit/guest_record.h"
#include "tests/unit/load_whole.h"
#include "tests/unit/vmm_fixture.h"
#include "vmm/guest_layout.h"
#include "vmm/loader.h"

#define MEMORY MIB(4)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The operator's part, at the input's end. An input without the mark is an image alone. */
struct wish {
	uint32_t load, entry;
	uint16_t text_at, text_size;
	uint8_t protocol, modules;
	char mark[4];
} __attribute__((packed));

static void require(bool condition)
{
	if (!condition)
		abort();
}

static size_t take_wish(const uint8_t *data, size_t size, struct wish *wish)
{
	static const char mark[4] = {'b', 'o', 'o', 't'};

	memset(wish, 0, sizeof(*wish));
	if (size < sizeof(*wish) || memcmp(data + size - sizeof(mark), mark, sizeof(mark)))
		return size;
	memcpy(wish, data + size - sizeof(*wish), sizeof(*wish));
	return size - sizeof(*wish);
}

/* As the kernel lets it pass: any text that ends where the texts do. */
static void put_wish(const struct wish *wish)
{
	static const uint8_t module[5000] = {2};
	struct part_boot *boot = &fixture_config.boot;
	size_t at = wish->text_at % TEXTS_SIZE;

	memset(boot, 0, sizeof(*boot));
	boot->protocol = wish->protocol % BOOT_PROTOCOLS;
	boot->load = wish->load;
	boot->entry = wish->entry;
	memset(boot->texts + at, 't', MIN(wish->text_size, TEXTS_SIZE - 1 - at));
	for (unsigned i = 0; i < wish->modules % (MAX_PART_IMAGES - 1u); i++) {
		fixture_image(IMAGE_MODULE, "module", module, sizeof(module) - 1000 * (i % 6));
		fixture_config.images[fixture_config.image_count - 1].text = (uint32_t)at;
	}
}

static bool is_entry_good(const struct boot_entry *entry, uint64_t size)
{
	const struct part_boot *boot = &fixture_config.boot;

	if (boot->protocol == BOOT_FLAT)
		return entry->rip == boot->entry && boot->entry - boot->load < size;
	if (entry->mode == ENTRY_REAL)
		return entry->rip == 0x7c00;
	/* Multiboot's magic: its kernels may lie below 1 MiB, and no others. */
	if (entry->rax != 0 && entry->rip < GUEST_HIGH)
		return entry->rip >= GUEST_LOW && entry->rip < GUEST_TEXTS;
	return entry->rip >= GUEST_HIGH && entry->rip < MEMORY;
}

/* The least memory=, as the console has it. */
static uint64_t needed(const uint8_t *data, size_t size)
{
	const struct image_view view = {data, MIN(size, IMAGE_WINDOW), size};
	struct image_need need = image_need(&view, &fixture_config.boot);
	uint64_t modules = 0;

	for (unsigned i = 1; i < fixture_config.image_count; i++)
		modules += ALIGN_UP(fixture_config.images[i].size, PAGE_SIZE);
	return image_need_memory(&need, modules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t initrd[100] = {1};
	static bool is_clean;
	struct boot_entry entry;
	uint64_t memory;
	struct wish wish;

	if (!is_clean)
		fixture_init(MEMORY);
	guest_record_reset();
	size = take_wish(data, size, &wish);
	fixture_config.image_count = 0;
	fixture_image(IMAGE_KERNEL, "kernel", data, size);
	fixture_image(IMAGE_INITRD, "initrd", initrd, sizeof(initrd));
	put_wish(&wish);
	memory = needed(data, size);
	is_clean = load_whole(GUEST_BIOS, &entry) != NULL;
	require(!guest_record.accesses);
	if (is_clean)
		require(fixture_untouched(0, GUEST_HOLE) && fixture_untouched(GUEST_HIGH, MEMORY));
	else
		require(is_entry_good(&entry, size) && memory <= MEMORY);
	return 0;
}
