/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page walk on any tables, control registers and accesses, against the slow model; and with another
 * vCPU that changes each entry as soon as it was read, or RAM that fails. It ends, reads no entry twice,
 * and changes nothing but A and D bits.
 */
/* sources: vmm/walk.c vmm/guest_mem.c tests/unit/guest_record.c tests/unit/read_once.c
 * tests/unit/walk_model.c */
/* libs: -Wl,--wrap=walk */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/guest_record.h"
#include "tests/unit/read_once.h"
#include "tests/unit/walk_model.h"
#include "vmm/cpu_bits.h"
#include "vmm/guest_mem.h"

#define BITS_AD 0x60ULL

enum { MOST_RETRIES = 6, MOST_READS = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t ram[MODEL_RAM], copy[MODEL_RAM];

static struct {
	const uint8_t *data;
	size_t size;
} input;

static void require(bool condition)
{
	if (!condition)
		abort();
}

static uint64_t take(size_t count)
{
	uint64_t value = 0;

	count = count < input.size ? count : input.size;
	memcpy(&value, input.data, count);
	input.data += count;
	input.size -= count;
	return value;
}

static void take_context(struct walk_context *c)
{
	unsigned mode = (unsigned)take(1), flags = (unsigned)take(2);

	*c = (struct walk_context){
		.cr0 = CR0_PE | (flags & 1 ? 0 : CR0_PG) | (flags & 2 ? CR0_WP : 0),
		.cr3 = take(1) % MODEL_PAGES * 4096 + (flags & 4 ? take(2) & 0xfff : 0),
		.cr4 = (flags & 8 ? CR4_PSE : 0) | (flags & 16 ? CR4_SMEP : 0) |
		       (flags & 32 ? CR4_SMAP : 0) | (flags & 64 ? CR4_PKE : 0),
		.efer = flags & 128 ? EFER_NXE : 0,
		.rflags = flags & 256 ? RFLAGS_AC : 0,
		.pkru = (uint32_t)take(4),
		.cpl = flags & 512 ? 3 : 0,
		.maxphyaddr = (uint8_t)(32 + take(1) % 21),
		.gib_pages = flags & 1024,
	};
	if (mode % 4 != 0)
		c->cr4 |= CR4_PAE;
	if (mode % 4 >= 2) {
		c->efer |= EFER_LMA;
		c->cr0 |= CR0_PG; /* LMA is EFER.LME with paging on */
	}
	if (mode % 4 == 3)
		c->cr4 |= CR4_LA57;
}

/* Every word of RAM is one of eight entries, so that each walk finds some. */
static void take_tables(bool narrow)
{
	unsigned step = narrow ? 4 : 8;
	uint64_t entry[8];

	for (unsigned i = 0; i < 8; i++) {
		entry[i] = take(1) % MODEL_PAGES * 4096 | (take(2) & 0xfff);
		if (!narrow && entry[i] & 0x800)
			entry[i] |= take(4) << 32;
	}
	for (unsigned at = 0; at < MODEL_RAM; at += step)
		memcpy(ram + at, &entry[(at / step * 7 + at / 4096) % 8], step);
}

/* What differs between before and now are A and D bits that have been set. */
static void check_changes(unsigned step)
{
	for (unsigned at = 0; at < MODEL_RAM; at += step) {
		uint64_t before = 0, now = 0;

		memcpy(&before, copy + at, step);
		memcpy(&now, ram + at, step);
		require(!((before ^ now) & ~BITS_AD) && (now & before) == before);
	}
}

static void check_alone(const struct walk_context *c, gva_t linear, unsigned access)
{
	struct walk_result ours = {0}, theirs = {0};
	enum walk_status status, expected;
	unsigned tries = 0;

	memcpy(model_ram, ram, MODEL_RAM);
	memcpy(copy, ram, MODEL_RAM);
	expected = model_walk(c, linear, access, &theirs);
	do {
		guest_record_reset();
		read_once_walks();
		status = walk(c, linear, access, &ours);
		/* One table on two levels is two entries to the walk. */
		require(guest_record.accesses <= 2 * MOST_READS);
	} while (status == WALK_RETRY && ++tries < MOST_RETRIES);
	require(status == expected);
	require(status == WALK_FAULT ? ours.error == theirs.error : ours.gpa == theirs.gpa);
	require(!memcmp(ram, model_ram, MODEL_RAM));
	if (memcmp(ram, copy, MODEL_RAM))
		check_changes(c->cr4 & CR4_PAE ? 8 : 4);
}

static void check_disturbed(const struct walk_context *c, gva_t linear, unsigned access)
{
	struct walk_result result;

	guest_record_reset();
	read_once_walks();
	guest_record.fail_at = (unsigned)take(1) % 12;
	guest_record.mutate = take(1) & 1;
	require(walk(c, linear, access, &result) <= WALK_RETRY);
	require(guest_record.accesses <= 2 * MOST_READS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned kinds[] = {WALK_READ, WALK_WRITE, WALK_FETCH,
					 WALK_READ | WALK_IMPLICIT, WALK_WRITE | WALK_IMPLICIT};
	static const struct guest_range range = {0, MODEL_RAM};
	static uint8_t of_model[MODEL_RAM];
	struct walk_context c;

	input.data = data;
	input.size = size;
	model_ram = of_model;
	require(guest_mem_init(ram, &range, 1));
	take_context(&c);
	take_tables(!(c.cr4 & CR4_PAE));
	for (unsigned i = 0; i < 4; i++) {
		unsigned access = kinds[take(1) % ARRAY_SIZE(kinds)];
		gva_t linear = take(8);

		if (!(c.efer & EFER_LMA))
			linear = (uint32_t)linear;
		check_alone(&c, linear, access);
		check_disturbed(&c, linear, access);
	}
	return 0;
}
