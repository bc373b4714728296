/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of the other modes: descriptors, gates, vectors, ports, pages; and one run through
 * them.
 */
#include "tests/guests/transcript/mode.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/modes/modes.h"
#include "tests/guests/transcript/gdt.h"

enum { GATE = 0x8e, GATE3 = 0xee, TRAP3 = 0xef, ABSENT3 = 0x6e };
enum { PAGE_LARGE = 0x83 /* PS W P */, PAGE_OWN = 3 /* W P */, PAGE_SHARED = 7 /* U W P */ };
enum { VECTORS = 256, EXCEPTIONS = 32, PORTS = 65536, LOW_PAGES = 272 /* of 16-bit addresses */ };
#define NOBODY 0x90000000U

static struct {
	struct tss32 task;
	uint8_t redirected[32];	      /* a bit each: INT n is virtual-8086 mode's own if it is 0 */
	uint8_t ports[PORTS / 8 + 1]; /* a bit each: closed */
} tss __attribute__((aligned(1024)));

uint64_t mode_gdt[MODE_GDT_END / 8] __attribute__((aligned(16)));
uint64_t mode_idt[VECTORS] __attribute__((aligned(16)));
static uint32_t directory[1024] __attribute__((aligned(4096)));
static uint32_t low_table[1024] __attribute__((aligned(4096)));

void mode_enter(void);
extern uint8_t mode_low[], mode_low_stubs[], mode_low_end[], mode_stubs[], mode_stack0[];

static_assert(sizeof(struct mode_event) == MODE_EVENT_SIZE, "as the assembly has it");
static_assert(offsetof(struct mode_run, last) == RUN_VECTOR, "as the assembly has it");
static_assert(offsetof(struct mode_run, es) == RUN_ES, "as the assembly has it");
static_assert(offsetof(struct mode_run, efer) == RUN_EFER, "as the assembly has it");
static_assert(offsetof(struct mode_run, at_entry) == RUN_AT_ENTRY, "as the assembly has it");
static_assert(offsetof(struct mode_run, gdt_limit) == RUN_GDT, "as the assembly has it");
static_assert(offsetof(struct mode_run, idt_limit) == RUN_IDT, "as the assembly has it");
static_assert(offsetof(struct mode_run, lost) == RUN_LOST, "as the assembly has it");
static_assert(offsetof(struct mode_run, event) == RUN_EVENT, "as the assembly has it");
static_assert(offsetof(struct mode_run, action) == RUN_ACTIONS, "as the assembly has it");
static_assert(sizeof(struct mode_run) == RUN_SIZE, "as the assembly has it");

uint8_t *mode_memory(uint32_t linear)
{
	uintptr_t address = linear;

	asm("" : "+r"(address)); /* the compiler takes it for the null page */
	return (uint8_t *)address;
}

static void put_gate(unsigned vector, uint64_t type, uint64_t selector)
{
	uint64_t handler = (uintptr_t)mode_stubs + vector * MODE_STUB_SIZE;

	mode_idt[vector] = (handler & 0xffff) | selector << 16 | type << 40 |
			   (handler & 0xffff0000) << 32;
}

static void put_tss(uint64_t limit)
{
	uint64_t base = (uintptr_t)&tss;

	mode_gdt[MODE_TSS / 8] = limit | (base & 0xffffff) << 16 | (uint64_t)0x89 << 40 |
				 (base >> 24) << 56;
}

static void put_vector(uint32_t table, unsigned vector, uint32_t segment, uint32_t offset)
{
	uint32_t far = segment << 16 | offset;

	memcpy(mode_memory(table + 4 * vector), &far, sizeof(far));
}

static void init_vectors(void)
{
	uint32_t stubs = (uint32_t)(mode_low_stubs - mode_low);

	memcpy(mode_memory(MODE_LOW), mode_low, (size_t)(mode_low_end - mode_low));
	for (unsigned i = 0; i < VECTORS; i++) {
		put_gate(i, GATE, MODE_CODE32);
		put_vector(0, i, MODE_LOW_SEGMENT, stubs + i * MODE_LOW_STUB_SIZE);
		put_vector(MODE_IVT_AGAIN, i, MODE_LOW_SEGMENT, stubs + i * MODE_LOW_STUB_SIZE);
	}
	put_gate(VECTOR_BP, GATE3, MODE_CODE32);
	put_gate(VECTOR_OF, GATE3, MODE_CODE32);
	put_gate(MODE_VECTOR, GATE3, MODE_CODE32);
	put_gate(VECTOR_TRAP, TRAP3, MODE_CODE32);
	put_gate(VECTOR_ABSENT, ABSENT3, MODE_CODE32);
	put_gate(VECTOR_CONFORMING, GATE3, MODE_CONFORMING);
}

