/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI fixed hardware: events, SCI, PM timer, sleep; and the widths and garbage that guests throw
 * at it.
 */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/acpi_pm.c */
#include "tests/unit/dev_fakes.h"

#include "tests/unit/dev_fake_irq.h"
#include "vmm/dev/acpi_pm.h"
#include "vmm/dev/clock.h"

enum { STS = 0x600, EN = 0x602, CNT = 0x604, TMR = 0x608, SMI = 0xb2 };
enum { TMR_BIT = 1, GBL = 0x20, PWRBTN = 0x100, RTC_EN = 0x400 };

static struct acpi_pm pm;

static uint32_t in16(uint16_t port)
{
	return bus_port_read(port, 2);
}

static void out16(uint16_t port, uint32_t value)
{
	bus_port_write(port, 2, value);
}

static int setup(void **state)
{
	(void)state;
	fake_start();
	memset(fake_irq, 0, sizeof(fake_irq));
	assert_int_equal(acpi_pm_init(&pm), ERR_NONE);
	bus_seal();
	return 0;
}

static void the_smi_command_switches_acpi_on_and_off(void **state)
{
	(void)state;
	assert_int_equal(in16(CNT) & 1, 0);
	for (unsigned value = 0; value < 256; value++) {
		if (value != ACPI_ENABLE_VALUE)
			out8(SMI, value);
		assert_int_equal(in16(CNT), 0);
	}
	out8(SMI, ACPI_ENABLE_VALUE);
	assert_int_equal(in16(CNT), 1);
	assert_int_equal(in8(SMI), ACPI_ENABLE_VALUE);
	out16(CNT, 0); /* OSPM preserves SCI_EN, and cannot do otherwise */
	assert_int_equal(in16(CNT), 1);
	out8(SMI, ACPI_DISABLE_VALUE);
	assert_int_equal(in16(CNT), 0);
	out8(SMI + 1, 0x5a);
	assert_int_equal(in8(SMI + 1), 0x5a);
	/* Two registers of a byte: a word is for both. */
	out16(SMI, 0xa500 | ACPI_ENABLE_VALUE);
	assert_int_equal(in16(CNT), 1);
	assert_int_equal(in8(SMI + 1), 0xa5);
	assert_int_equal(in16(SMI), 0xa500 | ACPI_ENABLE_VALUE);
	assert_int_equal(in8(SMI), ACPI_ENABLE_VALUE);
}

static void the_power_button_raises_the_sci(void **state)
{
	(void)state;
	out8(SMI, ACPI_ENABLE_VALUE);
	out16(EN, PWRBTN);
	assert_false(fake_irq[GSI_SCI].level);
	acpi_pm_press_power(&pm);
	assert_true(fake_irq[GSI_SCI].level);
	assert_int_equal(in16(STS), PWRBTN);
	out16(STS, TMR_BIT | GBL); /* other bits clear nothing */
	assert_true(fake_irq[GSI_SCI].level);
	out16(STS, PWRBTN);
	assert_int_equal(in16(STS), 0);
	assert_false(fake_irq[GSI_SCI].level);
	assert_int_equal(fake.power_offs, 0);
}

static void status_without_enable_waits(void **state)
{
	(void)state;
	out8(SMI, ACPI_ENABLE_VALUE);
	acpi_pm_press_power(&pm);
	assert_false(fake_irq[GSI_SCI].level);
	out16(EN, PWRBTN);
	assert_true(fake_irq[GSI_SCI].level);
	out16(EN, 0);
	assert_false(fake_irq[GSI_SCI].level);
	assert_int_equal(in16(STS), PWRBTN);
	/* In legacy mode there is no SCI either. */
	out16(EN, PWRBTN);
	out8(SMI, ACPI_DISABLE_VALUE);
	assert_false(fake_irq[GSI_SCI].level);
}

static void the_timer_counts_at_3_58_mhz(void **state)
{
	uint32_t before = bus_port_read(TMR, 4);

	(void)state;
	fake_go(1000000000);
	assert_int_equal(bus_port_read(TMR, 4) - before, 3579545);
	fake_go(1200ULL * 1000000000); /* over the wrap of 32 bits */
	assert_int_equal((uint32_t)(bus_port_read(TMR, 4) - before), (uint32_t)(1201ULL * 3579545));
	bus_port_write(TMR, 4, 0);
	assert_int_equal((uint32_t)(bus_port_read(TMR, 4) - before), (uint32_t)(1201ULL * 3579545));
	assert_int_equal(bus_port_read(TMR, 2), bus_port_read(TMR, 4) & 0xffff);
	assert_int_equal(bus_port_read(TMR + 2, 2), bus_port_read(TMR, 4) >> 16);
	assert_int_equal(bus_port_read(TMR + 3, 1), bus_port_read(TMR, 4) >> 24);
}

