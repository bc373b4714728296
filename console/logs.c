/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line has the time of its first byte: the host's, by its clock on the wall, and the guest's, since its
 * start.
 */
#include "console/logs.h"

#include "console/attach.h"
#include "console/call.h"
#include "console/clock.h"
#include "console/graves.h"
#include "console/handlers.h"
#include "console/host.h"
#include "console/lines.h"
#include "console/number.h"
#include "console/pager.h"
#include "console/reader.h"
#include "console/session.h"
#include "console/stamps.h"
#include "console/text.h"
#include "console/uart.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

enum { PREFIX = 64, DAY = 10 /* characters of a date */ };

enum { KEY_IS_SINCE, KEY_IS_TAIL, LOGS_KEYS };

static const struct command_key keys[LOGS_KEYS] = {
	[KEY_IS_SINCE] = {"since", "TIME", KEY_SECONDS, KEY_OPTION,
			  "what was said in the latest 30 (seconds), 5m or 2h"},
	[KEY_IS_TAIL] = {"tail", "N", KEY_COUNT, KEY_OPTION, "of all that the last N lines alone"},
};
const struct command_keys logs_keys = {LOGS_KEYS, keys};

static struct {
	bool follow, of_grave;
	char name[NAME_SIZE];
	struct ring ring;
	struct boots boots; /* a copy: the record may go while we show what is left of it */
	struct reader reader;
	struct lines lines;
	struct stamps stamps;
	uint64_t end;	    /* of the output: no further */
	uint64_t since;	    /* host TSC: what is older is not shown */
	uint64_t tail;	    /* so many lines at most; UINT64_MAX: all */
	uint64_t skip;	    /* lines that are not shown, of those that might be */
	uint64_t shown;	    /* lines */
	uint64_t boot_from; /* the start that the latest line belongs to */
	bool silent;	    /* there was nothing when it began to follow, which was told */
	uint64_t now_tsc, now_wall;
	char date[CLOCK_TEXT];
} logs;

void logs_reset(void)
{
	memset(&logs, 0, sizeof(logs));
}

uint64_t logs_deadline(void)
{
	return logs.reader.look_at;
}

static uint64_t wall_of(uint64_t tsc)
{
	uint64_t back = logs.now_tsc - tsc; /* it may be forward, when we follow */
	uint64_t hz = clock_hz();

	if (tsc > logs.now_tsc)
		return logs.now_wall + (0 - back) / hz * 1000000000 +
		       (0 - back) % hz * 1000000000 / hz;
	return logs.now_wall - back / hz * 1000000000 - back % hz * 1000000000 / hz;
}

/* The day is told when it changes, once above the lines. */
static void show_day(const char *date)
{
	if (!strncmp(logs.date, date, DAY))
		return;
	memcpy(logs.date, date, DAY);
	text_print("[%.10s]", date);
}

/* "04:45:58.123    12.345 ", or as many blanks. tsc: not before the boot. */
static void put_prefix(char to[PREFIX], bool known, uint64_t tsc, const struct boot *boot)
{
	char date[CLOCK_TEXT], guest[32] = "";
	uint64_t wall, ms;

	if (!known || logs.lines.cut) {
		format(to, PREFIX, "%24s", "");
		return;
	}
	wall = wall_of(tsc);
	clock_date(date, wall);
	show_day(date);
	if (boot) {
		uint64_t hz = clock_hz(), after = tsc - boot->tsc;

		ms = after / hz * 1000 + after % hz * 1000 / hz;
		format(guest, sizeof(guest), "%lu.%03lu", ms / 1000, ms % 1000);
	}
	format(to, PREFIX, "%.8s.%03lu %10s ", date + 11, wall / 1000000 % 1000, guest);
}

static void show_start(const struct boot *boot)
{
	char date[CLOCK_TEXT];

	if (!boot || boot->position == logs.boot_from)
		return;
	logs.boot_from = boot->position;
	clock_date(date, wall_of(boot->tsc));
	text_print("[%s started at %s]", logs.name, date);
	memcpy(logs.date, date, DAY);
}

static void show_lost(void)
{
	if (logs.lines.lost)
		text_print("[%lu bytes of its output are lost]", logs.lines.lost);
	logs.lines.lost = 0;
}

static void show_line(void)
{
	const struct boot *boot = boots_find(&logs.boots, logs.lines.begin);
	char line[PREFIX + LINES_TEXT];
	uint64_t tsc, now = call_clock();
	bool known = stamps_find(&logs.stamps, logs.lines.begin, now, &tsc);
	size_t used;

	/* The unit of its stamp may begin before the guest does. */
	if (known && boot)
		tsc = MAX(tsc, boot->tsc);
	if (logs.since && (!known || tsc < logs.since))
		return;
	if (logs.skip > 0) {
		logs.skip--;
		logs.lines.lost = 0;
		return;
	}
	show_lost();
	show_start(boot);
	put_prefix(line, known, tsc, boot);
	used = strlen(line);
	memcpy(line + used, logs.lines.text, logs.lines.length);
	text_print_bytes(line, used + logs.lines.length);
	logs.shown++;
}

static enum session_answer end(void)
{
	if (lines_rest(&logs.lines))
		show_line();
	reader_close(&logs.reader);
	if (logs.shown == 0 && !logs.silent)
		text_print("[nothing]");
	return SESSION_DONE;
}

