/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS J07, J08: a guest with a secret all over its memory and another in its registers, that exits all
 * the time. Before: how far its TSC has come, and what the page of its KVM clock says.
 */
#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"

/* As text, in the order of the bytes. The tests know both; neither stands in the image as it is. */
#define SECRET_COMPLEMENT (~0x217445724365537eULL) /* "~SeCrEt!" */
#define REGISTER	  (~0x0123f00dbadc0ffeULL)

enum { MSR_KVM_TIME = 0x4b564d01, KVM_ENABLED = 1 };

static uint64_t memory[4096];

/* version, pad, tsc_timestamp, system_time, multiplier, shift, flags */
static volatile uint32_t clock_page[8] __attribute__((aligned(64)));

void guest_main(void)
{
	uint64_t secret = SECRET_COMPLEMENT, holder = REGISTER, tsc = tsc_read();

	msr_write(MSR_KVM_TIME, (uintptr_t)clock_page | KVM_ENABLED);
	print("tsc %lu system time %lu\n", tsc, clock_page[4] | (uint64_t)clock_page[5] << 32);
	for (unsigned i = 0; i < 64; i++)
		print("leaf %x %lx\n", 0x40000000 + i, (uint64_t)cpuid(0x40000000 + i, 0).eax);
	asm("" : "+r"(secret), "+r"(holder));
	secret = ~secret;
	holder = ~holder;
	for (unsigned i = 0; i < ARRAY_SIZE(memory); i++)
		memory[i] = secret;
	secret = 0;
	print("hidden\n");
	interrupts_enable();
	for (;;)
		asm volatile(
			"movq %0, %%r12\n\tmovq %0, %%r13\n\tmovl $0x80, %%edx\n\tinb %%dx, %%al\n\t"
			"pause"
			:
			: "r"(holder)
			: "rax", "rdx", "r12", "r13", "memory");
}
