/* SPDX-License-Identifier: BSD-2-Clause */
/* Around the guest: its exit code is turned into a neutral exit (a table, a small function a form). */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/svm/exit_code.h"
#include "arch/x86_64/svm/vcpu.h"

static_assert(VM_EXIT_MSR_WRITE == VM_EXIT_MSR_READ + 1, "as in EXITINFO1");

/* Decodes what its exits have, then answers as kernel_exit: all of them end in handled(). */
typedef int64_t (*svm_detail_fn)(struct virt_vcpu *v, struct vmcb *vmcb);

struct svm_exit_row {
	uint32_t kind; /* enum vm_exit_kind */
	svm_detail_fn detail;
};

/* What the exit interrupted the delivery of. A software interrupt runs again by itself: RIP is at it. */
static void save_interrupted(struct virt_vcpu *v, const struct vmcb *vmcb)
{
	uint64_t info = vmcb->exit_int_info;
	uint8_t type = (uint8_t)((info & SVM_EVENT_TYPE) >> SVM_EVENT_TYPE_SHIFT);
	uint8_t vector = (uint8_t)(info & SVM_EVENT_VECTOR);
	bool again = type == INJECT_SOFT ||
		     (type == INJECT_EXCEPTION && (vector == 3 || vector == 4));

	/* TCG leaves a stale one at SHUTDOWN. */
	if (v->exit.kind == VM_EXIT_TRIPLE_FAULT || again)
		return;
	v->reinject_valid = true;
	v->reinject = (struct frame_event){
		.type = type,
		.vector = vector,
		.has_error = (info & SVM_EVENT_ERROR) != 0,
		.error = (uint32_t)(info >> SVM_EVENT_ERROR_SHIFT),
		.cr2 = vmcb->cr2,
	};
}

/* Whether an entry that is refused flushes before it is, APM3 "VMRUN" leaves open. */
static void flush_asked(struct virt_vcpu *v, struct svm_cpu *cpu)
{
	v->flushing = false;
	svm_vmcb(v)->tlb_control = SVM_TLB_KEEP;
	if (v->exit.kind == VM_EXIT_INVALID)
		asid_flush_missed(&cpu->asids);
}

static int64_t tell(struct virt_vcpu *v, const struct vmcb *vmcb)
{
	return kernel_exit(v, vmcb->rip, vmcb->exit_code, vmcb->exit_info1);
}

/* Out of line, so that the usual exit needs no stack frame; so everywhere here. */
static __attribute__((noinline)) int64_t handled_slowly(struct virt_vcpu *v, struct vmcb *vmcb)
{
	if (v->virq)
		svm_virq_after_exit(v);
	if (vmcb->exit_int_info & SVM_EVENT_VALID)
		save_interrupted(v, vmcb);
	if (v->step)
		svm_step_after_exit(v);
	if (v->nmi_blocked)
		svm_nmi_after_exit(v);
	if (v->flushing)
		flush_asked(v, v->cpu_state);
	if ((vmcb->v_intr & SVM_V_TPR) != v->cr8) {
		v->cr8 = vmcb->v_intr & SVM_V_TPR;
		kernel_tpr_moved(v);
	}
	return tell(v, vmcb);
}

static int64_t handled(struct virt_vcpu *v, struct vmcb *vmcb)
{
	uint8_t tpr = vmcb->v_intr & SVM_V_TPR;

	if (__builtin_expect(
		    vmcb->exit_int_info & SVM_EVENT_VALID || v->after_exit || tpr != v->cr8, 0))
		return handled_slowly(v, vmcb);
	return tell(v, vmcb);
}

static int64_t detail_length(struct virt_vcpu *v, struct vmcb *vmcb)
{
	uint64_t len = vmcb->next_rip - vmcb->rip;

	if (svm_has_next_rip && len <= 15)
		v->exit.insn_len = (uint32_t)len;
	return handled(v, vmcb);
}

