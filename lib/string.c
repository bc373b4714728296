/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory and string functions of ISO C 7.24 "String handling" that compilers call and we use.
 */
#include "lib/string.h"

#include <stdint.h>

/* Eight bytes at any address. */
struct __attribute__((packed, may_alias)) word {
	uint64_t value;
};

enum { WORD = sizeof(struct word) };

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
	char *out = to;
	const char *in = from;
	size_t words = count / WORD;

	asm volatile("rep movsq" : "+D"(out), "+S"(in), "+c"(words) : : "memory");
	for (size_t rest = count % WORD; rest; rest--)
		*out++ = *in++;
	return to;
}

static void move_down(char *to, const char *from, size_t count)
{
	for (; count >= WORD; count -= WORD, to += WORD, from += WORD)
		((struct word *)to)->value = ((const struct word *)from)->value;
	while (count--)
		*to++ = *from++;
}

static void move_up(char *to, const char *from, size_t count)
{
	for (; count >= WORD; count -= WORD) {
		uint64_t value = ((const struct word *)(from + count - WORD))->value;

		((struct word *)(to + count - WORD))->value = value;
	}
	while (count--)
		to[count] = from[count];
}

void *memmove(void *to, const void *from, size_t count)
{
	/*
	 * Moving down, each word is read before anything at or above it is written; moving up,
	 * likewise.
	 */
	if ((uintptr_t)to <= (uintptr_t)from)
		move_down(to, from, count);
	else
		move_up(to, from, count);
	return to;
}

void *memset(void *to, int value, size_t count)
{
	char *out = to;
	size_t words = count / WORD;
	uint64_t pattern = (uint8_t)value * 0x0101010101010101ULL;

	asm volatile("rep stosq" : "+D"(out), "+c"(words) : "a"(pattern) : "memory");
	for (size_t rest = count % WORD; rest; rest--)
		*out++ = (char)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t count)
{
	const unsigned char *x = a, *y = b;

	for (; count; count--, x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

size_t strnlen(const char *text, size_t max)
{
	size_t length = 0;

	while (length < max && text[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t max)
{
	for (; max; max--, a++, b++) {
		if (*a != *b)
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		if (!*a)
			break;
	}
	return 0;
}

/* The standard's signature drops const, and so must this one cast. */
static char *writable(const char *text)
{
	return (char *)(uintptr_t)text;
}

char *strchr(const char *text, int c)
{
	for (; *text != (char)c; text++)
		if (!*text)
			return NULL;
	return writable(text);
}
