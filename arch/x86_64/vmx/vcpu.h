/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the VMX backend share: what a vCPU has beside its VMCS, and the functions
 * behind vmx_ops. A VMCS can be read and written only on the CPU where it is current, so what is
 * asked for often is kept here, and what debugging asks for is noted when it is unloaded.
 */
#pragma once

#include "arch/x86_64/regs.h"
#include "arch/x86_64/virt.h"
#include "arch/x86_64/vmx/controls.h"
#include "arch/x86_64/vmx/insn.h"

/* The pages of virt_vcpu.hw. */
enum vmx_page { VMX_PAGE_STATE, VMX_PAGE_VMCS, VMX_PAGE_VAPIC, VMX_PAGES };

/* The MSRs that the guest has for itself and no VMCS field holds. */
enum vmx_eager {
	VMX_EAGER_STAR,
	VMX_EAGER_LSTAR,
	VMX_EAGER_CSTAR,
	VMX_EAGER_SFMASK,
	VMX_EAGER_KERNEL_GS_BASE,
	VMX_EAGER_COUNT
};

struct vmx_vcpu {
	uint64_t rip, rflags; /* the guest's: here and in the VMCS */
	uint64_t rsp;	      /* as the VMCS has it; virt_vcpu.gpr is current */
	uint64_t host_cr3;    /* likewise: the VMM's space may have changed */
	uint32_t primary;     /* VMCS_PRIMARY_CONTROLS */
	uint32_t entry;	      /* VMCS_ENTRY_CONTROLS */
	uint32_t tpr_threshold;
	bool event; /* VMCS_ENTRY_EVENT waits for the entry */
	union {
		struct {
			bool flush_linear; /* the guest's own translations are stale */
			bool flush_nested; /* those of the EPT; another CPU may set it, under freeze */
			bool vpid_stale; /* another CPU's, or of a past generation */
			bool tpr_watch;	 /* exits are wanted when the guest lowers its TPR */
		};
		uint32_t attention; /* not 0: there is work before the next entry */
	};
	uint64_t cr0_shadow, cr4_shadow; /* what the guest reads of the bits that are ours */
	uint64_t pat;
	uint64_t dr6;			 /* while not loaded */
	uint64_t eager[VMX_EAGER_COUNT]; /* while not loaded */
	uint64_t eptp;
	hpa_t vmcs_pa;
	uint32_t preempt_ticks; /* of the preemption timer: a slice */
	struct frame noted;	/* while not loaded: VMX_NOTED */
};

static_assert(sizeof(struct vmx_vcpu) <= PAGE_SIZE, "one page");

/* The groups that can be read while the VMCS is not current. */
#define VMX_NOTED (GROUP_IP | GROUP_CONTROL | GROUP_CS)

static inline struct vmx_vcpu *vmx_of(const struct virt_vcpu *v)
{
	return v->hw;
}

static inline uint32_t *vmx_vapic_tpr(const struct virt_vcpu *v)
{
	return (uint32_t *)((char *)v->hw + VMX_PAGE_VAPIC * PAGE_SIZE + VMX_VAPIC_TPR);
}

/* Chosen once by the probe. */
extern struct vmx_controls vmx_controls;
extern struct vmx_capability vmx_capability;

/* vmx.c: is it this CPU's, with its VMCS current and its MSRs in the processor? */
bool vmx_is_loaded(const struct virt_vcpu *v);

/*
 * setup.c: the VMCS is current. All of it; and the fields that follow the CPU, if the vCPU ran
 * elsewhere last.
 */
void vmx_setup(struct virt_vcpu *v, const struct virt_setup *setup);
void vmx_setup_host_cpu(void);

static inline void vmx_set_rip(struct vmx_vcpu *x, uint64_t value)
{
	x->rip = value;
	vmx_write(VMCS_GUEST_RIP, value);
}

static inline void vmx_set_rflags(struct vmx_vcpu *x, uint64_t value)
{
	x->rflags = value;
	vmx_write(VMCS_GUEST_RFLAGS, value);
}

/* state.c */
extern const uint32_t vmx_eager_msr[VMX_EAGER_COUNT];
void vmx_get(struct virt_vcpu *v, uint32_t groups, struct frame *frame);
bool vmx_put(struct virt_vcpu *v, uint32_t groups, const struct frame *frame);
/* Fills vmx_vcpu.noted; the VMCS is current. */
void vmx_note(struct virt_vcpu *v);
void vmx_skip(struct virt_vcpu *v, uint32_t len);
/*
 * The rare half of vmx_move_on. A single step across an emulated instruction traps: SDM 3B 18.3.1.4
 * "Single-Step Exception Condition".
 */
void vmx_step(struct virt_vcpu *v);

