/* SPDX-License-Identifier: BSD-2-Clause */
/* Every way a guest can reset itself, and the keyboard controller that drivers probe. */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/sysctl.c vmm/dev/kbc.c vmm/dev/pci.c vmm/dev/pci_function.c */
#include "tests/unit/dev_fakes.h"

#include "tests/unit/dev_fake_irq.h"
#include "tests/unit/random.h"
#include "vmm/dev/kbc.h"
#include "vmm/dev/pci.h"
#include "vmm/dev/sysctl.h"

static struct sysctl sys;
static struct kbc kbc;
static struct pci pci;

static int setup(void **state)
{
	(void)state;
	fake_start();
	memset(fake_irq, 0, sizeof(fake_irq));
	assert_int_equal(sysctl_init(&sys), ERR_NONE);
	assert_int_equal(kbc_init(&kbc), ERR_NONE);
	assert_int_equal(pci_init(&pci, &sys), ERR_NONE);
	bus_seal();
	return 0;
}

static void cf9_resets_on_the_rise_of_bit_2(void **state)
{
	(void)state;
	out8(0xcf9, 0x02);
	assert_int_equal(fake.resets, 0);
	assert_int_equal(in8(0xcf9), 0x02);
	out8(0xcf9, 0x06);
	assert_int_equal(fake.resets, 1);
	out8(0xcf9, 0x06); /* no rise */
	assert_int_equal(fake.resets, 1);
	out8(0xcf9, 0x00);
	out8(0xcf9, 0xff);
	assert_int_equal(fake.resets, 2);
	assert_int_equal(in8(0xcf9), 0x0e);
	sys.dev.ops->reset(&sys.dev);
	assert_int_equal(in8(0xcf9), 0);
	out8(0xcf9, ACPI_RESET_VALUE); /* the FADT's one write is enough */
	assert_int_equal(fake.resets, 3);
}

static void cf9_is_a_byte_inside_the_pci_address(void **state)
{
	(void)state;
	bus_port_write(0xcf8, 4, 0x80000604); /* a configuration address, not a reset */
	assert_int_equal(fake.resets, 0);
	assert_int_equal(bus_port_read(0xcf8, 4), 0x80000604);
	bus_port_write(0xcf8, 2, 0x0600); /* a word: its high byte is CF9h */
	assert_int_equal(fake.resets, 1);
	assert_int_equal(bus_port_read(0xcf8, 4), 0x80000604);
	assert_int_equal(bus_port_read(0xcf8, 2), 0x06ff);
	assert_int_equal(in8(0xcf8), 0xff);
	assert_int_equal(in8(0xcfa), 0xff);
	assert_int_equal(bus_port_read(0xcfa, 2), 0xffff);
	out8(0xcf8, 0x06);
	out8(0xcfa, 0x06);
	out8(0xcfb, 0x06);
	assert_int_equal(fake.resets, 1);
}

static void port_92_resets_on_the_rise_of_bit_0(void **state)
{
	(void)state;
	assert_int_equal(in8(0x92), 0x02);
	out8(0x92, 0x00);
	assert_int_equal(in8(0x92), 0x00);
	out8(0x92, 0xfe);
	assert_int_equal(in8(0x92), 0x02);
	assert_int_equal(fake.resets, 0);
	out8(0x92, 0x03);
	assert_int_equal(fake.resets, 1);
	out8(0x92, 0x03);
	assert_int_equal(fake.resets, 1);
}

static void post_and_delay_ports_take_anything(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 256; value++) {
		out8(0x80, value);
		out8(0xed, 255 - value);
		assert_int_equal(in8(0x80), value);
		assert_int_equal(in8(0xed), 255 - value);
	}
}

static void the_keyboard_controller_resets_by_pulse_and_port(void **state)
{
	(void)state;
	for (unsigned command = 0; command < 256; command++) {
		unsigned before = fake.resets;

		out8(0x64, command);
		assert_int_equal(fake.resets - before, command >= 0xf0 && (command & 1) == 0);
		kbc.dev.ops->reset(&kbc.dev);
	}
	fake.resets = 0;
	out8(0x64, 0xd1);
	out8(0x60, 0x03);
	assert_int_equal(fake.resets, 0);
	out8(0x64, 0xd1);
	out8(0x60, 0x02);
	assert_int_equal(fake.resets, 1);
	out8(0x60, 0x02); /* not the port's byte any more */
	assert_int_equal(fake.resets, 1);
}

/* D1h, DFh is how loaders switch A20 on; D0h then shows that, and an output buffer that is empty. */
static void a20_by_the_output_port(void **state)
{
	(void)state;
	out8(0x64, 0xd1);
	out8(0x60, 0xdf);
	out8(0x64, 0xff); /* "pulse nothing", as loaders send it afterwards */
	assert_int_equal(fake.resets, 0);
	out8(0x64, 0xd0);
	assert_int_equal(in8(0x60), 0xcf);
	out8(0x64, 0xd1);
	out8(0x60, 0xdd);
	out8(0x64, 0xd0);
	assert_int_equal(in8(0x60) & 2, 0);
}

static void no_password_is_installed(void **state)
{
	(void)state;
	out8(0x64, 0xa4);
	assert_int_equal(in8(0x60), 0xf1);
}

