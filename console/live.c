/* SPDX-License-Identifier: BSD-2-Clause */
/* A step of the session that waits for a time: the one thing that the session itself does not have. */
#include "console/live.h"

#include "console/call.h"
#include "console/pager.h"
#include "console/session.h"
#include "console/uart.h"

/* More than this waits to be sent: an eighth of a second at 115,200 baud. */
enum { QUEUED_MAX = 1440 };

static struct {
	uint64_t period, next; /* next 0: nothing is shown */
	bool until_key;
	bool (*show)(void);
} live;

void live_reset(void)
{
	live.next = 0;
}

uint64_t live_deadline(void)
{
	/* While a page waits to be turned no step is made. */
	return pager_is_holding() ? 0 : live.next;
}

static bool key_pressed(void)
{
	static const char swallowed[] = "q \r\n\x1b";

	if (!live.until_key || !uart_input_size())
		return false;
	for (const char *key = swallowed; *key; key++) {
		if (uart_input_peek(0) == (uint8_t)*key) {
			uart_input_drop(1);
			break;
		}
	}
	return true;
}

static enum session_answer end(void)
{
	live.next = 0;
	return SESSION_DONE;
}

static enum session_answer step(void)
{
	uint64_t now = call_clock();

	if (key_pressed())
		return end();
	if (now < live.next)
		return SESSION_WAIT;
	live.next = now + live.period;
	if (uart_queued() > QUEUED_MAX)
		return SESSION_WAIT;
	return live.show() ? SESSION_WAIT : end();
}

static bool interrupt(void)
{
	live.next = 0;
	return true;
}

void live_run(uint64_t period, bool until_key, bool (*show)(void))
{
	live.period = period;
	live.next = call_clock() + period;
	live.until_key = until_key;
	live.show = show;
	session_continue(step, interrupt);
}
