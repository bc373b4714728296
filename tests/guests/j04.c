/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS J04: what a guest finds after a reset is what it finds after its creation, and what the data
 * sheets say: it looks at all devices, at MSRs and RAM, turns everything round, and resets by how=64, 92 or
 * cf9. It is started again, and looks again.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/msr.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/rtc.h"
#include "tests/guests/lib/vendor.h"
#include "tests/guests/lib/words.h"

enum { IOAPIC_PINS = 24, IOAPIC_MASKED = 1 << 16, CMOS_FREE = 0x50 };
#define IOAPIC 0xfec00000ULL

static uint64_t hash = 0xcbf29ce484222325; /* Fowler, Noll and Vo's */

static void check(const char *name, unsigned index, uint64_t value, uint64_t wanted)
{
	hash = (hash ^ value) * 0x100000001b3;
	test_check(value == wanted, "%s %x is %lx, not %lx", name, index, value, wanted);
}

static volatile uint32_t *ioapic_at(unsigned offset)
{
	return (volatile uint32_t *)(IOAPIC + offset);
}

static uint32_t ioapic_read(unsigned index)
{
	*ioapic_at(0) = index;
	return *ioapic_at(0x10);
}

static void ioapic_write(unsigned index, uint32_t value)
{
	*ioapic_at(0) = index;
	*ioapic_at(0x10) = value;
}

/* SDM 3A 11.4.7.1 "Local APIC State After Power-Up or Reset", and firmware's virtual wire. */
static const struct {
	unsigned offset;
	uint32_t value, other;
} apic[] = {
	{APIC_ID, 0, 0},
	{APIC_TPR, 0, 0x50},
	{APIC_LDR, 0, 0x01000000},
	{APIC_DFR, UINT32_MAX, 0x0fffffff},
	{APIC_SVR, 0x1ff, 0x1f0},
	{APIC_ESR, 0, 0},
	{APIC_ICR, 0, 0x41 | ICR_SELF | ICR_ASSERT}, /* stays requested: IF is 0 */
	{APIC_ICR_HIGH, 0, 0x05000000},
	{APIC_LVT_TIMER, LVT_MASKED, 0x42 | LVT_PERIODIC},
	{0x330, LVT_MASKED, 0x43},
	{0x340, LVT_MASKED, 0x44},
	{APIC_LVT_LINT0, 0x700, 0x45},
	{APIC_LVT_LINT1, 0x400, 0x46},
	{APIC_LVT_ERROR, LVT_MASKED, 0x47},
	{APIC_INITIAL, 0, 1000000},
	{APIC_CURRENT, 0, 0},
	{APIC_DIVIDE, 0, DIVIDE_BY_1},
};

static void test_apic(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(apic); i++)
		check("local APIC", apic[i].offset, apic_read(apic[i].offset), apic[i].value);
	for (unsigned offset = APIC_ISR; offset < APIC_ESR; offset += 16)
		check("local APIC", offset, apic_read(offset), 0);
}

static void turn_apic(void)
{
	apic_enable();
	for (unsigned i = 0; i < ARRAY_SIZE(apic); i++)
		apic_write(apic[i].offset, apic[i].other);
}

/* 82093AA data sheet: all masked, all else 0. */
static void test_ioapic(void)
{
	for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
		check("IOAPIC pin", pin, ioapic_read(0x10 + 2 * pin), IOAPIC_MASKED);
		check("IOAPIC pin's destination", pin, ioapic_read(0x11 + 2 * pin), 0);
	}
}

static void turn_ioapic(void)
{
	for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
		ioapic_write(0x11 + 2 * pin, 0x07000000);
		ioapic_write(0x10 + 2 * pin, 0x0000a950 + pin);
	}
}

/*
 * Registers that are ports: what is read, and what is written to it before the reset. Firmware's part is
 * done: the 8259s are masked, IRQ 9 is the SCI's, the keyboard controller has passed its test.
 */
