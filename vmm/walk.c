/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's page walk. One loop for every format: the formats differ in entry size, levels and
 * reserved bits, and are constants that the compiler folds into the copy of the loop for each.
 */
#include "vmm/walk.h"

#include "vmm/cpu_bits.h"
#include "vmm/guest_mem.h"

/* SDM 3A 4.5 "4-Level Paging and 5-Level Paging", the bits that all formats share */
enum entry_bits {
	ENTRY_P = 1 << 0,
	ENTRY_RW = 1 << 1,
	ENTRY_US = 1 << 2,
	ENTRY_A = 1 << 5,
	ENTRY_D = 1 << 6,
	ENTRY_PS = 1 << 7,
};

#define ENTRY_NX	BIT(63)
#define ENTRY_ADDRESS	BITS(51, 12)
#define ENTRY_KEY_SHIFT 59

enum { MAX_LEVELS = 5, MAX_TRIES = 4 };

/* What differs between the formats of a table hierarchy. */
struct walk_format {
	unsigned entry_size;
	unsigned index_bits;
	unsigned large_levels; /* bit n: an entry of level n may map a page itself, by its PS bit */
	uint64_t reserved;     /* in every entry */
};

/* Levels 2 and 3 map 2 MiB and 1 GiB; bits 62:52 are free or the protection key. */
static const struct walk_format format_long = {8, 9, BIT(2) | BIT(3), 0};
static const struct walk_format format_pae = {8, 9, BIT(2), BITS(62, 52)};
static const struct walk_format format_legacy = {4, 10, BIT(2), 0};

/* SDM 3A 4.4.1 "PDPTE Registers": no permissions there, and bits 2:1, 8:5 and 63 up are reserved */
#define PDPTE_RESERVED (BITS(2, 1) | BITS(8, 5) | BITS(63, 52))

/* One walk under way: the entries that it used, for the A and D bits, and what they add up to. */
struct walk_path {
	unsigned count;
	gpa_t where[MAX_LEVELS];
	uint64_t entry[MAX_LEVELS];
	uint64_t all; /* AND of the entries: RW, US, A */
	uint64_t any; /* OR of the entries: NX */
};

static bool access_is_user(const struct walk_context *context, unsigned access)
{
	return context->cpl == 3 && !(access & WALK_IMPLICIT);
}

/* SDM 3A 4.7: the fetch bit is reported only where a fetch can differ from a read. */
static bool fetch_reported(const struct walk_context *context)
{
	return (context->cr4 & CR4_SMEP) ||
	       ((context->cr4 & CR4_PAE) && (context->efer & EFER_NXE));
}

static enum walk_status fault(const struct walk_context *context, unsigned access, unsigned cause,
			      struct walk_result *result)
{
	unsigned error = cause | (access & WALK_WRITE);

	if (access_is_user(context, access))
		error |= FAULT_USER;
	if ((access & WALK_FETCH) && fetch_reported(context))
		error |= FAULT_FETCH;
	result->error = error;
	return WALK_FAULT;
}

/* SDM 3A 4.6.2 "Protection Keys" */
static bool key_denies(const struct walk_context *context, unsigned access, uint64_t leaf)
{
	unsigned key = (leaf >> ENTRY_KEY_SHIFT) & 15;
	unsigned rights = context->pkru >> (2 * key);

	if (rights & 1)
		return true;
	return (rights & 2) && (access & WALK_WRITE) &&
	       ((context->cr0 & CR0_WP) || access_is_user(context, access));
}

static bool supervisor_denied(const struct walk_context *context, unsigned access, uint64_t all)
{
	if ((access & WALK_WRITE) && !(all & ENTRY_RW) && (context->cr0 & CR0_WP))
		return true;
	if (!(all & ENTRY_US))
		return false;
	if (access & WALK_FETCH)
		return context->cr4 & CR4_SMEP;
	return (context->cr4 & CR4_SMAP) &&
	       ((access & WALK_IMPLICIT) || !(context->rflags & RFLAGS_AC));
}

