/* SPDX-License-Identifier: BSD-2-Clause */
/* The 16550As: COM1, whose line is the guest's console ring, and COM2, with nothing on its line. */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"
#include "vmm/device.h"
#include "vmm/timers.h"

enum { UART_FIFO_SIZE = 16 };

struct uart_fifo {
	uint8_t data[UART_FIFO_SIZE];
	uint8_t flags[UART_FIFO_SIZE]; /* receiver: the LSR bits that came with the character */
	uint8_t first, count;
};

/* Where a UART stands. */
struct uart_place {
	const char *name;
	uint16_t port;
	uint8_t gsi;
	bool console; /* on the console's ring; else what is sent is gone, and nothing comes */
};

extern const struct uart_place uart_com1, uart_com2;

struct uart {
	struct device dev;
	const struct uart_place *place;
	uint8_t ier, fcr, lcr, mcr, lsr_errors, msr, scr;
	uint8_t divisor[2]; /* DLL, DLM */
	struct uart_fifo rx, tx;
	bool thre_pending;   /* the transmitter's interrupt, until IIR tells it or THR is written */
	bool timed_out;	     /* the receiver's character timeout */
	bool line;	     /* IRQ */
	uint64_t dropped;    /* characters written while nothing could take them */
	uint64_t timeout_at; /* ns: when the receiver times out */
	bool timer_runs;     /* timer is armed, at timeout_at or before */
	struct device_timer timer;
	bool held;			/* held_timer is armed */
	struct device_timer held_timer; /* looks again whether what is in tx can go */
};

/* Clears the model and claims its ports. */
enum err must_check uart_init(struct uart *uart, const struct uart_place *place);

/* The console's input half has something. */
void uart_console_input(struct uart *uart);

/* The console's output half has space again. */
void uart_console_space(struct uart *uart);

/* How many characters the guest wrote while neither ring nor FIFO had room. */
uint64_t uart_dropped(struct uart *uart);
