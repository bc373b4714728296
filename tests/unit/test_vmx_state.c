/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's registers between the VMCS and a frame: what is forced, shadowed, converted, refused. */
/* sources: tests/unit/vmx_hw.c arch/x86_64/vmx/check.c arch/x86_64/vmx/check_segment.c
 * arch/x86_64/vmx/controls.c arch/x86_64/vmx/maps.c arch/x86_64/vmx/vpid.c arch/x86_64/page_format.c
 * lib/format.c lib/string.c lib/copy.c */
#include "tests/unit/vmx_host.h"

static struct hw_vcpu vcpu;
static struct virt_vcpu *const v = &vcpu.v;
static struct frame frame;

static int set_up(void **state)
{
	(void)state;
	hw_make(&vcpu);
	memset(&frame, 0, sizeof(frame));
	return 0;
}

static void enter(void)
{
	hw_run(v);
	if (hw.refused)
		fail_msg("refused: %s", hw.refused);
}

static void get(uint32_t groups)
{
	memset(&frame, 0xee, sizeof(frame));
	vmx_ops.get(v, groups, &frame);
}

static void put_control(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
	get(GROUP_CONTROL);
	frame.control.cr0 = cr0;
	frame.control.cr4 = cr4;
	frame.control.efer = efer;
	for (unsigned i = 0; i < 4; i++)
		frame.control.pdptr[i] = 0x1000 * (i + 1) | 1;
	assert_true(vmx_ops.put(v, GROUP_CONTROL, &frame));
}

/* --- Control registers --- */

/* CD and NW would be the machine's, NE is demanded, MCE and VMXE are ours: the guest sees its own. */
static void test_control_registers_are_shadowed(void **state)
{
	(void)state;
	put_control(CR0_PE | CR0_CD | CR0_NW | CR0_ET, 0, 0);
	assert_int_equal(hw_get(VMCS_GUEST_CR0), CR0_PE | CR0_ET | CR0_NE);
	assert_int_equal(hw_get(VMCS_CR0_SHADOW), CR0_PE | CR0_CD | CR0_NW | CR0_ET);
	assert_int_equal(vmx_ops.cr0(v), CR0_PE | CR0_CD | CR0_NW | CR0_ET);
	assert_int_equal(hw_get(VMCS_GUEST_CR4), CR4_VMXE | CR4_MCE);
	assert_int_equal(hw_get(VMCS_CR4_SHADOW), 0);
	assert_int_equal(vmx_ops.cr4(v), 0);
	/* The bits that are not ours it writes without an exit, and the shadow does not follow. */
	hw_set(VMCS_GUEST_CR0,
	       CR0_PE | CR0_ET | CR0_NE | CR0_TS | CR0_WP | CR0_AM | CR0_EM | CR0_MP);
	hw_set(VMCS_GUEST_CR4, CR4_VMXE | CR4_MCE | CR4_PGE | CR4_OSFXSR);
	assert_int_equal(vmx_ops.cr0(v), CR0_PE | CR0_CD | CR0_NW | CR0_ET | CR0_TS | CR0_WP |
						 CR0_AM | CR0_EM | CR0_MP);
	assert_int_equal(vmx_ops.cr4(v), CR4_PGE | CR4_OSFXSR);
	get(GROUP_CONTROL);
	assert_int_equal(frame.control.cr0, vmx_ops.cr0(v));
	assert_int_equal(frame.control.cr4, vmx_ops.cr4(v));
	enter();
}

/* What exits: PE, NE, NW, CD and PG of CR0; of CR4 whatever needs a look. */
static void test_masks(void **state)
{
	const uint64_t looked_at0 = CR0_PE | CR0_NE | CR0_NW | CR0_CD | CR0_PG;
	const uint64_t looked_at4 = CR4_PAE | CR4_MCE | CR4_UMIP | CR4_LA57 | CR4_VMXE | CR4_SMXE |
				    CR4_FSGSBASE | CR4_PCIDE | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP |
				    CR4_PKE | CR4_CET | CR4_PKS;

	(void)state;
	assert_int_equal(hw_get(VMCS_CR0_MASK) & looked_at0, looked_at0);
	assert_int_equal(~hw_get(VMCS_CR0_MASK), CR0_MP | CR0_EM | CR0_TS | CR0_WP | CR0_AM);
	assert_int_equal(hw_get(VMCS_CR4_MASK) & looked_at4, looked_at4);
	assert_int_equal(hw_get(VMCS_CR4_MASK) >> 32, 0xffffffff);
}

