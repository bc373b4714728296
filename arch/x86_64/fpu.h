/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The FPU, SSE, AVX and kin, which only guests use: their state in memory areas, saved and restored
 * under the host's full XCR0. The caller sets XCR0 to fpu_host_xcr0() before, to the guest's after.
 */
#pragma once

#include "arch/x86_64/cpu_features.h"

enum fpu_layout { FPU_AREA_ALIGN = 64 };

/* For cpu_features.c: fills in xcr0_host and xsave_size from what else is known of a CPU. */
void fpu_features(struct cpu_features *features);

/* Each CPU, by cpu_enter: CR4 and XCR0. */
void fpu_init_cpu(void);

/* In bytes. Without XSAVE 512. */
static inline uint32_t fpu_area_size(void)
{
	return cpu_features.xsave_size;
}

/* 0 where there is no XSAVE; then no XCR0 either. */
static inline uint64_t fpu_host_xcr0(void)
{
	return cpu_features.xcr0_host;
}

/*
 * The state after RESET: SDM 3A table 9-1 "IA-32 and Intel 64 Processor States Following Power-up".
 */
void fpu_area_init(void *area);

void fpu_save(void *area);
/* False if the processor refuses what is in area: then the registers are undefined. */
bool must_check fpu_restore(const void *area);

/*
 * What XSETBV would take: SDM 1 13.3 "Enabling the XSAVE Feature Set". supported: the guest's mask.
 */
bool xcr0_valid(uint64_t value, uint64_t supported);
