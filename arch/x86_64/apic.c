/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's local APIC: both register interfaces, set-up, interrupts to other CPUs. */
#include "arch/x86_64/apic.h"

#include "arch/x86_64/apic_access.h"
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/vectors.h"

/* SDM 3A 11.6.1: how long an IPI may stay undelivered before we go on regardless. */
enum { ICR_PATIENCE = 1000000 };

static volatile uint32_t *registers; /* the xAPIC page; NULL in x2APIC mode */
static hpa_t base_pa;
static bool ready, x2apic;
/*
 * LVT thermal of CPU 0 as the firmware left it. If that is an SMI the firmware needs it, on every CPU: INIT
 * has masked it on all but this one, and Linux, before it kept it, had CPUs that locked up.
 */
static uint32_t firmware_thermal = APIC_LVT_MASKED;

uint32_t apic_read(enum apic_register reg)
{
	if (!registers)
		return (uint32_t)msr_read(MSR_X2APIC_BASE + (uint32_t)reg / 16);
	return registers[(uint32_t)reg / 4];
}

void apic_write(enum apic_register reg, uint32_t value)
{
	if (!registers)
		msr_write(MSR_X2APIC_BASE + (uint32_t)reg / 16, value);
	else
		registers[(uint32_t)reg / 4] = value;
}

bool apic_init(bool opt_out)
{
	uint64_t base = msr_read(MSR_APIC_BASE);

	base_pa = base & PAGE_ADDRESS;
	x2apic = cpu_features.x2apic && (!opt_out || base & APIC_BASE_EXTD);
	if (x2apic)
		return true;
	registers = mmio_map(base_pa, PAGE_SIZE, PAGE_UC);
	return registers != NULL;
}

/*
 * SDM 3A 11.12.5.1 "x2APIC States": EN and EXTD one after the other. If firmware put this CPU's page
 * elsewhere than CPU 0's it is moved: we map one page for all.
 */
static void mode_set(void)
{
	uint64_t is = msr_read(MSR_APIC_BASE);
	uint64_t want = (is & ~PAGE_ADDRESS) | base_pa | APIC_BASE_EN;

	if (is != want)
		msr_write(MSR_APIC_BASE, want);
	if (x2apic && !(want & APIC_BASE_EXTD))
		msr_write(MSR_APIC_BASE, want | APIC_BASE_EXTD);
}

static uint32_t thermal(void)
{
	return (firmware_thermal & APIC_LVT_DELIVERY) == APIC_LVT_SMI
		       ? firmware_thermal
		       : (uint32_t)APIC_LVT_MASKED | VECTOR_SPURIOUS;
}

void apic_init_cpu(void)
{
	unsigned lvts;

	mode_set();
	lvts = (apic_read(APIC_VERSION) >> 16 & 0xff) + 1;
	if (!ready && lvts > 5)
		firmware_thermal = apic_read(APIC_LVT_THERMAL);
	/* Software-enabled first: while it is not, LVTs cannot be unmasked. */
	apic_write(APIC_SVR, (uint32_t)APIC_SVR_ENABLE | VECTOR_SPURIOUS);
	apic_write(APIC_TPR, 0);
	apic_timer_init_cpu();
	apic_write(APIC_LVT_LINT0, (uint32_t)APIC_LVT_MASKED | VECTOR_SPURIOUS);
	apic_write(APIC_LVT_LINT1, APIC_LVT_NMI);
	if (lvts > 4)
		apic_write(APIC_LVT_PERF, (uint32_t)APIC_LVT_MASKED | VECTOR_SPURIOUS);
	if (lvts > 5)
		apic_write(APIC_LVT_THERMAL, thermal());
	if (lvts > 6)
		apic_write(APIC_LVT_CMCI, (uint32_t)APIC_LVT_MASKED | VECTOR_SPURIOUS);
	apic_write(APIC_LVT_ERROR, VECTOR_ERROR);
	/* What firmware left in service would hold everything of lower priority back for good. */
	for (unsigned i = 0; i < 256; i++)
		apic_write(APIC_EOI, 0);
	apic_write(APIC_ESR, 0);
	arch_cpu()->apic_id = apic_id();
	ready = true;
}

bool apic_is_ready(void)
{
	return ready;
}

const volatile void *apic_page(hpa_t *pa)
{
	*pa = base_pa;
	return registers;
}

bool apic_is_x2apic(void)
{
	return !registers;
}

uint32_t apic_id(void)
{
	uint32_t id = apic_read(APIC_ID);

	return registers ? id >> 24 : id;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

static void icr_wait(void)
{
	for (unsigned i = 0; i < ICR_PATIENCE && (apic_read(APIC_ICR_LOW) & APIC_ICR_PENDING); i++)
		cpu_pause();
}

static void icr_send(uint32_t id, uint32_t low)
{
	if (!registers) {
		/*
		 * Unlike a store to the page, WRMSR here does not wait for earlier stores: SDM 3A
		 * 11.12.3.
		 */
		memory_fence();
		msr_write(MSR_X2APIC_BASE + APIC_ICR_LOW / 16, (uint64_t)id << 32 | low);
		return;
	}
	icr_wait();
	apic_write(APIC_ICR_HIGH, id << 24);
	apic_write(APIC_ICR_LOW, low);
	icr_wait();
}

void apic_send_fixed(uint32_t id, uint8_t vector)
{
	icr_send(id, (uint32_t)APIC_ICR_FIXED | (uint32_t)APIC_ICR_ASSERT | vector);
}

void apic_send_nmi(uint32_t id)
{
	icr_send(id, (uint32_t)APIC_ICR_NMI | (uint32_t)APIC_ICR_ASSERT);
}

void apic_send_nmi_all_but_self(void)
{
	for (unsigned i = 0; i < percpu_limit(); i++) {
		const struct arch_cpu *cpu = arch_cpu_of(i);

		if (percpu_exists(i) && cpu->online && cpu != arch_cpu())
			apic_send_nmi(cpu->apic_id);
	}
}

void apic_send_init(uint32_t id)
{
	icr_send(id, (uint32_t)APIC_ICR_INIT | (uint32_t)APIC_ICR_ASSERT);
}

void apic_send_sipi(uint32_t id, uint8_t page)
{
	icr_send(id, (uint32_t)APIC_ICR_STARTUP | (uint32_t)APIC_ICR_ASSERT | page);
}

void apic_error_interrupt(void)
{
	struct arch_cpu *cpu = arch_cpu();

	/* A write latches what happened since the last one: SDM 3A 11.5.3 "Error Handling". */
	apic_write(APIC_ESR, 0);
	cpu->apic_esr |= apic_read(APIC_ESR);
	cpu->apic_errors++;
}

static bool vector_bit(enum apic_register first, uint8_t vector)
{
	enum apic_register reg = (enum apic_register)((unsigned)first + vector / 32U * 16U);

	return apic_read(reg) >> vector % 32 & 1;
}

bool apic_vector_requested(uint8_t vector)
{
	return vector_bit(APIC_IRR, vector);
}

bool apic_vector_in_service(uint8_t vector)
{
	return vector_bit(APIC_ISR, vector);
}
