/* SPDX-License-Identifier: BSD-2-Clause */
/* The VMX backend's events: what goes in and how, when it may, the two windows, the TPR's threshold. */
/* sources: tests/unit/vmx_hw.c arch/x86_64/vmx/check.c arch/x86_64/vmx/check_segment.c
 * arch/x86_64/vmx/controls.c arch/x86_64/vmx/maps.c arch/x86_64/vmx/vpid.c arch/x86_64/page_format.c
 * lib/format.c lib/string.c lib/copy.c */
#include "tests/unit/vmx_host.h"

static struct hw_vcpu vcpu;
static struct virt_vcpu *const v = &vcpu.v;
static uint32_t reason;
static int guest_tpr; /* what the guest writes there; -1: nothing */

static int set_up(void **state)
{
	(void)state;
	guest_tpr = -1;
	hw_make(&vcpu);
	return 0;
}

static void guest_exits(struct virt_vcpu *which)
{
	if (guest_tpr >= 0)
		*vmx_vapic_tpr(which) = (uint32_t)guest_tpr;
	hw_set(VMCS_EXIT_REASON, reason);
}

static void exit_with(uint32_t number)
{
	reason = number;
	hw.guest = guest_exits;
	hw_run(v);
	assert_null(hw.refused);
}

/* As the guest's own instructions would leave it; HLT exits. */
static void guest_has(uint64_t rflags, uint64_t blocked, uint64_t pending)
{
	hw_set(VMCS_GUEST_RFLAGS, rflags | RFLAGS_FIXED);
	hw_set(VMCS_GUEST_INTERRUPTIBILITY, blocked);
	hw_set(VMCS_GUEST_PENDING_DEBUG, pending);
	vmx_of(v)->rflags = rflags | RFLAGS_FIXED;
}

static void protected_mode(void)
{
	struct frame frame;

	vmx_ops.get(v, GROUP_CONTROL, &frame);
	frame.control.cr0 |= CR0_PE;
	assert_true(vmx_ops.put(v, GROUP_CONTROL, &frame));
}

static uint64_t primary(void)
{
	return hw_get(VMCS_PRIMARY_CONTROLS);
}

#define EVENT(type, vector) (VMX_EVENT_VALID | (type) << VMX_EVENT_TYPE_SHIFT | (vector))

static void test_event_goes_in_once(void **state)
{
	const struct frame_event event = {.type = INJECT_EXTERNAL, .vector = 0x41};

	(void)state;
	guest_has(RFLAGS_IF, 0, 0);
	vmx_ops.inject(v, &event);
	assert_true(vmx_ops.injecting(v));
	assert_false(vmx_ops.interrupt_open(v) || vmx_ops.nmi_open(v));
	exit_with(12);
	assert_int_equal(hw.delivered, EVENT(INJECT_EXTERNAL, 0x41));
	assert_false(vmx_ops.injecting(v));
	exit_with(12);
	assert_int_equal(hw.delivered, 0);
}

/* SDM 3A table 6-1: which exceptions push an error code; in real mode none does. */
static void test_error_codes(void **state)
{
	static const uint8_t with[] = {8, 10, 11, 12, 13, 14, 17};

	(void)state;
	for (unsigned mode = 0; mode < 2; mode++) {
		for (uint8_t vector = 0; vector < 32; vector++) {
			struct frame_event event = {
				.type = INJECT_EXCEPTION, .vector = vector, .error = 0xabcd0018};
			bool wanted = false;

			for (unsigned i = 0; i < ARRAY_SIZE(with); i++)
				wanted |= mode && with[i] == vector;
			vmx_ops.inject(v, &event);
			exit_with(12);
			assert_int_equal(hw.delivered, EVENT(INJECT_EXCEPTION, vector) |
							       (wanted ? VMX_EVENT_ERROR : 0));
			if (wanted)
				assert_int_equal(hw_get(VMCS_ENTRY_EVENT_ERROR), 0x18);
		}
		protected_mode();
	}
}

