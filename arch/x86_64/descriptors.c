/* SPDX-License-Identifier: BSD-2-Clause */
/* Each CPU's GDT and TSS. */
#include "arch/x86_64/descriptors.h"

#include "arch/x86_64/percpu.h"

/* Flat, present, accessed already, so that the processor never writes to them: SDM 3A 3.4.5. */
#define DESCRIPTOR_KERNEL_CODE 0x00af9b000000ffffULL
#define DESCRIPTOR_KERNEL_DATA 0x00cf93000000ffffULL
#define DESCRIPTOR_USER_DATA   0x00cff3000000ffffULL
#define DESCRIPTOR_USER_CODE   0x00affb000000ffffULL
#define DESCRIPTOR_TSS	       0x0000890000000000ULL

/* SDM 3A 7.2.3 "TSS Descriptor in 64-bit mode": the base is spread over both halves. */
static void tss_describe(uint64_t *entry, const struct tss *tss, size_t size)
{
	uint64_t base = (uint64_t)tss;

	entry[0] = DESCRIPTOR_TSS | (size - 1) | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
	entry[1] = base >> 32;
}

void descriptors_init(struct arch_cpu *cpu, uint64_t block)
{
	cpu->gdt[SELECTOR_KERNEL_CODE / 8] = DESCRIPTOR_KERNEL_CODE;
	cpu->gdt[SELECTOR_KERNEL_DATA / 8] = DESCRIPTOR_KERNEL_DATA;
	cpu->gdt[SELECTOR_USER_DATA / 8] = DESCRIPTOR_USER_DATA;
	cpu->gdt[SELECTOR_USER_CODE / 8] = DESCRIPTOR_USER_CODE;
	tss_describe(&cpu->gdt[SELECTOR_TSS / 8], &cpu->tss, sizeof(cpu->tss));
	cpu->gdt_pointer.limit = sizeof(cpu->gdt) - 1;
	cpu->gdt_pointer.base = (uint64_t)cpu->gdt;

	cpu->tss.rsp[0] = block + PERCPU_MAIN_TOP;
	cpu->tss.ist[IST_NMI - 1] = block + PERCPU_NMI_TOP;
	cpu->tss.ist[IST_DF - 1] = block + PERCPU_DF_TOP;
	cpu->tss.ist[IST_MC - 1] = block + PERCPU_MC_TOP;
	cpu->tss.io_map = sizeof(cpu->tss);
}

void descriptors_use_tss(struct arch_cpu *cpu, const struct tss *tss, size_t size)
{
	tss_describe(&cpu->gdt[SELECTOR_TSS / 8], tss, size);
	tr_load(SELECTOR_TSS);
}

void descriptors_load(struct arch_cpu *cpu)
{
	gdt_load(&cpu->gdt_pointer);
	code_selector_load(SELECTOR_KERNEL_CODE);
	stack_selector_load(SELECTOR_KERNEL_DATA);
	data_selectors_load(SELECTOR_NULL);
	ldt_load(SELECTOR_NULL);
	tr_load(SELECTOR_TSS);
}
