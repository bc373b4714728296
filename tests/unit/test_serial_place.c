/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the operator's UART may be: the words of `serial=`, and a PCI function that is one. */
/* sources: kernel/serial_place.c drivers/uart_pci.c drivers/pci.c lib/copy.c lib/format.c */
#include "kernel/serial_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/uart_pci.h"

static const struct {
	const char *text, *name;
	struct serial_place place;
} good[] = {
	{"com1", "com1", {SERIAL_PORT, 0x3f8, 1, 4, 0, 0}},
	{"com4,9600", "com4", {SERIAL_PORT, 0x2e8, 1, 3, 0, 9600}},
	{"io:0x3000", "port 0x3000", {SERIAL_PORT, 0x3000, 1, 0, 0, 0}},
	{"io:fff8,115200", "port 0xfff8", {SERIAL_PORT, 0xfff8, 1, 0, 0, 115200}},
	{"mmio:0xfe034000,57600", "memory 0xfe034000", {SERIAL_MMIO, 0xfe034000, 1, 0, 0, 57600}},
	{"mmio32:fedc9000", "memory 0xfedc9000", {SERIAL_MMIO, 0xfedc9000, 4, 0, 0, 0}},
	{"pci:00:04.0", "PCI 00:04.0", {SERIAL_PCI, 0x20, 1, 0, 0, 0}},
	{"pci:ff:1f.7,50", "PCI ff:1f.7", {SERIAL_PCI, 0xffff, 1, 0, 0, 50}},
};

static void test_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(good); i++) {
		struct serial_place place;
		char name[32];

		assert_true(serial_place_parse(good[i].text, &place));
		assert_int_equal(place.kind, good[i].place.kind);
		assert_int_equal(place.address, good[i].place.address);
		assert_int_equal(place.stride, good[i].place.stride);
		assert_int_equal(place.irq, good[i].place.irq);
		assert_int_equal(place.baud, good[i].place.baud);
		serial_place_name(&place, name, sizeof(name));
		assert_string_equal(name, good[i].name);
	}
}

static void test_none(void **state)
{
	struct serial_place place;

	(void)state;
	assert_true(serial_place_parse("none", &place));
	assert_int_equal(place.kind, SERIAL_NONE);
}

static void test_wrong_words(void **state)
{
	static const char *const wrong[] = {
		"",
		"com",
		"com5",
		"com1 ",
		"com11",
		"com1,",
		"com1,0",
		"com1,49",
		"com1,230400",
		"com1,9601",
		"com1,9600,n",
		"com1,0x9600",
		"COM1",
		"io:",
		"io:0x",
		"io:fff9",
		"io:g",
		"mmio:0",
		"mmio:",
		"mmio32:0xfe000002",
		"pci:",
		"pci:0",
		"pci:0:0",
		"pci:0:0.",
		"pci:100:0.0",
		"pci:0:20.0",
		"pci:0:0.8",
		"pci:0.0:0",
		"mmio:11111111111111111",
		"com1,18446744073709561216",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct serial_place place;

		if (serial_place_parse(wrong[i], &place))
			fail_msg("\"%s\" is taken", wrong[i]);
	}
}

/* One function's configuration space. */
static uint32_t config[64], selected;

static uint32_t read32(uint16_t port)
{
	assert_int_equal(port, 0xcfc);
	return selected >> 8 == (0x800000 | 0x20) ? config[(selected & 0xff) / 4] : UINT32_MAX;
}

static void write32(uint16_t port, uint32_t value)
{
	if (port == 0xcf8)
		selected = value;
	else
		config[(selected & 0xff) / 4] = value;
}

static const struct port_ops ports = {.read32 = read32, .write32 = write32};

static const char *find(uint32_t class, uint32_t bar0, uint32_t bar1, struct uart_pci *found)
{
	memset(config, 0, sizeof(config));
	config[0] = 0x00021b36;
	config[1] = 0xffff0000; /* status: written back it would clear itself */
	config[2] = class << 8 | 1;
	config[4] = bar0;
	config[5] = bar1;
	return uart_pci_find(&ports, PCI_BDF(0, 4, 0), found);
}

static void test_pci(void **state)
{
	struct uart_pci found;

	(void)state;
	assert_null(find(0x070002, 0xc001, 0, &found));
	assert_true(found.is_port);
	assert_int_equal(found.address, 0xc000);
	assert_int_equal(config[1], 1);
	assert_null(find(0x070006, 0xfe001000, 7, &found));
	assert_false(found.is_port);
	assert_int_equal(found.address, 0xfe001000);
	assert_int_equal(config[1], 2);
	assert_null(find(0x070000, 0xfe00100c, 7, &found));
	assert_int_equal(found.address, 0x7fe001000ULL);
}

static void test_pci_refused(void **state)
{
	struct uart_pci found;

	(void)state;
	assert_non_null(uart_pci_find(&ports, PCI_BDF(0, 5, 0), &found));
	assert_non_null(find(0x070007, 0xc001, 0, &found));
	assert_non_null(find(0x070102, 0xc001, 0, &found));
	assert_non_null(find(0x020000, 0xc001, 0, &found));
	assert_non_null(find(0x070002, 1, 0, &found));
	assert_non_null(find(0x070002, 0xfffd, 0, &found));
	assert_non_null(find(0x070002, 0, 0, &found));
	assert_int_equal(config[1], 0xffff0000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),	    cmocka_unit_test(test_none),
		cmocka_unit_test(test_wrong_words), cmocka_unit_test(test_pci),
		cmocka_unit_test(test_pci_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
