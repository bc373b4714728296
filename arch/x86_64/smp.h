/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts the other CPUs, one after another: INIT, SIPI, SIPI, and a trampoline page below 1 MiB. A
 * CPU that does not answer in time is asked once more at the end, and then left out; should it wake
 * up later it finds its place cancelled and halts.
 */
#pragma once

#include "lib/types.h"

enum smp_state {
	SMP_OFF, /* not tried */
	SMP_RUNNING,
	SMP_SILENT,    /* did not answer, also when it was asked once more */
	SMP_FAILED,    /* took its place, and did not get to its end */
	SMP_DIFFERENT, /* lacks what CPU 0 has: smp_target.feature; it halted */
	SMP_NO_MEMORY, /* no per-CPU block for it */
};

struct smp_target {
	/* In. */
	uint32_t apic_id;
	unsigned number; /* 1.. */
	/* Out. */
	enum smp_state state;
	const char *feature;
	int64_t tsc_ahead;	/* estimate of its TSC minus CPU 0's, in ticks */
	uint64_t tsc_tolerance; /* the estimate is good to +- this */
	uint64_t tsc_warp;	/* by how much time went backwards between the two; 0: it did not */
};

/* Runs on a CPU before it is taken: what else it lacks, in words, or NULL. */
typedef const char *smp_differs_t(void);

/*
 * Those that are SMP_RUNNING afterwards are on their way to kernel_ap_main. trampoline is a page of RAM
 * below 1 MiB that stays the kernel's for good. differs: NULL, or asked beside cpu_features_differ.
 * CPU 0, in its block, APIC up.
 */
void smp_start(struct smp_target *targets, unsigned count, hpa_t trampoline, uint64_t tsc_khz,
	       smp_differs_t *differs);

/*
 * Defined by kernel/: on the CPU's own stack, everything of cpu_enter and apic_init_cpu done, IF=0.
 */
noreturn void kernel_ap_main(unsigned number);
