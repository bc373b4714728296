/* SPDX-License-Identifier: BSD-2-Clause */
/* The SVM backend's pure halves: exits decoded, state in and out, events, NMI blocking in software. */
/* sources: arch/x86_64/svm/exit.c arch/x86_64/svm/enter.c arch/x86_64/svm/inject.c arch/x86_64/svm/state.c
 * arch/x86_64/svm/segment.c arch/x86_64/svm/step.c arch/x86_64/svm/corrupt.c
 * arch/x86_64/svm/asid.c */
#include "arch/x86_64/svm/vcpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/svm_vcpu.h"

static uint32_t tlb_control; /* at the last entry */

/* What the kernel was told of the last exit. */
static struct {
	uint64_t rip, code, info;
} told;

int64_t kernel_exit(struct virt_vcpu *virt, uint64_t rip, uint64_t code, uint64_t info)
{
	assert_ptr_equal(virt, &v);
	told.rip = rip;
	told.code = code;
	told.info = info;
	return 0;
}

bool kernel_work(struct virt_vcpu *virt)
{
	virt->work = 0;
	return virt_claim(virt);
}

static int set_up(void **state)
{
	(void)state;
	svm_vcpu_reset();
	vmcb.efer = EFER_SVME;
	vmcb.rip = 0x1000;
	return 0;
}

/* With IF=1, or an interrupt window would be opened here. */
static void enter(void)
{
	uint64_t closed = ~vmcb.rflags & RFLAGS_IF;

	vmcb.rflags |= RFLAGS_IF;
	assert_ptr_equal(svm_go_on(&v, 0), &v);
	assert_int_equal(v.state, VIRT_GUEST);
	vmcb.rflags &= ~closed;
	tlb_control = vmcb.tlb_control;
}

static void exited_with(uint64_t code)
{
	vmcb.exit_code = code;
	assert_int_equal(svm_exited(&v), 0);
	assert_int_equal(told.rip, vmcb.rip);
	assert_int_equal(told.code, code);
	assert_int_equal(told.info, vmcb.exit_info1);
}

static void exit_with(uint64_t code)
{
	enter();
	exited_with(code);
}

/* --- Exits --- */

static void test_kinds(void **state)
{
	static const struct {
		uint64_t code;
		enum vm_exit_kind kind;
	} cases[] = {
		{0x60, VM_EXIT_INTERRUPT},
		{0x61, VM_EXIT_NMI},
		{0x64, VM_EXIT_WINDOW},
		{0x72, VM_EXIT_CPUID},
		{0x78, VM_EXIT_HLT},
		{0x7f, VM_EXIT_TRIPLE_FAULT},
		{0x81, VM_EXIT_HYPERCALL},
		{0x80, VM_EXIT_UNDEFINED},
		{0x8d, VM_EXIT_XSETBV},
		{0x89, VM_EXIT_CACHE},
		{0x6f, VM_EXIT_PROTECTION},
		{0x400, VM_EXIT_NESTED},
		{0x48, VM_EXIT_DOUBLE_FAULT},
		{0x52, VM_EXIT_MACHINE_CHECK},
		{0x41, VM_EXIT_EXCEPTION},
		{0x4d, VM_EXIT_EXCEPTION},
		{0x5f, VM_EXIT_EXCEPTION},
		{0x66, VM_EXIT_UNKNOWN},
		{0xa5, VM_EXIT_UNKNOWN},
		{0x3ff, VM_EXIT_UNKNOWN},
		{0x401, VM_EXIT_UNKNOWN},
		{0xffffffff, VM_EXIT_INVALID},
		{0xffffffffffffffff, VM_EXIT_INVALID},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		exit_with(cases[i].code);
		assert_int_equal(v.exit.kind, cases[i].kind);
		assert_false(v.reinject_valid);
	}
}

static void test_length(void **state)
{
	(void)state;
	vmcb.next_rip = 0x1002;
	exit_with(0x72);
	assert_int_equal(v.exit.insn_len, 0); /* no next-RIP: what stands there is nobody's */
	svm_has_next_rip = true;
	exit_with(0x72);
	assert_int_equal(v.exit.insn_len, 2);
	vmcb.next_rip = 0x1010;
	exit_with(0x72);
	assert_int_equal(v.exit.insn_len, 0);
	vmcb.next_rip = 0xfff;
	exit_with(0x72);
	assert_int_equal(v.exit.insn_len, 0);
}

