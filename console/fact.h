/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fact is a key and a value of a kind. From it come both notations: for people by the kind's rule, for
 * programs as JSON, where sizes are bytes, times microseconds, and what there is not is null.
 */
#pragma once

#include "console/json.h"

enum fact_kind {
	FACT_ABSENT, /* no fact: the table's cell is all there is */
	FACT_NONE,   /* null; for people its text, or - */
	FACT_NUMBER,
	FACT_PERCENT, /* 25 % */
	FACT_SIZE,    /* bytes, as 1.2 GiB */
	FACT_KIB,     /* bytes, as 12 KiB */
	FACT_TIME,    /* ticks of the TSC, as 0:00:12.3 */
	FACT_BOOL,
	FACT_TEXT,
	FACT_HEX,     /* a number; 0x1f0 for people */
	FACT_ADDRESS, /* a number; 0x0000001f0 for people */
};

struct fact {
	enum fact_kind kind;
	const char *key; /* NULL: it is told in another fact already, and this one is for people only */
	uint64_t number;
	const char *text; /* FACT_TEXT, FACT_NONE: kept by the caller until it is printed */
};

static inline struct fact fact_of(enum fact_kind kind, const char *key, uint64_t number)
{
	return (struct fact){.kind = kind, .key = key, .number = number};
}

static inline struct fact fact_none(const char *key)
{
	return fact_of(FACT_NONE, key, 0);
}

static inline struct fact fact_number(const char *key, uint64_t number)
{
	return fact_of(FACT_NUMBER, key, number);
}

static inline struct fact fact_size(const char *key, uint64_t bytes)
{
	return fact_of(FACT_SIZE, key, bytes);
}

static inline struct fact fact_kib(const char *key, uint64_t bytes)
{
	return fact_of(FACT_KIB, key, bytes);
}

static inline struct fact fact_time(const char *key, uint64_t ticks)
{
	return fact_of(FACT_TIME, key, ticks);
}

static inline struct fact fact_bool(const char *key, bool value)
{
	return fact_of(FACT_BOOL, key, value);
}

static inline struct fact fact_hex(const char *key, uint64_t number)
{
	return fact_of(FACT_HEX, key, number);
}

static inline struct fact fact_address(const char *key, uint64_t address)
{
	return fact_of(FACT_ADDRESS, key, address);
}

static inline struct fact fact_text(const char *key, const char *text)
{
	return (struct fact){.kind = FACT_TEXT, .key = key, .text = text};
}

/* For people. Returns the length; a text that does not fit is cut. */
size_t fact_format(const struct fact *fact, char *to, size_t size);

void fact_json(const struct fact *fact, struct json *json);
