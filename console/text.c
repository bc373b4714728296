/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything ends in answer_print, and there in screen_print, which escapes what is not text. */
#include "console/text.h"

#include "console/answer.h"
#include "console/screen.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

enum { FIELD_NAME = 12, WRAP = SCREEN_COLUMNS - FIELD_NAME };

static struct {
	unsigned errors;
	unsigned line;
	char what[96]; /* "create web: ", or "" */
} context;

void text_reset(void)
{
	context.errors = context.line = 0;
	context.what[0] = '\0';
}

void text_set_context(unsigned line, const char *command, const char *object)
{
	context.line = line;
	context.what[0] = '\0';
	if (command[0])
		format(context.what, sizeof(context.what), "%s%s%.40s: ", command,
		       object[0] ? " " : "", object);
}

void text_print(const char *text, ...)
{
	char line[TEXT_LINE];
	va_list args;
	size_t length;

	va_start(args, text);
	length = vformat(line, sizeof(line), text, args);
	va_end(args);
	answer_print(line, length);
}

void text_print_bytes(const char *line, size_t length)
{
	answer_print(line, length);
}

static void fail(enum answer_code code, const char *text, va_list args)
{
	char line[TEXT_LINE];
	size_t length = 0;

	if (context.line)
		length = format(line, sizeof(line), "line %u: ", context.line);
	length += format(line + length, sizeof(line) - length, "%s", context.what);
	length += vformat(line + length, sizeof(line) - length, text, args);
	context.errors++;
	answer_error(code, line, length);
}

void text_error(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	fail(CODE_RULE, text, args);
	va_end(args);
}

void text_fail(enum answer_code code, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	fail(code, text, args);
	va_end(args);
}

unsigned text_error_count(void)
{
	return context.errors;
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
		answer_print(line, used);
		at = end + (end < length && text[end] == '\n');
	}
}

void text_field(const char *name, const char *text, ...)
{
	static char value[4096];
	char line[SCREEN_COLUMNS + 1];
	va_list args;
	size_t length, at = 0;

	va_start(args, text);
	length = vformat(value, sizeof(value), text, args);
	va_end(args);
	do {
		size_t part = MIN(length - at, (size_t)WRAP);
		size_t name_length = at == 0 ? MIN(strlen(name), (size_t)FIELD_NAME - 1) : 0;

		memset(line, ' ', FIELD_NAME);
		memcpy(line, name, name_length);
		memcpy(line + FIELD_NAME, value + at, part);
		answer_print(line, FIELD_NAME + part);
		at += part;
	} while (at < length);
}

static void print_row(const struct table *table, const struct table_row *row, const size_t *widths)
{
	char line[TABLE_COLUMNS * (TABLE_CELL + 2)];
	size_t used = 0;

	for (unsigned i = 0; i < table->columns; i++) {
		size_t length = strlen(row->cell[i]);
		size_t pad = widths[i] - MIN(length, widths[i]);
		bool right = table->right >> i & 1;

		if (i > 0) {
			memset(line + used, ' ', 2);
			used += 2;
		}
		memset(line + used, ' ', widths[i]);
		memcpy(line + used + (right ? pad : 0), row->cell[i], MIN(length, widths[i]));
		used += widths[i];
	}
	while (used > 0 && line[used - 1] == ' ')
		used--;
	answer_print(line, used);
}

static void measure(const struct table *table, const struct table_row *row, size_t *widths)
{
	for (unsigned i = 0; i < table->columns; i++)
		widths[i] = MAX(widths[i], strlen(row->cell[i]));
}

void text_table(const struct table *table,
		enum table_answer (*fill)(struct table_row *row, unsigned index))
{
	static struct table_row row, titles;
	size_t widths[TABLE_COLUMNS] = {0};
	enum table_answer answer;

	for (unsigned i = 0; i < table->columns; i++)
		str_copy(titles.cell[i], TABLE_CELL, table->titles[i]);
	measure(table, &titles, widths);
	for (unsigned index = 0;
	     memset(&row, 0, sizeof(row)), (answer = fill(&row, index)) != TABLE_END; index++) {
		if (answer == TABLE_ROW)
			measure(table, &row, widths);
	}
	print_row(table, &titles, widths);
	for (unsigned index = 0;
	     memset(&row, 0, sizeof(row)), (answer = fill(&row, index)) != TABLE_END; index++) {
		if (answer == TABLE_ROW)
			print_row(table, &row, widths);
	}
}