static void test_msr(void **state)
{
	(void)state;
	vmcb.exit_info1 = 1;
	exit_with(0x7c);
	assert_int_equal(v.exit.kind, VM_EXIT_MSR_WRITE);
	vmcb.exit_info1 = 0;
	exit_with(0x7c);
	assert_int_equal(v.exit.kind, VM_EXIT_MSR_READ);
}

static void test_port(void **state)
{
	(void)state;
	v.gpr[GPR_RAX] = 0x1122334455667788;
	vmcb.exit_info2 = 0x1002;
	for (unsigned size = 1; size <= 4; size *= 2) {
		vmcb.exit_info1 = 0x3f8u << 16 | size << 4;
		exit_with(0x7b);
		assert_int_equal(v.exit.kind, VM_EXIT_IO);
		assert_int_equal(v.exit.io.port, 0x3f8);
		assert_int_equal(v.exit.io.size, size);
		assert_int_equal(v.exit.io.in, 0);
		assert_int_equal(v.exit.io.insn_len, 2);
		assert_int_equal(v.exit.io.value & BITS(size * 8 - 1, 0),
				 0x55667788 & BITS(size * 8 - 1, 0));
	}
	vmcb.exit_info1 = 0xffffu << 16 | 1 << 9 | 1 << 4 | 1 << 3 | 1 << 2 | 1;
	exit_with(0x7b);
	assert_int_equal(v.exit.kind, VM_EXIT_IO_STRING);
	assert_int_equal(v.exit.io.port, 0xffff);
	assert_int_equal(v.exit.io.address_size, 8);
	assert_int_equal(v.exit.io.rep, 1);
	assert_int_equal(v.exit.io.in, 1);
}

static void test_nested(void **state)
{
	(void)state;
	vmcb.exit_info1 = BIT(33) | BIT(1);
	vmcb.exit_info2 = 0xfee00080;
	exit_with(0x400);
	assert_int_equal(v.exit.mmio.gpa, 0xfee00080);
	assert_int_equal(v.exit.mmio.access, MMIO_WRITE | MMIO_WALK);
	assert_int_equal(v.exit.mmio.gva_valid, 0);
	vmcb.exit_info1 = BIT(4);
	exit_with(0x400);
	assert_int_equal(v.exit.mmio.access, MMIO_FETCH);
}

/* Bochs leaves for #DB before it writes DR6 and DR7: what is known of it is put there. */
static void test_debug_registers(void **state)
{
	static const struct {
		uint64_t rflags, dr6, dr7, told;
	} cases[] = {
		{RFLAGS_TF, DR6_RESET, DR7_RESET, DR6_BS},
		{0, DR6_RESET, DR7_RESET | DR7_GD, DR6_BD},
		{RFLAGS_TF, DR6_RESET | 1, DR7_RESET | 1, 1},
		{0, DR6_RESET, DR7_RESET | 1, 0},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		vmcb.rflags = cases[i].rflags;
		vmcb.dr6 = cases[i].dr6;
		vmcb.dr7 = cases[i].dr7;
		exit_with(0x41);
		assert_int_equal(v.exit.kind, VM_EXIT_EXCEPTION);
		assert_int_equal(vmcb.dr6, DR6_RESET | cases[i].told);
		assert_int_equal(vmcb.dr7, cases[i].dr7 & ~(uint64_t)DR7_GD);
	}
}

/* What the exit interrupted: kept, but not what runs again by itself, nor TCG's stale one at SHUTDOWN. */
static void test_interrupted_delivery(void **state)
{
	static const struct {
		uint64_t info;
		bool kept;
	} cases[] = {
		{0x80000041, true},		 /* external interrupt 41h */
		{0x80000202, true},		 /* NMI */
		{0x80000b0e | 3ULL << 32, true}, /* #PF, error code 3 */
		{0x80000303, false},		 /* INT3 */
		{0x80000304, false},		 /* INTO */
		{0x80000480, false},		 /* INT 80h */
		{0x00000041, false},		 /* not valid */
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		vmcb.exit_int_info = cases[i].info;
		vmcb.cr2 = 0x77;
		exit_with(0x400);
		assert_int_equal(v.reinject_valid, cases[i].kept);
		if (!cases[i].kept)
			continue;
		assert_int_equal(v.reinject.vector, cases[i].info & 0xff);
		assert_int_equal(v.reinject.type, cases[i].info >> 8 & 7);
		assert_int_equal(v.reinject.has_error, cases[i].info >> 11 & 1);
		assert_int_equal(v.reinject.error, cases[i].info >> 32);
		assert_int_equal(v.reinject.cr2, 0x77);
	}
	vmcb.exit_int_info = 0x80000b0e;
	exit_with(0x7f);
	assert_false(v.reinject_valid);
}

