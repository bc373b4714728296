/* SPDX-License-Identifier: BSD-2-Clause */
/* The small printf. What it does not know it prints as it stands, so that a mistake can be seen. */
#include "lib/format.h"

#include "lib/string.h"

struct output {
	char *to;
	size_t size; /* room, without the terminator */
	size_t used;
};

/* One conversion: %[flags][width][.precision][length]letter */
struct spec {
	bool left, zero;
	bool has_precision;
	unsigned width, precision;
	unsigned longs; /* 0: int, 1: long or size_t, 2: long long */
};

enum { DIGITS_MAX = 20 /* of 2^64 in decimal */, WIDTH_MAX = 1024 };

static void put(struct output *out, char c)
{
	if (out->used < out->size)
		out->to[out->used++] = c;
}

static void put_many(struct output *out, char c, size_t count)
{
	while (count--)
		put(out, c);
}

static void put_bytes(struct output *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		put(out, text[i]);
}

/* text, with a sign or "0x" in front of it that zeros must come behind. */
static void put_padded(struct output *out, const struct spec *spec, const char *prefix,
		       const char *text, size_t length)
{
	size_t prefix_length = strlen(prefix), whole = prefix_length + length;
	size_t pad = spec->width > whole ? spec->width - whole : 0;

	if (!spec->left && !spec->zero)
		put_many(out, ' ', pad);
	put_bytes(out, prefix, prefix_length);
	if (!spec->left && spec->zero)
		put_many(out, '0', pad);
	put_bytes(out, text, length);
	if (spec->left)
		put_many(out, ' ', pad);
}

static void put_number(struct output *out, const struct spec *spec, const char *prefix,
		       uint64_t value, unsigned base, const char *digits)
{
	char text[DIGITS_MAX];
	size_t at = sizeof(text);

	do {
		text[--at] = digits[value % base];
		value /= base;
	} while (value);
	put_padded(out, spec, prefix, text + at, sizeof(text) - at);
}

static void put_signed(struct output *out, const struct spec *spec, int64_t value)
{
	uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	put_number(out, spec, value < 0 ? "-" : "", size, 10, "0123456789");
}

static void put_string(struct output *out, const struct spec *spec, const char *text)
{
	struct spec blank = *spec;

	blank.zero = false;
	if (!text)
		text = "(null)";
	put_padded(out, &blank, "", text,
		   spec->has_precision ? strnlen(text, spec->precision) : strlen(text));
}

/* A number of the format, or '*': the next argument. Moves *text on. */
static unsigned parse_count(const char **text, va_list *args)
{
	unsigned count = 0;

	if (**text == '*') {
		int value = va_arg(*args, int);

		++*text;
		return value > 0 ? MIN((unsigned)value, WIDTH_MAX) : 0;
	}
	for (; **text >= '0' && **text <= '9'; ++*text)
		count = MIN(count * 10 + (unsigned)(**text - '0'), WIDTH_MAX);
	return count;
}

static const char *parse_spec(const char *text, struct spec *spec, va_list *args)
{
	*spec = (struct spec){0};
	for (; *text == '-' || *text == '0'; text++) {
		spec->left |= *text == '-';
		spec->zero |= *text == '0';
	}
	spec->width = parse_count(&text, args);
	if (*text == '.') {
		text++;
		spec->has_precision = true;
		spec->precision = parse_count(&text, args);
	}
	for (; *text == 'l' || *text == 'z'; text++)
		spec->longs++;
	return text;
}

static uint64_t next_unsigned(const struct spec *spec, va_list *args)
{
	return spec->longs ? va_arg(*args, unsigned long) : va_arg(*args, unsigned int);
}

static int64_t next_signed(const struct spec *spec, va_list *args)
{
	return spec->longs ? va_arg(*args, long) : va_arg(*args, int);
}

/* False: no such conversion, and no argument was used. */
static bool convert(struct output *out, char letter, const struct spec *spec, va_list *args)
{
	char c;

	switch (letter) {
	case 'd':
	case 'i':
		put_signed(out, spec, next_signed(spec, args));
		return true;
	case 'u':
		put_number(out, spec, "", next_unsigned(spec, args), 10, "0123456789");
		return true;
	case 'x':
		put_number(out, spec, "", next_unsigned(spec, args), 16, "0123456789abcdef");
		return true;
	case 'X':
		put_number(out, spec, "", next_unsigned(spec, args), 16, "0123456789ABCDEF");
		return true;
	case 'p':
		put_number(out, spec, "0x", (uintptr_t)va_arg(*args, void *), 16,
			   "0123456789abcdef");
		return true;
	case 's':
		put_string(out, spec, va_arg(*args, const char *));
		return true;
	case 'c':
		c = (char)va_arg(*args, int);
		put_padded(out, spec, "", &c, 1);
		return true;
	case '%':
		put(out, '%');
		return true;
	default:
		return false;
	}
}

static void format_all(struct output *out, const char *text, va_list *args)
{
	while (*text) {
		const char *start = text;
		struct spec spec;

		if (*text++ != '%') {
			put(out, *start);
			continue;
		}
		text = parse_spec(text, &spec, args);
		if (*text && convert(out, *text, &spec, args))
			text++;
		else
			put_bytes(out, start, (size_t)(text - start));
	}
}

size_t vformat(char *to, size_t size, const char *text, va_list args)
{
	struct output out = {.to = to, .size = size ? size - 1 : 0};
	va_list own;

	/*
	 * A va_list parameter may be an array that decayed; only a copy can be passed on by
	 * address.
	 */
	va_copy(own, args);
	format_all(&out, text, &own);
	va_end(own);
	if (size)
		to[out.used] = '\0';
	return out.used;
}

size_t format(char *to, size_t size, const char *text, ...)
{
	va_list args;
	size_t length;

	va_start(args, text);
	length = vformat(to, size, text, args);
	va_end(args);
	return length;
}
