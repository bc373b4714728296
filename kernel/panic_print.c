/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints registers, backtrace and log straight to the serial line and the screen. */
#include "kernel/panic_print.h"

#include <stdarg.h>

#include "arch/x86_64/insn.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/trap.h"
#include "drivers/uart.h"
#include "kernel/backtrace.h"
#include "kernel/display.h"
#include "kernel/log.h"
#include "lib/format.h"

enum { LINE_SIZE = 256, BACKTRACE_MAX = 32, LOG_TAIL_SIZE = 4096 };

static void write_all(const char *text, size_t size)
{
	display_panic_write(text, size);
	uart_panic_write(text, size);
}

void panic_print(const char *text, ...)
{
	char line[LINE_SIZE];
	va_list args;
	size_t length;

	va_start(args, text);
	length = vformat(line, sizeof(line) - 2, text, args);
	va_end(args);
	line[length++] = '\r';
	line[length++] = '\n';
	write_all(line, length);
}

static const char *const exception_names[] = {
	[EXCEPTION_DE] = "divide error",
	[EXCEPTION_DB] = "debug exception",
	[EXCEPTION_NMI] = "NMI",
	[EXCEPTION_BP] = "breakpoint",
	[EXCEPTION_OF] = "overflow",
	[EXCEPTION_BR] = "bound range exceeded",
	[EXCEPTION_UD] = "invalid opcode",
	[EXCEPTION_NM] = "device not available",
	[EXCEPTION_DF] = "double fault",
	[EXCEPTION_TS] = "invalid TSS",
	[EXCEPTION_NP] = "segment not present",
	[EXCEPTION_SS] = "stack fault",
	[EXCEPTION_GP] = "general protection",
	[EXCEPTION_PF] = "page fault",
	[EXCEPTION_MF] = "x87 error",
	[EXCEPTION_AC] = "alignment check",
	[EXCEPTION_MC] = "machine check",
	[EXCEPTION_XM] = "SIMD exception",
	[EXCEPTION_VE] = "virtualization exception",
	[EXCEPTION_CP] = "control protection",
	[EXCEPTION_SX] = "security exception",
};

/*
 * Guard pages are the only hole of a block, so an access to one is a stack that has grown too far.
 */
static bool is_guard(uint64_t address)
{
	uint64_t start, end;

	return address >= KERNEL_STACK_BASE && address < KERNEL_WINDOW_BASE &&
	       address % PERCPU_SIZE < PERCPU_ARCH &&
	       percpu_exists((unsigned)((address - KERNEL_STACK_BASE) / PERCPU_SIZE)) &&
	       !backtrace_stack_of(address, &start, &end);
}

void panic_print_trap(const struct trap_frame *frame)
{
	const char *name = NULL;
	uint64_t cr2 = cr2_read(), block;
	bool faulted = frame->vector == EXCEPTION_PF || frame->vector == EXCEPTION_DF;

	if (frame->vector < ARRAY_SIZE(exception_names))
		name = exception_names[frame->vector];
	panic_print("exception %lu (%s), error code %lx, in ring %lu", frame->vector,
		    name ? name : "reserved", frame->error, frame->cs & 3);
	if (frame->vector == EXCEPTION_PF)
		panic_print("%s address %016lx failed (%s)",
			    (frame->error & PAGE_FAULT_I)   ? "execution at"
			    : (frame->error & PAGE_FAULT_W) ? "write to"
							    : "read of",
			    cr2, (frame->error & PAGE_FAULT_P) ? "not permitted" : "not mapped");
	/* With no room for the first fault's frame, pushing it was the second. */
	if (!faulted || (!is_guard(cr2) && !is_guard(frame->rsp - 8)))
		return;
	block = ALIGN_DOWN(is_guard(cr2) ? cr2 : frame->rsp - 8, PERCPU_SIZE);
	panic_print("stack overflow: the guard page below a stack of CPU %u was hit",
		    (unsigned)((block - KERNEL_STACK_BASE) / PERCPU_SIZE));
}

void panic_print_registers(const struct trap_frame *frame)
{
	const struct trap_gprs *g = &frame->gprs;

	panic_print_place("rip", frame->rip);
	panic_print("rsp %016lx  rflags %08lx  cs %02lx  ss %02lx", frame->rsp, frame->rflags,
		    frame->cs, frame->ss);
	panic_print("rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx", g->rax, g->rbx, g->rcx,
		    g->rdx);
	panic_print("rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx", g->rsi, g->rdi, g->rbp, g->r8);
	panic_print("r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx", g->r9, g->r10, g->r11, g->r12);
	panic_print("r13 %016lx  r14 %016lx  r15 %016lx", g->r13, g->r14, g->r15);
}

void panic_print_control(void)
{
	panic_print("cr0 %08lx  cr2 %016lx  cr3 %012lx  cr4 %08lx  efer %04lx", cr0_read(),
		    cr2_read(), cr3_read(), cr4_read(), msr_read(MSR_EFER));
}

void panic_print_place(const char *what, uint64_t rip)
{
	struct backtrace_symbol symbol = backtrace_symbol(rip);

	panic_print("%s %016lx %s+0x%lx", what, rip, symbol.name, symbol.offset);
}

void panic_print_backtrace(uint64_t rbp)
{
	uint64_t rips[BACKTRACE_MAX];
	unsigned count = backtrace_walk(rbp, rips, BACKTRACE_MAX);

	panic_print("backtrace:");
	for (unsigned i = 0; i < count; i++) {
		/*
		 * The call, not what follows: after a call that never returns that is another
		 * function.
		 */
		struct backtrace_symbol symbol = backtrace_symbol(rips[i] - 1);

		panic_print("  %016lx %s+0x%lx", rips[i], symbol.name, symbol.offset + 1);
	}
}

/* The ring's lines end in LF alone. */
static void write_lines(const char *text, size_t size)
{
	size_t from = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] != '\n')
			continue;
		write_all(text + from, i - from);
		write_all("\r\n", 2);
		from = i + 1;
	}
	write_all(text + from, size - from);
}

void panic_print_log(void)
{
	panic_print("log:");
	log_panic_tail(LOG_TAIL_SIZE, write_lines);
}