static void test_illegal_control_registers(void **state)
{
	static const struct frame_control cases[] = {
		{.cr0 = BIT(32)},  {.cr0 = CR0_PG},  {.cr3 = BIT(46)},
		{.cr4 = CR4_VMXE}, {.cr4 = BIT(63)}, {.cr0 = CR0_PE | CR0_PG, .efer = EFER_LME},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		frame.control = cases[i];
		assert_false(vmx_ops.put(v, GROUP_CONTROL, &frame));
	}
	enter();
}

/* SDM 3C 27.3.1.1: EFER.LMA, EFER.LME with CR0.PG, and the entry control say the same. */
static void test_long_mode(void **state)
{
	const uint64_t paging = CR0_PE | CR0_PG;

	(void)state;
	put_control(CR0_PE, CR4_PAE, EFER_LME | EFER_NXE | EFER_SCE);
	assert_int_equal(hw_get(VMCS_GUEST_EFER), EFER_LME | EFER_NXE | EFER_SCE);
	assert_false(hw_get(VMCS_ENTRY_CONTROLS) & VMX_ENTRY_LONG_MODE);
	enter();
	put_control(paging, CR4_PAE, EFER_LME);
	assert_int_equal(hw_get(VMCS_GUEST_EFER), EFER_LME | EFER_LMA);
	assert_int_equal(v->efer, EFER_LME | EFER_LMA);
	assert_true(hw_get(VMCS_ENTRY_CONTROLS) & VMX_ENTRY_LONG_MODE);
	enter();
	/* By WRMSR: the kernel has checked it, and LMA is nobody's to write. */
	vmx_ops.set_efer(v, EFER_LME | EFER_SCE);
	assert_int_equal(hw_get(VMCS_GUEST_EFER), EFER_LME | EFER_LMA | EFER_SCE);
	enter();
	put_control(CR0_PE, CR4_PAE, ~0ULL); /* SVME, LMA, what does not exist */
	assert_int_equal(hw_get(VMCS_GUEST_EFER), EFER_LME | EFER_NXE | EFER_SCE);
	assert_false(hw_get(VMCS_ENTRY_CONTROLS) & VMX_ENTRY_LONG_MODE);
	enter();
}

/* With EPT it is us who load the PDPTEs where PAE paging is entered by an emulated write. */
static void test_pdptes(void **state)
{
	const uint64_t paging = CR0_PE | CR0_PG;

	(void)state;
	put_control(paging, 0, 0);
	assert_int_equal(hw_get(VMCS_GUEST_PDPTE0), 0);
	put_control(paging, CR4_PAE, 0); /* by CR4 */
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(hw_get(VMCS_GUEST_PDPTE0 + 2 * i), 0x1000 * (i + 1) | 1);
	enter();
	hw_set(VMCS_GUEST_PDPTE0 + 2, 0x7001); /* MOV to CR3 without an exit */
	get(GROUP_CONTROL);
	assert_int_equal(frame.control.pdptr[1], 0x7001);
	assert_true(vmx_ops.put(v, GROUP_CONTROL, &frame));
	assert_int_equal(hw_get(VMCS_GUEST_PDPTE0 + 2), 0x7001);
	put_control(CR0_PE, CR4_PAE, 0);
	hw_set(VMCS_GUEST_PDPTE0, 0);
	put_control(paging, CR4_PAE, 0); /* by CR0 */
	assert_int_equal(hw_get(VMCS_GUEST_PDPTE0), 0x1001);
	put_control(CR0_PE, CR4_PAE, EFER_LME);
	hw_set(VMCS_GUEST_PDPTE0, 0);
	put_control(paging, CR4_PAE, EFER_LME); /* long mode has none */
	assert_int_equal(hw_get(VMCS_GUEST_PDPTE0), 0);
	enter();
}

