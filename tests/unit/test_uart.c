/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/uart against a fake 16550 with its FIFOs, its interrupt line, and the ways in which one
 * can fail.
 */
/* sources: drivers/uart.c drivers/tsc.c lib/string.c */
#include "drivers/uart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/tsc.h"
#include "lib/assert.h"

enum { WIRE_SIZE = 1 << 20 };

/* The data sheet's device: what software sees, and the two ends of the wire. */
static struct fake {
	uint8_t ier, lcr, mcr, scr, dll, dlm, fcr;
	uint8_t rx[16];
	unsigned rx_count, tx_count;
	bool overrun, thre_interrupt;
	/* How it fails. */
	bool absent, no_scratch, no_loopback, never_empty, no_fifo, endless_input;
	uint8_t wire[WIRE_SIZE]; /* what was sent */
	size_t wire_size, lost, reads;
	unsigned busy; /* so many looks at LSR: what the firmware sends still goes out */
} fake;

static unsigned told;

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	print_error("%s:%d: %s\n", file, line, expression);
	abort();
}

static bool line_up(void)
{
	return (fake.ier & 1 && fake.rx_count) || (fake.ier & 2 && fake.thre_interrupt) ||
	       (fake.ier & 4 && fake.overrun);
}

static uint8_t iir(void)
{
	uint8_t fifo = fake.fcr & 1 && !fake.no_fifo ? 0xc0 : 0;

	if (fake.ier & 4 && fake.overrun)
		return fifo | 6;
	if (fake.ier & 1 && fake.rx_count)
		return fifo | 4;
	if (fake.ier & 2 && fake.thre_interrupt) {
		fake.thre_interrupt = false;
		return fifo | 2;
	}
	return fifo | 1;
}

static uint8_t read_data(void)
{
	uint8_t byte = fake.rx[0];

	if (fake.endless_input)
		return 'e';
	if (!fake.rx_count)
		return 0;
	memmove(fake.rx, fake.rx + 1, sizeof(fake.rx) - 1);
	fake.rx_count--;
	return byte;
}

static uint8_t lsr(void)
{
	uint8_t value = (uint8_t)((fake.rx_count || fake.endless_input ? 1 : 0) |
				  (fake.overrun ? 2 : 0));

	fake.busy -= fake.busy > 0;
	if (!fake.tx_count && !fake.never_empty && !fake.busy)
		value |= 0x60;
	fake.overrun = false;
	return value;
}

static uint8_t msr(void)
{
	if (!(fake.mcr & 0x10) || fake.no_loopback)
		return 0xb0;
	return (uint8_t)((fake.mcr & 2) << 3 | (fake.mcr & 1) << 5 | (fake.mcr & 4) << 4 |
			 (fake.mcr & 8) << 4);
}

static uint8_t fake_read(const struct uart_bus *bus, unsigned reg)
{
	(void)bus;
	fake.reads++;
	if (fake.absent)
		return 0xff;
	switch (reg) {
	case 0:
		return fake.lcr & 0x80 ? fake.dll : read_data();
	case 1:
		return fake.lcr & 0x80 ? fake.dlm : fake.ier;
	case 2:
		return iir();
	case 3:
		return fake.lcr;
	case 4:
		return fake.mcr;
	case 5:
		return lsr();
	case 6:
		return msr();
	default:
		return fake.no_scratch ? 0 : fake.scr;
	}
}

static void send(uint8_t byte)
{
	unsigned room = fake.fcr & 1 && !fake.no_fifo ? 16 : 1;

	if (fake.tx_count == room) {
		fake.lost++;
		return;
	}
	fake.tx_count++;
	fake.thre_interrupt = false;
	assert_true(fake.wire_size < WIRE_SIZE);
	fake.wire[fake.wire_size++] = byte;
}

static void write_ier(uint8_t value)
{
	/* "THRE interrupt" is raised also by enabling it while the transmitter is empty. */
	if (value & 2 && !(fake.ier & 2) && !fake.tx_count && !fake.never_empty)
		fake.thre_interrupt = true;
	fake.ier = value & 0xf;
}

static void fake_write(const struct uart_bus *bus, unsigned reg, uint8_t value)
{
	bool latch = fake.lcr & 0x80;

	(void)bus;
	if (fake.absent)
		return;
	switch (reg) {
	case 0:
		latch ? (void)(fake.dll = value) : send(value);
		break;
	case 1:
		latch ? (void)(fake.dlm = value) : write_ier(value);
		break;
	case 2:
		fake.fcr = value;
		fake.rx_count = value & 2 ? 0 : fake.rx_count;
		break;
	case 3:
		if (!fake.busy) /* DesignWare's ignores it meanwhile */
			fake.lcr = value;
		break;
	case 4:
		fake.mcr = value;
		break;
	case 7:
		fake.scr = value;
		break;
	default:
		fail_msg("write to register %u", reg);
	}
}

