/* SPDX-License-Identifier: BSD-2-Clause */
/* The log ring: positions count bytes since boot, and the byte at p is at p % LOG_SIZE. */
#include "kernel/log.h"

#include "kernel/spinlock.h"
#include "lib/format.h"
#include "lib/string.h"

/* l: under lock. b: set at boot, before others look. */
static spinlock_t lock = SPINLOCK(LOCK_LOG);
static char ring[LOG_SIZE]; /* l */
static uint64_t head;	    /* l: where the next byte goes; a panic reads it without */
static enum log_level max_level = LOG_INFO;		 /* b */
static uint64_t (*clock_us)(void);			 /* b */
static void (*notify_new)(void);			 /* b */
static void (*echo_line)(const char *text, size_t size); /* l */

void log_set_level(enum log_level level)
{
	max_level = level;
}

void log_set_clock(uint64_t (*now_us)(void))
{
	clock_us = now_us;
}

void log_set_notify(void (*notify)(void))
{
	notify_new = notify;
}

void log_set_echo(void (*echo)(const char *text, size_t size))
{
	spin_lock(&lock);
	echo_line = echo;
	spin_unlock(&lock);
}

static uint64_t now(void)
{
	return clock_us ? clock_us() : 0;
}

static uint64_t oldest(uint64_t end)
{
	return end > LOG_SIZE ? end - LOG_SIZE : 0;
}

static void put_bytes(const char *bytes, size_t size)
{
	size_t at = (size_t)(head % LOG_SIZE), first = MIN(size, LOG_SIZE - at);

	memcpy(ring + at, bytes, first);
	memcpy(ring, bytes + first, size - first);
	__atomic_store_n(&head, head + size, __ATOMIC_RELEASE);
}

/*
 * Appends text to the size bytes at to, unprintable bytes as \xNN; stops where one does not fit
 * whole.
 */
static size_t sanitise(char *to, size_t size, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t used = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = c >= ' ' && c <= '~';

		if (size - used < (plain ? 1 : 4))
			break;
		if (plain) {
			to[used++] = (char)c;
			continue;
		}
		to[used++] = '\\';
		to[used++] = 'x';
		to[used++] = digits[c >> 4];
		to[used++] = digits[c & 15];
	}
	return used;
}

/* Writes "[stamp] name: text\n"; name may be NULL. */
/* The console shows lines that begin with one of these above the prompt. */
static const char *const level_words[] = {
	[LOG_ERROR] = "error: ", [LOG_WARNING] = "warning: ", [LOG_INFO] = "", [LOG_DEBUG] = ""};

static void write_line(enum log_level level, const char *name, const char *text)
{
	uint64_t us = now();
	char line[LOG_LINE_SIZE];
	size_t used = format(line, sizeof(line), "[%5lu.%06lu] ", us / 1000000, us % 1000000);

	used += sanitise(line + used, sizeof(line) - 1 - used, level_words[level]);
	if (name) {
		used += sanitise(line + used, sizeof(line) - 3 - used, name);
		line[used++] = ':';
		line[used++] = ' ';
	}
	used += sanitise(line + used, sizeof(line) - 1 - used, text);
	line[used++] = '\n';
	spin_lock(&lock);
	put_bytes(line, used);
	if (echo_line)
		echo_line(line, used);
	spin_unlock(&lock);
	if (notify_new)
		notify_new();
}

void log_print(enum log_level level, const char *text, ...)
{
	char formatted[LOG_LINE_SIZE];
	va_list args;

	if (level > max_level)
		return;
	va_start(args, text);
	vformat(formatted, sizeof(formatted), text, args);
	va_end(args);
	write_line(level, NULL, formatted);
}

enum { LINE_US = 1000000 / LOG_RATE, BUCKET_US = LOG_BURST * LINE_US };

bool log_limiter_allow(struct log_limiter *limiter, uint64_t now_us, uint32_t *suppressed)
{
	uint64_t leaked = now_us > limiter->last_us ? now_us - limiter->last_us : 0;
	uint32_t cost = limiter->suppressed ? 2 * LINE_US : LINE_US;

	limiter->filled_us -= (uint32_t)MIN(leaked, limiter->filled_us);
	limiter->last_us = now_us;
	*suppressed = 0;
	if (limiter->filled_us + cost > BUCKET_US) {
		if (limiter->suppressed < UINT32_MAX)
			limiter->suppressed++;
		return false;
	}
	limiter->filled_us += cost;
	*suppressed = limiter->suppressed;
	limiter->suppressed = 0;
	return true;
}

static void tell_suppressed(const char *name, uint32_t count)
{
	char text[48];

	format(text, sizeof(text), "%u lines suppressed", count);
	write_line(LOG_INFO, name, text);
}

void log_partition(struct log_limiter *limiter, const char *name, enum log_level level,
		   const char *text, ...)
{
	char formatted[LOG_LINE_SIZE];
	uint32_t suppressed;
	va_list args;

	if (level > max_level || !log_limiter_allow(limiter, now(), &suppressed))
		return;
	if (suppressed)
		tell_suppressed(name, suppressed);
	va_start(args, text);
	vformat(formatted, sizeof(formatted), text, args);
	va_end(args);
	write_line(level, name, formatted);
}

void log_partition_flush(struct log_limiter *limiter, const char *name, enum log_level level)
{
	if (limiter->suppressed && level <= max_level)
		tell_suppressed(name, limiter->suppressed);
	limiter->suppressed = 0;
}

/* The first whole line at or behind position; only the oldest byte may stand within a line. */
static uint64_t whole_line(uint64_t position, uint64_t end)
{
	while (position < end && ring[(position - 1) % LOG_SIZE] != '\n')
		position++;
	return position;
}

/* The text at position, as one piece up to the ring's end. */
static size_t piece(uint64_t position, uint64_t end, const char **text)
{
	size_t at = (size_t)(position % LOG_SIZE);

	*text = ring + at;
	return (size_t)MIN(end - position, LOG_SIZE - at);
}

size_t log_read(uint64_t *position, char *to, size_t size)
{
	uint64_t from = *position;
	size_t copied = 0;

	spin_lock(&lock);
	if (from > head)
		from = head;
	/* One byte in front of the oldest that is left shows whether that begins a line. */
	if (from < oldest(head))
		from = whole_line(oldest(head) + 1, head);
	while (copied < size && from < head) {
		const char *text;
		size_t length = MIN(piece(from, head, &text), size - copied);

		memcpy(to + copied, text, length);
		copied += length;
		from += length;
	}
	spin_unlock(&lock);
	*position = from;
	return copied;
}

uint64_t log_head(void)
{
	return __atomic_load_n(&head, __ATOMIC_ACQUIRE);
}

void log_panic_tail(size_t size, void (*write)(const char *text, size_t size))
{
	uint64_t end = log_head(), from = oldest(end);

	if (end - from > size)
		from = end - size;
	if (from)
		from = whole_line(from + (from == oldest(end)), end);
	while (from < end) {
		const char *text;
		size_t length = piece(from, end, &text);

		write(text, length);
		from += length;
	}
}