/* SDM 3A 4.10.4.1 "Operations that Invalidate TLBs and Paging-Structure Caches" */
static void test_what_flushes(void **state)
{
	static const struct {
		size_t offset;
		uint64_t flipped;
		bool flushes;
	} cases[] = {
		{offsetof(struct frame, control.cr0), CR0_PG, true},
		{offsetof(struct frame, control.cr0), CR0_WP, true},
		{offsetof(struct frame, control.cr0), CR0_CD, false},
		{offsetof(struct frame, control.cr0), CR0_TS, false},
		{offsetof(struct frame, control.cr3), 0x1000, true},
		{offsetof(struct frame, control.cr4), CR4_PSE, true},
		{offsetof(struct frame, control.cr4), CR4_PAE, true},
		{offsetof(struct frame, control.cr4), CR4_PGE, true},
		{offsetof(struct frame, control.cr4), CR4_SMEP, true},
		{offsetof(struct frame, control.cr4), CR4_OSXSAVE, false},
		{offsetof(struct frame, control.cr2), 0x1000, false},
		{offsetof(struct frame, control.efer), EFER_NXE, true},
		{offsetof(struct frame, control.efer), EFER_SCE, false},
	};

	(void)state;
	put_control(CR0_PE, 0, 0);
	enter();
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned before = hw_here()->invvpid;

		get(GROUP_CONTROL);
		assert_true(vmx_ops.put(v, GROUP_CONTROL, &frame));
		enter();
		assert_int_equal(hw_here()->invvpid, before);
		*(uint64_t *)(void *)((char *)&frame + cases[i].offset) ^= cases[i].flipped;
		assert_true(vmx_ops.put(v, GROUP_CONTROL, &frame));
		enter();
		assert_int_equal(hw_here()->invvpid, before + cases[i].flushes);
		assert_int_equal(hw_here()->vpid, hw_get(VMCS_VPID) & (0u - cases[i].flushes));
		hw_here()->vpid = 0;
	}
}

/* --- RIP, RFLAGS, shadows --- */

static void put_ip(uint64_t rflags, uint32_t shadow)
{
	frame.rip = 0x1000;
	frame.rflags = rflags;
	frame.shadow = shadow;
	assert_true(vmx_ops.put(v, GROUP_IP, &frame));
	get(GROUP_IP);
}

static void test_flags_and_shadows(void **state)
{
	(void)state;
	put_ip(~0ULL & ~(uint64_t)RFLAGS_VM, 0);
	assert_int_equal(hw_get(VMCS_GUEST_RFLAGS), 0x3d7fd7);
	assert_int_equal(vmx_ops.rflags(v), 0x3d7fd7);
	enter();
	put_ip(0, SHADOW_STI); /* without IF it holds nothing back */
	assert_int_equal(frame.rflags, RFLAGS_FIXED);
	assert_int_equal(frame.shadow, 0);
	put_ip(RFLAGS_IF, SHADOW_STI);
	assert_int_equal(frame.shadow, SHADOW_STI);
	enter();
	put_ip(RFLAGS_IF, SHADOW_STI | SHADOW_MOV_SS | SHADOW_NMI);
	assert_int_equal(frame.shadow, SHADOW_MOV_SS | SHADOW_NMI); /* one of the two at most */
	enter();
}

/* Entry wants the step of a TF in a shadow to be pending, and none that is not. */
static void test_pending_debug_exceptions(void **state)
{
	(void)state;
	put_ip(RFLAGS_TF, SHADOW_MOV_SS);
	assert_int_equal(hw_get(VMCS_GUEST_PENDING_DEBUG), VMX_PENDING_DEBUG_BS);
	enter();
	put_ip(0, SHADOW_MOV_SS);
	assert_int_equal(hw_get(VMCS_GUEST_PENDING_DEBUG), 0);
	enter();
	/* A watched word that MOV SS has read, and the next instruction is emulated. */
	hw_set(VMCS_GUEST_PENDING_DEBUG, VMX_PENDING_DEBUG_ENABLED | BIT(2));
	put_ip(RFLAGS_IF, SHADOW_MOV_SS);
	assert_int_equal(hw_get(VMCS_GUEST_PENDING_DEBUG), VMX_PENDING_DEBUG_ENABLED | BIT(2));
	vmx_ops.skip(v, 2);
	assert_int_equal(hw_get(VMCS_GUEST_PENDING_DEBUG), VMX_PENDING_DEBUG_ENABLED | BIT(2));
	assert_int_equal(hw_get(VMCS_GUEST_INTERRUPTIBILITY), 0);
	enter();
}

