/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS D01, D04, D06, D07: all of guest-physical memory, and accesses that lie across its borders or
 * have sizes that a device does not know. What no instruction of the guest can tell from a real PC is
 * fine; a byte that is neither the guest's nor all-ones is not.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/ram.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

#define IOAPIC	 0xfec00000ULL
#define ECAM	 0xe0000000ULL
#define HOLE	 0x90000000ULL
#define ALL_ONES UINT64_MAX

static uint64_t read_at(uint64_t address)
{
	return *(const volatile uint64_t *)address;
}

static void write_at(uint64_t address, uint64_t value)
{
	*(volatile uint64_t *)address = value;
}

/* --- D01 --- */

static void test_ram(void)
{
	struct ram_piece piece;
	uint64_t from = 0;

	while (ram_next(&from, &piece)) {
		for (uint64_t at = piece.start; at < piece.end; at += PAGE_SIZE) {
			uint64_t old = read_at(at);

			write_at(at, at ^ FILL_PATTERN);
			test_check(read_at(at) == (at ^ FILL_PATTERN), "RAM at %lx", at);
			write_at(at, old);
		}
	}
}

static void check_hole(const char *what, uint64_t va, uint64_t gpa)
{
	test_check(read_at(va) == ALL_ONES, "%s %lx reads %lx", what, gpa, read_at(va));
	write_at(va, 0x1122334455667788);
	test_check(read_at(va) == ALL_ONES, "%s %lx keeps what was written", what, gpa);
}

static bool is_device(uint64_t gpa)
{
	return gpa >> 12 == IOAPIC >> 12 || gpa >> 12 == APIC_PAGE >> 12 || gpa >> 20 == ECAM >> 20;
}

static void test_holes(void)
{
	uint64_t step = words_number("step", MIB(8));

	for (uint64_t gpa = MAX(ram_low_end(), MIB(1)); gpa < GIB(4); gpa += step)
		if (!is_device(gpa))
			check_hole("hole", gpa, gpa);
	for (uint64_t gpa = 0xa0000; gpa < 0xc0000; gpa += 0x4000)
		check_hole("video memory", gpa, gpa);
	check_hole("last page", 0xfffffff0, 0xfffffff0);
}

static void test_high(void)
{
	unsigned bits = cpuid(0x80000008, 0).eax & 0xff;

	for (unsigned bit = 32; bit < bits; bit++) {
		const uint64_t pages[] = {BIT(bit), BIT(bit) + MIB(2), BIT(bit) + GIB(1),
					  BIT(bit) * 2 - PAGE_SIZE};

		for (unsigned i = 0; i < ARRAY_SIZE(pages); i++) {
			paging_map(PAGING_TEST, pages[i], PAGE_P | PAGE_W);
			check_hole("high page", PAGING_TEST, pages[i]);
		}
	}
}

/* Reserved from MAXPHYADDR up: SDM 3A 4.1.4 "Enumeration of Paging Features". */
static void read_test_page(void *unused)
{
	(void)unused;
	read_at(PAGING_TEST);
}

static void test_reserved(void)
{
	enum { PF_RESERVED = 1 << 3 | 1 };
	unsigned bits = cpuid(0x80000008, 0).eax & 0xff;

	for (unsigned bit = bits; bit < 52; bit++) {
		struct fault fault;

		paging_map(PAGING_TEST, BIT(bit), PAGE_P | PAGE_W);
		fault = fault_of(read_test_page, NULL);
		/* TCG leaves P out of such an error code. */
		test_check(fault.vector == VECTOR_PF &&
				   (fault.error | (test_bed("qemu") ? 1 : 0)) == PF_RESERVED,
			   "bit %u: vector %d error %x", bit, fault.vector, fault.error);
	}
	paging_map(PAGING_TEST, 0, 0);
}

/* --- D04 --- */

static void test_crossing(void)
{
	uint64_t end = ram_low_end();

	write_at(end - 8, 0x0123456789abcdef);
	test_check(read_at(end - 4) == (0xffffffff00000000 | 0x01234567), "RAM to hole: %lx",
		   read_at(end - 4));
	write_at(end - 4, 0xaabbccddeeff0011);
	test_check(read_at(end - 8) == 0xeeff001189abcdef, "RAM's half of a write: %lx",
		   read_at(end - 8));
	test_check(read_at(end) == ALL_ONES, "the hole's half of a write: %lx", read_at(end));
	write_at(0xa0000 - 8, 0);
	test_check(read_at(0xa0000 - 4) == 0xffffffff00000000, "RAM to video memory: %lx",
		   read_at(0xa0000 - 4));
	write_at(0xc0000, ~0x55ULL);
	test_check(read_at(0xc0000 - 4) == 0xffffffaaffffffff, "video memory to RAM: %lx",
		   read_at(0xc0000 - 4));
	test_check(read_at(HOLE + 0xffc) == ALL_ONES, "hole to hole");
	test_check((uint32_t)read_at(IOAPIC - 4) == UINT32_MAX, "hole to IOAPIC: %lx",
		   read_at(IOAPIC - 4));
	test_check(read_at(IOAPIC + 0xffc) >> 32 == UINT32_MAX, "IOAPIC to hole: %lx",
		   read_at(IOAPIC + 0xffc));
	test_check((uint32_t)read_at(APIC_PAGE - 4) == UINT32_MAX, "hole to local APIC: %lx",
		   read_at(APIC_PAGE - 4));
	test_check(read_at(APIC_PAGE + 0xffc) >> 32 == UINT32_MAX, "local APIC to hole: %lx",
		   read_at(APIC_PAGE + 0xffc));
}