/*
 * Bochs gives EFER.LMA the value that goes with the new CR0 before the exit; and LME stands in the VMCB with
 * CR0.PG only, though the guest sees it all the time.
 */
static void test_lma_follows_cr0(void **state)
{
	(void)state;
	v.efer = EFER_LME | EFER_LMA;
	vmcb.efer = EFER_SVME | EFER_LME | EFER_LMA;
	vmcb.cr0 = CR0_PE;
	exit_with(0x65);
	assert_int_equal(vmcb.efer, EFER_SVME);
	assert_int_equal(v.efer, EFER_LME);
	assert_int_equal(v.exit.cr.cr, 0);
	assert_int_equal(v.exit.cr.write, 1);
	vmcb.cr0 |= CR0_PG;
	exit_with(0x65);
	assert_int_equal(vmcb.efer, EFER_SVME | EFER_LME | EFER_LMA);
}

/* A vCPU that was flushed takes an ASID; the first of a generation flushes, even if an entry is refused. */
static void test_refused_entry_does_not_lose_the_flush(void **state)
{
	(void)state;
	v.asid_generation = 0;
	exit_with(0xffffffff);
	assert_int_equal(tlb_control, SVM_TLB_FLUSH_ALL);
	v.asid_generation = 0;
	exit_with(0x78);
	assert_int_equal(tlb_control, SVM_TLB_FLUSH_ALL);
	assert_in_range(vmcb.asid, 1, 3);
	exit_with(0x78);
	assert_int_equal(tlb_control, SVM_TLB_KEEP);
	v.asid_generation = 0;
	exit_with(0x78);
	assert_int_equal(tlb_control, SVM_TLB_KEEP);
	assert_int_equal(vmcb.asid, 2);
}

static void test_event_goes_in_once(void **state)
{
	const struct frame_event event = {.type = INJECT_EXTERNAL, .vector = 0x41};
	(void)state;

	svm_inject(&v, &event);
	exit_with(0x60);
	assert_false(svm_injecting(&v));
}

/* --- Events --- */

static void test_inject(void **state)
{
	const struct frame_event fault = {.type = INJECT_EXCEPTION,
					  .vector = EXCEPTION_PF,
					  .has_error = 1,
					  .error = 6,
					  .cr2 = 0x1234};
	(void)state;

	vmcb.cr0 = CR0_PE;
	svm_inject(&v, &fault);
	assert_int_equal(vmcb.event_inject, 6ULL << 32 | 0x80000b0e);
	assert_int_equal(vmcb.cr2, 0x1234);
	assert_int_equal(vmcb.rflags, RFLAGS_RF);
	vmcb.rflags = RFLAGS_IF;
	assert_true(svm_injecting(&v));
	assert_false(svm_interrupt_open(&v) || svm_nmi_open(&v));
}