/* A fault pushes RF; a trap, an abort and an interrupt do not. */
static void test_resume_flag(void **state)
{
	static const uint8_t others[] = {1, 3, 4, 8, 18};
	struct frame_event event = {.type = INJECT_EXCEPTION, .vector = EXCEPTION_PF, .cr2 = 0x1234};

	(void)state;
	vmx_ops.inject(v, &event);
	assert_true(hw_get(VMCS_GUEST_RFLAGS) & RFLAGS_RF);
	assert_true(vmx_ops.rflags(v) & RFLAGS_RF);
	assert_int_equal(v->cr2, 0x1234);
	guest_has(RFLAGS_IF, 0, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		event.vector = others[i];
		vmx_ops.inject(v, &event);
	}
	event = (struct frame_event){.type = INJECT_EXTERNAL, .vector = EXCEPTION_PF};
	vmx_ops.inject(v, &event);
	assert_false(hw_get(VMCS_GUEST_RFLAGS) & RFLAGS_RF);
}

static void test_software_interrupt_has_a_length(void **state)
{
	const struct frame_event event = {.type = INJECT_SOFT, .vector = 0x80, .insn_len = 2};

	(void)state;
	vmx_ops.inject(v, &event);
	exit_with(12);
	assert_int_equal(hw.delivered, EVENT(VMX_TYPE_SOFT_INTERRUPT, 0x80));
	assert_int_equal(hw_get(VMCS_ENTRY_INSN_LEN), 2);
}

static void test_open(void **state)
{
	static const struct {
		uint64_t rflags, blocked, pending;
		bool interrupt, nmi;
	} cases[] = {
		{0, 0, 0, false, true},
		{RFLAGS_IF, 0, 0, true, true},
		{RFLAGS_IF, VMX_BLOCKED_BY_STI, 0, false, false},
		{RFLAGS_IF, VMX_BLOCKED_BY_MOV_SS, 0, false, false},
		{RFLAGS_IF, VMX_BLOCKED_BY_NMI, 0, true, false},
		/* A debug exception comes first, and an event that goes in drops it. */
		{RFLAGS_IF, 0, VMX_PENDING_DEBUG_BS, false, false},
		{RFLAGS_IF, 0, VMX_PENDING_DEBUG_ENABLED | BIT(0), false, false},
		/* A breakpoint that is not enabled is no exception. */
		{RFLAGS_IF, 0, BIT(0), true, true},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		guest_has(cases[i].rflags, cases[i].blocked, cases[i].pending);
		assert_int_equal(vmx_ops.interrupt_open(v), cases[i].interrupt);
		assert_int_equal(vmx_ops.nmi_open(v), cases[i].nmi);
	}
}

static void test_interrupt_window(void **state)
{
	(void)state;
	assert_false(primary() & (VMX_PRIMARY_INTERRUPT_WINDOW | VMX_PRIMARY_NMI_WINDOW));
	vmx_ops.want_window(v, true);
	assert_true(primary() & VMX_PRIMARY_INTERRUPT_WINDOW);
	exit_with(12);
	assert_true(primary() & VMX_PRIMARY_INTERRUPT_WINDOW);
	exit_with(7);
	assert_int_equal(v->exit.kind, VM_EXIT_WINDOW);
	assert_false(primary() & VMX_PRIMARY_INTERRUPT_WINDOW);
	vmx_ops.want_window(v, true);
	vmx_ops.want_window(v, false);
	assert_int_equal(primary(), vmx_controls.primary);
}

static void test_nmi_window(void **state)
{
	(void)state;
	guest_has(0, VMX_BLOCKED_BY_NMI, 0);
	vmx_ops.want_nmi_window(v);
	assert_true(primary() & VMX_PRIMARY_NMI_WINDOW);
	assert_false(primary() & VMX_PRIMARY_INTERRUPT_WINDOW);
	exit_with(8);
	assert_int_equal(v->exit.kind, VM_EXIT_NMI_WINDOW);
	assert_int_equal(primary(), vmx_controls.primary);
}

