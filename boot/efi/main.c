/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * freehold.efi: a Multiboot2 loader for the one kernel that it carries. Until boot services are gone
 * every error is a sentence, and the firmware goes on with its next boot entry.
 */
#include "arch/x86_64/insn.h"
#include "boot/efi/elf.h"
#include "boot/efi/exit.h"
#include "boot/efi/files.h"
#include "boot/efi/firmware.h"
#include "boot/efi/info.h"
#include "boot/efi/options.h"
#include "boot/efi_memory.h"
#include "boot/multiboot2_format.h"
#include "lib/string.h"

enum {
	RSDP_OLD_SIZE = 20,
	RSDP_NEW_SIZE = 36,
	WATCHDOG_SECONDS = 5 * 60,
	COM1 = 0x3f8,
	COM1_LSR = COM1 + 5,
	LSR_THRE = 1 << 5,
	COM1_SPINS = 100 * 1000,
	MAP_SLACK = 64,		/* descriptors that allocating the map's own buffers may add */
	FIXED_SIZE = 16 * 1024, /* of the boot information, without the map: it has 4 KiB of options */
};

#define KERNEL_STEP MIB(2) /* boot/entry.S: how the kernel may be moved */

typedef void (*handoff)(uint64_t entry, uint64_t info);

extern const uint8_t kernel_file[], kernel_file_end[], handoff_start[], handoff_end[];

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

static EFI_GUID loaded_image_guid = LOADED_IMAGE_PROTOCOL;
static EFI_GUID screen_guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
static EFI_GUID acpi_guid = ACPI_TABLE_GUID;
static EFI_GUID acpi20_guid = ACPI_20_TABLE_GUID;

static struct files files;
static char cmdline[BOOT_CMDLINE_SIZE];

/* All that is needed when nothing can be asked for any more. */
struct plan {
	handoff leave;
	uint64_t entry;
	struct info_writer info;
	struct exit_map map;
};

static void take_options(const EFI_LOADED_IMAGE *loaded)
{
	if (!options_convert(cmdline, sizeof(cmdline), loaded->LoadOptions,
			     loaded->LoadOptions ? loaded->LoadOptionsSize / sizeof(CHAR16) : 0))
		firmware_say("the load options are no text of less than 4096 characters: ignored");
}

/* At the lowest place that is free, so that the guests' memory below 4 GiB is in one piece. */
static bool place_kernel(struct plan *plan)
{
	struct elf_span span;
	uint64_t delta = 0;

	if (!elf_span(kernel_file, (size_t)(kernel_file_end - kernel_file), &span)) {
		firmware_say("the kernel in this file is damaged");
		return false;
	}
	while (!firmware_allocate_at(span.start + delta, span.end - span.start)) {
		delta += KERNEL_STEP;
		if (span.end + delta > GIB(4)) {
			firmware_say("no %llu KiB of free memory below 4 GiB for the kernel",
				     (unsigned long long)(span.end - span.start) >> 10);
			return false;
		}
	}
	elf_copy(kernel_file, &span, (uint8_t *)(uintptr_t)(span.start + delta));
	plan->entry = span.entry + delta;
	return true;
}

static bool place_buffers(struct plan *plan)
{
	size_t handoff_size = (size_t)(handoff_end - handoff_start);
	UINTN map_size = 0, key, descriptor_size = 0;
	UINT32 version;
	hpa_t code, map, info;

	firmware_services()->GetMemoryMap(&map_size, NULL, &key, &descriptor_size, &version);
	if (!efi_is_descriptor_size(descriptor_size)) {
		firmware_say("the firmware's memory map has descriptors of %llu bytes",
			     (unsigned long long)descriptor_size);
		return false;
	}
	plan->map.room = map_size + MAP_SLACK * descriptor_size;
	code = firmware_allocate(handoff_size);
	map = firmware_allocate(plan->map.room);
	info = firmware_allocate(FIXED_SIZE + INFO_MAP_SIZE(plan->map.room));
	if (!code || !map || !info) {
		firmware_say("no memory below 4 GiB for the memory map");
		return false;
	}
	memcpy((void *)(uintptr_t)code, handoff_start, handoff_size);
	plan->leave = (handoff)(uintptr_t)code;
	plan->map.bytes = (uint8_t *)(uintptr_t)map;
	info_begin(&plan->info, (void *)(uintptr_t)info, FIXED_SIZE + INFO_MAP_SIZE(plan->map.room));
	return true;
}

