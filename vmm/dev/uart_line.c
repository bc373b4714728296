/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns what is on the line side of the UART: FIFOs, console ring, loopback, modem signals, and the
 * timer of the receiver's timeout. Data sheet: see uart.c.
 */
#include "vmm/dev/uart.h"

#include "abi/console_ring.h"
#include "vmm/dev/uart_regs.h"
#include "vmm/host.h"

/* 16 clocks of 1.8432 MHz for each unit of the divisor: ns a bit. */
#define BIT_NS 8681ULL
/* A guest may set a divisor that makes the timeout a storm. */
#define TIMEOUT_MIN_NS 100000ULL

/* Without FIFOs there is one holding register each way. */
static unsigned capacity(const struct uart *uart)
{
	return uart_fifo_mode(uart) ? UART_FIFO_SIZE : 1;
}

static void fifo_put(struct uart_fifo *fifo, uint8_t data, uint8_t flags)
{
	unsigned at = (fifo->first + fifo->count) % UART_FIFO_SIZE;

	fifo->data[at] = data;
	fifo->flags[at] = flags;
	fifo->count++;
}

static uint8_t fifo_get(struct uart_fifo *fifo)
{
	uint8_t data = fifo->data[fifo->first];

	fifo->first = (uint8_t)((fifo->first + 1U) % UART_FIFO_SIZE);
	fifo->count--;
	return data;
}

/* Four character times: start bit, data, parity, stop ("FIFO Interrupt Mode Operation"). */
static uint64_t timeout_ns(const struct uart *uart)
{
	uint64_t divisor = (uint64_t)uart->divisor[1] << 8 | uart->divisor[0];
	uint64_t bits = 7U + (uart->lcr & LCR_LENGTH);

	bits += (uart->lcr & LCR_PARITY) != 0;
	bits += (uart->lcr & LCR_STOP) != 0;
	return MAX(4 * bits * divisor * BIT_NS, TIMEOUT_MIN_NS);
}

/* Its time starts anew with each character that comes or is read; once it is told, only reading ends it. */
void uart_restart_timeout(struct uart *uart)
{
	uart->timeout_at = host_now() + timeout_ns(uart);
	uart_arm_timeout(uart);
}

/*
 * Only the interrupt tells of the timeout: the time is looked at when that is enabled. The timer is left
 * where it is when that is early enough: its expiry looks again, and a burst of characters costs one call.
 */
void uart_arm_timeout(struct uart *uart)
{
	if (!uart_fifo_mode(uart) || uart->rx.count == 0 || uart->timed_out ||
	    (uart->ier & IER_RDA) == 0)
		return;
	uart->timed_out = host_now() >= uart->timeout_at;
	if (uart->timed_out || (uart->timer_runs && uart->timer.when <= uart->timeout_at))
		return;
	uart->timer_runs = true;
	timer_arm(&uart->timer, uart->timeout_at);
}

/* LSR shows the errors of the character that is next to be read ("Line Status Register"). */
static void reveal_errors(struct uart *uart)
{
	if (uart->rx.count == 0)
		return;
	uart->lsr_errors |= uart->rx.flags[uart->rx.first];
	uart->rx.flags[uart->rx.first] = 0;
}

/* A character from the loop. It finds no room: lost, or in the only register overwriting. */
void uart_receive(struct uart *uart, uint8_t data, uint8_t flags)
{
	if (uart->rx.count >= capacity(uart)) {
		uart->lsr_errors |= LSR_OVERRUN;
		if (uart_fifo_mode(uart))
			return;
		fifo_get(&uart->rx);
	}
	fifo_put(&uart->rx, data, flags);
	reveal_errors(uart);
	uart_restart_timeout(uart);
}

/* A port that nobody listens at sends into the air, at once, as the chip would. */
static size_t send(const struct uart *uart, const void *data, size_t size)
{
	return uart->place->console ? console_put(data, size) : size;
}

static size_t take_input(const struct uart *uart, void *data, size_t size)
{
	return uart->place->console ? console_get(data, size) : 0;
}

/* Fetches what the receiver has room for from the console. */
void uart_fill(struct uart *uart)
{
	uint8_t data[UART_FIFO_SIZE];
	size_t room = capacity(uart) - uart->rx.count;
	size_t got;

	if (uart_loops(uart) || uart->rx.count >= capacity(uart))
		return;
	got = take_input(uart, data, room);
	for (size_t i = 0; i < got && i < room; i++)
		fifo_put(&uart->rx, data[i], 0);
	if (got > 0)
		uart_restart_timeout(uart);
}