/* The wire took all that the transmitter had. */
static void wire_done(void)
{
	if (!fake.never_empty && fake.tx_count) {
		fake.tx_count = 0;
		fake.thre_interrupt = true;
	}
}

static void type(const char *text)
{
	for (; *text; text++) {
		if (fake.rx_count == sizeof(fake.rx))
			fake.overrun = true;
		else
			fake.rx[fake.rx_count++] = (uint8_t)*text;
	}
}

static void on_notify(unsigned events)
{
	told |= events;
}

static const struct uart_bus bus = {
	.read = fake_read, .write = fake_write, .base = 0x3f8, .stride = 1};

static int set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	told = 0;
	tsc_set_khz(1); /* so that a panic need not pause */
	uart_set_notify(on_notify);
	return 0;
}

static void start(void)
{
	assert_true(uart_init(&bus));
	uart_enable_interrupts();
}

/* The machine goes on: the wire moves and raised interrupts are taken, until nothing happens. */
static void run_interrupts(void)
{
	for (unsigned i = 0; i < 100000; i++) {
		wire_done();
		if (!line_up() || !(fake.mcr & 8))
			return;
		uart_interrupt();
	}
	fail_msg("the interrupt line never falls");
}

static struct uart_stats get_stats(void)
{
	struct uart_stats stats;

	uart_get_stats(&stats);
	return stats;
}

static void test_set_up(void **state)
{
	(void)state;
	start();
	assert_int_equal(fake.dll, 1);
	assert_int_equal(fake.dlm, 0);
	assert_int_equal(fake.lcr, 3);
	assert_int_equal(fake.mcr & 0x1b, 0x0b);
	assert_true(fake.fcr & 1);
	assert_int_equal(fake.ier & 3, 1);
	assert_true(get_stats().has_fifo);
}

/* Nothing of it is lost, and what is written to a UART that is busy would be. */
static void test_busy(void **state)
{
	(void)state;
	fake.busy = 5000;
	assert_true(uart_init(&bus));
	assert_int_equal(fake.busy, 0);
	assert_int_equal(fake.lcr, 3);
	assert_int_equal(fake.dll, 1);
	/* One that never ends is programmed all the same. */
	fake.busy = UINT32_MAX;
	assert_true(uart_init(&bus));
}

static void test_the_firmwares_rate(void **state)
{
	struct uart_bus kept = bus;

	(void)state;
	kept.keep_rate = true;
	fake.dll = 0x1a;
	fake.dlm = 1;
	assert_true(uart_init(&kept));
	assert_int_equal(fake.dlm << 8 | fake.dll, 0x11a);
	fake.dll = fake.dlm = 0; /* nobody has set it */
	assert_true(uart_init(&kept));
	assert_int_equal(fake.dlm << 8 | fake.dll, 1);
}

static void test_slow(void **state)
{
	struct uart_bus slow = bus;

	(void)state;
	slow.divisor = 384; /* 300 baud */
	assert_true(uart_init(&slow));
	assert_int_equal(fake.dll, 0x80);
	assert_int_equal(fake.dlm, 1);
	assert_int_equal(fake.lcr, 3);
}

/* Bytes that hold what is written pass for a scratch register. */
static uint8_t memory[8];

static uint8_t memory_read(const struct uart_bus *unused, unsigned reg)
{
	(void)unused;
	return memory[reg];
}

static void memory_write(const struct uart_bus *unused, unsigned reg, uint8_t value)
{
	(void)unused;
	memory[reg] = value;
}

static void test_memory_is_none(void **state)
{
	static const struct uart_bus plain = {.read = memory_read, .write = memory_write};

	(void)state;
	assert_false(uart_init(&plain));
	assert_false(get_stats().present);
}

static void test_absent(void **state)
{
	char bytes[4];

	(void)state;
	fake.absent = true;
	assert_false(uart_init(&bus));
	fake.reads = 0;
	uart_enable_interrupts();
	assert_int_equal(uart_write("abc", 3), 3);
	assert_int_equal(uart_read(bytes, 4), 0);
	uart_interrupt();
	uart_poll();
	uart_panic_write("dead", 4);
	assert_int_equal(fake.reads, 0);
}

