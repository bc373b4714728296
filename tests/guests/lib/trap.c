/* SPDX-License-Identifier: BSD-2-Clause */
/* The IDT, and what becomes of each trap: a test's catch, its handler, or the end of the guest. */
#include "tests/guests/lib/trap.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/report.h"

enum { GATE = 0x8e00, GATE_USER = 0x6000, EXCEPTIONS = 32, CODE_PAGE = 4096, RFLAGS_ONE = 2 };

struct catch
{
	uint64_t rsp; /* of catch_call; trap.S writes it */
	struct catch *outer;
	struct fault fault;
};

uint64_t catch_call(uint64_t *saved_rsp, void (*function)(void *), void *argument);
noreturn void catch_unwind(uint64_t saved_rsp);
void user_enter(void (*function)(void *), void *argument, uint64_t stack, uint64_t rflags);
void code_enter(struct code_run *run);

extern uint8_t trap_stubs[];
uint64_t guest_idt[512] __attribute__((aligned(16)));
uint8_t code_page[CODE_PAGE] __attribute__((aligned(CODE_PAGE)));
static trap_handler_t handlers[256];

static void catch_fault(struct cpu *cpu, const struct trap_frame *frame)
{
	struct catch *catch = cpu->catch;

	catch->fault = (struct fault){
		.vector = frame->vector == VECTOR_USER_DONE ? NO_FAULT : (int)frame->vector,
		.error = (uint32_t)frame->error,
		.rip = frame->rip,
		.rsp = frame->rsp,
		.cr2 = cr2_read(),
		.rcx = frame->rcx,
		.rsi = frame->rsi,
		.rdi = frame->rdi,
	};
	catch_unwind(catch->rsp);
}

void trap_handle(struct trap_frame *frame)
{
	struct cpu *cpu = cpu_this();
	bool caught = frame->vector < EXCEPTIONS || frame->vector == VECTOR_USER_DONE;

	if (caught && frame->vector != VECTOR_NMI && cpu->catch)
		catch_fault(cpu, frame);
	cpu->interrupts++;
	if (handlers[frame->vector])
		handlers[frame->vector](frame);
	else
		guest_die("vector %lu error %lx rip %lx cs %lx rflags %lx rsp %lx cr2 %lx cpu %u",
			  frame->vector, frame->error, frame->rip, frame->cs, frame->rflags,
			  frame->rsp, cr2_read(), cpu->index);
}

static struct fault run_caught(void (*function)(void *), void *argument)
{
	struct cpu *cpu = cpu_this();
	struct catch catch = {.outer = cpu->catch, .fault = {.vector = NO_FAULT}};

	cpu->catch = &catch;
	catch_call(&catch.rsp, function, argument);
	cpu->catch = catch.outer;
	return catch.fault;
}

struct fault fault_of(void (*function)(void *), void *argument)
{
	return run_caught(function, argument);
}

struct user_call {
	void (*function)(void *);
	void *argument;
	uint64_t rflags;
};

static void enter_user(void *argument)
{
	const struct user_call *call = argument;

	user_enter(call->function, call->argument, (uint64_t)cpu_this() + STACK_USER,
		   call->rflags | RFLAGS_ONE);
}

struct fault fault_of_user(void (*function)(void *), void *argument, uint64_t rflags)
{
	struct user_call call = {function, argument, rflags};
	struct fault fault;

	paging_set_user(true);
	fault = run_caught(enter_user, &call);
	paging_set_user(false);
	return fault;
}

static void enter_code(void *argument)
{
	code_enter(argument);
}

struct fault code_fault_at(struct code_run *run, void *entry, bool user)
{
	run->entry = entry;
	return user ? fault_of_user(enter_code, run, 0) : fault_of(enter_code, run);
}

struct fault code_fault(struct code_run *run, const uint8_t *bytes, size_t count, bool user)
{
	enum { RET = 0xc3, INT3 = 0xcc };

	memset(code_page, INT3, sizeof(code_page));
	memcpy(code_page, bytes, count);
	code_page[count] = RET;
	return code_fault_at(run, code_page, user);
}

void trap_set(unsigned vector, trap_handler_t handler)
{
	handlers[vector] = handler;
}

void trap_check_open(const struct trap_frame *frame)
{
	test_check(frame->rflags & RFLAGS_IF, "vector %lx came with IF=0", frame->vector);
}

void trap_set_stack(unsigned vector, unsigned ist)
{
	guest_idt[2 * vector] = (guest_idt[2 * vector] & ~BITS(34, 32)) | (uint64_t)ist << 32;
}

void trap_set_user(unsigned vector)
{
	guest_idt[2 * vector] |= (uint64_t)GATE_USER << 32;
}

void trap_load_idt(void)
{
	const struct descriptor_pointer pointer = {sizeof(guest_idt) - 1, (uintptr_t)guest_idt};

	idt_load(&pointer);
}

void trap_init(void)
{
	for (unsigned i = 0; i < 256; i++) {
		uint64_t entry = (uintptr_t)trap_stubs + i * TRAP_STUB_SIZE;

		guest_idt[2 * i] = (entry & 0xffff) | SELECTOR_CODE << 16 | (uint64_t)GATE << 32 |
				   (entry >> 16 & 0xffff) << 48;
		guest_idt[2 * i + 1] = entry >> 32;
	}
	trap_set_stack(VECTOR_DF, 1);
	trap_set_stack(VECTOR_NMI, 2);
	trap_set_user(VECTOR_USER_DONE);
}
