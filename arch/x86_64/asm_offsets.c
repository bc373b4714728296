/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The offsets and constants of C that assembly needs: compiled to assembly, never linked; the build
 * turns each DEFINE into a #define of asm_offsets.h.
 */
#include "abi/calls.h"
#include "abi/frame.h"
#include "arch/x86_64/apic_regs.h"
#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/smp_mailbox.h"
#include "arch/x86_64/trap_asm.h"
#include "arch/x86_64/virt.h"

#define DEFINE(name, value)	   asm volatile("\n.ascii \"->" #name " %0\"" : : "i"(value))
#define OFFSET(name, type, member) DEFINE(name, offsetof(struct type, member))

void asm_offsets(void);

static inline void trap_offsets(void)
{
	DEFINE(TRAP_VECTORS, TRAP_VECTORS);
	DEFINE(TRAP_STUB_SIZE, TRAP_STUB_SIZE);
	DEFINE(GATE_SIZE, sizeof(struct gate));
	DEFINE(SELECTOR_NULL, SELECTOR_NULL);
	DEFINE(SELECTOR_KERNEL_CODE, SELECTOR_KERNEL_CODE);
	DEFINE(SELECTOR_KERNEL_DATA, SELECTOR_KERNEL_DATA);
	DEFINE(SELECTOR_USER_CODE, SELECTOR_USER_CODE);
	DEFINE(SELECTOR_USER_DATA, SELECTOR_USER_DATA);
	DEFINE(RFLAGS_ENTER, RFLAGS_FIXED | RFLAGS_IF);
	OFFSET(RING3_RIP, ring3_state, rip);
	OFFSET(RING3_RSP, ring3_state, rsp);
	OFFSET(RING3_RAX, ring3_state, gprs.rax);
	OFFSET(RING3_RCX, ring3_state, gprs.rcx);
	OFFSET(RING3_RDX, ring3_state, gprs.rdx);
	OFFSET(RING3_RBX, ring3_state, gprs.rbx);
	OFFSET(RING3_RBP, ring3_state, gprs.rbp);
	OFFSET(RING3_RSI, ring3_state, gprs.rsi);
	OFFSET(RING3_RDI, ring3_state, gprs.rdi);
	OFFSET(RING3_R8, ring3_state, gprs.r8);
	OFFSET(RING3_R9, ring3_state, gprs.r9);
	OFFSET(RING3_R10, ring3_state, gprs.r10);
	OFFSET(RING3_R11, ring3_state, gprs.r11);
	OFFSET(RING3_R12, ring3_state, gprs.r12);
	OFFSET(RING3_R13, ring3_state, gprs.r13);
	OFFSET(RING3_R14, ring3_state, gprs.r14);
	OFFSET(RING3_R15, ring3_state, gprs.r15);
}

static inline void percpu_offsets(void)
{
	DEFINE(PERCPU_SIZE, PERCPU_SIZE);
	DEFINE(PERCPU_MAIN_TOP, PERCPU_MAIN_TOP);
	DEFINE(VIRT_STACK_VALUE, VIRT_STACK);
	DEFINE(PERCPU_ARCH, PERCPU_ARCH);
	DEFINE(PERCPU_KERNEL, PERCPU_KERNEL);
}

static inline void smp_offsets(void)
{
	DEFINE(MSR_EFER, MSR_EFER);
	DEFINE(MSR_APIC_BASE, MSR_APIC_BASE);
	DEFINE(APIC_ID, APIC_ID);
	DEFINE(EFER_AP, EFER_LME | EFER_NXE);
	DEFINE(CR0_AP, CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG);
	DEFINE(CR4_AP, CR4_PAE);
	DEFINE(SMP_MAILBOX_OPEN, SMP_MAILBOX_OPEN);
	DEFINE(SMP_MAILBOX_TAKEN, SMP_MAILBOX_TAKEN);
	OFFSET(SMP_MAILBOX_STATE, smp_mailbox, state);
	OFFSET(SMP_MAILBOX_APIC_ID, smp_mailbox, apic_id);
	OFFSET(SMP_MAILBOX_X2APIC_LEAF, smp_mailbox, x2apic_leaf);
	OFFSET(SMP_MAILBOX_APIC_PAGE, smp_mailbox, apic_page);
	OFFSET(SMP_MAILBOX_APIC_BASE, smp_mailbox, apic_base);
	OFFSET(SMP_MAILBOX_CR3, smp_mailbox, cr3);
	OFFSET(SMP_MAILBOX_STACK, smp_mailbox, stack);
	OFFSET(SMP_MAILBOX_NUMBER, smp_mailbox, number);
	OFFSET(SMP_PATCH_ROOT, smp_patch, root);
	OFFSET(SMP_PATCH_GDT_LIMIT, smp_patch, gdt_limit);
	OFFSET(SMP_PATCH_LONG_TARGET, smp_patch, long_target);
}

static inline void call_offsets(void)
{
	DEFINE(CALL_RESUME_VALUE, CALL_RESUME);
	DEFINE(CALL_VECTOR_VALUE, CALL_VECTOR);
}

static inline void gpr_offsets(void)
{
	DEFINE(GPR_OFFSET_RCX, GPR_RCX * 8);
	DEFINE(GPR_OFFSET_RDX, GPR_RDX * 8);
	DEFINE(GPR_OFFSET_RBX, GPR_RBX * 8);
	DEFINE(GPR_OFFSET_RBP, GPR_RBP * 8);
	DEFINE(GPR_OFFSET_RSI, GPR_RSI * 8);
	DEFINE(GPR_OFFSET_RDI, GPR_RDI * 8);
	DEFINE(GPR_OFFSET_R8, GPR_R8 * 8);
	DEFINE(GPR_OFFSET_R9, GPR_R9 * 8);
	DEFINE(GPR_OFFSET_R10, GPR_R10 * 8);
	DEFINE(GPR_OFFSET_R11, GPR_R11 * 8);
	DEFINE(GPR_OFFSET_R12, GPR_R12 * 8);
	DEFINE(GPR_OFFSET_R13, GPR_R13 * 8);
	DEFINE(GPR_OFFSET_R14, GPR_R14 * 8);
	DEFINE(GPR_OFFSET_R15, GPR_R15 * 8);
	OFFSET(VIRT_HW_PA, virt_vcpu, hw_pa);
	OFFSET(VIRT_CPU_STATE, virt_vcpu, cpu_state);
	OFFSET(VIRT_CR2, virt_vcpu, cr2);
	OFFSET(VIRT_LAUNCHED, virt_vcpu, launched);
}

void asm_offsets(void)
{
	call_offsets();
	gpr_offsets();
	trap_offsets();
	percpu_offsets();
	smp_offsets();
}
