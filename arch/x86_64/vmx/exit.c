/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns the exit reason into a neutral exit: one table, one small function for each form of detail.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/vmx/vcpu.h"

/* SDM 3D C "VMX Basic Exit Reasons" */
enum vmx_exit_reason {
	VMX_EXIT_EXCEPTION_NMI = 0,
	VMX_EXIT_EXTERNAL_INTERRUPT = 1,
	VMX_EXIT_TRIPLE_FAULT = 2,
	VMX_EXIT_INIT = 3,
	VMX_EXIT_SIPI = 4,
	VMX_EXIT_INTERRUPT_WINDOW = 7,
	VMX_EXIT_NMI_WINDOW = 8,
	VMX_EXIT_TASK_SWITCH = 9,
	VMX_EXIT_CPUID = 10,
	VMX_EXIT_GETSEC = 11,
	VMX_EXIT_HLT = 12,
	VMX_EXIT_INVD = 13,
	VMX_EXIT_RDPMC = 15,
	VMX_EXIT_RSM = 17,
	VMX_EXIT_VMCALL = 18,
	VMX_EXIT_VMCLEAR = 19, /* to VMXON: nine instructions of VMX */
	VMX_EXIT_VMXON = 27,
	VMX_EXIT_CR_ACCESS = 28,
	VMX_EXIT_IO = 30,
	VMX_EXIT_RDMSR = 31,
	VMX_EXIT_WRMSR = 32,
	VMX_EXIT_MWAIT = 36,
	VMX_EXIT_MONITOR = 39,
	VMX_EXIT_TPR_BELOW_THRESHOLD = 43,
	VMX_EXIT_EPT_VIOLATION = 48,
	VMX_EXIT_EPT_MISCONFIGURATION = 49,
	VMX_EXIT_INVEPT = 50,
	VMX_EXIT_PREEMPTION_TIMER = 52,
	VMX_EXIT_INVVPID = 53,
	VMX_EXIT_WBINVD = 54,
	VMX_EXIT_XSETBV = 55,
	VMX_EXIT_VMFUNC = 59,
	VMX_EXIT_ENCLS = 60,
	VMX_EXIT_TABLE = 61,
};

#define VMX_EXIT_ENTRY_FAILED BIT(31)

typedef void (*vmx_detail_fn)(struct virt_vcpu *v);

struct vmx_exit_row {
	uint8_t kind; /* enum vm_exit_kind; 0: unknown */
	bool length;  /* of an instruction that the kernel may have to skip */
	/* may come while an event is delivered: SDM 3C 25.9.3 "VM Exits During Event Delivery" */
	bool delivery;
	vmx_detail_fn detail;
};

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
 * The exit comes in place of the exception, before DR6 and DR7.GD change, and says what DR6 would
 * have got (SDM 3C 28.2.1 "Basic VM-Exit Information"). DR6 is the guest's while it is loaded.
 */
static void take_debug_exception(struct virt_vcpu *v)
{
	const uint64_t told = DR6_B0_B3 | DR6_BD | DR6_BS;
	uint64_t dr7 = vmx_read(VMCS_GUEST_DR7);

	v->exit.info = vmx_read(VMCS_QUALIFICATION);
	dr6_write((dr6_read() & ~(uint64_t)DR6_B0_B3) | (v->exit.info & told));
	if (dr7 & DR7_GD)
		vmx_write(VMCS_GUEST_DR7, dr7 & ~(uint64_t)DR7_GD);
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
		take_debug_exception(v);
	if ((event & VMX_EVENT_UNBLOCKED_NMI) && vector != EXCEPTION_DF &&
	    !(vmx_read32(VMCS_IDT_VECTORING) & VMX_EVENT_VALID))
		block_nmis_again();
}

