/* SPDX-License-Identifier: BSD-2-Clause */
/* See stage.h. Addresses in the transcript are the stage's own; link addresses never show. */
#include "tests/guests/transcript/stage.h"

#include "arch/x86_64/insn.h"
#include "tests/guests/lib/apic.h"

enum { PAGES = 6, DIRECTORY_ENTRIES = 2048 };

#define IOAPIC_PAGE 0xfec00000ULL
#define NOBODY_PAGE 0x90000000ULL /* neither RAM nor a device, on any bed */

extern uint64_t guest_pml4[512], guest_directories[DIRECTORY_ENTRIES];

static uint64_t table[512] __attribute__((aligned(4096)));
static uint8_t memory[PAGES][PAGE_SIZE] __attribute__((aligned(4096)));

/* Which of the stage's pages have memory, in the order of memory[]. */
static const uint64_t pages[PAGES] = {STAGE_CODE,
				      STAGE_DATA,
				      STAGE_DATA + PAGE_SIZE,
				      STAGE_STACK - 2 * PAGE_SIZE,
				      STAGE_STACK - PAGE_SIZE,
				      STAGE_PAGE};

uint64_t *stage_entry(uint64_t va)
{
	return &table[va >> PAGE_SHIFT & 511];
}

void stage_map(uint64_t va, uint64_t pa, uint64_t flags)
{
	*stage_entry(va) = pa | flags;
	tlb_invalidate(va);
}

void *stage_memory(uint64_t va)
{
	for (unsigned i = 0; i < PAGES; i++)
		if (ALIGN_DOWN(va, PAGE_SIZE) == pages[i])
			return &memory[i][va & PAGE_MASK];
	return NULL;
}

void stage_init(void)
{
	static const uint64_t devices[] = {APIC_PAGE, IOAPIC_PAGE, NOBODY_PAGE};

	for (unsigned i = 0; i < PAGES; i++)
		stage_map(pages[i], (uintptr_t)memory[i], STAGE_RIGHTS);
	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++)
		stage_map(STAGE_DEVICE + i * PAGE_SIZE, devices[i], STAGE_RIGHTS);
	for (unsigned i = 0; i < DIRECTORY_ENTRIES; i++)
		guest_directories[i] &= ~(uint64_t)PAGE_U;
	guest_directories[STAGE >> 21] = (uintptr_t)table | STAGE_RIGHTS;
	guest_pml4[0] |= PAGE_U;
	cr3_write(cr3_read());
}
