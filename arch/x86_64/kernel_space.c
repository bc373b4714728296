/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's half: built once at boot, shared by every space. */
#include "arch/x86_64/kernel_space.h"

#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/window.h"
#include "lib/assert.h"
#include "lib/string.h"

struct page_space kernel_space;
struct page_pool kernel_heap;

static hpa_t image_pa; /* of KERNEL_IMAGE_BASE: the image itself starts further up */

/* Bounds from the linker script, all page-aligned. */
extern const uint8_t kernel_start[], text_start[], text_end[], rodata_start[], rodata_end[];
extern const uint8_t data_start[], bss_end[];

/* Regions of layout.h begin here; all of the upper half from here on is the kernel space's. */
#define SPACE_FIRST KERNEL_POOL_BASE
#define SPACE_LAST  (~0ULL)

static_assert(SPACE_FIRST % GIB(512) == 0, "a root entry's first address");
static_assert(KERNEL_HEAP_BASE > SPACE_FIRST && KERNEL_MMIO_BASE > SPACE_FIRST,
	      "regions in the space");

/*
 * The heap's first GiB, as the boot tables see it: the final tables are built there, at the address
 * where the heap will stay. They are in the image, so below 4 GiB, and so is the root that they are
 * put in.
 */
static uint64_t early_pdpt[512] __attribute__((aligned(4096)));
static uint64_t early_pd[512] __attribute__((aligned(4096)));

static_assert(KERNEL_HEAP_BASE % GIB(1) == 0, "entry 0 of the early directory");

hpa_t kernel_image_pa(const void *va)
{
	return (uint64_t)va - KERNEL_IMAGE_BASE + image_pa;
}

static void heap_map_early(hpa_t heap, uint64_t size)
{
	uint64_t *root = (uint64_t *)(cr3_read() & PAGE_ADDRESS);
	const uint64_t table = page_format_host.table;
	const uint64_t leaf = page_format_host.leaf | page_format_host.write |
			      page_format_host.no_exec | page_format_host.large;

	for (uint64_t i = 0; i < 512 && i * MIB(2) < size; i++)
		early_pd[i] = (heap + i * MIB(2)) | leaf;
	early_pdpt[KERNEL_HEAP_BASE / GIB(1) % 512] = kernel_image_pa(early_pd) | table;
	root[KERNEL_HEAP_BASE / GIB(512) % 512] = kernel_image_pa(early_pdpt) | table;
	tlb_flush_all_local();
}

/* Every root entry of the space gets its table now, once and for all. */
static void root_fill(void)
{
	for (uint64_t i = SPACE_FIRST / GIB(512) % 512; i < 512; i++) {
		uint64_t *table = page_pool_alloc(&kernel_heap);

		ASSERT(table);
		kernel_space.root[i] = page_pool_pa(&kernel_heap, table) | kernel_space.table_bits;
	}
	kernel_space.keep_top = true;
}

static void map_section(const uint8_t *start, const uint8_t *end, unsigned prot)
{
	int error;

	if (start == end)
		return;
	error = page_map(&kernel_space, (uint64_t)start, kernel_image_pa(start),
			 (uint64_t)(end - start), prot | PAGE_READ | PAGE_GLOBAL);
	ASSERT(!error);
}

/* What stands before the text is needed until the CPU has its own GDT, and is harmless to read. */
static void map_image(void)
{
	map_section(kernel_start, text_start, 0);
	map_section(text_start, text_end, PAGE_EXEC);
	map_section(rodata_start, rodata_end, 0);
	map_section(data_start, bss_end, PAGE_WRITE);
}

void kernel_space_init(hpa_t image_delta, hpa_t heap, uint64_t heap_size)
{
	int error;

	ASSERT(heap_size && !((heap | heap_size) % MIB(2)) && heap_size <= KERNEL_HEAP_MAX);
	image_pa = image_delta;
	heap_map_early(heap, heap_size);
	page_pool_init(&kernel_heap, (void *)KERNEL_HEAP_BASE, heap, heap_size / PAGE_SIZE);
	error = page_space_init(&kernel_space, &page_format_host, &kernel_heap,
				cpu_features.gib_pages ? PAGE_LEVEL_1G : PAGE_LEVEL_2M, SPACE_FIRST,
				SPACE_LAST);
	ASSERT(!error);
	root_fill();
	map_image();
	error = page_map(&kernel_space, KERNEL_HEAP_BASE, heap, heap_size,
			 PAGE_READ | PAGE_WRITE | PAGE_GLOBAL);
	ASSERT(!error);
	window_init();
	cr3_write(kernel_space.root_pa);
}

int user_space_init(struct page_space *space, struct page_pool *pool)
{
	int error = page_space_init(space, &page_format_host, pool, kernel_space.largest, 0,
				    BIT(47) - 1);

	if (error)
		return error;
	memcpy(&space->root[256], &kernel_space.root[256], 256 * sizeof(uint64_t));
	return ERR_NONE;
}

void tlb_flush_all_local(void)
{
	uint64_t cr4 = cr4_read();

	/* SDM 3A 4.10.4.1 "Operations that Invalidate TLBs and Paging-Structure Caches". */
	if (cr4 & CR4_PGE) {
		cr4_write(cr4 & ~(uint64_t)CR4_PGE);
		cr4_write(cr4);
	} else {
		cr3_write(cr3_read());
	}
}
