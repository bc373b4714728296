/* SPDX-License-Identifier: BSD-2-Clause */
/* Making a CPU's block, and making a CPU its owner. */
#include "arch/x86_64/percpu.h"

#include "arch/x86_64/fpu.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/stack_use.h"
#include "arch/x86_64/trap.h"
#include "lib/assert.h"

noreturn void cpu_switch_stack(uint64_t top, void (*next)(unsigned number), unsigned number);

/* The stacks first, in the order of enum percpu_stack. */
static const struct {
	uint32_t start, end;
	const char *name;
} parts[] = {
	{PERCPU_MAIN_STACK, PERCPU_MAIN_TOP, "main"}, {PERCPU_NMI_STACK, PERCPU_NMI_TOP, "NMI"},
	{PERCPU_DF_STACK, PERCPU_DF_TOP, "#DF"},      {PERCPU_MC_STACK, PERCPU_MC_TOP, "#MC"},
	{PERCPU_ARCH, PERCPU_KERNEL, NULL},	      {PERCPU_KERNEL, PERCPU_SIZE, NULL},
};

enum {
	BLOCK_PAGES = 12,
	BLOCK_TABLES = 2, /* a directory and a table, at most */
	WINDOW_PAGES = 1,
};

static unsigned limit;

static void map_page(uint64_t va)
{
	void *page = page_pool_alloc(&kernel_heap);
	int error;

	ASSERT(page);
	error = page_map(&kernel_space, va, page_pool_pa(&kernel_heap, page), PAGE_SIZE,
			 PAGE_READ | PAGE_WRITE | PAGE_GLOBAL);
	ASSERT(!error);
}

int percpu_create(unsigned number, uint32_t apic_id)
{
	uint64_t block = percpu_address(number);
	struct arch_cpu *cpu = arch_cpu_of(number);

	ASSERT(!percpu_exists(number));
	if (page_pool_available(&kernel_heap) < BLOCK_PAGES + BLOCK_TABLES + WINDOW_PAGES)
		return ERR_NOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		for (uint64_t offset = parts[i].start; offset < parts[i].end; offset += PAGE_SIZE)
			map_page(block + offset);
		if (i < PERCPU_STACKS)
			stack_fill((uint64_t *)(block + parts[i].start),
				   parts[i].end - parts[i].start);
	}
	cpu->number = number;
	cpu->apic_id = apic_id;
	window_create(number, &cpu->window);
	descriptors_init(cpu, block);
	limit = MAX(limit, number + 1);
	return ERR_NONE;
}

bool percpu_exists(unsigned number)
{
	struct page_mapping mapping;

	return page_lookup(&kernel_space, percpu_address(number) + PERCPU_ARCH, &mapping);
}

struct percpu_stack_use percpu_stack_use(unsigned number, enum percpu_stack stack)
{
	uint64_t start = percpu_address(number) + parts[stack].start;
	uint32_t size = parts[stack].end - parts[stack].start;
	struct page_mapping mapping;

	return (struct percpu_stack_use){
		.name = parts[stack].name,
		.size = size,
		.used = (uint32_t)stack_used((const volatile uint64_t *)start, size),
		.guarded = !page_lookup(&kernel_space, start - PAGE_SIZE, &mapping),
	};
}

unsigned percpu_limit(void)
{
	return limit;
}

/*
 * The bits that every CPU of ours has, whatever the firmware left. XSAVE's come with fpu_init_cpu.
 * LA57 cannot change in long mode, and is off: the boot code and the trampoline start from zero.
 */
static void control_registers_init(void)
{
	uint64_t cr4 = CR4_DE | CR4_PAE | CR4_MCE | CR4_PGE;

	cr4 |= cpu_features.smep ? CR4_SMEP : 0;
	cr4 |= cpu_features.smap ? CR4_SMAP : 0;
	cr4 |= cpu_features.umip ? CR4_UMIP : 0;
	cr0_write(CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG);
	cr4_write(cr4);
	/* No SYSCALL: after an exit its MSRs are the guest's. */
	msr_write(MSR_EFER, EFER_LME | EFER_LMA | EFER_NXE);
	/*
	 * A null CS makes SYSENTER fault (SDM 2B "SYSENTER"); on AMD it does so in 64-bit mode
	 * anyway.
	 */
	msr_write(MSR_SYSENTER_CS, 0);
	dr7_write(DR7_RESET);
	dr6_write(DR6_RESET);
}

/* Entry 0 stays WB, and nothing was mapped by another: no cache line changes its type. */
static void pat_init(void)
{
	msr_write(MSR_PAT, PAGE_PAT);
	tlb_flush_all_local();
}

noreturn void cpu_enter(unsigned number, void (*next)(unsigned number))
{
	ASSERT(percpu_exists(number));
	control_registers_init();
	pat_init();
	descriptors_load(arch_cpu_of(number));
	trap_load();
	fpu_init_cpu();
	arch_cpu_of(number)->online = true;
	cpu_switch_stack(percpu_address(number) + PERCPU_MAIN_TOP, next, number);
}