/* What the guest takes is gone from V_IRQ; what it could not take goes in again, once. */
static void test_interrupt_by_virq(void **state)
{
	const struct frame_event again = {.type = INJECT_EXTERNAL, .vector = 0x31};

	(void)state;
	svm_by_virq = true;
	assert_false(svm_interrupt(&v, 0x31)); /* IF=0 */
	vmcb.rflags = RFLAGS_IF;
	vmcb.v_intr = SVM_V_MASKING;
	assert_true(svm_interrupt(&v, 0x31));
	assert_true(svm_injecting(&v));
	assert_false(svm_interrupt_open(&v) || svm_nmi_open(&v));
	assert_int_equal(vmcb.event_inject, 0);
	assert_int_equal(vmcb.v_intr, SVM_V_MASKING | SVM_V_IRQ | SVM_V_PRIORITY |
					      SVM_V_IGNORE_TPR | 0x31ULL << 32);
	assert_int_equal(vmcb.intercept_misc1 & SVM_INTERCEPT_VINTR, 0);
	assert_true(vmcb.intercept_cr_write & 1 << 8);
	vmcb.v_intr &= ~SVM_V_IRQ;
	exit_with(0x60);
	assert_int_equal(vmcb.v_intr, SVM_V_MASKING);
	assert_false(vmcb.intercept_cr_write & 1 << 8);
	assert_false(v.reinject_valid || svm_injecting(&v));

	svm_inject(&v, &again);
	exit_with(0x60);
	assert_int_equal(vmcb.v_intr, SVM_V_MASKING);
	assert_true(v.reinject_valid);
	assert_int_equal(v.reinject.vector, 0x31);
	exit_with(0x60);
	assert_false(v.reinject_valid);

	/* It gave the guest an exception: it is spent. */
	svm_inject(&v, &again);
	vmcb.rip += 0x100;
	exit_with(0x7b);
	assert_false(v.reinject_valid || svm_injecting(&v));
	assert_int_equal(vmcb.v_intr, SVM_V_MASKING);

	/* Cut short: EXITINTINFO has it, and V_IRQ may say what it will. */
	svm_inject(&v, &again);
	vmcb.exit_int_info = 0x80000031;
	exit_with(0x400);
	assert_true(v.reinject_valid);
	assert_int_equal(v.reinject.type, INJECT_EXTERNAL);
	assert_int_equal(vmcb.v_intr, SVM_V_MASKING);
	vmcb.exit_int_info = 0;

	/* INIT drops it. */
	svm_inject(&v, &again);
	svm_forget_injection(&v);
	assert_false(svm_injecting(&v));
	assert_int_equal(vmcb.v_intr, SVM_V_MASKING);
}

/* There is one V_IRQ: what is in it can be taken back before the entry, and by its own name only. */
static void test_virq_is_taken_back(void **state)
{
	(void)state;
	svm_by_virq = true;
	vmcb.rflags = RFLAGS_IF;
	assert_false(svm_take_back(&v, 0x31));
	assert_true(svm_interrupt(&v, 0x31));
	assert_false(svm_take_back(&v, 0x41));
	assert_true(svm_take_back(&v, 0x31));
	assert_false(svm_injecting(&v) || vmcb.v_intr & SVM_V_IRQ);
	assert_true(svm_interrupt(&v, 0x41));
	svm_by_virq = false;
	svm_forget_injection(&v);
	assert_true(svm_interrupt(&v, 0x31));
	assert_false(svm_take_back(&v, 0x31)); /* a window can open behind it */
}

/* There is one V_IRQ: a window that is asked for behind the interrupt sends it by EVENTINJ. */
static void test_virq_and_window(void **state)
{
	(void)state;
	svm_by_virq = true;
	vmcb.rflags = RFLAGS_IF;
	svm_want_window(&v, true);
	assert_true(svm_interrupt(&v, 0x31));
	assert_false(v.window_wanted);
	assert_int_equal(vmcb.intercept_misc1 & SVM_INTERCEPT_VINTR, 0);
	assert_true(vmcb.intercept_cr_write & 1 << 8);
	svm_want_window(&v, true);
	assert_true(vmcb.intercept_cr_write & 1 << 8);
	assert_int_equal(vmcb.event_inject, 0x80000031);
	assert_int_equal(vmcb.v_intr, SVM_V_IRQ | SVM_V_PRIORITY | SVM_V_IGNORE_TPR);
	exit_with(0x60);
	assert_int_equal(vmcb.event_inject, 0);
	assert_false(v.reinject_valid);
	assert_true(v.window_wanted);
}

