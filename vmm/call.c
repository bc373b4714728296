/* SPDX-License-Identifier: BSD-2-Clause */
/* The one place of the VMM where a call is made: the gate, and a function for each call. */
#include "vmm/call.h"

/* abi/calls.h: the number in EAX, arguments in RDI, RSI, RDX, RCX, the answer in RAX. */
static inline int64_t call(enum call number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	int64_t answer;

	asm volatile("int %1"
		     : "=a"(answer)
		     : "i"(CALL_VECTOR), "a"((uint64_t)number), "D"(a), "S"(b), "d"(c), "c"(d)
		     : "memory", "cc");
	return answer;
}

noreturn void call_resume(struct resume answer)
{
	uint64_t first;

	__builtin_memcpy(&first, &answer, sizeof(first));
	asm volatile("int %0"
		     :
		     : "i"(CALL_VECTOR), "a"(CALL_RESUME), "D"(first), "S"(answer.value)
		     : "memory");
	__builtin_trap(); /* CALL_RESUME does not return; a fault stops this partition */
}

void call_set_deadline(uint64_t tsc)
{
	call(CALL_SET_DEADLINE, tsc, 0, 0, 0);
}

void call_apic_message(uint64_t message)
{
	call(CALL_APIC_MESSAGE, message, 0, 0, 0);
}

void call_pic_line(bool level)
{
	call(CALL_PIC_LINE, level, 0, 0, 0);
}

uint32_t call_lapic_read(uint32_t offset)
{
	return (uint32_t)call(CALL_LAPIC_READ, offset, 0, 0, 0);
}

void call_lapic_write(uint32_t offset, uint32_t value)
{
	call(CALL_LAPIC_WRITE, offset, value, 0, 0);
}

void call_eoi_watch(unsigned index, uint64_t vectors)
{
	call(CALL_EOI_WATCH, index, vectors, 0, 0);
}

int call_cpuid_set(const struct cpuid_entry *entries, unsigned count)
{
	return (int)call(CALL_CPUID_SET, (uintptr_t)entries, count, 0, 0);
}

noreturn void call_part_end(enum part_reason reason, uint32_t code, const char *text, size_t length)
{
	call(CALL_PART_END, reason, code, (uintptr_t)text, length);
	__builtin_trap();
}

void call_console_notify(void)
{
	call(CALL_CONSOLE_NOTIFY, 0, 0, 0, 0);
}

void call_log(const char *text, size_t length)
{
	call(CALL_LOG, (uintptr_t)text, length, 0, 0);
}

void call_nmi(unsigned vcpu)
{
	call(CALL_NMI, vcpu, 0, 0, 0);
}

uint64_t call_steal_watch(bool wanted)
{
	return (uint64_t)call(CALL_STEAL_WATCH, wanted, 0, 0, 0);
}

void call_frame(uint32_t groups)
{
	call(CALL_FRAME, groups, 0, 0, 0);
}
