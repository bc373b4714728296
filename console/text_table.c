/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables: aligned columns for people, objects for programs. */
#include "console/answer.h"
#include "console/notation.h"
#include "console/screen.h"
#include "console/text.h"
#include "console/wrap.h"
#include "lib/copy.h"
#include "lib/string.h"

enum { NARROW = 8 };

void text_wrap(const char *head, size_t column, const char *text)
{
	char line[TEXT_LINE];
	size_t room = SCREEN_COLUMNS > column + NARROW ? SCREEN_COLUMNS - column : NARROW;
	size_t width = answer_is_script() ? sizeof(line) - column : room;
	size_t used = strlen(head);

	memset(line, ' ', column);
	memcpy(line, head, MIN(used, column));
	do {
		size_t part = wrap_length(text, width);

		memcpy(line + column, text, part);
		text_print_bytes(line, part ? column + part : MIN(used, column));
		memset(line, ' ', column);
		text = wrap_next(text, part);
	} while (*text);
}

/* The cells but the last; returns where that begins. */
static size_t print_cells(char *line, const struct table *table, const struct table_row *row,
			  const size_t *widths)
{
	size_t used = 0;

	for (unsigned i = 0; i + 1 < table->columns; i++) {
		size_t length = strlen(row->cell[i]);
		size_t pad = table->right >> i & 1 ? widths[i] - MIN(length, widths[i]) : 0;

		memset(line + used, ' ', widths[i] + 2);
		memcpy(line + used + pad, row->cell[i], MIN(length, widths[i]));
		used += widths[i] + 2;
	}
	line[used] = '\0';
	return used;
}

static void print_row(const struct table *table, const struct table_row *row, const size_t *widths)
{
	char line[TABLE_COLUMNS * (TABLE_CELL + 2) + 1];
	unsigned last = table->columns - 1;
	const char *text = row->cell[last];
	size_t used = print_cells(line, table, row, widths);

	if (table->right >> last & 1) {
		size_t pad = widths[last] - MIN(strlen(text), widths[last]);

		memset(line + used, ' ', pad);
		used += pad;
		line[used] = '\0';
	}
	if (text[0]) {
		text_wrap(line, used, text);
		return;
	}
	while (used > 0 && line[used - 1] == ' ')
		used--;
	text_print_bytes(line, used);
}

static void measure(const struct table *table, const struct table_row *row, size_t *widths)
{
	for (unsigned i = 0; i < table->columns; i++)
		widths[i] = MAX(widths[i], strlen(row->cell[i]));
}

static void fill_cells(const struct table *table, struct table_row *row)
{
	for (unsigned i = 0; i < table->columns; i++) {
		if (!row->cell[i][0] && row->fact[i].kind != FACT_ABSENT)
			fact_format(&row->fact[i], row->cell[i], TABLE_CELL);
	}
}

typedef enum table_answer (*fill_fn)(struct table_row *row, unsigned index);

/* The next row from *index on, with its cells. False past the last. */
static bool next_row(const struct table *table, fill_fn fill, struct table_row *row, unsigned *index)
{
	enum table_answer answer;

	do {
		memset(row, 0, sizeof(*row));
		answer = fill(row, (*index)++);
	} while (answer == TABLE_SKIP);
	fill_cells(table, row);
	return answer == TABLE_ROW;
}

/* "APIC ID" is apic_id. */
static void make_key(char key[TABLE_CELL], const char *title)
{
	str_copy(key, TABLE_CELL, title);
	for (size_t i = 0; key[i]; i++) {
		if (key[i] >= 'A' && key[i] <= 'Z')
			key[i] = (char)(key[i] - 'A' + 'a');
		else if (key[i] == ' ')
			key[i] = '_';
	}
}

static void json_of_row(const struct table *table, const struct table_row *row, struct json *json)
{
	char key[TABLE_CELL];

	json_open_object(json, "");
	for (unsigned i = 0; i < TABLE_FACTS; i++) {
		if (row->fact[i].kind != FACT_ABSENT) {
			fact_json(&row->fact[i], json);
		} else if (i < table->columns) {
			make_key(key, table->titles[i]);
			json_text(json, key, row->cell[i], strlen(row->cell[i]));
		}
	}
	json_close(json);
}

static void json_of_table(const struct table *table, fill_fn fill, struct json *json)
{
	static struct table_row row;
	unsigned index = 0;

	json_open_array(json, table->key ? table->key : "rows");
	while (next_row(table, fill, &row, &index))
		json_of_row(table, &row, json);
	json_close(json);
}

void text_table(const struct table *table, fill_fn fill)
{
	static struct table_row row, titles;
	size_t widths[TABLE_COLUMNS] = {0};
	struct json *json = notation_json();
	unsigned index = 0;

	if (json)
		json_of_table(table, fill, json);
	if (notation_is_json())
		return;
	for (unsigned i = 0; i < table->columns; i++)
		str_copy(titles.cell[i], TABLE_CELL, table->titles[i]);
	measure(table, &titles, widths);
	while (next_row(table, fill, &row, &index))
		measure(table, &row, widths);
	print_row(table, &titles, widths);
	for (index = 0; next_row(table, fill, &row, &index);)
		print_row(table, &row, widths);
}
