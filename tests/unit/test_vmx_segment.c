/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments between a descriptor's bits and the VMCS's access rights, both ways, and what entry demands. */
/* sources: tests/unit/vmx_hw.c arch/x86_64/vmx/check.c arch/x86_64/vmx/check_segment.c
 * arch/x86_64/vmx/controls.c arch/x86_64/vmx/maps.c arch/x86_64/vmx/vpid.c arch/x86_64/page_format.c
 * lib/format.c lib/string.c lib/copy.c */
#include "tests/unit/vmx_host.h"

static struct hw_vcpu vcpu;
static struct virt_vcpu *const v = &vcpu.v;
static struct frame frame, back;

enum { DATA = SEG_ATTR_P | SEG_ATTR_S | 3, CODE = SEG_ATTR_P | SEG_ATTR_S | 11 };

static int set_up(void **state)
{
	(void)state;
	hw_make(&vcpu);
	memset(&frame, 0, sizeof(frame));
	vmx_ops.get(v, GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT, &frame);
	return 0;
}

static void mode(uint64_t cr0, uint64_t cr4, uint64_t efer, uint16_t code)
{
	frame.control.cr0 |= cr0;
	frame.control.cr4 |= cr4;
	frame.control.efer |= efer;
	frame.seg[SEG_CS].attributes = code;
	frame.seg[SEG_CS].base = 0;
	frame.rip = 0x1000;
}

static void put(void)
{
	assert_true(vmx_ops.put(v, GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT, &frame));
	memset(&back, 0, sizeof(back));
	vmx_ops.get(v, GROUP_SEGMENT, &back);
}

static const char *refused(void)
{
	hw_run(v);
	return hw.refused;
}

/* The manual's table 25-2 against a descriptor's bits 55:52 and 47:40, bit by bit. */
static uint32_t access_by_the_manual(uint16_t attributes)
{
	uint64_t access = 0;

	access |= attributes & 0xf;	       /* type */
	access |= attributes & BIT(4);	       /* S */
	access |= attributes & BITS(6, 5);     /* DPL */
	access |= attributes & BIT(7);	       /* P */
	access |= (attributes & BIT(8)) << 4;  /* AVL */
	access |= (attributes & BIT(9)) << 4;  /* L */
	access |= (attributes & BIT(10)) << 4; /* D/B */
	access |= (attributes & BIT(11)) << 4; /* G */
	return (uint32_t)access;
}

/* Every value of the attributes in every register, with a limit that fits either G. */
static void test_conversion(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SEG_COUNT; i++)
		for (uint16_t attributes = 0; attributes < 0x1000; attributes++) {
			bool unusable = i != SEG_CS && i != SEG_TR && !(attributes & SEG_ATTR_P);
			uint16_t forced = i == SEG_TR ? SEG_ATTR_P | 2 : i == SEG_LDTR ? 0 : 1;
			uint32_t access;

			frame.seg[i] = (struct seg){(uint16_t)(i * 8), attributes, 0xfffff,
						    0x1000 * i};
			put();
			access = (uint32_t)hw_get(VMCS_SEGMENT(VMCS_GUEST_ACCESS, i));
			assert_int_equal(back.seg[i].selector, i * 8);
			assert_int_equal(back.seg[i].limit, 0xfffff);
			assert_int_equal(back.seg[i].base, 0x1000 * i);
			if (unusable) {
				assert_true(access & VMX_ACCESS_UNUSABLE);
				assert_int_equal(
					back.seg[i].attributes,
					SEG_ATTR_UNUSABLE |
						(i == SEG_SS ? attributes & SEG_ATTR_DPL : 0));
			} else {
				assert_int_equal(access, access_by_the_manual(attributes | forced));
				assert_int_equal(back.seg[i].attributes, attributes | forced);
			}
		}
}

/* The limit decides about G, where only one can be meant: SDM 3C 27.3.1.2. */
static void test_granularity(void **state)
{
	static const struct {
		uint32_t limit;
		uint16_t given, wanted;
	} cases[] = {
		{0xffff, 0, 0},
		{0xffff, SEG_ATTR_G, SEG_ATTR_G},
		{0xfffff, SEG_ATTR_G, SEG_ATTR_G},
		{0xffffe, SEG_ATTR_G, 0},
		{0xffffffff, 0, SEG_ATTR_G},
		{0x1fffff, 0, SEG_ATTR_G},
		{0, SEG_ATTR_G, 0},
	};

	(void)state;
	mode(CR0_PE, 0, 0, CODE);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		frame.seg[SEG_DS] = (struct seg){8, DATA | cases[i].given, cases[i].limit, 0};
		put();
		assert_int_equal(back.seg[SEG_DS].attributes, DATA | cases[i].wanted);
		assert_null(refused());
	}
	/* No descriptor gives that, and it is not ours to guess. */
	frame.seg[SEG_DS].limit = 0x100000;
	put();
	assert_string_equal(refused(), "DS access rights");
}

