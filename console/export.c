/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line is broken between words, or inside of a long one, which then goes on in the first column. What is
 * typed as two characters stays together: an even number of \ and the one at the end are odd.
 */
#include "console/export.h"

#include "console/create.h"
#include "console/edit.h"
#include "console/handlers.h"
#include "console/screen.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/string.h"

enum { WIDTH = SCREEN_COLUMNS - 2, INDENT = 4 };

static struct {
	char text[SCREEN_COLUMNS + 1];
	size_t used;
} line;

static void flush(bool goes_on)
{
	text_print("%s%s", line.text, goes_on ? "\\" : "");
	line.used = 0;
	line.text[0] = '\0';
}

static void put(char c)
{
	line.text[line.used++] = c;
	line.text[line.used] = '\0';
}

/* One character of a word as it has to be typed. */
static size_t escape(char c, char to[2])
{
	size_t length = 0;

	if (c == '"' || c == '\\')
		to[length++] = '\\';
	to[length++] = c;
	return length;
}

static bool needs_quotes(const char *value)
{
	for (; *value; value++) {
		if (*value == ' ' || *value == '\t' || *value == '#')
			return true;
	}
	return false;
}

static size_t typed_length(const char *value)
{
	size_t length = needs_quotes(value) ? 2 : 0;
	char typed[2];

	for (; *value; value++)
		length += escape(*value, typed);
	return length;
}

/* Breaks inside of it only where it would not fit on a line of its own. */
static void put_value(const char *value)
{
	bool quotes = needs_quotes(value);
	char typed[2];

	if (quotes)
		put('"');
	for (; *value; value++) {
		size_t length = escape(*value, typed);

		if (line.used + length + quotes > WIDTH)
			flush(true);
		for (size_t i = 0; i < length; i++)
			put(typed[i]);
	}
	if (quotes)
		put('"');
}

static void put_text(const char *text)
{
	while (*text)
		put(*text++);
}

static void put_key(const char *key, const char *value)
{
	if (line.used + 1 + strlen(key) + 1 + typed_length(value) > WIDTH) {
		put(' ');
		flush(true);
		for (unsigned i = 0; i < INDENT; i++)
			put(' ');
	} else {
		put(' ');
	}
	put_text(key);
	put('=');
	put_value(value);
}

static void put_keys(const struct definition *definition, uint32_t keys)
{
	static struct command_key_value values[COMMAND_KEYS];
	unsigned count = definition_values(definition, values);

	for (unsigned i = 0; i < count; i++) {
		if (keys & 1u << values[i].key)
			put_key(create_keys.keys[values[i].key].name, values[i].value);
	}
}

static void begin(const char *command, const char *name)
{
	line.used = 0;
	put_text(command);
	put(' ');
	put_text(name);
}

void export_create(const char *name, const struct definition *definition)
{
	begin("create", name);
	put_keys(definition, ~0u);
	flush(false);
}

/* Keys that are gone are set to nothing. */
static void print_set(const char *name, const struct definition *from, const struct definition *to)
{
	uint32_t differ = definition_compare(from, to);

	begin("set", name);
	put_keys(to, differ);
	for (unsigned key = 0; key < KEY_TOTAL; key++) {
		if (differ & 1u << key && !definition_get(to, key))
			put_key(create_keys.keys[key].name, "");
	}
	flush(false);
}

/* Against what is there once all have the names that they are to have. */
static unsigned compare_entry(const struct config *from, const struct config_entry *to)
{
	const struct config_entry *was = to->slot == CONFIG_NO_SLOT
						 ? NULL
						 : config_find_slot(from, to->slot);

	if (was && !definition_compare(&was->definition, &to->definition))
		return 0;
	if (was)
		print_set(to->name, &was->definition, &to->definition);
	else
		export_create(to->name, &to->definition);
	return 1;
}

static unsigned print_leaving(const struct config *from, struct config *rest,
			      const struct config *to)
{
	const struct config_entry *entry = NULL;
	unsigned count = 0;

	while ((entry = config_next(from, entry))) {
		if (config_find_slot(to, entry->slot))
			continue;
		text_print("destroy %s", entry->name);
		config_remove(rest, config_find(rest, entry->name));
		count++;
	}
	return count;
}

/* One that can be typed: its new name is nobody's. In an exchange the first takes a third. */
static bool next_rename(const struct config *from, const struct config *to, char name[NAME_SIZE],
			char new_name[NAME_SIZE])
{
	const struct config_entry *entry = NULL, *first = NULL;

	while ((entry = config_next(from, entry))) {
		const struct config_entry *wanted = config_find_slot(to, entry->slot);

		if (!strcmp(wanted->name, entry->name))
			continue;
		first = first ? first : entry;
		if (config_find(from, wanted->name))
			continue;
		str_copy(name, NAME_SIZE, entry->name);
		str_copy(new_name, NAME_SIZE, wanted->name);
		return true;
	}
	if (first) {
		str_copy(name, NAME_SIZE, first->name);
		config_third_name(from, to, new_name);
	}
	return first != NULL;
}

static unsigned print_renames(struct config *from, const struct config *to)
{
	char name[NAME_SIZE], new_name[NAME_SIZE];
	unsigned count = 0;

	while (next_rename(from, to, name, new_name) && config_rename(from, name, new_name)) {
		text_print("rename %s %s", name, new_name);
		count++;
	}
	return count;
}

unsigned export_difference(const struct config *from, const struct config *to)
{
	const struct config_entry *entry = NULL;
	struct config work;
	unsigned count;

	if (!config_copy(&work, from))
		return 1;
	count = print_leaving(from, &work, to);
	count += print_renames(&work, to);
	while ((entry = config_next_placed(to, entry)))
		count += compare_entry(&work, entry);
	config_free(&work);
	return count;
}

/* Who names CPUs comes before who takes any, as they are made (config_next_placed). */
static void print_running(void)
{
	struct partition *partition = NULL;

	for (unsigned placed = 2; placed-- > 0;) {
		while ((partition = partition_next(partition))) {
			const struct definition *definition = &partition->definition;

			if ((definition_get(definition, KEY_IS_ON) != NULL) == placed)
				export_create(partition->name, definition);
		}
	}
	while ((partition = partition_next(partition))) {
		if (!partition->policy.autostart && partition_is_to_run(partition))
			text_print("start %s", partition->name);
	}
}

void export_show(const struct invocation *in)
{
	const struct config *candidate = edit_candidate();
	const struct config_entry *entry = NULL;

	(void)in;
	text_print("# Freehold's configuration%s", candidate ? ", the candidate" : "");
	if (!candidate)
		print_running();
	while (candidate && (entry = config_next_placed(candidate, entry)))
		export_create(entry->name, &entry->definition);
}
