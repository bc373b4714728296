/* SPDX-License-Identifier: BSD-2-Clause */
/* Held lines stand in a buffer, each behind its length. If it is full, the command is not paged any more. */
#include "console/pager.h"

#include "console/handlers.h"
#include "console/keys.h"
#include "console/screen.h"
#include "console/session.h"
#include "console/text.h"
#include "lib/string.h"

enum { HELD_SIZE = 32 * 1024, LENGTH_SIZE = sizeof(uint16_t), PAGE = PAGER_ROWS - 1 };

static struct {
	bool on;
	bool active;	   /* the command's output is paged */
	bool quiet;	   /* its output is not wanted any more */
	unsigned rows;	   /* on the screen since the last key */
	size_t first, end; /* of what is held */
	char held[HELD_SIZE];
} pager;

void pager_reset(void)
{
	pager.on = pager.active = pager.quiet = false;
	pager.first = pager.end = 0;
}

void pager_set(const struct invocation *in)
{
	if (in->args == 0)
		text_print("pager %s", pager.on ? "on" : "off");
	else
		pager.on = in->number[0] == 0;
}

void pager_begin(void)
{
	pager.active = pager.on;
	pager.quiet = false;
	pager.rows = 0;
}

void pager_end(void)
{
	pager.active = pager.quiet = false;
}

bool pager_is_holding(void)
{
	return pager.first != pager.end;
}

static unsigned rows_of(size_t length)
{
	return length ? (unsigned)((length + SCREEN_COLUMNS - 1) / SCREEN_COLUMNS) : 1;
}

/* Prints the first of the held lines. */
static void print_one(void)
{
	uint16_t length;

	memcpy(&length, pager.held + pager.first, LENGTH_SIZE);
	screen_put_line(pager.held + pager.first + LENGTH_SIZE, length);
	pager.first += LENGTH_SIZE + length;
	pager.rows += rows_of(length);
	if (pager.first == pager.end)
		pager.first = pager.end = 0;
}

void pager_release(void)
{
	while (pager_is_holding())
		print_one();
}

static void hold(const char *line, size_t length)
{
	uint16_t stored = (uint16_t)length;

	memcpy(pager.held + pager.end, &stored, LENGTH_SIZE);
	memcpy(pager.held + pager.end + LENGTH_SIZE, line, length);
	pager.end += LENGTH_SIZE + length;
}

bool pager_take(const char *line, size_t length)
{
	if (pager.quiet)
		return true;
	if (!pager.active)
		return false;
	if (!pager_is_holding() &&
	    (pager.rows + rows_of(length) <= PAGE || session_is_typed_ahead())) {
		pager.rows += rows_of(length);
		return false;
	}
	if (length > UINT16_MAX || LENGTH_SIZE + length > HELD_SIZE - pager.end) {
		pager_release();
		pager.active = false;
		return false;
	}
	hold(line, length);
	return true;
}

static enum pager_answer next_page(void)
{
	pager.rows = 0;
	while (pager_is_holding() && pager.rows < PAGE)
		print_one();
	return PAGER_MORE;
}

/* The page stays full: the next line is held, too. */
static enum pager_answer next_line(void)
{
	print_one();
	pager.rows = PAGE;
	return PAGER_MORE;
}

static enum pager_answer quit(void)
{
	pager.first = pager.end = 0;
	pager.quiet = true;
	return PAGER_QUIT;
}

static const struct {
	int key;
	enum pager_answer (*answer)(void);
} answers[] = {
	{' ', next_page}, {KEY_ENTER, next_line}, {KEY_DOWN, next_line},
	{'q', quit},	  {KEY_INTERRUPT, quit},
};

enum pager_answer pager_key(int key)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		if (answers[i].key == key)
			return answers[i].answer();
	}
	if (key < ' ' || key > '~')
		return PAGER_MORE;
	pager_release();
	pager.active = false;
	return PAGER_TYPED;
}