/* A null selector; in SS it has a CPL. What a loaded one had does not matter. */
static void test_unusable(void **state)
{
	(void)state;
	mode(CR0_PE | CR0_PG, CR4_PAE, EFER_LME, CODE | SEG_ATTR_L | 3 << 5);
	for (unsigned i = 0; i < SEG_TR; i++)
		if (i != SEG_CS)
			frame.seg[i] = (struct seg){0, SEG_ATTR_UNUSABLE | DATA | 3 << 5, 7, 0};
	frame.seg[SEG_TR].limit = 0x67;
	put();
	assert_int_equal(back.seg[SEG_SS].attributes, SEG_ATTR_UNUSABLE | 3 << 5);
	assert_int_equal(back.seg[SEG_DS].attributes, SEG_ATTR_UNUSABLE);
	assert_int_equal(vmx_ops.cpl(v), 3);
	assert_null(refused());
}

static void test_code_must_be_there(void **state)
{
	(void)state;
	mode(CR0_PE, 0, 0, CODE & ~SEG_ATTR_P);
	put();
	assert_string_equal(refused(), "CS access rights");
	frame.seg[SEG_CS].attributes = CODE | SEG_ATTR_UNUSABLE;
	put();
	assert_string_equal(refused(), "CS access rights");
}

/* The task register is busy as LTR would have left it; a 16-bit TSS ends where long mode begins. */
static void test_task_register(void **state)
{
	(void)state;
	mode(CR0_PE, 0, 0, CODE);
	frame.seg[SEG_TR] = (struct seg){0x28, SEG_ATTR_P | 9, 0x67, 0x4000};
	put();
	assert_int_equal(back.seg[SEG_TR].attributes, SEG_ATTR_P | 11);
	assert_null(refused());
	frame.seg[SEG_TR].attributes = SEG_ATTR_P | 1;
	put();
	assert_int_equal(back.seg[SEG_TR].attributes, SEG_ATTR_P | 3);
	assert_null(refused());
	mode(CR0_PG, CR4_PAE, EFER_LME, CODE);
	put();
	assert_string_equal(refused(), "TR access rights");
}

/* SDM 3B 21.2.1: in virtual-8086 mode a segment is what its selector says, whatever the frame does. */
static void test_v86(void **state)
{
	(void)state;
	mode(CR0_PE, 0, 0, CODE);
	frame.rflags = RFLAGS_VM;
	for (unsigned i = 0; i < SEG_LDTR; i++)
		frame.seg[i] = (struct seg){(uint16_t)(0x1234 + i), DATA, 7, 0x9999};
	put();
	for (unsigned i = 0; i < SEG_LDTR; i++) {
		assert_int_equal(back.seg[i].base, (0x1234 + i) * 16);
		assert_int_equal(back.seg[i].limit, 0xffff);
		assert_int_equal(back.seg[i].attributes, 0xf3);
	}
	assert_int_equal(back.seg[SEG_TR].attributes, SEG_ATTR_P | 11);
	assert_int_equal(vmx_ops.cpl(v), 3);
	assert_null(refused());
}

static void test_descriptor_tables(void **state)
{
	(void)state;
	frame.gdtr = (struct table_reg){.base = 0xffff800000001000, .limit = 0x1ffff};
	frame.idtr = (struct table_reg){.base = 0x2000, .limit = 0xfff};
	put();
	assert_int_equal(back.gdtr.base, 0xffff800000001000);
	assert_int_equal(back.gdtr.limit, 0xffff);
	assert_int_equal(back.idtr.limit, 0xfff);
	assert_null(refused());
}

/* In 64-bit code a memory operand needs CS, the selectors and two bases; elsewhere everything. */
static void test_memory_group(void **state)
{
	(void)state;
	frame.seg[SEG_FS].base = 0x7000;
	put();
	memset(&back, 0xee, sizeof(back));
	vmx_ops.get(v, GROUP_MEMORY, &back);
	assert_memory_equal(&back.seg[SEG_LDTR], &frame.seg[SEG_LDTR], sizeof(struct seg));
	mode(CR0_PE | CR0_PG, CR4_PAE, EFER_LME, CODE | SEG_ATTR_L);
	frame.seg[SEG_GS].base = 0xffff888000000000;
	put();
	memset(&back, 0xee, sizeof(back));
	vmx_ops.get(v, GROUP_MEMORY, &back);
	assert_int_equal(back.seg[SEG_CS].attributes, CODE | SEG_ATTR_L);
	assert_int_equal(back.seg[SEG_FS].base, 0x7000);
	assert_int_equal(back.seg[SEG_GS].base, 0xffff888000000000);
	for (unsigned i = 0; i < SEG_LDTR; i++)
		assert_int_equal(back.seg[i].selector, frame.seg[i].selector);
	assert_int_equal(back.seg[SEG_TR].limit, 0xeeeeeeee);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_conversion, set_up),
		cmocka_unit_test_setup(test_granularity, set_up),
		cmocka_unit_test_setup(test_unusable, set_up),
		cmocka_unit_test_setup(test_code_must_be_there, set_up),
		cmocka_unit_test_setup(test_task_register, set_up),
		cmocka_unit_test_setup(test_v86, set_up),
		cmocka_unit_test_setup(test_descriptor_tables, set_up),
		cmocka_unit_test_setup(test_memory_group, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
