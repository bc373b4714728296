/* SPDX-License-Identifier: BSD-2-Clause */
/* why: a guest's end, or what it does just now, on one screen. */
#include "console/why.h"

#include "console/call.h"
#include "console/clock.h"
#include "console/crash.h"
#include "console/exits.h"
#include "console/handlers.h"
#include "console/ring.h"
#include "console/text.h"
#include "console/wrap.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

enum { REPORT_LINES = 6, LAST_OUTPUT = 512, VALUE_COLUMNS = 68, ADVICE = 320 };

static struct story story; /* one command at a time */

/* "vcpu=1 exit=…" or "vcpu 1: …": whoever wrote the report knew; else the one that exited last. */
static uint32_t reported_vcpu(void)
{
	for (const char *at = story.info.report; *at; at++) {
		uint32_t number = 0;

		if (strncmp(at, "vcpu", 4) || at[5] < '0' || at[5] > '9')
			continue;
		for (at += 5; *at >= '0' && *at <= '9' && number < MAX_VCPUS; at++)
			number = 10 * number + (uint32_t)(*at - '0');
		return number < story.info.vcpu_count ? number : 0;
	}
	return MAX_VCPUS;
}

static uint32_t busiest_vcpu(uint32_t slot)
{
	struct exit_record last;
	uint64_t newest = 0;
	uint32_t found = 0;

	for (uint32_t i = 0; i < story.info.vcpu_count; i++) {
		if (exits_latest(slot, i, &last, 1) && last.tsc > newest) {
			newest = last.tsc;
			found = i;
		}
	}
	return found;
}

static void tell_live(const struct partition *partition)
{
	uint32_t vcpu = partition_is_up(story.info.state) ? MAX_VCPUS : reported_vcpu();

	story.vcpu = vcpu < MAX_VCPUS ? vcpu : busiest_vcpu(partition->slot);
	story.count = exits_latest(partition->slot, story.vcpu, story.exits, STORY_EXITS);
	if (!partition_is_up(story.info.state))
		story.since = story.info.stopped_tsc;
	story.output_from = boots_position(&partition->boots);
	story.output_to = UINT64_MAX;
}

static uint64_t newest_tsc(const struct crash *crash, uint32_t vcpu)
{
	return crash->counts[vcpu] ? crash->exits[vcpu][crash->counts[vcpu] - 1].tsc : 0;
}

static void tell_kept(const struct crash *crash)
{
	uint32_t vcpu;

	story.kept = true;
	story.by_hand = crash->by_hand;
	story.info = crash->info;
	story.output_from = crash->output_from;
	story.output_to = crash->output_to;
	story.since = crash->by_hand ? crash->tsc : crash->info.stopped_tsc;
	vcpu = reported_vcpu();
	for (uint32_t i = 0; vcpu == MAX_VCPUS && i < crash->info.vcpu_count; i++)
		if (newest_tsc(crash, i) > newest_tsc(crash, story.vcpu))
			story.vcpu = i;
	story.vcpu = vcpu < MAX_VCPUS ? vcpu : story.vcpu;
	story.count = MIN(crash->counts[story.vcpu], (uint32_t)STORY_EXITS);
	memcpy(story.exits, crash->exits[story.vcpu] + crash->counts[story.vcpu] - story.count,
	       story.count * sizeof(story.exits[0]));
}

/* What is left of the life before is no part of the next. */
static void tell_starting(void)
{
	story.starting = true;
	story.info.report[0] = '\0';
	story.info.start_count = 0;
}

/* What its vCPUs wait for just now. */
static void look_at_vcpus(uint32_t slot)
{
	struct vcpu_info vcpu;

	story.halted = true;
	for (uint32_t i = 0; i < story.info.vcpu_count; i++) {
		if (call_vcpu_info(slot, i, &vcpu) < 0)
			continue;
		story.halted &= vcpu.activity != ACTIVITY_RUN;
		story.open |= vcpu.activity == ACTIVITY_HALT && vcpu.open;
		story.timer |= vcpu.timer_tsc != 0;
	}
}

/* What is kept counts while the guest is up: what is stopped is as it was, and newer. */
static void collect(const struct partition *partition)
{
	const struct crash *crash = crash_of(partition);
	bool starting;

	memset(&story, 0, sizeof(story));
	story.now = call_clock();
	partition_query(partition, &story.info);
	starting = partition_shown_state(partition, &story.info) == SHOWN_STARTING;
	if (crash && (starting || partition_is_up(story.info.state)))
		tell_kept(crash);
	else if (starting)
		tell_starting();
	else
		tell_live(partition);
	/* What was kept of its end was kept in that moment. */
	if (story.info.state == PART_DYING)
		story.info.state = PART_STOPPED;
	look_at_vcpus(partition->slot);
}