static int64_t detail_msr(struct virt_vcpu *v, struct vmcb *vmcb)
{
	v->exit.kind = VM_EXIT_MSR_READ + (uint32_t)vmcb->exit_info1; /* 1: WRMSR */
	return detail_length(v, vmcb);
}

/*
 * DR6 and DR7 are as the handler would find them: APM2 15.12.2 "#DB (Debug)". Bochs exits before it writes
 * them. So what follows from the guest's state is put there; without DR7.GD = 0 the handler's own access to
 * a debug register would be the next #DB, for ever.
 */
static void complete_debug_exception(struct vmcb *vmcb)
{
	if (!(vmcb->dr6 & (DR6_B0_B3 | DR6_BD | DR6_BS))) {
		if (vmcb->rflags & RFLAGS_TF)
			vmcb->dr6 |= DR6_BS;
		else if (vmcb->dr7 & DR7_GD)
			vmcb->dr6 |= DR6_BD;
	}
	vmcb->dr7 &= ~(uint64_t)DR7_GD;
}

static int64_t detail_exception(struct virt_vcpu *v, struct vmcb *vmcb)
{
	uint8_t vector = (uint8_t)(vmcb->exit_code - SVM_EXIT_EXCEPTION);

	v->exit.event = (struct frame_event){
		.type = INJECT_EXCEPTION,
		.vector = vector,
		.has_error = (EXCEPTIONS_WITH_ERROR & BIT(vector)) != 0,
		.error = (uint32_t)vmcb->exit_info1,
		.cr2 = vmcb->exit_info2, /* of #PF: APM2 15.12.15 "#PF (Page Fault)" */
	};
	return handled(v, vmcb);
}

static int64_t detail_debug(struct virt_vcpu *v, struct vmcb *vmcb)
{
	if (v->step && svm_step_trapped(v))
		return handled(v, vmcb);
	complete_debug_exception(vmcb);
	return detail_exception(v, vmcb);
}

/* What exits in a step only, and cannot be stepped. */
static int64_t detail_unstepped(struct virt_vcpu *v, struct vmcb *vmcb)
{
	svm_step_refused(v);
	return handled(v, vmcb);
}

/* SYSCALL, perhaps, or SYSRET: see svm_step_begin. */
static int64_t detail_undefined(struct virt_vcpu *v, struct vmcb *vmcb)
{
	if (!svm_step_hides_syscall(v))
		return detail_exception(v, vmcb);
	v->exit.kind = VM_EXIT_WINDOW;
	return detail_unstepped(v, vmcb);
}

static __attribute__((noinline)) int64_t detail_io_string(struct virt_vcpu *v, struct vmcb *vmcb)
{
	struct frame_io *io = &v->exit.io;

	v->exit.kind = VM_EXIT_IO_STRING;
	io->rep = vmcb->exit_info1 >> 3 & 1;
	io->address_size = (uint8_t)((vmcb->exit_info1 >> 7 & 7) << 1);
	io->segment = 0xff;
	return handled(v, vmcb);
}

/* APM2 15.10.2 "IN and OUT Behavior" */
static int64_t detail_io(struct virt_vcpu *v, struct vmcb *vmcb)
{
	uint32_t info = (uint32_t)vmcb->exit_info1;
	uint32_t length = (uint32_t)(vmcb->exit_info2 - vmcb->rip) & 15;
	struct frame_io *io = &v->exit.io;

	v->exit.insn_len = length;
	io->port = (uint16_t)(info >> 16);
	io->size = info >> 4 & 7;
	io->in = info & 1;
	io->value = (uint32_t)v->gpr[GPR_RAX];
	io->insn_len = length;
	if (__builtin_expect((info & BIT(2)) != 0, 0))
		return detail_io_string(v, vmcb);
	return handled(v, vmcb);
}

