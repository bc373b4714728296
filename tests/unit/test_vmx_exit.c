/* SPDX-License-Identifier: BSD-2-Clause */
/* The VMX backend's exits, decoded: the twin of test_svm_exit.c. */
/* sources: tests/unit/vmx_hw.c arch/x86_64/vmx/check.c arch/x86_64/vmx/check_segment.c
 * arch/x86_64/vmx/controls.c arch/x86_64/vmx/maps.c arch/x86_64/vmx/vpid.c arch/x86_64/page_format.c
 * lib/format.c lib/string.c lib/copy.c */
#include "tests/unit/vmx_host.h"

static struct hw_vcpu vcpu;
static struct virt_vcpu *const v = &vcpu.v;

/* What the next exit will be. */
static struct {
	uint64_t qualification;
	uint32_t event, error, delivery, delivery_error, insn_len, insn_info;
	uint64_t gpa, gva;
	uint64_t rflags, blocked; /* not 0: what the guest has then */
} next;

static int set_up(void **state)
{
	(void)state;
	memset(&next, 0, sizeof(next));
	hw_make(&vcpu);
	return 0;
}

static uint32_t reason;

static void guest_exits(struct virt_vcpu *which)
{
	(void)which;
	hw_set(VMCS_EXIT_REASON, reason);
	hw_set(VMCS_QUALIFICATION, next.qualification);
	hw_set(VMCS_EXIT_EVENT, next.event);
	hw_set(VMCS_EXIT_EVENT_ERROR, next.error);
	hw_set(VMCS_IDT_VECTORING, next.delivery);
	hw_set(VMCS_IDT_VECTORING_ERROR, next.delivery_error);
	hw_set(VMCS_EXIT_INSN_LEN, next.insn_len);
	hw_set(VMCS_EXIT_INSN_INFO, next.insn_info);
	hw_set(VMCS_GUEST_PHYSICAL, next.gpa);
	hw_set(VMCS_GUEST_LINEAR, next.gva);
	if (next.rflags)
		hw_set(VMCS_GUEST_RFLAGS, next.rflags);
	if (next.blocked)
		hw_set(VMCS_GUEST_INTERRUPTIBILITY, next.blocked);
}

static void exit_with(uint32_t number)
{
	reason = number;
	hw.guest = guest_exits;
	hw_run(v);
	assert_null(hw.refused);
}

static uint32_t blocked(void)
{
	return (uint32_t)hw_get(VMCS_GUEST_INTERRUPTIBILITY);
}

enum { EXCEPTION = 0, TASK_SWITCH = 9, IO = 30, CR = 28, EPT_VIOLATION = 48 };

#define EVENT(type, vector) (VMX_EVENT_VALID | (type) << VMX_EVENT_TYPE_SHIFT | (vector))

/* SDM 3D C "VMX Basic Exit Reasons", all of them; what is not here, nobody asked for. */
static void test_kinds(void **state)
{
	static const struct {
		uint8_t kind;
		bool length;
	} kinds[80] = {
		[1] = {VM_EXIT_INTERRUPT, 0},	[2] = {VM_EXIT_TRIPLE_FAULT, 0},
		[3] = {VM_EXIT_INTERRUPT, 0},	[4] = {VM_EXIT_INTERRUPT, 0},
		[7] = {VM_EXIT_WINDOW, 0},	[8] = {VM_EXIT_NMI_WINDOW, 0},
		[9] = {VM_EXIT_TASK_SWITCH, 0}, [10] = {VM_EXIT_CPUID, 1},
		[11] = {VM_EXIT_UNDEFINED, 0},	[12] = {VM_EXIT_HLT, 1},
		[13] = {VM_EXIT_CACHE, 1},	[15] = {VM_EXIT_PROTECTION, 0},
		[17] = {VM_EXIT_UNDEFINED, 0},	[18] = {VM_EXIT_HYPERCALL, 1},
		[19] = {VM_EXIT_UNDEFINED, 0},	[20] = {VM_EXIT_UNDEFINED, 0},
		[21] = {VM_EXIT_UNDEFINED, 0},	[22] = {VM_EXIT_UNDEFINED, 0},
		[23] = {VM_EXIT_UNDEFINED, 0},	[24] = {VM_EXIT_UNDEFINED, 0},
		[25] = {VM_EXIT_UNDEFINED, 0},	[26] = {VM_EXIT_UNDEFINED, 0},
		[27] = {VM_EXIT_UNDEFINED, 0},	[28] = {VM_EXIT_CR, 0},
		[30] = {VM_EXIT_IO, 1},		[31] = {VM_EXIT_MSR_READ, 1},
		[32] = {VM_EXIT_MSR_WRITE, 1},	[36] = {VM_EXIT_UNDEFINED, 0},
		[39] = {VM_EXIT_UNDEFINED, 0},	[43] = {VM_EXIT_WINDOW, 0},
		[48] = {VM_EXIT_NESTED, 0},	[50] = {VM_EXIT_UNDEFINED, 0},
		[52] = {VM_EXIT_PREEMPT, 0},	[53] = {VM_EXIT_UNDEFINED, 0},
		[54] = {VM_EXIT_CACHE, 1},	[55] = {VM_EXIT_XSETBV, 1},
		[59] = {VM_EXIT_UNDEFINED, 0},	[60] = {VM_EXIT_UNDEFINED, 0},
	};

	(void)state;
	next.insn_len = 3;
	for (uint32_t i = 1; i < ARRAY_SIZE(kinds); i++) {
		v->reinject_valid = true; /* of an earlier exit */
		exit_with(i);
		assert_int_equal(v->exit.kind, kinds[i].kind);
		assert_int_equal(told.code, i);
		assert_int_equal(v->exit.insn_len, kinds[i].length ? 3 : 0);
		assert_false(v->reinject_valid);
	}
	exit_with(0x10000);
	assert_int_equal(v->exit.kind, VM_EXIT_UNKNOWN);
	exit_with(BIT(27) | 12); /* from an enclave: there is none */
	assert_int_equal(v->exit.kind, VM_EXIT_UNKNOWN);
}

