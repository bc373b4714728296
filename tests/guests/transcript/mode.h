/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shot in real mode or in virtual-8086 mode: a few instructions of 16-bit code, in a state that
 * is known to the last register. The way there leads from 64-bit mode through 32-bit code without
 * paging, and back.
 */
#pragma once

#include "lib/types.h"
#include "tests/guests/transcript/insn.h"
#include "tests/guests/transcript/mode_layout.h"

struct text;

/* Selectors, in the order of instructions' register numbers. */
enum mode_segment { MODE_ES, MODE_CS, MODE_SS, MODE_DS, MODE_FS, MODE_GS, MODE_SEGMENTS };

enum { MODE_GPRS = 8 };

/* In virtual-8086 mode the ports up to PORT_CLOSED are open, and it is not. */
enum { PORT_NOBODY = 0xd00, PORT_CLOSED = 0xd05 };

/*
 * Vectors of INT beside MODE_VECTOR. In virtual-8086 mode with CR4.VME the program has VECTOR_OWN
 * itself: its handler is at MODE_CODE_SEGMENT:OWN_HANDLER, in real mode, too. The others have gates
 * for CPL 3.
 */
enum { VECTOR_OWN = 0x64, VECTOR_TRAP = 0x65, VECTOR_ABSENT = 0x66, VECTOR_CONFORMING = 0x67 };
enum { OWN_HANDLER = 0x900 };

/* With paging: what is in MODE_PAGES_SEGMENT, a page each. */
enum mode_page {
	PAGE_PLAIN,
	PAGE_ABSENT,
	PAGE_READ_ONLY,
	PAGE_SUPERVISOR,
	PAGE_DEVICE, /* the local APIC */
	PAGE_NOBODY, /* two of them */
	PAGE_DEVICE_SUPERVISOR = PAGE_NOBODY + 2,
	PAGE_DEVICE_READ_ONLY,
};

/* What came: an exception, an interrupt, INT. */
struct mode_event {
	uint32_t vector, error, eip, cs, eflags, dr6;
};

/* What the assembly loads and stores: at MODE_RUN. */
struct mode_run {
	uint32_t gpr[MODE_GPRS];
	struct mode_event last; /* EIP, CS and EFLAGS are where it begins, too */
	uint32_t es, ss, ds, fs, gs;
	uint32_t cr0, cr2, cr3, cr4; /* CR3 != 0: with paging, in virtual-8086 mode */
	uint32_t dr0, dr6, dr7, efer;
	uint32_t v86, big;
	uint32_t events;
	uint32_t at_entry[4]; /* DS ES FS GS as handlers of virtual-8086 mode found them: ORed */
	uint16_t gdt_limit;
	uint32_t gdt_base __attribute__((packed));
	uint16_t reserved0;
	uint16_t idt_limit;
	uint32_t idt_base __attribute__((packed));
	uint16_t reserved1;
	uint32_t lost; /* an exception in the 32-bit code itself */
	uint32_t reserved2;
	struct mode_event event[MODE_EVENTS];
	uint8_t action[256];
};

struct mode_shot {
	const char *prefix; /* before the name; NULL */
	const uint8_t *code;
	size_t size;
	bool v86;	       /* or real mode */
	bool big;	       /* real mode: DS, ES, SS and GS reach 4 GiB; FS does always */
	bool goes_on;	       /* #DB does not end it, as with TF */
	bool paging, no_ports; /* virtual-8086 mode */
	uint32_t entry;	       /* in MODE_CODE_SEGMENT */
	uint32_t gpr[MODE_GPRS], eflags;
	uint16_t segment[MODE_SEGMENTS];
	uint32_t cr4, dr0, dr7;	   /* CR4: what is set beside the usual */
	volatile uint32_t *device; /* NULL: the cell is the eight bytes at DATA:0; else this */
	uint64_t cell;
	uint32_t flags; /* of EFLAGS: those that are told */
	uint16_t hide;	/* GPRs, by number */
	bool hide_cell, hide_stack;
	bool not_tried; /* only its line is printed */
};

/* A state with a value of its own in each register. */
void mode_begin(struct mode_shot *shot, bool v86);

/* Runs a table at each of its modes; prepare changes the state before each. */
void mode_cases_fire(const struct insn_case *cases, bool v86,
		     void (*prepare)(struct mode_shot *shot));

/* Takes the interrupts that wait, so that none comes later. */
void mode_drain(void);

/* mode_world.c: before a chapter, since earlier ones may have written to page 0; then each run. */
void mode_world_init(void);
struct mode_run *mode_run(const struct mode_shot *shot);

/* Linear memory below 1 MiB. */
uint8_t *mode_memory(uint32_t linear);

/* mode_line.c: what happened. */
void mode_line(struct text *text, const struct mode_shot *shot, const struct mode_run *run);
