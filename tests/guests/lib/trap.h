/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults that a test expects, interrupts that it takes, and code that it runs byte by byte. */
#pragma once

#include "lib/types.h"

enum vector {
	VECTOR_DE,
	VECTOR_DB,
	VECTOR_NMI,
	VECTOR_BP,
	VECTOR_OF,
	VECTOR_BR,
	VECTOR_UD,
	VECTOR_NM,
	VECTOR_DF,
	VECTOR_TS = 10,
	VECTOR_NP,
	VECTOR_SS,
	VECTOR_GP,
	VECTOR_PF,
	VECTOR_MF = 16,
	VECTOR_AC,
	VECTOR_MC,
	VECTOR_XM
};

/* As trap.S builds it. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

#define NO_FAULT (-1)

struct fault {
	int vector; /* or NO_FAULT */
	uint32_t error;
	uint64_t rip, rsp, cr2;
	uint64_t rcx, rsi, rdi; /* what a string instruction had come to */
};

/* Runs function(argument) and tells of the exception that ended it, or NO_FAULT. */
struct fault fault_of(void (*function)(void *), void *argument);

/* The same at CPL 3, with these RFLAGS (IF is up to the caller; bit 1 is set). */
struct fault fault_of_user(void (*function)(void *), void *argument, uint64_t rflags);

struct code_run {
	void *entry;
	uint64_t rax, rcx, rdx, rbx, rsi, rdi, r8, r9;
	uint64_t rflags; /* out */
};

/* Copies bytes to a page of its own and runs them; a RET follows them, and then INT3s. */
struct fault code_fault(struct code_run *run, const uint8_t *bytes, size_t count, bool user);

/* The same where the bytes stand already; they end in a RET. */
struct fault code_fault_at(struct code_run *run, void *entry, bool user);

/* Where code_fault puts its bytes: to compare with fault.rip. */
extern uint8_t code_page[];

#define CODE(...)           \
	(const uint8_t[])   \
	{                   \
		__VA_ARGS__ \
	}
#define CODE_SIZE(...) sizeof((const uint8_t[]){__VA_ARGS__})
/* CODE_FAULT(&run, user, 0x0f, 0xa2) */
#define CODE_FAULT(run, user, ...) code_fault(run, CODE(__VA_ARGS__), CODE_SIZE(__VA_ARGS__), user)

/* An instruction that is tried as it stands. */
struct insn_bytes {
	const char *name;
	uint8_t size, code[6];
};

#define INSN_BYTES(name, ...)                 \
	{                                     \
		name, CODE_SIZE(__VA_ARGS__), \
		{                             \
			__VA_ARGS__           \
		}                             \
	}

/* What a vector does; NULL: it is an error. Exceptions go to the catch first, if there is one. */
typedef void (*trap_handler_t)(struct trap_frame *frame);
void trap_set(unsigned vector, trap_handler_t handler);

/* For handlers of interrupts: fails the case if this one came with IF=0. */
void trap_check_open(const struct trap_frame *frame);

/* The gate's stack: 0 for the current one, else an IST index (1: fault, 2: NMI). */
void trap_set_stack(unsigned vector, unsigned ist);
/* Lets CPL 3 use INT n for it. */
void trap_set_user(unsigned vector);

/* Address and size of the IDT, to break it. */
extern uint64_t guest_idt[512];
void trap_load_idt(void);

void trap_handle(struct trap_frame *frame);
void trap_init(void);
