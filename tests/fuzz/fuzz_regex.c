/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any expression over any text, parted by the first newline: what compiles stays inside its nodes and has
 * nothing of other languages, and each byte costs no more than the nodes that there are.
 */
/* sources: console/regex.c console/regex_compile.c console/escape.c */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "console/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_nodes(const struct regex *regex)
{
	for (unsigned i = 0; i < regex->count; i++) {
		const struct regex_node *node = &regex->node[i];
		int to = (int)i + node->to;

		if (to < 0 || to >= (int)regex->count)
			abort();
		if (node->kind == REGEX_SET && node->arg >= regex->sets)
			abort();
	}
	if (regex->count == 0 || regex->node[regex->count - 1].kind != REGEX_MATCH)
		abort();
}

/* By the rules, of an expression without []: a { needs a \, and so many characters are none. */
static void check_taken(const char *expression, size_t length)
{
	if (length == 0)
		abort();
	if (memchr(expression, '[', length))
		return;
	for (size_t i = 0; i < length; i++) {
		char next = i + 1 < length ? expression[i + 1] : '\0';

		if (expression[i] == '{')
			abort();
		if (expression[i] != '\\')
			continue;
		if (isalnum((unsigned char)next) && !strchr("nrtex", next))
			abort();
		i++;
	}
}

static void search(const struct regex *regex, const uint8_t *text, size_t size)
{
	static struct regex_search run;
	bool used;

	if (regex_begin(regex, &run))
		return;
	for (size_t i = 0; i < size; i++) {
		if (regex_feed(regex, &run, text[i], &used))
			return;
		if (run.count > regex->count)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct regex regex;
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t length = end ? (size_t)(end - data) : size;
	char *expression = malloc(length + 1);
	size_t at;

	if (size)
		memcpy(expression, data, length);
	if (regex_compile(&regex, expression, length, &at) == NULL) {
		check_taken(expression, length);
		check_nodes(&regex);
		search(&regex, data + length, size - length);
	} else if (at > length) {
		abort();
	}
	free(expression);
	return 0;
}
