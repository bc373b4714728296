/* SPDX-License-Identifier: BSD-2-Clause */
/* One byte after the other: it is done at the speed of the serial line. */
#include "console/lines.h"

enum { CHUNK = 256 };

static void begin_line(struct lines *lines)
{
	lines->taken = false;
	lines->begin = lines->position;
	lines->length = 0;
	lines->text[0] = '\0';
	lines->cut = lines->cut_next;
	lines->cut_next = false;
}

void lines_open(struct lines *lines, const struct ring *ring, const struct boots *boots,
		uint64_t position)
{
	*lines = (struct lines){.ring = ring, .boots = boots, .position = position};
	begin_line(lines);
}

static void end_line(struct lines *lines)
{
	while (lines->length > 0 && lines->text[lines->length - 1] == '\r')
		lines->length--;
	lines->text[lines->length] = '\0';
	lines->taken = true;
}

/* True if the byte, the next one, ends the line. One that begins another boot's first is not taken. */
static bool take(struct lines *lines, uint8_t byte, uint64_t next_boot)
{
	if (lines->position >= next_boot)
		return lines->length > 0;
	lines->position++;
	if (byte == '\n')
		return true;
	/* Some end their lines by \n\r. */
	if (byte == '\r' && lines->length == 0) {
		lines->begin = lines->position;
		return false;
	}
	lines->text[lines->length++] = (char)byte;
	lines->cut_next = lines->length == LINES_TEXT;
	return lines->cut_next;
}

/* Where the next line begins, at position or soon after; position, and false: the one there goes on. */
static bool find_line(const struct lines *lines, uint64_t end, uint64_t *begin)
{
	uint8_t bytes[LINES_TEXT];
	const struct boot *boot = boots_find(lines->boots, lines->position);
	uint64_t next_boot = boots_next(lines->boots, lines->position);
	size_t size = ring_look(lines->ring, lines->position).size;

	*begin = lines->position;
	if (boot && boot->position == lines->position)
		return true;
	size = MIN(MIN(size, sizeof(bytes)), end > *begin ? end - *begin : 0);
	ring_copy(lines->ring, *begin, bytes, size);
	for (size_t i = 0; i < size && *begin + i < next_boot; i++) {
		if (bytes[i] == '\n') {
			*begin += i + 1;
			return true;
		}
	}
	if (next_boot - *begin > size)
		return false;
	*begin = next_boot;
	return true;
}

/*
 * What is left of a line whose begin was overwritten is lost, too, as it could be taken for a whole one. If
 * it does not end soon, it is shown as the rest of one that was too long.
 */
static void skip_lost(struct lines *lines, uint64_t lost, uint64_t end)
{
	uint64_t begin;

	lines->position += lost;
	lines->cut_next = !find_line(lines, end, &begin);
	lines->lost += lost + (begin - lines->position);
	lines->position = begin;
	begin_line(lines);
}

/* Once in a call at most bytes are lost: a VMM whose head runs away does not hold us here. */
bool lines_next(struct lines *lines, uint64_t end)
{
	bool skipped = false;

	if (lines->taken)
		begin_line(lines);
	for (;;) {
		uint8_t bytes[CHUNK];
		struct ring_view view = ring_look(lines->ring, lines->position);
		uint64_t next_boot, left;

		if (view.lost && !skipped) {
			skip_lost(lines, view.lost, end);
			skipped = true;
			continue;
		}
		left = end > lines->position ? end - lines->position : 0;
		view.size = MIN(MIN(view.size, sizeof(bytes)), left);
		if (view.size == 0)
			return false;
		next_boot = boots_next(lines->boots, lines->begin);
		ring_copy(lines->ring, lines->position, bytes, view.size);
		for (size_t i = 0; i < view.size; i++) {
			if (take(lines, bytes[i], next_boot)) {
				end_line(lines);
				return true;
			}
		}
	}
}

bool lines_rest(struct lines *lines)
{
	if (lines->taken || lines->length == 0)
		return false;
	end_line(lines);
	return true;
}
