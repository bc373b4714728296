/* SPDX-License-Identifier: BSD-2-Clause */
/* What the console has beside its program: memory that it asked for, texts it reads, and its blobs. */
#include "kernel/console.h"

#include "abi/layout.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/user_copy.h"
#include "kernel/create.h"
#include "kernel/machine.h"
#include "kernel/partition.h"
#include "kernel/scrub.h"
#include "lib/assert.h"

enum {
	REGIONS = 128,
	BLOB_MAX = 4096,
	REGION_MAX = 1024 * 1024,
};

struct region {
	uint64_t va;
	uint64_t pages; /* 0: free */
	hpa_t pa;
};

struct blob {
	uint8_t *data; /* a page of the heap, kept once taken */
	uint64_t size;
};

static struct {
	struct region regions[REGIONS];
	struct {
		uint64_t pages; /* 0: none is being made */
		hpa_t pa;
		uint64_t clean; /* bytes from its begin */
	} making;
	uint64_t given; /* addresses, from USER_GROW_BASE on */
	struct blob blobs[BLOB_KEYS];
	uint64_t image_va[MAX_IMAGES + 1]; /* the last is the configuration's; 0: not mapped */
} memory;

static const struct extent_tag console_tag = {.owner = OWNER_CONSOLE};

static void release(hpa_t pa, uint64_t pages)
{
	spin_lock(&machine.memory_lock);
	ASSERT(!extent_release_range(&machine.extents, pa, pages * PAGE_SIZE, console_tag));
	spin_unlock(&machine.memory_lock);
}

static int grant_region(uint64_t pages)
{
	struct extent_request request = {
		.size = pages * PAGE_SIZE, .align = PAGE_SIZE, .tag = console_tag, .whole = true};
	struct extent_grant grant;
	int err;

	spin_lock(&machine.memory_lock);
	err = extent_alloc(&machine.extents, &request, &grant);
	spin_unlock(&machine.memory_lock);
	if (err)
		return err;
	memory.making.pages = pages;
	memory.making.pa = grant.start;
	memory.making.clean = grant.clean ? grant.size : 0;
	return ERR_NONE;
}

/* A call's worth. True if all of it is clean. */
static bool clean_region(void)
{
	uint64_t size = memory.making.pages * PAGE_SIZE;
	uint64_t end = MIN(size, memory.making.clean + SCRUB_STEP);

	for (; memory.making.clean < end; memory.making.clean += PAGE_SIZE)
		scrub(memory.making.pa + memory.making.clean, PAGE_SIZE);
	return memory.making.clean == size;
}

static int64_t map_region(struct region *region)
{
	int err;

	if (!region->va) {
		/* An address stays with its region, a guard page behind it. */
		region->va = USER_GROW_BASE + memory.given;
		memory.given += REGION_MAX + PAGE_SIZE;
	}
	err = page_map(console_space(), region->va, memory.making.pa,
		       memory.making.pages * PAGE_SIZE, PAGE_USER | PAGE_READ | PAGE_WRITE);
	if (err)
		return err;
	region->pages = memory.making.pages;
	region->pa = memory.making.pa;
	return (int64_t)region->va;
}

int64_t console_mem_map(uint64_t pages)
{
	struct region *region = NULL;
	int64_t va;

	if (!pages || pages > REGION_MAX / PAGE_SIZE)
		return ERR_INVAL;
	for (unsigned i = 0; i < REGIONS && !region; i++)
		if (!memory.regions[i].pages)
			region = &memory.regions[i];
	if (!region)
		return ERR_LIMIT;
	/* One that nobody went on with: an instance of the console failed meanwhile. */
	if (memory.making.pages && memory.making.pages != pages) {
		release(memory.making.pa, memory.making.pages);
		memory.making.pages = 0;
	}
	va = memory.making.pages ? ERR_NONE : grant_region(pages);
	if (va < 0)
		return va;
	if (!clean_region())
		return ERR_AGAIN;
	va = map_region(region);
	if (va < 0)
		release(memory.making.pa, memory.making.pages);
	memory.making.pages = 0;
	return va;
}

bool console_has_region(uint64_t va, uint64_t size)
{
	for (unsigned i = 0; i < REGIONS; i++) {
		const struct region *region = &memory.regions[i];

		if (va >= region->va && va - region->va < region->pages * PAGE_SIZE)
			return size <= region->pages * PAGE_SIZE - (va - region->va);
	}
	return false;
}

bool console_ring_in_use(uint64_t va, uint64_t size)
{
	if (create_uses_ring(va, size))
		return true;
	for (unsigned i = 0; i < MAX_PARTITIONS; i++)
		if (partitions[i] && partitions[i]->desc.ring < va + size &&
		    va < partitions[i]->desc.ring +
				    RING_PAGES(partitions[i]->desc.ring_size) * PAGE_SIZE)
			return true;
	return false;
}

int console_mem_unmap(uint64_t address, uint64_t pages)
{
	for (unsigned i = 0; i < REGIONS; i++) {
		struct region *region = &memory.regions[i];
		uint64_t size = region->pages * PAGE_SIZE;
		int err;

		if (!region->pages || region->va != address || region->pages != pages)
			continue;
		if (console_ring_in_use(address, size))
			return ERR_BUSY;
		err = page_unmap(console_space(), address, size);
		if (err)
			return err;
		/* The console runs on CPU 0 only: nobody else holds its translations. */
		tlb_flush_all_local();
		spin_lock(&machine.memory_lock);
		err = extent_release_range(&machine.extents, region->pa, size, console_tag);
		spin_unlock(&machine.memory_lock);
		region->pages = err ? region->pages : 0;
		return err;
	}
	return ERR_NOENT;
}

int64_t console_image_map(uint32_t index, uint64_t *size)
{
	uint32_t place = index == IMAGE_CONFIG ? MAX_IMAGES : index;
	const struct machine_image *image = index == IMAGE_CONFIG ? &machine.config
								  : &machine.images[place];
	uint64_t va = USER_IMAGES_BASE + place * GIB(4);
	uint64_t bytes;
	int err;

	if ((index != IMAGE_CONFIG && index >= machine.image_count) || !image->size)
		return ERR_NOENT;
	/* For texts, and the headers of kernels: one table of pages each, whatever its size. */
	bytes = MIN(ALIGN_UP(image->size, PAGE_SIZE), IMAGE_WINDOW);
	*size = image->size;
	if (memory.image_va[place])
		return (int64_t)va;
	err = page_map(console_space(), va, image->start, bytes, PAGE_USER | PAGE_READ);
	if (err)
		return err;
	memory.image_va[place] = va;
	return (int64_t)va;
}

int console_blob_set(uint32_t key, uint64_t data, uint64_t size)
{
	struct blob *blob = &memory.blobs[key % BLOB_KEYS];

	if (key >= BLOB_KEYS || size > BLOB_MAX)
		return ERR_INVAL;
	if (!blob->data)
		blob->data = page_pool_alloc(&kernel_heap);
	if (!blob->data)
		return ERR_NOMEM;
	blob->size = 0;
	if (!user_copy_in(blob->data, data, size))
		return ERR_FAULT;
	blob->size = size;
	return ERR_NONE;
}

int64_t console_blob_get(uint32_t key, uint64_t to, uint64_t size)
{
	const struct blob *blob = &memory.blobs[key % BLOB_KEYS];

	if (key >= BLOB_KEYS)
		return ERR_INVAL;
	size = MIN(size, blob->size);
	if (size && !user_copy_out(to, blob->data, size))
		return ERR_FAULT;
	return (int64_t)size;
}
