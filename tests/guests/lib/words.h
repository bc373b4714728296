/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of a tiny guest's command line, its memory map and its modules: from hvm_start_info. */
#pragma once

#include "lib/types.h"

/* The value of word=…; false if it is not there. */
bool words_value(const char *word, char *to, size_t size);

/* The same as a number, decimal or 0x…; otherwise if it is not there. */
uint64_t words_number(const char *word, uint64_t otherwise);

struct memory_entry {
	uint64_t start, size;
	uint32_t type; /* 1: RAM */
	uint32_t reserved;
};

enum { MEMORY_RAM = 1, MEMORY_ENTRIES = 32 };

/* What was loaded beside the guest, in hvm_start_info's own form. */
struct start_module {
	uint64_t start, size, cmdline, reserved;
};

enum { START_MODULES = 8 };

extern struct start_module start_modules[START_MODULES];
extern unsigned start_module_count;

extern struct memory_entry memory_map[MEMORY_ENTRIES];
extern unsigned memory_map_count;
extern uint64_t start_rsdp;

/* Copies all of it, before anybody overwrites where it stands. */
void words_init(void);

/* The image's own memory. */
extern uint8_t guest_image[], guest_image_end[];
