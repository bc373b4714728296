/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS B01 and B02, host part: every single bit and every pair of bits of CR0, CR3 and CR4
 * toggled in each mode, against a list of the manual's rules that shares nothing with vmm/cr.c.
 */
/* sources: vmm/cr.c vmm/guest_mem.c vmm/partition.c tests/unit/vmm_fixture.c
 * tests/unit/cr_model.c tests/unit/guest_record.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/vmm_fixture.h"
#include <cmocka.h>

#include "tests/unit/cr_model.h"
#include "tests/unit/guest_record.h"

/* A modern processor as our CPUID shows it, and an old one. */
#define CR4_MODERN                                                                                   \
	(B(VME) | B(PVI) | B(TSD) | B(DE) | B(PSE) | B(PAE) | B(MCE) | B(PGE) | B(PCE) | B(OSFXSR) | \
	 B(OSXMM) | B(UMIP) | B(FSGSBASE) | B(PCIDE) | B(OSXSAVE) | B(SMEP) | B(SMAP) | B(PKE))
#define CR4_OLD (CR4_MODERN & ~(B(UMIP) | B(FSGSBASE) | B(PCIDE) | B(SMEP) | B(SMAP) | B(PKE)))

struct mode {
	const char *name;
	struct cr_state state;
};

#define LONG_CR0 (B(PE) | B(ET) | B(NE) | B(WP) | B(PG))

static const struct mode modes[] = {
	{"real mode", {.cr0 = B(ET)}},
	{"real mode at power-up", {.cr0 = B(ET) | B(CD) | B(NW)}},
	{"real mode, LME", {.cr0 = B(ET), .efer = B(LME)}},
	{"real mode, LME and PAE", {.cr0 = B(ET), .cr4 = B(PAE), .efer = B(LME)}},
	{"protected", {.cr0 = B(PE) | B(ET)}},
	{"protected, LME and PAE", {.cr0 = B(PE) | B(ET), .cr4 = B(PAE), .efer = B(LME)}},
	{"protected, LME, PAE and CS.L",
	 {.cr0 = B(PE) | B(ET), .cr4 = B(PAE), .efer = B(LME), .cs_long = true}},
	{"protected, LME, PAE and a 16-bit TSS",
	 {.cr0 = B(PE) | B(ET), .cr4 = B(PAE), .efer = B(LME), .tss_16 = true}},
	{"protected, 16-bit TSS", {.cr0 = B(PE) | B(ET), .tss_16 = true}},
	{"protected, PAE", {.cr0 = B(PE) | B(ET), .cr4 = B(PAE)}},
	{"32-bit paging", {.cr0 = B(PE) | B(ET) | B(PG), .cr3 = 0x5000}},
	{"PAE paging", {.cr0 = B(PE) | B(ET) | B(PG), .cr3 = 0x1000, .cr4 = B(PAE)}},
	{"64-bit",
	 {.cr0 = LONG_CR0,
	  .cr3 = 0x1000,
	  .cr4 = B(PAE) | B(PGE),
	  .efer = B(LME) | B(LMA),
	  .cs_long = true}},
	{"64-bit, PCID",
	 {.cr0 = LONG_CR0,
	  .cr3 = 0x1005,
	  .cr4 = B(PAE) | B(PCIDE),
	  .efer = B(LME) | B(LMA),
	  .cs_long = true}},
	{"64-bit, PCID in CR3 but not enabled",
	 {.cr0 = LONG_CR0, .cr3 = 0x1008, .cr4 = B(PAE), .efer = B(LME) | B(LMA), .cs_long = true}},
	{"compatibility", {.cr0 = LONG_CR0, .cr3 = 0x1000, .cr4 = B(PAE), .efer = B(LME) | B(LMA)}},
	{"compatibility, PCID",
	 {.cr0 = LONG_CR0, .cr3 = 0x1000, .cr4 = B(PAE) | B(PCIDE), .efer = B(LME) | B(LMA)}},
};

/* CR0 after a good write: bits that do not exist stay 0, ET stays 1. */
static uint64_t cr0_after(uint64_t value)
{
	uint64_t exist = B(PE) | B(MP) | B(EM) | B(TS) | B(NE) | B(WP) | B(AM) | B(NW) | B(CD) |
			 B(PG);

	return (value & exist) | B(ET);
}