/* --- D06 --- */

static uint64_t read_size(uint64_t address, unsigned size)
{
	switch (size) {
	case 1:
		return *(const volatile uint8_t *)address;
	case 2:
		return *(const volatile uint16_t *)address;
	case 4:
		return *(const volatile uint32_t *)address;
	default:
		return read_at(address);
	}
}

static void write_size(uint64_t address, unsigned size, uint64_t value)
{
	switch (size) {
	case 1:
		*(volatile uint8_t *)address = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)address = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)address = (uint32_t)value;
		break;
	default:
		write_at(address, value);
	}
}

/* Each byte is the register's or the next one's, 0 or FFh: never anything else. */
static bool plausible(uint64_t value, uint64_t regs, unsigned size)
{
	for (unsigned i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * i);
		bool found = byte == 0 || byte == 0xff;

		for (unsigned j = 0; j < 8; j++)
			found |= byte == (uint8_t)(regs >> 8 * j);
		if (!found)
			return false;
	}
	return true;
}

static void check_sizes(const char *name, uint64_t reg)
{
	uint64_t whole = read_size(reg, 4) | read_size(reg + 16, 4) << 32;

	for (unsigned size = 1; size <= 8; size *= 2) {
		for (unsigned offset = 0; offset < 16; offset++) {
			uint64_t value = read_size(reg + offset, size);

			test_check(plausible(value, whole, size), "%s+%u, %u bytes: %lx of %lx",
				   name, offset, size, value, whole);
			test_check(read_size(reg + offset, size) == value,
				   "%s+%u, %u bytes: changes", name, offset, size);
		}
	}
}

static void test_sizes(void)
{
	static const struct {
		const char *name;
		uint64_t reg;
	} regs[] = {{"APIC ID", APIC_PAGE + APIC_ID},	{"APIC version", APIC_PAGE + APIC_VERSION},
		    {"APIC SVR", APIC_PAGE + APIC_SVR}, {"APIC reserved", APIC_PAGE + 0x40},
		    {"APIC 400h", APIC_PAGE + 0x400},	{"IOAPIC select", IOAPIC},
		    {"IOAPIC window", IOAPIC + 0x10},	{"IOAPIC 20h", IOAPIC + 0x20},
		    {"IOAPIC EOI", IOAPIC + 0x40}};

	*(volatile uint32_t *)IOAPIC = 1;
	for (unsigned i = 0; i < ARRAY_SIZE(regs); i++)
		check_sizes(regs[i].name, regs[i].reg);
}

/* Odd writes may do nothing or what their bytes say; the device answers afterwards. */
static void test_odd_writes(void)
{
	for (unsigned size = 1; size <= 8; size *= 2)
		for (unsigned offset = 0; offset < 16; offset++) {
			write_size(APIC_PAGE + APIC_DIVIDE + offset, size, 0);
			write_size(APIC_PAGE + 0x410 + offset, size, ALL_ONES);
			write_size(IOAPIC + 0x20 + offset, size, ALL_ONES);
		}
	for (unsigned index = 0; index < 256; index++) {
		*(volatile uint32_t *)IOAPIC = index;
		if (index >= 0x40)
			test_check(read_size(IOAPIC + 0x10, 4) == 0 ||
					   read_size(IOAPIC + 0x10, 4) == UINT32_MAX,
				   "IOAPIC register %x is %lx", index, read_size(IOAPIC + 0x10, 4));
	}
	*(volatile uint32_t *)IOAPIC = 1;
	test_check((read_size(IOAPIC + 0x10, 4) & 0xff) >= 0x11, "IOAPIC version %lx",
		   read_size(IOAPIC + 0x10, 4));
	test_check(apic_id() == 0, "APIC ID %u", apic_id());
}

/* --- D07 --- */

static void read_device(void *address)
{
	read_at((uintptr_t)address);
}

static void write_device(void *address)
{
	write_at((uintptr_t)address, 0);
}

/* The guest's own tables decide before the device does. */
static void test_rights(void)
{
	struct fault fault;

	paging_map(PAGING_TEST, APIC_PAGE, PAGE_P | PAGE_NX);
	fault = fault_of_user(read_device, (void *)PAGING_TEST, 0);
	test_check(fault.vector == VECTOR_PF && fault.error == 5, "CPL 3 reads: vector %d error %x",
		   fault.vector, fault.error);
	fault = fault_of(write_device, (void *)PAGING_TEST);
	test_check(fault.vector == VECTOR_PF && fault.error == 3,
		   "write to read-only: vector %d error %x", fault.vector, fault.error);
	fault = fault_of((void (*)(void *))PAGING_TEST, NULL);
	test_check(fault.vector == VECTOR_PF && fault.error == 0x11, "NX fetch: vector %d error %x",
		   fault.vector, fault.error);
	paging_map(PAGING_TEST, 0, 0);
	fault = fault_of(read_device, (void *)PAGING_TEST);
	test_check(fault.vector == VECTOR_PF && fault.error == 0 && fault.cr2 == PAGING_TEST,
		   "not present: vector %d error %x cr2 %lx", fault.vector, fault.error, fault.cr2);
}

static const struct test_case cases[] = {
	{"D01-ram", test_ram},		 {"D01-holes", test_holes},	  {"D01-high", test_high},
	{"D02-reserved", test_reserved}, {"D04-crossing", test_crossing}, {"D06-sizes", test_sizes},
	{"D06-writes", test_odd_writes}, {"D07-rights", test_rights},
};

void guest_main(void)
{
	apic_enable();
	test_run_all(cases, ARRAY_SIZE(cases));
}