static void test_registers_are_read(void **state)
{
	(void)state;
	hw_set(VMCS_GUEST_RIP, 0x1234);
	hw_set(VMCS_GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	*vmx_vapic_tpr(v) = 0xa0;
	exit_with(12);
	assert_int_equal(vmx_of(v)->rip, 0x1234);
	assert_int_equal(vmx_of(v)->rflags, RFLAGS_FIXED | RFLAGS_IF);
	assert_int_equal(v->cr8, 10);
	v->gpr[GPR_RSP] = 0x8000;
	exit_with(12);
	assert_int_equal(hw_get(VMCS_GUEST_RSP), 0x8000);
	assert_int_equal(v->gpr[GPR_RSP], 0x8000);
}

static void test_exceptions(void **state)
{
	(void)state;
	next.event = EVENT(INJECT_EXCEPTION, EXCEPTION_AC) | VMX_EVENT_ERROR;
	next.error = 0;
	exit_with(EXCEPTION);
	assert_int_equal(v->exit.kind, VM_EXIT_EXCEPTION);
	assert_int_equal(v->exit.event.vector, EXCEPTION_AC);
	assert_int_equal(v->exit.event.type, INJECT_EXCEPTION);
	assert_true(v->exit.event.has_error);
	/* INT1 has the length of its instruction: what goes in pushes the RIP behind it. */
	next.event = EVENT(VMX_TYPE_INT1, EXCEPTION_DB);
	next.insn_len = 2;
	exit_with(EXCEPTION);
	assert_int_equal(v->exit.event.type, VMX_TYPE_INT1);
	assert_int_equal(v->exit.event.insn_len, 2);
	vmx_ops.inject(v, &v->exit.event);
	assert_int_equal(hw_get(VMCS_ENTRY_EVENT), next.event);
	assert_int_equal(hw_get(VMCS_ENTRY_INSN_LEN), 2);
	next.event = EVENT(INJECT_EXCEPTION, EXCEPTION_MC);
	exit_with(EXCEPTION);
	assert_int_equal(v->exit.kind, VM_EXIT_MACHINE_CHECK);
	assert_int_equal(hw.nmis, 0);
	next.event = EVENT(INJECT_NMI, EXCEPTION_NMI);
	exit_with(EXCEPTION);
	assert_int_equal(v->exit.kind, VM_EXIT_NMI);
	assert_int_equal(hw.nmis, 1);
}

/* What the processor would have done to DR6 and DR7, and the exit only tells. */
static void test_debug_registers(void **state)
{
	(void)state;
	hw.dr6 = DR6_RESET | BIT(3);
	hw_set(VMCS_GUEST_DR7, DR7_RESET | DR7_GD);
	next.event = EVENT(INJECT_EXCEPTION, EXCEPTION_DB);
	next.qualification = DR6_BD | BIT(0) | BIT(12) | BIT(63);
	exit_with(EXCEPTION);
	assert_int_equal(hw.dr6, DR6_RESET | DR6_BD | BIT(0));
	assert_int_equal(hw_get(VMCS_GUEST_DR7), DR7_RESET);
	next.qualification = DR6_BS;
	exit_with(EXCEPTION);
	/* BD and BS stay until the handler clears them. */
	assert_int_equal(hw.dr6, DR6_RESET | DR6_BD | DR6_BS);
	next.event = EVENT(INJECT_EXCEPTION, EXCEPTION_AC) | VMX_EVENT_ERROR;
	next.qualification = BIT(1);
	exit_with(EXCEPTION);
	assert_false(hw.dr6 & BIT(1));
}

/*
 * POP SS or STI, then INT1, all of it under TF, in a program of the guest's: entry demands a pending step,
 * which the exit took away.
 */
static void test_debug_exception_in_a_shadow(void **state)
{
	static const uint32_t shadows[] = {VMX_BLOCKED_BY_STI, VMX_BLOCKED_BY_MOV_SS};

	(void)state;
	next.event = EVENT(VMX_TYPE_INT1, EXCEPTION_DB);
	next.insn_len = 1;
	for (unsigned i = 0; i < ARRAY_SIZE(shadows); i++) {
		next.rflags = RFLAGS_FIXED | RFLAGS_IF | RFLAGS_TF;
		next.blocked = shadows[i];
		exit_with(EXCEPTION);
		assert_int_equal(hw_get(VMCS_GUEST_PENDING_DEBUG), VMX_PENDING_DEBUG_BS);
		vmx_ops.inject(v, &v->exit.event);
		next.blocked = 0;
		exit_with(12);
		assert_int_equal(hw.delivered, next.event);
	}
	/* Without TF nothing may be pending. */
	next.rflags = RFLAGS_FIXED | RFLAGS_IF;
	next.blocked = VMX_BLOCKED_BY_MOV_SS;
	exit_with(EXCEPTION);
	assert_int_equal(hw_get(VMCS_GUEST_PENDING_DEBUG), 0);
}

/* What an IRET had opened is shut again, if the exit says so, and can say so. */
static void test_unblocked_nmis(void **state)
{
	const struct {
		uint32_t number, event, delivery;
		uint64_t qualification;
		bool shut;
	} cases[] = {
		{EXCEPTION, EVENT(INJECT_EXCEPTION, EXCEPTION_DB) | BIT(12), 0, 0, true},
		{EXCEPTION, EVENT(INJECT_EXCEPTION, EXCEPTION_AC) | BIT(12), 0, 0, true},
		{EXCEPTION, EVENT(INJECT_EXCEPTION, EXCEPTION_MC) | BIT(12), 0, 0, true},
		{EXCEPTION, EVENT(INJECT_EXCEPTION, EXCEPTION_DF) | BIT(12), 0, 0, false},
		{EXCEPTION, EVENT(INJECT_EXCEPTION, EXCEPTION_DB), 0, 0, false},
		{EXCEPTION, EVENT(INJECT_EXCEPTION, EXCEPTION_DB) | BIT(12), EVENT(0, 0x41), 0,
		 false},
		{EPT_VIOLATION, 0, 0, BIT(12), true},
		{EPT_VIOLATION, 0, 0, 0, false},
		{EPT_VIOLATION, 0, EVENT(0, 0x41), BIT(12), false},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		next.event = cases[i].event;
		next.delivery = cases[i].delivery;
		next.qualification = cases[i].qualification;
		hw_set(VMCS_GUEST_INTERRUPTIBILITY, 0);
		exit_with(cases[i].number);
		assert_int_equal(blocked(), cases[i].shut ? VMX_BLOCKED_BY_NMI : 0);
	}
}

/* What the exit interrupted the delivery of goes in again, but not what runs again by itself. */
static void test_interrupted_delivery(void **state)
{
	static const struct {
		uint32_t info;
		bool kept;
	} cases[] = {
		{0x80000041, true},  /* external interrupt 41h */
		{0x80000202, true},  /* NMI */
		{0x80000b0e, true},  /* #PF */
		{0x80000603, false}, /* INT3 */
		{0x80000604, false}, /* INTO */
		{0x80000480, false}, /* INT 80h */
		{0x80000501, false}, /* INT1 */
		{0x00000041, false}, /* not valid */
	};

	(void)state;
	v->cr2 = 0x77;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		next.delivery = cases[i].info;
		next.delivery_error = 3;
		exit_with(EPT_VIOLATION);
		assert_int_equal(v->reinject_valid, cases[i].kept);
		if (!cases[i].kept)
			continue;
		assert_int_equal(v->reinject.vector, cases[i].info & 0xff);
		assert_int_equal(v->reinject.type, cases[i].info >> 8 & 7);
		assert_int_equal(v->reinject.has_error, cases[i].info >> 11 & 1);
		assert_int_equal(v->reinject.error, cases[i].info >> 11 & 1 ? 3 : 0);
		assert_int_equal(v->reinject.cr2, 0x77);
	}
	/* Only exits that can come in a delivery: the field keeps what an earlier one left. */
	next.delivery = 0x80000041;
	exit_with(10);
	assert_false(v->reinject_valid);
}