static void check_good(const struct cr_write *w, const struct cr_state *now)
{
	bool paging = cr_has(now->cr0, PG);

	assert_int_equal(now->cr0, w->cr == 0 ? cr0_after(w->value) : w->old->cr0);
	if (w->cr == 3)
		assert_int_equal(now->cr3,
				 cr_has(w->old->cr4, PCIDE) ? w->value & ~B(63) : w->value);
	else
		assert_int_equal(now->cr3, w->old->cr3);
	assert_int_equal(now->cr4, w->cr == 4 ? w->value : w->old->cr4);
	assert_int_equal(cr_has(now->efer, LMA), cr_has(now->efer, LME) && paging);
	assert_int_equal(now->efer & ~B(LMA), w->old->efer & ~B(LMA));
	assert_int_equal(now->pdptr_loaded, cr_loads_pdptes(w));
}

static void check_write(const struct mode *mode, unsigned cr, uint64_t value, uint64_t cr4_valid,
			bool bad_pdptes)
{
	const struct cr_rules cr_rules = {.cr4_valid = cr4_valid, .phys_bits = PHYS_BITS};
	struct cr_write w = {&mode->state, cr, value, cr4_valid, bad_pdptes};
	struct cr_state now = mode->state;
	const char *broken = cr_broken_rule(&w);
	bool good = cr_load(&cr_rules, &now, cr, value);

	if (good == (broken != NULL))
		fail_msg("%s: CR%u = %llx is %s, rule: %s", mode->name, cr,
			 (unsigned long long)value, good ? "taken" : "refused",
			 broken ? broken : "none");
	if (good)
		check_good(&w, &now);
	else
		assert_memory_equal(&now, &mode->state, sizeof(now));
}

static uint64_t current(const struct cr_state *state, unsigned cr)
{
	return cr == 0 ? state->cr0 : cr == 3 ? state->cr3 : state->cr4;
}

/* All pairs of bits, a bit with itself being the single one. */
static void check_pairs(const struct mode *mode, unsigned cr, uint64_t cr4_valid, bool bad_pdptes)
{
	uint64_t value = current(&mode->state, cr);

	for (unsigned i = 0; i < 64; i++)
		for (unsigned j = i; j < 64; j++)
			check_write(mode, cr, value ^ (B(i) | B(j)), cr4_valid, bad_pdptes);
	check_write(mode, cr, value, cr4_valid, bad_pdptes);
}

static void put_pdptes(uint64_t value)
{
	for (gpa_t page = 0; page < MIB(1); page += 32)
		if (page < 0xa0000 || page >= 0xc0000)
			for (unsigned i = 0; i < 4; i++)
				memcpy(fixture_ram(page + i * 8), &value, sizeof(value));
}

/* PAE paging uses CR3 31:5; what is not RAM cannot be loaded from, so such values are left out. */
static void check_all(uint64_t cr4_valid, uint64_t pdpte, bool bad)
{
	static const unsigned crs[] = {0, 3, 4};

	fixture_init(GIB(2));
	put_pdptes(pdpte);
	for (unsigned m = 0; m < ARRAY_SIZE(modes); m++)
		for (unsigned i = 0; i < ARRAY_SIZE(crs); i++)
			if (crs[i] != 3 || strcmp(modes[m].name, "PAE paging") != 0)
				check_pairs(&modes[m], crs[i], cr4_valid, bad);
}

static void test_modern(void **state)
{
	(void)state;
	check_all(CR4_MODERN, 0x2001, false);
	check_all(CR4_MODERN | B(LA57), 0x2001, false);
}

static void test_old(void **state)
{
	(void)state;
	check_all(CR4_OLD, 0x2001, false);
}

static void test_bad_pdptes(void **state)
{
	(void)state;
	check_all(CR4_MODERN, 0x2003, true); /* bit 1 */
	check_all(CR4_MODERN, 0x2081, true); /* bit 7 */
	check_all(CR4_MODERN, B(PHYS_BITS) | 1, true);
	check_all(CR4_MODERN, B(63) | 1, true);	     /* no XD here */
	check_all(CR4_MODERN, B(63) | 0x1fe, false); /* not present: nothing is reserved */
}

