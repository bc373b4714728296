/* SPDX-License-Identifier: BSD-2-Clause */
/* Every byte is consumed exactly once; the reader ends for any input. */
#include "console/script.h"

void script_open(struct script *script, const char *text, size_t size)
{
	*script = (struct script){.text = text, .size = size, .line = 1};
}

/* What a line of the file is, before its words are looked at. */
struct piece {
	size_t start, end; /* without the end of the line and a \ before it */
	bool blank, comment, goes_on;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Where a comment begins in [from, to), or to: a # at the start of a word, outside quotes. *quoted goes
 * on over the lines that are joined.
 */
static size_t find_comment(const char *text, size_t from, size_t to, bool *quoted)
{
	bool in_word = *quoted;

	for (size_t i = from; i < to; i++) {
		if (text[i] == '#' && !*quoted && !in_word)
			return i;
		if (text[i] == '\\') {
			in_word = true;
			i++;
			continue;
		}
		*quoted ^= text[i] == '"';
		in_word = *quoted || !is_blank(text[i]);
	}
	return to;
}

static struct piece take_piece(struct script *script, bool *quoted)
{
	const char *text = script->text;
	struct piece piece = {.start = script->at};
	size_t end = script->at;
	size_t first;

	while (end < script->size && text[end] != '\n')
		end++;
	script->at = end + (end < script->size);
	script->line++;
	if (end > piece.start && text[end - 1] == '\r')
		end--;
	first = piece.start;
	while (first < end && is_blank(text[first]))
		first++;
	piece.blank = first == end;
	piece.comment = !*quoted && !piece.blank && text[first] == '#';
	piece.end = find_comment(text, piece.start, end, quoted);
	/* A \ at the end joins, unless it is protected itself or part of a comment. */
	if (piece.end == end) {
		size_t slashes = 0;

		while (slashes < end - piece.start && text[end - 1 - slashes] == '\\')
			slashes++;
		piece.goes_on = slashes % 2 == 1;
		piece.end -= piece.goes_on;
	}
	return piece;
}

static void append(struct script_line *line, const char *text, size_t length)
{
	if (length > SCRIPT_LINE - line->length) {
		length = SCRIPT_LINE - line->length;
		line->too_long = true;
	}
	for (size_t i = 0; i < length; i++)
		line->text[line->length + i] = text[i];
	line->length += length;
}

bool script_next(struct script *script, struct script_line *line)
{
	bool begun = false, quoted = false;

	line->length = 0;
	line->too_long = false;
	while (script->at < script->size) {
		unsigned number = script->line;
		struct piece piece = take_piece(script, &quoted);

		if (piece.comment || (piece.blank && !begun))
			continue;
		if (!begun)
			line->line = number;
		begun = true;
		append(line, script->text + piece.start, piece.end - piece.start);
		if (!piece.goes_on)
			return true;
	}
	return begun;
}
