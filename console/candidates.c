/* SPDX-License-Identifier: BSD-2-Clause */
/* The first one is always kept, since there is room for any: what all have in common is a part of it. */
#include "console/candidates.h"

#include "console/screen.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/string.h"

enum { GAP = 2 };

void candidates_begin(struct candidates *c, const char *word, size_t length)
{
	memset(c, 0, sizeof(*c));
	c->word = word;
	c->length = length;
}

void candidates_skip(struct candidates *c, size_t length)
{
	c->word += length;
	c->length -= length;
}

static size_t same_length(const char *a, const char *b, size_t most)
{
	size_t same = 0;

	while (same < most && a[same] && a[same] == b[same])
		same++;
	return same;
}

static size_t count_digits(const char *text)
{
	size_t count = 0;

	while (text[count] >= '0' && text[count] <= '9')
		count++;
	return count;
}

/* By the alphabet, but 9 before 10. */
static bool is_before(const char *a, const char *b)
{
	size_t same = same_length(a, b, strlen(a)), digits, others;

	digits = count_digits(a + same);
	others = count_digits(b + same);
	if (digits > 0 && others > 0 && digits != others)
		return digits < others;
	return (uint8_t)a[same] < (uint8_t)b[same];
}

/* False: it is there already. */
static bool keep(struct candidates *c, const char *text)
{
	size_t size = strlen(text) + 1;
	unsigned at = 0;

	while (at < c->kept && is_before(c->kept_text[at], text))
		at++;
	if (at < c->kept && !strcmp(c->kept_text[at], text))
		return false;
	if (c->kept == CANDIDATES || size > sizeof(c->text) - c->used)
		return true;
	memmove(&c->kept_text[at + 1], &c->kept_text[at], (c->kept - at) * sizeof(c->kept_text[0]));
	c->kept_text[at] = c->text + c->used;
	memcpy(c->text + c->used, text, size);
	c->used += size;
	c->kept++;
	return true;
}

void candidates_offer(struct candidates *c, const char *text, bool ends)
{
	if (strncmp(text, c->word, c->length) || !keep(c, text))
		return;
	if (c->found == 0) {
		c->first = c->text;
		c->common = strlen(text);
	}
	c->common = same_length(c->first, text, c->common);
	c->ends = ends;
	c->found++;
}

/* Down the columns, as one looks for a word; as many of them as fit. */
void candidates_show(const struct candidates *c)
{
	unsigned columns, rows;
	size_t width = 0;

	for (unsigned i = 0; i < c->kept; i++)
		width = MAX(width, MIN(strlen(c->kept_text[i]), (size_t)SCREEN_COLUMNS) + GAP);
	if (width == 0)
		return;
	columns = (unsigned)MAX((SCREEN_COLUMNS + GAP) / width, (size_t)1);
	rows = (c->kept + columns - 1) / columns;
	for (unsigned row = 0; row < rows; row++) {
		char line[SCREEN_COLUMNS + GAP];
		size_t used = 0;

		memset(line, ' ', sizeof(line));
		for (unsigned i = row, column = 0; i < c->kept; i += rows, column++) {
			size_t length = MIN(strlen(c->kept_text[i]), (size_t)SCREEN_COLUMNS);

			memcpy(line + column * width, c->kept_text[i], length);
			used = column * width + length;
		}
		text_print_bytes(line, used);
	}
	if (c->found > c->kept)
		text_print("and %u more", c->found - c->kept);
}