/* SDM 3A 4.6.1 "Determination of Access Rights". Returns the error code's cause bits, or 0. */
static inline unsigned permission_fault(const struct walk_context *context, unsigned access,
					const struct walk_path *path)
{
	unsigned cause = 0;

	if ((access & WALK_FETCH) && (path->any & ENTRY_NX))
		cause = FAULT_PRESENT;
	if (access_is_user(context, access)) {
		uint64_t need = ENTRY_US | (access & WALK_WRITE ? ENTRY_RW : 0);

		if (~path->all & need)
			cause = FAULT_PRESENT;
	} else if (supervisor_denied(context, access, path->all)) {
		cause = FAULT_PRESENT;
	}
	if ((context->cr4 & CR4_PKE) && (context->efer & EFER_LMA) && (path->all & ENTRY_US) &&
	    !(access & WALK_FETCH) && key_denies(context, access, path->entry[path->count - 1]))
		cause = FAULT_PRESENT | FAULT_KEY;
	return cause;
}

/* The slow half of set_accessed: some bit is not set yet. */
static enum walk_status update_entries(const struct walk_format *format, struct walk_path *path,
				       bool write, struct walk_result *result)
{
	for (unsigned i = 0; i < path->count; i++) {
		uint64_t old = path->entry[i];
		uint64_t new = old | ENTRY_A | (write && i + 1 == path->count ? ENTRY_D : 0);

		if (new == old)
			continue;
		switch (guest_cmpxchg(path->where[i], format->entry_size, old, new)) {
		case GUEST_SWAPPED:
			break;
		case GUEST_DIFFERS:
			return WALK_RETRY;
		case GUEST_NO_RAM:
			result->gpa = path->where[i];
			return WALK_UNBACKED;
		}
	}
	return WALK_OK;
}

static inline enum walk_status set_accessed(const struct walk_format *format,
					    struct walk_path *path, unsigned access,
					    struct walk_result *result)
{
	bool write = access & WALK_WRITE;

	if ((path->all & ENTRY_A) && (!write || (path->entry[path->count - 1] & ENTRY_D)))
		return WALK_OK;
	return update_entries(format, path, write, result);
}

static inline bool read_entry(const struct walk_format *format, gpa_t where, uint64_t *entry)
{
	uint32_t narrow;

	if (format->entry_size == 8)
		return guest_read_u64(where, entry);
	if (!guest_read(where, &narrow, sizeof(narrow)))
		return false;
	*entry = narrow;
	return true;
}

/*
 * SDM 3A 4.3 "32-Bit Paging": with PSE-36 bits 20:13 of a 4 MiB entry are address bits 39:32, and
 * those beyond MAXPHYADDR are reserved, as bit 21 always is.
 */
static uint64_t legacy_large(const struct walk_context *context, uint64_t entry, uint64_t *reserved)
{
	unsigned high = MIN(context->maxphyaddr, 40u) - 32;

	*reserved = BIT(21) | (BITS(20, 13) & ~0ULL << (13 + high));
	return (entry & BITS(31, 22)) | (entry & BITS(20, 13)) << 19;
}

/* The levels that may map a large page, of which the context has some switched off. */
static inline unsigned large_levels(const struct walk_format *format,
				    const struct walk_context *context)
{
	if (format->entry_size == 4)
		return context->cr4 & CR4_PSE ? format->large_levels : 0;
	return format->large_levels & (context->gib_pages ? ~0u : ~(unsigned)BIT(3));
}

/* What the loop of walk_levels needs of an entry that is present. */
struct walk_entry {
	uint64_t value;
	uint64_t address;  /* of the page or of the next table */
	uint64_t reserved; /* bits reserved because of the PS bit */
};

/* True if the entry ends the walk: it maps a page, or its PS bit is itself reserved. */
static inline bool entry_is_last(const struct walk_format *format,
				 const struct walk_context *context, unsigned level,
				 unsigned shift, struct walk_entry *entry)
{
	entry->reserved = 0;
	entry->address = entry->value & ENTRY_ADDRESS;
	if (level == 1)
		return true;
	if (!(entry->value & ENTRY_PS))
		return false;
	if (!(large_levels(format, context) & BIT(level))) {
		entry->reserved = format->entry_size == 8 ? ENTRY_PS : 0;
		return entry->reserved;
	}
	if (format->entry_size == 4) {
		entry->address = legacy_large(context, entry->value, &entry->reserved);
	} else {
		entry->reserved = BIT(shift) - BIT(13); /* bit 12 is PAT */
		entry->address &= ~(BIT(shift) - 1);
	}
	return true;
}

