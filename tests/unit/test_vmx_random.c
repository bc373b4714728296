/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests of every mode that run into exits of every kind, and what the kernel does about these, at random:
 * whatever state a processor can leave a guest in, no entry that follows is refused (C12).
 */
/* sources: tests/unit/vmx_hw.c arch/x86_64/vmx/check.c arch/x86_64/vmx/check_segment.c
 * arch/x86_64/vmx/controls.c arch/x86_64/vmx/maps.c arch/x86_64/vmx/vpid.c arch/x86_64/page_format.c
 * lib/format.c lib/string.c lib/copy.c */
#include "tests/unit/random.h"
#include "tests/unit/vmx_host.h"

enum { ROUNDS = 40000 };

static struct hw_vcpu vcpu;
static struct virt_vcpu *const v = &vcpu.v;
static struct frame frame;

static bool chance(unsigned one_in)
{
	return next_random() % one_in == 0;
}

#define PICK(list) ((list)[next_random() % ARRAY_SIZE(list)])

enum { DATA = SEG_ATTR_P | SEG_ATTR_S | 3, CODE = SEG_ATTR_P | SEG_ATTR_S | 11, USER = 3 << 5 };

/* --- The guest --- */

struct mode {
	uint64_t cr0, cr4, efer, rflags;
	uint16_t code, data;
};

static const struct mode modes[] = {
	{.code = CODE, .data = DATA},
	{.cr0 = CR0_PE, .code = CODE | SEG_ATTR_DB, .data = DATA},
	{.cr0 = CR0_PE, .rflags = RFLAGS_VM, .code = DATA | USER, .data = DATA | USER},
	{.cr0 = CR0_PE | CR0_PG, .code = CODE | SEG_ATTR_DB | USER, .data = DATA | USER},
	{.cr0 = CR0_PE | CR0_PG, .cr4 = CR4_PAE, .code = CODE, .data = DATA},
	{CR0_PE | CR0_PG, CR4_PAE, EFER_LME, 0, CODE | SEG_ATTR_L, SEG_ATTR_UNUSABLE},
	{CR0_PE | CR0_PG, CR4_PAE, EFER_LME, 0, CODE | SEG_ATTR_L | USER, DATA | USER},
	{CR0_PE | CR0_PG, CR4_PAE | CR4_PCIDE, EFER_LME, 0, CODE | SEG_ATTR_DB | USER, DATA | USER},
};

static void enter_mode(const struct mode *mode)
{
	vmx_ops.get(v, GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT, &frame);
	frame.rip = 0x1000;
	frame.rflags = mode->rflags;
	frame.shadow = 0;
	frame.control.cr0 = mode->cr0;
	frame.control.cr4 = mode->cr4;
	frame.control.efer = mode->efer;
	memset(frame.control.pdptr, 0, sizeof(frame.control.pdptr));
	for (unsigned i = 0; i < SEG_LDTR; i++)
		frame.seg[i] = (struct seg){(uint16_t)(i * 8), mode->data, 0xffff, 0};
	frame.seg[SEG_CS].attributes = mode->code;
	assert_true(vmx_ops.put(v, GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT, &frame));
}

static uint64_t any_flags(void)
{
	uint64_t rflags = hw_get(VMCS_GUEST_RFLAGS) & (RFLAGS_VM | RFLAGS_FIXED);

	rflags |= next_random() &
		  (RFLAGS_CF | RFLAGS_ZF | RFLAGS_DF | RFLAGS_RF | RFLAGS_AC | RFLAGS_ID);
	return rflags | (chance(2) ? RFLAGS_IF : 0) | (chance(2) ? RFLAGS_TF : 0);
}

/* What an exit leaves: a step is pending if a shadow holds it back, but for the exit that #DB itself is. */
static void leave(uint64_t rflags, bool debug)
{
	static const uint32_t shadows[] = {0, 0, VMX_BLOCKED_BY_MOV_SS, VMX_BLOCKED_BY_STI};
	uint32_t shadow = PICK(shadows);
	uint64_t pending = 0;

	if (shadow == VMX_BLOCKED_BY_STI && !(rflags & RFLAGS_IF))
		shadow = 0;
	if (shadow && (rflags & RFLAGS_TF) && !debug)
		pending = VMX_PENDING_DEBUG_BS;
	if (shadow == VMX_BLOCKED_BY_MOV_SS && chance(4) && !debug)
		pending |= VMX_PENDING_DEBUG_ENABLED | BIT(0);
	hw_set(VMCS_GUEST_RFLAGS, rflags);
	hw_set(VMCS_GUEST_INTERRUPTIBILITY, shadow | (chance(4) ? VMX_BLOCKED_BY_NMI : 0));
	hw_set(VMCS_GUEST_PENDING_DEBUG, pending);
}

