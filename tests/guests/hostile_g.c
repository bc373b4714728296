/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS D10, D13, E16, E17, F08, F10: what this machine has not (a way to give memory back, a mapping that
 * is split, a vCPU that moves, devices that send messages or master the bus), asked for in every way that a
 * guest knows. how=execute runs code out of all RAM for ever, how=ticks counts a fast timer on each CPU until
 * a byte comes at COM1. cpus=1, ms=1000.
 */
#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/msr.h"
#include "tests/guests/lib/ram.h"
#include "tests/guests/lib/random.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/vendor.h"
#include "tests/guests/lib/words.h"

#define IOAPIC 0xfec00000ULL
#define ECAM   0xe0000000ULL

enum {
	COM1_LSR = 0x3fd,
	LSR_READY = 1,
	PCI_ADDRESS = 0xcf8,
	PCI_DATA = 0xcfc,
	VECTOR = 0x50,
	TICKS = 0x60
};

static volatile unsigned taken;

static void take(struct trap_frame *frame)
{
	trap_check_open(frame);
	taken++;
	apic_eoi();
}

static void let_come(uint64_t ms)
{
	uint64_t end = clock_after_ms(ms);

	interrupts_enable();
	while (!clock_is_past(end))
		clock_relax();
	interrupts_disable();
}

/* --- D10 --- */

static uint8_t held[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* Calls by which other hypervisors are told that they may have a page back. */
struct give_back {
	const char *name;
	uint64_t rax, rcx, rdx, rbx, rsi, rdi;
};

static void check_hypercalls(void)
{
	static struct {
		uint64_t frames;
		uint64_t count;
		uint32_t order;
		uint16_t domain;
	} reservation; /* Xen's struct xen_memory_reservation */
	const uint64_t page = (uintptr_t)held;
	const struct give_back calls[] = {
		{"Xen's decrease_reservation", .rax = 12, .rdi = 1, .rsi = (uintptr_t)&reservation},
		{"Xen's remove_from_physmap", .rax = 12, .rdi = 15, .rsi = (uintptr_t)&reservation},
		{"KVM's map_gpa_range", .rax = 12, .rbx = page, .rcx = 1, .rdx = 0x10},
		{"Hyper-V's memory heat hint", .rax = 0x10003, .rcx = 0x10003, .rdx = page},
		{"all-ones", ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL},
	};
	const struct hypercall call = hypercall_of(true);
	uint64_t frame = page / PAGE_SIZE;

	reservation.frames = (uintptr_t)&frame;
	reservation.count = 1;
	reservation.domain = 0x7ff0; /* DOMID_SELF */
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct give_back *c = &calls[i];
		struct code_run run = {.rax = c->rax,
				       .rcx = c->rcx,
				       .rdx = c->rdx,
				       .rbx = c->rbx,
				       .rsi = c->rsi,
				       .rdi = c->rdi};
		struct fault fault = code_fault(&run, call.code, HYPERCALL_SIZE, false);

		test_check(fault.vector == NO_FAULT && (int64_t)run.rax == -38, "%s: %d, %lx",
			   c->name, fault.vector, run.rax);
	}
}

/* Neither a hypercall, nor VMware's port, nor Hyper-V's and KVM's MSRs take a page from who uses it. */
static void test_balloon(void)
{
	static const uint32_t msrs[] = {0x40000000, 0x40000001, 0x40000073, 0x4b564d02, 0x4b564d08};
	enum { BACKDOOR = 0x5658, SET_TARGET = 0x564d5868 };

	memset(held, 0x5a, sizeof(held));
	check_hypercalls();
	io_out32(BACKDOOR, SET_TARGET);
	test_check(io_in32(BACKDOOR) == UINT32_MAX, "port 5658h is there");
	for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++) {
		struct fault fault = msr_write_fault(msrs[i], (uintptr_t)held | 1);

		test_check(fault.vector == VECTOR_GP, "MSR %x: vector %d", msrs[i], fault.vector);
	}
	for (unsigned i = 0; i < sizeof(held); i++)
		if (!test_check(held[i] == 0x5a, "byte %u of the page is %x", i, held[i]))
			break;
}

/* --- D13 --- */

/* Calls `mov eax, value; ret` at the beginning of each 2 MiB of RAM that is whole. False: it was not done. */
static bool execute_all(uint32_t round)
{
	struct ram_piece piece;
	uint64_t from = 0;
	uint32_t value = round;

	while (ram_next(&from, &piece))
		for (uint64_t at = ALIGN_UP(MAX(piece.start, MIB(2)), MIB(2));
		     at + PAGE_SIZE <= piece.end; at += MIB(2)) {
			struct code_run run = {0};
			uint8_t *code = (uint8_t *)at;

			value += 0x1003;
			code[0] = 0xb8;
			memcpy(code + 1, &value, sizeof(value));
			code[5] = 0xc3;
			if (code_fault_at(&run, code, false).vector != NO_FAULT || run.rax != value) {
				test_fail("round %u at %lx: %lx", round, at, run.rax);
				return false;
			}
		}
	return true;
}