static const struct {
	const char *name;
	uint16_t port;
	uint8_t value, mask; /* at power-up, of these bits */
	uint8_t other;
} ports[] = {
	{"PIC mask", 0x21, 0xff, 0xff, 0xa5},	{"PIC mask", 0xa1, 0xff, 0xff, 0x5a},
	{"PIC request", 0x20, 0, 0xfe, 0x0b},	{"PIC request", 0xa0, 0, 0xff, 0x0b},
	{"ELCR", 0x4d0, 0, 0xff, 0xf8},		{"ELCR", 0x4d1, 2, 0xff, 0xde},
	{"system port B", 0x61, 0, 0x03, 0x3},	{"system port A", 0x92, 2, 0xff, 0},
	{"POST", 0x80, 0, 0xff, 0x77},		{"delay", 0xed, 0, 0xff, 0x77},
	{"reset control", 0xcf9, 0, 0xff, 2},	{"PM1 enable", 0x602, 0, 0xff, 0x20},
	{"PM1 enable", 0x603, 0, 0xff, 0x05},	{"PM1 status", 0x601, 0, 0xff, 0},
	{"KBC status", 0x64, 0x14, 0x3f, 0xad},
};

static void test_ports(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ports); i++)
		check(ports[i].name, ports[i].port, io_in8(ports[i].port) & ports[i].mask,
		      ports[i].value);
	check("PCI address", 0xcf8, io_in32(0xcf8), 0);
}

static void turn_ports(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ports); i++)
		if (ports[i].other)
			io_out8(ports[i].port, ports[i].other);
	io_out32(0xcf8, 0x80000104);
}

/* COM1: 16550 data sheet "Master Reset"; LSR says empty, MSR that all lines are up. */
static void test_uart(void)
{
	static const uint8_t wanted[START_UART] = {0, 1, 0, 0, 0x60, 0xb0, 0, 1, 0};
	static const char *const names[START_UART] = {"IER", "IIR", "LCR", "MCR", "LSR",
						      "MSR", "SCR", "DLL", "DLM"};

	for (unsigned i = 0; i < START_UART; i++)
		check(names[i], i, start_uart[i], wanted[i]);
}

static void turn_uart(void)
{
	io_out8(0x3f9, 0x0f);
	io_out8(0x3fc, 0x1f); /* loops back: what is sent is received */
	for (unsigned i = 0; i < 20; i++)
		io_out8(0x3f8, 0x55);
	io_out8(0x3ff, 0x66);
	io_out8(0x3fb, 0x80);
	io_out8(0x3f8, 0x34);
	io_out8(0x3f9, 0x12);
	io_out8(0x3fb, 0x9b);
}

/* 8254: read-back of each counter's status: no count was ever written. 82C54 data sheet figure 5. */
static void test_pit(void)
{
	for (unsigned counter = 0; counter < 3; counter++) {
		uint8_t status;

		io_out8(0x43, (uint8_t)(0xe0 | 2 << counter));
		status = io_in8((uint16_t)(0x40 + counter));
		hash = (hash ^ status) * 0x100000001b3;
		test_check(status & 0x40, "PIT counter %u has status %x: counts", counter, status);
	}
}

static void turn_pit(void)
{
	for (unsigned counter = 0; counter < 3; counter++) {
		io_out8(0x43, (uint8_t)(counter << 6 | 0x34));
		io_out8((uint16_t)(0x40 + counter), 0x34);
		io_out8((uint16_t)(0x40 + counter), 0x12);
	}
}

static uint8_t free_cmos(unsigned i)
{
	return rtc_read((uint8_t)(CMOS_FREE + i));
}

/* The clock goes on; interrupts are off and none is pending: MC146818A data sheet "RESET". */
static void test_rtc(void)
{
	check("RTC", 10, rtc_read(10) & 0x7f, 0x26);
	check("RTC", 11, rtc_read(11), 0x02);
	check("RTC", 12, rtc_read(12) & 0x80, 0); /* flags of what is not enabled come and go */
	check("RTC", 13, rtc_read(13), 0x80);
	for (unsigned i = 0; i < 8; i++)
		check("CMOS", CMOS_FREE + i, free_cmos(i), 0);
}

static void turn_rtc(void)
{
	rtc_write(10, 0x2f);
	rtc_write(11, 0x7a);
	for (uint8_t i = 0; i < 8; i++)
		rtc_write((uint8_t)(CMOS_FREE + i), 0x99);
}

enum { INTEL = 1, AMD = 2, BOTH = 3 };

