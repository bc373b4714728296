/* SPDX-License-Identifier: BSD-2-Clause */
/* A source offers its candidates one by one to a collector, which keeps what they have in common. */
#include "console/complete.h"

#include "console/command.h"
#include "console/edit.h"
#include "console/host.h"
#include "console/script.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/string.h"

struct collector {
	const char *word; /* what is typed of it */
	size_t length;
	unsigned found;
	size_t common; /* of the first candidate's text, shared by all */
	bool ends;     /* a blank may follow */
	char first[64];
	char all[512]; /* for the operator, if there are several */
};

static void append(struct collector *c, const char *text)
{
	size_t used = strlen(c->all);

	if (used + strlen(text) + 3 > sizeof(c->all))
		return;
	if (used > 0)
		str_copy(c->all + used, sizeof(c->all) - used, "  ");
	used = strlen(c->all);
	str_copy(c->all + used, sizeof(c->all) - used, text);
}

static void offer(struct collector *c, const char *text, bool ends)
{
	size_t same = 0;

	if (strncmp(text, c->word, c->length))
		return;
	if (c->found == 0) {
		str_copy(c->first, sizeof(c->first), text);
		c->common = strlen(c->first);
		append(c, text);
	} else {
		while (same < c->common && c->first[same] == text[same])
			same++;
		/* `debug panic` and `debug vcpu` offer one first word. */
		if (same == c->common && text[same] == '\0' && c->common == strlen(c->first))
			return;
		append(c, text);
		c->common = same;
	}
	c->ends = ends;
	c->found++;
}

/* The index-th word of a name of one or two, or NULL. */
static bool name_word(const char *name, unsigned index, char to[NAME_SIZE])
{
	const char *blank = strchr(name, ' ');

	if (index > 0 && !blank)
		return false;
	if (index > 0)
		return str_copy(to, NAME_SIZE, blank + 1);
	str_copy(to, blank ? (size_t)(blank - name) + 1 : NAME_SIZE, name);
	return true;
}

static void offer_commands(struct collector *c, unsigned index, const char *first)
{
	char word[NAME_SIZE];

	for (unsigned i = 0; i < command_count; i++) {
		if (index > 0 && (!name_word(commands[i].name, 0, word) || strcmp(word, first)))
			continue;
		if (name_word(commands[i].name, index, word))
			offer(c, word, true);
	}
	for (unsigned i = 0; index == 0 && i < command_alias_count; i++)
		offer(c, command_aliases[i].name, true);
}

static void offer_partitions(struct collector *c)
{
	const struct config_entry *entry = NULL;
	struct partition *partition = NULL;

	while ((partition = partition_next(partition)))
		offer(c, partition->name, true);
	while (edit_candidate() && (entry = config_next(edit_candidate(), entry)))
		offer(c, entry->name, true);
}

/* The words of a|b|c. */
static void offer_choices(struct collector *c, const char *choices)
{
	char word[NAME_SIZE];

	for (unsigned i = 0; command_choice(choices, i, word); i++)
		offer(c, word, true);
}

/* The word that is completed is what stands behind the =. */
static void offer_values(struct collector *c, const struct command_key *key, const char *equals)
{
	static struct image_info image;
	size_t skip = (size_t)(equals + 1 - c->word);

	c->word += skip;
	c->length -= skip;
	for (uint32_t i = 0; key->kind == KEY_IMAGE && host_image(i, &image); i++)
		offer(c, image.name, true);
	if (key->kind == KEY_PARTITION)
		offer_partitions(c);
	if (key->kind == KEY_CHOICE)
		offer_choices(c, key->value);
}

static void offer_keys(struct collector *c, const struct command_keys *keys)
{
	const char *equals = strchr(c->word, '=');
	char text[32];

	for (unsigned i = 0; i < keys->count; i++) {
		const char *name = keys->keys[i].name;
		size_t length = strlen(name);

		str_copy(text, sizeof(text) - 1, name);
		text[MIN(length, sizeof(text) - 2)] = '=';
		text[MIN(length, sizeof(text) - 2) + 1] = '\0';
		if (!equals)
			offer(c, text, false);
		else if (!strncmp(c->word, text, length + 1)) {
			offer_values(c, &keys->keys[i], equals);
			return;
		}
	}
}

/* How many of the words are arguments by their place: no options, no keys. */
static unsigned count_places(const struct command *command, const char *const *word, unsigned count)
{
	unsigned places = 0;

	for (unsigned i = 0; i < count; i++)
		places += !(word[i][0] == '-' && word[i][1] == '-') &&
			  !(command->keys && strchr(word[i], '='));
	return places;
}

/* word: those between the command and the one that is completed. */
static void offer_arguments(struct collector *c, const struct command *command,
			    const char *const *word, unsigned count)
{
	unsigned place = count_places(command, word, count);
	const struct arg *arg = &command->args[MIN(place, COMMAND_ARGS - 1u)];
	enum arg_kind kind = place < COMMAND_ARGS ? arg->kind : ARG_NONE;

	if (kind == ARG_PARTITION || kind == ARG_LOGGED)
		offer_partitions(c);
	if (kind == ARG_COMMAND)
		offer_commands(c, place, place ? word[count - 1] : "");
	if (kind == ARG_CHOICE)
		offer_choices(c, arg->name);
	if (place == 0 && kind != ARG_NONE && !arg->optional && c->word[0] != '-')
		return;
	for (unsigned i = 0; i < command_flag_count; i++) {
		if (command->flags & command_flags[i].flag && c->word[0] == '-')
			offer(c, command_flags[i].name, true);
	}
	if (command->keys && c->word[0] != '-')
		offer_keys(c, command->keys);
}

static void collect(struct collector *c, const struct words *words, unsigned before)
{
	const char *const *word = words->word;
	unsigned used;
	const struct command *command = command_find(word, before, &used);

	while (command && command->args[0].kind == ARG_LINE) {
		word += used;
		before -= used;
		command = command_find(word, before, &used);
	}
	if (command)
		offer_arguments(c, command, word + used, before - used);
	else if (before < 2)
		offer_commands(c, before, before ? word[0] : "");
}

static void insert(struct line *line, const struct collector *c)
{
	if (c->common > c->length)
		line_insert(line, c->first + c->length, c->common - c->length);
	if (c->found == 1 && c->ends)
		line_insert(line, " ", 1);
}

void complete_line(struct line *line, const char *before, size_t size)
{
	static struct words words;
	static struct collector c;
	static char text[SCRIPT_LINE + LINE_SIZE];
	size_t length = MIN(size, (size_t)SCRIPT_LINE) + line->cursor;
	bool in_word;

	memcpy(text, before, length - line->cursor);
	memcpy(text + length - line->cursor, line->text, line->cursor);
	in_word = length > 0 && text[length - 1] != ' ';
	memset(&c, 0, sizeof(c));
	c.word = "";
	if (words_split(&words, text, length) != WORDS_OK || (in_word && words.count == 0)) {
		line->bell = true;
		return;
	}
	if (in_word) {
		c.word = words.word[words.count - 1];
		c.length = strlen(c.word);
	}
	collect(&c, &words, words.count - in_word);
	if (c.found == 0 || (c.common == c.length && c.found > 1))
		line->bell = true;
	if (c.found > 1 && c.common == c.length)
		text_print_lines(c.all, strlen(c.all), 0);
	else if (c.found > 0)
		insert(line, &c);
}