/* A fault pushes RF; a trap and an interrupt do not. Real mode has no error codes. */
static void test_inject_by_mode_and_class(void **state)
{
	const struct frame_event fault = {
		.type = INJECT_EXCEPTION, .vector = EXCEPTION_GP, .has_error = 1, .error = 8};
	const struct frame_event others[] = {
		{.type = INJECT_EXCEPTION, .vector = EXCEPTION_DB},
		{.type = INJECT_EXCEPTION, .vector = EXCEPTION_DF, .has_error = 1},
		{.type = INJECT_NMI, .vector = EXCEPTION_NMI},
		{.type = INJECT_EXTERNAL, .vector = EXCEPTION_GP},
	};
	(void)state;

	svm_inject(&v, &fault);
	assert_int_equal(vmcb.event_inject, 0x8000030d);
	assert_int_equal(vmcb.rflags, RFLAGS_RF);
	vmcb.rflags = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++)
		svm_inject(&v, &others[i]);
	assert_int_equal(vmcb.rflags, 0);
}

static void test_open(void **state)
{
	(void)state;
	assert_false(svm_interrupt_open(&v));
	assert_true(svm_nmi_open(&v));
	vmcb.rflags = RFLAGS_IF;
	assert_true(svm_interrupt_open(&v));
	vmcb.shadow = 1;
	assert_false(svm_interrupt_open(&v) || svm_nmi_open(&v));
}

/* QEMU aborts when the guest writes CR8 while V_IRQ is set; and a watched TPR stays watched. */
static void test_window_and_tpr(void **state)
{
	const uint16_t cr8 = 1u << 8;
	(void)state;

	svm_want_window(&v, true);
	assert_true(vmcb.v_intr & SVM_V_IRQ && vmcb.intercept_misc1 & SVM_INTERCEPT_VINTR);
	assert_true(vmcb.intercept_cr_write & cr8);
	svm_set_tpr(&v, 5, false);
	assert_int_equal(vmcb.v_intr & SVM_V_TPR, 5);
	assert_true(vmcb.intercept_cr_write & cr8);
	svm_set_tpr(&v, 5, true);
	exit_with(0x64);
	assert_false(vmcb.v_intr & SVM_V_IRQ || vmcb.intercept_misc1 & SVM_INTERCEPT_VINTR);
	assert_true(vmcb.intercept_cr_write & cr8);
	svm_set_tpr(&v, 0, false);
	assert_false(vmcb.intercept_cr_write & cr8);
}

/* --- NMI: until IRET has run --- */

static void inject_nmi(void)
{
	const struct frame_event nmi = {.type = INJECT_NMI, .vector = EXCEPTION_NMI};

	svm_inject(&v, &nmi);
	vmcb.event_inject = 0;
	assert_false(svm_nmi_open(&v));
	assert_true(vmcb.intercept_misc1 & SVM_INTERCEPT_IRET);
}

/* As the kernel asks: it is told to look again. */
static void want_nmi_window(void)
{
	svm_want_nmi_window(&v);
	v.recheck = 1;
}

static void test_nmi_opens_after_iret(void **state)
{
	(void)state;
	inject_nmi();
	exit_with(0x78); /* its handler does other things */
	assert_false(svm_nmi_open(&v));
	vmcb.rip = 0x2000;
	exit_with(0x74);
	assert_int_equal(v.exit.kind, VM_EXIT_NMI_WINDOW);
	assert_false(vmcb.intercept_misc1 & SVM_INTERCEPT_IRET);
	assert_false(svm_nmi_open(&v));
	vmcb.rip = 0x1000; /* back where it was */
	exit_with(0x78);
	assert_true(svm_nmi_open(&v));
}

/* One that waits gets its exit behind IRET by a single step, which the guest does not see. */
static void test_waiting_nmi_steps_over_iret(void **state)
{
	(void)state;
	inject_nmi();
	want_nmi_window();
	enter();
	assert_false(vmcb.rflags & RFLAGS_TF); /* the exit at IRET comes first */
	vmcb.rip = 0x2000;
	exited_with(0x74);
	want_nmi_window();
	enter();
	assert_true(vmcb.rflags & RFLAGS_TF);
	vmcb.rip = 0x1000;
	vmcb.rflags = 0; /* IRET's */
	vmcb.dr6 |= DR6_BS;
	exited_with(0x41);
	assert_int_equal(v.exit.kind, VM_EXIT_NMI_WINDOW);
	assert_true(svm_nmi_open(&v));
	assert_false(vmcb.dr6 & DR6_BS);
}

