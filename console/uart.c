/* SPDX-License-Identifier: BSD-2-Clause */
/* The queues' indices count bytes since the start and never wrap; the sizes are powers of two. */
#include "console/uart.h"

#include "console/call.h"
#include "console/clock.h"
#include "console/display.h"
#include "lib/string.h"

static struct {
	uint64_t out_head, out_tail, in_head, in_tail;
	uint32_t events; /* taken from the kernel while waiting, not handled yet */
	bool more;	 /* the kernel may have input that found no room here */
	bool dead; /* took nothing for as long as we wait: nobody is waited for again until it does */
	uint8_t out[UART_OUT_SIZE];
	uint8_t in[UART_IN_SIZE];
} uart;

enum { DEAD_SECONDS = 5, GUEST_SHARE = 4096 };

void uart_reset(void)
{
	memset(&uart, 0, sizeof(uart));
}

size_t uart_queued(void)
{
	return (size_t)(uart.out_head - uart.out_tail);
}

size_t uart_room(void)
{
	return UART_OUT_SIZE - uart_queued();
}

void uart_pump_out(void)
{
	while (uart_queued() > 0) {
		size_t at = uart.out_tail % UART_OUT_SIZE;
		size_t size = MIN(uart_queued(), UART_OUT_SIZE - at);
		size_t taken = call_uart_write(uart.out + at, size);

		/* Only 0 says that there is no room: one call is bounded and may take less. */
		if (taken == 0)
			return;
		uart.out_tail += taken;
		uart.dead = false;
	}
}

size_t uart_guest_room(void)
{
	if (uart_queued() >= GUEST_SHARE)
		uart_pump_out();
	return GUEST_SHARE - MIN(uart_queued(), (size_t)GUEST_SHARE);
}

/* One wait for the line to move. Typing goes on into the input queue meanwhile. */
static void wait_for_line(uint64_t deadline)
{
	display_refresh(false);
	uart.events |= call_wait(deadline);
	uart_pump_in();
	uart_pump_out();
}

/* True once at most `limit` bytes are queued. A line that takes nothing for seconds is not waited for. */
static bool wait_until(size_t limit)
{
	uint64_t deadline = call_clock() + DEAD_SECONDS * clock_hz();
	uint64_t tail = uart.out_tail;

	uart_pump_out();
	while (uart_queued() > limit) {
		if (uart.dead)
			return false;
		if (uart.out_tail != tail) {
			tail = uart.out_tail;
			deadline = call_clock() + DEAD_SECONDS * clock_hz();
		} else if (call_clock() >= deadline) {
			uart.dead = true;
			return false;
		}
		wait_for_line(deadline);
	}
	return true;
}

void uart_flush(void)
{
	display_refresh(true);
	wait_until(0);
}

void uart_write(const void *data, size_t size)
{
	const uint8_t *bytes = data;

	display_write(bytes, size);
	while (size > 0) {
		size_t at = uart.out_head % UART_OUT_SIZE;
		size_t part = MIN(MIN(size, uart_room()), UART_OUT_SIZE - at);

		memcpy(uart.out + at, bytes, part);
		uart.out_head += part;
		bytes += part;
		size -= part;
		/* Nobody reads a dead line: what does not fit is lost, and the console lives on. */
		if (size > 0 && uart_room() == 0 && !wait_until(UART_OUT_SIZE / 2))
			return;
	}
}

void uart_pump_in(void)
{
	for (;;) {
		size_t at = uart.in_head % UART_IN_SIZE;
		size_t room = UART_IN_SIZE - uart_input_size();
		size_t size = MIN(room, UART_IN_SIZE - at);
		size_t taken = size ? call_uart_read(uart.in + at, size) : 0;

		uart.in_head += taken;
		uart.more = size == 0;
		if (taken == 0)
			return;
	}
}

bool uart_has_more(void)
{
	return uart.more && uart_input_size() < UART_IN_SIZE;
}

size_t uart_input_size(void)
{
	return (size_t)(uart.in_head - uart.in_tail);
}

uint8_t uart_input_peek(size_t index)
{
	return uart.in[(uart.in_tail + index) % UART_IN_SIZE];
}

void uart_input_drop(size_t count)
{
	uart.in_tail += MIN(count, uart_input_size());
}

uint32_t uart_take_events(void)
{
	uint32_t events = uart.events;

	uart.events = 0;
	return events;
}