/* APM2 15.25.6 "Nested versus Guest Page Faults, Fault Ordering" */
static int64_t detail_nested(struct virt_vcpu *v, struct vmcb *vmcb)
{
	uint64_t error = vmcb->exit_info1;

	v->exit.mmio = (struct frame_mmio){
		.gpa = vmcb->exit_info2,
		.access = (error & BIT(1) ? MMIO_WRITE : 0) | (error & BIT(4) ? MMIO_FETCH : 0) |
			  (error & BIT(33) ? MMIO_WALK : 0),
	};
	return handled(v, vmcb);
}

static int64_t detail_cr(struct virt_vcpu *v, struct vmcb *vmcb)
{
	uint32_t code = (uint32_t)vmcb->exit_code;

	v->exit.cr = (struct frame_cr){.cr = code & 0xf, .write = code >= SVM_EXIT_CR_WRITE};
	if (code == SVM_EXIT_CR0_SELECTIVE) {
		v->exit.cr = (struct frame_cr){.cr = 0, .write = 1};
		/* Bochs takes this exit after it gave LMA the value that goes with the new PG. */
		svm_store_efer(v, v->efer);
	}
	return handled(v, vmcb);
}

static int64_t detail_iret(struct virt_vcpu *v, struct vmcb *vmcb)
{
	svm_nmi_iret(v);
	if (v->step && !v->nmi_blocked)
		return detail_unstepped(v, vmcb);
	return handled(v, vmcb);
}

static int64_t detail_window(struct virt_vcpu *v, struct vmcb *vmcb)
{
	svm_want_window(v, false);
	return handled(v, vmcb);
}

#define ROW(kind_, detail_)                          \
	{                                            \
		.kind = (kind_), .detail = (detail_) \
	}