static void add_acpi(struct info_writer *info)
{
	const EFI_SYSTEM_TABLE *table = firmware_table();
	bool found = false;

	for (UINTN i = 0; i < table->NumberOfTableEntries; i++) {
		const EFI_CONFIGURATION_TABLE *entry = &table->ConfigurationTable[i];

		if (memcmp(&entry->VendorGuid, &acpi20_guid, sizeof(EFI_GUID)) == 0)
			info_add(info, MULTIBOOT2_TAG_ACPI_NEW, entry->VendorTable, RSDP_NEW_SIZE);
		else if (memcmp(&entry->VendorGuid, &acpi_guid, sizeof(EFI_GUID)) == 0)
			info_add(info, MULTIBOOT2_TAG_ACPI_OLD, entry->VendorTable, RSDP_OLD_SIZE);
		else
			continue;
		found = true;
	}
	if (!found)
		firmware_say("the firmware has no ACPI tables; I go on without");
}

/* The mode that the firmware has chosen stays; a machine without a screen, or with one that has no memory
 * to draw in, is no error. */
static void add_screen(struct info_writer *info)
{
	static const EFI_PIXEL_BITMASK known[] = {
		[PixelRedGreenBlueReserved8BitPerColor] = {0xff, 0xff00, 0xff0000, 0xff000000},
		[PixelBlueGreenRedReserved8BitPerColor] = {0xff0000, 0xff00, 0xff, 0xff000000},
	};
	const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode;
	const EFI_GRAPHICS_OUTPUT_PROTOCOL *screen;
	EFI_PIXEL_BITMASK masks;
	void *found = NULL;

	if (firmware_services()->LocateProtocol(&screen_guid, NULL, &found) != EFI_SUCCESS || !found)
		return;
	screen = found;
	if (!screen->Mode || !screen->Mode->Info)
		return;
	mode = screen->Mode->Info;
	if (mode->PixelFormat >= PixelBltOnly)
		return;
	masks = mode->PixelFormat == PixelBitMask ? mode->PixelInformation
						  : known[mode->PixelFormat];
	info_add_screen(info, &(struct info_screen){
				      .address = screen->Mode->FrameBufferBase,
				      .width = mode->HorizontalResolution,
				      .height = mode->VerticalResolution,
				      .pixels_per_line = mode->PixelsPerScanLine,
				      .masks = {masks.RedMask, masks.GreenMask, masks.BlueMask,
						masks.ReservedMask},
			      });
}

/* All but the memory map. */
static void write_info(struct info_writer *info)
{
	uint64_t table = (uintptr_t)firmware_table();

	info_add_text(info, MULTIBOOT2_TAG_CMDLINE, cmdline);
	info_add_text(info, MULTIBOOT2_TAG_LOADER, "freehold.efi");
	info_add(info, MULTIBOOT2_TAG_EFI64, &table, sizeof(table));
	add_acpi(info);
	add_screen(info);
	for (uint32_t i = 0; i < files.count; i++) {
		const struct boot_module *file = &files.files[i];

		info_add_module(info, (uint32_t)file->start, (uint32_t)(file->start + file->size),
				file->name);
	}
}

/* Nothing may be asked of the firmware any more, not even to say so: COM1 is told, if there is one. */
static noreturn void stuck(void)
{
	static const char text[] = "freehold: the firmware does not let go of the machine\r\n";

	for (const char *at = text; *at; at++) {
		for (unsigned spins = COM1_SPINS; spins && !(io_in8(COM1_LSR) & LSR_THRE); spins--)
			cpu_pause();
		io_out8(COM1, (uint8_t)*at);
	}
	for (;;)
		cpu_halt();
}

/* UEFI 2.10 7.5 "EFI_BOOT_SERVICES.SetWatchdogTimer()": five minutes, which large images may take. */
static void watch(bool on)
{
	firmware_services()->SetWatchdogTimer(on ? WATCHDOG_SECONDS : 0, 0, 0, NULL);
}

static EFI_STATUS give_back(void)
{
	firmware_free_all();
	firmware_say("not started; back to the firmware");
	watch(true);
	return EFI_LOAD_ERROR;
}

static bool prepare(struct plan *plan)
{
	EFI_LOADED_IMAGE *loaded;
	void *found = NULL;

	if (firmware_services()->HandleProtocol(firmware_image(), &loaded_image_guid, &found) !=
	    EFI_SUCCESS) {
		firmware_say("the firmware does not say where I was loaded from");
		return false;
	}
	loaded = found;
	take_options(loaded);
	/* The kernel first: what it needs is the scarcer place. */
	if (!place_kernel(plan) || !files_read(loaded, &files) || !place_buffers(plan))
		return false;
	write_info(&plan->info);
	return true;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	struct plan plan = {0};

	firmware_init(image, table);
	firmware_say("UEFI loader");
	watch(false);
	if (!prepare(&plan))
		return give_back();
	firmware_say("entering the kernel at 0x%llx", (unsigned long long)plan.entry);
	switch (exit_boot_services(firmware_services(), firmware_image(), &plan.map, &plan.info)) {
	case EXIT_NO_MAP:
		firmware_say("the firmware does not give its memory map");
		return give_back();
	case EXIT_STUCK:
		stuck();
	case EXIT_DONE:
		break;
	}
	plan.leave(plan.entry, (uintptr_t)plan.info.bytes);
	stuck();
}
