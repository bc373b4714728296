/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU: one thread with two faces, the guest and the VMM's handler for it. It is homed on one CPU, and
 * that CPU alone touches it; others set bits in pending and kick.
 *
 * Legend. o: the home CPU, or CPU 0 while the partition is stopped. a: atomic, any CPU. c: constant.
 * What the way into the guest looks at (pending, recheck, activity, state) stands in struct virt_vcpu.
 */
#pragma once

#include "abi/info.h"
#include "arch/x86_64/virt.h"
#include "kernel/deadline.h"
#include "kernel/lapic.h"
#include "kernel/recorder.h"
#include "kernel/turn.h"

struct partition;

/* virt_vcpu.pending. PEND_EVENTS are enum event of abi/frame.h: what the VMM is to be told. */
enum vcpu_pending {
	PEND_EVENTS = 0xff | EVENT_STEAL,
	PEND_INTERRUPT = 1 << 8, /* the local APIC may have something to deliver */
	PEND_NMI = 1 << 9,
	PEND_REARM = 1 << 10,	   /* the VMM's deadline or the local APIC's timer has to be set */
	PEND_STOP = 1 << 11,	   /* the partition is not to run: unload */
	PEND_DETACH = 1 << 12,	   /* leave this CPU for good */
	PEND_RESCHEDULE = 1 << 13, /* the slice is over */
	PEND_NMI_SECOND = 1 << 15, /* another came before PEND_NMI's was delivered */
};

static_assert((PEND_EVENTS & (PEND_INTERRUPT | PEND_NMI | PEND_REARM | PEND_STOP | PEND_DETACH |
			      PEND_RESCHEDULE | PEND_NMI_SECOND)) == 0,
	      "enum event shares the word");

/* Bits that a halted vCPU wakes for. */
#define PEND_WAKE (PEND_EVENTS | PEND_INTERRUPT | PEND_NMI)

/* virt_vcpu.recheck */
enum vcpu_recheck { RECHECK_WINDOW = 1 << 0, RECHECK_NMI = 1 << 1 };

struct vcpu {
	struct virt_vcpu virt; /* o, pending and state a; first: the entry code finds the GPRs there */
	uint32_t loaded;       /* a: the home CPU writes: hardware state is in the processor */
	uint32_t homed;	       /* a: the home CPU writes: in its ring */
	uint32_t upcall;       /* o: enum exit_reason that the VMM is handling */
	uint32_t upcall_ticks; /* o: of UPCALL_TICK_US that this upcall has seen end */
	uint64_t upcall_tick; /* o: TSC at which the next one ends; 0: at the first timer interrupt */
	bool tpr_watch;	      /* o */
	bool nmi_held; /* o: PEND_NMI waits for the end of an NMI's handler, and can be only one */
	uint8_t sipi_vector;		 /* a */
	uint16_t index;			 /* c */
	unsigned cpu;			 /* c while homed */
	struct partition *part;		 /* c */
	struct frame *frame;		 /* c: the kernel's mapping */
	void *fpu;			 /* c: the state while it is not loaded */
	void *stack;			 /* c: the VMM's, the kernel's mapping */
	uint64_t user_stack, user_frame; /* c: where the VMM's half finds them */
	struct vcpu *next_homed;	 /* o */
	struct turn turn;		 /* o */
	bool halt_open;			 /* o: RFLAGS.IF, when it last halted */
	bool ready;			 /* o: at the last look it could run */
	bool steal_watch;		 /* o: its VMM wants to hear of steal_tsc */
	uint64_t ready_since;		 /* o: TSC at which it began to wait for the CPU */
	uint64_t steal_tsc;		 /* o: how long it waited in all */
	uint64_t steal_told;		 /* o: of that, what its VMM knows */
	uint64_t tsc_offset;		 /* o: guest TSC = host TSC + this */
	uint64_t tsc_adjust;		 /* o: the guest's IA32_TSC_ADJUST */
	uint64_t xcr0;			 /* o */
	uint64_t tsc_aux;		 /* o */
	uint64_t dr[4];			 /* o: while not loaded */
	uint64_t eoi_vectors[4];	 /* o */
	struct deadline timer;		 /* o: the local APIC's */
	struct deadline vmm_deadline;	 /* o: vCPU 0: CALL_SET_DEADLINE */
	struct lapic lapic;		 /* o but for its own legend */
	uint64_t exits[EXIT_COUNTERS];	 /* o: by enum vm_exit_kind */
	uint64_t upcalls;		 /* o */
	uint64_t interrupts;		 /* o */
	uint64_t run_tsc;		 /* o: time loaded and current */
	struct recorder recorder;	 /* o */
};

static_assert((int)VM_EXIT_KINDS <= (int)EXIT_COUNTERS, "a counter for each kind");

/* exit_record.kind: no exit, but an exception of ours that follows one. */
enum { RECORD_INJECTED = VM_EXIT_KINDS };

static_assert(ACTIVITY_RUN == 0, "virt_vcpu.work is 0 while nothing is to be done");

