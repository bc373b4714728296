/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recursive descent, as deep as parentheses stand in each other. Offsets in nodes are relative, so what is
 * compiled already can be moved on by one node to put a choice in front of it.
 */
#include "console/regex.h"

#include "console/escape.h"
#include "lib/string.h"

struct compiler {
	struct regex *regex;
	const char *text;
	size_t length, at;
	unsigned depth;
	const char *error;
	size_t error_at;
};

enum { NOTHING = -1 };

static int peek(const struct compiler *c)
{
	return c->at < c->length ? (uint8_t)c->text[c->at] : NOTHING;
}

static void fail_at(struct compiler *c, size_t at, const char *rule)
{
	if (c->error)
		return;
	c->error = rule;
	c->error_at = at;
}

static void fail(struct compiler *c, const char *rule)
{
	fail_at(c, c->at, rule);
}

static bool room(struct compiler *c)
{
	if (c->regex->count < REGEX_NODES)
		return true;
	fail(c, "the expression is too long");
	return false;
}

static void emit(struct compiler *c, enum regex_kind kind, unsigned arg, int to)
{
	if (room(c))
		c->regex->node[c->regex->count++] = (struct regex_node){(uint8_t)kind, (uint8_t)arg,
									(int16_t)to};
}

/* Puts a choice between what begins at `start` and a node `to` after the choice. */
static void insert_split(struct compiler *c, unsigned start, unsigned to)
{
	struct regex_node *node = c->regex->node;

	if (!room(c))
		return;
	memmove(node + start + 1, node + start, (c->regex->count - start) * sizeof(*node));
	node[start] = (struct regex_node){REGEX_SPLIT, 0, (int16_t)to};
	c->regex->count++;
}

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/*
 * Elsewhere \d is a digit. As the letter d, which it would be by escape.h's rule, it finds nothing, and who
 * wrote it waits for the end of the time.
 */
static const char *meaningless(char letter)
{
	static const struct {
		char letter;
		const char *rule;
	} known[] = {
		{'d', "\\d stands for nothing here; digits are [0-9]"},
		{'D', "\\D stands for nothing here; all but digits are [^0-9]"},
		{'w', "\\w stands for nothing here; words are of [A-Za-z0-9_]"},
		{'W', "\\W stands for nothing here; all but words are of [^A-Za-z0-9_]"},
		{'s', "\\s stands for nothing here; blanks are [ \\t]"},
		{'S', "\\S stands for nothing here; all but blanks are [^ \\t]"},
		{'b', "\\b stands for nothing here; the ends of a line are ^ and $"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i].letter == letter)
			return known[i].rule;
	}
	return "\\ before a letter or digit stands for nothing but in \\n \\r \\t \\e and \\xNN";
}

/* An ordinary character or an escape. */
static uint8_t take_byte(struct compiler *c)
{
	uint8_t byte = 0;
	size_t taken = escape_take(c->text + c->at, c->length - c->at, &byte);
	char second = taken == 2 ? c->text[c->at + 1] : '\0';

	if (is_letter_or_digit(second) && byte == (uint8_t)second)
		fail(c, meaningless(second));
	if (taken == 0)
		fail(c, "a \\ needs a character, and \\x two hexadecimal digits");
	c->at += taken;
	return byte;
}

/* [:digit:] and its like begin so. */
static bool begins_class(const struct compiler *c)
{
	char second = c->at + 1 < c->length ? c->text[c->at + 1] : '\0';

	return peek(c) == '[' && (second == ':' || second == '.' || second == '=');
}

/* One member of a set, or a range of them. */
static void take_member(struct compiler *c, uint8_t set[32])
{
	size_t at = c->at;
	bool class = begins_class(c);
	unsigned first = take_byte(c), last = first;

	if (class)
		fail_at(c, at, "[: [. and [= stand for nothing here; digits are [0-9]");
	if (peek(c) == '-' && c->at + 1 < c->length && c->text[c->at + 1] != ']') {
		c->at++;
		last = take_byte(c);
	}
	if (last < first)
		fail_at(c, at, "a range in [] goes backward");
	for (unsigned byte = first; byte <= last; byte++)
		set[byte / 8] |= (uint8_t)(1U << byte % 8);
}

