/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 16550A under any accesses, with a console that is full or empty at will. Promised: what a
 * guest writes arrives in order or is counted as lost, input is never lost outside of FIFO resets,
 * the IRQ is IIR's, and the timeout makes no storm, is told in time and not put off by IER.
 */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/uart.c vmm/dev/uart_line.c */
#include "tests/unit/dev_host.h"

#include "tests/fuzz/fuzz_dev_input.h"
#include "tests/unit/dev_fake_irq.h"
#include "vmm/dev/uart.h"

enum { BASE = 0x3f8, LCR_DLAB = 0x80, MCR_LOOP = 0x10, MCR_OUT2 = 0x08 };

static struct uart uart;
static uint64_t sent; /* characters that the guest gave to the transmitter, not into the loop */
static uint64_t arrived;

static bool sends(void)
{
	return (uart.lcr & LCR_DLAB) == 0 && (uart.mcr & MCR_LOOP) == 0;
}

/* The guest numbers its characters: as long as none is lost, each arrives in its place. */
static void take_output(void)
{
	for (size_t i = 0; uart.dropped == 0 && i < fake.out_count; i++)
		check((uint8_t)fake.out[i] == (uint8_t)(arrived + i));
	arrived += fake.out_count;
	fake.out_count = 0;
}

static void write_data(void)
{
	bool counts = sends();

	out8(BASE, (uint8_t)sent);
	sent += counts;
}

static void write_block(size_t count)
{
	uint8_t block[256];
	bool counts = sends();

	for (size_t i = 0; i < count; i++)
		block[i] = (uint8_t)(sent + i);
	bus_port_write_block(BASE, 1, block, count);
	sent += counts ? count : 0;
}

/* Of the divisor's half behind DLAB holds the same. */
static void write_ier(uint8_t value)
{
	uint64_t timeout_at = uart.timeout_at;

	out8(BASE + 1, value);
	check(uart.timeout_at == timeout_at);
}

static void check_state(void)
{
	struct uart copy = uart;
	uint8_t iir = in8(BASE + 2);

	check(uart.rx.count <= UART_FIFO_SIZE && uart.tx.count <= UART_FIFO_SIZE);
	check(copy.line == fake_irq[GSI_COM1].level || (iir & 0x0f) == 0x02);
	check(copy.line == ((iir & 1) == 0 && (copy.mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2));
	/* Undo what the look at IIR acknowledged. */
	uart.thre_pending = copy.thre_pending;
	uart.line = copy.line;
	irq_set(GSI_COM1, copy.line);
	/* An enabled receiver is silent about what it has for no longer than the timeout. */
	if ((copy.fcr & 1) != 0 && copy.rx.count > 0 && (copy.ier & 1) != 0)
		check(fake.now < copy.timeout_at || (iir & 0x04) != 0);
	/* Nothing is lost uncounted, nothing is sent twice. */
	check(arrived + fake.out_count + uart.tx.count + uart.dropped == sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play play = {data, MIN(size, 2048)};

	fake_start();
	memset(fake_irq, 0, sizeof(fake_irq));
	sent = arrived = 0;
	check(uart_init(&uart, &uart_com1) == ERR_NONE);
	bus_seal();
	while (play.left > 0) {
		uint8_t what = play_byte(&play);
		unsigned before = fake.expiries;
		uint64_t ns;

		switch (what % 8) {
		case 0:
			write_data();
			break;
		case 1:
			if ((what >> 3) % 7 == 0)
				write_ier(play_byte(&play));
			else
				out8((uint16_t)(BASE + 1 + (what >> 3) % 7), play_byte(&play));
			break;
		case 2:
		case 3:
			told(bus_port_read((uint16_t)(BASE + (what >> 3) % 8), 1));
			break;
		case 4:
			fake.out_space = play_byte(&play);
			take_output();
			if ((what & 0x80) != 0)
				uart_console_space(&uart);
			break;
		case 5:
			for (unsigned n = what >> 3; n > 0 && fake.in_count < sizeof(fake.in); n--)
				fake.in[fake.in_count++] = (char)n;
			uart_console_input(&uart);
			break;
		case 6:
			ns = play_time(&play) % 100000000;
			fake_go(ns);
			check(fake.expiries - before <= ns / 50000 + 2);
			break;
		default:
			if (what == 0xff)
				bus_reset_devices();
			else
				write_block(play_byte(&play));
			break;
		}
		check_state();
	}
	return 0;
}
