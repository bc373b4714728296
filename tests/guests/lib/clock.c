/* SPDX-License-Identifier: BSD-2-Clause */
/* The PM timer runs at 3.579545 MHz: ACPI 6.5, 4.8.3.3 "Power Management Timer". */
#include "tests/guests/lib/clock.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"

enum { PM_TIMER_PORT = 0x608, PM_TIMER_HZ = 3579545, MEASURED_HZ = 100, GUESS_KHZ = 1000000 };
enum { LEAF_SIGNATURE = 0x40000000, LEAF_TIMING = 0x40000010, ECX1_DEADLINE = 1 << 24 };

static uint64_t khz;
static uint64_t apic_khz; /* of the local APIC's timer, divided by 1; 0: it has TSC-deadline */

uint32_t clock_pm_timer(void)
{
	return io_in32(PM_TIMER_PORT);
}

static uint64_t measure(void)
{
	uint32_t start = clock_pm_timer();
	uint64_t tsc = tsc_read();

	if (start == UINT32_MAX)
		return GUESS_KHZ; /* a bare machine with the timer elsewhere */
	while (((clock_pm_timer() - start) & 0xffffff) < PM_TIMER_HZ / MEASURED_HZ)
		cpu_pause();
	return (tsc_read() - tsc) * MEASURED_HZ / 1000;
}

static uint64_t measure_apic(void)
{
	uint64_t end;

	apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_INITIAL, UINT32_MAX);
	end = clock_after_ms(10);
	while (!clock_is_past(end))
		cpu_pause();
	return (UINT32_MAX - apic_read(APIC_CURRENT)) / 10;
}

void clock_init(void)
{
	struct cpuid_regs signature = cpuid(LEAF_SIGNATURE, 0);

	khz = 0;
	if (signature.eax >= LEAF_TIMING && signature.eax < LEAF_SIGNATURE + 0x100)
		khz = cpuid(LEAF_TIMING, 0).eax;
	if (!khz)
		khz = measure();
}

uint64_t clock_khz(void)
{
	return khz;
}

uint64_t clock_after_ms(uint64_t ms)
{
	return tsc_read() + ms * khz;
}

bool clock_is_past(uint64_t tsc)
{
	return (int64_t)(tsc_read() - tsc) >= 0;
}

/*
 * Loops take few of QEMU's slow PAUSEs, and run with interrupts on: under SVM Bochs cannot preempt a guest
 * that was entered with IF=0, and who is waited for may be on the same CPU.
 */
void clock_relax(void)
{
	bool enabled = rflags_read() & RFLAGS_IF;

	interrupts_enable();
	cpu_pause();
	for (unsigned i = 0; i < 100; i++)
		asm volatile("");
	if (!enabled)
		interrupts_disable();
}

void clock_spin_us(uint64_t us)
{
	uint64_t end = tsc_read() + us * khz / 1000;

	while (!clock_is_past(end))
		clock_relax();
}

void clock_arm(unsigned vector, uint64_t tsc)
{
	uint64_t now, ticks;

	if (cpuid(1, 0).ecx & ECX1_DEADLINE) {
		apic_write(APIC_LVT_TIMER, LVT_DEADLINE | vector);
		memory_fence(); /* SDM 3A 11.5.4.1: the LVT first */
		msr_write(MSR_DEADLINE, tsc);
		return;
	}
	if (!apic_khz)
		apic_khz = measure_apic();
	now = tsc_read();
	ticks = tsc > now ? (tsc - now) * apic_khz / khz : 0;
	apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, vector);
	apic_write(APIC_INITIAL, ticks ? (uint32_t)ticks : 1);
}
