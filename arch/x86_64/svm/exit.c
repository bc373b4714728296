/* SPDX-License-Identifier: BSD-2-Clause */
/* Enters the guest and turns the exit code into a neutral exit: a table, a small function a form. */
#include "arch/x86_64/regs.h"
#include "arch/x86_64/svm/vcpu.h"

enum svm_exit_code {
	SVM_EXIT_CR_READ = 0x000,
	SVM_EXIT_CR_WRITE = 0x010,
	SVM_EXIT_EXCEPTION = 0x040,
	SVM_EXIT_INTR = 0x060,
	SVM_EXIT_NMI = 0x061,
	SVM_EXIT_SMI = 0x062,
	SVM_EXIT_INIT = 0x063,
	SVM_EXIT_VINTR = 0x064,
	SVM_EXIT_CR0_SELECTIVE = 0x065,
	SVM_EXIT_RDPMC = 0x06f,
	SVM_EXIT_CPUID = 0x072,
	SVM_EXIT_RSM = 0x073,
	SVM_EXIT_IRET = 0x074,
	SVM_EXIT_INVD = 0x076,
	SVM_EXIT_HLT = 0x078,
	SVM_EXIT_INVLPGA = 0x07a,
	SVM_EXIT_IOIO = 0x07b,
	SVM_EXIT_MSR = 0x07c,
	SVM_EXIT_FERR_FREEZE = 0x07e,
	SVM_EXIT_SHUTDOWN = 0x07f,
	SVM_EXIT_VMRUN = 0x080,
	SVM_EXIT_VMMCALL = 0x081,
	SVM_EXIT_VMLOAD = 0x082,
	SVM_EXIT_VMSAVE = 0x083,
	SVM_EXIT_STGI = 0x084,
	SVM_EXIT_CLGI = 0x085,
	SVM_EXIT_SKINIT = 0x086,
	SVM_EXIT_WBINVD = 0x089,
	SVM_EXIT_MONITOR = 0x08a,
	SVM_EXIT_MWAIT = 0x08b,
	SVM_EXIT_MWAIT_ARMED = 0x08c,
	SVM_EXIT_XSETBV = 0x08d,
	SVM_EXIT_RDPRU = 0x08e,
	SVM_EXIT_INVLPGB = 0x0a0,
	SVM_EXIT_MCOMMIT = 0x0a3,
	SVM_EXIT_TLBSYNC = 0x0a4,
	SVM_EXIT_TABLE = 0x0a5,
	SVM_EXIT_NPF = 0x400,
};

/* The two exit codes that exist in 64 bits only; TCG writes the first as 32. */
#define SVM_EXIT_INVALID 0xffffffffu

typedef void (*svm_detail_fn)(struct virt_vcpu *v, const struct vmcb *vmcb);

struct svm_exit_row {
	uint32_t kind; /* enum vm_exit_kind; what is not in the table is 0, VM_EXIT_UNKNOWN */
	svm_detail_fn detail;
};

static void detail_length(struct virt_vcpu *v, const struct vmcb *vmcb)
{
	uint64_t len = vmcb->next_rip - vmcb->rip;

	if (svm_has_next_rip && len <= 15)
		v->exit.insn_len = (uint32_t)len;
}

static void detail_msr(struct virt_vcpu *v, const struct vmcb *vmcb)
{
	v->exit.kind = vmcb->exit_info1 & 1 ? VM_EXIT_MSR_WRITE : VM_EXIT_MSR_READ;
	detail_length(v, vmcb);
}

/* APM2 15.10.2 "IN and OUT Behavior" */
static void detail_io(struct virt_vcpu *v, const struct vmcb *vmcb)
{
	uint64_t info = vmcb->exit_info1;
	struct frame_io *io = &v->exit.io;
	uint8_t size = info >> 4 & 7;

	*io = (struct frame_io){
		.port = (uint16_t)(info >> 16),
		.size = size,
		.in = info & 1,
		.rep = info >> 3 & 1,
		.address_size = (uint8_t)((info >> 7 & 7) << 1),
		.segment = 0xff,
		.insn_len = (uint32_t)(vmcb->exit_info2 - vmcb->rip) & 15,
	};
	v->exit.insn_len = io->insn_len;
	if (info & BIT(2)) {
		v->exit.kind = VM_EXIT_IO_STRING;
		return;
	}
	if (!io->in)
		io->value = (uint32_t)(v->gpr[GPR_RAX] & BITS(size * 8 - 1, 0));
}

