/* SPDX-License-Identifier: BSD-2-Clause */
/* The software copy of VM entry's checks (C12): a good state passes, each broken rule names its field. */
/* sources: arch/x86_64/vmx/check.c arch/x86_64/vmx/check_segment.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arch/x86_64/regs.h"
#include "arch/x86_64/vmx/check.h"
#include "arch/x86_64/vmx/vmcs.h"

static struct vmx_check_limits limits = {
	.cr0_fixed0 = 0x80000021,
	.cr0_fixed1 = 0xffffffff,
	.cr4_fixed0 = CR4_VMXE,
	.cr4_fixed1 = 0x3767ff,
	.phys_bits = 39,
	.linear_bits = 48,
};

enum { DATA = 0xc093, CODE64 = 0xa09b, CODE16 = 0x9b, LDT = 0x82, TSS = 0x8b };

/* A 64-bit kernel at work. */
static struct vmx_guest_state long_state(void)
{
	struct vmx_guest_state s = {
		.cr0 = CR0_PE | CR0_NE | CR0_ET | CR0_PG | CR0_WP,
		.cr3 = 0x1000,
		.cr4 = CR4_PAE | CR4_VMXE,
		.dr7 = DR7_RESET,
		.pat = 0x0007040600070406,
		.efer = EFER_LME | EFER_LMA | EFER_NXE,
		.rip = 0xffffffff81000000,
		.rflags = RFLAGS_FIXED | RFLAGS_IF,
		.link_pointer = ~0ULL,
		.entry_controls = VMX_ENTRY_LONG_MODE,
	};

	for (unsigned i = 0; i < SEG_COUNT; i++)
		s.seg[i] = (struct vmx_guest_segment){0x18, DATA, 0xffffffff, 0};
	s.seg[SEG_CS].access = CODE64;
	s.seg[SEG_LDTR] = (struct vmx_guest_segment){0, VMX_ACCESS_UNUSABLE, 0, 0};
	s.seg[SEG_TR] = (struct vmx_guest_segment){0x40, TSS, 0x67, 0xfffffe0000003000};
	return s;
}

/* After RESET, as an unrestricted guest has it. */
static struct vmx_guest_state real_state(void)
{
	struct vmx_guest_state s = long_state();

	s.cr0 = CR0_NE | CR0_ET;
	s.cr3 = 0;
	s.cr4 = CR4_VMXE;
	s.efer = 0;
	s.entry_controls = 0;
	s.rip = 0xfff0;
	s.rflags = RFLAGS_FIXED;
	for (unsigned i = 0; i < SEG_COUNT; i++)
		s.seg[i] = (struct vmx_guest_segment){0, 0x93, 0xffff, 0};
	s.seg[SEG_CS] = (struct vmx_guest_segment){0xf000, CODE16, 0xffff, 0xffff0000};
	s.seg[SEG_LDTR].access = LDT;
	s.seg[SEG_TR].access = TSS;
	return s;
}

static struct vmx_guest_state v86_state(void)
{
	struct vmx_guest_state s = real_state();

	s.cr0 |= CR0_PE;
	s.rflags |= RFLAGS_VM;
	for (unsigned i = 0; i < SEG_LDTR; i++)
		s.seg[i] = (struct vmx_guest_segment){0x1234, 0xf3, 0xffff, 0x12340};
	return s;
}

static void passes(struct vmx_guest_state s)
{
	assert_null(vmx_check_guest(&s, &limits));
}

static void fails(const struct vmx_guest_state *s, const char *field)
{
	const char *found = vmx_check_guest(s, &limits);

	assert_non_null(found);
	assert_string_equal(found, field);
}

/* Sets one field of a copy of s, wants it named, and s itself untouched. */
#define BREAK(base, field, value, name)                 \
	do {                                            \
		struct vmx_guest_state broken = (base); \
                                                        \
		broken.field = (value);                 \
		fails(&broken, name);                   \
	} while (0)

static void test_good_states(void **state)
{
	struct vmx_guest_state s = long_state();

	(void)state;
	passes(s);
	passes(real_state());
	passes(v86_state());
	/* Compatibility mode, and a null SS with a CPL. */
	s.seg[SEG_CS].access = 0xc0fb;
	s.seg[SEG_SS].access = VMX_ACCESS_UNUSABLE | 3 << 5;
	s.rip = 0x8048000;
	passes(s);
	/* NW and CD may be anything. */
	s = long_state();
	s.cr0 |= CR0_NW;
	passes(s);
	/* The address behind the last one of the lower half: the fetch faults, the entry does not. */
	s.rip = 0x800000000000;
	passes(s);
}

