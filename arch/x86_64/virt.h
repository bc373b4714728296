/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam between the kernel and the two virtualization backends: one struct of operations, one neutral
 * exit. A slot exists only if both backends fill it. What follows an exit's decoding is shared code.
 */
#pragma once

#include "abi/frame.h"
#include "lib/types.h"

struct page_format;

/* What an exit was, whichever vendor's processor reports it. Indexes kernel/exits.c's table. */
enum vm_exit_kind {
	VM_EXIT_UNKNOWN,   /* 0: what a table does not know */
	VM_EXIT_INTERRUPT, /* a physical interrupt is pending: open the window */
	VM_EXIT_NMI,	   /* a physical NMI was held or taken */
	VM_EXIT_MACHINE_CHECK,
	VM_EXIT_WINDOW,	    /* the guest can take an interrupt now */
	VM_EXIT_NMI_WINDOW, /* the guest can take an NMI now */
	VM_EXIT_PREEMPT,    /* VMX preemption timer */
	VM_EXIT_CPUID,
	VM_EXIT_MSR_READ,
	VM_EXIT_MSR_WRITE,
	VM_EXIT_HLT,
	VM_EXIT_HYPERCALL,
	VM_EXIT_XSETBV,
	VM_EXIT_CACHE, /* INVD, WBINVD */
	VM_EXIT_IO,
	VM_EXIT_IO_STRING,
	VM_EXIT_NESTED, /* nested page fault, EPT violation */
	VM_EXIT_CR,
	VM_EXIT_EXCEPTION, /* an intercepted exception: goes back to the guest */
	VM_EXIT_DOUBLE_FAULT,
	VM_EXIT_UNDEFINED,  /* an instruction that this guest does not have: #UD */
	VM_EXIT_PROTECTION, /* an instruction that is refused: #GP(0) */
	VM_EXIT_TASK_SWITCH,
	VM_EXIT_TRIPLE_FAULT,
	VM_EXIT_INVALID, /* the hardware refused the guest's state */
	VM_EXIT_KINDS
};

/* Filled in by the backend after each exit; only the fields of its kind are valid. */
struct vm_exit {
	uint32_t kind;	     /* enum vm_exit_kind */
	uint32_t insn_len;   /* bytes; 0: the hardware does not say */
	const char *refused; /* VM_EXIT_INVALID: the field that the hardware minds, or NULL */
	union {
		struct frame_io io;
		struct frame_mmio mmio;
		struct frame_cr cr;
		struct frame_task task;
		struct frame_event event; /* VM_EXIT_EXCEPTION */
	};
};

/* Where a vCPU's thread is. Others kick its CPU only if it is GUEST. */
enum virt_state { VIRT_OUT, VIRT_GUEST, VIRT_RING3 };

/*
 * One vCPU as the processor sees it; the first member of struct vcpu. It belongs to the CPU that has it
 * loaded. Outside the guest, all sixteen GPRs are current here.
 */
