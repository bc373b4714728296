/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything ends in answer_print, and there in screen_put_line, which escapes what is not text. */
#include "console/text.h"

#include "console/answer.h"
#include "console/notation.h"
#include "console/notice.h"
#include "console/screen.h"
#include "console/wrap.h"
#include "lib/format.h"
#include "lib/string.h"

enum { FIELD_NAME = 12, WRAP = SCREEN_COLUMNS - FIELD_NAME };

static struct text_context context;
static unsigned error_count;

void text_reset(void)
{
	notation_reset();
	context = (struct text_context){0};
	error_count = 0;
}

void text_set_context(unsigned line, const char *command, const char *object)
{
	context.line = line;
	context.what[0] = '\0';
	if (command[0])
		format(context.what, sizeof(context.what), "%s%s%.40s: ", command,
		       object[0] ? " " : "", object);
}

void text_save_context(struct text_context *to)
{
	*to = context;
}

void text_restore_context(const struct text_context *from)
{
	context = *from;
}

/* Each line of text comes here. */
static void put_line(const char *line, size_t length, void (*print)(const char *line, size_t length))
{
	struct json *json = notation_json();

	if (json)
		json_text(json, "note", line, length);
	else if (!notation_is_json())
		print(line, length);
}

void text_print(const char *text, ...)
{
	char line[TEXT_LINE];
	va_list args;
	size_t length;

	va_start(args, text);
	length = vformat(line, sizeof(line), text, args);
	va_end(args);
	put_line(line, length, answer_print_wrapped);
}

void text_print_bytes(const char *line, size_t length)
{
	put_line(line, length, answer_print);
}

void text_fail(enum answer_code code, const char *text, ...)
{
	char line[TEXT_LINE];
	va_list args;
	size_t length = 0;

	if (context.line)
		length = format(line, sizeof(line), "line %u: ", context.line);
	length += format(line + length, sizeof(line) - length, "%s", context.what);
	va_start(args, text);
	length += vformat(line + length, sizeof(line) - length, text, args);
	va_end(args);
	if (context.is_news) {
		notice_print(NULL, false, "error: %s", line);
		return;
	}
	error_count++;
	notation_close();
	answer_error(code, line, length);
}

unsigned text_error_count(void)
{
	return error_count;
}

void text_print_lines(const char *text, size_t length, unsigned indent)
{
	char line[TEXT_LINE];
	size_t at = 0;

	while (at < length) {
		size_t end = at;
		size_t used = MIN(indent, (unsigned)FIELD_NAME);

		while (end < length && text[end] != '\n' && end - at < sizeof(line) - FIELD_NAME)
			end++;
		memset(line, ' ', used);
		memcpy(line + used, text + at, end - at);
		used += end - at;
		if (used > 0 && line[used - 1] == '\r')
			used--;
		put_line(line, used, answer_print_wrapped);
		at = end + (end < length && text[end] == '\n');
	}
}

void text_block(const char *name, const char *text, size_t length)
{
	struct json *json = notation_json();

	if (json) {
		json_text(json, name, text, length);
	} else {
		text_print("%s", name);
		text_print_lines(text, length, 2);
	}
}

void text_open(const char *key)
{
	struct json *json = notation_json();

	if (json)
		json_open_object(json, key);
}

void text_open_list(const char *key)
{
	struct json *json = notation_json();

	if (json)
		json_open_array(json, key);
}

void text_close(void)
{
	struct json *json = notation_json();

	if (json)
		json_close(json);
}

/* form, with the facts in it. Returns the length. */
static size_t fill_form(char *to, size_t size, const char *form, const struct fact *facts,
			size_t count)
{
	size_t used = 0, next = 0;

	for (; *form && used + 1 < size; form++) {
		if (*form == '%' && next < count)
			used += fact_format(&facts[next++], to + used, size - used);
		else
			to[used++] = *form;
	}
	to[used] = '\0';
	return used;
}

/* Long enough for a kernel's command line. */
static char value[4096];

static void print_field(const char *name, const char *text, size_t length)
{
	char line[SCREEN_COLUMNS + 1];
	size_t at = 0;

	do {
		size_t part = wrap_fill(text + at, length - at, WRAP);
		size_t name_length = at == 0 ? MIN(strlen(name), (size_t)FIELD_NAME - 1) : 0;

		memset(line, ' ', FIELD_NAME);
		memcpy(line, name, name_length);
		memcpy(line + FIELD_NAME, text + at, part);
		put_line(line, FIELD_NAME + part, answer_print);
		at += part;
	} while (at < length);
}

void text_facts(const char *name, const char *form, const struct fact *facts, size_t count)
{
	struct json *json = notation_json();
	size_t length;

	if (notation_is_json()) {
		for (size_t i = 0; json && i < count; i++)
			fact_json(&facts[i], json);
		return;
	}
	length = fill_form(value, sizeof(value), form, facts, count);
	if (name)
		print_field(name, value, length);
	else
		put_line(value, length, answer_print_wrapped);
}

void text_field(const char *name, const char *text, ...)
{
	va_list args;
	size_t length;

	va_start(args, text);
	length = vformat(value, sizeof(value), text, args);
	va_end(args);
	if (notation_is_json())
		text_facts(name, "", FACTS(fact_text(name, value)));
	else
		print_field(name, value, length);
}
