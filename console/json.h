/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes one JSON text (RFC 8259) piece by piece, on one line. The writer knows where a comma belongs and
 * what is open; a key is used inside objects only. Bytes that are not ASCII are escaped as if Latin-1.
 */
#pragma once

#include "lib/types.h"

enum { JSON_DEPTH = 16 };

struct json {
	void (*put)(const char *text, size_t length);
	unsigned depth;
	uint32_t arrays; /* a bit for each open level: it is an array */
	uint32_t some;	 /* a bit for each open level: it has an element */
};

void json_start(struct json *json, void (*put)(const char *text, size_t length));

/* False, and nothing was opened, if JSON_DEPTH levels are open. */
bool json_open_object(struct json *json, const char *key);
bool json_open_array(struct json *json, const char *key);

/* Closes the innermost level; nothing if none is open. */
void json_close(struct json *json);

void json_text(struct json *json, const char *key, const char *text, size_t length);
void json_number(struct json *json, const char *key, uint64_t number);

/* true, false or null. */
void json_word(struct json *json, const char *key, const char *word);

bool json_in_array(const struct json *json);
