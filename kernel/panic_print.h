/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pages of a panic's story; panic.c decides who tells it, and when. One CPU at a time, no
 * locks.
 */
#pragma once

#include "lib/types.h"

struct trap_frame;

void panic_print(const char *text, ...) printf_like(1, 2);

/* What happened, in words. */
void panic_print_trap(const struct trap_frame *frame);
void panic_print_registers(const struct trap_frame *frame);
void panic_print_control(void);
/* "name+0x1f", for an address of code. */
void panic_print_place(const char *what, uint64_t rip);
void panic_print_backtrace(uint64_t rbp);
void panic_print_log(void);