/* APM2 15.25.6 "Nested versus Guest Page Faults, Fault Ordering" */
static void detail_nested(struct virt_vcpu *v, const struct vmcb *vmcb)
{
	uint64_t error = vmcb->exit_info1;

	v->exit.mmio = (struct frame_mmio){
		.gpa = vmcb->exit_info2,
		.access = (error & BIT(1) ? MMIO_WRITE : 0) | (error & BIT(4) ? MMIO_FETCH : 0) |
			  (error & BIT(33) ? MMIO_WALK : 0),
	};
}

static void detail_cr(struct virt_vcpu *v, const struct vmcb *vmcb)
{
	uint32_t code = (uint32_t)vmcb->exit_code;

	v->exit.cr = (struct frame_cr){.cr = code & 0xf, .write = code >= SVM_EXIT_CR_WRITE};
	if (code == SVM_EXIT_CR0_SELECTIVE) {
		v->exit.cr = (struct frame_cr){.cr = 0, .write = 1};
		/* Bochs takes this exit after it gave LMA the value that goes with the new PG. */
		svm_store_efer(v, svm_guest_efer(v));
	}
}

static void detail_exception(struct virt_vcpu *v, const struct vmcb *vmcb)
{
	uint8_t vector = (uint8_t)(vmcb->exit_code - SVM_EXIT_EXCEPTION);

	v->exit.event = (struct frame_event){
		.type = INJECT_EXCEPTION,
		.vector = vector,
		.has_error = vector == EXCEPTION_AC,
		.error = (uint32_t)vmcb->exit_info1,
	};
}

static void detail_iret(struct virt_vcpu *v, const struct vmcb *vmcb)
{
	(void)vmcb;
	svm_nmi_iret(v);
}

static void detail_window(struct virt_vcpu *v, const struct vmcb *vmcb)
{
	(void)vmcb;
	svm_want_window(v, false);
}

#define ROW(kind_, detail_)                          \
	{                                            \
		.kind = (kind_), .detail = (detail_) \
	}

static const struct svm_exit_row exit_rows[SVM_EXIT_TABLE] = {
	[SVM_EXIT_CR_READ + 0 ... SVM_EXIT_CR_READ + 15] = ROW(VM_EXIT_CR, detail_cr),
	[SVM_EXIT_CR_WRITE + 0 ... SVM_EXIT_CR_WRITE + 15] = ROW(VM_EXIT_CR, detail_cr),
	[SVM_EXIT_EXCEPTION + EXCEPTION_DB] = ROW(VM_EXIT_EXCEPTION, detail_exception),
	[SVM_EXIT_EXCEPTION + EXCEPTION_AC] = ROW(VM_EXIT_EXCEPTION, detail_exception),
	[SVM_EXIT_EXCEPTION + EXCEPTION_DF] = ROW(VM_EXIT_DOUBLE_FAULT, detail_exception),
	[SVM_EXIT_EXCEPTION + EXCEPTION_MC] = ROW(VM_EXIT_MACHINE_CHECK, NULL),
	[SVM_EXIT_INTR] = ROW(VM_EXIT_INTERRUPT, NULL),
	[SVM_EXIT_NMI] = ROW(VM_EXIT_NMI, NULL),
	[SVM_EXIT_INIT] = ROW(VM_EXIT_INTERRUPT, NULL),
	[SVM_EXIT_VINTR] = ROW(VM_EXIT_WINDOW, detail_window),
	[SVM_EXIT_CR0_SELECTIVE] = ROW(VM_EXIT_CR, detail_cr),
	[SVM_EXIT_RDPMC] = ROW(VM_EXIT_PROTECTION, NULL),
	[SVM_EXIT_CPUID] = ROW(VM_EXIT_CPUID, detail_length),
	[SVM_EXIT_RSM] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_IRET] = ROW(VM_EXIT_NMI_WINDOW, detail_iret),
	[SVM_EXIT_INVD] = ROW(VM_EXIT_CACHE, detail_length),
	[SVM_EXIT_HLT] = ROW(VM_EXIT_HLT, detail_length),
	[SVM_EXIT_INVLPGA] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_IOIO] = ROW(VM_EXIT_IO, detail_io),
	[SVM_EXIT_MSR] = ROW(VM_EXIT_MSR_READ, detail_msr),
	[SVM_EXIT_FERR_FREEZE] = ROW(VM_EXIT_INTERRUPT, NULL),
	[SVM_EXIT_SHUTDOWN] = ROW(VM_EXIT_TRIPLE_FAULT, NULL),
	[SVM_EXIT_VMRUN] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_VMMCALL] = ROW(VM_EXIT_HYPERCALL, detail_length),
	[SVM_EXIT_VMLOAD] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_VMSAVE] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_STGI] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_CLGI] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_SKINIT] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_WBINVD] = ROW(VM_EXIT_CACHE, detail_length),
	[SVM_EXIT_MONITOR] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_MWAIT] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_MWAIT_ARMED] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_XSETBV] = ROW(VM_EXIT_XSETBV, detail_length),
	[SVM_EXIT_RDPRU] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_INVLPGB] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_MCOMMIT] = ROW(VM_EXIT_UNDEFINED, NULL),
	[SVM_EXIT_TLBSYNC] = ROW(VM_EXIT_UNDEFINED, NULL),
};

