/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that modes.S and modes.c share: the low pages, their data, the selectors. */
#pragma once

/* Two pages that real mode reaches: code and data in the first, the stack in the second. */
#define LOW	    0x9000
#define LOW_SEGMENT 0x900
#define LOW_STACK   0x1ff0

/* Offsets in the first page. */
#define LOW_STEP     0xe00 /* the step that failed, or 0 */
#define LOW_LEAF     0xe04 /* what CPUID 0 has to answer in EAX */
#define LOW_BASE     0xe08 /* likewise RDMSR of IA32_APIC_BASE, its lower half */
#define LOW_VERSION  0xe0c /* and the version register of the local APIC */
#define LOW_REAL     0xe10 /* not 0: on to real mode */
#define LOW_COUNT_50 0xe14 /* how often each vector came in real mode */
#define LOW_COUNT_60 0xe15
#define LOW_COUNT_71 0xe16
#define LOW_COUNT_UD 0xe17
#define LOW_BUFFER   0xe18
#define LOW_DATA     0x30

#define MODE_CODE32 0x08
#define MODE_DATA32 0x10
#define MODE_CODE16 0x18 /* base LOW */
#define MODE_DATA16 0x20
#define MODE_CODE64 0x28
#define MODE_TSS    0x30
#define MODE_TASK   0x38 /* the TSS of another task */

#define MODE_TASK_A 0x40 /* two more: tasks.S */
#define MODE_TASK_B 0x48

#define MODE_DEVICE	0x50 /* for segments.S: 64 KiB from the test device's memory on */
#define MODE_SMALL	0x58 /* LOW_BUFFER, 24 bytes */
#define MODE_DOWN	0x60 /* expands down to 1000h */
#define MODE_READ_ONLY	0x68
#define MODE_CODE_ONLY	0x70
#define MODE_CONFORMING 0x78
#define MODE_ABSENT	0x80
#define MODE_CODE_16M	0x88 /* code of 16 MiB */

#define MODE_VECTORS	 32
#define MODE_STUB_SIZE	 16
#define MODE_VECTOR_CALL 0x50 /* from any CPL */
#define MODE_VECTOR_TASK 0x51 /* a task gate */

#define PORT_NOTHING 0x1f0
#define PORT_CLOSED  0x80	/* to virtual-8086 mode */
#define NO_PAGE	     0x70000000 /* absent in the tables of 32-bit paging, and of PAE's */
#define NO_TABLE     0x40000000 /* its PDPTE has reserved bits in mode_bad_pdpt */

#define TASK_FINAL 0x1234 /* EAX of the other task when it ended */
