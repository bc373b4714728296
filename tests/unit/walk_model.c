/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of the page walk: one line of the manual a line; no table of formats, no fast path. */
#include "tests/unit/walk_model.h"

#include <string.h>

#include "vmm/cpu_bits.h"

enum { RAM_SIZE = MODEL_RAM };

uint8_t *model_ram;

struct model {
	const struct walk_context *c;
	unsigned access;
	bool present_fault;
	gpa_t used[5];
	unsigned used_count, entry_size;
	bool writable, user, no_execute;
	unsigned key;
};

static bool model_bit(uint64_t value, unsigned bit)
{
	return value >> bit & 1;
}

static uint64_t model_read(const struct model *m, gpa_t at)
{
	uint64_t value = 0;

	memcpy(&value, model_ram + at, m->entry_size);
	return value;
}

static bool model_nx_on(const struct walk_context *c)
{
	return (c->cr4 & CR4_PAE) && (c->efer & EFER_NXE);
}

static uint32_t model_error(const struct model *m, bool present, bool reserved, bool key)
{
	uint32_t error = present ? 1 : 0;

	if (m->access & WALK_WRITE)
		error |= 2;
	if (m->c->cpl == 3 && !(m->access & WALK_IMPLICIT))
		error |= 4;
	if (reserved)
		error |= 8;
	if ((m->access & WALK_FETCH) && ((m->c->cr4 & CR4_SMEP) || model_nx_on(m->c)))
		error |= 16;
	if (key)
		error |= 32;
	return error;
}

static bool model_high_reserved(const struct model *m, uint64_t entry, bool pae)
{
	for (unsigned bit = m->c->maxphyaddr; bit < 52; bit++)
		if (model_bit(entry, bit))
			return true;
	for (unsigned bit = 52; pae && bit < 63; bit++)
		if (model_bit(entry, bit))
			return true;
	return model_bit(entry, 63) && !model_nx_on(m->c);
}

static bool model_bits_set(uint64_t entry, unsigned high, unsigned low)
{
	for (unsigned bit = low; bit <= high; bit++)
		if (model_bit(entry, bit))
			return true;
	return false;
}

/* Rights of SDM 3A 4.6, by its bullet points. */
static bool model_allowed(const struct model *m, bool *key)
{
	const struct walk_context *c = m->c;
	bool user_access = c->cpl == 3 && !(m->access & WALK_IMPLICIT);
	bool write = m->access & WALK_WRITE, fetch = m->access & WALK_FETCH;
	bool wp = c->cr0 & CR0_WP, allowed;

	if (!user_access && !m->user)
		allowed = fetch ? !m->no_execute : write ? m->writable || !wp : true;
	else if (!user_access && fetch)
		allowed = !(c->cr4 & CR4_SMEP) && !m->no_execute;
	else if (!user_access) {
		bool smap = (c->cr4 & CR4_SMAP) &&
			    ((m->access & WALK_IMPLICIT) || !(c->rflags & RFLAGS_AC));

		allowed = !smap && (!write || m->writable || !wp);
	} else if (!m->user)
		allowed = false;
	else
		allowed = fetch ? !m->no_execute : !write || m->writable;
	*key = false;
	if ((c->cr4 & CR4_PKE) && (c->efer & EFER_LMA) && m->user && !fetch) {
		bool ad = model_bit(c->pkru, m->key * 2), wd = model_bit(c->pkru, m->key * 2 + 1);

		*key = ad || (wd && write && (user_access || wp));
	}
	return allowed && !*key;
}

static void model_note(struct model *m, gpa_t at, uint64_t entry)
{
	m->used[m->used_count++] = at;
	m->writable &= model_bit(entry, 1);
	m->user &= model_bit(entry, 2);
	m->no_execute |= model_bit(entry, 63);
	m->key = (unsigned)(entry >> 59) & 15;
}

static enum walk_status model_finish(struct model *m, uint64_t gpa, struct walk_result *result)
{
	bool key;

	if (!model_allowed(m, &key)) {
		result->error = model_error(m, true, false, key);
		return WALK_FAULT;
	}
	for (unsigned i = 0; i < m->used_count; i++) {
		model_ram[m->used[i]] |= 0x20;
		if ((m->access & WALK_WRITE) && i + 1 == m->used_count)
			model_ram[m->used[i]] |= 0x40;
	}
	result->gpa = gpa;
	return WALK_OK;
}