static void test_execute(void)
{
	for (uint32_t round = 0; round < 10 && execute_all(round); round++)
		clock_relax();
}

static noreturn void execute_for_ever(void)
{
	print("execute\n");
	for (uint32_t round = 0; execute_all(round); round++)
		clock_relax();
	guest_exit(1);
}

/* --- E16 --- */

/* Then the timer stops: a machine that is too slow for that many a second would run nothing else. */
enum { TICKS_MOST = 10000 };

static volatile uint64_t ticks[8];
static volatile bool ticks_end, ticks_failed;

static void take_tick(struct trap_frame *frame)
{
	(void)frame;
	if (++ticks[cpu_this()->index] == TICKS_MOST)
		apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_eoi();
}

/*
 * 100 us on this CPU: never more ticks than there were periods. Fewer there may be, where the machine below
 * gave it less time than that, but it goes on: some come on each CPU, however soon the byte does.
 */
static void count_ticks(void *unused)
{
	enum { PERIOD_US = 100, TICKS_LEAST = 5 };
	const uint64_t period = clock_khz() * PERIOD_US / 1000, patience = clock_after_ms(40000);
	unsigned index = cpu_this()->index;
	uint64_t begin, most;

	(void)unused;
	apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, TICKS | LVT_PERIODIC);
	begin = tsc_read();
	apic_write(APIC_INITIAL, PERIOD_US * 1000); /* 1 GHz, as CPUID says */
	while (!ticks_end || (ticks[index] < TICKS_LEAST && !clock_is_past(patience))) {
		let_come(5);
		if (index == 0 && io_in8(COM1_LSR) & LSR_READY)
			ticks_end = true;
	}
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_INITIAL, 0);
	most = (tsc_read() - begin) / period + 1;
	if (ticks[index] > most || ticks[index] < TICKS_LEAST)
		ticks_failed = true;
	print("cpu %u: %lu ticks of %lu\n", index, ticks[index], most);
}

static void test_ticks(void)
{
	unsigned cpus = (unsigned)words_number("cpus", 1);

	trap_set(TICKS, take_tick);
	print("counting\n");
	for (unsigned i = 1; i < cpus; i++)
		if (test_check(cpu_start(i), "CPU %u does not start", i))
			cpu_run(i, count_ticks, NULL);
	count_ticks(NULL);
	for (unsigned i = 1; i < cpus; i++)
		test_check(cpu_wait(i, 60000), "CPU %u does not end", i);
	test_check(!ticks_failed, "ticks are lost or come twice");
}

/* --- E17 --- */

static void ioapic_pin(unsigned pin, uint32_t high, uint32_t low)
{
	*(volatile uint32_t *)IOAPIC = 0x11 + 2 * pin;
	*(volatile uint32_t *)(IOAPIC + 0x10) = high;
	*(volatile uint32_t *)IOAPIC = 0x10 + 2 * pin;
	*(volatile uint32_t *)(IOAPIC + 0x10) = low;
}

/* The 8254's output, which is pin 2, rises once. */
static void raise_pin_2(void)
{
	io_out8(0x43, 0x30); /* mode 0: low, and high when the count has come to 0 */
	io_out8(0x40, 1);
	io_out8(0x40, 0);
	let_come(2);
}

/*
 * A CPU's writes are no messages, at whatever address a device's would be; and the one that can send
 * some, the IOAPIC, sends none to nobody, in no reserved mode, and with no vector below 16.
 */
static void test_messages(void)
{
	enum { PIT = 2, MASKED = 1 << 16 };
	/* Logically to nobody, to an ID that nobody has, and to all in the modes there are not. */
	static const struct {
		uint32_t high, low;
		unsigned modes;
	} messages[] = {{0, 1 << 11, 0x7f}, {0x55000000, 0, 0x7f}, {0xff000000, 0, 0x4c}};
	unsigned before;

	taken = 0;
	trap_set(VECTOR, take);
	for (uint64_t at = 0xfee01000; at < 0xfef00000; at += 0x1000 + 0x10) {
		*(volatile uint32_t *)at = VECTOR;
		test_check(*(volatile uint32_t *)at == UINT32_MAX, "something is at %lx", at);
	}
	*(volatile uint32_t *)0xfeffffe0 = VECTOR;
	let_come(1);
	test_check(taken == 0, "%u interrupts by writes", taken);
	for (unsigned i = 0; i < ARRAY_SIZE(messages); i++)
		for (unsigned mode = 0; mode < 7; mode++) {
			if (!(messages[i].modes & 1 << mode))
				continue;
			ioapic_pin(PIT, messages[i].high, VECTOR | mode << 8 | messages[i].low);
			raise_pin_2();
			test_check(taken == 0, "mode %u to %x: %u", mode, messages[i].high, taken);
		}
	for (unsigned vector = 0; vector < 16; vector++) {
		ioapic_pin(PIT, 0xff000000, vector);
		raise_pin_2();
	}
	test_check(taken == 0 && apic_read(APIC_IRR) == 0, "%u interrupts, IRR %x", taken,
		   apic_read(APIC_IRR));
	before = taken;
	ioapic_pin(PIT, 0, VECTOR);
	raise_pin_2();
	let_come(20);
	test_check(taken == before + 1, "afterwards the pin gives %u", taken - before);
	ioapic_pin(PIT, 0, MASKED);
}

