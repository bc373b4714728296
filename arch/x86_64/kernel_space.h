/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's half of every address space, and what is mapped there on demand. The entries of the
 * root are made once, here, so that each space copies them at its birth and later mappings appear
 * in all. Changes are serialised by the caller: they happen at boot, or under the kernel's own
 * lock.
 */
#pragma once

#include "arch/x86_64/paging.h"

extern struct page_space kernel_space;
/* The heap's pages: tables of the kernel half, per-CPU blocks, and whatever the kernel takes. */
extern struct page_pool kernel_heap;

/*
 * Builds the final tables and loads them: image W^X by section, heap, nothing else; the loader's
 * identity map is gone afterwards. On CPU 0, on the boot stack, under tables that map the image at
 * KERNEL_IMAGE_BASE writable, and the first 4 GiB at their own addresses. image_delta: how far the
 * image was moved from its linked physical address. The heap region is 2 MiB-aligned RAM, any
 * address, at least 2 MiB and at most KERNEL_HEAP_MAX. Panics if it is too small. Call
 * cpu_features_init and trap_init before.
 */
void kernel_space_init(hpa_t image_delta, hpa_t heap, uint64_t heap_size);

/* Where an address of the image is physically; for the heap's ask page_pool_pa. */
hpa_t kernel_image_pa(const void *va);

/*
 * Maps physical memory that is not RAM of ours: device registers (PAGE_UC, PAGE_WC), firmware
 * tables (write-back, read-only). Any alignment; NULL if there is no room or the address is
 * impossible. Never give it guest memory.
 */
volatile void *mmio_map(hpa_t pa, uint64_t size, enum page_cache cache);
const void *firmware_map(hpa_t pa, uint64_t size);
/*
 * Takes the address and size that were given to map. Flushes this CPU only: before others run, or
 * not at all.
 */
void mmio_unmap(const volatile void *va, uint64_t size);

/* A lower half of its own over the shared upper half; its tables come from pool. ERR_NOMEM. */
int must_check user_space_init(struct page_space *space, struct page_pool *pool);

/*
 * This CPU's window: one 2 MiB block of RAM, or one page of it, mapped writable for building and
 * scrubbing. Answers where pa itself is. Mapping replaces nothing: unmap first. The CPU must have
 * its block.
 */
void *window_map_block(hpa_t pa);
void *window_map_page(hpa_t pa);
void window_unmap(void);

/* Everything, with global entries, on this CPU. */
void tlb_flush_all_local(void);
