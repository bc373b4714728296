/* SPDX-License-Identifier: BSD-2-Clause */
/* The matcher of `wait`: its language, its refusals, and at random against the C library's. */
/* sources: console/regex.c console/regex_compile.c console/escape.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <regex.h>

#include "console/regex.h"

enum { NO_MATCH = -1 };

/* Where the first match ends in the text, as a stream would be told. */
static int search(const char *expression, const char *text)
{
	static struct regex regex;
	static struct regex_search run;
	size_t at;
	const char *error = regex_compile(&regex, expression, strlen(expression), &at);
	bool used;

	if (error)
		fail_msg("%s: %s at %zu", expression, error, at);
	if (regex_begin(&regex, &run))
		return 0;
	for (int i = 0; text[i]; i++) {
		if (regex_feed(&regex, &run, (uint8_t)text[i], &used))
			return i + used;
	}
	return NO_MATCH;
}

static void test_language(void **state)
{
	static const struct {
		const char *expression, *text;
		int end;
	} cases[] = {
		{"login: ", "x login: ", 9},
		{"login:", "logi login:", 11},
		{"a.c", "abc", 3},
		{"a.c", "a\nc", NO_MATCH},
		{"a[b-d]e", "aae ace", 7},
		{"[^a]b", "abab bb", 6},
		{"[]x]+y", "]]y", 3},
		{"[a-]z", "-z", 2},
		{"^b", "ab\nb", 4},
		{"^b", "b", 1},
		{"a$", "ab a\r\n", 4},
		{"a$", "a", NO_MATCH},
		{"^$", "a\r\n\n", 3},
		{"ab*c", "ac", 2},
		{"ab+c", "ac abbc", 7},
		{"ab?c", "abbc abc", 8},
		{"a(bc|d)e", "abce", 4},
		{"a|bb|ccc", "xccc", 4},
		{"(ab)*c", "ababc", 5},
		{"(a|b)+!", "abba!", 5},
		{"((((a))))", "a", 1},
		{"()", "abc", 0},
		{"a|", "b", 0},
		{"(a*)*b", "aab", 3},
		{"(a*|b*)+c", "abac", 4},
		{"\\.\\/\\x41\\t", "./A\t", 4},
		{"a\\nb", "a\nb", 3},
		{"\\e\\[0m", "\x1b[0m", 4},
		{"[\\x00-\\x1f]", "abc\x02", 4},
		{"# $", "x# \r\n", 3},
		{"kernel panic|login:", "login:", 6},
		{"a\\{2}", "a{2}", 4},
		{"[{]\\_[\\]]", "{_]", 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int end = search(cases[i].expression, cases[i].text);

		if (end != cases[i].end)
			fail_msg("/%s/ in \"%s\" ends at %d", cases[i].expression, cases[i].text,
				 end);
	}
}

/* `place` counts from 0; the whole length: it is about no character. */
static void refused_at(const char *expression, const char *part, size_t place)
{
	static struct regex regex;
	size_t at;
	const char *error = regex_compile(&regex, expression, strlen(expression), &at);

	if (!error || !strstr(error, part))
		fail_msg("%.40s: %s", expression, error ? error : "is taken");
	if (at != place)
		fail_msg("%.40s: at %zu", expression, at);
}

static void refused(const char *expression, const char *part)
{
	static struct regex regex;
	size_t at;
	const char *error = regex_compile(&regex, expression, strlen(expression), &at);

	if (!error || !strstr(error, part))
		fail_msg("%.40s: %s", expression, error ? error : "is taken");
	assert_true(at <= strlen(expression));
}

static void test_refusals(void **state)
{
	static char deep[2 * REGEX_DEPTH + 4], longest[REGEX_NODES + 2], sets[4 * REGEX_SETS + 8];

	(void)state;
	refused_at("ab(a", "( has no partner", 2);
	refused_at("a)", ") has no partner", 1);
	refused_at("b[a", "[ has no partner", 1);
	refused_at("[]", "[ has no partner", 0);
	refused_at("*a", "nothing to repeat", 0);
	refused_at("(+)", "nothing to repeat", 1);
	refused_at("a\\", "needs a character", 1);
	refused_at("\\x4", "hexadecimal", 0);
	refused_at("a[z-a]", "backward", 2);
	refused_at("", "is empty", 0);
	memset(deep, '(', REGEX_DEPTH + 1);
	refused(deep, "stand in each other");
	memset(longest, 'a', REGEX_NODES);
	refused(longest, "too long");
	longest[REGEX_NODES - 1] = '\0';
	assert_int_equal(search(longest, "b"), NO_MATCH);
	for (unsigned i = 0; i <= REGEX_SETS; i++)
		strcat(sets, "[a]");
	refused(sets, "16 []");
}

/* What means something in other languages is refused, and not taken for the characters it is made of. */
static void test_other_languages(void **state)
{
	static const char escapes[] = "nrtex";

	(void)state;
	refused_at("a\\d+", "\\d stands for nothing here; digits are [0-9]", 1);
	refused_at("[a\\w]", "\\w stands for nothing", 2);
	refused_at("\\bweb", "\\b stands for nothing", 0);
	refused_at("[0-\\9]", "\\ before a letter or digit", 3);
	refused_at("a{2}", "{ must be \\{", 1);
	refused_at("a+?", "cannot follow each other", 2);
	refused_at("(ab)*?c", "cannot follow each other", 5);
	refused_at("a++", "cannot follow each other", 2);
	refused_at("[[:digit:]]", "digits are [0-9]", 1);
	refused_at("[a[=e=]]", "digits are [0-9]", 2);
	assert_int_equal(search("[[]:", "x[:"), 3);
	for (int c = 1; c < 128; c++) {
		const char expression[] = {'a', '\\', (char)c, 'f', 'f', '\0'};
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			     (c >= 'A' && c <= 'Z');

		if (plain && !strchr(escapes, c))
			refused_at(expression, "stands for nothing", 1);
		else
			assert_int_equal(search(expression, "b"), NO_MATCH);
	}
}

/* A random expression; the C library's has no meaning for a repeated ^ or $, so they are not. */
static void make(char *to, size_t room, unsigned depth)
{
	static const char *const atoms[] = {"a", "b", "c", ".", "[ab]", "[^a]", "[b-c]"};
	unsigned parts = 1 + (unsigned)rand() % 3;

	to[0] = '\0';
	for (unsigned i = 0; i < parts && strlen(to) + 40 < room; i++) {
		size_t used = strlen(to);

		if (depth > 0 && rand() % 3 == 0) {
			char inner[64];

			make(inner, sizeof(inner), depth - 1);
			snprintf(to + used, room - used, "(%s)", inner);
		} else {
			strcat(to, atoms[(unsigned)rand() % 7]);
		}
		if (rand() % 3 == 0)
			strcat(to, rand() % 3 == 0 ? "*" : rand() % 2 ? "+" : "?");
		if (i + 1 < parts && rand() % 4 == 0)
			strcat(to, "|");
	}
}

/* The end of the shortest prefix in which the C library finds it. */
static int search_by_library(const char *expression, const char *text)
{
	char prefix[32];
	regex_t library;
	int end = NO_MATCH;

	assert_int_equal(regcomp(&library, expression, REG_EXTENDED | REG_NOSUB), 0);
	for (size_t i = 0; i <= strlen(text) && end == NO_MATCH; i++) {
		memcpy(prefix, text, i);
		prefix[i] = '\0';
		if (regexec(&library, prefix, 0, NULL, 0) == 0)
			end = (int)i;
	}
	regfree(&library);
	return end;
}

static void test_against_library(void **state)
{
	const char *deeper = getenv("FREEHOLD_LONG");
	unsigned rounds = deeper ? 300000 : 6000;

	(void)state;
	srand(5);
	for (unsigned round = 0; round < rounds; round++) {
		char inner[160], expression[200], text[16] = "";
		int ours, theirs;

		make(inner, sizeof(inner), 3);
		snprintf(expression, sizeof(expression), "%s%s", rand() % 4 ? "" : "^", inner);
		if (expression[0] == '^' && strchr(expression, '|'))
			continue;
		for (unsigned i = 0, length = (unsigned)rand() % 12; i < length; i++)
			text[i] = "abcd"[rand() % 4];
		ours = search(expression, text);
		theirs = search_by_library(expression, text);
		if (ours != theirs)
			fail_msg("/%s/ in \"%s\": %d, not %d", expression, text, ours, theirs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_language),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_other_languages),
		cmocka_unit_test(test_against_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
