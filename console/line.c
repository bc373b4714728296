/* SPDX-License-Identifier: BSD-2-Clause */
/* One function for each key, found by a table. text is always terminated, cursor <= length < LINE_SIZE. */
#include "console/line.h"

#include "console/keys.h"
#include "lib/copy.h"
#include "lib/string.h"

void line_reset(struct line *line)
{
	line->length = line->cursor = 0;
	line->dirty = LINE_CLEAN;
	line->overflow = line->bell = line->goes_on = false;
	line->back = 0;
	line->text[0] = '\0';
}

static void touch(struct line *line, size_t index)
{
	line->dirty = MIN(line->dirty, index);
}

/* Removes [from, to); the cursor ends at from. */
static void cut(struct line *line, size_t from, size_t to)
{
	memmove(line->text + from, line->text + to, line->length - to + 1);
	line->length -= to - from;
	line->cursor = from;
	touch(line, from);
	/* An emptied line starts anew. */
	if (line->length == 0)
		line->overflow = false;
}

void line_insert(struct line *line, const char *text, size_t length)
{
	if (line->overflow || length >= LINE_SIZE - line->length) {
		line->bell |= !line->overflow;
		line->overflow = true;
		line->goes_on = text[length - 1] == '\\' && !line->goes_on;
		return;
	}
	memmove(line->text + line->cursor + length, line->text + line->cursor,
		line->length - line->cursor + 1);
	memcpy(line->text + line->cursor, text, length);
	touch(line, line->cursor);
	line->length += length;
	line->cursor += length;
}

static void replace(struct line *line, const char *text)
{
	str_copy(line->text, LINE_SIZE, text);
	line->length = line->cursor = strlen(line->text);
	line->overflow = false;
	touch(line, 0);
}

static void go_left(struct line *line, struct history *history)
{
	(void)history;
	line->cursor -= line->cursor > 0;
}

static void go_right(struct line *line, struct history *history)
{
	(void)history;
	line->cursor += line->cursor < line->length;
}

static void go_home(struct line *line, struct history *history)
{
	(void)history;
	line->cursor = 0;
}

static void go_end(struct line *line, struct history *history)
{
	(void)history;
	line->cursor = line->length;
}

static void go_back(struct line *line, struct history *history)
{
	const char *text = history_get(history, line->back + 1);

	if (!text) {
		line->bell = true;
		return;
	}
	if (line->back == 0)
		str_copy(line->draft, LINE_SIZE, line->text);
	line->back++;
	replace(line, text);
}

static void go_forward(struct line *line, struct history *history)
{
	if (line->back == 0) {
		line->bell = true;
		return;
	}
	line->back--;
	replace(line, line->back ? history_get(history, line->back) : line->draft);
}

static void delete_left(struct line *line, struct history *history)
{
	(void)history;
	if (line->cursor > 0)
		cut(line, line->cursor - 1, line->cursor);
	else
		line->bell = true;
}

static void delete_right(struct line *line, struct history *history)
{
	(void)history;
	if (line->cursor < line->length)
		cut(line, line->cursor, line->cursor + 1);
	else
		line->bell = true;
}

static void kill_end(struct line *line, struct history *history)
{
	(void)history;
	cut(line, line->cursor, line->length);
}

static void kill_start(struct line *line, struct history *history)
{
	(void)history;
	cut(line, 0, line->cursor);
}

static void kill_word(struct line *line, struct history *history)
{
	size_t from = line->cursor;

	(void)history;
	while (from > 0 && line->text[from - 1] == ' ')
		from--;
	while (from > 0 && line->text[from - 1] != ' ')
		from--;
	cut(line, from, line->cursor);
}

struct edit {
	int key;
	void (*edit)(struct line *line, struct history *history);
};

/* Ctrl-D at the end of a line does nothing: there is nothing to log out of. */
static const struct edit edits[] = {
	{KEY_LEFT, go_left},
	{KEY_RIGHT, go_right},
	{KEY_HOME, go_home},
	{KEY_END, go_end},
	{KEY_UP, go_back},
	{KEY_DOWN, go_forward},
	{KEY_BACKSPACE, delete_left},
	{KEY_DELETE, delete_right},
	{KEY_EOF, delete_right},
	{KEY_KILL_END, kill_end},
	{KEY_KILL_START, kill_start},
	{KEY_KILL_WORD, kill_word},
};

struct outcome {
	int key;
	enum line_result result;
};

static const struct outcome outcomes[] = {
	{KEY_ENTER, LINE_READY},
	{KEY_INTERRUPT, LINE_INTERRUPT},
	{KEY_TAB, LINE_COMPLETE},
	{KEY_CLEAR, LINE_REDRAW},
};

enum line_result line_key(struct line *line, struct history *history, int key)
{
	if (key >= ' ' && key <= '~') {
		char c = (char)key;

		line_insert(line, &c, 1);
		return LINE_EDITED;
	}
	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		if (edits[i].key == key)
			edits[i].edit(line, history);
	}
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		if (outcomes[i].key == key)
			return outcomes[i].result;
	}
	return LINE_EDITED;
}
