/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame page: through it the kernel tells a VMM of an exit, and the VMM answers. One page a vCPU,
 * mapped by both. The kernel reads each field at most once, and only the groups that `resume` names.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Why the VMM runs. Neutral: no vendor's numbers. Those up to EXIT_MMIO are most often answered by little. */
enum exit_reason {
	EXIT_IO,	/* IN or OUT, not a string form: frame.io */
	EXIT_IO_STRING, /* INS or OUTS, maybe REP: frame.io; the VMM emulates the instruction */
	/*
	 * Nested page fault where no RAM is: frame.mmio; the VMM decodes and emulates. GROUP_GPR and what a
	 * fetch depends on are filled in, which is enough for a plain MOV; the rest is a CALL_FRAME away.
	 */
	EXIT_MMIO,
	EXIT_LENGTH, /* the kernel has an exit in hand and needs the instruction's length only */
	EXIT_EVENT,  /* no exit: frame.events says what happened */
	EXIT_MSR,    /* an MSR that the kernel's policy leaves to the VMM: frame.msr */
	EXIT_CR, /* MOV to/from CR, CLTS, LMSW, SMSW that had to be intercepted: the VMM emulates */
	EXIT_INTA, /* the vCPU takes an ExtINT: answer the 8259's vector in frame.inta_vector */
	EXIT_TASK_SWITCH, /* hardware task switch: frame.task (VMX only); the VMM carries it out */
	EXIT_TRIPLE_FAULT,
	EXIT_REASONS
};

/* frame.events: each is raised once and cleared when it is told, but for the first. */
enum event {
	/*
	 * vCPU 0: the partition starts; the VMM loads the guest. The one event that is told again and again,
	 * until a resume names a group, whichever: it may load in pieces, and no guest runs before.
	 */
	EVENT_START = 1 << 0,
	EVENT_DEADLINE = 1 << 1, /* vCPU 0: the time given to CALL_SET_DEADLINE has come */
	EVENT_INPUT = 1 << 2,	 /* vCPU 0: the console wrote into the ring's input half */
	EVENT_SPACE = 1 << 3,	 /* vCPU 0: the console read from the ring's output half */
	EVENT_POWER = 1 << 4,	 /* vCPU 0: the operator pressed the power button */
	EVENT_EOI = 1 << 5,	 /* this vCPU ended a level-triggered vector: frame.eoi_vectors */
	EVENT_INIT = 1 << 6,	 /* this vCPU got INIT: write the architected state */
	EVENT_SIPI = 1 << 7,	 /* this vCPU got SIPI: frame.sipi_vector; write CS:IP */
	EVENT_STEAL = 1 << 14,	 /* CALL_STEAL_WATCH: frame.steal_tsc has grown */
};

/* Groups of the frame page: the kernel's table says which it fills in, resume says which changed. */
enum frame_group {
	GROUP_GPR = 1 << 0,
	GROUP_IP = 1 << 1,	/* rip, rflags, shadow */
	GROUP_CONTROL = 1 << 2, /* control registers, EFER, CPL */
	GROUP_CS = 1 << 3,	/* CS alone, enough for an instruction fetch */
	GROUP_SEGMENT = 1 << 4, /* all segments and descriptor-table registers */
	GROUP_EVENT = 1 << 5,	/* to inject at entry (resume only) */
	GROUP_REPLY = 1 << 6,	/* struct resume has a register's value (resume only) */
	GROUP_MEMORY = 1 << 8, /* what a memory operand depends on: in 64-bit code CS, the bases of FS
				 * and GS and all selectors, else as GROUP_SEGMENT (kernel to VMM only) */
	GROUP_SYSTEM = 1 << 7, /* SYSENTER, STAR family, PAT, DR6, DR7 (for INIT; rarely copied) */
	GROUP_STEP = 1 << 9, /* an iteration of a repeated instruction is done, or a jump to where RIP is, and
			      * a single step's trap is due, though nothing is skipped; RF stays (resume only;
			      * no data) */
};

/*
 * For an instruction fetch: of these groups RIP, RFLAGS, CR0, CR3, CR4, EFER, CPL and CS's attributes
 * are filled in, its base and limit unless the code is 64-bit; whatever was in the rest stays.
 */
#define GROUPS_FETCH (GROUP_IP | GROUP_CONTROL | GROUP_CS)

enum gpr {
	GPR_RAX,
	GPR_RCX,
	GPR_RDX,
	GPR_RBX,
	GPR_RSP,
	GPR_RBP,
	GPR_RSI,
	GPR_RDI,
	GPR_R8,
	GPR_R9,
	GPR_R10,
	GPR_R11,
	GPR_R12,
	GPR_R13,
	GPR_R14,
	GPR_R15,
	GPR_COUNT
};

enum segment { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR, SEG_COUNT };

/*
 * attributes is in the layout of a descriptor's bits 55:52 and 47:40 (APM2 "Segment State in the
 * VMCB"): type 3:0, S 4, DPL 6:5, P 7, AVL 8, L 9, D/B 10, G 11; bit 15 says unusable (a null
 * selector was loaded). Each backend converts.
 */
struct seg {
	uint16_t selector;
	uint16_t attributes;
	uint32_t limit; /* in bytes, G already applied */
	uint64_t base;
};

enum seg_attr {
	SEG_ATTR_TYPE = 0xf,
	SEG_ATTR_S = 1 << 4,
	SEG_ATTR_DPL = 3 << 5,
	SEG_ATTR_P = 1 << 7,
	SEG_ATTR_AVL = 1 << 8,
	SEG_ATTR_L = 1 << 9,
	SEG_ATTR_DB = 1 << 10,
	SEG_ATTR_G = 1 << 11,
	SEG_ATTR_UNUSABLE = 1 << 15,
};