/* A ] that comes first is a member. */
static void take_set(struct compiler *c)
{
	uint8_t set[32] = {0};
	size_t open = c->at++, first;
	bool others = peek(c) == '^';

	c->at += others;
	first = c->at;
	while (!c->error && peek(c) != NOTHING && (peek(c) != ']' || c->at == first))
		take_member(c, set);
	if (peek(c) == NOTHING)
		fail_at(c, open, "a [ has no partner");
	else if (c->regex->sets == REGEX_SETS)
		fail_at(c, open, "there are more than 16 []");
	if (c->error)
		return;
	c->at++;
	for (unsigned i = 0; i < sizeof(set); i++)
		c->regex->set[c->regex->sets][i] = others ? (uint8_t)~set[i] : set[i];
	emit(c, REGEX_SET, c->regex->sets++, 0);
}

static void take_choice(struct compiler *c);

static void take_group(struct compiler *c)
{
	size_t open = c->at++;

	if (++c->depth > REGEX_DEPTH) {
		fail_at(c, open, "more than 16 ( stand in each other");
		return;
	}
	take_choice(c);
	c->depth--;
	if (peek(c) == ')')
		c->at++;
	else
		fail_at(c, open, "a ( has no partner");
}

static void take_atom(struct compiler *c)
{
	switch (peek(c)) {
	case '(':
		take_group(c);
		break;
	case '[':
		take_set(c);
		break;
	case '.':
		c->at++;
		emit(c, REGEX_ANY, 0, 0);
		break;
	case '^':
		c->at++;
		emit(c, REGEX_LINE_START, 0, 0);
		break;
	case '$':
		c->at++;
		emit(c, REGEX_LINE_END, 0, 0);
		break;
	case '*':
	case '+':
	case '?':
		fail(c, "a * + or ? has nothing to repeat");
		break;
	case '{':
		fail(c, "{ must be \\{: there are no counts");
		break;
	default:
		emit(c, REGEX_BYTE, take_byte(c), 0);
		break;
	}
}

static bool is_repeat(int character)
{
	return character == '*' || character == '+' || character == '?';
}

/* After what begins at start. */
static void take_repeat(struct compiler *c, unsigned start)
{
	int kind = c->text[c->at++];
	unsigned size = c->regex->count - start;

	if (kind == '+') {
		emit(c, REGEX_SPLIT, 0, -(int)size);
		return;
	}
	insert_split(c, start, kind == '*' ? size + 2 : size + 1);
	if (kind == '*')
		emit(c, REGEX_JUMP, 0, -(int)size - 1);
}

static void take_sequence(struct compiler *c)
{
	while (!c->error && peek(c) != NOTHING && peek(c) != '|' && peek(c) != ')') {
		unsigned start = c->regex->count;

		take_atom(c);
		if (!c->error && is_repeat(peek(c)))
			take_repeat(c, start);
		/* Elsewhere a+? takes as little as it can, and a*+ as much. */
		if (!c->error && is_repeat(peek(c)))
			fail(c, "* + and ? cannot follow each other");
	}
}

/* The jumps behind the alternatives are chained by their targets until the end is known. */
static void take_choice(struct compiler *c)
{
	struct regex_node *node = c->regex->node;
	unsigned start = c->regex->count;
	int last = NOTHING;

	take_sequence(c);
	while (!c->error && peek(c) == '|') {
		c->at++;
		insert_split(c, start, c->regex->count - start + 2);
		emit(c, REGEX_JUMP, 0, last);
		last = (int)c->regex->count - 1;
		start = c->regex->count;
		take_sequence(c);
	}
	while (!c->error && last != NOTHING) {
		int before = node[last].to;

		node[last].to = (int16_t)((int)c->regex->count - last);
		last = before;
	}
}

const char *regex_compile(struct regex *regex, const char *text, size_t length, size_t *at)
{
	struct compiler c = {.regex = regex, .text = text, .length = length};

	regex->count = regex->sets = 0;
	/* It would be found before a byte was looked at. */
	if (length == 0)
		fail(&c, "the expression is empty");
	take_choice(&c);
	if (peek(&c) == ')')
		fail(&c, "a ) has no partner");
	emit(&c, REGEX_MATCH, 0, 0);
	*at = c.error_at;
	return c.error;
}
