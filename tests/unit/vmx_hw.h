/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A processor with VMX for tests, under the names of the instructions that a program may not execute. It
 * holds VMCSs, MSRs and control registers, and refuses what VMX's instructions refuse: a field that nobody
 * wrote, a write of a read-only one, a VMCS that is active elsewhere. See vmx_host.h.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#undef skip /* a word of ours */
#include <stdlib.h>
#include <string.h>

/* The real ones get another name, and are not called. */
#define cr0_read	  hardware_cr0_read
#define cr3_read	  hardware_cr3_read
#define cr4_read	  hardware_cr4_read
#define cr4_write	  hardware_cr4_write
#define dr6_read	  hardware_dr6_read
#define dr6_write	  hardware_dr6_write
#define msr_read	  hardware_msr_read
#define interrupts_window hardware_interrupts_window
#define msr_write	  hardware_msr_write
#include "arch/x86_64/insn.h"
#undef cr0_read
#undef cr3_read
#undef cr4_read
#undef cr4_write
#undef dr6_read
#undef dr6_write
#undef msr_read
#undef interrupts_window
#undef msr_write

#define arch_cpu(...)	   hardware_arch_cpu(__VA_ARGS__)
#define percpu_restore_gdt hardware_restore_gdt
#include "arch/x86_64/percpu.h"
#undef arch_cpu
#undef percpu_restore_gdt

#define vmx_on	       hardware_vmx_on
#define vmx_off	       hardware_vmx_off
#define vmx_clear      hardware_vmx_clear
#define vmx_ptrld      hardware_vmx_ptrld
#define vmx_read       hardware_vmx_read
#define vmx_read_live  hardware_vmx_read_live
#define vmx_read32     hardware_vmx_read32
#define vmx_write      hardware_vmx_write
#define vmx_write_live hardware_vmx_write_live
#define vmx_invept     hardware_vmx_invept
#define vmx_invvpid    hardware_vmx_invvpid
#define vmx_take_nmi   hardware_vmx_take_nmi
#include "arch/x86_64/vmx/insn.h"
#undef vmx_on
#undef vmx_off
#undef vmx_clear
#undef vmx_ptrld
#undef vmx_read
#undef vmx_read_live
#undef vmx_read32
#undef vmx_write
#undef vmx_write_live
#undef vmx_invept
#undef vmx_invvpid
#undef vmx_take_nmi

#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/virt.h"

enum { HW_CPUS = 2, HW_VMCSS = 4, HW_FIELDS = 0x7000, HW_MSRS = 48, HW_NOWHERE = 99 };

struct hw_vmcs {
	hpa_t pa;
	unsigned cpu; /* where it is active, or HW_NOWHERE */
	bool launched;
	uint64_t value[HW_FIELDS];
	bool known[HW_FIELDS]; /* written since VMCLEAR of a new region */
};

struct hw_cpu {
	uint64_t cr4;
	bool vmxon;
	struct hw_vmcs *current;
	unsigned invept, invvpid; /* how often */
	uint64_t eptp;		  /* of the last, 0: all */
	uint16_t vpid;
};

/* The processor. Zeroed and filled in by hw_reset. */
struct hw {
	unsigned cpu; /* which one the test is on */
	struct hw_cpu cpus[HW_CPUS];
	struct arch_cpu arch[HW_CPUS];
	struct hw_vmcs vmcs[HW_VMCSS];
	unsigned vmcs_count;
	struct {
		uint32_t index;
		uint64_t value;
	} msrs[HW_MSRS];
	uint64_t cr0, cr3, dr6;
	unsigned entries, nmis;	    /* guests entered; NMIs of the host's taken */
	uint32_t delivered;	    /* VMCS_ENTRY_EVENT of the last entry, if it was valid */
	const char *(*check)(void); /* of the guest's state, at each entry; NULL: all is well */
	const char *refused;	    /* what it said of the last one */
	uint32_t fail;		    /* not 0: the next entry ends with this instruction error */
	uint32_t fail_reason; /* not 0: the next entry ends with this exit reason, bit 31 set */
	void (*guest)(struct virt_vcpu *v); /* runs at each entry; sets the exit's fields */
};

extern struct hw hw;

/* A Skylake server of two CPUs, VMX not yet on. */
void hw_reset(void);

/* Fields as the processor writes them: of the current VMCS, the read-only ones too. */
void hw_set(uint64_t field, uint64_t value);
uint64_t hw_get(uint64_t field);

/* The value of an MSR, to be read or changed; a new one is 0. */
uint64_t *hw_msr(uint32_t index);

static inline struct hw_cpu *hw_here(void)
{
	return &hw.cpus[hw.cpu];
}

static inline struct arch_cpu *arch_cpu(void)
{
	return &hw.arch[hw.cpu];
}

static inline void percpu_restore_gdt(void)
{
}

static inline void interrupts_window(void)
{
}

static inline uint64_t cr0_read(void)
{
	return hw.cr0;
}

static inline uint64_t cr3_read(void)
{
	return hw.cr3;
}

static inline uint64_t cr4_read(void)
{
	return hw_here()->cr4;
}

static inline void cr4_write(uint64_t value)
{
	hw_here()->cr4 = value;
}

static inline uint64_t dr6_read(void)
{
	return hw.dr6;
}

static inline void dr6_write(uint64_t value)
{
	assert_int_equal(value >> 32, 0);
	hw.dr6 = value;
}

static inline uint64_t msr_read(uint32_t index)
{
	return *hw_msr(index);
}

static inline void msr_write(uint32_t index, uint64_t value)
{
	*hw_msr(index) = value;
}

void vmx_on(hpa_t region);
void vmx_off(void);
void vmx_clear(hpa_t vmcs);
void vmx_ptrld(hpa_t vmcs);
uint64_t vmx_read(uint64_t field);
void vmx_write(uint64_t field, uint64_t value);
void vmx_invept(enum vmx_invalidation type, uint64_t eptp);
void vmx_invvpid(enum vmx_invalidation type, uint16_t vpid);

static inline uint64_t vmx_read_live(uint64_t field)
{
	return vmx_read(field);
}

static inline void vmx_write_live(uint64_t field, uint64_t value)
{
	vmx_write(field, value);
}

static inline uint32_t vmx_read32(uint64_t field)
{
	return (uint32_t)vmx_read(field);
}

static inline void vmx_take_nmi(void)
{
	hw.nmis++;
}

/* VMLAUNCH or VMRESUME, and the exit. True: the instruction failed. */
bool hw_enter(struct virt_vcpu *v, bool resume);