static void test_control(void **state)
{
	const struct vmx_guest_state good = long_state();

	(void)state;
	BREAK(good, cr0, good.cr0 & ~(uint64_t)CR0_NE, "CR0");
	BREAK(good, cr0, good.cr0 & ~(uint64_t)CR0_PE, "CR0");
	BREAK(good, cr0, good.cr0 & ~(uint64_t)CR0_PG, "CR0");
	BREAK(good, cr0, good.cr0 | BIT(32), "CR0");
	BREAK(good, cr4, good.cr4 & ~(uint64_t)CR4_VMXE, "CR4");
	BREAK(good, cr4, good.cr4 & ~(uint64_t)CR4_PAE, "CR4");
	BREAK(good, cr4, good.cr4 | CR4_CET, "CR4");
	BREAK(real_state(), cr4, CR4_VMXE | CR4_PCIDE, "CR4");
	BREAK(good, cr3, BIT(39), "CR3");
}

static void test_msrs(void **state)
{
	const struct vmx_guest_state good = long_state();

	(void)state;
	BREAK(good, debugctl, BIT(3), "IA32_DEBUGCTL");
	BREAK(good, dr7, BIT(32), "DR7");
	BREAK(good, sysenter_esp, BIT(47), "IA32_SYSENTER_ESP");
	BREAK(good, sysenter_eip, BIT(63), "IA32_SYSENTER_EIP");
	BREAK(good, pat, 0x0007040600070402, "IA32_PAT");
	BREAK(good, pat, 0x0807040600070406, "IA32_PAT");
	BREAK(good, efer, good.efer | EFER_SVME, "IA32_EFER");
	BREAK(good, efer, EFER_LME, "IA32_EFER");
	BREAK(good, efer, EFER_LMA, "IA32_EFER");
	BREAK(real_state(), efer, EFER_LMA, "IA32_EFER");
}

static void test_code_and_stack(void **state)
{
	struct vmx_guest_state s = long_state();

	(void)state;
	BREAK(s, seg[SEG_CS].access, VMX_ACCESS_UNUSABLE, "CS access rights");
	BREAK(s, seg[SEG_CS].access, CODE64 & ~1u, "CS access rights");
	BREAK(s, seg[SEG_CS].access, CODE64 | VMX_ACCESS_DB, "CS access rights");
	BREAK(s, seg[SEG_CS].access, CODE64 & ~(uint32_t)VMX_ACCESS_P, "CS access rights");
	BREAK(s, seg[SEG_CS].access, CODE64 | 3 << 5, "CS access rights");
	BREAK(s, seg[SEG_CS].base, BIT(32), "CS base");
	BREAK(s, seg[SEG_SS].access, DATA & ~2u, "SS access rights");
	BREAK(s, seg[SEG_SS].access, CODE64, "SS access rights");
	BREAK(s, seg[SEG_SS].base, BIT(32), "SS base");
	BREAK(real_state(), seg[SEG_SS].access, 0x93 | 3 << 5, "CS access rights");
	s = real_state();
	s.seg[SEG_CS].access = 0x93; /* data: real mode's */
	passes(s);
	BREAK(s, seg[SEG_CS].access, 0xf3, "CS access rights");
	BREAK(s, seg[SEG_SS].access, 0xf3, "SS access rights");
}

