/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who panics, and that only one does. The first CPU tells the story; another one that panics
 * meanwhile is parked; a fault in the telling itself is told in one line, and the next one halts at
 * once.
 */
#include "kernel/panic.h"

#include <stdarg.h>

#include "abi/layout.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/trap.h"
#include "drivers/tsc.h"
#include "kernel/panic_print.h"
#include "kernel/watchdog.h"
#include "lib/assert.h"
#include "lib/format.h"

enum { MESSAGE_SIZE = 192, PARK_PATIENCE_US = 1000000 };

/* The number of the CPU that panics, plus one; 0: none. Atomic. */
static uint32_t owner;
/* Its faults since. Its own. */
static uint32_t nested;
/* Where each of the others was stopped; 0: it was not. Each writes its own. */
static uint64_t parked_at[MAX_CPUS];

static unsigned cpu_number(void)
{
	return percpu_is_valid() ? arch_cpu()->number : 0;
}

static noreturn void halt(void)
{
	for (;;) {
		interrupts_disable();
		cpu_halt();
	}
}

bool panic_in_progress(void)
{
	return __atomic_load_n(&owner, __ATOMIC_ACQUIRE) != 0;
}

void panic_check_nmi(const struct trap_frame *frame)
{
	unsigned number = cpu_number();

	if (!panic_in_progress() || __atomic_load_n(&owner, __ATOMIC_ACQUIRE) == number + 1)
		return;
	if (number < MAX_CPUS)
		__atomic_store_n(&parked_at[number], frame->rip, __ATOMIC_RELEASE);
	halt();
}

/* Returns on the one CPU that may tell, the first time. */
static void claim(const char *message)
{
	uint32_t me = cpu_number() + 1, nobody = 0;

	interrupts_disable();
	if (__atomic_compare_exchange_n(&owner, &nobody, me, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST))
		return;
	if (nobody == me && !nested++)
		panic_print("panic inside the panic: %s", message);
	halt();
}

static bool is_other(unsigned number)
{
	return number != cpu_number() && percpu_exists(number) && arch_cpu_of(number)->online;
}

static unsigned parked_count(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < MAX_CPUS; i++)
		count += __atomic_load_n(&parked_at[i], __ATOMIC_ACQUIRE) != 0;
	return count;
}

/* Waits until no more CPUs stop, within reason: one that cannot be stopped must not keep us. */
static void stop_others(void)
{
	const uint64_t patience = us_to_tsc(PARK_PATIENCE_US);
	unsigned others = 0;

	if (!apic_is_ready())
		return;
	for (unsigned i = 0; i < MAX_CPUS; i++)
		others += is_other(i);
	apic_send_nmi_all_but_self();
	for (uint64_t start = tsc_read(); parked_count() < others && tsc_read() - start < patience;)
		cpu_pause();
}

static void show_others(void)
{
	for (unsigned i = 0; i < MAX_CPUS; i++) {
		char what[32];

		if (!is_other(i))
			continue;
		format(what, sizeof(what), "CPU %u stopped at", i);
		if (parked_at[i])
			panic_print_place(what, parked_at[i]);
		else
			panic_print("CPU %u did not stop", i);
		if (watchdog_stuck(i))
			panic_print("CPU %u had been stuck for %u s", i, watchdog_stuck(i));
	}
}

static noreturn void tell(const struct trap_frame *frame, const char *message, uint64_t rbp)
{
	claim(message);
	stop_others();
	panic_print("%s", "");
	panic_print("freehold: panic on CPU %u: %s", cpu_number(), message);
	if (frame) {
		panic_print_trap(frame);
		panic_print_registers(frame);
	}
	panic_print_control();
	panic_print_backtrace(rbp);
	show_others();
	panic_show_exits(cpu_number(), panic_print);
	panic_print_log();
	panic_print("freehold: halted");
	halt();
}

noreturn void panic(const char *text, ...)
{
	char message[MESSAGE_SIZE];
	va_list args;

	va_start(args, text);
	vformat(message, sizeof(message), text, args);
	va_end(args);
	tell(NULL, message, frame_pointer_read());
}

noreturn void panic_trap(const struct trap_frame *frame)
{
	tell(frame, trap_from_ring3(frame) ? "trap" : "the kernel's own fault", frame->gprs.rbp);
}

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	panic("assertion failed: %s (%s:%d)", expression, file, line);
}
