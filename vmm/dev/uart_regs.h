/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of a 16550A, in the data sheet's terms, and what the model's two halves share. */
#pragma once

#include "lib/types.h"
#include "vmm/dev/uart.h"

enum reg {
	REG_DATA,
	REG_IER,
	REG_IIR,
	REG_LCR,
	REG_MCR,
	REG_LSR,
	REG_MSR,
	REG_SCR,
	REG_FCR = REG_IIR
};
enum ier {
	IER_RDA = 1 << 0,
	IER_THRE = 1 << 1,
	IER_LINE = 1 << 2,
	IER_MODEM = 1 << 3,
	IER_BITS = 0xf
};
enum iir {
	IIR_MODEM = 0x0,
	IIR_NONE = 0x1,
	IIR_THRE = 0x2,
	IIR_RDA = 0x4,
	IIR_LINE = 0x6,
	IIR_TIMEOUT = 0xc,
	IIR_FIFO = 0xc0,
};
enum fcr { FCR_ENABLE = 1 << 0, FCR_CLEAR_RX = 1 << 1, FCR_CLEAR_TX = 1 << 2, FCR_KEPT = 0xc9 };
enum lcr {
	LCR_LENGTH = 3,
	LCR_STOP = 1 << 2,
	LCR_PARITY = 1 << 3,
	LCR_BREAK = 1 << 6,
	LCR_DLAB = 1 << 7
};
enum mcr {
	MCR_DTR = 1 << 0,
	MCR_RTS = 1 << 1,
	MCR_OUT1 = 1 << 2,
	MCR_OUT2 = 1 << 3, /* on a PC it gates the interrupt */
	MCR_LOOP = 1 << 4,
	MCR_BITS = 0x1f,
};
enum lsr {
	LSR_READY = 1 << 0,
	LSR_OVERRUN = 1 << 1,
	LSR_PARITY = 1 << 2,
	LSR_FRAMING = 1 << 3,
	LSR_BREAK = 1 << 4,
	LSR_THRE = 1 << 5,
	LSR_IDLE = 1 << 6,
	LSR_FIFO_ERROR = 1 << 7,
	LSR_CHARACTER = LSR_PARITY | LSR_FRAMING | LSR_BREAK,
	LSR_ERRORS = LSR_OVERRUN | LSR_CHARACTER,
};
enum msr {
	MSR_DELTA_CTS = 1 << 0,
	MSR_DELTA_DSR = 1 << 1,
	MSR_RING_ENDED = 1 << 2,
	MSR_DELTA_DCD = 1 << 3,
	MSR_CTS = 1 << 4,
	MSR_DSR = 1 << 5,
	MSR_RI = 1 << 6,
	MSR_DCD = 1 << 7,
	MSR_DELTAS = 0xf,
};

static inline bool uart_fifo_mode(const struct uart *uart)
{
	return (uart->fcr & FCR_ENABLE) != 0;
}

static inline bool uart_loops(const struct uart *uart)
{
	return (uart->mcr & MCR_LOOP) != 0;
}

/*
 * The line half (uart_line.c), called with the device's lock: characters and modem signals. The
 * interrupt is the caller's to bring up to date by uart_update_irq(), but for
 * uart_read_character().
 */
void uart_receive(struct uart *uart, uint8_t data, uint8_t flags);
void uart_fill(struct uart *uart);
uint8_t uart_read_character(struct uart *uart);
void uart_drain(struct uart *uart);
void uart_look_again(struct uart *uart);
void uart_transmit(struct uart *uart, uint8_t data);
void uart_transmit_block(struct uart *uart, const uint8_t *data, size_t count);
void uart_clear_rx(struct uart *uart);
void uart_clear_tx(struct uart *uart);
void uart_restart_timeout(struct uart *uart);
void uart_arm_timeout(struct uart *uart);
uint8_t uart_modem_lines(const struct uart *uart);
void uart_update_modem(struct uart *uart);

/* The register half (uart.c). */
void uart_update_irq(struct uart *uart);