struct virt_vcpu {
	uint64_t gpr[GPR_COUNT];
	void *hw; /* VMCB or VMCS */
	hpa_t hw_pa;
	/* All of it is 0, or the kernel has something to do before the guest is entered. */
	union {
		struct {
			uint32_t pending;    /* atomic, any CPU: the kernel's bits */
			bool reinject_valid; /* reinject is to go in again */
			uint8_t recheck;     /* the kernel's: what waits for the guest to open */
			uint8_t activity;    /* enum vcpu_activity, the kernel's */
		};
		uint64_t work;
	};
	uint32_t state; /* atomic, its CPU writes: enum virt_state */
	struct vm_exit exit;
	struct frame_event reinject; /* type and vector of the event whose delivery the exit cut short */
	union {
		struct {
			bool nmi_blocked;
			bool flushing; /* SVM: at the entry all translations are dropped */
			bool virq;     /* SVM: an interrupt goes in by V_IRQ, not by EVENTINJ */
			uint8_t step;  /* SVM: what the entry did to one instruction: step.c */
		};
		uint32_t after_exit; /* not 0: there is work after the next exit */
	};
	bool window_wanted;
	bool tpr_watched;  /* writes of CR8 exit */
	bool step_pending; /* SVM: something waits for the end of one instruction */
	bool launched;	   /* VMX: since VMCLEAR: VMRESUME, not VMLAUNCH */
	uint8_t cr8;	   /* TPR 7:4 as the guest last wrote it */
	uint64_t efer;	   /* as the guest sees it; the backend's put and set_efer write it */
	void *cpu_state;   /* the backend's, of the CPU that it is loaded on */
	uint64_t asid_generation;
	uint32_t asid;
	uint32_t asid_cpu;
	uint64_t cr2; /* VMX: the hardware does not keep it */
	uint64_t nmi_iret_rip;
	uint64_t virq_rip; /* SVM: where the interrupt of virq goes in */
	uint64_t step_rip; /* SVM: where the instruction of step is */
	uint64_t step_dr6; /* SVM: the guest's, while TF is ours */
};

/* What a vCPU is made with. */
struct virt_setup {
	void *hw; /* hw_pages zero pages, mapped in the kernel */
	hpa_t hw_pa;
	hpa_t nested_root;
	uint64_t tsc_offset;
	uint64_t slice_tsc; /* VMX: no stay in the guest without an exit is longer */
};

struct virt_ops {
	const char *name;
	unsigned cpu_pages; /* of cpu_init */
	unsigned hw_pages;  /* of virt_setup.hw */
	const struct page_format *nested_format;
	/* The largest leaf that nested tables may have: enum page_level. After the probe. */
	unsigned (*nested_largest)(void);

	/* Once, on CPU 0: can this machine? If not, returns false and says why in words. */
	bool (*probe)(char *reason, size_t size);
	/* On another CPU, before cpu_init: why it cannot run guests as CPU 0 does, in words, or NULL. */
	const char *(*cpu_differs)(void);
	/* On each CPU, with cpu_pages pages of its own from the heap: switch it on. */
	void (*cpu_init)(void *pages, hpa_t pa);
	/* Off again, for good, if it is on: a reset by INIT would not be heard. From an NMI, too. */
	void (*cpu_stop)(void);

	/* The architected power-up state, everything intercepted. The vCPU is not loaded anywhere. */
	void (*vcpu_init)(struct virt_vcpu *v, const struct virt_setup *setup);
	/* On the CPU that will run it, after another vCPU ran there, and the reverse. */
	void (*vcpu_load)(struct virt_vcpu *v);
	void (*vcpu_unload)(struct virt_vcpu *v);
	/* Translations of the guest's memory were changed: none may be used at the next entry. */
	void (*flush)(struct virt_vcpu *v);

	/*
	 * Moves RIP on by skip bytes and runs the guest, with kernel_exit after each exit, until the vCPU
	 * has to give its CPU away: then, or if skip is VIRT_LEAVE, kernel_leave. IF=0. The caller's
	 * stack is gone.
	 */
	noreturn void (*run)(struct virt_vcpu *v, int64_t skip);

	/* Copies groups to and from a frame. put returns false on a value that is never legal. */
	void (*get)(struct virt_vcpu *v, uint32_t groups, struct frame *frame);
	bool (*put)(struct virt_vcpu *v, uint32_t groups, const struct frame *frame);

	uint64_t (*rip)(const struct virt_vcpu *v);
	uint64_t (*rflags)(const struct virt_vcpu *v);
	uint8_t (*cpl)(const struct virt_vcpu *v);
	bool (*in_64_bit_code)(const struct virt_vcpu *v);
	/*
	 * Moves RIP past an instruction of len bytes that was emulated: shadow ends, TF traps. For those
	 * who have to see the outcome; others leave it to run.
	 */
	void (*skip)(struct virt_vcpu *v, uint32_t len);

