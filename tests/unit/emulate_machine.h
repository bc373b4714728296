/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest for the emulator's tests: RAM, page tables that map a code page and a data window whose
 * pages are RAM and device in turn, and a device that is plain memory and counts its accesses.
 */
#pragma once

#include "vmm/emulate.h"
#include "vmm/guest_mem.h"

enum {
	MACHINE_CODE = 0x20000000, /* linear address of the code page */
	MACHINE_DATA = 0x20100000, /* of the data window */
	MACHINE_PAGES = 8,	   /* of the window: even ones are RAM, odd ones device */
	MACHINE_RAM = 0x40000,	   /* RAM from 0; code at 10000h, data at 20000h */
	MACHINE_RAM_CODE = 0x10000,
	MACHINE_RAM_DATA = 0x20000,
	MACHINE_DEVICE = 0x80000000, /* where the window's odd pages are, at their own offset */
};

struct machine {
	uint8_t *ram;
	uint8_t device[MACHINE_PAGES * 4096];
	uint8_t port_data[65536];
	size_t port_count;
	unsigned port_calls;
	unsigned reads, writes;
	bool refuse; /* the device's callbacks fail */
	gpa_t last_gpa;
	unsigned last_size;
	struct frame frame;
	struct emulate e;
};

/* Sets up guest memory, page tables and a 64-bit frame at CPL 0. One machine at a time. */
void machine_init(struct machine *machine);
void machine_free(struct machine *machine);

/* Back to a fresh frame; memory stays. */
void machine_reset_frame(struct machine *machine);

/* Turns the frame into 32-bit or 16-bit protected mode with flat segments, or real mode. */
void machine_set_mode(struct machine *machine, enum insn_mode mode, bool protected_mode);

void machine_set_code(struct machine *machine, const void *bytes, size_t count);

/* The byte at offset of the data window, wherever it is. */
uint8_t *machine_data(struct machine *machine, unsigned offset);
void machine_put(struct machine *machine, unsigned offset, const void *from, size_t count);
void machine_get(struct machine *machine, unsigned offset, void *to, size_t count);

/* The page-table entry of the window's page, in RAM. */
uint64_t *machine_entry(struct machine *machine, unsigned page);

/* Fetches and carries out, without the short cut; moves RIP on as the kernel would. */
enum emulate_result machine_step(struct machine *machine);
