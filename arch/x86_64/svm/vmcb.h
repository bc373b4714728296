/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual machine control block: APM2 Appendix B "Layout of VMCB". A page of its own for each vCPU;
 * fields are written in svm/ only. Clean bits stay 0 until hardware has run them.
 */
#pragma once

#include "lib/types.h"

enum svm_intercept_misc1 {
	SVM_INTERCEPT_INTR = 1u << 0,
	SVM_INTERCEPT_NMI = 1u << 1,
	SVM_INTERCEPT_INIT = 1u << 3,
	SVM_INTERCEPT_VINTR = 1u << 4,
	SVM_INTERCEPT_CR0_SELECTIVE = 1u << 5,
	SVM_INTERCEPT_RDPMC = 1u << 15,
	SVM_INTERCEPT_PUSHF = 1u << 16,
	SVM_INTERCEPT_POPF = 1u << 17,
	SVM_INTERCEPT_CPUID = 1u << 18,
	SVM_INTERCEPT_RSM = 1u << 19,
	SVM_INTERCEPT_IRET = 1u << 20,
	SVM_INTERCEPT_INTN = 1u << 21,
	SVM_INTERCEPT_INVD = 1u << 22,
	SVM_INTERCEPT_HLT = 1u << 24,
	SVM_INTERCEPT_INVLPGA = 1u << 26,
	SVM_INTERCEPT_IOIO = 1u << 27,
	SVM_INTERCEPT_MSR = 1u << 28,
	SVM_INTERCEPT_TASK_SWITCH = 1u << 29,
	SVM_INTERCEPT_FERR_FREEZE = 1u << 30,
	SVM_INTERCEPT_SHUTDOWN = 1u << 31,
};

enum svm_intercept_misc2 {
	SVM_INTERCEPT_VMRUN = 1u << 0,
	SVM_INTERCEPT_VMMCALL = 1u << 1,
	SVM_INTERCEPT_VMLOAD = 1u << 2,
	SVM_INTERCEPT_VMSAVE = 1u << 3,
	SVM_INTERCEPT_STGI = 1u << 4,
	SVM_INTERCEPT_CLGI = 1u << 5,
	SVM_INTERCEPT_SKINIT = 1u << 6,
	SVM_INTERCEPT_ICEBP = 1u << 8,
	SVM_INTERCEPT_WBINVD = 1u << 9,
	SVM_INTERCEPT_MONITOR = 1u << 10,
	SVM_INTERCEPT_MWAIT = 1u << 11,
	SVM_INTERCEPT_MWAIT_ARMED = 1u << 12,
	SVM_INTERCEPT_XSETBV = 1u << 13,
	SVM_INTERCEPT_RDPRU = 1u << 14,
};

enum svm_intercept_misc3 {
	SVM_INTERCEPT_INVLPGB = 1u << 0,
	SVM_INTERCEPT_MCOMMIT = 1u << 3,
	SVM_INTERCEPT_TLBSYNC = 1u << 4,
};

enum svm_tlb_control { SVM_TLB_KEEP = 0, SVM_TLB_FLUSH_ALL = 1 };

/* vmcb.v_intr */
#define SVM_V_TPR	   BITS(3, 0)
#define SVM_V_IRQ	   BIT(8)
#define SVM_V_PRIORITY	   BITS(19, 16)
#define SVM_V_IGNORE_TPR   BIT(20)
#define SVM_V_MASKING	   BIT(24)
#define SVM_V_VECTOR	   BITS(39, 32)
#define SVM_V_VECTOR_SHIFT 32

#define SVM_SHADOW BIT(0)

/* vmcb.event_inject and vmcb.exit_int_info: APM2 15.20 "Event Injection" */
#define SVM_EVENT_VECTOR      BITS(7, 0)
#define SVM_EVENT_TYPE_SHIFT  8
#define SVM_EVENT_TYPE	      BITS(10, 8)
#define SVM_EVENT_ERROR	      BIT(11)
#define SVM_EVENT_VALID	      BIT(31)
#define SVM_EVENT_ERROR_SHIFT 32

struct vmcb_segment {
	uint16_t selector;
	uint16_t attributes;
	uint32_t limit;
	uint64_t base;
};

struct vmcb {
	uint16_t intercept_cr_read;
	uint16_t intercept_cr_write;
	uint16_t intercept_dr_read;
	uint16_t intercept_dr_write;
	uint32_t intercept_exception;
	uint32_t intercept_misc1;
	uint32_t intercept_misc2;
	uint32_t intercept_misc3;
	uint8_t reserved0[0x3c - 0x18];
	uint16_t pause_threshold;
	uint16_t pause_count;
	uint64_t iopm_base;
	uint64_t msrpm_base;
	uint64_t tsc_offset;
	uint32_t asid;
	uint32_t tlb_control;
	uint64_t v_intr;
	uint64_t shadow;
	uint64_t exit_code;
	uint64_t exit_info1;
	uint64_t exit_info2;
	uint64_t exit_int_info;
	uint64_t nested_enable;
	uint64_t avic_bar;
	uint64_t ghcb;
	uint64_t event_inject;
	uint64_t nested_cr3;
	uint64_t virt_enable;
	uint64_t clean;
	uint64_t next_rip;
	uint8_t fetched_count;
	uint8_t fetched[15];
	uint8_t reserved1[0x400 - 0xe0];

	struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint8_t reserved2[0x4cb - 0x4a0];
	uint8_t cpl;
	uint32_t reserved3;
	uint64_t efer;
	uint8_t reserved4[0x548 - 0x4d8];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t reserved5[0x5d8 - 0x580];
	uint64_t rsp;
	uint8_t reserved6[0x5f8 - 0x5e0];
	uint64_t rax, star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip, cr2;
	uint8_t reserved7[0x668 - 0x648];
	uint64_t pat, debug_control;
	uint8_t reserved8[0x1000 - 0x678];
};

static_assert(offsetof(struct vmcb, iopm_base) == 0x40, "APM2 table B-1");
static_assert(offsetof(struct vmcb, exit_code) == 0x70, "APM2 table B-1");
static_assert(offsetof(struct vmcb, event_inject) == 0xa8, "APM2 table B-1");
static_assert(offsetof(struct vmcb, next_rip) == 0xc8, "APM2 table B-1");
static_assert(offsetof(struct vmcb, es) == 0x400, "APM2 table B-2");
static_assert(offsetof(struct vmcb, efer) == 0x4d0, "APM2 table B-2");
static_assert(offsetof(struct vmcb, cr4) == 0x548, "APM2 table B-2");
static_assert(offsetof(struct vmcb, rsp) == 0x5d8, "APM2 table B-2");
static_assert(offsetof(struct vmcb, rax) == 0x5f8, "APM2 table B-2");
static_assert(offsetof(struct vmcb, pat) == 0x668, "APM2 table B-2");
static_assert(sizeof(struct vmcb) == 0x1000, "one page");
