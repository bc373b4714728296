/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PC as a whole: all models on one bus with the real interrupt controllers, as a guest that
 * boots drives them; resets; ports that must be absent; and several vCPUs at once.
 */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/pc.c vmm/dev/irq.c vmm/dev/pic.c vmm/dev/ioapic.c
 * vmm/dev/pit.c vmm/dev/pit_counter.c vmm/dev/rtc.c vmm/dev/rtc_time.c vmm/dev/rtc_alarm.c
 * vmm/dev/rtc_cmos.c vmm/dev/acpi_pm.c vmm/dev/sysctl.c vmm/dev/kbc.c vmm/dev/uart.c
 * vmm/dev/uart_line.c vmm/dev/pci.c vmm/dev/pci_function.c */
/* libs: -lpthread */
#include <pthread.h>

#include "tests/unit/dev_fakes.h"
#include "tests/unit/random.h"

#include "vmm/dev/pc.h"
#include "vmm/dev/wiring.h"

static int setup(void **state)
{
	const struct pc_config config = {
		.rtc = {.wall_clock = 1767225600, .memory_below_4g = MIB(128)}, .ioapic_id = 1};

	(void)state;
	fake_start();
	assert_int_equal(pc_init(&config), ERR_NONE);
	bus_seal();
	return 0;
}

static void ioapic_write(unsigned index, uint32_t value)
{
	assert_true(bus_mmio_write(IOAPIC_BASE, 4, index));
	assert_true(bus_mmio_write(IOAPIC_BASE + 0x10, 4, value));
}

static void init_pics(unsigned mask)
{
	static const uint8_t icw[] = {0x11, 0x30, 0x04, 0x01};

	out8(0x20, icw[0]);
	out8(0xa0, icw[0]);
	for (unsigned i = 1; i < 4; i++) {
		out8(0x21, icw[i]);
		out8(0xa1, i == 1 ? 0x38 : i == 2 ? 0x02 : 0x01);
	}
	out8(0x21, mask & 0xff);
	out8(0xa1, mask >> 8);
}

static const struct fake_message *last(void)
{
	return &fake.message[(fake.messages - 1) % 64];
}

/* A system without APIC driver: ticks through the 8259. */
static void the_timer_ticks_through_the_8259(void **state)
{
	unsigned ticks = 0;

	(void)state;
	init_pics(0xfffe);
	out8(0x43, 0x34);
	out8(0x40, 1193 & 0xff);
	out8(0x40, 1193 >> 8);
	for (unsigned i = 0; i < 5000; i++) {
		fake_go(100000);
		if (!fake.intr)
			continue;
		assert_int_equal(pc_inta(), 0x30);
		out8(0x20, 0x20);
		ticks++;
	}
	assert_in_range(ticks, 499, 502);
}

/* ISA IRQ 0 is IOAPIC pin 2 (the MADT's override); the others have their own number. */
static void isa_interrupts_reach_their_pins(void **state)
{
	(void)state;
	ioapic_write(0x10 + 2 * 2, 0x40);
	ioapic_write(0x10 + 2 * 4, 0x44);
	ioapic_write(0x10 + 2 * 8, 0x48);
	ioapic_write(0x10 + 2 * 0, 0x50); /* nothing is wired to pin 0 */
	out8(0x43, 0x30);
	out8(0x40, 0x10);
	out8(0x40, 0x00);
	fake_go(1000000);
	assert_int_equal(fake.messages, 1);
	assert_int_equal(last()->vector, 0x40);
	out8(0x3fc, 0x08);
	out8(0x3f9, 0x02);
	assert_int_equal(last()->vector, 0x44);
	out8(0x70, 0x0b);
	out8(0x71, 0x12);
	fake_go(1000000000);
	assert_int_equal(last()->vector, 0x48);
	assert_int_equal(fake.messages, 3);
}