	/* If an external interrupt can go in at the next entry, it does; else false. */
	bool (*interrupt)(struct virt_vcpu *v, uint8_t vector);
	/* Could one? Could an NMI? */
	bool (*interrupt_open)(const struct virt_vcpu *v);
	bool (*nmi_open)(const struct virt_vcpu *v);
	void (*inject)(struct virt_vcpu *v, const struct frame_event *event);
	/* An event already waits for the next entry. */
	bool (*injecting)(const struct virt_vcpu *v);
	void (*want_window)(struct virt_vcpu *v, bool on);
	/* Where nothing can wait behind an interrupt that waits for the entry: it does no more, true. */
	bool (*take_back)(struct virt_vcpu *v, int vector);
	void (*want_nmi_window)(struct virt_vcpu *v);
	/* The local APIC's TPR changed; exits are wanted when the guest lowers it. */
	void (*set_tpr)(struct virt_vcpu *v, uint8_t cr8, bool watch);

	uint64_t (*cr0)(const struct virt_vcpu *v);
	uint64_t (*cr4)(const struct virt_vcpu *v);
	/* Writes EFER's SCE, LME, NXE after the kernel checked them. */
	void (*set_efer)(struct virt_vcpu *v, uint64_t value);
	uint64_t (*pat)(const struct virt_vcpu *v);
	void (*set_pat)(struct virt_vcpu *v, uint64_t value);
	void (*set_tsc_offset)(struct virt_vcpu *v, uint64_t offset);

	/* #DF cannot be delivered: the guest's IDT does not reach vector 8. */
	bool (*idt_reaches)(const struct virt_vcpu *v, uint8_t vector);
	/* Is this MSR open for reading (bit 0), for writing (bit 1) in the permission map? */
	unsigned (*msr_open)(uint32_t index);
	/* Is this port open in the permission map? */
	bool (*port_open)(uint16_t port);
	/* For tests: flips bits of one field of the saved guest state, chosen by the seed. */
	void (*corrupt)(struct virt_vcpu *v, uint64_t seed);
};

extern const struct virt_ops svm_ops, vmx_ops;

/* What a backend has at the top of the main stack while the guest runs, in bytes. */
enum { VIRT_STACK = 16 };

/* Answer of kernel_exit: the vCPU gives its CPU away. */
enum { VIRT_LEAVE = -1 };

/*
 * On the way into the guest: tells whoever sets pending bits that it goes there, then looks. True: enter.
 * False: kernel_work has something to do. A full barrier: who sets a bit after the look sees GUEST and kicks.
 */
static inline bool virt_claim(struct virt_vcpu *v)
{
	__atomic_exchange_n(&v->state, VIRT_GUEST, __ATOMIC_SEQ_CST);
	return __builtin_expect(!__atomic_load_n(&v->work, __ATOMIC_RELAXED), 1);
}

/* Defined by kernel/. IF=0, on the main stack of the CPU that has the vCPU loaded. */

/*
 * After each exit, with v->exit filled in; code and info are the hardware's, for the flight recorder. Answers
 * how many bytes of the instruction are done with, maybe 0, or VIRT_LEAVE. An upcall does not return.
 */
int64_t kernel_exit(struct virt_vcpu *v, uint64_t rip, uint64_t code, uint64_t info);
/* After virt_claim said no. True: enter the guest, it is claimed; false: leave. An upcall does not return. */
bool kernel_work(struct virt_vcpu *v);
/* The guest has written CR8 without an exit: v->cr8 is what the hardware now has. */
void kernel_tpr_moved(struct virt_vcpu *v);
/* The vCPU's turn is over. */
noreturn void kernel_leave(struct virt_vcpu *v);

/* virt.c: the backends, in the order in which they are asked. */
extern const struct virt_ops *const virt_backends[];
extern const unsigned virt_backend_count;
