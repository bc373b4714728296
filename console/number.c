/* SPDX-License-Identifier: BSD-2-Clause */
/* Every parser here takes its whole text or nothing, and none wraps. */
#include "console/number.h"

#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

/* A leading zero is octal to some and decimal to others: it is refused. */
static bool parse_part(const char *text, size_t length, uint64_t *value)
{
	if (length > 1 && text[0] == '0' && text[1] != 'x' && text[1] != 'X')
		return false;
	return str_to_u64(text, length, value);
}

bool number_parse(const char *text, uint64_t *value)
{
	return parse_part(text, strlen(text), value);
}

static const char units[] = "KMGT";

bool number_parse_size(const char *text, uint64_t *bytes)
{
	size_t length = strlen(text);
	char last = '\0';
	const char *unit = NULL;
	unsigned shift = 0;
	uint64_t value;

	if (length > 0) {
		last = text[length - 1];
		if (last >= 'a' && last <= 'z')
			last = (char)(last - 'a' + 'A');
		unit = last ? strchr(units, last) : NULL;
	}
	if (unit) {
		shift = 10 * ((unsigned)(unit - units) + 1);
		length--;
	}
	if (!parse_part(text, length, &value) || value > UINT64_MAX >> shift)
		return false;
	*bytes = value << shift;
	return true;
}

enum { SECONDS_MAX = 366 * 24 * 3600 };

bool number_parse_seconds(const char *text, uint64_t *seconds)
{
	static const struct {
		char letter;
		unsigned seconds;
	} time_units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};
	size_t length = strlen(text);
	unsigned unit = 1;
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(time_units) && length > 0; i++) {
		if (text[length - 1] != time_units[i].letter)
			continue;
		unit = time_units[i].seconds;
		length--;
		break;
	}
	if (!parse_part(text, length, &value) || value > SECONDS_MAX / unit)
		return false;
	*seconds = value * unit;
	return true;
}

/* One CPU number at *at, up to a ',' or '-' or the end. */
static bool parse_cpu(const char *text, size_t *at, uint32_t *cpu)
{
	size_t start = *at;
	uint64_t value;

	while (text[*at] && text[*at] != ',' && text[*at] != '-')
		(*at)++;
	if (!parse_part(text + start, *at - start, &value) || value > UINT32_MAX - 1)
		return false;
	*cpu = (uint32_t)value;
	return true;
}

static enum number_list_error add_cpu(uint32_t cpu, uint32_t *list, size_t capacity, size_t *count)
{
	for (size_t i = 0; i < *count; i++) {
		if (list[i] == cpu)
			return LIST_TWICE;
	}
	if (*count == capacity)
		return LIST_TOO_MANY;
	list[(*count)++] = cpu;
	return LIST_OK;
}

static enum number_list_error add_range(uint32_t first, uint32_t last, uint32_t *list,
					size_t capacity, size_t *count)
{
	/* Ends at the first error, so a range of 2^32 CPUs takes no longer than the capacity. */
	for (uint64_t cpu = first; cpu <= last; cpu++) {
		enum number_list_error error = add_cpu((uint32_t)cpu, list, capacity, count);

		if (error != LIST_OK)
			return error;
	}
	return LIST_OK;
}

enum number_list_error number_parse_list(const char *text, uint32_t *list, size_t capacity,
					 size_t *count)
{
	size_t at = 0;

	*count = 0;
	for (;;) {
		uint32_t first, last;
		enum number_list_error error;

		if (!parse_cpu(text, &at, &first))
			return LIST_SYNTAX;
		last = first;
		if (text[at] == '-') {
			at++;
			if (!parse_cpu(text, &at, &last) || text[at] == '-' || last < first)
				return LIST_SYNTAX;
		}
		error = add_range(first, last, list, capacity, count);
		if (error != LIST_OK)
			return error;
		if (text[at] == '\0')
			return LIST_OK;
		at++;
	}
}

const char *number_size_text(char to[NUMBER_TEXT], uint64_t bytes)
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB"};
	unsigned unit = 0;

	while (unit + 1 < ARRAY_SIZE(names) && bytes >> (10 * (unit + 2)))
		unit++;
	uint64_t tenths = (bytes >> (10 * unit)) * 10 >> 10;

	if (tenths % 10 == 0)
		format(to, NUMBER_TEXT, "%lu %s", tenths / 10, names[unit]);
	else
		format(to, NUMBER_TEXT, "%lu.%lu %s", tenths / 10, tenths % 10, names[unit]);
	return to;
}
