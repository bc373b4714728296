/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS A20, A21, D08: exits of several kinds in real mode, in virtual-8086 mode, in 16-bit and 32-bit
 * protected mode with each kind of paging, in the moments between them, and by ways that a segment forbids.
 * Each is entered from 64-bit mode and left again. how=la57 tries 5-level paging, where it is; how=task
 * switches hardware tasks, which a processor may leave to its hypervisor; how=triple ends in real mode.
 */
#include "tests/guests/modes/modes.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/vendor.h"
#include "tests/guests/lib/words.h"
#include "tests/guests/modes/layout.h"

enum { PAGE_ON = 0x83 /* PS W P */, PDPTE_ON = 1 };
#define PDPTE_BAD (BIT(62) | BIT(1))
enum { GATE_FAULT = 0x8e, GATE_CALL = 0xee, GATE_TASK = 0x85, TSS_FREE = 0x89 };
enum { CPUID_VME = 1 << 1 };
enum { VECTOR_SENT = 0x60, VECTOR_TIMER = 0x71, TIMER_MS = 20 };

struct {
	struct tss32 task;
	uint8_t redirected[32]; /* a bit each: INT n goes to the 8086 program's own handler if it is 0 */
	uint8_t ports[8192 + 1]; /* a bit each: closed in virtual-8086 mode */
} mode_tss __attribute__((aligned(256)));
struct tss32 mode_task __attribute__((aligned(256)));
uint64_t mode_idt[256];
int mode_vector;
uint32_t mode_error; /* of those vectors that have one */

unsigned modes_run(void (*code)(void));
void modes_protected(void), modes_half_real(void), modes_paging(void), modes_pae(void);
void modes_pae_load(void), modes_pae_switch(void), modes_v86(void), modes_16(void);
void modes_v86_iopl(void), modes_v86_vme(void);
void modes_task(void), modes_real_triple(void), mode_other_task(void), modes_la57(void);
void mode_in_la57(void); /* called by modes_la57 */
void segments_reach(void), segments_string(void), segments_port(void), segments_jump(void);
extern uint64_t guest_pml4[512];
extern uint8_t low_code[], low_code_end[], real_50[], real_60[], real_71[], real_ud[];
extern uint8_t mode_stubs[], mode_call_stub[], mode_v86_stack_end[], mode_task_stack[];

/* 32-bit paging by 4 MiB, and PAE's by 2 MiB: one to one, but for NO_PAGE. */
uint32_t mode_directory[1024] __attribute__((aligned(4096)));
static uint64_t directories[4][512] __attribute__((aligned(4096)));
uint64_t mode_pml5[512] __attribute__((aligned(4096)));
uint64_t mode_pdpt[4] __attribute__((aligned(32))), mode_bad_pdpt[4] __attribute__((aligned(32)));

static uint8_t *low(unsigned offset)
{
	uintptr_t address = LOW + offset;

	asm("" : "+r"(address)); /* the compiler takes it for the null page */
	return (uint8_t *)address;
}

static void build_tables(void)
{
	for (uint32_t i = 0; i < 1024; i++)
		mode_directory[i] = i == NO_PAGE >> 22 ? 0 : i << 22 | PAGE_ON;
	for (uint64_t i = 0; i < 2048; i++)
		directories[i / 512][i % 512] = i == NO_PAGE >> 21 ? 0 : i << 21 | PAGE_ON;
	for (unsigned i = 0; i < 4; i++)
		mode_pdpt[i] = mode_bad_pdpt[i] = (uintptr_t)directories[i] | PDPTE_ON;
	mode_bad_pdpt[NO_TABLE >> 30] |= PDPTE_BAD;
}

void modes_set_gate(unsigned vector, const void *handler, uint64_t type)
{
	uint64_t address = (uintptr_t)handler;

	mode_idt[vector] = (address & 0xffff) | MODE_CODE32 << 16 | type << 40 |
			   (address & 0xffff0000) << 32;
}

void modes_set_task_gate(unsigned vector, unsigned selector)
{
	mode_idt[vector] = (uint64_t)selector << 16 | (uint64_t)GATE_TASK << 40;
}

uint64_t modes_tss_descriptor(const struct tss32 *task, uint64_t limit)
{
	uint64_t base = (uintptr_t)task;

	return limit | (base & 0xffffff) << 16 | (uint64_t)TSS_FREE << 40 |
	       (base >> 24 & 0xff) << 56;
}

struct tss32 modes_flat_task(const void *code, const void *stack_end)
{
	return (struct tss32){
		.eip = (uint32_t)(uintptr_t)code,
		.eflags = RFLAGS_FIXED,
		.esp = (uint32_t)(uintptr_t)stack_end,
		.es = MODE_DATA32,
		.cs = MODE_CODE32,
		.ss = MODE_DATA32,
		.ds = MODE_DATA32,
		.fs = MODE_DATA32,
		.gs = MODE_DATA32,
		.io_base = sizeof(struct tss32),
	};
}