static void code_segment(uint16_t attributes)
{
	vmx_ops.get(v, GROUP_SEGMENT, &frame);
	frame.seg[SEG_CS].attributes = attributes;
	assert_true(vmx_ops.put(v, GROUP_SEGMENT, &frame));
}

static void test_skip(void **state)
{
	(void)state;
	frame.rip = 0xfffffffe;
	frame.rflags = RFLAGS_RF | RFLAGS_IF;
	frame.shadow = SHADOW_STI;
	assert_true(vmx_ops.put(v, GROUP_IP, &frame));
	vmx_ops.skip(v, 3);
	assert_int_equal(hw_get(VMCS_GUEST_RIP), 1); /* 32-bit code wraps */
	assert_int_equal(vmx_ops.rip(v), 1);
	assert_int_equal(hw_get(VMCS_GUEST_RFLAGS), RFLAGS_FIXED | RFLAGS_IF);
	assert_int_equal(hw_get(VMCS_GUEST_INTERRUPTIBILITY), 0);
	assert_false(vmx_ops.injecting(v));
	enter();
	put_control(CR0_PE | CR0_PG, CR4_PAE, EFER_LME);
	code_segment(SEG_ATTR_P | SEG_ATTR_S | SEG_ATTR_L | 11);
	frame.rip = 0xfffffffe;
	frame.rflags = 0;
	frame.shadow = 0;
	assert_true(vmx_ops.put(v, GROUP_IP, &frame));
	vmx_ops.skip(v, 3);
	assert_int_equal(hw_get(VMCS_GUEST_RIP), 0x100000001);
	enter();
}

/* The step's trap, and with it the breakpoint that MOV SS held back. */
static void test_skip_under_single_step(void **state)
{
	(void)state;
	put_ip(RFLAGS_TF, SHADOW_MOV_SS);
	hw_set(VMCS_GUEST_PENDING_DEBUG, VMX_PENDING_DEBUG_BS | VMX_PENDING_DEBUG_ENABLED | BIT(1));
	vmx_ops.skip(v, 2);
	assert_int_equal(hw.dr6, DR6_RESET | DR6_BS | BIT(1));
	assert_true(vmx_ops.injecting(v));
	enter();
	assert_int_equal(hw.delivered, VMX_EVENT_VALID | INJECT_EXCEPTION << 8 | EXCEPTION_DB);
}

/* After an iteration of a repeated instruction RF stays, and the trap pushes it; a jump has cleared it. */
static void test_step_without_skip(void **state)
{
	(void)state;
	for (uint64_t rf = 0; rf <= RFLAGS_RF; rf += RFLAGS_RF) {
		put_ip(RFLAGS_TF | rf, 0);
		vmx_ops.skip(v, 0);
		assert_int_equal(hw_get(VMCS_GUEST_RIP), 0x1000);
		assert_int_equal(hw_get(VMCS_GUEST_RFLAGS), RFLAGS_FIXED | RFLAGS_TF | rf);
		assert_int_equal(vmx_ops.rflags(v), RFLAGS_FIXED | RFLAGS_TF | rf);
		assert_true(hw.dr6 & DR6_BS);
		assert_true(vmx_ops.injecting(v));
		hw.dr6 = DR6_RESET;
		enter();
	}
	put_ip(RFLAGS_RF, 0);
	vmx_ops.skip(v, 0);
	assert_int_equal(vmx_ops.rflags(v), RFLAGS_FIXED | RFLAGS_RF);
	assert_false(vmx_ops.injecting(v));
}

/* --- The rest --- */