static void test_every_rule_was_met(void **state)
{
	(void)state;
	if (cr_rule_never_met())
		fail_msg("never tried: %s", cr_rule_never_met());
}

static void test_pdptes_are_loaded(void **state)
{
	const struct cr_rules cr_rules = {.cr4_valid = CR4_MODERN, .phys_bits = PHYS_BITS};
	struct cr_state now = {.cr0 = B(PE) | B(ET) | B(PG), .cr3 = 0x5000, .cr4 = B(PAE)};
	const uint64_t table[4] = {0x3001, 0, 0x5001, 0x6001};

	(void)state;
	fixture_init(MIB(4));
	memcpy(fixture_ram(0x20e0), table, sizeof(table));
	assert_true(cr_load(&cr_rules, &now, 3, 0x20ff)); /* 4:0 are ignored */
	assert_true(now.pdptr_loaded);
	assert_memory_equal(now.pdptr, table, sizeof(table));
	assert_int_equal(now.cr3, 0x20ff);
	/* Bit 5 is QEMU's, which VMX's entry would refuse. */
	memcpy(fixture_ram(0x20e8), &(uint64_t){0x4021}, 8);
	assert_true(cr_load(&cr_rules, &now, 3, 0x20e0));
	assert_int_equal(now.pdptr[1], 0x4001);
	/* Where no RAM is, reads give all-ones: reserved bits. */
	assert_false(cr_load(&cr_rules, &now, 3, 0xb0000));
	assert_false(cr_load(&cr_rules, &now, 3, MIB(4)));
}

/* What is checked is what is loaded: another vCPU inverts each entry as soon as it was read. */
static void test_pdptes_are_read_once(void **state)
{
	const struct cr_rules cr_rules = {.cr4_valid = CR4_MODERN, .phys_bits = PHYS_BITS};
	struct cr_state now = {.cr0 = B(PE) | B(ET) | B(PG), .cr3 = 0x5000, .cr4 = B(PAE)};
	const uint64_t table[4] = {0x3001, 0, 0x5001, 0x6001};

	(void)state;
	fixture_init(MIB(4));
	memcpy(fixture_ram(0x20e0), table, sizeof(table));
	guest_record_reset();
	guest_record.mutate = true;
	assert_true(cr_load(&cr_rules, &now, 3, 0x20e0));
	assert_memory_equal(now.pdptr, table, sizeof(table));
	assert_int_equal(guest_record.twice, 0);
	guest_record_reset();
}

static void test_no_such_register(void **state)
{
	const struct cr_rules cr_rules = {.cr4_valid = CR4_MODERN, .phys_bits = PHYS_BITS};
	struct cr_state now = modes[0].state;

	(void)state;
	for (unsigned cr = 0; cr < 256; cr++)
		if (cr != 0 && cr != 3 && cr != 4)
			assert_false(cr_load(&cr_rules, &now, cr, 0));
}

/* CPUID's features decide: SDM 3A 2.5 names one for each bit. */
static void test_cr4_follows_cpuid(void **state)
{
	const uint32_t all = 0xffffffff;

	(void)state;
	assert_int_equal(cr4_valid_bits(all, all, all, all), CR4_MODERN | B(LA57));
	assert_int_equal(cr4_valid_bits(all, all, all, all & ~(1u << 16)), CR4_MODERN);
	assert_int_equal(cr4_valid_bits(all & ~(1u << 17), all, all & ~(1u | 1u << 7 | 1u << 20),
					all & ~(1u << 2 | 1u << 3 | 1u << 16)),
			 CR4_OLD);
	assert_int_equal(cr4_valid_bits(0, 0, 0, 0), B(PCE));
	assert_false(cr4_valid_bits(all, all, all, all) &
		     (B(VMXE) | B(SMXE) | B(CET) | B(PKS) | B(UINTR)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modern),
		cmocka_unit_test(test_old),
		cmocka_unit_test(test_bad_pdptes),
		cmocka_unit_test(test_every_rule_was_met),
		cmocka_unit_test(test_pdptes_are_loaded),
		cmocka_unit_test(test_pdptes_are_read_once),
		cmocka_unit_test(test_no_such_register),
		cmocka_unit_test(test_cr4_follows_cpuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
