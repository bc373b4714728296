/* SPDX-License-Identifier: BSD-2-Clause */
/* From the loader's structures to struct boot_info, and on to the kernel. */
#include "boot/main.h"

#include "arch/x86_64/layout.h"
#include "boot/boot_info.h"
#include "boot/multiboot2.h"
#include "boot/multiboot2_format.h"
#include "lib/format.h"

/*
 * No honest boot information is larger: 10,000 memory map entries take 240 KB. A lie about its size
 * must not lead the parser into device memory.
 */
#define INFO_MAX MIB(4)

/* linker.ld: virtual addresses */
extern const char kernel_start[], kernel_end[];

static struct boot_info boot_info;

static noreturn void refuse(enum boot_error error)
{
	char text[128];

	format(text, sizeof(text), "freehold: cannot start: %s\r\n", boot_error_text(error));
	boot_die(text);
}

static hpa_t symbol_pa(const char *symbol, uint64_t image_delta)
{
	return (uintptr_t)symbol - KERNEL_IMAGE_BASE + image_delta;
}

void boot_main(uint32_t magic, uint64_t info_pa, uint64_t image_delta)
{
	enum boot_error error = BOOT_BAD_MAGIC;

	boot_info.kernel_start = symbol_pa(kernel_start, image_delta);
	boot_info.kernel_end = symbol_pa(kernel_end, image_delta);
	if (magic == MULTIBOOT2_LOADER_MAGIC) {
		/* Readable where it lies: the boot page tables map the first 4 GiB one to one. */
		error = multiboot2_parse((const void *)(uintptr_t)info_pa,
					 MIN(INFO_MAX, GIB(4) - info_pa), &boot_info);
	}
	if (error != BOOT_OK)
		refuse(error);
	kernel_main(&boot_info, image_delta);
}
