/* SPDX-License-Identifier: BSD-2-Clause */
/* SDM 3A 11 "Advanced Programmable Interrupt Controller (APIC)": both ways in, one face. */
#include "tests/guests/lib/apic.h"

#include "arch/x86_64/insn.h"

enum { SPURIOUS = 0xff };

bool apic_is_x2(void)
{
	return msr_read(MSR_APIC) & APIC_BASE_X2;
}

void apic_use_x2(void)
{
	msr_write(MSR_APIC, msr_read(MSR_APIC) | APIC_BASE_X2);
}

static volatile uint32_t *page(unsigned offset)
{
	return (volatile uint32_t *)(APIC_PAGE + offset);
}

uint32_t apic_read(unsigned offset)
{
	if (apic_is_x2())
		return (uint32_t)msr_read(MSR_X2APIC + offset / 16);
	return *page(offset);
}

void apic_write(unsigned offset, uint32_t value)
{
	if (apic_is_x2())
		msr_write(MSR_X2APIC + offset / 16, value);
	else
		*page(offset) = value;
}

void apic_enable(void)
{
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, LVT_MASKED);
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_SVR, SVR_ENABLE | SPURIOUS);
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_send(uint32_t destination, uint32_t bits)
{
	if (apic_is_x2()) {
		msr_write(MSR_X2APIC + APIC_ICR / 16, (uint64_t)destination << 32 | bits);
		return;
	}
	*page(APIC_ICR_HIGH) = destination << 24;
	*page(APIC_ICR) = bits;
	while (*page(APIC_ICR) & ICR_BUSY)
		cpu_pause();
}

uint32_t apic_id(void)
{
	return apic_is_x2() ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
}
