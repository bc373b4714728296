/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS C01, C05: guests that end themselves, in a way that how= names: a triple fault by an empty IDT,
 * by a stack that is not there, on another CPU, after a refused MSR; a halt for good; events whose
 * delivery needs memory that is not RAM.
 */
#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

/* Guest-physical, in no partition of the tests: between their RAM and the devices. */
#define HOLE	   0x90000000ULL
#define IOAPIC	   0xfec00000ULL
#define NO_ADDRESS 0xdead000000000000ULL

static void load_idt(uint64_t base, uint16_t limit)
{
	const struct descriptor_pointer pointer = {limit, base};

	idt_load(&pointer);
}

static void raise_ud(void)
{
	asm volatile("ud2");
}

static void limit_zero(void)
{
	load_idt(0, 0);
	raise_ud();
}

static void gates_absent(void)
{
	memset(guest_idt, 0, sizeof(guest_idt));
	raise_ud();
}

/* #PF whose handler's stack is not mapped, whose #DF has none either. */
static void no_stack(void)
{
	cpu_this()->tss.ist[0] = PAGING_TEST;
	asm volatile("movq %0, %%rsp\n\tpushq $0" : : "r"(PAGING_TEST) : "memory");
}

static void no_tables(void)
{
	cr3_write(HOLE);
	raise_ud();
}

static void idt_hole(void)
{
	load_idt(HOLE, 0xfff);
	raise_ud();
}

static void idt_device(void)
{
	load_idt(IOAPIC, 0xfff);
	raise_ud();
}

/* The IDT is right, the GDT that its selectors are looked up in is not RAM. */
static void gdt_hole(void)
{
	const struct descriptor_pointer pointer = {0xfff, HOLE};

	gdt_load(&pointer);
	raise_ud();
}

static void stack_hole(void)
{
	asm volatile("movq %0, %%rsp\n\tud2" : : "r"(HOLE + 0x800) : "memory");
}

static void stack_device(void)
{
	asm volatile("movq %0, %%rsp\n\tud2" : : "r"(IOAPIC + 0x800) : "memory");
}

/* The stack of the gate comes from the TSS, which leads nowhere. */
static void ist_hole(void)
{
	cpu_this()->tss.ist[2] = HOLE + 0x800;
	trap_set_stack(VECTOR_UD, 3);
	raise_ud();
}

/* An interrupt of the APIC, not an exception: it must be neither lost nor doubled before the end. */
static void interrupt_hole(void)
{
	cpu_this()->tss.ist[2] = HOLE + 0x800;
	trap_set_stack(0x60, 3);
	interrupts_enable();
	apic_send(0, 0x60 | ICR_SELF | ICR_ASSERT);
	for (;;)
		cpu_pause();
}

/* THREATS D03: instructions from where no RAM is. */
static void fetch_hole(void)
{
	((void (*)(void))HOLE)();
}

static void fetch_device(void)
{
	((void (*)(void))IOAPIC)();
}

static void fetch_apic(void)
{
	((void (*)(void))APIC_PAGE)();
}

/* #GP by the hypervisor, not by the processor: no guest has that MSR. */
static void msr_absent(void)
{
	load_idt(0, 0);
	msr_write(0xc0ffee, 1);
}

/* No end, but nothing comes any more. */
static void halt(void)
{
	for (;;)
		asm volatile("cli; hlt");
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {
	{"limit", limit_zero},
	{"gates", gates_absent},
	{"stack", no_stack},
	{"tables", no_tables},
	{"idt", idt_hole},
	{"idt-device", idt_device},
	{"gdt", gdt_hole},
	{"stack-hole", stack_hole},
	{"stack-device", stack_device},
	{"ist", ist_hole},
	{"interrupt", interrupt_hole},
	{"fetch", fetch_hole},
	{"fetch-device", fetch_device},
	{"fetch-apic", fetch_apic},
	{"msr", msr_absent},
	{"halt", halt},
};

static void run(void *way)
{
	ways[(uintptr_t)way].run();
}

void guest_main(void)
{
	uintptr_t way = 0;
	char how[24] = "limit";

	words_value("how", how, sizeof(how));
	while (way < ARRAY_SIZE(ways) && strcmp(how, ways[way].name))
		way++;
	if (way == ARRAY_SIZE(ways))
		guest_die("how=%s is unknown", how);
	apic_enable();
	print("now %s\n", how);
	if (words_number("ap", 0)) {
		if (!cpu_start(1))
			guest_die("CPU 1 does not start");
		cpu_run(1, run, (void *)way);
		guest_stop();
	}
	run((void *)way);
	guest_die("%s: it goes on", how);
}
