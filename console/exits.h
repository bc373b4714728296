/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a vCPU's flight recorder, and how one of its entries is shown. */
#pragma once

#include "abi/exits.h"
#include "abi/info.h"
#include "lib/types.h"

/* The newest entries of a vCPU since its guest's start, at most count, oldest first; answers how many. */
unsigned exits_latest(uint32_t slot, uint32_t vcpu, struct exit_record *to, unsigned count);

/* Where a reader who wants only what comes from now on begins. */
uint64_t exits_end(uint32_t slot, uint32_t vcpu);

/* The next entries from window->position on, at most count; as CALL_EXITS_READ. 0 if there are none. */
unsigned exits_next(uint32_t slot, struct exit_window *window, struct exit_record *to,
		    unsigned count);

/* "port", "hlt", "injected"; "?" for what the kernel does not know. Until the next call. */
const char *exits_name(uint32_t kind);
bool exits_is(const struct exit_record *record, const char *name);

/* What its two numbers are: of an exit plain, of an event that was injected by their names. */
enum { EXITS_CELL = 32 };
void exits_numbers(const struct exit_record *record, char code[EXITS_CELL], char info[EXITS_CELL]);

/* "hlt              ffffffff81a0b2c4 0x78       0x0", and what stands above that. */
enum { EXITS_LINE = 96 };
void exits_titles(char to[EXITS_LINE]);
void exits_format(const struct exit_record *record, char to[EXITS_LINE]);