static void the_self_test_answers_55(void **state)
{
	(void)state;
	assert_int_equal(in8(0x64), 0x14);
	out8(0x64, 0xaa);
	assert_int_equal(in8(0x64), 0x1d);
	assert_int_equal(in8(0x60), 0x55);
	assert_int_equal(in8(0x64), 0x1c);
	assert_int_equal(in8(0x60), 0x55); /* an empty buffer shows its last byte */
}

static void the_command_byte_is_memory_byte_0(void **state)
{
	(void)state;
	out8(0x64, 0x60);
	out8(0x60, 0x47);
	out8(0x64, 0x20);
	assert_int_equal(in8(0x60), 0x47);
	out8(0x64, 0xa7);
	out8(0x64, 0xad);
	out8(0x64, 0x20);
	assert_int_equal(in8(0x60), 0x77);
	out8(0x64, 0xa8);
	out8(0x64, 0xae);
	out8(0x64, 0x20);
	assert_int_equal(in8(0x60), 0x47);
	for (unsigned at = 1; at < 32; at++) {
		out8(0x64, 0x60 + at);
		out8(0x60, at * 7);
	}
	for (unsigned at = 1; at < 32; at++) {
		out8(0x64, 0x20 + at);
		assert_int_equal(in8(0x60), (at * 7) & 0xff);
	}
}

static void interface_tests_pass(void **state)
{
	(void)state;
	out8(0x64, 0xab);
	assert_int_equal(in8(0x64) & 1, 1);
	assert_int_equal(in8(0x60), 0);
	out8(0x64, 0xa9);
	assert_int_equal(in8(0x64) & 1, 1);
	assert_int_equal(in8(0x60), 0);
}

static void a20_is_kept_and_has_no_effect(void **state)
{
	(void)state;
	out8(0x64, 0xd0);
	assert_int_equal(in8(0x60), 0x03);
	out8(0x64, 0xdd);
	out8(0x64, 0xd0);
	assert_int_equal(in8(0x60), 0x01);
	out8(0x64, 0xdf);
	out8(0x64, 0xd0);
	assert_int_equal(in8(0x60), 0x03);
}

static void nobody_is_at_the_other_end(void **state)
{
	(void)state;
	out8(0x60, 0xff);			  /* reset the keyboard */
	assert_int_equal(in8(0x64) & 0x61, 0x41); /* timeout, keyboard's */
	assert_int_equal(in8(0x60), 0xfe);
	assert_int_equal(in8(0x64) & 0x61, 0);
	out8(0x64, 0xd4);
	out8(0x60, 0xf2); /* identify the mouse */
	assert_int_equal(in8(0x64) & 0x61, 0x61);
	assert_int_equal(in8(0x60), 0xfe);
}

static void loopback_commands_and_interrupts(void **state)
{
	(void)state;
	out8(0x64, 0x60);
	out8(0x60, 0x03);
	out8(0x64, 0xd2);
	assert_false(fake_irq[GSI_KEYBOARD].level);
	out8(0x60, 0x1c);
	assert_true(fake_irq[GSI_KEYBOARD].level);
	assert_false(fake_irq[GSI_MOUSE].level);
	assert_int_equal(in8(0x60), 0x1c);
	assert_false(fake_irq[GSI_KEYBOARD].level);
	out8(0x64, 0xd3);
	out8(0x60, 0x5a);
	assert_true(fake_irq[GSI_MOUSE].level);
	assert_false(fake_irq[GSI_KEYBOARD].level);
	assert_int_equal(in8(0x64) & 0x21, 0x21);
	assert_int_equal(in8(0x60), 0x5a);
	assert_false(fake_irq[GSI_MOUSE].level);
}

/* A driver that waits for the input buffer to empty, or polls for output, never hangs. */
static void the_input_buffer_is_always_empty(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50000; i++) {
		uint32_t draw = (uint32_t)next_random();

		out8((draw >> 8 & 1) != 0 ? 0x64 : 0x60, draw >> 16 & 0xff);
		assert_int_equal(in8(0x64) & 0x02, 0);
		if ((draw >> 28) == 0)
			in8(0x60);
	}
}

static void a_thousand_resets_leave_the_same_state(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		out8(0x64, 0xfe);
		out8(0x92, 1);
		out8(0xcf9, 6);
		bus_reset_devices();
		assert_int_equal(fake.resets, 3 * (i + 1));
		assert_int_equal(in8(0x64), 0x14);
	}
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(cf9_resets_on_the_rise_of_bit_2),
		T(cf9_is_a_byte_inside_the_pci_address),
		T(port_92_resets_on_the_rise_of_bit_0),
		T(post_and_delay_ports_take_anything),
		T(the_keyboard_controller_resets_by_pulse_and_port),
		T(a20_by_the_output_port),
		T(no_password_is_installed),
		T(the_self_test_answers_55),
		T(the_command_byte_is_memory_byte_0),
		T(interface_tests_pass),
		T(a20_is_kept_and_has_no_effect),
		T(nobody_is_at_the_other_end),
		T(loopback_commands_and_interrupts),
		T(the_input_buffer_is_always_empty),
		T(a_thousand_resets_leave_the_same_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