/* SYSCALL's MSRs are in the processor while it is loaded, and are checked before they get there. */
static void test_system(void **state)
{
	(void)state;
	get(GROUP_SYSTEM);
	frame.system.lstar = 0xffffffff81000000;
	frame.system.star = 0x23001000000000;
	frame.system.dr6 = ~0ULL;
	frame.system.dr7 = ~0ULL;
	frame.system.sysenter_cs = ~0ULL;
	assert_true(vmx_ops.put(v, GROUP_SYSTEM, &frame));
	assert_int_equal(*hw_msr(MSR_LSTAR), 0xffffffff81000000);
	assert_int_equal(*hw_msr(MSR_STAR), 0x23001000000000);
	assert_int_equal(hw.dr6, 0xffffffff);
	assert_int_equal(hw_get(VMCS_GUEST_DR7), 0xffffffff);
	enter();
	frame.system.lstar = BIT(47);
	assert_false(vmx_ops.put(v, GROUP_SYSTEM, &frame));
	frame.system.lstar = 0;
	frame.system.sfmask = BIT(32);
	assert_false(vmx_ops.put(v, GROUP_SYSTEM, &frame));
	assert_int_equal(*hw_msr(MSR_LSTAR), 0xffffffff81000000);
	enter();
}

/* With INIT this group comes, and nothing that waited survives it. */
static void test_init_drops_what_waits(void **state)
{
	const struct frame_event event = {.type = INJECT_EXTERNAL, .vector = 0x41};

	(void)state;
	put_ip(RFLAGS_IF, 0);
	vmx_ops.inject(v, &event);
	hw_set(VMCS_GUEST_PENDING_DEBUG, VMX_PENDING_DEBUG_ENABLED | BIT(0));
	vmx_ops.get(v, GROUP_IP | GROUP_SYSTEM, &frame);
	frame.rflags = RFLAGS_FIXED;
	assert_true(vmx_ops.put(v, GROUP_IP | GROUP_SYSTEM, &frame));
	assert_false(vmx_ops.injecting(v));
	assert_int_equal(hw_get(VMCS_GUEST_PENDING_DEBUG), 0);
	enter();
	assert_int_equal(hw.delivered, 0);
}

/* Nothing of the controls, the host's state, or a group that was not named. */
static void test_groups_are_all_that_is_written(void **state)
{
	static struct hw_vmcs before;

	(void)state;
	enter();
	before = *hw_here()->current;
	memset(&frame, 0xff, sizeof(frame));
	assert_true(vmx_ops.put(v, GROUP_GPR, &frame));
	assert_int_equal(v->gpr[GPR_R15], ~0ULL);
	assert_true(vmx_ops.put(v, 0, &frame));
	assert_memory_equal(&before, hw_here()->current, sizeof(before));
	assert_true(vmx_ops.put(v, GROUP_IP | GROUP_SEGMENT, &frame));
	for (uint64_t field = 0; field < HW_FIELDS; field += 2) {
		bool guest = (field >> 10 & 3) == 2;
		bool allowed = guest && field != VMCS_GUEST_ACTIVITY &&
			       field != VMCS_GUEST_DEBUGCTL && field != VMCS_LINK_POINTER &&
			       field != VMCS_GUEST_CR3;

		if (!allowed)
			assert_int_equal(hw_get(field), before.value[field]);
	}
}

/* THREATS C02, C03: a #DB or #AC that is raised within its own delivery never ends, but for an exit. */
static void test_exceptions_that_loop_exit(void **state)
{
	const uint64_t wanted = 1u << EXCEPTION_DB | 1u << EXCEPTION_AC | 1u << EXCEPTION_MC;

	(void)state;
	assert_int_equal(hw_get(VMCS_EXCEPTION_BITMAP) & wanted, wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_exceptions_that_loop_exit, set_up),
		cmocka_unit_test_setup(test_control_registers_are_shadowed, set_up),
		cmocka_unit_test_setup(test_masks, set_up),
		cmocka_unit_test_setup(test_illegal_control_registers, set_up),
		cmocka_unit_test_setup(test_long_mode, set_up),
		cmocka_unit_test_setup(test_pdptes, set_up),
		cmocka_unit_test_setup(test_what_flushes, set_up),
		cmocka_unit_test_setup(test_flags_and_shadows, set_up),
		cmocka_unit_test_setup(test_pending_debug_exceptions, set_up),
		cmocka_unit_test_setup(test_skip, set_up),
		cmocka_unit_test_setup(test_skip_under_single_step, set_up),
		cmocka_unit_test_setup(test_step_without_skip, set_up),
		cmocka_unit_test_setup(test_system, set_up),
		cmocka_unit_test_setup(test_init_drops_what_waits, set_up),
		cmocka_unit_test_setup(test_groups_are_all_that_is_written, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
