/* SPDX-License-Identifier: BSD-2-Clause */
/* The splitter is one pass with a state: no byte is looked at twice, and the output cannot outgrow text[]. */
#include "console/words.h"

struct splitter {
	struct words *words;
	size_t used;	/* of words->text */
	const char *at; /* the character that is looked at */
	bool in_word, quoted, escaped;
	bool slashed; /* between two / */
};

static enum words_error put(struct splitter *s, char c)
{
	if (!s->in_word) {
		if (s->words->count == WORDS_MAX)
			return WORDS_TOO_MANY;
		s->words->word[s->words->count] = s->words->text + s->used;
		s->words->raw[s->words->count++] = s->at - (s->escaped ? 1 : 0);
		s->in_word = true;
	}
	/* One byte stays for the terminator. */
	if (s->used + 1 >= WORDS_TEXT)
		return WORDS_TOO_LONG;
	s->words->text[s->used++] = c;
	return WORDS_OK;
}

static enum words_error end_word(struct splitter *s)
{
	if (!s->in_word)
		return WORDS_OK;
	s->words->text[s->used++] = '\0';
	s->words->raw_length[s->words->count - 1] = (size_t)(s->at -
							     s->words->raw[s->words->count - 1]);
	s->in_word = false;
	return s->used < WORDS_TEXT ? WORDS_OK : WORDS_TOO_LONG;
}

/* An empty pair of quotes is a word too: it must exist without a character. */
static enum words_error toggle_quote(struct splitter *s)
{
	enum words_error error = put(s, '\0');

	s->quoted = !s->quoted;
	if (error == WORDS_OK)
		s->used--;
	return error;
}

/* All of it is the word; \ is kept, but what it protects does not end it. */
static enum words_error feed_slashed(struct splitter *s, char c)
{
	s->slashed = c != '/' || s->escaped;
	s->escaped = c == '\\' && !s->escaped;
	return put(s, c);
}

static enum words_error feed(struct splitter *s, char c)
{
	if (s->slashed)
		return feed_slashed(s, c);
	if (s->escaped) {
		enum words_error error = put(s, c);

		s->escaped = false;
		return error;
	}
	if (c == '\\') {
		s->escaped = true;
		return WORDS_OK;
	}
	if (c == '"')
		return toggle_quote(s);
	if (c == '/' && !s->in_word)
		s->slashed = true;
	if ((c == ' ' || c == '\t') && !s->quoted)
		return end_word(s);
	return put(s, c);
}

static bool is_text(char c)
{
	return (c >= ' ' && c <= '~') || c == '\t';
}

static enum words_error split(struct splitter *s, const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		enum words_error error;

		s->at = line + i;
		if (!is_text(line[i]))
			return WORDS_BYTE;
		if (line[i] == '#' && !s->in_word && !s->quoted && !s->escaped)
			break;
		error = feed(s, line[i]);
		if (error != WORDS_OK)
			return error;
	}
	s->at = line + length;
	if (s->slashed)
		return WORDS_SLASH;
	if (s->escaped)
		return WORDS_ESCAPE;
	return s->quoted ? WORDS_QUOTE : end_word(s);
}

enum words_error words_split(struct words *words, const char *line, size_t length)
{
	struct splitter s = {.words = words};
	enum words_error error;

	words->count = 0;
	error = split(&s, line, length);
	if (error != WORDS_OK)
		words->count = 0;
	return error;
}

const char *words_error_text(enum words_error error)
{
	static const char *const texts[] = {
		[WORDS_OK] = "no error",
		[WORDS_TOO_MANY] = "a command has at most 32 words",
		[WORDS_TOO_LONG] = "a command has at most 4095 characters",
		[WORDS_QUOTE] = "a \" has no partner",
		[WORDS_ESCAPE] = "the \\ at the end protects nothing",
		[WORDS_SLASH] = "a / has no partner",
		[WORDS_BYTE] = "a byte is not printable ASCII",
	};

	return texts[error];
}

static_assert(WORDS_MAX == 32 && WORDS_TEXT == 4096, "the texts name the limits");