struct table_reg {
	uint64_t base;
	uint32_t limit;
	uint32_t reserved;
};

/* frame.shadow: what holds interrupts back for one instruction or until IRET. */
enum shadow {
	SHADOW_STI = 1 << 0,
	SHADOW_MOV_SS = 1 << 1,
	SHADOW_NMI = 1 << 2, /* NMIs are blocked until IRET */
};

/* How an event is injected; the numbers are SVM's and VMX's common ones. */
enum inject_type { INJECT_EXTERNAL = 0, INJECT_NMI = 2, INJECT_EXCEPTION = 3, INJECT_SOFT = 4 };

struct frame_io {
	uint16_t port;
	uint8_t size; /* 1, 2, 4 */
	uint8_t in;   /* 1: IN/INS */
	uint8_t rep;
	uint8_t address_size; /* string forms: 2, 4, 8; 0 if the hardware does not say */
	uint8_t segment;      /* OUTS: enum segment; 0xff if the hardware does not say */
	uint8_t reserved;
	uint32_t value; /* OUT: EAX, of which the low size bytes are the data */
	uint32_t insn_len;
};

enum mmio_access {
	MMIO_WRITE = 1 << 0,
	MMIO_FETCH = 1 << 1,
	MMIO_WALK = 1 << 2 /* on a guest table walk */
};

struct frame_mmio {
	uint64_t gpa;
	uint64_t gva;	 /* valid if gva_valid */
	uint32_t access; /* enum mmio_access */
	uint32_t gva_valid;
};

struct frame_msr {
	uint32_t index;
	uint32_t write;
	uint64_t value; /* write: EDX:EAX. Read: answer with frame.msr.value */
	uint32_t insn_len;
	uint32_t fault; /* VMM sets 1: inject #GP(0), do not skip the instruction */
};

/* EXIT_LENGTH: the instruction that exited. Another CPU may have written another one there since. */
enum length_of {
	LENGTH_OF_NOTHING,
	LENGTH_OF_CPUID,
	LENGTH_OF_RDMSR,
	LENGTH_OF_WRMSR,
	LENGTH_OF_HLT,
	LENGTH_OF_HYPERCALL, /* either vendor's */
	LENGTH_OF_XSETBV,
	LENGTH_OF_CACHE, /* INVD, WBINVD */
};

struct frame_cr {
	uint32_t cr;	/* 0, 3, 4, 8 */
	uint32_t write; /* 1: to the CR (also CLTS and LMSW) */
};

/* SDM 3C table 28-2 "Exit Qualification for Task Switches" */
enum task_source { TASK_CALL, TASK_IRET, TASK_JMP, TASK_GATE };

struct frame_task {
	uint16_t selector; /* the new TSS, whose descriptor the processor has checked */
	uint8_t source;	   /* enum task_source */
	uint8_t insn_len;  /* 0: no instruction, but an event that came through a gate in the IDT */
	uint8_t type;	   /* enum inject_type of that event */
	uint8_t vector;
	uint8_t has_error;
	uint8_t delivered; /* answer: 1 if the new task runs, else the event waits or its fault counts */
	uint32_t error;
};

struct frame_control {
	uint64_t cr0, cr2, cr3, cr4, cr8, efer;
	uint64_t pdptr[4]; /* VMX with PAE only */
	uint8_t cpl;	   /* informative; resume ignores it: SS.DPL rules */
	uint8_t reserved[7];
};

struct frame_event {
	uint8_t type; /* enum inject_type */
	uint8_t vector;
	uint8_t has_error;
	uint8_t insn_len; /* INJECT_SOFT */
	uint32_t error;
	uint64_t cr2; /* for #PF: loaded into CR2 first */
};

/*
 * The answer to an upcall: what CALL_RESUME is given, its two halves in RDI and RSI. A read's answer is one
 * register and a value, merged as the width demands (4 bytes zero-extend, 1 and 2 keep the rest).
 */
struct resume {
	uint32_t groups;   /* enum frame_group: what the VMM wrote */
	uint8_t insn_len;  /* how far RIP moves on, 0 to 15 */
	uint8_t gpr;	   /* GROUP_REPLY: enum gpr */
	uint8_t size;	   /* 1, 2, 4, 8 */
	uint8_t high_byte; /* size 1: AH, CH, DH, BH */
	uint64_t value;
};

struct frame_system {
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t pat, dr6, dr7;
};

struct frame {
	uint32_t reason; /* enum exit_reason */
	uint32_t groups; /* which groups the kernel filled in */
	uint32_t events; /* enum event, if reason is EXIT_EVENT */
	uint8_t sipi_vector;
	uint8_t inta_vector; /* answer to EXIT_INTA */
	uint16_t vcpu;
	union {
		struct frame_io io;
		struct frame_mmio mmio;
		struct frame_msr msr;
		struct frame_cr cr;
		struct frame_task task;
		uint32_t length_of;	 /* enum length_of */
		uint64_t eoi_vectors[4]; /* EVENT_EOI: a bit for each vector */
	};
	uint64_t rip, rflags;
	uint32_t shadow; /* enum shadow */
	uint32_t exit_code; /* the hardware's own number, for reports only; not with IO, MMIO, LENGTH */
	uint64_t lapic_page; /* where this vCPU's xAPIC registers are: kept up to date by the kernel */
	struct frame_event event;
	struct frame_control control;
	uint64_t gpr[GPR_COUNT];
	struct seg seg[SEG_COUNT];
	struct table_reg gdtr, idtr;
	struct frame_system system;
	uint64_t steal_tsc; /* EVENT_STEAL: how long this vCPU could have run and did not, since the start */
};

_Static_assert(sizeof(struct frame) <= 4096, "the frame page is one page");
_Static_assert(sizeof(struct resume) == 16, "two registers");
