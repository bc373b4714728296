/* SPDX-License-Identifier: BSD-2-Clause */
/* The line goes out piece by piece: a kernel's log in JSON is longer than any buffer here. */
#include "console/notation.h"

#include "console/answer.h"
#include "console/screen.h"

enum state { TEXT, JSON_EXPECTED, JSON_OPEN, JSON_CLOSED };

static struct {
	enum state state;
	struct json json;
} notation;

void notation_reset(void)
{
	notation.state = TEXT;
}

void notation_begin_json(void)
{
	notation.state = JSON_EXPECTED;
}

bool notation_is_json(void)
{
	return notation.state != TEXT;
}

static void put(const char *text, size_t length)
{
	screen_write_raw(text, length);
}

static void open_json(void)
{
	answer_begin_line();
	json_start(&notation.json, put);
	json_open_object(&notation.json, "");
	notation.state = JSON_OPEN;
}

struct json *notation_json(void)
{
	if (notation.state == JSON_EXPECTED)
		open_json();
	return notation.state == JSON_OPEN ? &notation.json : NULL;
}

void notation_close(void)
{
	if (notation.state == TEXT)
		return;
	if (notation.state == JSON_OPEN) {
		while (notation.json.depth > 0)
			json_close(&notation.json);
		screen_end_line();
	}
	notation.state = JSON_CLOSED;
}

void notation_end(void)
{
	notation_close();
	notation.state = TEXT;
}
