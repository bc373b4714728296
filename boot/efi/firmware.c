/* SPDX-License-Identifier: BSD-2-Clause */
/* UEFI 2.10 7.2 "Memory Allocation Services", 12.4 "Simple Text Output Protocol". */
#include "boot/efi/firmware.h"

#include "lib/format.h"
#include "lib/string.h"

/* The files, the kernel, the page of the hand-off and the boot information, with room to spare. */
enum { MAX_ALLOCATIONS = 80, LINE_SIZE = 160 };

static EFI_HANDLE image_handle;
static EFI_SYSTEM_TABLE *system_table;

static struct {
	EFI_PHYSICAL_ADDRESS start;
	UINTN pages;
} allocations[MAX_ALLOCATIONS];
static uint32_t allocation_count;

void firmware_init(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	image_handle = image;
	system_table = table;
}

EFI_HANDLE firmware_image(void)
{
	return image_handle;
}

EFI_SYSTEM_TABLE *firmware_table(void)
{
	return system_table;
}

EFI_BOOT_SERVICES *firmware_services(void)
{
	return system_table->BootServices;
}

void firmware_say_part(const char *text)
{
	CHAR16 wide[LINE_SIZE + 1];
	size_t length = strnlen(text, LINE_SIZE);

	/* A machine without any console is no error. */
	if (!system_table->ConOut)
		return;
	for (size_t i = 0; i < length; i++)
		wide[i] = (CHAR16)(unsigned char)text[i];
	wide[length] = 0;
	system_table->ConOut->OutputString(system_table->ConOut, wide);
}

void firmware_say(const char *text, ...)
{
	char line[LINE_SIZE];
	va_list args;

	va_start(args, text);
	vformat(line, sizeof(line), text, args);
	va_end(args);
	firmware_say_part("freehold: ");
	firmware_say_part(line);
	firmware_say_part("\r\n");
}

static bool allocate(EFI_ALLOCATE_TYPE how, EFI_PHYSICAL_ADDRESS *place, uint64_t size)
{
	UINTN pages = ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT;

	if (allocation_count == MAX_ALLOCATIONS || size == 0 || size > GIB(4) ||
	    firmware_services()->AllocatePages(how, EfiLoaderCode, pages, place) != EFI_SUCCESS)
		return false;
	allocations[allocation_count].start = *place;
	allocations[allocation_count++].pages = pages;
	return true;
}

hpa_t firmware_allocate(uint64_t size)
{
	EFI_PHYSICAL_ADDRESS place = GIB(4) - 1;

	return allocate(AllocateMaxAddress, &place, size) ? place : 0;
}

bool firmware_allocate_at(hpa_t place, uint64_t size)
{
	EFI_PHYSICAL_ADDRESS wanted = place;

	return allocate(AllocateAddress, &wanted, size);
}

void firmware_free_last(void)
{
	allocation_count--;
	firmware_services()->FreePages(allocations[allocation_count].start,
				       allocations[allocation_count].pages);
}

void firmware_free_all(void)
{
	while (allocation_count > 0)
		firmware_free_last();
}
