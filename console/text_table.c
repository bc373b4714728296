/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables: aligned columns for people, objects for programs. */
#include "console/answer.h"
#include "console/notation.h"
#include "console/screen.h"
#include "console/text.h"
#include "console/wrap.h"
#include "lib/copy.h"
#include "lib/string.h"

enum { NARROW = 8, FLOWS = 20, GAP = 2 };

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

/* Some columns of a table: the first one, and those from first to the one before end. */
struct span {
	const struct table *table;
	const size_t *widths;
	unsigned first, end;
};

/* Returns where the next cell begins. */
static size_t put_cell(char *line, size_t used, const struct span *span, const char *text,
		       unsigned column)
{
	size_t width = span->widths[column], length = MIN(strlen(text), width);
	size_t pad = span->table->right >> column & 1 ? width - length : 0;

	memset(line + used, ' ', width + GAP);
	memcpy(line + used + pad, text, length);
	return used + width + GAP;
}

static void print_row(const struct span *span, const struct table_row *row)
{
	char line[TABLE_COLUMNS * (TABLE_CELL + GAP) + 1];
	unsigned last = span->table->columns - 1;
	/* A text at the end of a row may take several lines. */
	bool flows = span->end > last && last > 0 && !(span->table->right >> last & 1);
	size_t used = put_cell(line, 0, span, row->cell[0], 0);

	for (unsigned i = span->first; i < span->end - flows; i++)
		used = put_cell(line, used, span, row->cell[i], i);
	line[used] = '\0';
	if (flows && row->cell[last][0]) {
		text_wrap(line, used, row->cell[last]);
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

/* As many columns as fit, from first on; a script gets them all. */
static struct span next_span(const struct table *table, const size_t *widths, unsigned first)
{
	struct span span = {table, widths, first, first};
	size_t used = widths[0];

	while (span.end < table->columns) {
		bool flows = span.end + 1 == table->columns && !(table->right >> span.end & 1);

		used += GAP + (flows ? MIN(widths[span.end], (size_t)FLOWS) : widths[span.end]);
		if (used > SCREEN_COLUMNS && span.end > first && !answer_is_script())
			break;
		span.end++;
	}
	return span;
}

void text_table(const struct table *table, fill_fn fill)
{
	static struct table_row row, titles;
	size_t widths[TABLE_COLUMNS] = {0};
	struct json *json = notation_json();
	unsigned index = 0, first = 1;

	if (json)
		json_of_table(table, fill, json);
	if (notation_is_json())
		return;
	for (unsigned i = 0; i < table->columns; i++)
		str_copy(titles.cell[i], TABLE_CELL, table->titles[i]);
	measure(table, &titles, widths);
	while (next_row(table, fill, &row, &index))
		measure(table, &row, widths);
	do {
		struct span span = next_span(table, widths, first);

		print_row(&span, &titles);
		for (index = 0; next_row(table, fill, &row, &index);)
			print_row(&span, &row);
		first = span.end;
	} while (first < table->columns);
}