/* The first injection blocked NMIs; the second has to find them open. */
static void test_interrupted_nmi_opens_them(void **state)
{
	(void)state;
	hw_set(VMCS_GUEST_INTERRUPTIBILITY, VMX_BLOCKED_BY_NMI);
	next.delivery = EVENT(INJECT_NMI, EXCEPTION_NMI);
	exit_with(EPT_VIOLATION);
	assert_int_equal(blocked(), 0);
	vmx_ops.inject(v, &v->reinject);
	exit_with(12);
	assert_int_equal(blocked(), VMX_BLOCKED_BY_NMI);
}

static void test_ports(void **state)
{
	(void)state;
	v->gpr[GPR_RAX] = 0x1122334455667788;
	next.insn_len = 2;
	for (unsigned size = 1; size <= 4; size *= 2) {
		next.qualification = 0x3f8u << 16 | (size - 1);
		exit_with(IO);
		assert_int_equal(v->exit.kind, VM_EXIT_IO);
		assert_int_equal(v->exit.io.port, 0x3f8);
		assert_int_equal(v->exit.io.size, size);
		assert_int_equal(v->exit.io.in, 0);
		assert_int_equal(v->exit.io.insn_len, 2);
		assert_int_equal(v->exit.io.value & BITS(8 * v->exit.io.size - 1, 0),
				 0x55667788 & BITS(size * 8 - 1, 0));
	}
	next.qualification = 0xffffu << 16 | BIT(3);
	exit_with(IO);
	assert_int_equal(v->exit.io.port, 0xffff);
	assert_int_equal(v->exit.io.in, 1);
}