static void test_data_and_system(void **state)
{
	const struct vmx_guest_state good = long_state();

	(void)state;
	BREAK(good, seg[SEG_DS].access, DATA & ~1u, "DS access rights");
	BREAK(good, seg[SEG_ES].access, 0xc099, "ES access rights");
	BREAK(good, seg[SEG_FS].access, DATA | BIT(8), "FS access rights");
	BREAK(good, seg[SEG_GS].access, DATA & ~(uint32_t)VMX_ACCESS_S, "GS access rights");
	BREAK(good, seg[SEG_DS].limit, 0xffffff00, "DS access rights");
	BREAK(good, seg[SEG_DS].access, DATA & ~(uint32_t)VMX_ACCESS_G, "DS access rights");
	BREAK(good, seg[SEG_FS].base, BIT(47), "FS base");
	BREAK(good, seg[SEG_GS].base, BIT(50), "GS base");
	BREAK(good, seg[SEG_TR].access, TSS | VMX_ACCESS_UNUSABLE, "TR access rights");
	BREAK(good, seg[SEG_TR].access, 0x89, "TR access rights");
	BREAK(good, seg[SEG_TR].access, 0x83, "TR access rights");
	BREAK(good, seg[SEG_TR].selector, 0x44, "TR selector");
	BREAK(good, seg[SEG_TR].base, BIT(47), "TR base");
	BREAK(good, seg[SEG_LDTR].access, 0x89, "LDTR access rights");
	BREAK(good, gdtr.base, BIT(47), "GDTR base");
	BREAK(good, gdtr.limit, 0x10000, "GDTR limit");
	BREAK(good, idtr.base, BIT(47), "IDTR base");
	BREAK(good, idtr.limit, 0x10000, "IDTR limit");
}

static void test_v86(void **state)
{
	const struct vmx_guest_state good = v86_state();

	(void)state;
	BREAK(good, seg[SEG_DS].base, 0, "DS base");
	BREAK(good, seg[SEG_DS].limit, 0xfffff, "DS limit");
	BREAK(good, seg[SEG_CS].access, 0xfb, "CS access rights");
	BREAK(long_state(), rflags, RFLAGS_FIXED | RFLAGS_VM, "ES base");
}

static void test_flow(void **state)
{
	const struct vmx_guest_state good = long_state();

	(void)state;
	BREAK(good, rip, BIT(48), "RIP");
	BREAK(real_state(), rip, BIT(32), "RIP");
	BREAK(good, rflags, 0, "RFLAGS");
	BREAK(good, rflags, RFLAGS_FIXED | BIT(3), "RFLAGS");
	BREAK(good, rflags, RFLAGS_FIXED | BIT(22), "RFLAGS");
	BREAK(good, link_pointer, 0, "VMCS link pointer");
}

static void test_blocking(void **state)
{
	struct vmx_guest_state s = long_state();

	(void)state;
	s.interruptibility = VMX_BLOCKED_BY_STI;
	passes(s);
	BREAK(s, rflags, RFLAGS_FIXED, "interruptibility state");
	BREAK(s, interruptibility, VMX_BLOCKED_BY_STI | VMX_BLOCKED_BY_MOV_SS,
	      "interruptibility state");
	BREAK(s, interruptibility, BIT(5), "interruptibility state");
	BREAK(s, event, VMX_EVENT_VALID | 0x30, "interruptibility state");
	/* A held-back single step has to be pending, and nothing else may be. */
	BREAK(s, rflags, s.rflags | RFLAGS_TF, "pending debug exceptions");
	BREAK(s, pending_debug, VMX_PENDING_DEBUG_BS, "pending debug exceptions");
	s.rflags |= RFLAGS_TF;
	s.pending_debug = VMX_PENDING_DEBUG_BS;
	passes(s);
	BREAK(long_state(), pending_debug, BIT(4), "pending debug exceptions");
	BREAK(long_state(), activity, 4, "activity state");
	s = long_state();
	s.interruptibility = VMX_BLOCKED_BY_NMI;
	passes(s);
	BREAK(s, event, VMX_EVENT_VALID | INJECT_NMI << 8 | 2, "interruptibility state");
}

static void test_event(void **state)
{
	struct vmx_guest_state s = long_state();

	(void)state;
	s.event = VMX_EVENT_VALID | 0x30;
	passes(s);
	BREAK(s, rflags, RFLAGS_FIXED, "RFLAGS");
	BREAK(s, event, VMX_EVENT_VALID | 1 << 8, "event to inject: type");
	BREAK(s, event, VMX_EVENT_VALID | BIT(12), "event to inject: type");
	BREAK(s, event, VMX_EVENT_VALID | INJECT_NMI << 8 | 3, "event to inject: vector");
	BREAK(s, event, VMX_EVENT_VALID | INJECT_EXCEPTION << 8 | 32, "event to inject: vector");
	BREAK(s, event, VMX_EVENT_VALID | INJECT_EXCEPTION << 8 | 13, "event to inject: error code");
	BREAK(s, event, VMX_EVENT_VALID | VMX_EVENT_ERROR | 0x30, "event to inject: error code");
	BREAK(s, event, VMX_EVENT_VALID | INJECT_SOFT << 8 | 0x80,
	      "event to inject: instruction length");
	s.event = VMX_EVENT_VALID | VMX_EVENT_ERROR | INJECT_EXCEPTION << 8 | 13;
	passes(s);
	BREAK(s, event_error, 0x10000, "event to inject: error code");
	/* In real mode no exception pushes one. */
	s = real_state();
	s.event = VMX_EVENT_VALID | INJECT_EXCEPTION << 8 | 13;
	passes(s);
	BREAK(s, event, s.event | VMX_EVENT_ERROR, "event to inject: error code");
}

