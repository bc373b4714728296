/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EXIT_LENGTH: finds how long the instruction is that exited, where the hardware does not say. It
 * was fetched by the processor before; another vCPU may have changed the bytes or the tables since.
 */
#include "vmm/upcall.h"

#include "vmm/fetch.h"
#include "vmm/guest_features.h"
#include "vmm/report.h"
#include "vmm/walk_quick.h"

/* All that a processor can intercept by instruction. What is not here cannot be what exited. */
static const bool can_exit[INSN_OPS] = {
	[INSN_CPUID] = true,	[INSN_RDMSR] = true,	[INSN_WRMSR] = true,
	[INSN_HLT] = true,	[INSN_VMCALL] = true,	[INSN_VMMCALL] = true,
	[INSN_MOV_CR] = true,	[INSN_MOV_DR] = true,	[INSN_CLTS] = true,
	[INSN_LMSW] = true,	[INSN_SMSW] = true,	[INSN_XSETBV] = true,
	[INSN_INVD] = true,	[INSN_WBINVD] = true,	[INSN_WBNOINVD] = true,
	[INSN_RDTSC] = true,	[INSN_RDTSCP] = true,	[INSN_RDPMC] = true,
	[INSN_RDPRU] = true,	[INSN_PAUSE] = true,	[INSN_MONITOR] = true,
	[INSN_MWAIT] = true,	[INSN_MONITORX] = true, [INSN_MWAITX] = true,
	[INSN_INVLPG] = true,	[INSN_INVLPGA] = true,	[INSN_INVLPGB] = true,
	[INSN_TLBSYNC] = true,	[INSN_INVPCID] = true,	[INSN_RSM] = true,
	[INSN_VMRUN] = true,	[INSN_VMLOAD] = true,	[INSN_VMSAVE] = true,
	[INSN_STGI] = true,	[INSN_CLGI] = true,	[INSN_SKINIT] = true,
	[INSN_VMLAUNCH] = true, [INSN_VMRESUME] = true, [INSN_VMXOFF] = true,
	[INSN_VMXON] = true,	[INSN_VMPTRLD] = true,	[INSN_VMPTRST] = true,
	[INSN_VMCLEAR] = true,	[INSN_VMREAD] = true,	[INSN_VMWRITE] = true,
	[INSN_VMFUNC] = true,	[INSN_INVEPT] = true,	[INSN_INVVPID] = true,
	[INSN_GETSEC] = true,	[INSN_ENCLS] = true,	[INSN_PCONFIG] = true,
	[INSN_SLDT] = true,	[INSN_STR] = true,	[INSN_LLDT] = true,
	[INSN_LTR] = true,	[INSN_SGDT] = true,	[INSN_SIDT] = true,
	[INSN_LGDT] = true,	[INSN_LIDT] = true,	[INSN_INT] = true,
	[INSN_INT3] = true,	[INSN_INTO] = true,	[INSN_ICEBP] = true,
	[INSN_IRET] = true,	[INSN_PUSHF] = true,	[INSN_POPF] = true,
	[INSN_RDRAND] = true,	[INSN_RDSEED] = true,	[INSN_XSAVES] = true,
	[INSN_XRSTORS] = true,	[INSN_UMWAIT] = true,	[INSN_TPAUSE] = true,
};

/* The length of one of the few usual encodings in 64-bit code, or 0: then the long way decides. */
static inline unsigned quick_length(const struct frame *frame, enum insn_op *op)
{
	struct guest_word word;
	uint8_t bytes[8];
	gpa_t gpa;

	if (!(frame->seg[SEG_CS].attributes & SEG_ATTR_L) ||
	    (frame->rip & PAGE_MASK) > PAGE_SIZE - sizeof(bytes) ||
	    (uint64_t)((int64_t)(frame->rip << 16) >> 16) != frame->rip ||
	    !walk_quick_fetch(frame, frame->rip, &gpa))
		return 0;
	word = guest_read_word(gpa);
	if (!word.ok)
		return 0;
	__builtin_memcpy(bytes, &word.value, sizeof(bytes));
	return insn_length_quick(bytes, sizeof(bytes), op);
}

static __attribute__((noinline)) struct resume slow_length(struct frame *frame)
{
	enum insn_op op = INSN_NONE;
	__attribute__((uninitialized)) struct walk_context context;
	enum fetch_status status;
	unsigned length = 0;

	walk_context_init(&context, frame, &guest_features.cpu);
	status = insn_fetch_length(frame, &context, &length, &op, &frame->event);
	if (status == FETCH_OK)
		return (struct resume){.insn_len = (uint8_t)(can_exit[op] ? length : 0)};
	return fetch_failed(frame, status);
}

/* The hottest upcall where the processor tells no length. */
struct resume upcall_length(struct frame *frame)
{
	enum insn_op op = INSN_NONE;
	unsigned length = quick_length(frame, &op);

	if (__builtin_expect(length != 0, 1))
		return (struct resume){.insn_len = (uint8_t)(can_exit[op] ? length : 0)};
	return slow_length(frame);
}
