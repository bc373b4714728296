/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what is being read by where in the work it is read, and keeps account by byte. */
#include "tests/unit/read_once.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/guest_record.h"
#include "vmm/cpu_bits.h"
#include "vmm/walk.h"

enum phase { PHASE_NONE, PHASE_FETCH, PHASE_EXECUTE };

/* A byte may be of an operand and of the descriptor that it names. */
enum role { ROLE_OPERAND, ROLE_DESCRIPTOR, ROLES };

/*
 * The short cut for a fetch reads an entry a level, for each of two pages. An entry that was spoilt may say
 * that the code is elsewhere, where its two words count for entries.
 */
enum { TRANSLATIONS = 64, QUICK_ENTRIES = 2 * (4 + 2) };

#define ENTRY_ADDRESS BITS(51, 12)

/* One page that was translated for the instruction. */
struct translation {
	gva_t linear;
	gpa_t gpa;
	unsigned access;
};

static struct {
	enum phase phase;
	unsigned sides;
	bool is_string;
	gpa_t code;
	size_t code_length;
	unsigned quick;
	uint8_t reads[ROLES][RECORD_BYTES];
	unsigned count;
	struct translation translation[TRANSLATIONS];
} once;

/* The walk that is going on: where its next entry has to be. */
static struct {
	bool active;
	unsigned level, index_bits, entry_size;
	gpa_t next;
	gva_t linear;
} in_walk;

static void require(bool condition, const char *rule, gpa_t gpa)
{
	if (condition)
		return;
	fprintf(stderr, "%s: %#llx\n", rule, (unsigned long long)gpa);
	abort();
}

static gpa_t entry_place(gpa_t table, unsigned level)
{
	uint64_t index = in_walk.linear >> (12 + in_walk.index_bits * (level - 1));

	return table + (index & (BIT(in_walk.index_bits) - 1)) * in_walk.entry_size;
}

static void begin_walk(const struct walk_context *c, gva_t linear)
{
	bool pae = (c->efer & EFER_LMA) || (c->cr4 & CR4_PAE);

	in_walk.active = true;
	in_walk.linear = linear;
	in_walk.index_bits = pae ? 9 : 10;
	in_walk.entry_size = pae ? 8 : 4;
	if (c->efer & EFER_LMA) {
		in_walk.level = c->cr4 & CR4_LA57 ? 5 : 4;
		in_walk.next = entry_place(c->cr3 & ENTRY_ADDRESS, in_walk.level);
	} else if (!(c->cr0 & CR0_PG)) {
		in_walk.level = 0;
	} else if (pae) {
		in_walk.level = 3;
		in_walk.next = (c->cr3 & BITS(31, 5)) + (linear >> 30 & 3) * 8;
	} else {
		in_walk.level = 2;
		in_walk.next = entry_place(c->cr3 & BITS(31, 12), 2);
	}
}

/* A walk reads one entry a level, each where the one before it says: none can be looked at again. */
static void read_entry(gpa_t gpa, const void *ram, size_t length)
{
	uint64_t entry = 0;

	require(in_walk.level > 0, "a walk reads beyond its last level", gpa);
	require(gpa == in_walk.next, "a walk reads an entry that is not its next", gpa);
	require(length == in_walk.entry_size, "a walk reads an entry in parts", gpa);
	memcpy(&entry, ram, length);
	if (--in_walk.level)
		in_walk.next = entry_place(entry & ENTRY_ADDRESS, in_walk.level);
}

/* With one page at two linear addresses, an operand that is walked along may come by twice. */
static unsigned aliases(gpa_t gpa)
{
	unsigned count = 0;

	for (unsigned i = 0; i < once.count; i++) {
		bool is_new = !((once.translation[i].gpa ^ gpa) & ~(gpa_t)PAGE_MASK);

		for (unsigned j = 0; j < i && is_new; j++)
			is_new = once.translation[i].linear != once.translation[j].linear ||
				 once.translation[i].gpa != once.translation[j].gpa;
		count += is_new;
	}
	return count;
}

/* How often the byte may be read by now. Tables are counted as entries, by the short cut or a walk. */
static unsigned allowed(gpa_t gpa)
{
	if (once.phase == PHASE_EXECUTE)
		return once.sides * MAX(aliases(gpa), 1u);
	return gpa - once.code < once.code_length ? 1 : QUICK_ENTRIES;
}

/* What was translated last is what is read: a descriptor is by the processor's own right. */
static enum role role_now(void)
{
	return once.count && (once.translation[once.count - 1].access & WALK_IMPLICIT)
		       ? ROLE_DESCRIPTOR
		       : ROLE_OPERAND;
}

static void on_read(gpa_t gpa, const void *ram, size_t length)
{
	uint8_t *reads = once.reads[role_now()];

	if (in_walk.active) {
		read_entry(gpa, ram, length);
		return;
	}
	if (once.phase == PHASE_FETCH && !(gpa - once.code < once.code_length))
		require(++once.quick <= QUICK_ENTRIES, "the short cut reads too many entries", gpa);
	for (size_t i = 0; once.phase != PHASE_NONE && i < length && gpa + i < RECORD_BYTES; i++)
		require(++reads[gpa + i] <= allowed(gpa + i), "a byte is read twice", gpa + i);
}

static void begin(enum phase phase)
{
	memset(&once, 0, sizeof(once));
	once.phase = phase;
	guest_record.on_read = on_read;
}

void read_once_fetch(gpa_t code, size_t length)
{
	begin(PHASE_FETCH);
	once.code = code;
	once.code_length = length;
}

void read_once_execute(unsigned sides, bool is_string)
{
	begin(PHASE_EXECUTE);
	once.sides = sides;
	once.is_string = is_string;
}

void read_once_walks(void)
{
	begin(PHASE_NONE);
}

/* Of an instruction that is no string each page is translated once for a kind of access. */
static void note_translation(gva_t linear, unsigned access, gpa_t gpa)
{
	gva_t page = linear & ~(gva_t)PAGE_MASK;

	for (unsigned i = 0; i < once.count && once.phase == PHASE_EXECUTE && !once.is_string; i++)
		require(once.translation[i].linear != page || once.translation[i].access != access,
			"a page is translated twice", linear);
	if (once.count < TRANSLATIONS)
		once.translation[once.count++] = (struct translation){page, gpa & ~(gpa_t)PAGE_MASK,
								      access};
}

enum walk_status __real_walk(const struct walk_context *context, gva_t linear, unsigned access,
			     struct walk_result *result);
enum walk_status __wrap_walk(const struct walk_context *context, gva_t linear, unsigned access,
			     struct walk_result *result);

enum walk_status __wrap_walk(const struct walk_context *context, gva_t linear, unsigned access,
			     struct walk_result *result)
{
	enum walk_status status;

	begin_walk(context, linear);
	status = __real_walk(context, linear, access, result);
	in_walk.active = false;
	if (status == WALK_OK)
		note_translation(linear, access, result->gpa);
	return status;
}
