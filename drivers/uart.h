/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operator's serial line: one 16550, behind a software ring in each direction. It never waits
 * for the line, loses nothing that it accepted, and works (more slowly) where interrupts do not
 * arrive.
 */
#pragma once

#include "lib/types.h"

enum { UART_TX_SIZE = 16 * 1024, UART_RX_SIZE = 4 * 1024 };

/* How its registers are reached; register r is at base + r * stride. */
struct uart_bus {
	uint8_t (*read)(const struct uart_bus *bus, unsigned reg);
	void (*write)(const struct uart_bus *bus, unsigned reg, uint8_t value);
	uintptr_t base; /* port, or address where the registers are mapped */
	unsigned stride;
	uint16_t divisor; /* of 115200 baud; 0 is 1 */
	bool keep_rate; /* the divisor is the firmware's, if there is one: its clock may not be a PC's */
};

struct uart_bus uart_bus_port(uint16_t port);
struct uart_bus uart_bus_mmio(volatile void *registers, unsigned stride);

struct uart_stats {
	uint64_t tx_bytes, rx_bytes;
	uint64_t rx_overruns; /* the hardware's FIFO overflowed: at least one byte each */
	uint64_t rx_holds;    /* how often our ring was full and the line asked to wait */
	uint64_t interrupts;
	uint64_t polls_with_work; /* work that no interrupt had announced */
	uint64_t panic_timeouts;  /* bytes given up because the transmitter never emptied */
	bool present, has_fifo, polled;
};

enum uart_event { UART_INPUT = 1 << 0, UART_SPACE = 1 << 1 };

/*
 * Probes, and if a UART answers sets it to the bus's rate, 8N1, with interrupts off at the device. Returns
 * false if none is there: all other functions then do nothing. Boot, CPU 0.
 */
bool uart_init(const struct uart_bus *bus);

/* From here on the device may interrupt: its line is routed to uart_interrupt. */
void uart_enable_interrupts(void);

/* Takes as many bytes as fit and returns how many; with no UART all are taken and gone. Any CPU. */
size_t uart_write(const void *bytes, size_t size);

/* Returns how many bytes were there, at most size. Any CPU. */
size_t uart_read(void *bytes, size_t size);

/* The interrupt handler; also harmless when the interrupt was not ours. Any CPU. */
void uart_interrupt(void);

/*
 * From a timer, on one CPU: does what an interrupt should have done, and learns whether interrupts
 * come. Returns after how many microseconds it wants to be called again.
 */
unsigned uart_poll(void);

/*
 * Told of input and of new space after a short write; enum uart_event. Called without the lock, on
 * the CPU that found out.
 */
void uart_set_notify(void (*notify)(unsigned events));

/*
 * For a panic: no lock, drains the ring first, then writes polled; gives up on a byte after a
 * bounded wait.
 */
void uart_panic_write(const char *text, size_t size);

void uart_get_stats(struct uart_stats *stats);
