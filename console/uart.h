/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operator's serial line: a bounded queue each way above the kernel's UART calls. What a command
 * prints is never dropped: a full queue makes the printer wait until the line has taken some of it.
 */
#pragma once

#include "lib/types.h"

enum {
	UART_OUT_SIZE = 64 * 1024,
	UART_IN_SIZE = 16 * 1024,
};

void uart_reset(void);

/*
 * Queues bytes for the operator, and shows them on the screen, if there is one. Waits for room if it must;
 * gives up on a line that is dead.
 */
void uart_write(const void *data, size_t size);

/* Bytes that can be queued now without waiting, and bytes that are queued. */
size_t uart_room(void);
size_t uart_queued(void);

/*
 * How much of a guest's output may be queued now: of the queue it gets a small part, so that a key takes
 * effect soon. 0: an event comes when the kernel takes more.
 */
size_t uart_guest_room(void);

/* Hands the kernel what it takes. */
void uart_pump_out(void);

/* Waits until all is with the kernel, or the line is found dead. */
void uart_flush(void);

/* Takes what the kernel has, as long as there is room for it. */
void uart_pump_in(void);

/* The last pump ended for want of room, and there is room now: no event will tell. */
bool uart_has_more(void);

/* The input that nobody has used yet. */
size_t uart_input_size(void);
uint8_t uart_input_peek(size_t index);
void uart_input_drop(size_t count);

/* Events that arrived while uart_write waited: whoever waits for events next takes these first. */
uint32_t uart_take_events(void);
