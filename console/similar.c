/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Near is what few slips of the fingers part: a letter too many, too few, another one, or two in each other's
 * place (the "optimal string alignment" distance).
 */
#include "console/similar.h"

#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

/* Rows of the table of distances between beginnings of a, by length, and of b. */
struct rows {
	unsigned before[NAME_SIZE], last[NAME_SIZE], now[NAME_SIZE];
};

static void fill_row(struct rows *rows, const char *a, unsigned i, const char *b)
{
	rows->now[0] = i;
	for (unsigned j = 1; b[j - 1]; j++) {
		unsigned other = rows->last[j - 1] + (a[i - 1] != b[j - 1]);
		unsigned gap = MIN(rows->last[j], rows->now[j - 1]) + 1;

		rows->now[j] = MIN(other, gap);
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
			rows->now[j] = MIN(rows->now[j], rows->before[j - 2] + 1);
	}
}

/* Both are shorter than NAME_SIZE. */
static unsigned distance(const char *a, const char *b)
{
	struct rows rows = {0};

	for (unsigned j = 0; j < NAME_SIZE; j++)
		rows.now[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		memcpy(rows.before, rows.last, sizeof(rows.last));
		memcpy(rows.last, rows.now, sizeof(rows.now));
		fill_row(&rows, a, i, b);
	}
	return rows.now[strlen(b)];
}

struct similar similar_to(const char *typed)
{
	size_t length = strnlen(typed, NAME_SIZE);

	/* One slip in a short word, two in a longer one; of a word of two letters nothing would be left. */
	return (struct similar){.typed = typed, .distance = length < 3 ? 0 : 2 + (length > 4)};
}

void similar_offer(struct similar *similar, const char *word)
{
	unsigned apart;

	if (strnlen(similar->typed, NAME_SIZE) == NAME_SIZE || strnlen(word, NAME_SIZE) == NAME_SIZE)
		return;
	apart = distance(similar->typed, word);
	if (apart >= similar->distance)
		return;
	similar->distance = apart;
	str_copy(similar->best, sizeof(similar->best), word);
}

const char *similar_hint(const struct similar *similar, char to[SIMILAR_HINT])
{
	to[0] = '\0';
	if (similar->best[0])
		format(to, SIMILAR_HINT, "; did you mean %s?", similar->best);
	return to;
}
