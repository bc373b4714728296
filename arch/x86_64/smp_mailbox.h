/* SPDX-License-Identifier: BSD-2-Clause */
/* What smp.c and the trampoline share. */
#pragma once

#include "lib/types.h"

/*
 * One CPU starts at a time. The state decides, by compare-and-exchange, whether it still may: the
 * starter opens and cancels, the CPU takes. Only the CPU with this APIC id may take it, so that a
 * late one of an earlier round does not run on somebody else's stack.
 */
enum smp_mailbox_state {
	SMP_MAILBOX_CLOSED,
	SMP_MAILBOX_OPEN,
	SMP_MAILBOX_TAKEN,
	SMP_MAILBOX_CANCELLED
};

struct smp_mailbox {
	uint32_t state;
	uint32_t apic_id;
	uint32_t x2apic_leaf; /* CPUID leaf 0Bh tells the whole APIC id; else leaf 1, 8 bits */
	uint32_t number;
	/*
	 * In xAPIC mode the register tells, whose page is at apic_base: AMD's firmware may have changed it,
	 * and CPUID tells the id of the power-up (family 10h and 15h). 0: it is not mapped.
	 */
	uint64_t apic_page;
	uint64_t apic_base;
	uint64_t cr3;
	uint64_t stack;
};

extern struct smp_mailbox smp_mailbox;

/* At smp_trampoline_patch in the copied page: what depends on where that is. */
struct smp_patch {
	uint32_t root; /* CR3 for the switch: below 4 GiB */
	uint16_t gdt_limit;
	uint32_t gdt_base;
	uint16_t padding;
	uint32_t long_target;
	uint16_t long_selector;
} __attribute__((packed));

extern const uint8_t smp_trampoline_start[], smp_trampoline_end[];
extern const uint8_t smp_trampoline_patch[], smp_trampoline_gdt[], smp_trampoline_long[];

/* Where the trampoline's CPU comes into C: on its own stack, under the kernel's tables. */
noreturn void smp_entry(unsigned number);
