/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/pci against a fake bus: who is silenced, who is left alone, and what of it is told. */
/* sources: drivers/pci.c */
#include "drivers/pci.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct function {
	pci_bdf_t bdf;
	uint8_t header, class;
	uint16_t command;
	bool stubborn;
} functions[16];

static unsigned count, accesses;
static uint32_t address;
static bool absent;

static struct function *selected(void)
{
	for (unsigned i = 0; i < count; i++)
		if (address >> 31 && functions[i].bdf == (address >> 8 & 0xffff))
			return &functions[i];
	return NULL;
}

static uint32_t read32(uint16_t port)
{
	const struct function *f = selected();

	accesses++;
	if (port == 0xcf8)
		return absent ? 0xffffffff : address;
	assert_int_equal(port, 0xcfc);
	if (!f || absent)
		return 0xffffffff;
	switch (address & 0xff) {
	case 0x00:
		return 0x12348086;
	case 0x04:
		return 0xf9000000u | f->command;
	case 0x08:
		return (uint32_t)f->class << 24 | 0x010203;
	case 0x0c:
		return (uint32_t)f->header << 16 | 0x4010;
	default:
		fail_msg("read of register %x", address & 0xff);
		return 0;
	}
}

static void write32(uint16_t port, uint32_t value)
{
	struct function *f = selected();

	accesses++;
	if (port == 0xcf8) {
		assert_int_equal(value & 3, 0);
		address = value;
		return;
	}
	assert_non_null(f);
	assert_int_equal(address & 0xff, 0x04);
	/* A one in the status half would clear an error that somebody may want to see. */
	assert_int_equal(value >> 16, 0);
	f->command = (uint16_t)(value | (f->stubborn ? 4 : 0));
}

static const struct port_ops ports = {.read32 = read32, .write32 = write32};

static struct function *add(pci_bdf_t bdf, uint8_t header, uint8_t class, uint16_t command)
{
	functions[count] = (struct function){bdf, header, class, command, false};
	return &functions[count++];
}

static int set_up(void **state)
{
	(void)state;
	count = accesses = 0;
	absent = false;
	return 0;
}

static void test_quiet(void **state)
{
	struct function *host = add(PCI_BDF(0, 0, 0), 0x00, 0x06, 7);
	struct function *isa = add(PCI_BDF(0, 1, 0), 0x80, 0x06, 7);
	struct function *ide = add(PCI_BDF(0, 1, 1), 0x00, 0x01, 5);
	struct function *usb = add(PCI_BDF(0, 1, 7), 0x00, 0x0c, 3);
	struct function *port = add(PCI_BDF(0, 28, 0), 0x01, 0x06, 0x507);
	struct function *cardbus = add(PCI_BDF(0, 29, 0), 0x02, 0x07, 7);
	struct function *nic = add(PCI_BDF(255, 31, 0), 0x80, 0x02, 0x546);
	struct function *last = add(PCI_BDF(255, 31, 7), 0x00, 0x02, 4);
	struct function *hidden = add(PCI_BDF(3, 4, 5), 0x00, 0x02,
				      4); /* no function 0, not multi-function */
	struct pci_quiet quiet;

	(void)state;
	last->stubborn = true;
	quiet = pci_clear_bus_mastering(&ports);
	assert_int_equal(host->command, 7);
	assert_int_equal(isa->command, 7);
	assert_int_equal(port->command, 0x507);
	assert_int_equal(cardbus->command, 7);
	assert_int_equal(ide->command, 1);
	assert_int_equal(usb->command, 3);
	assert_int_equal(nic->command, 0x542);
	assert_int_equal(hidden->command, 4);
	assert_int_equal(quiet.functions, 8);
	assert_int_equal(quiet.bridges, 4);
	assert_int_equal(quiet.cleared, 2);
	assert_int_equal(quiet.stubborn, 1);
	assert_true(accesses < 20000);
}

static void test_no_mechanism(void **state)
{
	struct pci_quiet quiet;

	(void)state;
	absent = true;
	quiet = pci_clear_bus_mastering(&ports);
	assert_int_equal(quiet.functions, 0);
	assert_true(accesses < 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_quiet, set_up),
		cmocka_unit_test_setup(test_no_mechanism, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
