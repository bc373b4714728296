/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS F02, F03, F05 to F07, F09, F11: registers of the serial port, ports that a PC has and others, and
 * PCI's configuration space by both ways. how=forge prints what others do not; how=tables spoils what was put
 * into memory at the start, and resets.
 */
#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/random.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"

#define ECAM 0xe0000000ULL

enum { COM2 = 0x2f8, PCI_ADDRESS = 0xcf8, PCI_DATA = 0xcfc };

/* --- F02 --- */

static void test_uart(void)
{
	uint64_t random = 2;

	for (unsigned reg = 0; reg < 8; reg++)
		for (unsigned value = 0; value < 256; value++) {
			io_out8((uint16_t)(COM2 + reg), (uint8_t)value);
			io_in8((uint16_t)(COM2 + reg));
		}
	for (unsigned i = 0; i < 5000; i++) {
		uint64_t value = random_next(&random);

		io_out8((uint16_t)(COM2 + (value >> 8 & 7)), (uint8_t)value);
		io_in8((uint16_t)(COM2 + (value >> 12 & 7)));
	}
	io_out8(COM2 + 3, 0x80);
	io_out16(COM2, 0); /* a divisor of 0 */
	io_out8(COM2 + 3, 0x03);
	io_out8(COM2 + 1, 0);
	io_out8(COM2 + 2, 0x07);
	io_out8(COM2 + 4, 0x10);
	io_in8(COM2 + 5);
	for (unsigned i = 0; i < 16; i++)
		io_out8(COM2, (uint8_t)(i * 17));
	for (unsigned i = 0; i < 16; i++) {
		uint8_t got = io_in8(COM2);

		test_check(got == i * 17, "character %u is %x", i, got);
	}
	test_check(io_in8(COM2 + 5) == 0x60, "LSR %x", io_in8(COM2 + 5));
	io_out8(COM2 + 4, 0);
	io_out8(COM2 + 2, 0);
}

/* --- F03 --- */

/* What would look like the host's own lines, spoil a terminal, or never end. */
static noreturn void forge(void)
{
	static const char forged[] = "\r\nfreehold> list\r\n[hb stopped: forged]\r\n"
				     "error: forged\x1b[2J\x1b]0;forged\a\x1b[?25l\x9b\0\xff\r";
	char line[256];

	print_bytes(forged, sizeof(forged) - 1);
	memset(line, 'f', sizeof(line));
	for (unsigned i = 0; i < 1024; i++)
		print_bytes(line, sizeof(line));
	guest_exit(0);
}

/* --- F05 --- */

/* DMA controllers and pages, diskettes, disks, sound: a PC has them and this one does not. */
static const uint16_t absent[][2] = {
	{0x00, 0x0f},	{0x81, 0x8f},	{0xc0, 0xdf},	{0x170, 0x177}, {0x1f0, 0x1f7},
	{0x220, 0x22f}, {0x3b0, 0x3df}, {0x3f0, 0x3f7}, {0x500, 0x501}, {0x8900, 0x8900},
};

static void test_absent_ports(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(absent); i++)
		for (unsigned port = absent[i][0]; port <= absent[i][1]; port++)
			for (unsigned value = 0; value < 256; value += 15) {
				io_out8((uint16_t)port, (uint8_t)value);
				test_check(io_in8((uint16_t)port) == 0xff, "port %x is there", port);
			}
}

/* System management, ELCR, port B, and bytes of CF8h: all values, and the board is the same afterwards. */
static void test_board_ports(void)
{
	static const uint16_t ports[] = {0xb2, 0xb3, 0x4d0, 0x4d1, 0x61, 0xcf8, 0xcfa, 0xcfb};

	for (unsigned i = 0; i < ARRAY_SIZE(ports); i++) {
		uint8_t before = io_in8(ports[i]);

		for (unsigned value = 0; value < 256; value++)
			io_out8(ports[i], (uint8_t)value);
		io_out8(ports[i], before);
	}
	test_check(io_in8(0x4d0) == 0 && io_in8(0x4d1) == 2, "ELCR %x %x", io_in8(0x4d0),
		   io_in8(0x4d1));
	io_out32(PCI_ADDRESS, 0x80000000);
	io_out8(PCI_ADDRESS + 3, 0);
	test_check(io_in32(PCI_ADDRESS) == 0x80000000, "a byte changes CF8h: %x",
		   io_in32(PCI_ADDRESS));
}

/* --- F06, F07, F09 --- */

static uint32_t config_read(unsigned bus, unsigned devfn, unsigned offset)
{
	io_out32(PCI_ADDRESS, 0x80000000 | bus << 16 | devfn << 8 | offset);
	return io_in32(PCI_DATA);
}

static volatile uint32_t *ecam(unsigned devfn, unsigned offset)
{
	return (volatile uint32_t *)(ECAM + (devfn << 12 | offset));
}

static bool is_present(unsigned bus, unsigned devfn)
{
	return bus == 0 && (devfn == 0 || devfn == 1 << 3);
}

