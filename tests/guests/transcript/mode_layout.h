/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that the assembly and the C of the other modes share: the memory below 1 MiB, struct
 * mode_run.
 */
#pragma once

/* By linear address. In real mode the vector table is at 0. */
#define MODE_IVT_AGAIN 0x5000 /* a copy, for LIDT */
#define MODE_LOW       0x9000 /* 16-bit code of our own: two pages */
#define MODE_RUN       0xb000 /* struct mode_run */
#define MODE_LOW_STACK 0xd000 /* its end */

/* As real mode has them: each shot's code, data and stack, 64 KiB each. */
#define MODE_LOW_SEGMENT   0x900
#define MODE_CODE_SEGMENT  0x1000
#define MODE_DATA_SEGMENT  0x2000
#define MODE_STACK_SEGMENT 0x3000
#define MODE_PAGES_SEGMENT 0x4000 /* with paging: pages with other rights, and devices */
#define MODE_SEGMENT_SIZE  0x10000

#define MODE_CODE32	0x08
#define MODE_DATA32	0x10
#define MODE_CODE16	0x18 /* base MODE_LOW */
#define MODE_DATA16	0x20
#define MODE_DATA_BIG	0x28 /* of 4 GiB, but the stack pointer has 16 bits */
#define MODE_CODE64	0x30
#define MODE_TSS	0x38
#define MODE_CONFORMING 0x40 /* a handler of virtual-8086 mode cannot be there */
#define MODE_GDT_END	0x48

#define MODE_LOW_STUB_SIZE 8
#define MODE_STUB_SIZE	   16

/* struct mode_run, from its beginning. */
#define RUN_EAX	     0x00
#define RUN_ECX	     0x04
#define RUN_EDX	     0x08
#define RUN_EBX	     0x0c
#define RUN_ESP	     0x10
#define RUN_EBP	     0x14
#define RUN_ESI	     0x18
#define RUN_EDI	     0x1c
#define RUN_VECTOR   0x20
#define RUN_ERROR    0x24
#define RUN_EIP	     0x28
#define RUN_CS	     0x2c
#define RUN_EFLAGS   0x30
#define RUN_DR6	     0x34
#define RUN_ES	     0x38
#define RUN_SS	     0x3c
#define RUN_DS	     0x40
#define RUN_FS	     0x44
#define RUN_GS	     0x48
#define RUN_CR0	     0x4c
#define RUN_CR2	     0x50
#define RUN_CR3	     0x54
#define RUN_CR4	     0x58
#define RUN_DR0	     0x5c
#define RUN_DR6_LAST 0x60
#define RUN_DR7	     0x64
#define RUN_EFER     0x68
#define RUN_V86	     0x6c
#define RUN_BIG	     0x70
#define RUN_EVENTS   0x74
#define RUN_AT_ENTRY 0x78
#define RUN_GDT	     0x88
#define RUN_IDT	     0x90
#define RUN_LOST     0x98
#define RUN_EVENT    0xa0
#define RUN_ACTIONS  0x1c0
#define RUN_SIZE     0x2c0

/* An event: from RUN_VECTOR to RUN_DR6. */
#define MODE_EVENT_SIZE 24
#define MODE_EVENTS	12

/* What becomes of a vector. */
#define MODE_ENDS    0
#define MODE_GOES_ON 1

#define MODE_VECTOR 0x63 /* interrupts have this one; INT may use it from virtual-8086 mode, too */