/* An IRET that ends a task takes RFLAGS from memory: none of ours goes there. The next exit opens NMIs. */
static void test_iret_to_another_task_is_not_stepped(void **state)
{
	(void)state;
	vmcb.efer &= ~(uint64_t)EFER_LMA;
	vmcb.cr0 |= CR0_PE;
	inject_nmi();
	vmcb.rip = 0x2000;
	vmcb.rflags = RFLAGS_FIXED | RFLAGS_NT;
	exit_with(0x74);
	want_nmi_window();
	enter();
	assert_false(vmcb.rflags & RFLAGS_TF);
	vmcb.rip = 0x1000;
	vmcb.rflags = RFLAGS_FIXED;
	exited_with(0x78);
	assert_true(svm_nmi_open(&v));
}

/* A nested fault of IRET's stack, or an interrupt: it has not run, and the next NMI is not to nest. */
static void test_exit_before_iret_keeps_nmis_blocked(void **state)
{
	(void)state;
	inject_nmi();
	vmcb.rip = 0x2000;
	exit_with(0x74);
	want_nmi_window();
	exit_with(0x400);
	assert_false(svm_nmi_open(&v));
	assert_false(vmcb.rflags & RFLAGS_TF);
	assert_int_equal(v.exit.kind, VM_EXIT_NESTED);
	want_nmi_window();
	enter();
	assert_true(vmcb.rflags & RFLAGS_TF);
	vmcb.rip = 0x1000;
	vmcb.rflags = 0;
	exited_with(0x41);
	assert_true(svm_nmi_open(&v));
}

/* --- State --- */

static struct frame frame;

static void test_host_bits_are_forced(void **state)
{
	(void)state;
	memset(&frame, 0xff, sizeof(frame));
	assert_true(svm_put(&v, GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT | GROUP_SYSTEM, &frame));
	assert_int_equal(vmcb.efer, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_SVME);
	assert_int_equal(vmcb.rflags,
			 0x3f7fd7); /* bits 3, 5, 15 and all above 21 are 0, bit 1 is 1 */
	assert_int_equal(vmcb.dr6, 0xffffffff);
	assert_int_equal(vmcb.dr7, 0xffffffff);
	assert_int_equal(vmcb.gdtr.limit, 0xffff);
	assert_int_equal(vmcb.cpl, 3);
	/* Nothing of the control area. */
	assert_int_equal(vmcb.intercept_cr_write | vmcb.intercept_exception | vmcb.intercept_misc1,
			 0);
	assert_int_equal(vmcb.intercept_misc2 | vmcb.asid | vmcb.tlb_control | vmcb.v_intr, 0);
	assert_int_equal(vmcb.iopm_base | vmcb.msrpm_base | vmcb.nested_cr3 | vmcb.event_inject, 0);
	memset(&frame, 0, sizeof(frame));
	assert_true(svm_put(&v, GROUP_IP | GROUP_CONTROL, &frame));
	assert_int_equal(vmcb.efer, EFER_SVME);
	assert_int_equal(vmcb.rflags, RFLAGS_FIXED);
	svm_get(&v, GROUP_CONTROL, &frame);
	assert_int_equal(frame.control.efer, 0);
}

/* Machine checks are the host's: the guest runs with CR4.MCE always, and sees its own. */
static void test_machine_checks_are_the_hosts(void **state)
{
	static const uint64_t values[] = {0, CR4_PAE, CR4_PAE | CR4_MCE, CR4_PAE, CR4_MCE};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		memset(&frame, 0, sizeof(frame));
		frame.control.cr4 = values[i];
		assert_true(svm_put(&v, GROUP_CONTROL, &frame));
		assert_int_equal(vmcb.cr4, values[i] | CR4_MCE);
		/* Reads exit only while the guest is to see another value. */
		assert_int_equal(vmcb.intercept_cr_read, values[i] & CR4_MCE ? 0 : 1u << 4);
		v.asid_generation = 7;
		for (unsigned fetch = 0; fetch < 2; fetch++) {
			memset(&frame, 0, sizeof(frame));
			svm_get(&v, fetch ? GROUPS_FETCH : GROUP_CONTROL, &frame);
			assert_int_equal(frame.control.cr4, values[i]);
		}
		/* What is put back as it was flushes nothing. */
		svm_get(&v, GROUP_CONTROL, &frame);
		assert_true(svm_put(&v, GROUP_CONTROL, &frame));
		assert_int_equal(v.asid_generation, 7);
	}
}