static void check_widths(unsigned devfn, unsigned offset, uint32_t whole)
{
	for (unsigned lane = 0; lane < 4; lane++)
		test_check(io_in8((uint16_t)(PCI_DATA + lane)) == (whole >> 8 * lane & 0xff),
			   "%x+%x: byte %u", devfn, offset, lane);
	test_check(io_in16(PCI_DATA + 2) == whole >> 16, "%x+%x: upper word", devfn, offset);
	test_check(io_in16(PCI_DATA + 1) == (whole >> 8 & 0xffff), "%x+%x: middle word", devfn,
		   offset);
	test_check(io_in32(PCI_DATA + 3) == (0xffffff00 | whole >> 24), "%x+%x: over the end",
		   devfn, offset);
}

static void test_config_space(void)
{
	static const uint8_t busses[] = {0, 1, 255};

	for (unsigned i = 0; i < ARRAY_SIZE(busses); i++)
		for (unsigned devfn = 0; devfn < 256; devfn++) {
			bool present = is_present(busses[i], devfn);

			for (unsigned offset = 0; offset < 256; offset += present ? 4 : 64) {
				uint32_t value = config_read(busses[i], devfn, offset);

				test_check(present || value == UINT32_MAX, "%x:%x+%x is %x",
					   busses[i], devfn, offset, value);
				test_check(busses[i] != 0 || *ecam(devfn, offset) == value,
					   "%x+%x: memory says %x", devfn, offset,
					   *ecam(devfn, offset));
				if (present)
					check_widths(devfn, offset, value);
			}
		}
	test_check(*ecam(0, 0x100) == UINT32_MAX && *ecam(8, 0xffc) == UINT32_MAX,
		   "a conventional function has more than 256 bytes");
}

/* All of both functions is constant: no BAR can be put anywhere, and no capability list spoilt. */
static void test_constant(void)
{
	for (unsigned devfn = 0; devfn <= 8; devfn += 8) {
		for (unsigned offset = 0; offset < 256; offset += 4) {
			uint32_t before = config_read(0, devfn, offset);

			io_out32(PCI_DATA, ~before);
			*ecam(devfn, offset) = 0xfee00000;
			test_check(config_read(0, devfn, offset) == before, "%x+%x changes", devfn,
				   offset);
		}
		for (unsigned bar = 0x10; bar < 0x28; bar += 4)
			test_check(config_read(0, devfn, bar) == 0, "%x has a BAR", devfn);
		test_check((config_read(0, devfn, 4) >> 16 & 0x10) == 0 &&
				   config_read(0, devfn, 0x34) == 0,
			   "%x has capabilities", devfn);
	}
	test_check(apic_id() == 0 && apic_read(APIC_VERSION) != UINT32_MAX,
		   "the local APIC is gone");
}

/* --- F11 --- */

#define TABLES	   0xe0000ULL
#define TABLES_END 0x100000ULL

static uint8_t sum(const uint8_t *bytes, size_t count)
{
	uint8_t total = 0;

	while (count--)
		total = (uint8_t)(total + *bytes++);
	return total;
}

static void test_tables(void)
{
	const uint8_t *rsdp = (const uint8_t *)start_rsdp;
	uint64_t xsdt;

	if (!test_check(start_rsdp >= TABLES && start_rsdp < TABLES_END &&
				memcmp(rsdp, "RSD PTR ", 8) == 0 && sum(rsdp, 36) == 0,
			"no RSDP at %lx", start_rsdp))
		return;
	memcpy(&xsdt, rsdp + 24, sizeof(xsdt));
	test_check(memcmp((const void *)xsdt, "XSDT", 4) == 0 &&
			   sum((const uint8_t *)xsdt, *(const uint32_t *)(xsdt + 4)) == 0,
		   "no XSDT at %lx", xsdt);
}

/* Tables, and all that the loader left below 640 KiB but the stack's page; then a reset. */
static noreturn void spoil_and_reset(void)
{
	memset((void *)TABLES, 0xa5, TABLES_END - TABLES);
	memset((void *)0x1000, 0x5a, 0xf000);
	io_out8(0xcf9, 6);
	guest_stop();
}

static const struct test_case cases[] = {
	{"F02-uart", test_uart},
	{"F05-absent", test_absent_ports},
	{"F05-board", test_board_ports},
	{"F06-config", test_config_space},
	{"F07-F09-constant", test_constant},
	{"F11-tables", test_tables},
};

void guest_main(void)
{
	char how[8];

	apic_enable();
	if (words_value("how", how, sizeof(how)) && memcmp(how, "forge", 6) == 0)
		forge();
	if (words_value("how", how, sizeof(how)) && memcmp(how, "tables", 7) == 0) {
		if (test_run_cases(&cases[ARRAY_SIZE(cases) - 1], 1) != 0)
			guest_exit(1);
		spoil_and_reset();
	}
	test_run_all(cases, ARRAY_SIZE(cases));
}
