/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts in here were taken apart by us before: each has its key of the table and an end. */
#include "console/definition.h"

#include "console/create.h"
#include "console/handlers.h"
#include "console/rules.h"
#include "lib/string.h"

static const char *next(const struct definition *definition, const char *at)
{
	at = at ? at + strlen(at) + 1 : definition->text;
	return at < definition->text + definition->size ? at : NULL;
}

/* The value, if the text is of that key. */
static const char *value_of(const char *text, unsigned key)
{
	const char *name = create_keys.keys[key].name;
	size_t length = strlen(name);

	return !strncmp(text, name, length) && text[length] == '=' ? text + length + 1 : NULL;
}

static bool add(struct definition *to, unsigned key, const char *value)
{
	const char *name = create_keys.keys[key].name;
	size_t length = strlen(name), size = strlen(value) + 1;

	if (length + 1 + size > DEFINITION_SIZE - to->size)
		return false;
	memcpy(to->text + to->size, name, length);
	to->text[to->size + length] = '=';
	memcpy(to->text + to->size + length + 1, value, size);
	to->size += (uint32_t)(length + 1 + size);
	return true;
}

/* Either says how many vCPUs there are: whoever names one means it instead of the other. */
static bool replaces(const struct command_key_value *value, unsigned key)
{
	return value->value[0] && ((value->key == KEY_IS_CPUS && key == KEY_IS_VCPUS) ||
				   (value->key == KEY_IS_VCPUS && key == KEY_IS_CPUS));
}

/* Those of the new values, or if there is none of this key those of the base. */
static bool add_key(struct definition *to, const struct definition *base, unsigned key,
		    const struct command_key_value *values, unsigned count)
{
	bool given = false, fits = true;
	const char *text = NULL, *value;

	for (unsigned i = 0; i < count; i++) {
		given = given || replaces(&values[i], key);
		if (values[i].key != key)
			continue;
		given = true;
		if (values[i].value[0])
			fits &= add(to, key, values[i].value);
	}
	while (!given && base && (text = next(base, text))) {
		value = value_of(text, key);
		if (value)
			fits &= add(to, key, value);
	}
	return fits;
}

/* Nothing can be taken out of nothing; a command line may be empty. */
static bool all_are_given(const struct command_key_value *values, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (values[i].value[0] || values[i].key == KEY_IS_CMDLINE)
			continue;
		rule_error(RULE_VALUE, "%s=: a value is missing",
			   create_keys.keys[values[i].key].name);
		return false;
	}
	return true;
}

bool definition_merge(struct definition *to, const struct definition *base,
		      const struct command_key_value *values, unsigned count)
{
	bool fits = true;

	to->size = 0;
	if (!base && !all_are_given(values, count))
		return false;
	for (unsigned key = 0; key < create_keys.count; key++)
		fits &= add_key(to, base, key, values, count);
	if (!fits)
		rule_error(RULE_KEYS, "its keys have more than %d characters together",
			   DEFINITION_SIZE);
	return fits;
}

unsigned definition_values(const struct definition *definition, struct command_key_value *values)
{
	const char *text = NULL, *value;
	unsigned count = 0, key = 0;

	while ((text = next(definition, text))) {
		while (key < create_keys.count && !value_of(text, key))
			key++;
		if (key == create_keys.count || count == COMMAND_KEYS)
			break;
		value = value_of(text, key);
		values[count++] = (struct command_key_value){key, value};
	}
	return count;
}

const char *definition_given(const struct command_key_value *values, unsigned count, unsigned key)
{
	for (unsigned i = 0; i < count; i++) {
		if (values[i].key == key)
			return values[i].value;
	}
	return NULL;
}

const char *definition_get(const struct definition *definition, unsigned key)
{
	const char *text = NULL;

	while ((text = next(definition, text))) {
		if (value_of(text, key))
			return value_of(text, key);
	}
	return NULL;
}

/* A key's texts stand together. */
static const char *texts_of(const struct definition *definition, unsigned key, size_t *size)
{
	const char *text = NULL, *first = NULL;

	*size = 0;
	while ((text = next(definition, text))) {
		if (!value_of(text, key))
			continue;
		first = first ? first : text;
		*size += strlen(text) + 1;
	}
	return first;
}

uint32_t definition_compare(const struct definition *a, const struct definition *b)
{
	uint32_t differ = 0;

	for (unsigned key = 0; key < create_keys.count; key++) {
		size_t size_a, size_b;
		const char *text_a = texts_of(a, key, &size_a);
		const char *text_b = texts_of(b, key, &size_b);

		if (size_a != size_b || (size_a && memcmp(text_a, text_b, size_a)))
			differ |= 1u << key;
	}
	return differ;
}
