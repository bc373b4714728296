/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC's timer as an alarm clock in TSC ticks. Without TSC-deadline mode it is periodic: an alarm
 * that nobody hears rings again. QEMU's TCG loses interrupts that come while it leaves a guest, and a guest
 * that never exits would then have its CPU for good.
 */
#include "arch/x86_64/apic_access.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/vectors.h"

enum {
	COUNT_SHIFT = 32,
	/* Less time is below what programming it takes, and would ring again before it is heard. */
	COUNT_MIN_US = 2,
};

/* Without TSC-deadline: counts = ticks * count_mul >> COUNT_SHIFT; beyond ticks_max it is all ones. */
static uint64_t count_mul, ticks_max, count_khz, count_min;
static uint64_t calibration_start; /* TSC */

void apic_timer_calibrate_begin(void)
{
	if (cpu_features.tsc_deadline)
		return;
	calibration_start = tsc_read_ordered();
	apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
}

void apic_timer_calibrate_end(uint64_t tsc_khz)
{
	uint64_t ticks, counts;

	if (cpu_features.tsc_deadline)
		return;
	counts = UINT32_MAX - apic_read(APIC_TIMER_CURRENT);
	ticks = tsc_read_ordered() - calibration_start;
	apic_write(APIC_TIMER_INITIAL, 0);

	count_khz = counts * tsc_khz / ticks;
	count_min = count_khz * COUNT_MIN_US / 1000 + 1; /* 0 would stop the timer */
	count_mul = MAX((counts << COUNT_SHIFT) / ticks, 1);
	/* So that neither the product nor the count overflows. */
	ticks_max = MIN(UINT64_MAX / count_mul, ((uint64_t)UINT32_MAX << COUNT_SHIFT) / count_mul);
}

uint64_t apic_timer_khz(void)
{
	return count_khz;
}

void apic_timer_init_cpu(void)
{
	uint32_t mode = cpu_features.tsc_deadline ? APIC_LVT_TSC_DEADLINE : APIC_LVT_PERIODIC;

	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	apic_write(APIC_TIMER_INITIAL, 0);
	apic_write(APIC_LVT_TIMER, mode | VECTOR_TIMER);
	/* In xAPIC mode this must be done before the first write to the MSR: SDM 3A 11.5.4.1. */
	memory_fence();
}

static void arm_count(uint64_t tsc)
{
	uint64_t now = tsc_read();
	uint64_t ticks = tsc > now ? MIN(tsc - now, ticks_max) : 0;

	apic_write(APIC_TIMER_INITIAL, (uint32_t)MAX(ticks * count_mul >> COUNT_SHIFT, count_min));
}

void apic_timer_arm(uint64_t tsc)
{
	if (cpu_features.tsc_deadline)
		msr_write(MSR_TSC_DEADLINE, MAX(tsc, 1)); /* 0 would disarm */
	else
		arm_count(tsc);
}

void apic_timer_stop(void)
{
	if (cpu_features.tsc_deadline)
		msr_write(MSR_TSC_DEADLINE, 0);
	else
		apic_write(APIC_TIMER_INITIAL, 0);
}
