/* SPDX-License-Identifier: BSD-2-Clause */
/* THREATS E11: the pair of 8259s, by polls, priorities and automatic ends, and after garbage. */
#include "tests/guests/hostile_e/cases.h"

#include "arch/x86_64/insn.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/pit.h"
#include "tests/guests/lib/random.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/rtc.h"
#include "tests/guests/lib/trap.h"

enum { MASTER = 0x20, SLAVE = 0xa0, COM2 = 0x2f8, BASE = 0x70 };
enum { IRQ_PIT, IRQ_CASCADE = 2, IRQ_COM2, IRQ_RTC = 8 };
enum { ICW1_ICW4 = 0x11, ICW4_8086 = 1, ICW4_AUTOMATIC = 2 };
enum { EOI = 0x20, SET_LOWEST = 0xc0, POLL = 0x0c, READ_IRR = 0x0a, READ_ISR = 0x0b };
enum { LVT_EXTINT = 7 << 8 };

static volatile unsigned taken;
static bool automatic;

static void start_pair(unsigned icw4)
{
	static const uint8_t icw3[] = {1 << IRQ_CASCADE, IRQ_CASCADE};

	for (unsigned i = 0; i < 2; i++) {
		uint16_t port = i ? SLAVE : MASTER;

		io_out8(port, ICW1_ICW4);
		io_out8(port + 1, (uint8_t)(BASE + 8 * i));
		io_out8(port + 1, icw3[i]);
		io_out8(port + 1, (uint8_t)(ICW4_8086 | icw4));
		io_out8(port + 1, 0xff);
		io_out8(port, READ_IRR);
		io_out8((uint16_t)(0x4d0 + i), 0);
	}
	automatic = icw4 & ICW4_AUTOMATIC;
}

static void open_lines(unsigned lines)
{
	io_out8(MASTER + 1, (uint8_t)~lines);
	io_out8(SLAVE + 1, (uint8_t)(~lines >> 8));
}

static void com2_line(bool high)
{
	io_out8(COM2 + 4, high ? 0x08 : 0);
	io_out8(COM2 + 1, high ? 0x02 : 0); /* the transmitter is empty */
}

static uint8_t poll(uint16_t port)
{
	io_out8(port, POLL);
	return io_in8(port);
}

static uint8_t in_service(uint16_t port)
{
	uint8_t value;

	io_out8(port, READ_ISR);
	value = io_in8(port);
	io_out8(port, READ_IRR);
	return value;
}

static void quiet(void)
{
	com2_line(false);
	pit_line_low();
	start_pair(0);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
}

static void poll_is(uint16_t port, unsigned wanted)
{
	uint8_t answer = poll(port);

	test_check(answer == wanted || (!wanted && !(answer & 0x80)), "poll of %x: %x, not %x",
		   port, answer, wanted);
}

/* A poll is an acknowledge: the line is in service until its end. */
void e_test_pic_poll(void)
{
	start_pair(0);
	open_lines(1 << IRQ_PIT | 1 << IRQ_CASCADE | 1 << IRQ_RTC);
	poll_is(MASTER, 0);
	pit_line_high();
	poll_is(MASTER, 0x80 | IRQ_PIT);
	test_check(in_service(MASTER) == 1 << IRQ_PIT, "in service: %x", in_service(MASTER));
	poll_is(MASTER, 0);
	io_out8(MASTER, EOI);
	test_check(!in_service(MASTER), "after the end: %x", in_service(MASTER));
	poll_is(MASTER, 0); /* an edge is one request */
	rtc_read(0x0c);
	rtc_write(0x0a, 0x26);
	rtc_write(0x0b, 0x42); /* periodic */
	for (unsigned i = 0; i < 100 && !(io_in8(SLAVE) & 1); i++)
		clock_spin_us(200);
	poll_is(MASTER, 0x80 | IRQ_CASCADE);
	poll_is(SLAVE, 0x80);
	rtc_write(0x0b, 0x02);
	rtc_read(0x0c);
	io_out8(SLAVE, EOI);
	io_out8(MASTER, EOI);
	poll_is(SLAVE, 0);
	quiet();
}

/* Two wait. The lower number is first; after its turn as the lowest priority it is last. */
void e_test_pic_rotation(void)
{
	start_pair(0);
	open_lines(1 << IRQ_PIT | 1 << IRQ_COM2);
	com2_line(true);
	pit_line_high();
	poll_is(MASTER, 0x80 | IRQ_PIT);
	io_out8(MASTER, EOI);
	pit_line_low();
	pit_line_high();
	io_out8(MASTER, SET_LOWEST | IRQ_PIT);
	poll_is(MASTER, 0x80 | IRQ_COM2);
	poll_is(MASTER, 0); /* lower than what is in service */
	io_out8(MASTER, EOI);
	poll_is(MASTER, 0x80 | IRQ_PIT);
	quiet();
}

static void take(struct trap_frame *frame)
{
	trap_check_open(frame);
	taken++;
	if (!automatic)
		io_out8(MASTER, EOI);
}

/* The 8254 at 1 kHz by LINT0; true once some have come. */
static bool timer_comes(void)
{
	uint64_t end = clock_after_ms(1000);

	trap_set(BASE + IRQ_PIT, take);
	taken = 0;
	open_lines(1 << IRQ_PIT);
	apic_write(APIC_LVT_LINT0, LVT_EXTINT);
	io_out8(0x43, 0x34);
	io_out8(0x40, 0xa9);
	io_out8(0x40, 0x04);
	interrupts_enable();
	while (taken < 5 && !clock_is_past(end))
		clock_relax();
	interrupts_disable();
	return taken >= 5;
}

/* Nobody ends them, and they come. */
void e_test_pic_automatic(void)
{
	start_pair(ICW4_AUTOMATIC);
	test_check(timer_comes(), "%u came", taken);
	test_check(!in_service(MASTER), "in service: %x", in_service(MASTER));
	quiet();
}

/* Commands in any order, with lines that move; and an 8259 afterwards. */
void e_test_pic_garbage(void)
{
	static const uint16_t ports[] = {MASTER, MASTER + 1, SLAVE, SLAVE + 1, 0x4d0, 0x4d1};
	uint64_t random = 11;

	for (unsigned i = 0; i < 20000; i++) {
		uint64_t value = random_next(&random);
		uint16_t port = ports[(value >> 8) % ARRAY_SIZE(ports)];

		if (value >> 16 & 1)
			io_out8(port, (uint8_t)value);
		else
			io_in8(port);
		if (!(value >> 20 & 0xff))
			com2_line(value >> 28 & 1);
	}
	quiet();
	test_check(timer_comes(), "%u came", taken);
	quiet();
}