/* An event whose delivery the exit cut short: there was no shadow before it. */
static void interrupt_delivery(uint64_t rflags)
{
	static const uint32_t events[] = {0x80000202, 0x80000b0e, 0x80000b0d, 0x80000306,
					  0x80000480};
	uint32_t event = (rflags & RFLAGS_IF) && chance(2) ? 0x80000041 : PICK(events);

	if (event & VMX_EVENT_ERROR && !(hw_get(VMCS_GUEST_CR0) & CR0_PE))
		event &= ~(uint32_t)VMX_EVENT_ERROR;
	hw_set(VMCS_IDT_VECTORING, event);
	hw_set(VMCS_GUEST_INTERRUPTIBILITY, event == 0x80000202 ? VMX_BLOCKED_BY_NMI : 0);
	hw_set(VMCS_GUEST_PENDING_DEBUG, 0);
}

static void guest_runs(struct virt_vcpu *which)
{
	static const uint32_t reasons[] = {0,  0,  0,  1,  7,  8,  10, 12, 18,
					   28, 30, 31, 32, 43, 48, 48, 52};
	static const uint32_t exceptions[] = {0x80000301, 0x80000501, 0x80000b11,
					      0x80000202, 0x80000312, 0x80001301};
	uint32_t reason = PICK(reasons), event = reason ? 0 : PICK(exceptions);
	uint64_t rflags = any_flags();

	(void)which;
	if (event == 0x80000b11 && !(hw_get(VMCS_GUEST_CR0) & CR0_PE))
		event = 0x80000301;
	hw_set(VMCS_EXIT_REASON, reason);
	hw_set(VMCS_EXIT_EVENT, event);
	hw_set(VMCS_EXIT_EVENT_ERROR, 0);
	hw_set(VMCS_IDT_VECTORING_ERROR, 0);
	hw_set(VMCS_EXIT_INSN_LEN, 1 + next_random() % 3);
	hw_set(VMCS_EXIT_INSN_INFO, 0);
	hw_set(VMCS_QUALIFICATION, reason ? next_random() & 0xffff0000 : next_random() & 0x600f);
	hw_set(VMCS_GUEST_PHYSICAL, 0xfee00000);
	leave(rflags, (event & VMX_EVENT_VECTOR) == EXCEPTION_DB && event);
	if ((reason == 0 || reason == 48) && chance(3))
		interrupt_delivery(rflags);
}

/* --- The kernel and the VMM --- */

static void resume_with_state(uint32_t groups)
{
	vmx_ops.get(v, groups, &frame);
	if (chance(3))
		frame.rflags ^= RFLAGS_ZF;
	if (chance(4))
		frame.rflags &= ~(uint64_t)RFLAGS_TF;
	if (chance(4))
		frame.rflags &= ~(uint64_t)RFLAGS_IF;
	assert_true(vmx_ops.put(v, groups, &frame));
}

static void handle_exit(void)
{
	static const uint8_t faults[] = {EXCEPTION_UD, EXCEPTION_GP, EXCEPTION_PF};
	const struct frame_event fault = {
		.type = INJECT_EXCEPTION, .vector = PICK(faults), .has_error = 1};

	if (v->exit.kind == VM_EXIT_EXCEPTION) {
		vmx_ops.inject(v, &v->exit.event);
		return;
	}
	if (v->reinject_valid) {
		vmx_ops.inject(v, &v->reinject);
		return;
	}
	if (chance(3))
		resume_with_state(GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT);
	if (chance(3))
		vmx_ops.inject(v, &fault);
	else if (v->exit.insn_len)
		vmx_ops.skip(v, v->exit.insn_len);
}

static void deliver(void)
{
	static const struct frame_event nmi = {.type = INJECT_NMI, .vector = EXCEPTION_NMI};
	static const struct frame_event interrupt = {.type = INJECT_EXTERNAL, .vector = 0x41};

	if (chance(3))
		vmx_ops.set_tpr(v, next_random() & 15, chance(2));
	if (chance(3)) {
		if (vmx_ops.nmi_open(v))
			vmx_ops.inject(v, &nmi);
		else
			vmx_ops.want_nmi_window(v);
	}
	if (chance(2)) {
		if (vmx_ops.interrupt_open(v))
			vmx_ops.inject(v, &interrupt);
		else
			vmx_ops.want_window(v, true);
	}
}

static void test_no_entry_is_refused(void **state)
{
	unsigned kinds[VM_EXIT_KINDS] = {0};

	(void)state;
	hw_make(&vcpu);
	hw.guest = guest_runs;
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (chance(8) && !vmx_ops.injecting(v))
			enter_mode(&PICK(modes));
		hw_run(v);
		if (hw.refused)
			fail_msg("round %u: %s", round, hw.refused);
		kinds[v->exit.kind]++;
		handle_exit();
		deliver();
	}
	assert_int_equal(hw.entries, ROUNDS);
	assert_true(kinds[VM_EXIT_EXCEPTION] && kinds[VM_EXIT_NESTED] && kinds[VM_EXIT_NMI]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_entry_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
