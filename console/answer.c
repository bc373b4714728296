/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whoever reads an answer must find its end: so a line of output that looks like a last line or like news,
 * which a guest may have written, gets a blank in front. An error is held back, since the latest is the
 * last line; those before it are lines of output, as a person would see them.
 */
#include "console/answer.h"

#include "console/handlers.h"
#include "console/pager.h"
#include "console/screen.h"
#include "console/text.h"
#include "console/wrap.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

enum { INDENT = 4 };

const struct answer_code_text answer_codes[CODE_COUNT] = {
	[CODE_RULE] = {"ERULE", "a rule is broken, as the text says"},
	[CODE_LINE] = {"ELINE",
		       "the line cannot be read: too long, noise, a quote without its partner"},
	[CODE_USAGE] = {"EUSAGE", "no such command, or its words do not fit it"},
	[CODE_NAME] = {"ENAME", "there is no object of that name"},
	[CODE_EXIST] = {"EEXIST", "there is an object of that name already"},
	[CODE_STATE] = {"ESTATE", "not in the state that it is in"},
	[CODE_BUSY] = {"EBUSY", "something else is under way, or has what it needs"},
	[CODE_MEMORY] = {"ENOMEM", "there is not enough free memory"},
	[CODE_LIMIT] = {"ELIMIT", "a limit of this build is reached"},
	[CODE_CONFIRM] = {"ECONFIRM", "it would ask a person; a script must say --yes"},
	[CODE_STOPPED] = {"EINTR", "it was interrupted by Ctrl-C"},
	[CODE_TIMEOUT] = {"ETIMEOUT", "what was waited for did not come in time"},
	[CODE_KERNEL] = {"EKERNEL", "the kernel refused it"},
	[CODE_START] = {"ESTART", "the guest cannot be started, as the text says"},
};

static struct {
	bool script;   /* the mode */
	bool open;     /* a command is being answered */
	bool promised; /* it has a last line, whatever mode it ends in */
	bool failed;
	enum answer_code code;
	size_t length;
	char error[TEXT_LINE];
} answer;

void answer_reset(void)
{
	memset(&answer, 0, sizeof(answer));
}

bool answer_is_script(void)
{
	return answer.script;
}

bool answer_is_open(void)
{
	return (answer.open && answer.script) || screen_is_in_line();
}

void answer_begin(void)
{
	answer.open = true;
	answer.promised = answer.script;
	answer.failed = false;
}

static void put_line(const char *text, size_t length)
{
	if (!pager_take(text, length))
		screen_put_line(text, length);
}

typedef void (*put_fn)(const char *text, size_t length);

static void put_wrapped(const char *text, size_t length, put_fn put)
{
	char line[SCREEN_COLUMNS];
	size_t indent = 0, blanks = 0;

	while (blanks < MIN(length, (size_t)SCREEN_COLUMNS / 2) && text[blanks] == ' ')
		blanks++;
	do {
		size_t part = wrap_words(text, length, SCREEN_COLUMNS - indent);

		memset(line, ' ', indent);
		memcpy(line + indent, text, part);
		put(line, indent + part);
		while (part < length && text[part] == ' ')
			part++;
		text += part;
		length -= part;
		indent = blanks + INDENT;
	} while (length > 0);
}

static void print_prefixed(const char *prefix, const char *text, size_t length, bool whole)
{
	char line[TEXT_LINE + 16];
	size_t used = str_copy(line, sizeof(line), prefix) ? strlen(prefix) : 0;

	length = MIN(length, sizeof(line) - used);
	memcpy(line + used, text, length);
	if (whole)
		put_line(line, used + length);
	else
		put_wrapped(line, used + length, put_line);
}

static bool begins(const char *text, size_t length, const char *with)
{
	size_t size = strlen(with);

	return length >= size && !strncmp(text, with, size);
}

static bool looks_final(const char *text, size_t length)
{
	return (length == 2 && begins(text, length, "ok")) || begins(text, length, "error ") ||
	       begins(text, length, "event ");
}

void answer_print(const char *text, size_t length)
{
	if (answer.script && !answer.open)
		answer_news(text, length);
	else if (answer.script && looks_final(text, length))
		print_prefixed(" ", text, length, true);
	else
		put_line(text, length);
}

void answer_print_wrapped(const char *text, size_t length)
{
	if (answer.script)
		answer_print(text, length);
	else
		put_wrapped(text, length, put_line);
}

void answer_begin_line(void)
{
	screen_begin_line();
	if (answer.script && !answer.open)
		screen_write_raw("event ", 6);
}

void answer_news(const char *text, size_t length)
{
	if (answer.script)
		print_prefixed("event ", text, length, true);
	else
		put_wrapped(text, length, screen_put_line);
}

static void print_error(const char *text, size_t length)
{
	print_prefixed(answer.script && !answer.open ? "event error: " : "error: ", text, length,
		       answer.script);
}

/* The one that was held is not the last. */
static void let_go(void)
{
	if (answer.failed)
		print_error(answer.error, answer.length);
	answer.failed = false;
}

void answer_error(enum answer_code code, const char *text, size_t length)
{
	if (!answer.open || !answer.script) {
		print_error(text, length);
		return;
	}
	let_go();
	answer.failed = true;
	answer.code = code;
	answer.length = MIN(length, sizeof(answer.error));
	memcpy(answer.error, text, answer.length);
}

void answer_end(void)
{
	char prefix[24];

	if (!answer.open)
		return;
	answer.open = false;
	if (!answer.promised && !answer.script)
		return;
	if (!answer.failed) {
		screen_put_line("ok", 2);
		return;
	}
	format(prefix, sizeof(prefix), "error %s ", answer_codes[answer.code].name);
	print_prefixed(prefix, answer.error, answer.length, true);
	answer.failed = false;
}

void answer_set_mode(const struct invocation *in)
{
	if (in->args == 0) {
		text_print("mode %s", answer.script ? "script" : "human");
		return;
	}
	answer.script = in->number[0] == 0;
	screen_set_plain(answer.script);
}
