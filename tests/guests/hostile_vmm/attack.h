/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VMM that attacks the kernel. Which attack is a word of the partition's command line, attack=NAME, and
 * n=NUMBER chooses among its variants. Most attacks end in a fault and so with the partition. One that
 * can go on reports: by attack_held() that all was refused, by attack_broke() what was not.
 */
#pragma once

#include "abi/calls.h"
#include "abi/frame.h"
#include "lib/types.h"

struct attack {
	const char *name;
	/* Called once, on vCPU 0, when the partition starts; returns if the guest is to run after it. */
	void (*run)(struct frame *frame, uint64_t n);
	/* NULL, or instead of the normal answer to the start: what to resume with. */
	void (*resume)(struct frame *frame, uint64_t n, struct resume *answer);
	/* NULL, or called at each upcall of the other vCPUs before it is handled. */
	void (*other_vcpu)(struct frame *frame, uint64_t n);
};

/* Each file of attacks has a table, ended by an entry without a name. */
extern const struct attack attacks_insn[];
extern const struct attack attacks_memory[];
extern const struct attack attacks_call[];
extern const struct attack attacks_resume[];
extern const struct attack attacks_time[];

/* Ends the partition with exit code 0 and a text. */
noreturn void attack_held(const char *text, ...) printf_like(1, 2);
/* Ends it with exit code 1. */
noreturn void attack_broke(const char *text, ...) printf_like(1, 2);

/* A call by its bare number: what a call stub of vmm/call.h would never do. */
int64_t attack_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/* attack_insn.S: each does one thing that ring 3 may not; n is in RDI. */
void attack_syscall(uint64_t n);
void attack_sysenter(uint64_t n);
void attack_int(uint64_t vector);
void attack_selector(uint64_t selector);
void attack_far_return(uint64_t selector);
void attack_iret(uint64_t selector);
void attack_rflags(uint64_t bits);
void attack_stack(uint64_t rsp);
void attack_stack_call(uint64_t rsp);
