/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one layer through which commands print: lines, errors, fields and tables. A command that takes
 * --json describes what it tells as facts (fact.h), and this layer writes it in either notation.
 */
#pragma once

#include "console/answer.h"
#include "console/fact.h"

enum { TEXT_LINE = 1024 };

void text_reset(void);

/*
 * A line; for a person it goes on below if it has more than 80 columns. In JSON: a string, under the key
 * "note" if it stands in an object.
 */
void text_print(const char *text, ...) printf_like(1, 2);

/* A line as it is, of any bytes: a guest's, or one that fits. */
void text_print_bytes(const char *line, size_t length);

/*
 * "error: …", for a script in one line, with the context in front: "line 3: " if the command stood in a
 * script, and the command with its object. Counted. A script sees the code.
 */
void text_fail(enum answer_code code, const char *text, ...) printf_like(2, 3);
unsigned text_error_count(void);

/* What the following errors are about, until the next call. line 0: typed. object may be "". */
void text_set_context(unsigned line, const char *command, const char *object);

/*
 * For work that goes on while other commands are answered: it keeps a context of its own between its steps,
 * and puts theirs back after each. With is_news its errors are told as news, and not counted: the running
 * command has not failed.
 */
struct text_context {
	unsigned line;
	bool is_news;
	char what[96]; /* "create web: ", or "" */
};
void text_save_context(struct text_context *to);
void text_restore_context(const struct text_context *from);

/*
 * head, and from `column` on a text, on several lines if need be, broken at blanks: each begins in that
 * column. A script gets one line.
 */
void text_wrap(const char *head, size_t column, const char *text);

/* Several lines of text from somebody else, each behind `indent` blanks. */
void text_print_lines(const char *text, size_t length, unsigned indent);

/* A title and below it lines of somebody else's text; in JSON one string. */
void text_block(const char *name, const char *text, size_t length);

/* JSON only: what follows, up to text_close, is in an object or a list of that key. */
void text_open(const char *key);
void text_open_list(const char *key);
void text_close(void);

/*
 * Facts of one line: in `form` each % stands for the next of them; those that no % is left for are for
 * programs only. name: "name      …" as text_field, NULL: the line is what form says.
 */
#define FACTS(...)                          \
	(const struct fact[]){__VA_ARGS__}, \
		sizeof((struct fact[]){__VA_ARGS__}) / sizeof(struct fact)
void text_facts(const char *name, const char *form, const struct fact *facts, size_t count);

/* "name      value", a long value on several lines. */
void text_field(const char *name, const char *text, ...) printf_like(2, 3);

enum { TABLE_COLUMNS = 8, TABLE_FACTS = 12, TABLE_CELL = 64 };

struct table {
	const char *key; /* in JSON it is a list of objects of that key */
	unsigned columns;
	const char *titles[TABLE_COLUMNS];
	uint32_t right; /* a bit for each column that is aligned to the right */
};

/*
 * A column's cell is what its fact says to people, unless it is written itself; its key is the fact's, or
 * made of the title. Facts past the columns are for programs only.
 */
struct table_row {
	char cell[TABLE_COLUMNS][TABLE_CELL];
	struct fact fact[TABLE_FACTS];
};

/*
 * Prints titles and rows, each column as wide as it must be; for a person what is too wide for the screen
 * goes on below, as a table of the first column and the others. fill is called twice or more for each index
 * from 0 on: it returns TABLE_END past the last row, TABLE_SKIP to leave this one out.
 */
enum table_answer { TABLE_ROW, TABLE_SKIP, TABLE_END };
void text_table(const struct table *table,
		enum table_answer (*fill)(struct table_row *row, unsigned index));
