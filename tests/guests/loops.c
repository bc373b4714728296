/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS C02, C03, C04: exceptions without end, by how=: #DB whose delivery hits its own data breakpoint,
 * in the stack or in the IDT, or after each instruction; #AC at CPL 3, #PF and #GP whose handlers change
 * nothing.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

/* DR7: breakpoint 0, global, eight bytes; at writes, or at any access. SDM 3B 17.2.4. */
enum {
	DR7_G0 = 1 << 1,
	DR7_WRITE0 = 1 << 16,
	DR7_ACCESS0 = 3 << 16,
	DR7_EIGHT0 = 2 << 18,
	IST = 3
};
enum { TOLD = 100 };

static uint8_t stack[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static volatile uint64_t faults;

/* Says once that it is a loop, and changes nothing. */
static void on_fault(struct trap_frame *frame)
{
	if (++faults == TOLD)
		print("loop of vector %lu\n", frame->vector);
}

static void debug_loop(const void *watched, unsigned kind)
{
	cpu_this()->tss.ist[IST - 1] = (uint64_t)stack + sizeof(stack);
	trap_set_stack(VECTOR_DB, IST);
	dr0_write((uint64_t)watched);
	dr7_write(DR7_RESET | DR7_G0 | kind | DR7_EIGHT0);
	for (;;)
		asm volatile("incq (%0)" : : "r"(watched) : "memory");
}

/* What the processor pushes last: RIP. */
static void db_stack(void)
{
	debug_loop(stack + sizeof(stack) - 5 * 8, DR7_WRITE0);
}

/* The gate that it comes through. */
static void db_idt(void)
{
	dr0_write((uint64_t)&guest_idt[2 * VECTOR_DB]);
	dr7_write(DR7_RESET | DR7_G0 | DR7_ACCESS0 | DR7_EIGHT0);
	for (;;)
		asm volatile("movq %0, %%rax" : : "m"(guest_idt[2 * VECTOR_DB]) : "rax", "memory");
}

static void db_step(void)
{
	asm volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq" : : : "memory");
	for (;;)
		asm volatile("");
}

void user_enter(void (*function)(void *), void *argument, uint64_t stack, uint64_t rflags);

static void misaligned(void *unused)
{
	(void)unused;
	asm volatile("orq $1, %%rsp\n\tpushq %%rax" : : : "memory");
}

static void ac(void)
{
	cr0_write(cr0_read() | CR0_AM);
	paging_set_user(true);
	user_enter(misaligned, NULL, (uint64_t)cpu_this() + STACK_USER,
		   RFLAGS_FIXED | RFLAGS_AC | RFLAGS_IF);
}

static void pf(void)
{
	*(volatile uint8_t *)PAGING_TEST;
}

static void gp(void)
{
	*(volatile uint8_t *)0x800000000000ULL;
}

static const struct {
	const char *name;
	unsigned vector;
	void (*run)(void);
} ways[] = {
	{"db-stack", VECTOR_DB, db_stack},
	{"db-idt", VECTOR_DB, db_idt},
	{"db-step", VECTOR_DB, db_step},
	{"ac", VECTOR_AC, ac},
	{"pf", VECTOR_PF, pf},
	{"gp", VECTOR_GP, gp},
};

void guest_main(void)
{
	char how[16] = "pf";
	unsigned way = 0;

	words_value("how", how, sizeof(how));
	while (way < ARRAY_SIZE(ways) && strcmp(how, ways[way].name))
		way++;
	if (way == ARRAY_SIZE(ways))
		guest_die("how=%s is unknown", how);
	trap_set(ways[way].vector, on_fault);
	interrupts_enable();
	ways[way].run();
	guest_die("%s: it goes on", how);
}