static const struct {
	uint32_t index;
	unsigned vendor;
	uint64_t value, other;
} msrs[] = {
	{MSR_TSC_ADJUST, BOTH, 0, 0x123456789},
	{MSR_SYSENTER_CS, BOTH, 0, 8},
	{MSR_SYSENTER_ESP, BOTH, 0, 0x1234},
	{MSR_SYSENTER_EIP, BOTH, 0, 0x1234},
	{MSR_STAR, BOTH, 0, 0x1234},
	{MSR_LSTAR, BOTH, 0, 0x1234},
	{MSR_CSTAR, BOTH, 0, 0x1234},
	{MSR_SFMASK, BOTH, 0, 0x200},
	{MSR_FS_BASE, BOTH, 0, 0x1234},
	{MSR_GS_BASE, BOTH, 0, 0x1234},
	{MSR_KERNEL_GS_BASE, BOTH, 0, 0x1234},
	{MSR_TSC_AUX, BOTH, 0, 0x1234},
	{MSR_PAT, BOTH, 0x0007040600070406, 0},
	{0x17a, BOTH, 0, 7},
	{0x1d9, BOTH, 0, 3},
	{0x2ff, BOTH, 0xc06, 0},
	{0x250, BOTH, 0x0606060606060606, 0},
	{0x202, BOTH, 0, 0x1000006},
	{0x203, BOTH, 0, 0x800},
	{0x1a0, INTEL, 0x1801, 0x1800},
	{MSR_DEADLINE, BOTH, 0, 0},
};

static bool is_here(unsigned vendor)
{
	return vendor & (vendor_is_intel() ? INTEL : AMD);
}

static void test_msrs(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++)
		if (is_here(msrs[i].vendor))
			check("MSR", msrs[i].index, msr_read(msrs[i].index), msrs[i].value);
	check("MSR", MSR_APIC, msr_read(MSR_APIC), 0xfee00900);
}

static void turn_msrs(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++)
		if (is_here(msrs[i].vendor))
			msr_write(msrs[i].index, msrs[i].other);
}

enum { CHUNK = 1 << 14 }; /* after which others may run */

/* All of it beyond the image. */
static void test_ram(void)
{
	const uint64_t *word = (const uint64_t *)ALIGN_UP((uintptr_t)guest_image_end, PAGE_SIZE);
	const uint64_t *end = (const uint64_t *)(uintptr_t)(words_number("mib", 8) << 20);
	uint64_t dirty = 0;

	for (; word < end; word++) {
		dirty += *word != 0;
		if (!((uintptr_t)word & (CHUNK - 1)))
			clock_relax();
	}
	check("words of RAM that are not 0", 0, dirty, 0);
}

static void turn_ram(void)
{
	uint64_t *word = (uint64_t *)ALIGN_UP((uintptr_t)guest_image_end, PAGE_SIZE);
	const uint64_t *end = (const uint64_t *)(uintptr_t)(words_number("mib", 8) << 20);

	for (; word < end; word++) {
		*word = 0x6b6b6b6b6b6b6b6b;
		if (!((uintptr_t)word & (CHUNK - 1)))
			clock_relax();
	}
}

static const struct test_case cases[] = {
	{"J04-apic", test_apic}, {"J04-ioapic", test_ioapic}, {"J04-uart", test_uart},
	{"J04-pit", test_pit},	 {"J04-rtc", test_rtc},	      {"J04-ports", test_ports},
	{"J04-msr", test_msrs},	 {"J04-ram", test_ram},
};

static void reset(void)
{
	char how[8] = "cf9";

	words_value("how", how, sizeof(how));
	if (!strcmp(how, "64"))
		io_out8(0x64, 0xfe);
	else if (!strcmp(how, "92"))
		io_out8(0x92, 1);
	else
		io_out8(0xcf9, 6);
	guest_stop();
}

void guest_main(void)
{
	unsigned failed = test_run_cases(cases, ARRAY_SIZE(cases));

	print("found %lx failed %u\n", hash, failed);
	turn_ram(); /* the only one that takes interrupts */
	turn_apic();
	turn_ioapic();
	turn_pit();
	turn_rtc();
	turn_msrs();
	turn_uart();
	turn_ports();
	reset();
}