static const struct svm_exit_row row_nested = ROW(VM_EXIT_NESTED, detail_nested);
static const struct svm_exit_row row_invalid = ROW(VM_EXIT_INVALID, NULL);
static const struct svm_exit_row row_unknown = ROW(VM_EXIT_UNKNOWN, NULL);

static inline const struct svm_exit_row *exit_row(uint64_t code)
{
	if (__builtin_expect(code < SVM_EXIT_TABLE, 1))
		return &exit_rows[code];
	if (code == SVM_EXIT_NPF)
		return &row_nested;
	return (uint32_t)code == SVM_EXIT_INVALID ? &row_invalid : &row_unknown;
}

/* What the exit interrupted the delivery of. A software interrupt runs again by itself: RIP is at it. */
static __attribute__((noinline)) void save_interrupted(struct virt_vcpu *v, const struct vmcb *vmcb)
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

static inline void decode_exit(struct virt_vcpu *v)
{
	const struct vmcb *vmcb = svm_vmcb(v);
	const struct svm_exit_row *row = exit_row(vmcb->exit_code);

	v->exit.kind = row->kind;
	v->exit.code = vmcb->exit_code;
	v->exit.info = vmcb->exit_info1;
	v->exit.insn_len = 0;
	v->reinject_valid = false;
	if (row->detail)
		row->detail(v, vmcb);
	if (vmcb->exit_int_info & SVM_EVENT_VALID)
		save_interrupted(v, vmcb);
	if (v->nmi_blocked)
		svm_nmi_after_exit(v);
}

static __attribute__((noinline)) void choose_asid(struct virt_vcpu *v, struct svm_cpu *cpu)
{
	struct asid_choice choice = asid_take(&cpu->asids);

	v->asid = choice.asid;
	v->asid_generation = choice.generation;
	svm_vmcb(v)->asid = choice.asid;
	svm_vmcb(v)->tlb_control = choice.flush_all ? SVM_TLB_FLUSH_ALL : SVM_TLB_KEEP;
}

/* Whether an entry that is refused flushes before it is, APM3 "VMRUN" leaves open. */
static __attribute__((noinline)) void flush_asked(struct virt_vcpu *v, struct svm_cpu *cpu)
{
	svm_vmcb(v)->tlb_control = SVM_TLB_KEEP;
	if (v->exit.kind == VM_EXIT_INVALID)
		asid_flush_missed(&cpu->asids);
}

void svm_run(struct virt_vcpu *v)
{
	struct svm_cpu *cpu = v->cpu_state;
	struct vmcb *vmcb = svm_vmcb(v);

	if (__builtin_expect(v->asid_generation != cpu->asids.generation, 0))
		choose_asid(v, cpu);
	vmcb->rax = v->gpr[GPR_RAX];
	vmcb->rsp = v->gpr[GPR_RSP];
	svm_enter(v->gpr, v->hw_pa, cpu->host_vmcb);
	v->gpr[GPR_RAX] = vmcb->rax;
	v->gpr[GPR_RSP] = vmcb->rsp;
	v->cr8 = vmcb->v_intr & SVM_V_TPR;
	vmcb->event_inject = 0;
	decode_exit(v);
	if (__builtin_expect(vmcb->tlb_control != SVM_TLB_KEEP, 0))
		flush_asked(v, cpu);
}
