/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests that include the kernel's own .c files: a machine of a few CPUs, of which the test says which one
 * it is on; instructions that a program may not execute are the test's. Include it first of all.
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
#define interrupts_window hardware_interrupts_window
#define cpu_idle	  hardware_cpu_idle
#define tsc_read	  hardware_tsc_read
#define xcr0_read	  hardware_xcr0_read
#define xcr0_write	  hardware_xcr0_write
#define dr0_read	  hardware_dr0_read
#define dr1_read	  hardware_dr1_read
#define dr2_read	  hardware_dr2_read
#define dr3_read	  hardware_dr3_read
#define dr0_write	  hardware_dr0_write
#define dr1_write	  hardware_dr1_write
#define dr2_write	  hardware_dr2_write
#define dr3_write	  hardware_dr3_write
#define msr_write	  hardware_msr_write
#include "arch/x86_64/insn.h"
#undef interrupts_window
#undef cpu_idle
#undef tsc_read
#undef xcr0_read
#undef xcr0_write
#undef dr0_read
#undef dr1_read
#undef dr2_read
#undef dr3_read
#undef dr0_write
#undef dr1_write
#undef dr2_write
#undef dr3_write
#undef msr_write

#define arch_cpu_kernel	   hardware_cpu_kernel
#define arch_cpu_kernel_of hardware_cpu_kernel_of
#define percpu_restore_gdt hardware_restore_gdt
#include "arch/x86_64/percpu.h"
#undef arch_cpu_kernel
#undef arch_cpu_kernel_of
#undef percpu_restore_gdt

enum { HOST_CPUS = 4 };

extern uint64_t host_tsc;
extern uint64_t host_xcr0;
extern uint64_t host_dr[4];
extern unsigned host_cpu; /* which one the test is on */
extern uint8_t host_blocks[HOST_CPUS][PERCPU_KERNEL_SIZE];

/* Called where the kernel opens its interrupt window or sleeps; NULL: nothing happens. */
extern void (*host_on_window)(void);
extern void (*host_on_idle)(void);

static inline void *arch_cpu_kernel(void)
{
	return host_blocks[host_cpu];
}

static inline void *arch_cpu_kernel_of(unsigned number)
{
	assert_true(number < HOST_CPUS);
	return host_blocks[number];
}

static inline void percpu_restore_gdt(void)
{
}

static inline void interrupts_window(void)
{
	if (host_on_window)
		host_on_window();
}

static inline void cpu_idle(void)
{
	if (host_on_idle)
		host_on_idle();
}

static inline uint64_t tsc_read(void)
{
	return host_tsc++;
}

static inline uint64_t xcr0_read(void)
{
	return host_xcr0;
}

static inline void xcr0_write(uint64_t value)
{
	host_xcr0 = value;
}

#define HOST_DR(n)                                   \
	static inline uint64_t dr##n##_read(void)    \
	{                                            \
		return host_dr[n];                   \
	}                                            \
	static inline void dr##n##_write(uint64_t v) \
	{                                            \
		host_dr[n] = v;                      \
	}
HOST_DR(0)
HOST_DR(1)
HOST_DR(2)
HOST_DR(3)

/* The last write to IA32_PRED_CMD, and how many there were. */
static uint64_t host_pred_cmd __attribute__((unused));
static unsigned host_pred_cmds __attribute__((unused));

static inline void msr_write(uint32_t index, uint64_t value)
{
	if (index == 0x49) {
		host_pred_cmd = value;
		host_pred_cmds++;
	}
}
