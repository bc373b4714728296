/* SPDX-License-Identifier: BSD-2-Clause */
/* Around the guest: its exit reason is turned into a neutral exit (a table, a small function a form). */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/vmx/exit_reason.h"
#include "arch/x86_64/vmx/vcpu.h"

/* Decodes what its exits have, then answers as kernel_exit: all of them end in handled(). */
typedef int64_t (*vmx_detail_fn)(struct virt_vcpu *v, uint32_t reason);

struct vmx_exit_row {
	uint32_t kind; /* enum vm_exit_kind */
	vmx_detail_fn detail;
};

/* info: the qualification, where the reason has one that matters. */
static int64_t tell(struct virt_vcpu *v, uint32_t reason, uint64_t info)
{
	return kernel_exit(v, vmx_of(v)->rip, reason, info);
}

/* Out of line, so that the usual exit needs no stack frame; so everywhere here. */
static __attribute__((noinline)) int64_t handled_slowly(struct virt_vcpu *v, uint32_t reason,
							uint64_t info)
{
	v->cr8 = *vmx_vapic_tpr(v) >> 4 & 0xf;
	kernel_tpr_moved(v);
	return tell(v, reason, info);
}

static inline int64_t handled(struct virt_vcpu *v, uint32_t reason, uint64_t info)
{
	if (__builtin_expect((*vmx_vapic_tpr(v) >> 4 & 0xf) != v->cr8, 0))
		return handled_slowly(v, reason, info);
	return tell(v, reason, info);
}

/*
 * What the exit interrupted the delivery of. A software interrupt or exception runs again by
 * itself: RIP is at the instruction. An NMI blocks NMIs already, which its second injection must
 * find open (SDM 3C 27.3.1.5).
 */