static void init_ports(void)
{
	memset(tss.redirected, 0xff, sizeof(tss.redirected));
	tss.redirected[VECTOR_OWN / 8] &= (uint8_t) ~(1 << VECTOR_OWN % 8);
	tss.ports[PORT_CLOSED / 8] |= 1 << PORT_CLOSED % 8;
	tss.ports[sizeof(tss.ports) - 1] = 0xff;
}

/* One to one, but for a few pages. What virtual-8086 mode reaches is open to it. */
static void init_pages(void)
{
	const uint32_t pages = MODE_PAGES_SEGMENT << 4 >> 12;

	for (uint32_t i = 0; i < 1024; i++) {
		directory[i] = i << 22 | PAGE_LARGE;
		low_table[i] = i << 12 | (i < LOW_PAGES ? PAGE_SHARED : PAGE_OWN);
	}
	directory[0] = (uint32_t)(uintptr_t)low_table | PAGE_SHARED;
	low_table[pages + PAGE_DEVICE] = (uint32_t)APIC_PAGE | PAGE_SHARED;
	low_table[pages + PAGE_NOBODY] = NOBODY | PAGE_SHARED;
	low_table[pages + PAGE_NOBODY + 1] = NOBODY | PAGE_SHARED;
	low_table[pages + PAGE_ABSENT] = 0;
	low_table[pages + PAGE_READ_ONLY] &= ~(uint32_t)PAGE_W;
	low_table[pages + PAGE_SUPERVISOR] &= ~(uint32_t)PAGE_U;
	low_table[pages + PAGE_DEVICE_SUPERVISOR] = NOBODY | PAGE_OWN;
	low_table[pages + PAGE_DEVICE_READ_ONLY] = (NOBODY | PAGE_SHARED) & ~(uint32_t)PAGE_W;
}

void mode_world_init(void)
{
	mode_gdt[MODE_CODE32 / 8] = 0x00cf9b000000ffff;
	mode_gdt[MODE_DATA32 / 8] = 0x00cf93000000ffff;
	mode_gdt[MODE_CODE16 / 8] = 0x00009b000000ffff | (uint64_t)MODE_LOW << 16;
	mode_gdt[MODE_DATA16 / 8] = 0x000093000000ffff;
	mode_gdt[MODE_DATA_BIG / 8] = 0x008f93000000ffff;
	mode_gdt[MODE_CODE64 / 8] = 0x00af9b000000ffff;
	mode_gdt[MODE_CONFORMING / 8] = 0x00cf9f000000ffff;
	init_vectors();
	init_ports();
	init_pages();
	memset(mode_memory(MODE_CODE_SEGMENT << 4), 0, 4 * MODE_SEGMENT_SIZE);
	tss.task.esp0 = (uint32_t)(uintptr_t)mode_stack0;
	tss.task.ss0 = MODE_DATA32;
}

static void load(struct mode_run *run, const struct mode_shot *shot)
{
	*run = (struct mode_run){.es = shot->segment[MODE_ES],
				 .ss = shot->segment[MODE_SS],
				 .ds = shot->segment[MODE_DS],
				 .fs = shot->segment[MODE_FS],
				 .gs = shot->segment[MODE_GS],
				 .dr0 = shot->dr0,
				 .dr7 = shot->dr7,
				 .v86 = shot->v86,
				 .big = shot->big};
	memcpy(run->gpr, shot->gpr, sizeof(run->gpr));
	run->last = (struct mode_event){.eip = shot->entry,
					.cs = shot->segment[MODE_CS],
					.eflags = shot->eflags,
					.dr6 = DR6_RESET};
	run->cr4 = ((uint32_t)cr4_read() & ~(uint32_t)CR4_PAE) | shot->cr4;
	if (shot->paging) {
		run->cr3 = (uint32_t)(uintptr_t)directory;
		run->cr4 |= CR4_PSE;
	}
	run->action[VECTOR_DB] = shot->goes_on ? MODE_GOES_ON : MODE_ENDS;
	run->action[VECTOR_NMI] = MODE_GOES_ON;
	memset(&run->action[EXCEPTIONS], MODE_GOES_ON, VECTORS - EXCEPTIONS);
}

struct mode_run *mode_run(const struct mode_shot *shot)
{
	struct mode_run *run = (void *)mode_memory(MODE_RUN);

	load(run, shot);
	/* In virtual-8086 mode with CR4.VME the program has this one itself. */
	put_vector(0, VECTOR_OWN, MODE_CODE_SEGMENT, OWN_HANDLER);
	tss.task.io_base = shot->no_ports ? sizeof(tss) : offsetof(typeof(tss), ports);
	put_tss(sizeof(tss) - 1);
	mode_enter();
	gdt_free_tss(GDT_OWN_TSS);
	tr_load(GDT_OWN_TSS);
	dr0_write(0);
	dr6_write(DR6_RESET);
	if (run->lost)
		guest_die("vector %u error %x eip %x in 32-bit code", run->last.vector,
			  run->last.error, run->last.eip);
	return run;
}
