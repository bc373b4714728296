/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a partition is made from, as the operator said it: the keys of `create`, in the table's order. So two
 * definitions that mean the same are the same bytes, unless a value is written in another way.
 */
#pragma once

#include "lib/string.h"
#include "lib/types.h"

struct command_key_value;

enum { DEFINITION_SIZE = 3584 };

struct definition {
	uint32_t size;		    /* bytes of text that are used */
	char text[DEFINITION_SIZE]; /* "key=value", a zero behind each */
};

/* One of the two may have no room behind its text (config.h). */
static inline void definition_copy(struct definition *to, const struct definition *from)
{
	to->size = from->size;
	memcpy(to->text, from->text, from->size);
}

/*
 * The base (or nothing, if NULL) with these values put in: a key replaces all values that it had, an empty
 * value takes it out. `to` is not `base`. False after an error was printed.
 */
bool must_check definition_merge(struct definition *to, const struct definition *base,
				 const struct command_key_value *values, unsigned count);

/*
 * The values, as an invocation has them, in the order of the table; they point into the definition. values
 * has room for COMMAND_KEYS. Returns how many there are.
 */
unsigned definition_values(const struct definition *definition, struct command_key_value *values);

/* What an invocation gives of a key, first, or NULL. */
const char *definition_given(const struct command_key_value *values, unsigned count, unsigned key);

/* The first value of a key, or NULL. */
const char *definition_get(const struct definition *definition, unsigned key);

/* The keys in which they differ, a bit for each. */
uint32_t definition_compare(const struct definition *a, const struct definition *b);
