/* SPDX-License-Identifier: BSD-2-Clause */
/* The stage: a 2 MiB region of the address space below 4 GiB where no memory of the guest's is otherwise. */
#pragma once

#define STAGE	     0x40000000UL
#define STAGE_CODE   (STAGE + 0x1000)
#define STAGE_DATA   (STAGE + 0x3000)  /* two pages, and nothing after them */
#define STAGE_STACK  (STAGE + 0x8000)  /* the top: two pages, and nothing below them */
#define STAGE_PAGE   (STAGE + 0x10000) /* for cases that need one of their own, with other rights */
#define STAGE_DEVICE (STAGE + 0x20000) /* the local APIC, the IOAPIC, nobody: one page each */
#define STAGE_HOLE   (STAGE_DEVICE + 0x2000)