static void the_carry_sets_its_status(void **state)
{
	uint64_t half = clock_ns(1ULL << 31, CLOCK_PM);

	(void)state;
	fake_go(half - fake.now - 1);
	assert_int_equal(in16(STS), 0);
	fake_go(1);
	assert_int_equal(in16(STS), TMR_BIT);
	assert_int_equal(fake.expiries, 0); /* nobody asked for an interrupt */
	out16(STS, TMR_BIT);
	out8(SMI, ACPI_ENABLE_VALUE);
	out16(EN, TMR_BIT);
	assert_int_equal(fake_irq[GSI_SCI].rises, 0);
	fake_go(half);
	assert_int_equal(fake_irq[GSI_SCI].rises, 1);
	fake_go(10 * half); /* not acknowledged: no more events */
	assert_int_equal(fake_irq[GSI_SCI].rises, 1);
	assert_int_equal(fake.expiries, 1);
	out16(STS, 0xffff);
	assert_false(fake_irq[GSI_SCI].level);
	fake_go(half);
	assert_int_equal(fake_irq[GSI_SCI].rises, 2);
}

static void only_s5_powers_off(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 8; type++) {
		unsigned before = fake.power_offs;

		out16(CNT, type << 10);
		assert_int_equal(fake.power_offs, before);
		out16(CNT, type << 10 | 1 << 13);
		assert_int_equal(fake.power_offs - before, type == ACPI_S5_SLP_TYP);
		assert_int_equal(in16(CNT), type << 10); /* SLP_EN reads 0 */
	}
}

static void sleep_works_by_bytes_and_dwords(void **state)
{
	(void)state;
	out8(CNT + 1, ACPI_S5_SLP_TYP << 2);
	out8(CNT + 1, ACPI_S5_SLP_TYP << 2 | 0x20);
	assert_int_equal(fake.power_offs, 1);
	bus_port_write(CNT, 4, ACPI_S5_SLP_TYP << 10 | 1 << 13);
	assert_int_equal(fake.power_offs, 2);
	bus_port_write(STS, 4, 0xffffffff); /* status and enable only */
	assert_int_equal(fake.power_offs, 2);
	out8(CNT, 0xff);
	assert_int_equal(fake.power_offs, 2);
}

static void byte_accesses_touch_their_byte(void **state)
{
	(void)state;
	acpi_pm_press_power(&pm);
	out8(EN, 0xff);
	assert_int_equal(in16(EN), TMR_BIT | GBL);
	out8(EN + 1, 0xff);
	assert_int_equal(in16(EN), TMR_BIT | GBL | PWRBTN | RTC_EN);
	out8(STS, 0xff);
	assert_int_equal(in16(STS), PWRBTN);
	out8(STS + 1, 0xff);
	assert_int_equal(in16(STS), 0);
	assert_int_equal(bus_port_read(STS, 4), (uint32_t)(TMR_BIT | GBL | PWRBTN | RTC_EN) << 16);
	/* Misaligned: bytes of two registers. */
	assert_int_equal(bus_port_read(STS + 1, 2), 0x2100);
	assert_int_equal(in16(CNT + 2), 0); /* reserved */
}

static void undefined_bits_stay_0(void **state)
{
	(void)state;
	bus_port_write(STS, 4, 0xffffffff);
	out16(CNT, 0xffff & ~(1U << 13));
	assert_int_equal(in16(EN), TMR_BIT | GBL | PWRBTN | RTC_EN);
	assert_int_equal(in16(CNT), 0x1c02);
}

static void reset_returns_to_legacy_mode(void **state)
{
	(void)state;
	out8(SMI, ACPI_ENABLE_VALUE);
	out16(EN, PWRBTN | TMR_BIT);
	acpi_pm_press_power(&pm);
	pm.dev.ops->reset(&pm.dev);
	assert_false(fake_irq[GSI_SCI].level);
	assert_int_equal(bus_port_read(STS, 4), 0);
	assert_int_equal(in16(CNT), 0);
	assert_true(fake.deadline == UINT64_MAX);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_smi_command_switches_acpi_on_and_off),
		T(the_power_button_raises_the_sci),
		T(status_without_enable_waits),
		T(the_timer_counts_at_3_58_mhz),
		T(the_carry_sets_its_status),
		T(only_s5_powers_off),
		T(sleep_works_by_bytes_and_dwords),
		T(byte_accesses_touch_their_byte),
		T(undefined_bits_stay_0),
		T(reset_returns_to_legacy_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
