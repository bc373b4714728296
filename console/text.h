/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one layer through which commands print: lines, errors, fields and tables. Another notation for
 * machines can be added here without touching a command.
 */
#pragma once

#include "console/answer.h"

enum { TEXT_LINE = 1024 };

void text_reset(void);

/* A line. */
void text_print(const char *text, ...) printf_like(1, 2);

/* A line as it is, of any bytes. */
void text_print_bytes(const char *line, size_t length);

/*
 * One line "error: …", with the context in front: "line 3: " if the command stood in a script, and the
 * command with its object. Counted. text_error: by a rule of the
 * object itself; text_fail: why, by a code that a script sees.
 */
void text_error(const char *text, ...) printf_like(1, 2);
void text_fail(enum answer_code code, const char *text, ...) printf_like(2, 3);
unsigned text_error_count(void);

/* What the following errors are about, until the next call. line 0: typed. object may be "". */
void text_set_context(unsigned line, const char *command, const char *object);

/* Several lines of text from somebody else, each behind `indent` blanks. */
void text_print_lines(const char *text, size_t length, unsigned indent);

/* "name      value", a long value on several lines. */
void text_field(const char *name, const char *text, ...) printf_like(2, 3);

enum { TABLE_COLUMNS = 8, TABLE_CELL = 64 };

struct table {
	unsigned columns;
	const char *titles[TABLE_COLUMNS];
	uint32_t right; /* a bit for each column that is aligned to the right */
};

struct table_row {
	char cell[TABLE_COLUMNS][TABLE_CELL];
};

/*
 * Prints titles and rows, each column as wide as it must be. fill is called twice for each index from
 * 0 on: it returns TABLE_END past the last row, TABLE_SKIP to leave this one out.
 */
enum table_answer { TABLE_ROW, TABLE_SKIP, TABLE_END };
void text_table(const struct table *table,
		enum table_answer (*fill)(struct table_row *row, unsigned index));
