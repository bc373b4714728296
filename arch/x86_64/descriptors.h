/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments, the task state segment and gates as the processor reads them: SDM 3A 3.4, 6.14, 7.2. */
#pragma once

#include "arch/x86_64/insn.h"

enum gdt_layout { GDT_ENTRIES = 7 };

enum selector {
	SELECTOR_NULL = 0,
	SELECTOR_KERNEL_CODE = 0x08,
	SELECTOR_KERNEL_DATA = 0x10,
	SELECTOR_USER_DATA = 0x1b, /* with RPL 3 */
	SELECTOR_USER_CODE = 0x23, /* with RPL 3 */
	SELECTOR_TSS = 0x28,	   /* two entries */
};

/* Interrupt stack table entries as a gate names them; 0 means RSP0 or the current stack. */
enum ist { IST_NONE, IST_NMI, IST_DF, IST_MC };

/* SDM 3A 7.7 "Task Management in 64-bit Mode". */
struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7]; /* [0] is IST 1 */
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map; /* beyond the limit: no port is open to ring 3 */
} __attribute__((packed));

static_assert(sizeof(struct tss) == 104, "SDM 3A figure 7-11");

/* SDM 3A 6.14.1 "64-Bit Mode IDT". */
struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t ist;
	uint8_t attributes; /* P, DPL, type */
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};

static_assert(sizeof(struct gate) == 16, "SDM 3A figure 6-8");

enum gate_attribute {
	GATE_INTERRUPT = 0x0e, /* clears IF: SDM 3A 6.12.1.3 "Flag Usage" */
	GATE_PRESENT = BIT(7),
	GATE_DPL3 = 3 << 5,
};

struct arch_cpu;

/* Fills in the GDT and TSS of a CPU whose block starts at block. */
void descriptors_init(struct arch_cpu *cpu, uint64_t block);

/* Another TSS for the running CPU, which is cpu: size bytes, with what follows it. */
void descriptors_use_tss(struct arch_cpu *cpu, const struct tss *tss, size_t size);

/*
 * Loads them on the running CPU, which is cpu. CS becomes SELECTOR_KERNEL_CODE; the data selectors
 * null.
 */
void descriptors_load(struct arch_cpu *cpu);