/* What may go in depends on what the guest was doing: SDM 3C 27.3.1.5. */
static void test_activity(void **state)
{
	static const struct {
		uint32_t activity, event;
		bool good;
	} cases[] = {
		{1, 0, true},
		{1, VMX_EVENT_VALID | 0x30, true},
		{1, VMX_EVENT_VALID | INJECT_NMI << 8 | 2, true},
		{1, VMX_EVENT_VALID | INJECT_EXCEPTION << 8 | 1, true},
		{1, VMX_EVENT_VALID | INJECT_EXCEPTION << 8 | 18, true},
		{1, VMX_EVENT_VALID | INJECT_EXCEPTION << 8 | 6, false},
		{2, VMX_EVENT_VALID | INJECT_NMI << 8 | 2, true},
		{2, VMX_EVENT_VALID | INJECT_EXCEPTION << 8 | 18, true},
		{2, VMX_EVENT_VALID | INJECT_EXCEPTION << 8 | 1, false},
		{2, VMX_EVENT_VALID | 0x30, false},
		{3, 0, true},
		{3, VMX_EVENT_VALID | INJECT_NMI << 8 | 2, false},
		{4, 0, false},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vmx_guest_state s = long_state();

		s.activity = cases[i].activity;
		s.event = cases[i].event;
		if (cases[i].good)
			passes(s);
		else
			fails(&s, "activity state");
	}
}

/* Canonical by the processor's width, though the guest pages by four levels: it may hold such a base. */
static void test_wide_addresses(void **state)
{
	struct vmx_guest_state s = long_state();

	(void)state;
	limits.linear_bits = 57;
	s.seg[SEG_FS].base = BIT(47);
	s.gdtr.base = BIT(55);
	s.rip = BIT(50);
	passes(s);
	BREAK(s, seg[SEG_FS].base, BIT(56), "FS base");
	BREAK(s, rip, BIT(58), "RIP");
	BREAK(s, sysenter_eip, BIT(63), "IA32_SYSENTER_EIP");
	limits.linear_bits = 48;
	fails(&s, "FS base");
}

static void test_processors_that_take_any_error_code(void **state)
{
	struct vmx_guest_state s = long_state();

	(void)state;
	limits.any_error_code = true;
	s.event = VMX_EVENT_VALID | INJECT_EXCEPTION << 8 | 13;
	passes(s);
	s.event = VMX_EVENT_VALID | VMX_EVENT_ERROR | INJECT_EXCEPTION << 8 | 21;
	passes(s);
	BREAK(s, event_error, 0x10000, "event to inject: error code");
	BREAK(s, event, VMX_EVENT_VALID | VMX_EVENT_ERROR | 0x30, "event to inject: error code");
	limits.any_error_code = false;
}

static void test_pdptes(void **state)
{
	struct vmx_guest_state s = real_state();

	(void)state;
	s.cr0 |= CR0_PE | CR0_PG;
	s.cr4 |= CR4_PAE;
	s.pdpte[2] = 0x2001;
	passes(s);
	BREAK(s, pdpte[1], 0x3003, "PDPTE");
	BREAK(s, pdpte[3], BIT(39) | 1, "PDPTE");
	s.pdpte[1] = 0x3002; /* not present: whatever it likes */
	passes(s);
	s = long_state();
	s.pdpte[0] = ~0ULL;
	passes(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_states),
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_msrs),
		cmocka_unit_test(test_code_and_stack),
		cmocka_unit_test(test_data_and_system),
		cmocka_unit_test(test_v86),
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_blocking),
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_activity),
		cmocka_unit_test(test_wide_addresses),
		cmocka_unit_test(test_processors_that_take_any_error_code),
		cmocka_unit_test(test_pdptes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
