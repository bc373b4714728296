/* SPDX-License-Identifier: BSD-2-Clause */
/* Every byte is consumed exactly once; the reader ends for any input. */
#include "console/script.h"

void script_open(struct script *script, const char *text, size_t size)
{
	*script = (struct script){.text = text, .size = size, .line = 1};
}

/* What a line of the file is, before its words are looked at. */
struct piece {
	size_t end; /* without a \ at the end */
	bool blank, comment, goes_on;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Where a comment begins in text, or its length: a # at the start of a word, outside quotes. *quoted goes
 * on over the lines that are joined.
 */
static size_t find_comment(const char *text, size_t length, bool *quoted)
{
	bool in_word = *quoted;

	for (size_t i = 0; i < length; i++) {
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
	return length;
}

static struct piece take_piece(const char *text, size_t end, bool *quoted)
{
	struct piece piece = {0};
	size_t first = 0;

	while (first < end && is_blank(text[first]))
		first++;
	piece.blank = first == end;
	piece.comment = !*quoted && !piece.blank && text[first] == '#';
	piece.end = find_comment(text, end, quoted);
	/* A \ at the end joins, unless it is protected itself or part of a comment. */
	if (piece.end == end) {
		size_t slashes = 0;

		while (slashes < end && text[end - 1 - slashes] == '\\')
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

void script_begin_line(struct script_line *line)
{
	line->length = 0;
	line->too_long = line->begun = line->quoted = false;
}

bool script_add_line(struct script_line *line, const char *text, size_t length)
{
	struct piece piece = take_piece(text, length, &line->quoted);

	if (piece.comment || (piece.blank && !line->begun))
		return false;
	line->begun = piece.goes_on;
	append(line, text, piece.end);
	return !piece.goes_on;
}

/* The length of the line at *at, which moves behind its end. */
static size_t next_line(struct script *script)
{
	size_t begin = script->at, end = begin;

	while (end < script->size && script->text[end] != '\n')
		end++;
	script->at = end + (end < script->size);
	script->line++;
	return end - begin - (end > begin && script->text[end - 1] == '\r');
}

bool script_next(struct script *script, struct script_line *line)
{
	script_begin_line(line);
	while (script->at < script->size) {
		const char *text = script->text + script->at;

		if (!line->begun)
			line->line = script->line;
		if (script_add_line(line, text, next_line(script)))
			return true;
	}
	return line->begun;
}