/* Address size 16, 32, 64; the segment counts for OUTS, INS has ES. */
static void test_string_ports(void **state)
{
	(void)state;
	for (unsigned size = 0; size < 3; size++) {
		next.insn_info = size << 7 | SEG_FS << 15;
		next.qualification = BIT(5) | BIT(4) | 1;
		exit_with(IO);
		assert_int_equal(v->exit.kind, VM_EXIT_IO_STRING);
		assert_int_equal(v->exit.io.address_size, 2 << size);
		assert_int_equal(v->exit.io.segment, SEG_FS);
		assert_int_equal(v->exit.io.rep, 1);
		next.qualification |= BIT(3);
		exit_with(IO);
		assert_int_equal(v->exit.io.segment, SEG_ES);
	}
	vmx_controls.string_info = false;
	exit_with(IO);
	assert_int_equal(v->exit.io.address_size, 0);
	assert_int_equal(v->exit.io.segment, 0xff);
}

static void test_ept_violation(void **state)
{
	(void)state;
	next.gpa = 0xfee00080;
	next.gva = 0xffff800000000080;
	next.qualification = BIT(0) | BIT(7) | BIT(8);
	exit_with(EPT_VIOLATION);
	assert_int_equal(v->exit.mmio.gpa, next.gpa);
	assert_int_equal(v->exit.mmio.access, 0);
	assert_true(v->exit.mmio.gva_valid);
	assert_int_equal(v->exit.mmio.gva, next.gva);
	next.qualification = BIT(1) | BIT(7) | BIT(8);
	exit_with(EPT_VIOLATION);
	assert_int_equal(v->exit.mmio.access, MMIO_WRITE);
	next.qualification = BIT(2) | BIT(7) | BIT(8);
	exit_with(EPT_VIOLATION);
	assert_int_equal(v->exit.mmio.access, MMIO_FETCH);
	/* With accessed and dirty bits in EPT a walk counts as reading and writing. */
	next.qualification = BIT(0) | BIT(1) | BIT(7);
	exit_with(EPT_VIOLATION);
	assert_int_equal(v->exit.mmio.access, MMIO_WRITE | MMIO_WALK);
	/* The PDPTEs that MOV to CR3 loads have no linear address. */
	next.qualification = BIT(0);
	exit_with(EPT_VIOLATION);
	assert_false(v->exit.mmio.gva_valid);
	assert_int_equal(v->exit.mmio.access, 0);
}