/* --- F08, F10 --- */

static uint32_t config_read(unsigned devfn, unsigned offset)
{
	io_out32(PCI_ADDRESS, 0x80000000 | devfn << 8 | offset);
	return io_in32(PCI_DATA);
}

static volatile uint32_t *ecam(unsigned devfn, unsigned offset)
{
	return (volatile uint32_t *)(ECAM + (devfn << 12 | offset));
}

static volatile bool racing;

/* Bus mastering, INTx off, and enables of MSI where its capability would be: on, off, in all widths. */
static void race_config(void *unused)
{
	uint64_t random = 8;

	(void)unused;
	while (racing) {
		uint64_t value = random_next(&random);
		unsigned devfn = value & 8, offset = value & 16 ? 4 : 0x40 + (value >> 8 & 0xbc);

		*ecam(devfn, offset) = (uint32_t)(value >> 32);
		*(volatile uint16_t *)ecam(devfn, 4) = value & 32 ? 0x407 : 0;
		*(volatile uint8_t *)ecam(devfn, 5) = (uint8_t)(value >> 24);
		io_out32(PCI_ADDRESS, 0x80000004 | devfn << 8);
		io_out32(PCI_DATA, (uint32_t)value);
		clock_relax();
	}
}

/* Whatever the other CPU writes, by both ways at once: what is read is what the function is. */
static void test_config_race(void)
{
	uint64_t end = clock_after_ms(words_number("ms", 1000));
	uint32_t command[2], id[2];

	if (words_number("cpus", 1) < 2) {
		test_skip("one CPU");
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		command[i] = config_read(8 * i, 4);
		id[i] = config_read(8 * i, 0);
	}
	if (!test_check(cpu_start(1), "CPU 1 does not start"))
		return;
	config_read(0, 4);
	racing = true;
	cpu_run(1, race_config, NULL);
	while (!clock_is_past(end))
		for (unsigned i = 0; i < 2; i++) {
			uint32_t now = *ecam(8 * i, 4), by_port = io_in32(PCI_DATA);

			test_check(now == command[i], "%u: command and status are %x", i, now);
			test_check(by_port == command[0] || by_port == command[1] ||
					   by_port == UINT32_MAX,
				   "by port: %x", by_port);
			test_check(*ecam(8 * i, 0) == id[i], "%u: another function", i);
		}
	racing = false;
	test_check(cpu_wait(1, 10000), "CPU 1 does not end");
}

/* No function has MSI, MSI-X or a BAR that a table could be in; and where one might be, nothing is. */
static void test_no_table(void)
{
	static const uint64_t windows[] = {0xc0000000, 0xd0000000, 0xe0200000, 0xf0000000,
					   0xfebf0000};

	for (unsigned devfn = 0; devfn <= 8; devfn += 8) {
		test_check(!(config_read(devfn, 4) >> 16 & 0x10), "%x has capabilities", devfn);
		for (unsigned bar = 0x10; bar < 0x28; bar += 4)
			test_check(config_read(devfn, bar) == 0, "%x has a BAR", devfn);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(windows); i++)
		for (unsigned offset = 0; offset < 0x800; offset += 0x40 - 1) {
			uint64_t at = windows[i] + offset;

			*(volatile uint8_t *)at = 1;
			*(volatile uint64_t *)at = 0xfee00000;
			test_check(*(volatile uint8_t *)at == 0xff &&
					   *(volatile uint64_t *)at == UINT64_MAX,
				   "something is at %lx", at);
		}
}

static const struct test_case cases[] = {
	{"D10-balloon", test_balloon},	 {"D13-execute", test_execute},
	{"E17-messages", test_messages}, {"F08-race", test_config_race},
	{"F10-table", test_no_table},
};

static const struct test_case ticking[] = {{"E16-ticks", test_ticks}};

void guest_main(void)
{
	char how[8] = "";

	apic_enable();
	words_value("how", how, sizeof(how));
	if (memcmp(how, "execute", 8) == 0)
		execute_for_ever();
	if (memcmp(how, "ticks", 6) == 0)
		test_run_all(ticking, ARRAY_SIZE(ticking));
	else
		test_run_all(cases, ARRAY_SIZE(cases));
}