/* There are processors whose NMI window is open in the shadow of STI, and where it would spin. */
static void test_nmi_waits_for_stis_shadow(void **state)
{
	(void)state;
	guest_has(RFLAGS_IF, VMX_BLOCKED_BY_STI, 0);
	vmx_ops.want_nmi_window(v);
	assert_true(primary() & VMX_PRIMARY_INTERRUPT_WINDOW);
	assert_false(primary() & VMX_PRIMARY_NMI_WINDOW);
}

/* The guest's CR8 is in the virtual-APIC page. Every lowering exits while it is watched, no raising. */
static void test_tpr(void **state)
{
	(void)state;
	vmx_ops.set_tpr(v, 5, false);
	assert_int_equal(*vmx_vapic_tpr(v), 0x50);
	exit_with(12);
	assert_int_equal(hw_get(VMCS_TPR_THRESHOLD), 0);
	vmx_ops.set_tpr(v, 5, true);
	exit_with(12);
	assert_int_equal(hw_get(VMCS_TPR_THRESHOLD), 5);
	guest_tpr = 0x90; /* raised without an exit: lowering that exits, too */
	exit_with(12);
	assert_int_equal(v->cr8, 9);
	exit_with(12);
	assert_int_equal(hw_get(VMCS_TPR_THRESHOLD), 9);
	guest_tpr = 0x20;
	exit_with(43);
	assert_int_equal(v->exit.kind, VM_EXIT_WINDOW);
	assert_int_equal(v->cr8, 2);
	guest_tpr = -1;
	exit_with(12);
	assert_int_equal(hw_get(VMCS_TPR_THRESHOLD), 2);
	vmx_ops.set_tpr(v, 2, false);
	exit_with(12);
	assert_int_equal(hw_get(VMCS_TPR_THRESHOLD), 0);
}

static void test_idt(void **state)
{
	struct frame frame;

	(void)state;
	hw_set(VMCS_GUEST_IDTR_LIMIT, 8 * 4 + 2);
	assert_false(vmx_ops.idt_reaches(v, 8));
	hw_set(VMCS_GUEST_IDTR_LIMIT, 8 * 4 + 3);
	assert_true(vmx_ops.idt_reaches(v, 8));
	protected_mode();
	assert_false(vmx_ops.idt_reaches(v, 8));
	hw_set(VMCS_GUEST_IDTR_LIMIT, 9 * 8 - 1);
	assert_true(vmx_ops.idt_reaches(v, 8));
	vmx_ops.get(v, GROUP_CONTROL, &frame);
	frame.control.cr0 |= CR0_PG;
	frame.control.cr4 = CR4_PAE;
	frame.control.efer = EFER_LME;
	assert_true(vmx_ops.put(v, GROUP_CONTROL, &frame));
	assert_false(vmx_ops.idt_reaches(v, 8));
	hw_set(VMCS_GUEST_IDTR_LIMIT, 9 * 16 - 1);
	assert_true(vmx_ops.idt_reaches(v, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_event_goes_in_once, set_up),
		cmocka_unit_test_setup(test_error_codes, set_up),
		cmocka_unit_test_setup(test_resume_flag, set_up),
		cmocka_unit_test_setup(test_software_interrupt_has_a_length, set_up),
		cmocka_unit_test_setup(test_open, set_up),
		cmocka_unit_test_setup(test_interrupt_window, set_up),
		cmocka_unit_test_setup(test_nmi_window, set_up),
		cmocka_unit_test_setup(test_nmi_waits_for_stis_shadow, set_up),
		cmocka_unit_test_setup(test_tpr, set_up),
		cmocka_unit_test_setup(test_idt, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