static void build_tasks(void)
{
	memset(&mode_tss, 0, sizeof(mode_tss));
	mode_tss.task.esp0 = (uint32_t)(uintptr_t)mode_v86_stack_end;
	mode_tss.task.ss0 = MODE_DATA32;
	mode_tss.task.io_base = offsetof(typeof(mode_tss), ports);
	mode_tss.ports[PORT_CLOSED / 8] = 1 << PORT_CLOSED % 8;
	mode_tss.ports[8192] = 0xff;
	mode_task = modes_flat_task((void *)mode_other_task, mode_task_stack);
	mode_gdt[MODE_TSS / 8] = modes_tss_descriptor(&mode_tss.task, sizeof(mode_tss) - 1);
	mode_gdt[MODE_TASK / 8] = modes_tss_descriptor(&mode_task, sizeof(mode_task) - 1);
	modes_set_task_gate(MODE_VECTOR_TASK, MODE_TASK);
}

static void set_real_vector(unsigned vector, const uint8_t *handler)
{
	uint32_t far = LOW_SEGMENT << 16 | (uint32_t)(handler - low_code);
	uintptr_t address = vector * sizeof(far);

	asm("" : "+r"(address));
	memcpy((void *)address, &far, sizeof(far));
}

static void put_low(unsigned offset, uint32_t value)
{
	memcpy(low(offset), &value, sizeof(value));
}

static void build_low(bool real)
{
	memcpy(low(0), low_code, (size_t)(low_code_end - low_code));
	memset(low(LOW_STEP), 0, LOW_DATA);
	put_low(LOW_LEAF, cpuid(0, 0).eax);
	put_low(LOW_BASE, (uint32_t)msr_read(MSR_APIC));
	put_low(LOW_VERSION, apic_read(APIC_VERSION));
	put_low(LOW_REAL, real);
	set_real_vector(VECTOR_UD, real_ud);
	set_real_vector(MODE_VECTOR_CALL, real_50);
	set_real_vector(VECTOR_SENT, real_60);
	set_real_vector(VECTOR_TIMER, real_71);
}

static void prepare_world(bool real)
{
	for (unsigned i = 0; i < MODE_VECTORS; i++)
		modes_set_gate(i, mode_stubs + i * MODE_STUB_SIZE, GATE_FAULT);
	modes_set_gate(MODE_VECTOR_CALL, mode_call_stub, GATE_CALL);
	build_tables();
	build_tasks();
	build_low(real);
}

static void check_steps(void (*code)(void))
{
	unsigned step = modes_run(code);

	test_check(!step, "step %u: vector %d error %x", step, mode_vector, mode_error);
}

static void run(void (*code)(void), bool real)
{
	prepare_world(real);
	check_steps(code);
}

void modes_run_piece(void (*code)(void), void (*prepare)(void))
{
	prepare_world(false);
	prepare();
	check_steps(code);
}

static void test_protected(void)
{
	run(modes_protected, false);
}

static void test_half_real(void)
{
	run(modes_half_real, false);
}

static void test_paging(void)
{
	run(modes_paging, false);
}

static void test_pae(void)
{
	run(modes_pae, false);
}

/*
 * SDM 3A 4.4.1 "PDPTE Registers": #GP where they are loaded. APM2 15.25 "Nested Paging", on legacy PAE mode:
 * #PF where one is used.
 */
static void check_refused(const char *name)
{
	test_check(mode_vector == VECTOR_GP || (!vendor_is_intel() && mode_vector == VECTOR_PF),
		   "%s: vector %d", name, mode_vector);
}

static void test_bad_pdpte(void)
{
	run(modes_pae_load, false);
	check_refused("MOV CR3");
	run(modes_pae_switch, false);
	check_refused("MOV CR0");
}

static void test_v86(void)
{
	if (test_bed("ryzen")) {
		test_skip("under SVM Bochs panics at an exit from it");
		return;
	}
	run(modes_v86, false);
}

/* C10 */
static void test_v86_iopl(void)
{
	if (test_bed("ryzen")) {
		test_skip("under SVM Bochs panics at an exit from it");
		return;
	}
	run(modes_v86_iopl, false);
}

static void test_v86_vme(void)
{
	if (!(cpuid(1, 0).edx & CPUID_VME) || test_bed("ryzen")) {
		test_skip("no VME, or not on Bochs under SVM");
		return;
	}
	run(modes_v86_vme, false);
}

static void test_16(void)
{
	run(modes_16, false);
}

/* One interrupt waits already, the timer's wakes it from HLT. */
static void test_real(void)
{
	apic_send(0, VECTOR_SENT | ICR_SELF | ICR_ASSERT);
	clock_arm(VECTOR_TIMER, clock_after_ms(TIMER_MS));
	run(modes_16, true);
}

static void test_reach(void)
{
	run(segments_reach, false);
}

static void test_string(void)
{
	run(segments_string, false);
}