static void test_control_registers(void **state)
{
	static const struct {
		uint64_t qualification;
		uint32_t cr, write;
	} cases[] = {
		{0x0, 0, 1},	    {0x503, 3, 1}, {0x4, 4, 1},	 {0xf08, 8, 1},
		{0x10, 0, 0},	    {0x713, 3, 0}, {0x14, 4, 0}, {0x20, 0, 1},
		{0xfff00030, 0, 1}, {0x2f, 0, 1}, /* CLTS has no number */
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		next.qualification = cases[i].qualification;
		exit_with(CR);
		assert_int_equal(v->exit.cr.cr, cases[i].cr);
		assert_int_equal(v->exit.cr.write, cases[i].write);
	}
}

static void test_task_switches(void **state)
{
	static const struct {
		uint32_t qualification, delivery, error;
		struct frame_task task;
		bool reinject;
	} cases[] = {
		{0x00000030, 0, 0, {.selector = 0x30, .source = TASK_CALL, .insn_len = 3}, false},
		{0x40000028, 0, 0, {.selector = 0x28, .source = TASK_IRET, .insn_len = 3}, false},
		{0x8000fff8, 0, 0, {.selector = 0xfff8, .source = TASK_JMP, .insn_len = 3}, false},
		/* INT n, INT3 and INT1 run again by themselves. */
		{0xc0000030,
		 EVENT(4, 0x51),
		 0,
		 {.selector = 0x30, .source = TASK_GATE, .insn_len = 3, .type = 4, .vector = 0x51},
		 false},
		{0xc0000030,
		 EVENT(INJECT_EXCEPTION, EXCEPTION_GP) | VMX_EVENT_ERROR,
		 0x18,
		 {.selector = 0x30,
		  .source = TASK_GATE,
		  .type = INJECT_EXCEPTION,
		  .vector = EXCEPTION_GP,
		  .has_error = 1,
		  .error = 0x18},
		 true},
		{0xc0000030,
		 EVENT(INJECT_NMI, EXCEPTION_NMI),
		 0,
		 {.selector = 0x30, .source = TASK_GATE, .type = INJECT_NMI, .vector = EXCEPTION_NMI},
		 true},
	};

	(void)state;
	next.insn_len = 3;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		next.qualification = cases[i].qualification;
		next.delivery = cases[i].delivery;
		next.delivery_error = cases[i].error;
		exit_with(TASK_SWITCH);
		assert_memory_equal(&v->exit.task, &cases[i].task, sizeof(cases[i].task));
		assert_int_equal(v->reinject_valid, cases[i].reinject);
	}
}

/* The slice starts anew where the kernel takes interrupts, and nowhere else. */
static void test_slice(void **state)
{
	static const uint32_t ends[] = {1, 52};
	const uint64_t slice = 320000 >> 5;

	(void)state;
	assert_int_equal(hw_get(VMCS_PREEMPTION_TIMER), slice);
	hw_set(VMCS_PREEMPTION_TIMER, 7);
	exit_with(10);
	assert_int_equal(hw_get(VMCS_PREEMPTION_TIMER), 7);
	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		hw_set(VMCS_PREEMPTION_TIMER, 7);
		exit_with(ends[i]);
		assert_int_equal(hw_get(VMCS_PREEMPTION_TIMER), slice);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_kinds, set_up),
		cmocka_unit_test_setup(test_registers_are_read, set_up),
		cmocka_unit_test_setup(test_exceptions, set_up),
		cmocka_unit_test_setup(test_debug_registers, set_up),
		cmocka_unit_test_setup(test_debug_exception_in_a_shadow, set_up),
		cmocka_unit_test_setup(test_unblocked_nmis, set_up),
		cmocka_unit_test_setup(test_interrupted_delivery, set_up),
		cmocka_unit_test_setup(test_interrupted_nmi_opens_them, set_up),
		cmocka_unit_test_setup(test_ports, set_up),
		cmocka_unit_test_setup(test_string_ports, set_up),
		cmocka_unit_test_setup(test_ept_violation, set_up),
		cmocka_unit_test_setup(test_control_registers, set_up),
		cmocka_unit_test_setup(test_task_switches, set_up),
		cmocka_unit_test_setup(test_slice, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