static void show_head(const struct partition *partition)
{
	char ago[CLOCK_TEXT], ran[CLOCK_TEXT];
	bool ended = !partition_is_up(story.info.state) && !story.starting;
	uint64_t end = ended || story.kept ? story.since : story.now;

	clock_duration(ago, story.now > story.since ? story.now - story.since : 0);
	clock_duration(ran, end > story.info.started_tsc ? end - story.info.started_tsc : 0);
	text_print("%s %s%s%s%s", partition->name,
		   partition_state_text(story.kept ? story.info.state
						   : partition_shown_state(partition, &story.info)),
		   ended ? ": " : "", ended ? partition_reason_text(story.info.reason) : "",
		   story.by_hand ? " (frozen by hand)" : "");
	if (ended && partition->gave_up)
		text_field("given up", "after %u restarts within %u s", RESTARTS_MAX,
			   RESTARTS_SECONDS);
	if (!story.info.start_count)
		return;
	if (end == story.now)
		text_field("when", "start %u, up %s", story.info.start_count, ran);
	else
		text_field("when", "%s ago, %s after start %u%s", ago, ran, story.info.start_count,
			   story.kept && !story.by_hand ? "; it runs again" : "");
}

/* At most so many lines, up to one that begins with `until`; answers where the rest begins. */
static const char *show_lines(const char *name, const char *text, unsigned lines, const char *until)
{
	for (; *text && lines && (!until || strncmp(text, until, strlen(until))); lines--) {
		size_t length = wrap_length(text, VALUE_COLUMNS);

		text_field(name, "%.*s", (int)length, text);
		text = wrap_next(text, length);
		name = "";
	}
	return text;
}

/* A text of the table, in which NAME stands for the partition's. */
static void show_advice(const char *field, const char *text, const char *name)
{
	char line[ADVICE];
	size_t used = 0;

	while (*text && used + NAME_SIZE < sizeof(line)) {
		if (!strncmp(text, "NAME", 4)) {
			used += format(line + used, sizeof(line) - used, "%s", name);
			text += 4;
		} else {
			line[used++] = *text++;
		}
	}
	line[used] = '\0';
	show_lines(field, line, REPORT_LINES, NULL);
}

/* The report but for the registers, of which `show` has all, and this the first line. */
static void show_report(void)
{
	const char *rest = show_lines("report", story.info.report, REPORT_LINES, "vcpu=");

	if (!strncmp(rest, "vcpu=", 5))
		show_lines("state", rest, 1, NULL);
}

/* The last line with something in it of what that life said; what is not text in it is shown as \xNN. */
static void show_output(const struct ring *ring)
{
	static char text[LAST_OUTPUT];
	struct ring_view view;
	size_t end, begin;

	if (!ring->shared)
		return;
	view = ring_look(ring, story.output_from);
	end = MIN(view.size, story.output_to - MIN(story.output_to, view.start));
	begin = end - MIN(end, sizeof(text));
	ring_copy(ring, view.start + begin, (uint8_t *)text, end - begin);
	end -= begin;
	while (end && (uint8_t)text[end - 1] <= ' ')
		end--;
	for (begin = end; begin && text[begin - 1] != '\n' && text[begin - 1] != '\r'; begin--)
		;
	if (begin < end)
		text_field("output", "%.*s", (int)MIN(end - begin, 136UL), text + begin);
}

/* Of the story's records: the table's callback has no argument but the row. */
static enum table_answer fill_exit(struct table_row *row, unsigned index)
{
	const struct exit_record *record = &story.exits[index];
	uint64_t end, us;

	if (index >= story.count)
		return TABLE_END;
	end = story.since && !story.by_hand ? story.exits[story.count - 1].tsc : story.now;
	us = clock_microseconds(end - MIN(end, record->tsc));
	format(row->cell[0], TABLE_CELL, "%u", story.vcpu);
	format(row->cell[1], TABLE_CELL, "%lu us", us);
	str_copy(row->cell[2], TABLE_CELL, exits_name(record->kind));
	format(row->cell[3], TABLE_CELL, "%016lx", record->rip);
	exits_numbers(record, row->cell[4], row->cell[5]);
	return TABLE_ROW;
}

void why_show(const struct invocation *in)
{
	static const struct table exits = {
		.columns = 6,
		.titles = {"VCPU", "BEFORE", "LAST EXITS", "RIP", "CODE", "INFO"},
		.right = 1 << 1 | 1 << 4 | 1 << 5,
	};
	struct cause cause;

	collect(in->partition);
	cause = why_cause(&story);
	show_head(in->partition);
	show_report();
	show_output(&in->partition->ring);
	if (story.count)
		text_table(&exits, fill_exit);
	show_advice("cause", cause.cause, in->partition->name);
	show_advice("next", cause.next, in->partition->name);
}