/* A physical NMI is taken here and now: until an IRET they are blocked. */
static void detail_exception_nmi(struct virt_vcpu *v)
{
	uint32_t event = vmx_read32(VMCS_EXIT_EVENT);

	v->exit.info = event;
	if ((event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT == INJECT_NMI) {
		v->exit.kind = VM_EXIT_NMI;
		vmx_take_nmi();
	} else if ((event & VMX_EVENT_VECTOR) == EXCEPTION_MC) {
		v->exit.kind = VM_EXIT_MACHINE_CHECK;
	} else {
		detail_exception(v, event);
	}
}

/* SDM 3C table 28-5 "Exit Qualification for I/O Instructions"; 28-9 for the string forms. */
static void detail_io(struct virt_vcpu *v)
{
	uint64_t info = vmx_read_live(VMCS_QUALIFICATION);
	struct frame_io *io = &v->exit.io;
	uint8_t size = (uint8_t)((info & 7) + 1);

	v->exit.insn_len = (uint32_t)vmx_read_live(VMCS_EXIT_INSN_LEN) & 15;
	v->exit.info = info;
	*io = (struct frame_io){
		.port = (uint16_t)(info >> 16),
		.size = size,
		.in = info >> 3 & 1,
		.rep = info >> 5 & 1,
		.segment = 0xff,
		.insn_len = v->exit.insn_len,
	};
	if (info & BIT(4)) {
		uint32_t insn = vmx_controls.string_info ? vmx_read32(VMCS_EXIT_INSN_INFO) : 0;

		v->exit.kind = VM_EXIT_IO_STRING;
		if (!vmx_controls.string_info)
			return;
		io->address_size = (uint8_t)(2u << (insn >> 7 & 3));
		io->segment = io->in ? SEG_ES : insn >> 15 & 7;
	} else if (!io->in) {
		io->value = (uint32_t)(v->gpr[GPR_RAX] & BITS(size * 8 - 1, 0));
	}
}

/* SDM 3C table 28-7 "Exit Qualification for EPT Violations" */
static void detail_ept_violation(struct virt_vcpu *v)
{
	uint64_t info = vmx_read_live(VMCS_QUALIFICATION);

	v->exit.info = info;
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
}

static void detail_ept_misconfiguration(struct virt_vcpu *v)
{
	v->exit.info = vmx_read(VMCS_GUEST_PHYSICAL);
}

/* SDM 3C table 28-3 "Exit Qualification for Control-Register Accesses" */
static void detail_cr(struct virt_vcpu *v)
{
	enum { MOV_TO, MOV_FROM, CLTS, LMSW };
	uint64_t info = vmx_read(VMCS_QUALIFICATION);
	unsigned access = info >> 4 & 3;

	v->exit.info = info;
	v->exit.cr = (struct frame_cr){
		.cr = access >= CLTS ? 0 : info & 0xf,
		.write = access != MOV_FROM,
	};
}

static void detail_task_switch(struct virt_vcpu *v)
{
	v->exit.info = vmx_read(VMCS_QUALIFICATION);
}

static void detail_window(struct virt_vcpu *v)
{
	vmx_want_window(v, false);
}

static void detail_nmi_window(struct virt_vcpu *v)
{
	vmx_end_nmi_window(v);
}

/*
 * The kernel is about to take what is pending: the next slice's worth. So the timer itself ends a
 * stay only where no interrupt does.
 */
static void detail_rearm(struct virt_vcpu *v)
{
	vmx_write(VMCS_PREEMPTION_TIMER, vmx_of(v)->preempt_ticks);
}

#define ROW(kind_, detail_)                          \
	{                                            \
		.kind = (kind_), .detail = (detail_) \
	}
#define ROW_LENGTH(kind_)                       \
	{                                       \
		.kind = (kind_), .length = true \
	}
#define ROW_DELIVERY(kind_, detail_)                                   \
	{                                                              \
		.kind = (kind_), .delivery = true, .detail = (detail_) \
	}

/* The last is for what lies beyond. */
static const struct vmx_exit_row exit_rows[VMX_EXIT_TABLE + 1] = {
	[VMX_EXIT_EXCEPTION_NMI] = ROW_DELIVERY(VM_EXIT_EXCEPTION, detail_exception_nmi),
	[VMX_EXIT_EXTERNAL_INTERRUPT] = ROW(VM_EXIT_INTERRUPT, detail_rearm),
	[VMX_EXIT_TRIPLE_FAULT] = ROW(VM_EXIT_TRIPLE_FAULT, NULL),
	[VMX_EXIT_INIT] = ROW(VM_EXIT_INTERRUPT, NULL),
	[VMX_EXIT_SIPI] = ROW(VM_EXIT_INTERRUPT, NULL),
	[VMX_EXIT_INTERRUPT_WINDOW] = ROW(VM_EXIT_WINDOW, detail_window),
	[VMX_EXIT_NMI_WINDOW] = ROW(VM_EXIT_NMI_WINDOW, detail_nmi_window),
	[VMX_EXIT_TASK_SWITCH] = ROW_DELIVERY(VM_EXIT_TASK_SWITCH, detail_task_switch),
	[VMX_EXIT_CPUID] = ROW_LENGTH(VM_EXIT_CPUID),
	[VMX_EXIT_GETSEC] = ROW(VM_EXIT_UNDEFINED, NULL),
	[VMX_EXIT_HLT] = ROW_LENGTH(VM_EXIT_HLT),
	[VMX_EXIT_INVD] = ROW_LENGTH(VM_EXIT_CACHE),
	[VMX_EXIT_RDPMC] = ROW(VM_EXIT_PROTECTION, NULL),
	[VMX_EXIT_RSM] = ROW(VM_EXIT_UNDEFINED, NULL),
	[VMX_EXIT_VMCALL] = ROW_LENGTH(VM_EXIT_HYPERCALL),
	[VMX_EXIT_VMCLEAR... VMX_EXIT_VMXON] = ROW(VM_EXIT_UNDEFINED, NULL),
	[VMX_EXIT_CR_ACCESS] = ROW(VM_EXIT_CR, detail_cr),
	[VMX_EXIT_IO] = ROW(VM_EXIT_IO, detail_io),
	[VMX_EXIT_RDMSR] = ROW_LENGTH(VM_EXIT_MSR_READ),
	[VMX_EXIT_WRMSR] = ROW_LENGTH(VM_EXIT_MSR_WRITE),
	[VMX_EXIT_MWAIT] = ROW(VM_EXIT_UNDEFINED, NULL),
	[VMX_EXIT_MONITOR] = ROW(VM_EXIT_UNDEFINED, NULL),
	[VMX_EXIT_TPR_BELOW_THRESHOLD] = ROW(VM_EXIT_WINDOW, NULL),
	[VMX_EXIT_EPT_VIOLATION] = ROW_DELIVERY(VM_EXIT_NESTED, detail_ept_violation),
	[VMX_EXIT_EPT_MISCONFIGURATION] = ROW_DELIVERY(VM_EXIT_UNKNOWN, detail_ept_misconfiguration),
	[VMX_EXIT_INVEPT] = ROW(VM_EXIT_UNDEFINED, NULL),
	[VMX_EXIT_PREEMPTION_TIMER] = ROW(VM_EXIT_PREEMPT, detail_rearm),
	[VMX_EXIT_INVVPID] = ROW(VM_EXIT_UNDEFINED, NULL),
	[VMX_EXIT_WBINVD] = ROW_LENGTH(VM_EXIT_CACHE),
	[VMX_EXIT_XSETBV] = ROW_LENGTH(VM_EXIT_XSETBV),
	[VMX_EXIT_VMFUNC] = ROW(VM_EXIT_UNDEFINED, NULL),
	[VMX_EXIT_ENCLS] = ROW(VM_EXIT_UNDEFINED, NULL),
};

/*
 * What the exit interrupted the delivery of. A software interrupt or exception runs again by
 * itself: RIP is at the instruction. An NMI blocks NMIs already, which its second injection must
 * find open (SDM 3C 27.3.1.5).
 */
static void save_interrupted(struct virt_vcpu *v)
{
	uint32_t info = vmx_read32(VMCS_IDT_VECTORING);
	uint8_t type = (uint8_t)((info & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT);

	if (!(info & VMX_EVENT_VALID) || type >= INJECT_SOFT)
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

void vmx_decode_exit(struct virt_vcpu *v)
{
	uint32_t reason = (uint32_t)vmx_read_live(VMCS_EXIT_REASON);
	const struct vmx_exit_row *row = &exit_rows[MIN(reason, (uint32_t)VMX_EXIT_TABLE)];

	v->reinject_valid = false;
	if (__builtin_expect((reason & VMX_EXIT_ENTRY_FAILED) != 0, 0)) {
		vmx_decode_refusal(v, false);
		return;
	}
	v->exit.kind = row->kind;
	v->exit.code = reason;
	v->exit.info = 0;
	v->exit.insn_len = 0;
	if (row->length)
		v->exit.insn_len = (uint32_t)vmx_read_live(VMCS_EXIT_INSN_LEN) & 15;
	if (row->detail)
		row->detail(v);
	if (row->delivery)
		save_interrupted(v);
}
