/* SPDX-License-Identifier: BSD-2-Clause */
/* The console program: tests and the fuzzer drive it turn by turn. */
#pragma once

#include "lib/types.h"

/* Once, at the start of an instance: greets, adopts what an earlier one left, begins freehold.conf. */
void console_start(void);

/* Waits for events, if there is nothing to do, and handles what has come. */
void console_turn(void);

/* The entry from start.S. */
noreturn void console_main(void);

/* When the prompt stood there first, freehold.conf done; 0: an earlier instance showed it. */
uint64_t console_prompt_tsc(void);