/* Bits that are reserved in every entry. */
static inline uint64_t always_reserved(const struct walk_format *format,
				       const struct walk_context *context)
{
	if (format->entry_size == 4)
		return 0;
	return format->reserved | (BITS(51, 0) & ~0ULL << context->maxphyaddr) |
	       (context->efer & EFER_NXE ? 0 : ENTRY_NX);
}

/*
 * Walks the tables below `table`, which is at `level`. Inlined into each caller, where the format is
 * a constant: that makes the usual walk about 20 instructions a level.
 */
static inline __attribute__((always_inline)) enum walk_status
walk_levels(const struct walk_format *format, const struct walk_context *context, gpa_t table,
	    unsigned level, gva_t linear, unsigned access, struct walk_result *result)
{
	struct walk_path path __attribute__((uninitialized));
	struct walk_entry entry = {.address = table};
	unsigned shift = PAGE_SHIFT + format->index_bits * level;
	uint64_t reserved = always_reserved(format, context);
	unsigned cause;

	path.count = 0;
	path.all = ~0ULL;
	path.any = 0;
	for (bool last = false; !last; level--) {
		uint64_t index_mask = BIT(format->index_bits) - 1;

		shift -= format->index_bits;
		result->gpa = entry.address + (linear >> shift & index_mask) * format->entry_size;
		if (!read_entry(format, result->gpa, &entry.value))
			return WALK_UNBACKED;
		if (!(entry.value & ENTRY_P))
			return fault(context, access, 0, result);
		last = entry_is_last(format, context, level, shift, &entry);
		if (entry.value & (reserved | entry.reserved))
			return fault(context, access, FAULT_PRESENT | FAULT_RESERVED, result);
		path.where[path.count] = result->gpa;
		path.entry[path.count++] = entry.value;
		path.all &= entry.value;
		path.any |= entry.value;
	}
	cause = permission_fault(context, access, &path);
	if (cause)
		return fault(context, access, cause, result);
	result->gpa = entry.address | (linear & (BIT(shift) - 1));
	return set_accessed(format, &path, access, result);
}

static enum walk_status walk_long(const struct walk_context *context, gva_t linear,
				  unsigned access, struct walk_result *result)
{
	unsigned levels = context->cr4 & CR4_LA57 ? 5 : 4;

	return walk_levels(&format_long, context, context->cr3 & ENTRY_ADDRESS, levels, linear,
			   access, result);
}

/* The page-directory-pointer entry is read here as the nested-paging hardware of SVM does it, on use. */
static enum walk_status walk_pae(const struct walk_context *context, gva_t linear, unsigned access,
				 struct walk_result *result)
{
	uint64_t reserved = PDPTE_RESERVED | (BITS(51, 0) & ~0ULL << context->maxphyaddr);
	uint64_t entry;

	result->gpa = (context->cr3 & BITS(31, 5)) + (linear >> 30 & 3) * 8;
	if (!guest_read_u64(result->gpa, &entry))
		return WALK_UNBACKED;
	if (!(entry & ENTRY_P))
		return fault(context, access, 0, result);
	if (entry & reserved)
		return fault(context, access, FAULT_PRESENT | FAULT_RESERVED, result);
	return walk_levels(&format_pae, context, entry & ENTRY_ADDRESS, 2, linear, access, result);
}

static enum walk_status walk_legacy(const struct walk_context *context, gva_t linear,
				    unsigned access, struct walk_result *result)
{
	return walk_levels(&format_legacy, context, context->cr3 & BITS(31, 12), 2, linear, access,
			   result);
}

static inline enum walk_status walk_once(const struct walk_context *context, gva_t linear,
					 unsigned access, struct walk_result *result)
{
	if (context->efer & EFER_LMA)
		return walk_long(context, linear, access, result);
	if (!(context->cr0 & CR0_PG)) {
		result->gpa = linear;
		return WALK_OK;
	}
	if (context->cr4 & CR4_PAE)
		return walk_pae(context, linear, access, result);
	return walk_legacy(context, linear, access, result);
}

enum walk_status walk(const struct walk_context *context, gva_t linear, unsigned access,
		      struct walk_result *result)
{
	enum walk_status status = walk_once(context, linear, access, result);

	/* A race for the A and D bits starts afresh: what the first try read decides nothing. */
	for (unsigned tries = 1; status == WALK_RETRY && tries < MAX_TRIES; tries++)
		status = walk_once(context, linear, access, result);
	return status;
}