static void the_power_button_is_a_level_until_the_guest_answers(void **state)
{
	uint64_t eoi[4] = {0, BIT(0x49 - 64), 0, 0};

	(void)state;
	ioapic_write(0x10 + 2 * 9, 0x49 | 0x8000);
	out8(0xb2, ACPI_ENABLE_VALUE);
	bus_port_write(0x602, 2, 0x100);
	pc_power_button();
	assert_int_equal(fake.messages, 1);
	assert_true(last()->level);
	assert_true((fake.watch[1] & eoi[1]) != 0);
	pc_eoi(eoi);
	assert_int_equal(fake.messages, 2);
	bus_port_write(0x600, 2, 0x100);
	pc_eoi(eoi);
	assert_int_equal(fake.messages, 2);
	bus_port_write(0x604, 2, ACPI_S5_SLP_TYP << 10 | 1 << 13);
	assert_int_equal(fake.power_offs, 1);
}

/* The same button by the 8259: the SCI is level-triggered there from the start. */
static void the_sci_works_through_the_8259(void **state)
{
	(void)state;
	init_pics(0xffff & ~(1U << 9 | 1U << 2));
	out8(0xb2, ACPI_ENABLE_VALUE);
	bus_port_write(0x602, 2, 0x100);
	pc_power_button();
	assert_true(fake.intr);
	assert_int_equal(pc_inta(), 0x39);
	out8(0xa0, 0x20);
	out8(0x20, 0x20);
	assert_true(fake.intr);
	bus_port_write(0x600, 2, 0x100);
	assert_false(fake.intr);
}

static void console_events_reach_the_uart(void **state)
{
	(void)state;
	fake.in[0] = 'y';
	fake.in_count = 1;
	pc_console_input();
	assert_int_equal(in8(0x3fd), 0x61);
	assert_int_equal(in8(0x3f8), 'y');
	fake.out_space = 0;
	out8(0x3f8, 'a');
	out8(0x3f8, 'b');
	assert_int_equal(pc_uart_dropped(), 1);
	fake.out_space = 1;
	pc_console_space();
	assert_int_equal(fake.out[0], 'a');
	out8(0x80, 0x42);
	assert_int_equal(pc_post_code(), 0x42);
}

/* What this PC does not have must read all-ones: DMA, floppy, second UART, other ranges. */
static void every_other_port_is_absent(void **state)
{
	static const uint16_t present[][2] = {
		{0x20, 0x21},	{0x40, 0x43},	{0x60, 0x61},	{0x64, 0x64},	{0x70, 0x73},
		{0x80, 0x80},	{0x92, 0x92},	{0xa0, 0xa1},	{0xb2, 0xb3},	{0xed, 0xed},
		{0x2f8, 0x2ff}, {0x3f8, 0x3ff}, {0x4d0, 0x4d1}, {0x600, 0x60b}, {0xcf8, 0xcff},
	};

	(void)state;
	for (uint32_t port = 0; port <= 0xffff; port++) {
		bool is_present = false;

		for (unsigned i = 0; i < ARRAY_SIZE(present); i++)
			is_present |= port >= present[i][0] && port <= present[i][1];
		if (is_present)
			continue;
		out8((uint16_t)port, 0);
		assert_int_equal(in8((uint16_t)port), 0xff);
	}
	assert_int_equal(fake.resets + fake.power_offs, 0);
}

/* Every port, many values, all widths: the machine survives and can be reset to the same state. */
/* What a PC may have elsewhere and this one does not: an HPET, a TPM, a second IOAPIC, flash below 4 GiB. */
static void absent_memory_reads_all_ones(void **state)
{
	static const uint64_t absent[] = {0xfed00000, 0xfed40000, 0xfec10000,
					  0xfff00000, 0xc0000000, PCI_ECAM_BASE - 8};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(absent); i++) {
		uint64_t value = 0;

		assert_false(bus_mmio_write(absent[i], 4, 0));
		assert_false(bus_mmio_read(absent[i], 8, &value));
		assert_int_equal(value, UINT64_MAX);
	}
}

