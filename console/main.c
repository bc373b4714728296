/* SPDX-License-Identifier: BSD-2-Clause */
/* One loop: wait, take input, look at partitions, go on with operations, serve the operator. */
#include "console/main.h"

#include "console/answer.h"
#include "console/apply.h"
#include "console/attach.h"
#include "console/autostart.h"
#include "console/call.h"
#include "console/clock.h"
#include "console/display.h"
#include "console/edit.h"
#include "console/graves.h"
#include "console/host.h"
#include "console/live.h"
#include "console/log.h"
#include "console/logs.h"
#include "console/notice.h"
#include "console/number.h"
#include "console/op.h"
#include "console/pager.h"
#include "console/screen.h"
#include "console/session.h"
#include "console/talk.h"
#include "console/text.h"
#include "console/uart.h"
#include "console/watch.h"

static_assert(CALL_VECTOR == 0x80, "start.S writes the vector as a number");

static struct {
	bool busy;	  /* something wants to be continued at once */
	bool log_pending; /* lines came while a guest was attached, or more than one turn's worth */
	bool booting;	  /* freehold.conf is not done yet */
	uint64_t prompt_tsc;
} loop;

static void greet(const struct host_info *host)
{
	char size[NUMBER_TEXT];

	text_print("%s: %u CPU%s, %s, %s", host->build, host->cpu_count,
		   host->cpu_count == 1 ? "" : "s", number_size_text(size, host->ram_total),
		   host->backend);
	if (host->backend[0] == 'n')
		text_print("[no guest can run on this machine: %s]", host->backend_reason);
	text_print("Type help for the commands.");
}

static void run_config(void)
{
	uint64_t size = 0;
	int64_t address = call_image_map(IMAGE_CONFIG, &size);

	if (address == ERR_NOENT)
		text_print("[there is no freehold.conf: no partition is made]");
	else if (address > 0 && size > IMAGE_WINDOW)
		text_print("[freehold.conf cannot be read: it is larger than 1 MiB]");
	else if (address <= 0)
		text_print("[freehold.conf cannot be read: %s]", op_error_text(address));
	else
		session_run_script((const char *)(uintptr_t)address, size);
}

/*
 * What freehold.conf made is there already after a restart, and the rest of it may be long out of date. Why
 * it was restarted stands in the log: the last of its errors, all of which are shown again.
 */
static void take_over(void)
{
	unsigned count = partition_adopt();

	/* The one that failed may have been in the middle of a line. */
	screen_write_raw("\r\n", 2);
	text_print("[the console program failed and was started anew; %u partition%s here]", count,
		   count == 1 ? " is" : "s are");
	edit_adopt();
	watch_all();
	loop.log_pending = true;
}

/* The past TSC makes it a question, not a wait: is there something that we must know first? */
static uint32_t first_events(void)
{
	return call_wait(1);
}

void console_start(void)
{
	static struct host_info host;

	uart_reset();
	screen_reset();
	answer_reset();
	pager_reset();
	text_reset();
	notice_reset();
	log_reset();
	partition_reset();
	graves_reset();
	apply_reset();
	edit_reset();
	session_reset();
	host_query(&host);
	clock_reset(host.tsc_khz && host.tsc_khz < UINT32_MAX ? host.tsc_khz * 1000 : 1000000000);
	display_reset();
	attach_reset();
	live_reset();
	talk_reset();
	logs_reset();
	all_reset();
	loop.busy = true;
	loop.log_pending = false;
	loop.booting = false;
	loop.prompt_tsc = 0;
	if (first_events() & CONSOLE_RESTARTED) {
		take_over();
		return;
	}
	log_show_all();
	greet(&host);
	partition_adopt();
	loop.booting = true;
	run_config();
}

/* When to look again though nothing happens: 0 never, 1 at once. */
static uint64_t next_deadline(void)
{
	const uint64_t wishes[] = {op_deadline(),   attach_deadline(),	watch_deadline(),
				   edit_deadline(), display_deadline(), live_deadline(),
				   talk_deadline(), logs_deadline(),	all_deadline()};
	uint64_t first = 0;

	if (loop.busy)
		return 1;
	for (unsigned i = 0; i < ARRAY_SIZE(wishes); i++) {
		if (wishes[i] && (!first || wishes[i] < first))
			first = wishes[i];
	}
	return first;
}

static bool may_tell(void)
{
	return !attach_partition() && !answer_is_open();
}

static void follow_log(void)
{
	if (loop.log_pending && may_tell())
		loop.log_pending = log_follow();
}

void console_turn(void)
{
	uint32_t waited = uart_take_events();
	uint32_t events = call_wait(waited ? 1 : next_deadline()) | waited;

	uart_pump_in();
	uart_pump_out();
	if (events & CONSOLE_PARTITION)
		watch_all();
	if (events & CONSOLE_LOG)
		loop.log_pending = true;
	follow_log();
	loop.busy = session_turn();
	edit_turn();
	loop.busy |= op_step_all();
	loop.busy |= apply_step();
	loop.busy |= watch_turn();
	loop.busy |= autostart_step();
	loop.busy |= uart_has_more() || (loop.log_pending && !attach_partition());
	uart_pump_out();
	display_refresh(false);
	if (loop.booting && session_is_idle()) {
		loop.booting = false;
		loop.prompt_tsc = call_clock();
	}
}

uint64_t console_prompt_tsc(void)
{
	return loop.prompt_tsc;
}

void console_main(void)
{
	console_start();
	for (;;)
		console_turn();
}