static enum walk_status model_fault(struct model *m, bool present, struct walk_result *result)
{
	result->error = model_error(m, present, present, false);
	return WALK_FAULT;
}

static enum walk_status model_32(struct model *m, uint32_t linear, struct walk_result *result)
{
	gpa_t at = (m->c->cr3 & 0xfffff000) + (linear >> 22) * 4;
	uint64_t entry;

	m->entry_size = 4;
	if (at + 4 > RAM_SIZE)
		return result->gpa = at, WALK_UNBACKED;
	entry = model_read(m, at);
	if (!(entry & 1))
		return model_fault(m, false, result);
	if (model_bit(entry, 7) && (m->c->cr4 & CR4_PSE)) {
		uint64_t high = entry >> 13 & 0xff;
		unsigned width = m->c->maxphyaddr < 40 ? m->c->maxphyaddr - 32u : 8u;

		if (model_bit(entry, 21) || high >> width)
			return model_fault(m, true, result);
		model_note(m, at, entry);
		return model_finish(m, high << 32 | (entry & 0xffc00000) | (linear & 0x3fffff),
				    result);
	}
	model_note(m, at, entry);
	at = (entry & 0xfffff000) + (linear >> 12 & 1023) * 4;
	if (at + 4 > RAM_SIZE)
		return result->gpa = at, WALK_UNBACKED;
	entry = model_read(m, at);
	if (!(entry & 1))
		return model_fault(m, false, result);
	model_note(m, at, entry);
	return model_finish(m, (entry & 0xfffff000) | (linear & 0xfff), result);
}

/* Eight-byte entries from `level` down; level 1 maps 4 KiB. */
static enum walk_status model_64(struct model *m, gpa_t table, unsigned level, uint64_t linear,
				 bool pae, struct walk_result *result)
{
	unsigned shift = level == 5 ? 48 : level == 4 ? 39 : level == 3 ? 30 : level == 2 ? 21 : 12;
	gpa_t at = table + (linear >> shift & 511) * 8;
	uint64_t entry;

	m->entry_size = 8;
	if (at + 8 > RAM_SIZE)
		return result->gpa = at, WALK_UNBACKED;
	entry = model_read(m, at);
	if (!model_bit(entry, 0))
		return model_fault(m, false, result);
	if (model_high_reserved(m, entry, pae))
		return model_fault(m, true, result);
	if (level > 1 && model_bit(entry, 7)) {
		if (level > 3 || (level == 3 && !m->c->gib_pages) ||
		    model_bits_set(entry, shift - 1, 13))
			return model_fault(m, true, result);
		model_note(m, at, entry);
		return model_finish(m,
				    (entry >> shift << shift & 0xfffffffffffff) |
					    (linear & ((1ULL << shift) - 1)),
				    result);
	}
	model_note(m, at, entry);
	if (level == 1)
		return model_finish(m, (entry & 0xffffffffff000) | (linear & 0xfff), result);
	return model_64(m, entry & 0xffffffffff000, level - 1, linear, pae, result);
}

static enum walk_status model_pae(struct model *m, uint32_t linear, struct walk_result *result)
{
	gpa_t at = (m->c->cr3 & 0xffffffe0) + (linear >> 30) * 8;
	uint64_t entry;

	m->entry_size = 8;
	if (at + 8 > RAM_SIZE)
		return result->gpa = at, WALK_UNBACKED;
	entry = model_read(m, at);
	if (!model_bit(entry, 0))
		return model_fault(m, false, result);
	/* Bit 5 is reserved, too, but set by QEMU. */
	if (model_bits_set(entry, 2, 1) || model_bits_set(entry, 8, 6) ||
	    model_bits_set(entry, 63, m->c->maxphyaddr))
		return model_fault(m, true, result);
	return model_64(m, entry & 0xffffffffff000, 2, linear, true, result);
}

enum walk_status model_walk(const struct walk_context *c, uint64_t linear, unsigned access,
			    struct walk_result *result)
{
	struct model m = {.c = c, .access = access, .writable = true, .user = true};

	if (!(c->cr0 & CR0_PG)) {
		result->gpa = linear;
		return WALK_OK;
	}
	if (c->efer & EFER_LMA)
		return model_64(&m, c->cr3 & 0xffffffffff000, c->cr4 & CR4_LA57 ? 5 : 4, linear,
				false, result);
	if (c->cr4 & CR4_PAE)
		return model_pae(&m, (uint32_t)linear, result);
	return model_32(&m, (uint32_t)linear, result);
}