static void garbage_on_all_ports_and_a_thousand_resets(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 1000; round++) {
		for (unsigned i = 0; i < 200; i++) {
			uint32_t draw = (uint32_t)next_random();
			uint16_t port = (uint16_t)(draw >> 20 & 0xfff);
			unsigned size = 1U << (draw >> 9) % 3;

			bus_port_write(port, size, (uint32_t)next_random());
			bus_port_read(port, size);
			fake_go(draw >> 14);
		}
		fake.out_count = 0;
		pc_reset();
		assert_false(fake.intr);
		assert_true(fake.deadline == UINT64_MAX);
		assert_true((fake.watch[0] | fake.watch[1] | fake.watch[2] | fake.watch[3]) == 0);
		assert_int_equal(in8(0x21), 0xff);
		assert_int_equal(in8(0x3fd), 0x60);
		assert_int_equal(in8(0x64), 0x14);
		assert_int_equal(in8(0xcf9), 0);
		assert_int_equal(bus_port_read(0x600, 4), 0);
	}
}

/* vCPUs on two CPUs in the same devices. What is asserted is that no state is torn. */
static void *hammer(void *arg)
{
	uint64_t *state = arg;

	for (unsigned i = 0; i < 50000; i++) {
		uint32_t draw = (uint32_t)random_step(state);
		uint64_t value;

		switch (draw >> 28) {
		case 0:
			out8(0x70, 0x0c);
			in8(0x71);
			break;
		case 1:
			out8(0x43, 0x34);
			out8(0x40, draw & 0xff);
			out8(0x40, 0x40);
			break;
		case 2:
			in8(0x40);
			break;
		case 3:
			out8(0x3f9, draw >> 8 & 0xf);
			break;
		case 4:
			in8(0x3fa);
			break;
		case 5:
			bus_mmio_write(IOAPIC_BASE, 4, 0x10 + (draw >> 8 & 0x2f));
			bus_mmio_write(IOAPIC_BASE + 0x10, 4, draw & 0x1f7ff);
			break;
		case 6:
			bus_mmio_read(IOAPIC_BASE + 0x10, 4, &value);
			break;
		case 7:
			pc_inta();
			break;
		case 8:
			bus_port_write(0x602, 2, draw >> 8);
			break;
		case 9:
			pc_power_button();
			break;
		case 10:
			bus_port_write(0xcf8, 4, draw | 0x80000000);
			bus_port_read(0xcfc, 4);
			break;
		case 11:
			pc_deadline();
			break;
		case 12:
			out8(0x80, draw & 0xff);
			pc_post_code();
			out8(0xb2, ACPI_ENABLE_VALUE - (draw >> 8 & 1));
			bus_port_read(0xcf8, 4);
			break;
		case 13:
			out8(0x3f8, 'h');
			pc_console_input();
			pc_console_space();
			pc_uart_dropped();
			break;
		default:
			bus_port_read((uint16_t)(draw >> 8 & 0xff), 1);
			break;
		}
	}
	return NULL;
}

static void two_vcpus_do_not_tear_state(void **state)
{
	uint64_t states[2] = {RANDOM_START, ~RANDOM_START};
	pthread_t thread[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, hammer, &states[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	pc_reset();
	assert_false(fake.intr);
	assert_true(fake.deadline == UINT64_MAX);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_timer_ticks_through_the_8259),
		T(isa_interrupts_reach_their_pins),
		T(the_power_button_is_a_level_until_the_guest_answers),
		T(the_sci_works_through_the_8259),
		T(console_events_reach_the_uart),
		T(every_other_port_is_absent),
		T(absent_memory_reads_all_ones),
		T(garbage_on_all_ports_and_a_thousand_resets),
		T(two_vcpus_do_not_tear_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
