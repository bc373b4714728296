/* SPDX-License-Identifier: BSD-2-Clause */
/* Log lines are "[seconds.micros] text"; the text of those that matter begins with their level. */
#include "console/log.h"

#include "console/call.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/string.h"

enum { LINE_MAX = 512, FOLLOW_BYTES = 8192, STEP_BYTES = 4096 };

/* A reader cuts the stream into lines; one that is too long is cut. */
struct reader {
	uint64_t position;
	size_t length;
	char line[LINE_MAX];
};

static struct reader follower;

void log_reset(void)
{
	memset(&follower, 0, sizeof(follower));
}

static bool is_important(const char *line)
{
	static const char *const levels[] = {"error", "warning", "panic"};
	const char *text = line[0] == '[' ? strchr(line, ']') : NULL;

	if (!text)
		return false;
	text++;
	while (*text == ' ')
		text++;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (str_starts(text, levels[i]))
			return true;
	}
	return false;
}

static void feed(struct reader *reader, char c, bool all)
{
	if (c != '\n' && reader->length + 1 < LINE_MAX) {
		reader->line[reader->length++] = c;
		return;
	}
	reader->line[reader->length] = '\0';
	if (all || is_important(reader->line))
		text_print("%s", reader->line);
	reader->length = 0;
	if (c != '\n')
		reader->line[reader->length++] = c;
}

/* Reads at most `limit` bytes; false at the end of the log. */
static bool read_log(struct reader *reader, size_t limit, bool all)
{
	char bytes[512];

	while (limit > 0) {
		size_t size = call_log_read(&reader->position, bytes, MIN(limit, sizeof(bytes)));

		for (size_t i = 0; i < size; i++)
			feed(reader, bytes[i], all);
		if (size == 0)
			return false;
		limit -= size;
	}
	return true;
}

/* Bounded: a machine that logs faster than the line is must not hold the console here. */
enum { SHOW_BYTES = 256 * 1024 };

static struct {
	struct reader reader;
	size_t left;
} shown;

void log_show_begin(void)
{
	memset(&shown.reader, 0, sizeof(shown.reader));
	shown.left = SHOW_BYTES;
}

bool log_show_step(void)
{
	struct reader *reader = &shown.reader;

	shown.left -= STEP_BYTES;
	if (read_log(reader, STEP_BYTES, true) && shown.left > 0)
		return true;
	reader->line[reader->length] = '\0';
	if (reader->length > 0)
		text_print("%s", reader->line);
	follower.position = reader->position;
	follower.length = 0;
	return false;
}

void log_show_all(void)
{
	log_show_begin();
	while (log_show_step())
		;
}

bool log_follow(void)
{
	return read_log(&follower, FOLLOW_BYTES, false);
}
