/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `console all`: each guest's whole lines behind its name, a line of each in turn while several talk. All
 * of them wait for us, so none gets ahead and none is lost.
 */
#include "console/attach.h"
#include "console/handlers.h"
#include "console/lines.h"
#include "console/logs.h"
#include "console/pager.h"
#include "console/reader.h"
#include "console/session.h"
#include "console/text.h"
#include "console/uart.h"
#include "lib/format.h"
#include "lib/string.h"

static struct {
	unsigned turn; /* whose line comes next */
	size_t width;  /* of the longest name */
	struct reader readers[MAX_PARTITIONS];
	struct lines lines[MAX_PARTITIONS];
	uint64_t heads[MAX_PARTITIONS]; /* how far its output had come at the begin */
} all;

void all_reset(void)
{
	memset(&all, 0, sizeof(all));
}

uint64_t all_deadline(void)
{
	uint64_t first = 0;

	for (unsigned i = 0; i < MAX_PARTITIONS; i++) {
		uint64_t look_at = all.readers[i].look_at;

		if (look_at && (!first || look_at < first))
			first = look_at;
	}
	return first;
}

static void show(const struct partition *partition, struct lines *lines)
{
	char line[NAME_SIZE + 8 + LINES_TEXT];
	size_t used;

	if (lines->lost)
		text_print("[%lu bytes of %s's output are lost]", lines->lost, partition->name);
	lines->lost = 0;
	used = format(line, sizeof(line), "%s%*s | ", partition->name,
		      (int)(all.width - MIN(all.width, strlen(partition->name))), "");
	memcpy(line + used, lines->text, lines->length);
	text_print_bytes(line, used + lines->length);
}

/* From the begin of the line that is being said: whole lines. */
static void open_reader(const struct partition *partition)
{
	uint64_t head = ring_head(&partition->ring);
	uint64_t first = MIN(boots_position(&partition->boots), head);
	uint64_t begin = ring_line_begin(&partition->ring, first, head);

	all.heads[partition->slot] = head;
	lines_open(&all.lines[partition->slot], &partition->ring, &partition->boots, begin);
	reader_open(&all.readers[partition->slot], partition, begin);
	all.width = MAX(all.width, strlen(partition->name));
}

static void end(void)
{
	for (unsigned i = 0; i < MAX_PARTITIONS; i++) {
		struct reader *reader = &all.readers[i];

		/* What was said of a line before, and no more of it since, is no news. */
		if (reader->partition && all.lines[i].position > all.heads[i] &&
		    lines_rest(&all.lines[i]))
			show(reader->partition, &all.lines[i]);
		reader_close(reader);
	}
}

/* A line of the next one that has one. False: nobody has. */
static bool show_next(void)
{
	for (unsigned i = 0; i < MAX_PARTITIONS; i++) {
		unsigned slot = all.turn++ % MAX_PARTITIONS;
		struct reader *reader = &all.readers[slot];
		struct lines *lines = &all.lines[slot];

		if (!reader->partition)
			continue;
		do {
			if (lines_next(lines, UINT64_MAX)) {
				show(reader->partition, lines);
				return true;
			}
		} while (reader_done(reader, lines->position));
	}
	return false;
}

/* In the background some go away and others, or the same anew, come: all means those who are there. */
static void follow_partitions(void)
{
	struct partition *partition = NULL;

	for (unsigned i = 0; i < MAX_PARTITIONS; i++) {
		if (reader_is_gone(&all.readers[i]))
			reader_close(&all.readers[i]);
	}
	while ((partition = partition_next(partition))) {
		if (partition->ring.shared && !all.readers[partition->slot].partition)
			open_reader(partition);
	}
}

static enum session_answer step(void)
{
	follow_partitions();
	if (session_take_key()) {
		end();
		text_print("[detached from all]");
		return SESSION_DONE;
	}
	/* As in logs.c: while a page waits to be turned nothing is added, nor looked for by the clock. */
	while (uart_guest_room() > 0 && !pager_is_holding()) {
		if (!show_next())
			return SESSION_WAIT;
	}
	for (unsigned i = 0; i < MAX_PARTITIONS; i++) {
		if (all.readers[i].partition)
			reader_move(&all.readers[i], all.lines[i].position);
	}
	return SESSION_WAIT;
}

static bool interrupt(void)
{
	end();
	return true;
}

void all_attach(const struct invocation *in)
{
	(void)in;
	all_reset();
	follow_partitions();
	text_print("[attached to all to read only; %s detaches]", attach_key_text());
	session_continue(step, interrupt);
}