/* It was destroyed meanwhile, or is another one: its ring is not ours to read any more. */
static bool is_gone(void)
{
	const struct partition *partition = partition_find(logs.name);
	const struct grave *grave = logs.of_grave ? graves_find(logs.name) : NULL;

	if (logs.of_grave)
		return !grave || grave->ring.shared != logs.ring.shared;
	if (!partition || partition->ring.shared != logs.ring.shared)
		return true;
	logs.boots = partition->boots;
	return false;
}

static enum session_answer step(void)
{
	if (is_gone()) {
		reader_close(&logs.reader);
		text_fail(CODE_STATE, "it is gone");
		return SESSION_DONE;
	}
	if (logs.follow && session_take_key())
		return end();
	/* While a page waits to be turned nothing is added: the pager's room is less than a ring's. */
	while (uart_guest_room() > 0 && !pager_is_holding()) {
		if (lines_next(&logs.lines, logs.end))
			show_line();
		else if (!logs.follow)
			return end();
		else if (!reader_done(&logs.reader, logs.lines.position))
			return SESSION_WAIT;
	}
	if (logs.follow)
		reader_move(&logs.reader, logs.lines.position);
	return SESSION_WAIT;
}

static bool interrupt(void)
{
	if (is_gone())
		reader_close(&logs.reader);
	else
		end();
	return true;
}

static bool take_since(const char *text)
{
	uint64_t seconds, now = call_clock();

	if (!number_parse_seconds(text, &seconds)) {
		text_fail(CODE_USAGE, "since=%.24s: must be a time as in 30, 30s, 5m or 2h", text);
		return false;
	}
	/* A TSC of 0 says that all is wanted. */
	logs.since = now - MIN(now - 1, seconds * clock_hz());
	return true;
}

static bool take_tail(const char *text)
{
	if (number_parse(text, &logs.tail))
		return true;
	text_fail(CODE_USAGE, "tail=%.24s: must be a number of lines", text);
	return false;
}

static bool take_keys(const struct invocation *in)
{
	static bool (*const takers[LOGS_KEYS])(const char *text) = {
		[KEY_IS_SINCE] = take_since,
		[KEY_IS_TAIL] = take_tail,
	};

	logs.since = 0;
	logs.tail = UINT64_MAX;
	for (unsigned i = 0; i < in->value_count; i++) {
		if (!takers[in->values[i].key](in->values[i].value))
			return false;
	}
	return true;
}

static void take_now(void)
{
	static struct host_info host;

	host_query(&host);
	logs.now_tsc = host.now_tsc;
	logs.now_wall = host.now_wall;
}

/* Whose output it is: a partition's, or one's that was destroyed. False after an error was printed. */
static bool take_source(const struct invocation *in)
{
	const struct grave *grave = in->grave;
	const struct partition *partition = in->partition;

	logs.of_grave = grave != NULL;
	if (grave && logs.follow) {
		text_fail(CODE_STATE, "it was destroyed, and says no more");
		return false;
	}
	if (!grave && !partition_check_ring(partition))
		return false;
	str_copy(logs.name, sizeof(logs.name), grave ? grave->name : partition->name);
	logs.ring = grave ? grave->ring : partition->ring;
	logs.boots = grave ? grave->boots : partition->boots;
	return true;
}

/* Where to begin: where the output does, or its latest start. */
static uint64_t first_position(bool last)
{
	return last ? boots_position(&logs.boots) : 0;
}

static void open_output(bool last, uint64_t skip)
{
	logs.skip = skip;
	stamps_open(&logs.stamps, &logs.ring);
	lines_open(&logs.lines, &logs.ring, &logs.boots, first_position(last));
}

/* How many lines there are before the last ones that are wanted: all are looked at, and none is shown. */
static uint64_t count_skipped(bool last)
{
	uint64_t lines, head = ring_head(&logs.ring);

	if (logs.tail == UINT64_MAX)
		return 0;
	open_output(last, UINT64_MAX);
	while (lines_next(&logs.lines, head))
		show_line();
	if (!logs.follow && lines_rest(&logs.lines))
		show_line();
	lines = UINT64_MAX - logs.skip;
	return lines - MIN(lines, logs.tail);
}

/* Who follows what has said nothing yet would wait before an empty screen, and not know for what. */
static void tell_silence(void)
{
	logs.silent = logs.follow && ring_head(&logs.ring) <= logs.lines.position;
	if (logs.silent && logs.boots.count == 0)
		text_print("[%s was never started; Ctrl-C ends]", logs.name);
	else if (logs.silent)
		text_print("[%s has said nothing yet; Ctrl-C ends]", logs.name);
}

void logs_show(const struct invocation *in)
{
	bool last = in->flags & FLAG_LAST;

	logs.follow = in->flags & FLAG_FOLLOW;
	if (!take_source(in) || !take_keys(in))
		return;
	logs.end = logs.follow ? UINT64_MAX : ring_head(&logs.ring);
	logs.shown = 0;
	logs.boot_from = UINT64_MAX;
	logs.date[0] = '\0';
	take_now();
	open_output(last, count_skipped(last));
	if (logs.follow)
		reader_open(&logs.reader, in->partition,
			    ring_look(&logs.ring, logs.lines.position).start);
	tell_silence();
	session_continue(step, interrupt);
}