static inline bool vmx_in_64_bit_code(const struct virt_vcpu *v)
{
	return (v->efer & EFER_LMA) &&
	       (vmx_read_live(VMCS_SEGMENT(VMCS_GUEST_ACCESS, SEG_CS)) & VMX_ACCESS_L);
}

/* vmx_skip, for where it is hot; false: vmx_step has to follow. */
static inline bool vmx_move_on(struct virt_vcpu *v, uint64_t len)
{
	const uint64_t shadow = VMX_BLOCKED_BY_SHADOW;
	struct vmx_vcpu *x = vmx_of(v);
	uint64_t rip = x->rip + len;
	uint64_t blocked = vmx_read_live(VMCS_GUEST_INTERRUPTIBILITY);

	if (rip >> 32 && !vmx_in_64_bit_code(v))
		rip = (uint32_t)rip;
	x->rip = rip;
	vmx_write_live(VMCS_GUEST_RIP, rip);
	if (__builtin_expect((blocked & shadow) != 0, 0))
		vmx_write_live(VMCS_GUEST_INTERRUPTIBILITY, blocked & ~shadow);
	return __builtin_expect(!(x->rflags & (RFLAGS_RF | RFLAGS_TF)), 1);
}

uint8_t vmx_cpl(const struct virt_vcpu *v);
uint64_t vmx_cr0(const struct virt_vcpu *v);
uint64_t vmx_cr4(const struct virt_vcpu *v);
void vmx_set_efer(struct virt_vcpu *v, uint64_t value);

/* The masks of both: a 1 is a bit of ours, whose writes exit. */
#define VMX_CR0_MASK (~(uint64_t)(CR0_MP | CR0_EM | CR0_TS | CR0_WP | CR0_AM))
#define VMX_CR4_MASK                                                                      \
	(~(uint64_t)(CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PGE | CR4_PCE | \
		     CR4_OSFXSR | CR4_OSXMMEXCPT))

/* segment.c: the descriptor tables too */
void vmx_segment_get(unsigned index, struct seg *to);
/* What of CS a fetch depends on: in 64-bit code its attributes. */
void vmx_code_get(const struct virt_vcpu *v, struct seg *to);
void vmx_segments_get(struct frame *frame);
/* GROUP_MEMORY; answers GROUP_SEGMENT if that is wanted instead. */
uint32_t vmx_memory_get(const struct virt_vcpu *v, struct frame *frame);
void vmx_segments_put(const struct vmx_vcpu *x, const struct frame *frame);

/* inject.c */
bool vmx_interrupt(struct virt_vcpu *v, uint8_t vector);
bool vmx_interrupt_open(const struct virt_vcpu *v);
bool vmx_nmi_open(const struct virt_vcpu *v);
void vmx_inject(struct virt_vcpu *v, const struct frame_event *event);
bool vmx_injecting(const struct virt_vcpu *v);
void vmx_want_window(struct virt_vcpu *v, bool on);
bool vmx_take_back(struct virt_vcpu *v, int vector);
void vmx_want_nmi_window(struct virt_vcpu *v);
/* The NMI window's exit came. */
void vmx_end_nmi_window(struct virt_vcpu *v);
void vmx_set_tpr(struct virt_vcpu *v, uint8_t cr8, bool watch);
bool vmx_idt_reaches(const struct virt_vcpu *v, uint8_t vector);

/* corrupt.c; the VMCS is current. */
void vmx_corrupt_field(struct virt_vcpu *v, uint64_t seed);

/* vmx.c: before an entry, what x->attention says. */
void vmx_prepare(struct virt_vcpu *v);

/* exit.c */
noreturn void vmx_run(struct virt_vcpu *v, int64_t skip);
/* These two are called by vmx_enter. */
/*
 * After each exit (failed: VMLAUNCH or VMRESUME itself failed): hands it to the kernel and answers as
 * kernel_exit does.
 */
int64_t vmx_exited(struct virt_vcpu *v, uint64_t failed);
/* Moves RIP on by skip bytes. v: it can be entered; NULL: it leaves, as also if skip is VIRT_LEAVE. */
struct virt_vcpu *vmx_go_on(struct virt_vcpu *v, int64_t skip);

/*
 * refused.c: the entry did not happen; says why in v->exit, answers the qualification. failed: VMLAUNCH or
 * VMRESUME itself.
 */
uint64_t vmx_decode_refusal(struct virt_vcpu *v, bool failed);

/* entry.S. The VMCS is current. Its stack at the exit is VIRT_STACK below the main stack's top. */
noreturn void vmx_enter(struct virt_vcpu *v, int64_t skip);
/* Where the processor goes on after an exit: HOST_RIP. */
extern const char vmx_exit_point[];
