/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the flight recorder. The writer knows nothing of readers: that is what keeps an exit cheap. */
#include "kernel/recorder.h"

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* The oldest entry that stands there for sure: who writes may be writing over the one before. */
static uint64_t oldest(uint64_t end, bool still)
{
	uint64_t kept = RECORDER_SIZE - (still ? 0 : 1);

	return end < kept ? 0 : end - kept;
}

unsigned recorder_read(const struct recorder *r, bool still, struct exit_window *window,
		       struct exit_record *to, unsigned count)
{
	uint64_t asked = window->position, end = load(&r->next);
	uint64_t first = MAX(MIN(asked, end), oldest(end, still));
	unsigned copied = (unsigned)MIN((uint64_t)count, end - first), gone;

	for (unsigned i = 0; i < copied; i++)
		to[i] = r->entries[(first + i) % RECORDER_SIZE];
	compiler_barrier();
	/* What came round meanwhile is not what was asked for. */
	end = load(&r->next);
	gone = oldest(end, still) > first
		       ? (unsigned)MIN(oldest(end, still) - first, (uint64_t)copied)
		       : 0;
	for (unsigned i = gone; gone && i < copied; i++)
		to[i - gone] = to[i];
	window->position = first + copied;
	window->begin = r->begin;
	window->end = end;
	window->lost = first + gone - MIN(asked, first);
	return copied - gone;
}
