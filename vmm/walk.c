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

enum { MAX_LEVELS = 5 };

_Static_assert((int)WALK_WRITE == (int)ENTRY_RW, "what an access needs is what an entry allows");

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

/*
 * SDM 3A 4.4.1 "PDPTE Registers": no permissions there, and bits 2:1, 8:5 and 63 up are reserved. But QEMU
 * sets A (bit 5) when it walks; a processor would have refused it.
 */
#define PDPTE_RESERVED (BITS(2, 1) | BITS(8, 6) | BITS(63, 52))

/* What a walk has gathered on its way down. Lives in registers. */
struct walk_sum {
	uint64_t address; /* of the next table, then of the page */
	uint64_t all;	  /* AND of the entries: RW, US, A */
	uint64_t any;	  /* OR of the entries: NX */
	uint64_t leaf;	  /* the last entry */
	gpa_t where;	  /* the last entry's place */
	unsigned level;	  /* and level */
};

/* The entries that it used, by level: for the A and D bits. */
struct walk_path {
	uint64_t entry[MAX_LEVELS + 1];
};

static bool access_is_user(const struct walk_context *context, unsigned access)
{
	return context->cpl == 3 && !(access & WALK_IMPLICIT);
}

/* SDM 3A 4.7: the fetch bit is reported only where a fetch can differ from a read. */
static bool fetch_reported(const struct walk_context *context)
{
	return (context->cr4 & CR4_SMEP) || ((context->cr4 & CR4_PAE) && (context->efer & EFER_NXE));
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
static unsigned permission_fault(const struct walk_context *context, unsigned access, uint64_t all,
				 uint64_t any, uint64_t leaf)
{
	unsigned cause = 0;

	if ((access & WALK_FETCH) && (any & ENTRY_NX))
		cause = FAULT_PRESENT;
	if (access_is_user(context, access)) {
		uint64_t need = ENTRY_US | (access & WALK_WRITE ? ENTRY_RW : 0);

		if (~all & need)
			cause = FAULT_PRESENT;
	} else if (supervisor_denied(context, access, all)) {
		cause = FAULT_PRESENT;
	}
	if ((context->cr4 & CR4_PKE) && (context->efer & EFER_LMA) && (all & ENTRY_US) &&
	    !(access & WALK_FETCH) && key_denies(context, access, leaf))
		cause = FAULT_PRESENT | FAULT_KEY;
	return cause;
}

/*
 * The usual case, without a call: what the access needs is allowed, and none of the rules applies
 * that depend on more than one bit. A false says nothing; permission_fault decides.
 */
static inline bool plainly_allowed(const struct walk_context *context, unsigned access,
				   const struct walk_sum *sum)
{
	uint64_t need = access & WALK_WRITE; /* the same bit as ENTRY_RW */
	uint64_t features = CR4_PKE;

	if (access_is_user(context, access))
		need |= ENTRY_US;
	else if (sum->all & ENTRY_US)
		features |= CR4_SMEP | CR4_SMAP;
	return !(~sum->all & need) && !(context->cr4 & features) &&
	       !((access & WALK_FETCH) && (sum->any & ENTRY_NX));
}

static inline unsigned level_shift(const struct walk_format *format, unsigned level)
{
	return PAGE_SHIFT + format->index_bits * (level - 1);
}

/* Where in its table the entry of a level is. */
static inline uint64_t entry_offset(const struct walk_format *format, unsigned level, gva_t linear)
{
	uint64_t index = linear >> level_shift(format, level) & (BIT(format->index_bits) - 1);

	return index * format->entry_size;
}

/* Sets the A and D bits that are not set yet, top down as the processor does. */
static enum walk_status update_entries(const struct walk_format *format,
				       const struct walk_path *path, gpa_t table, unsigned top,
				       unsigned last, gva_t linear, unsigned access)
{
	for (unsigned level = top; level >= last; level--) {
		uint64_t old = path->entry[level];
		uint64_t dirty = level == last && (access & WALK_WRITE) ? ENTRY_D : 0;
		uint64_t new = old | ENTRY_A | dirty;
		gpa_t where = table + entry_offset(format, level, linear);

		table = old & ENTRY_ADDRESS;
		if (new == old)
			continue;
		if (guest_cmpxchg(where, format->entry_size, old, new) != GUEST_SWAPPED)
			return WALK_RETRY;
	}
	return WALK_OK;
}

static inline bool accessed_is_set(const struct walk_sum *sum, unsigned access)
{
	return (sum->all & ENTRY_A) && (!(access & WALK_WRITE) || (sum->leaf & ENTRY_D));
}

static inline struct guest_word read_entry(const struct walk_format *format, gpa_t where)
{
	struct guest_word word = {0};
	uint32_t narrow;

	if (format->entry_size == 8)
		return guest_read_word(where);
	word.ok = guest_read(where, &narrow, sizeof(narrow));
	word.value = word.ok ? narrow : 0;
	return word;
}

/*
 * SDM 3A 4.3 "32-Bit Paging": with PSE-36 bits 20:13 of a 4 MiB entry are address bits 39:32, and
 * those beyond MAXPHYADDR are reserved, as bit 21 always is.
 */
static uint64_t legacy_large(const struct walk_context *context, uint64_t entry, uint64_t *reserved)
{
	unsigned high = MIN(MAX(context->maxphyaddr, 32u), 40u) - 32;

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

/* Bits that are reserved in every entry. */
static inline uint64_t always_reserved(const struct walk_format *format,
				       const struct walk_context *context)
{
	if (format->entry_size == 4)
		return 0;
	return format->reserved | (BITS(51, 0) & ~0ULL << context->maxphyaddr) |
	       (context->efer & EFER_NXE ? 0 : ENTRY_NX);
}

enum walk_step { STEP_DOWN, STEP_LAST, STEP_NOT_PRESENT, STEP_RESERVED, STEP_UNBACKED };

/* An entry above level 1 with the PS bit: a large page, a reserved bit, or (4 bytes, no PSE) a table. */
static inline enum walk_step large_step(const struct walk_format *format,
					const struct walk_context *context, unsigned level,
					struct walk_sum *sum)
{
	unsigned shift = level_shift(format, level);
	uint64_t reserved;

	if (!(large_levels(format, context) & BIT(level)))
		return format->entry_size == 8 ? STEP_RESERVED : STEP_DOWN;
	if (format->entry_size == 4) {
		sum->address = legacy_large(context, sum->leaf, &reserved);
	} else {
		reserved = BIT(shift) - BIT(13); /* bit 12 is PAT */
		sum->address &= ~(BIT(shift) - 1);
	}
	return sum->leaf & reserved ? STEP_RESERVED : STEP_LAST;
}

/* One level. Inlined with format and level constant, it is about 20 instructions. */
static inline __attribute__((always_inline)) enum walk_step
walk_step(const struct walk_format *format, const struct walk_context *context, unsigned level,
	  gva_t linear, uint64_t reserved, struct walk_sum *sum, struct walk_path *path)
{
	struct guest_word word;

	sum->level = level;
	sum->where = sum->address + entry_offset(format, level, linear);
	word = read_entry(format, sum->where);
	if (__builtin_expect(!word.ok, 0))
		return STEP_UNBACKED;
	if (__builtin_expect(!(word.value & ENTRY_P), 0))
		return STEP_NOT_PRESENT;
	if (__builtin_expect(!!(word.value & reserved), 0))
		return STEP_RESERVED;
	path->entry[level] = word.value;
	sum->leaf = word.value;
	sum->all &= word.value;
	sum->any |= word.value;
	sum->address = word.value & ENTRY_ADDRESS;
	if (level == 1)
		return STEP_LAST;
	if (__builtin_expect(!!(word.value & ENTRY_PS), 0))
		return large_step(format, context, level, sum);
	return STEP_DOWN;
}

static enum walk_status stopped(const struct walk_context *context, enum walk_step step,
				unsigned access, gpa_t where, struct walk_result *result)
{
	if (step == STEP_UNBACKED) {
		result->gpa = where;
		return WALK_UNBACKED;
	}
	return fault(context, access, step == STEP_RESERVED ? FAULT_PRESENT | FAULT_RESERVED : 0,
		     result);
}

/*
 * Walks the tables below `table`, which is at level `top`. Inlined into each caller, where the format
 * and the levels are constants.
 */
static inline __attribute__((always_inline)) enum walk_status
walk_levels(const struct walk_format *format, const struct walk_context *context, gpa_t table,
	    unsigned top, gva_t linear, unsigned access, struct walk_result *result)
{
	struct walk_path path __attribute__((uninitialized));
	struct walk_sum sum = {.address = table, .all = ~0ULL};
	uint64_t reserved = always_reserved(format, context);
	enum walk_step step = STEP_DOWN;
	unsigned cause;

	if (top >= 5)
		step = walk_step(format, context, 5, linear, reserved, &sum, &path);
	if (top >= 4 && step == STEP_DOWN)
		step = walk_step(format, context, 4, linear, reserved, &sum, &path);
	if (top >= 3 && step == STEP_DOWN)
		step = walk_step(format, context, 3, linear, reserved, &sum, &path);
	if (step == STEP_DOWN)
		step = walk_step(format, context, 2, linear, reserved, &sum, &path);
	if (step == STEP_DOWN)
		step = walk_step(format, context, 1, linear, reserved, &sum, &path);
	if (step != STEP_LAST)
		return stopped(context, step, access, sum.where, result);
	if (!plainly_allowed(context, access, &sum)) {
		cause = permission_fault(context, access, sum.all, sum.any, sum.leaf);
		if (cause)
			return fault(context, access, cause, result);
	}
	result->gpa = sum.address | (linear & (BIT(level_shift(format, sum.level)) - 1));
	if (accessed_is_set(&sum, access))
		return WALK_OK;
	return update_entries(format, &path, table, top, sum.level, linear, access);
}

static enum walk_status walk_4_levels(const struct walk_context *context, gva_t linear,
				      unsigned access, struct walk_result *result)
{
	return walk_levels(&format_long, context, context->cr3 & ENTRY_ADDRESS, 4, linear, access,
			   result);
}

static enum walk_status walk_5_levels(const struct walk_context *context, gva_t linear,
				      unsigned access, struct walk_result *result)
{
	return walk_levels(&format_long, context, context->cr3 & ENTRY_ADDRESS, 5, linear, access,
			   result);
}

/* The page-directory-pointer entry is read here as the nested-paging hardware of SVM does it, on use. */
static enum walk_status walk_pae(const struct walk_context *context, gva_t linear, unsigned access,
				 struct walk_result *result)
{
	uint64_t reserved = PDPTE_RESERVED | (BITS(51, 0) & ~0ULL << context->maxphyaddr);
	struct guest_word word;

	result->gpa = (context->cr3 & BITS(31, 5)) + (linear >> 30 & 3) * 8;
	word = guest_read_word(result->gpa);
	if (!word.ok)
		return WALK_UNBACKED;
	if (!(word.value & ENTRY_P))
		return fault(context, access, 0, result);
	if (word.value & reserved)
		return fault(context, access, FAULT_PRESENT | FAULT_RESERVED, result);
	return walk_levels(&format_pae, context, word.value & ENTRY_ADDRESS, 2, linear, access,
			   result);
}

static enum walk_status walk_legacy(const struct walk_context *context, gva_t linear,
				    unsigned access, struct walk_result *result)
{
	return walk_levels(&format_legacy, context, context->cr3 & BITS(31, 12), 2, linear, access,
			   result);
}

enum walk_status walk(const struct walk_context *context, gva_t linear, unsigned access,
		      struct walk_result *result)
{
	if (context->efer & EFER_LMA)
		return context->cr4 & CR4_LA57 ? walk_5_levels(context, linear, access, result)
					       : walk_4_levels(context, linear, access, result);
	if (!(context->cr0 & CR0_PG)) {
		result->gpa = linear;
		return WALK_OK;
	}
	if (context->cr4 & CR4_PAE)
		return walk_pae(context, linear, access, result);
	return walk_legacy(context, linear, access, result);
}