/* All are unknown, then come those that are not. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct svm_exit_row exit_rows[SVM_EXIT_TABLE] = {
	[0 ... SVM_EXIT_TABLE - 1] = ROW(VM_EXIT_UNKNOWN, handled),
	[SVM_EXIT_CR_READ + 0 ... SVM_EXIT_CR_READ + 15] = ROW(VM_EXIT_CR, detail_cr),
	[SVM_EXIT_CR_WRITE + 0 ... SVM_EXIT_CR_WRITE + 15] = ROW(VM_EXIT_CR, detail_cr),
	[SVM_EXIT_DR_READ + 0 ... SVM_EXIT_DR_READ + 15] = ROW(VM_EXIT_WINDOW, detail_unstepped),
	[SVM_EXIT_DR_WRITE + 0 ... SVM_EXIT_DR_WRITE + 15] = ROW(VM_EXIT_WINDOW, detail_unstepped),
	[SVM_EXIT_EXCEPTION + 0 ... SVM_EXIT_EXCEPTION + 31] = ROW(VM_EXIT_EXCEPTION,
								   detail_exception),
	[SVM_EXIT_EXCEPTION + EXCEPTION_DB] = ROW(VM_EXIT_EXCEPTION, detail_debug),
	[SVM_EXIT_EXCEPTION + EXCEPTION_BP] = ROW(VM_EXIT_WINDOW, detail_unstepped),
	[SVM_EXIT_EXCEPTION + EXCEPTION_OF] = ROW(VM_EXIT_WINDOW, detail_unstepped),
	[SVM_EXIT_EXCEPTION + EXCEPTION_UD] = ROW(VM_EXIT_EXCEPTION, detail_undefined),
	[SVM_EXIT_EXCEPTION + EXCEPTION_DF] = ROW(VM_EXIT_DOUBLE_FAULT, detail_exception),
	[SVM_EXIT_EXCEPTION + EXCEPTION_MC] = ROW(VM_EXIT_MACHINE_CHECK, handled),
	[SVM_EXIT_INTR] = ROW(VM_EXIT_INTERRUPT, handled),
	[SVM_EXIT_NMI] = ROW(VM_EXIT_NMI, handled),
	[SVM_EXIT_INIT] = ROW(VM_EXIT_INTERRUPT, handled),
	[SVM_EXIT_VINTR] = ROW(VM_EXIT_WINDOW, detail_window),
	[SVM_EXIT_CR0_SELECTIVE] = ROW(VM_EXIT_CR, detail_cr),
	[SVM_EXIT_RDPMC] = ROW(VM_EXIT_PROTECTION, handled),
	[SVM_EXIT_PUSHF] = ROW(VM_EXIT_WINDOW, detail_unstepped),
	[SVM_EXIT_POPF] = ROW(VM_EXIT_WINDOW, detail_unstepped),
	[SVM_EXIT_CPUID] = ROW(VM_EXIT_CPUID, detail_length),
	[SVM_EXIT_RSM] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_IRET] = ROW(VM_EXIT_NMI_WINDOW, detail_iret),
	[SVM_EXIT_INTN] = ROW(VM_EXIT_WINDOW, detail_unstepped),
	[SVM_EXIT_INVD] = ROW(VM_EXIT_CACHE, detail_length),
	[SVM_EXIT_HLT] = ROW(VM_EXIT_HLT, detail_length),
	[SVM_EXIT_INVLPGA] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_IOIO] = ROW(VM_EXIT_IO, detail_io),
	[SVM_EXIT_MSR] = ROW(VM_EXIT_MSR_READ, detail_msr),
	[SVM_EXIT_TASK_SWITCH] = ROW(VM_EXIT_WINDOW, detail_unstepped),
	[SVM_EXIT_FERR_FREEZE] = ROW(VM_EXIT_INTERRUPT, handled),
	[SVM_EXIT_SHUTDOWN] = ROW(VM_EXIT_TRIPLE_FAULT, handled),
	[SVM_EXIT_VMRUN] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_VMMCALL] = ROW(VM_EXIT_HYPERCALL, detail_length),
	[SVM_EXIT_VMLOAD] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_VMSAVE] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_STGI] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_CLGI] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_SKINIT] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_ICEBP] = ROW(VM_EXIT_WINDOW, detail_unstepped),
	[SVM_EXIT_WBINVD] = ROW(VM_EXIT_CACHE, detail_length),
	[SVM_EXIT_MONITOR] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_MWAIT] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_MWAIT_ARMED] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_XSETBV] = ROW(VM_EXIT_XSETBV, detail_length),
	[SVM_EXIT_RDPRU] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_INVLPGB] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_MCOMMIT] = ROW(VM_EXIT_UNDEFINED, handled),
	[SVM_EXIT_TLBSYNC] = ROW(VM_EXIT_UNDEFINED, handled),
};
#pragma GCC diagnostic pop

static const struct svm_exit_row row_unknown = ROW(VM_EXIT_UNKNOWN, handled);
static const struct svm_exit_row row_nested = ROW(VM_EXIT_NESTED, detail_nested);
static const struct svm_exit_row row_invalid = ROW(VM_EXIT_INVALID, handled);

static inline const struct svm_exit_row *exit_row(uint64_t code)
{
	if (__builtin_expect(code < SVM_EXIT_TABLE, 1))
		return &exit_rows[code];
	if (code == SVM_EXIT_NPF)
		return &row_nested;
	return (uint32_t)code == SVM_EXIT_INVALID ? &row_invalid : &row_unknown;
}

int64_t svm_exited(struct virt_vcpu *v)
{
	struct vmcb *vmcb = svm_vmcb(v);
	const struct svm_exit_row *row = exit_row(vmcb->exit_code);

	v->gpr[GPR_RAX] = vmcb->rax;
	v->gpr[GPR_RSP] = vmcb->rsp;
	vmcb->event_inject = 0;
	v->exit.kind = row->kind;
	v->exit.insn_len = 0;
	v->reinject_valid = false;
	return row->detail(v, vmcb);
}