/* Other things that are no UART: a scratch register and a loopback that both do not answer. */
static void test_probe(void **state)
{
	(void)state;
	fake.no_scratch = fake.no_loopback = true;
	assert_false(uart_init(&bus));
	fake.no_scratch = false;
	assert_true(uart_init(&bus));
	fake.no_scratch = true;
	fake.no_loopback = false;
	assert_true(uart_init(&bus));
	assert_int_equal(fake.mcr & 0x10, 0);
}

static void fill_pattern(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 31 + i / 256);
}

/*
 * 100 KB by short writes: nothing lost, nothing doubled, and space is told each time it was asked
 * for.
 */
static void send_all(void (*go_on)(void))
{
	static uint8_t bytes[100000];
	size_t sent = 0;

	fill_pattern(bytes, sizeof(bytes));
	while (sent < sizeof(bytes)) {
		size_t taken = uart_write(bytes + sent, MIN(sizeof(bytes) - sent, 5000));

		sent += taken;
		if (taken == 5000 || sent == sizeof(bytes))
			continue;
		told = 0;
		go_on();
		assert_true(told & UART_SPACE);
	}
	go_on();
	assert_int_equal(fake.wire_size, sizeof(bytes));
	assert_memory_equal(fake.wire, bytes, sizeof(bytes));
	assert_int_equal(fake.lost, 0);
	assert_true(get_stats().tx_bytes == sizeof(bytes));
}

static void test_send(void **state)
{
	(void)state;
	start();
	send_all(run_interrupts);
	assert_int_equal(fake.ier & 2, 0);
	assert_int_equal(get_stats().polls_with_work, 0);
}

static void test_send_without_fifo(void **state)
{
	(void)state;
	fake.no_fifo = true;
	start();
	assert_false(get_stats().has_fifo);
	send_all(run_interrupts);
}

static void run_polls(void)
{
	for (unsigned i = 0; i < 20000; i++) {
		wire_done();
		uart_poll();
	}
}

/* The line is not wired: polling finds out and does the work. */
static void test_send_polled(void **state)
{
	(void)state;
	start();
	assert_false(get_stats().polled);
	send_all(run_polls);
	assert_true(get_stats().polled);
	assert_true(uart_poll() < 5000);
	/* Interrupts come after all. */
	type("x");
	run_interrupts();
	assert_false(get_stats().polled);
	assert_true(uart_poll() > 5000);
}

/* A poll that happens to be faster than the interrupt is no reason for mistrust. */
static void test_poll_beside_interrupts(void **state)
{
	(void)state;
	start();
	for (unsigned i = 0; i < 100; i++) {
		type("a");
		uart_poll();
		type("b");
		run_interrupts();
	}
	assert_false(get_stats().polled);
	assert_int_equal(get_stats().rx_bytes, 200);
}

static void test_receive(void **state)
{
	char bytes[32] = {0};

	(void)state;
	start();
	type("operator");
	run_interrupts();
	assert_int_equal(told, UART_INPUT);
	assert_int_equal(uart_read(bytes, 4), 4);
	assert_int_equal(uart_read(bytes + 4, 28), 4);
	assert_string_equal(bytes, "operator");
	assert_int_equal(uart_read(bytes, 32), 0);
}

static void test_overrun(void **state)
{
	(void)state;
	start();
	type("0123456789abcdefX");
	run_interrupts();
	assert_int_equal(get_stats().rx_overruns, 1);
	assert_int_equal(get_stats().rx_bytes, 16);
}

/* Our ring is full: the device keeps what it has, RTS falls, no interrupt storms, and nothing is lost. */
static void test_full_ring(void **state)
{
	uint8_t bytes[UART_RX_SIZE];

	(void)state;
	start();
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < UART_RX_SIZE / 16 + 1; i++) {
			type("0123456789abcdef");
			run_interrupts();
		}
		assert_int_equal(fake.rx_count, 16);
		assert_int_equal(fake.mcr & 0xf, 9);
		assert_int_equal(fake.ier & 1, 0);
		uart_poll();
		assert_int_equal(fake.rx_count, 16);
		assert_int_equal(uart_read(bytes, UART_RX_SIZE / 2 - 1), UART_RX_SIZE / 2 - 1);
		assert_int_equal(fake.mcr & 2, 0);
		assert_int_equal(uart_read(bytes, 1), 1);
		assert_int_equal(fake.mcr & 0xf, 0xb);
		run_interrupts();
		assert_int_equal(fake.rx_count, 0);
		assert_int_equal(uart_read(bytes, sizeof(bytes)), UART_RX_SIZE / 2 + 16);
		for (unsigned i = 0; i < UART_RX_SIZE / 2 + 16; i++)
			assert_int_equal(bytes[i], "0123456789abcdef"[i % 16]);
		assert_int_equal(get_stats().rx_holds, round + 1);
	}
	assert_int_equal(get_stats().rx_overruns, 0);
}

