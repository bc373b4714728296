/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock that KVM's guests know (Linux, Documentation/virt/kvm/x86/msr.rst): a structure in
 * guest memory that says how the TSC gives the time. As the TSC is stable, it is written once.
 */
#pragma once

#include "lib/types.h"

/* What the structures say. Time 0 of the clock is the partition's start. */
struct pvclock_source {
	uint64_t tsc_khz;
	uint64_t start_tsc;  /* the guest's TSC at time 0 */
	uint64_t start_wall; /* Unix time at time 0, ns */
};

/* ns = ((ticks << shift or >> -shift) * multiplier) >> 32 */
struct pvclock_scale {
	uint32_t multiplier;
	int8_t shift;
};

struct pvclock_scale pvclock_scale(uint64_t tsc_khz);

/*
 * Fill in the guest's structure at gpa. Where there is no RAM nothing is written, which is the
 * guest's own loss.
 */
void pvclock_write_time(const struct pvclock_source *source, gpa_t gpa);
void pvclock_write_wall(const struct pvclock_source *source, gpa_t gpa);