static inline struct vcpu *vcpu_of(struct virt_vcpu *virt)
{
	return (struct vcpu *)virt;
}

/* vcpu.c: the processor's state that no VMCB or VMCS holds. On the home CPU. */
void vcpu_load(struct vcpu *v);
void vcpu_unload(struct vcpu *v);
/* Unloads whatever vCPU is loaded on this CPU. */
void vcpu_unload_current(void);

/*
 * vcpu.c: the power-up state, on CPU 0 while the partition is stopped. Only EVENT_START is pending, to
 * vCPU 0, and stays so until the VMM has loaded the guest: it is not entered before, whoever lets it run.
 */
void vcpu_reset(struct vcpu *v, uint64_t tsc_offset);

/* vcpu.c: what INIT does to registers that no VMM sees. It is loaded. */
void vcpu_init_registers(struct vcpu *v);

/* vcpu.c: sets bits and makes the home CPU see them; answers what was set before. Any CPU. */
uint32_t vcpu_notify(struct vcpu *v, uint32_t bits);

static inline uint32_t vcpu_pending(const struct vcpu *v)
{
	return __atomic_load_n(&v->virt.pending, __ATOMIC_RELAXED);
}

static inline void vcpu_pend_local(struct vcpu *v, uint32_t bits)
{
	__atomic_fetch_or(&v->virt.pending, bits, __ATOMIC_RELAXED);
}

static inline uint32_t vcpu_take(struct vcpu *v, uint32_t bits)
{
	return __atomic_fetch_and(&v->virt.pending, ~bits, __ATOMIC_SEQ_CST) & bits;
}

/* exits.c: what to do about v->virt.exit. Answers as kernel_exit. */
int64_t vcpu_handle_exit(struct vcpu *v);

/* inject.c: an exception for the guest, combined with what was being delivered: #DF, triple fault. */
void vcpu_inject(struct vcpu *v, const struct frame_event *event);
void vcpu_inject_ud(struct vcpu *v);
void vcpu_inject_gp(struct vcpu *v);

/* upcall.c: leaves for the VMM. The caller's stack is gone. */
noreturn void vcpu_upcall(struct vcpu *v, enum exit_reason reason);
/*
 * The same for the reasons that come often. Typed as the handlers of exits whose last act they are, so that
 * these need no stack frame.
 */
int64_t vcpu_upcall_length(struct vcpu *v);
int64_t vcpu_upcall_io(struct vcpu *v);
int64_t vcpu_upcall_mmio(struct vcpu *v);
int64_t vcpu_upcall_msr(struct vcpu *v);

/*
 * Whether its local APIC has something that goes in now, or that a lower TPR would let in: a guest lowers
 * that without an exit until somebody has looked and has it watched.
 */
static inline bool vcpu_lapic_waits(const struct vcpu *v)
{
	return lapic_may_deliver(&v->lapic) || (v->lapic.irr_top >= 0 && !v->tpr_watch);
}

/* After a vector may have got into IRR. */
static inline void vcpu_look_at_irr(struct vcpu *v)
{
	if (vcpu_lapic_waits(v))
		vcpu_pend_local(v, PEND_INTERRUPT);
}

/* interrupts.c */
/* lapic_read and lapic_msr_read for the guest, which is to get what the read itself raises. */
uint32_t vcpu_read_lapic(struct vcpu *v, unsigned offset);
bool must_check vcpu_read_x2apic(struct vcpu *v, uint32_t index, uint64_t *value);
/* After the local APIC was written to: has it something to deliver now? */
void vcpu_check_lapic(struct vcpu *v);
void vcpu_apply_effect(struct vcpu *v, const struct lapic_effect *effect);

/* An NMI for the vCPU. Any CPU. */
void vcpu_send_nmi(struct vcpu *target);
void vcpu_timer_update(struct vcpu *v);
/* At its turn, on its CPU: a period that stood still since it came goes on. */
void vcpu_timer_catch_up(struct vcpu *v);
/* An interrupt message to the partition: from a VMM or from a vCPU's ICR (sender). */
void part_send_ipi(struct partition *part, const struct vcpu *sender, const struct lapic_ipi *ipi,
		   bool level);
/* Delivers what can be delivered, asks for a window for the rest. May upcall (INTA). */
void vcpu_deliver(struct vcpu *v);

/* run.c: kernel_work, the whole of it. */
bool vcpu_work(struct vcpu *v);

/* After a write to the TPR other than by CR8: the hardware's copy follows. */
void vcpu_sync_tpr(struct vcpu *v);

/* cpuid.c: what cpuid_plain does not answer. Answers as kernel_exit. */
int64_t vcpu_cpuid(struct vcpu *v);

/* msr.c: answer as kernel_exit. */
int64_t vcpu_msr_read(struct vcpu *v);
int64_t vcpu_msr_write(struct vcpu *v);

static inline uint64_t vcpu_tsc_to_guest(const struct vcpu *v, uint64_t host)
{
	return host + v->tsc_offset;
}