/* Every function ends within a bounded number of register reads, whatever the device says. */
static void test_broken_devices(void **state)
{
	char bytes[64];

	(void)state;
	start();
	fake.endless_input = true;
	fake.reads = 0;
	uart_interrupt();
	uart_poll();
	assert_true(fake.reads < 20000);
	fake.endless_input = false;
	while (uart_read(bytes, sizeof(bytes)))
		continue;
	fake.never_empty = true;
	fake.reads = 0;
	for (unsigned i = 0; i < 1000; i++) {
		uart_write("0123456789abcdef0123456789abcdef", 32);
		uart_poll();
		uart_interrupt();
	}
	assert_true(fake.reads < 20000);
	assert_int_equal(uart_write("x", 1), 0);
	fake.absent = true; /* gone while in use */
	uart_poll();
	uart_interrupt();
	assert_int_equal(uart_read(bytes, sizeof(bytes)), 0);
}

/* A panic lets the wire run between two looks at LSR. */
static uint8_t moving_read(const struct uart_bus *from, unsigned reg)
{
	if (reg == 5 && fake.reads % 7 == 0)
		wire_done();
	return fake_read(from, reg);
}

static const struct uart_bus moving_bus = {.read = moving_read, .write = fake_write, .stride = 1};

static void test_panic(void **state)
{
	(void)state;
	assert_true(uart_init(&moving_bus));
	uart_enable_interrupts();
	fake.tx_count = 16; /* busy, so that all of this waits in the ring */
	assert_int_equal(uart_write("waiting ", 8), 8);
	uart_panic_write("panic\nend\r\n", 11);
	wire_done();
	assert_int_equal(fake.lost, 0);
	assert_int_equal(fake.wire_size, 20);
	assert_memory_equal(fake.wire, "waiting panic\r\nend\r\n", 20);
}

static void test_panic_dead(void **state)
{
	(void)state;
	start();
	fake.never_empty = true;
	fake.tx_count = 1;
	assert_int_equal(uart_write("waiting", 7), 7);
	fake.reads = 0;
	for (unsigned i = 0; i < 1000; i++)
		uart_panic_write("never arrives", 13);
	assert_true(fake.reads < 5100000);
	assert_int_equal(get_stats().panic_timeouts, 13007);
	assert_int_equal(fake.wire_size, 0);
}

/* Deaf for three million looks in one byte, as an emulator's line on a busy machine. */
static uint8_t late_read(const struct uart_bus *from, unsigned reg)
{
	fake.never_empty = fake.reads > 1000 && fake.reads < 3001000;
	if (reg == 5 && fake.reads % 7 == 0)
		wire_done();
	return fake_read(from, reg);
}

static const struct uart_bus late_bus = {.read = late_read, .write = fake_write, .stride = 1};

/* Not a byte is lost for it, neither then nor later. */
static void test_panic_late(void **state)
{
	(void)state;
	assert_true(uart_init(&late_bus));
	for (unsigned i = 0; i < 1000; i++)
		uart_panic_write("arrives late\r\n", 14);
	wire_done();
	assert_true(fake.reads > 3001000);
	assert_int_equal(get_stats().panic_timeouts, 0);
	assert_int_equal(fake.lost, 0);
	assert_int_equal(fake.wire_size, 14000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_set_up, set_up),
		cmocka_unit_test_setup(test_busy, set_up),
		cmocka_unit_test_setup(test_the_firmwares_rate, set_up),
		cmocka_unit_test_setup(test_slow, set_up),
		cmocka_unit_test_setup(test_memory_is_none, set_up),
		cmocka_unit_test_setup(test_absent, set_up),
		cmocka_unit_test_setup(test_probe, set_up),
		cmocka_unit_test_setup(test_send, set_up),
		cmocka_unit_test_setup(test_send_without_fifo, set_up),
		cmocka_unit_test_setup(test_send_polled, set_up),
		cmocka_unit_test_setup(test_poll_beside_interrupts, set_up),
		cmocka_unit_test_setup(test_receive, set_up),
		cmocka_unit_test_setup(test_overrun, set_up),
		cmocka_unit_test_setup(test_full_ring, set_up),
		cmocka_unit_test_setup(test_broken_devices, set_up),
		cmocka_unit_test_setup(test_panic, set_up),
		cmocka_unit_test_setup(test_panic_dead, set_up),
		cmocka_unit_test_setup(test_panic_late, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