/* What an emulated MOV to CR0, CR3 or CR4 flushes on a processor: the next entry takes a new ASID. */
static void test_control_changes_flush(void **state)
{
	static const size_t offsets[] = {
		offsetof(struct frame, control.cr0), offsetof(struct frame, control.cr3),
		offsetof(struct frame, control.cr4), offsetof(struct frame, control.efer)};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		svm_get(&v, GROUP_CONTROL, &frame);
		v.asid_generation = 7;
		assert_true(svm_put(&v, GROUP_CONTROL, &frame));
		assert_int_equal(v.asid_generation, 7);
		*(uint64_t *)(void *)((char *)&frame + offsets[i]) ^= 1;
		assert_true(svm_put(&v, GROUP_CONTROL, &frame));
		assert_int_equal(v.asid_generation, 0);
	}
}

static void test_groups_are_all_that_is_written(void **state)
{
	struct vmcb before;
	(void)state;

	memset(&frame, 0xff, sizeof(frame));
	before = vmcb;
	assert_true(svm_put(&v, GROUP_GPR, &frame));
	assert_memory_equal(&before, &vmcb, sizeof(vmcb));
	assert_int_equal(v.gpr[GPR_R15], ~0ULL);
	assert_true(svm_put(&v, 0, &frame));
	assert_memory_equal(&before, &vmcb, sizeof(vmcb));
}

static void test_segments_round_trip(void **state)
{
	struct frame back;
	(void)state;

	memset(&frame, 0, sizeof(frame));
	for (unsigned i = 0; i < SEG_COUNT; i++)
		frame.seg[i] = (struct seg){(uint16_t)(i * 8), 0x93, 0xffff + i, 0x1000 * i};
	frame.seg[SEG_GS].attributes = SEG_ATTR_UNUSABLE;
	assert_true(svm_put(&v, GROUP_SEGMENT, &frame));
	memset(&back, 0, sizeof(back));
	svm_get(&v, GROUP_SEGMENT, &back);
	assert_memory_equal(frame.seg, back.seg, sizeof(frame.seg));
	assert_int_equal(vmcb.gs.attributes & SEG_ATTR_P, 0);
	assert_int_equal(vmcb.fs.selector, SEG_FS * 8);
}

/* AMD's SYSRET leaves SS.DPL as it was, and a null SS may have any: the CPL is not to follow it. */
static void test_cpl_outlives_segments(void **state)
{
	static const struct {
		uint8_t cpl;
		uint16_t ss;
	} cases[] = {{3, 0x093}, {0, 0x060}, {3, 0x0f3}, {0, 0x093}};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		vmcb.cpl = cases[i].cpl;
		vmcb.ss.attributes = cases[i].ss;
		memset(&frame, 0, sizeof(frame));
		svm_get(&v, GROUP_SEGMENT, &frame);
		assert_int_equal(frame.seg[SEG_SS].attributes & SEG_ATTR_DPL, cases[i].cpl << 5);
		assert_true(svm_put(&v, GROUP_SEGMENT, &frame));
		assert_int_equal(vmcb.cpl, cases[i].cpl);
	}
}

static void test_skip(void **state)
{
	(void)state;
	vmcb.shadow = 1;
	vmcb.rflags = RFLAGS_RF;
	vmcb.rip = 0xfffffffe;
	svm_skip(&v, 3);
	assert_int_equal(vmcb.rip, 1); /* 32-bit code wraps */
	assert_int_equal(vmcb.shadow | vmcb.rflags, 0);
	assert_false(svm_injecting(&v));
	vmcb.efer |= EFER_LMA;
	vmcb.cs.attributes = SEG_ATTR_L;
	vmcb.rip = 0xffffffff;
	vmcb.rflags = RFLAGS_TF;
	svm_skip(&v, 2);
	assert_int_equal(vmcb.rip, 0x100000001);
	assert_int_equal(vmcb.event_inject, 0x80000301);
	assert_true(vmcb.dr6 & DR6_BS);
}