static __attribute__((noinline)) void save_interrupted(struct virt_vcpu *v)
{
	uint32_t info = vmx_read32(VMCS_IDT_VECTORING);
	uint8_t type = (uint8_t)((info & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT);

	if (type >= INJECT_SOFT)
		return;
	v->reinject_valid = true;
	v->reinject = (struct frame_event){
		.type = type,
		.vector = info & VMX_EVENT_VECTOR,
		.has_error = (info & VMX_EVENT_ERROR) != 0,
		.cr2 = v->cr2,
	};
	if (info & VMX_EVENT_ERROR)
		v->reinject.error = vmx_read32(VMCS_IDT_VECTORING_ERROR);
	if (type == INJECT_NMI)
		vmx_write(VMCS_GUEST_INTERRUPTIBILITY,
			  vmx_read(VMCS_GUEST_INTERRUPTIBILITY) & ~(uint64_t)VMX_BLOCKED_BY_NMI);
}

/* For what may come while an event is delivered: SDM 3C 25.9.3 "VM Exits During Event Delivery". */
static int64_t handled_delivery(struct virt_vcpu *v, uint32_t reason, uint64_t info)
{
	if (__builtin_expect((vmx_read_live(VMCS_IDT_VECTORING) & VMX_EVENT_VALID) != 0, 0))
		save_interrupted(v);
	return handled(v, reason, info);
}

static __attribute__((noinline)) int64_t entry_refused(struct virt_vcpu *v, bool failed)
{
	uint32_t code = vmx_read32(failed ? VMCS_INSN_ERROR : VMCS_EXIT_REASON);
	uint64_t info = vmx_decode_refusal(v, failed);

	return kernel_exit(v, vmx_of(v)->rip, code, info);
}

static int64_t detail_none(struct virt_vcpu *v, uint32_t reason)
{
	return handled(v, reason, 0);
}

static int64_t detail_length(struct virt_vcpu *v, uint32_t reason)
{
	v->exit.insn_len = (uint32_t)vmx_read_live(VMCS_EXIT_INSN_LEN) & 15;
	return handled(v, reason, 0);
}

/* Also what lies beyond the table: an entry that failed, or what nobody knows. */
static int64_t detail_unknown(struct virt_vcpu *v, uint32_t reason)
{
	if (reason & VMX_EXIT_ENTRY_FAILED)
		return entry_refused(v, false);
	return handled(v, reason, 0);
}

/*
 * An IRET had opened NMIs before it faulted: SDM 3C 28.2.3 "Information About NMI Unblocking Due to
 * IRET".
 */
static void block_nmis_again(void)
{
	vmx_write(VMCS_GUEST_INTERRUPTIBILITY,
		  vmx_read(VMCS_GUEST_INTERRUPTIBILITY) | VMX_BLOCKED_BY_NMI);
}

/*
 * An exit by #DB has taken the single step out of the pending debug exceptions; where a shadow is left
 * (INT1 or DR7.GD behind STI, MOV SS or POP SS), entry refuses a TF without it: SDM 3C 27.3.1.5 "Checks
 * on Guest Non-Register State". The exception that goes in drops it again.
 */
static void keep_step_pending(void)
{
	if ((vmx_read(VMCS_GUEST_RFLAGS) & RFLAGS_TF) &&
	    (vmx_read(VMCS_GUEST_INTERRUPTIBILITY) & VMX_BLOCKED_BY_SHADOW))
		vmx_write(VMCS_GUEST_PENDING_DEBUG,
			  vmx_read(VMCS_GUEST_PENDING_DEBUG) | VMX_PENDING_DEBUG_BS);
}

/*
 * The exit comes in place of the exception, before DR6 and DR7.GD change, and says what DR6 would
 * have got (SDM 3C 28.2.1 "Basic VM-Exit Information"). DR6 is the guest's while it is loaded.
 */
static void take_debug_exception(void)
{
	const uint64_t told = DR6_B0_B3 | DR6_BD | DR6_BS;
	uint64_t dr7 = vmx_read(VMCS_GUEST_DR7);

	dr6_write((dr6_read() & ~(uint64_t)DR6_B0_B3) | (vmx_read(VMCS_QUALIFICATION) & told));
	if (dr7 & DR7_GD)
		vmx_write(VMCS_GUEST_DR7, dr7 & ~(uint64_t)DR7_GD);
	keep_step_pending();
}

/* What an exception of any kind says about NMIs; of #DF, and during a delivery, it says nothing. */
static void note_unblocked_nmis(uint32_t event)
{
	if ((event & VMX_EVENT_UNBLOCKED_NMI) && (event & VMX_EVENT_VECTOR) != EXCEPTION_DF &&
	    !(vmx_read32(VMCS_IDT_VECTORING) & VMX_EVENT_VALID))
		block_nmis_again();
}

static void detail_exception(struct virt_vcpu *v, uint32_t event)
{
	uint8_t vector = event & VMX_EVENT_VECTOR;

	v->exit.event = (struct frame_event){
		.type = (uint8_t)((event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT),
		.vector = vector,
		.has_error = (event & VMX_EVENT_ERROR) != 0,
	};
	if (v->exit.event.has_error)
		v->exit.event.error = vmx_read32(VMCS_EXIT_EVENT_ERROR);
	if (v->exit.event.type >= INJECT_SOFT)
		v->exit.event.insn_len = vmx_read32(VMCS_EXIT_INSN_LEN) & 15;
	if (vector == EXCEPTION_DB)
		take_debug_exception();
}

/* A physical NMI is taken here and now: until an IRET they are blocked. */
static int64_t detail_exception_nmi(struct virt_vcpu *v, uint32_t reason)
{
	uint32_t event = vmx_read32(VMCS_EXIT_EVENT);

	if ((event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT == INJECT_NMI) {
		v->exit.kind = VM_EXIT_NMI;
		vmx_take_nmi();
		return handled_delivery(v, reason, event);
	}
	note_unblocked_nmis(event);
	if ((event & VMX_EVENT_VECTOR) == EXCEPTION_MC)
		v->exit.kind = VM_EXIT_MACHINE_CHECK;
	else
		detail_exception(v, event);
	return handled_delivery(v, reason, event);
}

/* SDM 3C table 28-9 "Format of the VM-Exit Instruction-Information Field as Used for INS and OUTS" */
static __attribute__((noinline)) int64_t detail_io_string(struct virt_vcpu *v, uint32_t reason,
							  uint64_t info)
{
	struct frame_io *io = &v->exit.io;
	uint32_t insn = vmx_controls.string_info ? vmx_read32(VMCS_EXIT_INSN_INFO) : 0;

	v->exit.kind = VM_EXIT_IO_STRING;
	io->rep = info >> 5 & 1;
	io->address_size = 0;
	io->segment = 0xff;
	if (vmx_controls.string_info) {
		io->address_size = (uint8_t)(2u << (insn >> 7 & 3));
		io->segment = io->in ? SEG_ES : insn >> 15 & 7;
	}
	return handled(v, reason, info);
}

/* SDM 3C table 28-5 "Exit Qualification for I/O Instructions" */
static int64_t detail_io(struct virt_vcpu *v, uint32_t reason)
{
	uint64_t info = vmx_read_live(VMCS_QUALIFICATION);
	uint32_t length = (uint32_t)vmx_read_live(VMCS_EXIT_INSN_LEN) & 15;
	struct frame_io *io = &v->exit.io;

	v->exit.insn_len = length;
	io->port = (uint16_t)(info >> 16);
	io->size = (uint8_t)((info & 7) + 1);
	io->in = info >> 3 & 1;
	io->value = (uint32_t)v->gpr[GPR_RAX];
	io->insn_len = length;
	if (__builtin_expect((info & BIT(4)) != 0, 0))
		return detail_io_string(v, reason, info);
	return handled(v, reason, info);
}

/* SDM 3C table 28-7 "Exit Qualification for EPT Violations" */
static int64_t detail_ept_violation(struct virt_vcpu *v, uint32_t reason)
{
	uint64_t info = vmx_read_live(VMCS_QUALIFICATION);

	v->exit.mmio = (struct frame_mmio){
		.gpa = vmx_read_live(VMCS_GUEST_PHYSICAL),
		.access = (info & BIT(1) ? MMIO_WRITE : 0) | (info & BIT(2) ? MMIO_FETCH : 0) |
			  (info & BIT(7) && !(info & BIT(8)) ? MMIO_WALK : 0),
		.gva_valid = (info & BIT(7)) != 0,
	};
	if (info & BIT(7))
		v->exit.mmio.gva = vmx_read_live(VMCS_GUEST_LINEAR);
	if ((info & BIT(12)) && !(vmx_read32(VMCS_IDT_VECTORING) & VMX_EVENT_VALID))
		block_nmis_again();
	return handled_delivery(v, reason, info);
}

static int64_t detail_ept_misconfiguration(struct virt_vcpu *v, uint32_t reason)
{
	return handled_delivery(v, reason, vmx_read(VMCS_GUEST_PHYSICAL));
}

/* SDM 3C table 28-3 "Exit Qualification for Control-Register Accesses" */
static int64_t detail_cr(struct virt_vcpu *v, uint32_t reason)
{
	enum { MOV_TO, MOV_FROM, CLTS, LMSW };
	uint64_t info = vmx_read(VMCS_QUALIFICATION);
	unsigned access = info >> 4 & 3;

	v->exit.cr = (struct frame_cr){
		.cr = access >= CLTS ? 0 : info & 0xf,
		.write = access != MOV_FROM,
	};
	return handled(v, reason, info);
}

/*
 * SDM 3C table 28-2 "Exit Qualification for Task Switches". Of an event, the instruction's length is told for
 * a software interrupt or exception only; its NMI stays blocked, if the VMM says so.
 */
static int64_t detail_task_switch(struct virt_vcpu *v, uint32_t reason)
{
	uint64_t info = vmx_read(VMCS_QUALIFICATION);
	uint32_t event = vmx_read32(VMCS_IDT_VECTORING);
	struct frame_task *task = &v->exit.task;

	*task = (struct frame_task){.selector = (uint16_t)info, .source = info >> 30 & 3};
	if (task->source != TASK_GATE || !(event & VMX_EVENT_VALID)) {
		task->insn_len = vmx_read32(VMCS_EXIT_INSN_LEN) & 15;
		return handled(v, reason, info);
	}
	task->type = (uint8_t)((event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT);
	task->vector = event & VMX_EVENT_VECTOR;
	task->has_error = (event & VMX_EVENT_ERROR) != 0;
	if (task->has_error)
		task->error = vmx_read32(VMCS_IDT_VECTORING_ERROR);
	if (task->type >= INJECT_SOFT)
		task->insn_len = vmx_read32(VMCS_EXIT_INSN_LEN) & 15;
	save_interrupted(v);
	return handled(v, reason, info);
}

static int64_t detail_window(struct virt_vcpu *v, uint32_t reason)
{
	vmx_want_window(v, false);
	return handled(v, reason, 0);
}

static int64_t detail_nmi_window(struct virt_vcpu *v, uint32_t reason)
{
	vmx_end_nmi_window(v);
	return handled(v, reason, 0);
}

/*
 * The kernel is about to take what is pending: the next slice's worth. So the timer itself ends a
 * stay only where no interrupt does.
 */
static int64_t detail_rearm(struct virt_vcpu *v, uint32_t reason)
{
	vmx_write(VMCS_PREEMPTION_TIMER, vmx_of(v)->preempt_ticks);
	return handled(v, reason, 0);
}

#define ROW(kind_, detail_)                          \
	{                                            \
		.kind = (kind_), .detail = (detail_) \
	}

/* All are unknown, then come those that are not. The last row is for what lies beyond. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct vmx_exit_row exit_rows[VMX_EXIT_TABLE + 1] = {
	[0 ... VMX_EXIT_TABLE] = ROW(VM_EXIT_UNKNOWN, detail_unknown),
	[VMX_EXIT_EXCEPTION_NMI] = ROW(VM_EXIT_EXCEPTION, detail_exception_nmi),
	[VMX_EXIT_EXTERNAL_INTERRUPT] = ROW(VM_EXIT_INTERRUPT, detail_rearm),
	[VMX_EXIT_TRIPLE_FAULT] = ROW(VM_EXIT_TRIPLE_FAULT, detail_none),
	[VMX_EXIT_INIT] = ROW(VM_EXIT_INTERRUPT, detail_none),
	[VMX_EXIT_SIPI] = ROW(VM_EXIT_INTERRUPT, detail_none),
	[VMX_EXIT_INTERRUPT_WINDOW] = ROW(VM_EXIT_WINDOW, detail_window),
	[VMX_EXIT_NMI_WINDOW] = ROW(VM_EXIT_NMI_WINDOW, detail_nmi_window),
	[VMX_EXIT_TASK_SWITCH] = ROW(VM_EXIT_TASK_SWITCH, detail_task_switch),
	[VMX_EXIT_CPUID] = ROW(VM_EXIT_CPUID, detail_length),
	[VMX_EXIT_GETSEC] = ROW(VM_EXIT_UNDEFINED, detail_none),
	[VMX_EXIT_HLT] = ROW(VM_EXIT_HLT, detail_length),
	[VMX_EXIT_INVD] = ROW(VM_EXIT_CACHE, detail_length),
	[VMX_EXIT_RDPMC] = ROW(VM_EXIT_PROTECTION, detail_none),
	[VMX_EXIT_RSM] = ROW(VM_EXIT_UNDEFINED, detail_none),
	[VMX_EXIT_VMCALL] = ROW(VM_EXIT_HYPERCALL, detail_length),
	[VMX_EXIT_VMCLEAR... VMX_EXIT_VMXON] = ROW(VM_EXIT_UNDEFINED, detail_none),
	[VMX_EXIT_CR_ACCESS] = ROW(VM_EXIT_CR, detail_cr),
	[VMX_EXIT_IO] = ROW(VM_EXIT_IO, detail_io),
	[VMX_EXIT_RDMSR] = ROW(VM_EXIT_MSR_READ, detail_length),
	[VMX_EXIT_WRMSR] = ROW(VM_EXIT_MSR_WRITE, detail_length),
	[VMX_EXIT_MWAIT] = ROW(VM_EXIT_UNDEFINED, detail_none),
	[VMX_EXIT_MONITOR] = ROW(VM_EXIT_UNDEFINED, detail_none),
	[VMX_EXIT_TPR_BELOW_THRESHOLD] = ROW(VM_EXIT_WINDOW, detail_none),
	[VMX_EXIT_EPT_VIOLATION] = ROW(VM_EXIT_NESTED, detail_ept_violation),
	[VMX_EXIT_EPT_MISCONFIGURATION] = ROW(VM_EXIT_UNKNOWN, detail_ept_misconfiguration),
	[VMX_EXIT_INVEPT] = ROW(VM_EXIT_UNDEFINED, detail_none),
	[VMX_EXIT_PREEMPTION_TIMER] = ROW(VM_EXIT_PREEMPT, detail_rearm),
	[VMX_EXIT_INVVPID] = ROW(VM_EXIT_UNDEFINED, detail_none),
	[VMX_EXIT_WBINVD] = ROW(VM_EXIT_CACHE, detail_length),
	[VMX_EXIT_XSETBV] = ROW(VM_EXIT_XSETBV, detail_length),
	[VMX_EXIT_VMFUNC] = ROW(VM_EXIT_UNDEFINED, detail_none),
	[VMX_EXIT_ENCLS] = ROW(VM_EXIT_UNDEFINED, detail_none),
};
#pragma GCC diagnostic pop

int64_t vmx_exited(struct virt_vcpu *v, uint64_t failed)
{
	struct vmx_vcpu *x = vmx_of(v);
	uint32_t reason = (uint32_t)vmx_read_live(VMCS_EXIT_REASON);
	const struct vmx_exit_row *row = &exit_rows[MIN(reason, (uint32_t)VMX_EXIT_TABLE)];

	if (__builtin_expect(failed != 0, 0))
		return entry_refused(v, true);
	v->launched = true;
	x->event = false;
	v->reinject_valid = false;
	v->exit.kind = row->kind;
	v->exit.insn_len = 0;
	x->rip = vmx_read_live(VMCS_GUEST_RIP);
	x->rflags = vmx_read_live(VMCS_GUEST_RFLAGS);
	x->rsp = v->gpr[GPR_RSP] = vmx_read_live(VMCS_GUEST_RSP);
	return row->detail(v, reason);
}
