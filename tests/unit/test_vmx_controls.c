/* SPDX-License-Identifier: BSD-2-Clause */
/* Which processors the VMX backend takes, and in what words it refuses the others (L10, L12); VPIDs. */
/* sources: arch/x86_64/vmx/controls.c arch/x86_64/vmx/vpid.c lib/format.c lib/string.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "arch/x86_64/regs.h"
#include "arch/x86_64/vmx/controls.h"
#include "arch/x86_64/vmx/vpid.h"

#define HOST_CR0 (CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG)
#define HOST_CR4 (CR4_DE | CR4_PAE | CR4_MCE | CR4_PGE)

/* A Skylake server's, as its emulator reports them. */
static const struct vmx_capability skylake = {
	.basic = 0x00d8100000000002,
	.misc = 0x20000165,
	.pin = 0x000000ff00000016,
	.primary = 0xfff9fffe04006172,
	.secondary = 0x02137fff00000000,
	.exit = 0x00ffffff00036dfb,
	.entry = 0x0003ffff000011fb,
	.cr0_fixed0 = 0x80000021,
	.cr0_fixed1 = 0xffffffff,
	.cr4_fixed0 = 0x2000,
	.cr4_fixed1 = 0x3767ff,
	.ept_vpid = 0xf0106734141,
};

static struct vmx_controls chosen;
static char reason[80];

static bool choose(const struct vmx_capability *c)
{
	memset(reason, 0, sizeof(reason));
	return vmx_controls_choose(c, HOST_CR0, HOST_CR4, &chosen, reason, sizeof(reason));
}

static void refused(const struct vmx_capability *c, const char *words)
{
	assert_false(choose(c));
	assert_non_null(strstr(reason, words));
}

static void test_taken(void **state)
{
	(void)state;
	assert_true(choose(&skylake));
	assert_string_equal(reason, "");
	assert_int_equal(chosen.pin, 0x16 | BIT(0) | BIT(3) | BIT(5) | BIT(6));
	/* CR3 and CR8 accesses, INVLPG, RDTSC, MOV DR and PAUSE go on without exits; windows start closed. */
	assert_int_equal(chosen.primary & (BIT(2) | BIT(9) | BIT(12) | BIT(15) | BIT(16) | BIT(19) |
					   BIT(20) | BIT(22) | BIT(23) | BIT(30)),
			 0);
	assert_true(chosen.primary & BIT(25));
	assert_true(chosen.primary & BIT(28));
	/* XSAVES, VMFUNC, APICv, PML and what else there is stay off. */
	assert_int_equal(chosen.secondary & ~(uint32_t)(BIT(1) | BIT(3) | BIT(5) | BIT(6) | BIT(7) |
							BIT(12) | BIT(15)),
			 0);
	/* No acknowledge on exit: the interrupt is taken in a window of the kernel's. */
	assert_false(chosen.exit & BIT(15));
	assert_false(chosen.entry & VMX_ENTRY_LONG_MODE);
	assert_true(chosen.vpid && chosen.invept_single && chosen.invvpid_single && chosen.gib_pages);
	assert_int_equal(chosen.eptp_bits, 6 | 3 << 3 | BIT(6));
	assert_int_equal(chosen.timer_shift, 5);
}