uint8_t uart_read_character(struct uart *uart)
{
	uint8_t data = uart->rx.data[uart->rx.first];

	if (uart->rx.count == 0)
		return data;
	fifo_get(&uart->rx);
	uart->timed_out = false;
	if (uart->rx.count == 0) {
		/* Reading with nothing there goes on showing this character. */
		uart->rx.data[uart->rx.first] = data;
		/* More may wait in the ring, and makes a new edge, as if it had come just now. */
		uart_update_irq(uart);
		uart_fill(uart);
	}
	reveal_errors(uart);
	uart_restart_timeout(uart);
	uart_update_irq(uart);
	return data;
}

/* Sends what waits in the FIFO, as far as the ring takes it. */
void uart_drain(struct uart *uart)
{
	if (uart->tx.count == 0)
		return;
	while (uart->tx.count > 0 && send(uart, &uart->tx.data[uart->tx.first], 1) == 1)
		fifo_get(&uart->tx);
	if (uart->tx.count == 0)
		uart->thre_pending = true;
}

/* The transmitter cuts a character to its length; only the loop can see that. */
static uint8_t cut(const struct uart *uart, uint8_t data)
{
	return data & (uint8_t)(0xff >> (3 - (uart->lcr & LCR_LENGTH)));
}

/*
 * Nobody tells when the reader has stood still for too long: the ring takes more from then on, and it is for
 * us to ask. A moment later, so that it is never too early.
 */
#define HELD_NS (RING_STALL_SECONDS * 1000000000ULL + 1000000)

static void hold(struct uart *uart)
{
	if (uart->held)
		return;
	uart->held = true;
	timer_arm(&uart->held_timer, host_now() + HELD_NS);
}

void uart_look_again(struct uart *uart)
{
	uart->held = false;
	uart_drain(uart);
	if (uart->tx.count > 0)
		hold(uart);
}

static void queue(struct uart *uart, uint8_t data)
{
	hold(uart);
	if (uart->tx.count < capacity(uart))
		fifo_put(&uart->tx, data, 0);
	else
		uart->dropped++;
}

/*
 * Writing THR ends its interrupt, and sending makes the next. The line has to be seen to fall in
 * between: the controllers' inputs are edge-triggered.
 */
static void begin_transmit(struct uart *uart)
{
	uart_drain(uart);
	if (!uart->thre_pending)
		return;
	uart->thre_pending = false;
	uart_update_irq(uart);
}

void uart_transmit(struct uart *uart, uint8_t data)
{
	begin_transmit(uart);
	if (uart_loops(uart))
		uart_receive(uart, cut(uart, data), 0);
	else if (uart->tx.count > 0 || send(uart, &data, 1) != 1)
		queue(uart, data);
	uart->thre_pending = uart->tx.count == 0;
}

void uart_transmit_block(struct uart *uart, const uint8_t *data, size_t count)
{
	size_t sent = 0;

	if (count == 0)
		return;
	begin_transmit(uart);
	if (uart->tx.count == 0)
		sent = send(uart, data, count);
	for (size_t i = sent; i < count; i++)
		queue(uart, data[i]);
	uart->thre_pending = uart->tx.count == 0;
}

/* The modem's lines: always there and ready, or dead without a cable, or in loopback our own outputs. */
uint8_t uart_modem_lines(const struct uart *uart)
{
	unsigned mcr = uart->mcr;

	if (!uart_loops(uart))
		return uart->place->console ? MSR_CTS | MSR_DSR | MSR_DCD : 0;
	return (uint8_t)(((mcr & MCR_RTS) != 0 ? MSR_CTS : 0U) |
			 ((mcr & MCR_DTR) != 0 ? MSR_DSR : 0U) |
			 ((mcr & MCR_OUT1) != 0 ? MSR_RI : 0U) |
			 ((mcr & MCR_OUT2) != 0 ? MSR_DCD : 0U));
}

void uart_update_modem(struct uart *uart)
{
	unsigned lines = uart_modem_lines(uart);
	unsigned changed = lines ^ uart->msr;
	unsigned deltas = uart->msr & MSR_DELTAS;

	deltas |= (changed & (MSR_CTS | MSR_DSR | MSR_DCD)) >> 4;
	/* Of the ring indicator only the end counts ("Modem Status Register, TERI"). */
	if ((changed & uart->msr & MSR_RI) != 0)
		deltas |= MSR_RING_ENDED;
	uart->msr = (uint8_t)(lines | deltas);
}

void uart_clear_rx(struct uart *uart)
{
	uart->rx = (struct uart_fifo){0};
	uart->timed_out = false;
}

void uart_clear_tx(struct uart *uart)
{
	if (uart->tx.count == 0)
		return;
	uart->dropped += uart->tx.count;
	uart->tx = (struct uart_fifo){0};
	uart->thre_pending = true;
}
