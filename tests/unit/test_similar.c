/* SPDX-License-Identifier: BSD-2-Clause */
/* What was meant by a word that is none: few slips of the fingers away, and never a wild guess. */
/* sources: console/similar.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "console/similar.h"
#include "lib/types.h"

static const char *best(const char *typed)
{
	static const char *const words[] = {"start", "stop", "stats", "set",
					    "list",  "log",  "logs",  "destroy"};
	static struct similar similar;

	similar = similar_to(typed);
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		similar_offer(&similar, words[i]);
	return similar.best;
}

static void test_slips(void **state)
{
	static const struct {
		const char *typed, *meant;
	} rows[] = {
		{"strat", "start"},
		{"stat", "start"},
		{"startt", "start"},
		{"dtart", "start"},
		{"lsit", "list"},
		{"lits", "list"},
		{"lgo", "log"},
		{"destory", "destroy"},
		{"desrtoy", "destroy"},
		{"dstry", "destroy"},
		{"lis", "list"},
		{"SET", ""},
		{"", ""},
		{"l", ""},
		{"lo", ""},
		{"frobnicate", ""},
		{"top", "stop"},
		{"go", ""},
		{"xyz", ""},
		{"des", ""},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(best(rows[i].typed), rows[i].meant);
}

/* Any length of any bytes, on both sides. */
static void test_any_words(void **state)
{
	char typed[80], word[80], hint[SIMILAR_HINT];

	(void)state;
	srand(5);
	for (unsigned n = 0; n < 20000; n++) {
		size_t a = (size_t)rand() % sizeof(typed), b = (size_t)rand() % sizeof(word);
		struct similar similar;

		for (size_t i = 0; i < sizeof(typed); i++) {
			typed[i] = (char)(1 + rand() % 255);
			word[i] = (char)(rand() % 4 ? typed[i] : 1 + rand() % 255);
		}
		typed[a] = word[b] = '\0';
		typed[sizeof(typed) - 1] = word[sizeof(word) - 1] = '\0';
		similar = similar_to(typed);
		similar_offer(&similar, word);
		similar_hint(&similar, hint);
		assert_true(strlen(hint) < SIMILAR_HINT);
		if (similar.best[0])
			assert_string_equal(similar.best, word);
		/* A word is as near to itself as can be. */
		if (strlen(typed) > 2 && strlen(typed) < NAME_SIZE) {
			similar_offer(&similar, typed);
			assert_string_equal(similar.best, typed);
			assert_int_equal(similar.distance, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slips),
		cmocka_unit_test(test_any_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