/* After an iteration of a repeated instruction RF stays, and the trap pushes it; a jump has cleared it. */
static void test_step_without_skip(void **state)
{
	(void)state;
	for (uint64_t rf = 0; rf <= RFLAGS_RF; rf += RFLAGS_RF) {
		vmcb.rip = 0x1000;
		vmcb.rflags = RFLAGS_TF | rf;
		vmcb.event_inject = vmcb.dr6 = 0;
		svm_skip(&v, 0);
		assert_int_equal(vmcb.rip, 0x1000);
		assert_int_equal(vmcb.rflags, RFLAGS_TF | rf);
		assert_int_equal(vmcb.event_inject, 0x80000301);
		assert_true(vmcb.dr6 & DR6_BS);
	}
	vmcb.rflags = RFLAGS_RF;
	vmcb.event_inject = 0;
	svm_skip(&v, 0);
	assert_int_equal(vmcb.rflags, RFLAGS_RF);
	assert_false(svm_injecting(&v));
}

static void test_idt(void **state)
{
	(void)state;
	vmcb.idtr.limit = 8 * 4 + 2;
	assert_false(svm_idt_reaches(&v, 8));
	vmcb.idtr.limit++;
	assert_true(svm_idt_reaches(&v, 8));
	vmcb.cr0 = CR0_PE;
	assert_false(svm_idt_reaches(&v, 8));
	vmcb.idtr.limit = 9 * 8 - 1;
	assert_true(svm_idt_reaches(&v, 8));
	vmcb.efer |= EFER_LMA;
	assert_false(svm_idt_reaches(&v, 8));
	vmcb.idtr.limit = 9 * 16 - 1;
	assert_true(svm_idt_reaches(&v, 8));
}

/* Any seed: the page, and nothing beside it. */
static void test_corrupt_flips_one_bit(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20 * 64; seed++) {
		const struct vmcb before = vmcb;
		unsigned flipped = 0;

		svm_corrupt(&v, seed);
		for (size_t i = 0; i < sizeof(vmcb); i++)
			flipped += (unsigned)__builtin_popcount(((const uint8_t *)&before)[i] ^
								((const uint8_t *)&vmcb)[i]);
		assert_int_equal(flipped, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_kinds, set_up),
		cmocka_unit_test_setup(test_length, set_up),
		cmocka_unit_test_setup(test_msr, set_up),
		cmocka_unit_test_setup(test_port, set_up),
		cmocka_unit_test_setup(test_nested, set_up),
		cmocka_unit_test_setup(test_interrupted_delivery, set_up),
		cmocka_unit_test_setup(test_debug_registers, set_up),
		cmocka_unit_test_setup(test_lma_follows_cr0, set_up),
		cmocka_unit_test_setup(test_refused_entry_does_not_lose_the_flush, set_up),
		cmocka_unit_test_setup(test_event_goes_in_once, set_up),
		cmocka_unit_test_setup(test_inject, set_up),
		cmocka_unit_test_setup(test_interrupt_by_virq, set_up),
		cmocka_unit_test_setup(test_virq_is_taken_back, set_up),
		cmocka_unit_test_setup(test_virq_and_window, set_up),
		cmocka_unit_test_setup(test_inject_by_mode_and_class, set_up),
		cmocka_unit_test_setup(test_open, set_up),
		cmocka_unit_test_setup(test_window_and_tpr, set_up),
		cmocka_unit_test_setup(test_nmi_opens_after_iret, set_up),
		cmocka_unit_test_setup(test_waiting_nmi_steps_over_iret, set_up),
		cmocka_unit_test_setup(test_iret_to_another_task_is_not_stepped, set_up),
		cmocka_unit_test_setup(test_exit_before_iret_keeps_nmis_blocked, set_up),
		cmocka_unit_test_setup(test_host_bits_are_forced, set_up),
		cmocka_unit_test_setup(test_machine_checks_are_the_hosts, set_up),
		cmocka_unit_test_setup(test_control_changes_flush, set_up),
		cmocka_unit_test_setup(test_groups_are_all_that_is_written, set_up),
		cmocka_unit_test_setup(test_segments_round_trip, set_up),
		cmocka_unit_test_setup(test_cpl_outlives_segments, set_up),
		cmocka_unit_test_setup(test_skip, set_up),
		cmocka_unit_test_setup(test_step_without_skip, set_up),
		cmocka_unit_test_setup(test_idt, set_up),
		cmocka_unit_test_setup(test_corrupt_flips_one_bit, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
