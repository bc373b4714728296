/* SPDX-License-Identifier: BSD-2-Clause */
/* The register states in which a vCPU starts: by a boot protocol, after INIT, after SIPI. */
#pragma once

#include "abi/frame.h"
#include "vmm/loader.h"

/* What these functions write: all that there is. */
enum { START_GROUPS = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT | GROUP_SYSTEM };

/*
 * At the boot protocol's entry. Writes what goes with it into guest memory: the BIOS data area's words,
 * and for the flat modes a GDT and page tables.
 */
void start_state_boot(struct frame *frame, const struct boot_entry *entry);

/*
 * SDM 3A 10.1.1 "Processor State After Reset", column "INIT". signature: CPUID.1:EAX. What INIT
 * does not change keeps its value if the kernel filled the group in, and else gets that of
 * power-up.
 */
void start_state_init(struct frame *frame, uint32_t signature);

/* After INIT and then SIPI: real mode, at vector * 4 KiB. */
void start_state_sipi(struct frame *frame, uint32_t signature, uint8_t vector);
