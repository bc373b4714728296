/* SPDX-License-Identifier: BSD-2-Clause */
/* One row for each kind: how a person reads it, and how a program does. */
#include "console/fact.h"

#include "console/clock.h"
#include "console/number.h"
#include "lib/format.h"
#include "lib/string.h"

static size_t format_none(const struct fact *fact, char *to, size_t size)
{
	return format(to, size, "%s", fact->text ? fact->text : "-");
}

static size_t format_number(const struct fact *fact, char *to, size_t size)
{
	return format(to, size, "%lu", fact->number);
}

static size_t format_percent(const struct fact *fact, char *to, size_t size)
{
	return format(to, size, "%lu %%", fact->number);
}

static size_t format_size(const struct fact *fact, char *to, size_t size)
{
	char text[NUMBER_TEXT];

	return format(to, size, "%s", number_size_text(text, fact->number));
}

static size_t format_kib(const struct fact *fact, char *to, size_t size)
{
	return format(to, size, "%lu KiB", fact->number >> 10);
}

static size_t format_time(const struct fact *fact, char *to, size_t size)
{
	char text[CLOCK_TEXT];

	return format(to, size, "%s", clock_duration(text, fact->number));
}

static size_t format_bool(const struct fact *fact, char *to, size_t size)
{
	return format(to, size, fact->number ? "yes" : "no");
}

static size_t format_hex(const struct fact *fact, char *to, size_t size)
{
	return format(to, size, "0x%lx", fact->number);
}

static size_t format_address(const struct fact *fact, char *to, size_t size)
{
	return format(to, size, "0x%09lx", fact->number);
}

static size_t format_text(const struct fact *fact, char *to, size_t size)
{
	return format(to, size, "%s", fact->text);
}

static void json_of_none(const struct fact *fact, struct json *json)
{
	json_word(json, fact->key, "null");
}

static void json_of_number(const struct fact *fact, struct json *json)
{
	json_number(json, fact->key, fact->number);
}

static void json_of_time(const struct fact *fact, struct json *json)
{
	json_number(json, fact->key, clock_microseconds(fact->number));
}

static void json_of_bool(const struct fact *fact, struct json *json)
{
	json_word(json, fact->key, fact->number ? "true" : "false");
}

static void json_of_text(const struct fact *fact, struct json *json)
{
	json_text(json, fact->key, fact->text, strlen(fact->text));
}

static const struct {
	size_t (*format)(const struct fact *fact, char *to, size_t size);
	void (*json)(const struct fact *fact, struct json *json);
} kinds[] = {
	[FACT_ABSENT] = {format_none, json_of_none},
	[FACT_NONE] = {format_none, json_of_none},
	[FACT_NUMBER] = {format_number, json_of_number},
	[FACT_PERCENT] = {format_percent, json_of_number},
	[FACT_SIZE] = {format_size, json_of_number},
	[FACT_KIB] = {format_kib, json_of_number},
	[FACT_TIME] = {format_time, json_of_time},
	[FACT_BOOL] = {format_bool, json_of_bool},
	[FACT_TEXT] = {format_text, json_of_text},
	[FACT_HEX] = {format_hex, json_of_number},
	[FACT_ADDRESS] = {format_address, json_of_number},
};

size_t fact_format(const struct fact *fact, char *to, size_t size)
{
	return kinds[fact->kind].format(fact, to, size);
}

void fact_json(const struct fact *fact, struct json *json)
{
	if (fact->key)
		kinds[fact->kind].json(fact, json);
}