/* One control taken away: its name is in the refusal. */
static void test_missing_controls(void **state)
{
	static const struct {
		size_t word;
		unsigned bit;
		const char *name;
	} needs[] = {
		{offsetof(struct vmx_capability, pin), 0, "external-interrupt exiting"},
		{offsetof(struct vmx_capability, pin), 5, "virtual NMIs"},
		{offsetof(struct vmx_capability, pin), 6, "preemption timer"},
		{offsetof(struct vmx_capability, primary), 2, "interrupt-window exiting"},
		{offsetof(struct vmx_capability, primary), 21, "TPR shadow"},
		{offsetof(struct vmx_capability, primary), 28, "MSR bitmaps"},
		{offsetof(struct vmx_capability, primary), 31, "secondary controls"},
		{offsetof(struct vmx_capability, secondary), 1, "without EPT"},
		{offsetof(struct vmx_capability, secondary), 7, "unrestricted guest"},
		{offsetof(struct vmx_capability, exit), 9, "64-bit hosts"},
		{offsetof(struct vmx_capability, exit), 22, "saving of the preemption timer"},
		{offsetof(struct vmx_capability, entry), 9, "64-bit guests"},
		{offsetof(struct vmx_capability, entry), 15, "loading of EFER"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(needs); i++) {
		struct vmx_capability c = skylake;

		*(uint64_t *)(void *)((char *)&c + needs[i].word) &= ~BIT(needs[i].bit + 32);
		refused(&c, needs[i].name);
	}
}

static void test_missing_extras(void **state)
{
	struct vmx_capability c = skylake;

	(void)state;
	c.secondary &= ~(BIT(32 + 3) | BIT(32 + 5) | BIT(32 + 12) | BIT(32 + 15));
	c.ept_vpid = VMX_EPT_LEVELS_4 | VMX_EPT_WB | VMX_EPT_2M | VMX_EPT_INVEPT |
		     VMX_EPT_INVEPT_ALL;
	assert_true(choose(&c));
	assert_false(chosen.vpid || chosen.gib_pages || chosen.invept_single);
	assert_int_equal(chosen.eptp_bits, 6 | 3 << 3);
	/* A VPID that cannot be flushed is not used. */
	c = skylake;
	c.ept_vpid &= ~(uint64_t)VMX_VPID_INVVPID_ALL;
	assert_true(choose(&c));
	assert_false(chosen.vpid);
	assert_false(chosen.secondary & VMX_SECONDARY_VPID);
}

static void test_ept(void **state)
{
	static const struct {
		uint64_t bit;
		const char *words;
	} needs[] = {
		{VMX_EPT_LEVELS_4, "4-level"},	{VMX_EPT_WB, "write-back"},
		{VMX_EPT_2M, "2 MiB"},		{VMX_EPT_INVEPT, "INVEPT"},
		{VMX_EPT_INVEPT_ALL, "INVEPT"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(needs); i++) {
		struct vmx_capability c = skylake;

		c.ept_vpid &= ~needs[i].bit;
		refused(&c, needs[i].words);
	}
}

static void test_odd(void **state)
{
	struct vmx_capability c = skylake;

	(void)state;
	c.basic &= ~(uint64_t)VMX_BASIC_TRUE_CONTROLS;
	refused(&c, "true controls");
	c = skylake;
	c.basic &= ~VMX_BASIC_MEMORY_TYPE;
	refused(&c, "write-back VMCS");
	c = skylake;
	c.basic |= VMX_BASIC_32BIT;
	refused(&c, "one page");
	/* Forced exits at each CR3 load: nobody here handles them at a bearable price. */
	c = skylake;
	c.primary |= BIT(15);
	refused(&c, "primary controls 0x8000");
	c = skylake;
	c.cr4_fixed0 |= CR4_SMXE;
	refused(&c, "CR4 bits");
	c = skylake;
	c.cr0_fixed1 &= ~(uint64_t)CR0_WP;
	refused(&c, "CR0 bits");
	c = skylake;
	c.cr4_fixed1 &= ~(uint64_t)CR4_VMXE;
	refused(&c, "CR4 bits");
}

/* SDM 3D A.2: a reserved control that is 1 by default stays 1, even where a later processor allows 0. */
static void test_reserved_stay_1(void **state)
{
	struct vmx_capability c = skylake;

	(void)state;
	c.pin &= ~BIT(4);
	c.exit &= ~BIT(0);
	assert_true(choose(&c));
	assert_true(chosen.pin & BIT(4));
	assert_true(chosen.exit & BIT(0));
	c.pin &= ~BIT(32 + 4); /* and if it forces 0 it is 0 */
	assert_true(choose(&c));
	assert_false(chosen.pin & BIT(4));
}

static void test_vpids(void **state)
{
	struct vpid_pool pool;
	struct vpid_choice choice;

	(void)state;
	vpid_pool_init(&pool);
	choice = vpid_take(&pool);
	assert_true(choice.flush_all);
	assert_int_equal(choice.vpid, 1);
	assert_int_equal(choice.generation, 1);
	for (uint32_t i = 2; i <= 0xffff; i++) {
		choice = vpid_take(&pool);
		assert_int_equal(choice.vpid, i);
		assert_false(choice.flush_all);
	}
	choice = vpid_take(&pool);
	assert_true(choice.flush_all);
	assert_int_equal(choice.vpid, 1);
	assert_int_equal(choice.generation, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_missing_controls),
		cmocka_unit_test(test_missing_extras),
		cmocka_unit_test(test_ept),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_reserved_stay_1),
		cmocka_unit_test(test_vpids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