static void test_port(void)
{
	run(segments_port, false);
}

static void test_jump(void)
{
	run(segments_jump, false);
}

static const struct test_case cases[] = {
	{"A21-protected", test_protected},
	{"A21-half-real", test_half_real},
	{"A21-paging", test_paging},
	{"A21-pae", test_pae},
	{"A21-bad-pdpte", test_bad_pdpte},
	{"A21-v86", test_v86},
	{"C10-v86-iopl", test_v86_iopl},
	{"C10-v86-vme", test_v86_vme},
	{"A21-16", test_16},
	{"A21-real", test_real},
	{"D08-reach", test_reach},
	{"D08-string", test_string},
	{"D08-port", test_port},
	{"D08-jump", test_jump},
};

static void test_task(void)
{
	run(modes_task, false);
}

/* Tried inside: the whole of the guest is in 5-level mode, and takes its own exceptions. */
static uint64_t la57_read(void *address)
{
	return *(volatile uint32_t *)address;
}

static void la57_touch(void *address)
{
	la57_read(address);
}

static void la57_clear(void *unused)
{
	(void)unused;
	cr4_write(cr4_read() & ~(uint64_t)CR4_LA57);
}

/* Whom the second entry of the PML5 leads to: the same memory again, 2^48 higher. */
#define LA57_AGAIN	   BIT(48)
#define LA57_NO_TABLE	   (2 * BIT(48))
#define LA57_NOT_CANONICAL BIT(56)

void mode_in_la57(void)
{
	struct fault fault;

	test_check(cr4_read() & CR4_LA57, "CR4 %lx", cr4_read());
	test_check(cpuid(0, 0).eax == *(uint32_t *)low(LOW_LEAF), "CPUID");
	test_check(io_in8(PORT_NOTHING) == 0xff, "port");
	test_check((uint32_t)msr_read(MSR_APIC) == *(uint32_t *)low(LOW_BASE), "MSR");
	test_check(apic_read(APIC_VERSION) == *(uint32_t *)low(LOW_VERSION), "MMIO");
	test_check(la57_read((void *)(LA57_AGAIN + APIC_PAGE + APIC_VERSION)) ==
			   *(uint32_t *)low(LOW_VERSION),
		   "MMIO beyond 48 bits");
	*(volatile uint32_t *)(LA57_AGAIN + (uint64_t)low(LOW_BUFFER)) = 0x57575757;
	test_check(*(uint32_t *)low(LOW_BUFFER) == 0x57575757, "RAM beyond 48 bits");
	fault = fault_of(la57_touch, (void *)LA57_NO_TABLE);
	test_check(fault.vector == VECTOR_PF && fault.cr2 == LA57_NO_TABLE, "no table: %d at %lx",
		   fault.vector, fault.cr2);
	fault = fault_of(la57_touch, (void *)LA57_NOT_CANONICAL);
	test_check(fault.vector == VECTOR_GP, "not canonical: %d", fault.vector);
	fault = fault_of(la57_clear, NULL);
	test_check(fault.vector == VECTOR_GP, "CR4.LA57 cleared in long mode: %d", fault.vector);
}

static void la57_set(void *unused)
{
	(void)unused;
	cr4_write(cr4_read() | CR4_LA57);
}

static void test_la57(void)
{
	bool has = cpuid(7, 0).ecx & BIT(16);
	struct fault fault = fault_of(la57_set, NULL);

	test_check(fault.vector == VECTOR_GP, "CR4.LA57 set in long mode: %d", fault.vector);
	test_check((cpuid(0x80000008, 0).eax >> 8 & 0xff) == (has ? 57 : 48), "linear bits: %x",
		   cpuid(0x80000008, 0).eax);
	if (!has) {
		test_skip("no LA57");
		return;
	}
	mode_pml5[0] = mode_pml5[1] = (uint64_t)guest_pml4 | 7;
	run(modes_la57, false);
	test_check(!(cr4_read() & CR4_LA57), "CR4 %lx afterwards", cr4_read());
}

static const struct test_case la57_cases[] = {{"A21-la57", test_la57}};
static const struct test_case task_cases[] = {
	{"A20-task", test_task},
	{"A20-fault", task_test_fault},
	{"A20-interrupt", task_test_interrupt},
	{"A20-nmi", task_test_nmi},
	{"A20-trap", task_test_trap},
	{"A20-new-fault", task_test_new_fault},
	{"A20-paging", task_test_paging},
};

void guest_main(void)
{
	char how[16] = "";

	apic_enable();
	words_value("how", how, sizeof(how));
	if (!strcmp(how, "task"))
		test_run_all(task_cases, ARRAY_SIZE(task_cases));
	if (!strcmp(how, "la57"))
		test_run_all(la57_cases, ARRAY_SIZE(la57_cases));
	if (!strcmp(how, "triple")) {
		run(modes_real_triple, true);
		guest_die("it goes on");
	}
	test_run_all(cases, ARRAY_SIZE(cases));
}
