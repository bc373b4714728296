/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 8259 "Strings": a quotation mark, a reverse solidus and control characters must be escaped. */
#include "console/json.h"

#include "lib/format.h"
#include "lib/string.h"

void json_start(struct json *json, void (*put)(const char *text, size_t length))
{
	*json = (struct json){.put = put};
}

bool json_in_array(const struct json *json)
{
	return json->depth > 0 && json->arrays & BIT(json->depth - 1);
}

static void put(const struct json *json, const char *text)
{
	json->put(text, strlen(text));
}

static void put_string(const struct json *json, const char *text, size_t length)
{
	size_t plain = 0;

	put(json, "\"");
	for (size_t i = 0; i < length; i++) {
		char escaped[8];

		if (text[i] >= ' ' && text[i] <= '~' && text[i] != '"' && text[i] != '\\')
			continue;
		json->put(text + plain, i - plain);
		if (text[i] == '"' || text[i] == '\\')
			format(escaped, sizeof(escaped), "\\%c", text[i]);
		else
			format(escaped, sizeof(escaped), "\\u%04x", (unsigned)(uint8_t)text[i]);
		put(json, escaped);
		plain = i + 1;
	}
	json->put(text + plain, length - plain);
	put(json, "\"");
}

/* What stands before a value. */
static void begin_value(struct json *json, const char *key)
{
	uint32_t level = json->depth ? (uint32_t)BIT(json->depth - 1) : 0;

	if (json->some & level)
		put(json, ",");
	json->some |= level;
	if (json->depth > 0 && !json_in_array(json)) {
		put_string(json, key, strlen(key));
		put(json, ":");
	}
}

static bool open_level(struct json *json, const char *key, bool array)
{
	if (json->depth == JSON_DEPTH)
		return false;
	begin_value(json, key);
	put(json, array ? "[" : "{");
	json->some &= ~(uint32_t)BIT(json->depth);
	json->arrays &= ~(uint32_t)BIT(json->depth);
	json->arrays |= array ? (uint32_t)BIT(json->depth) : 0;
	json->depth++;
	return true;
}

bool json_open_object(struct json *json, const char *key)
{
	return open_level(json, key, false);
}

bool json_open_array(struct json *json, const char *key)
{
	return open_level(json, key, true);
}

void json_close(struct json *json)
{
	if (json->depth == 0)
		return;
	put(json, json_in_array(json) ? "]" : "}");
	json->depth--;
}

void json_text(struct json *json, const char *key, const char *text, size_t length)
{
	begin_value(json, key);
	put_string(json, text, length);
}

void json_number(struct json *json, const char *key, uint64_t number)
{
	char text[24];

	begin_value(json, key);
	format(text, sizeof(text), "%lu", number);
	put(json, text);
}

void json_word(struct json *json, const char *key, const char *word)
{
	begin_value(json, key);
	put(json, word);
}
