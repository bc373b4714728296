/* SPDX-License-Identifier: BSD-2-Clause */
/* Each kind of word has a source that offers what there is; the table of commands says which stand where. */
#include "console/complete.h"

#include "console/candidates.h"
#include "console/command.h"
#include "console/edit.h"
#include "console/graves.h"
#include "console/host.h"
#include "console/script.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

static void offer_first_words(struct candidates *c)
{
	char word[NAME_SIZE];

	for (unsigned i = 0; i < command_count; i++) {
		command_first_word(&commands[i], word);
		candidates_offer(c, word, true);
	}
	for (unsigned i = 0; i < command_alias_count; i++)
		candidates_offer(c, command_aliases[i].name, true);
}

static void offer_second_words(struct candidates *c, const char *first)
{
	char word[NAME_SIZE];

	for (unsigned i = 0; i < command_count; i++) {
		command_first_word(&commands[i], word);
		if (!strcmp(word, first) && commands[i].name[strlen(word)])
			candidates_offer(c, commands[i].name + strlen(word) + 1, true);
	}
}

/* Those that the command would find: with a candidate open, who is in that, or who is there. */
static void offer_partitions(struct candidates *c, const struct command *command)
{
	const struct config *candidate = command->edit_handler ? edit_candidate() : NULL;
	const struct config_entry *entry = NULL;
	struct partition *partition = NULL;

	while (candidate && (entry = config_next(candidate, entry)))
		candidates_offer(c, entry->name, true);
	while (!candidate && (partition = partition_next(partition)))
		candidates_offer(c, partition->name, true);
}

/* Also those of which only the output is left. */
static void offer_logged(struct candidates *c)
{
	struct partition *partition = NULL;

	while ((partition = partition_next(partition)))
		candidates_offer(c, partition->name, true);
	for (unsigned i = 0; i < GRAVES; i++) {
		if (graves_at(i))
			candidates_offer(c, graves_at(i)->name, true);
	}
}

/* The words of a|b|c. */
static void offer_choices(struct candidates *c, const char *choices)
{
	char word[NAME_SIZE];

	for (unsigned i = 0; command_choice(choices, i, word); i++)
		candidates_offer(c, word, true);
}

/* Those that run. */
static void offer_cpus(struct candidates *c)
{
	static struct host_info host;
	struct cpu_info cpu;
	char number[16];

	host_query(&host);
	for (uint32_t i = 0; i < host.cpu_count; i++) {
		host_query_cpu(i, &cpu);
		if (cpu.state != CPU_POOL && cpu.state != CPU_DEDICATED && cpu.state != CPU_SIBLING)
			continue;
		format(number, sizeof(number), "%u", i);
		candidates_offer(c, number, false);
	}
}

/* 2-3,5: the number that is being typed. */
static void offer_cpu_list(struct candidates *c)
{
	size_t begin = c->length;

	while (begin > 0 && c->word[begin - 1] != ',' && c->word[begin - 1] != '-')
		begin--;
	candidates_skip(c, begin);
	offer_cpus(c);
}

static void offer_images(struct candidates *c)
{
	static struct image_info image;

	for (uint32_t i = 0; host_image(i, &image); i++)
		candidates_offer(c, image.name, true);
}

static void offer_value(struct candidates *c, const struct command *command,
			const struct command_key *key)
{
	if (key->kind == KEY_IMAGE)
		offer_images(c);
	if (key->kind == KEY_PARTITION)
		offer_partitions(c, command);
	if (key->kind == KEY_CHOICE)
		offer_choices(c, key->value);
	if (key->kind == KEY_CPUS)
		offer_cpu_list(c);
}

/* The words between the command and the one that is completed. */
struct given {
	const struct command *command;
	const char *const *word;
	unsigned count;
};

/* The option whose value the index-th word is, or NULL. */
static const struct command_key *option_before(const struct given *given, unsigned index)
{
	const char *before = index > 0 ? given->word[index - 1] : "";

	return strchr(before, '=') ? NULL : command_find_option(given->command, before);
}

/* How many of them are arguments by their place: no options with their values, no keys. */
static unsigned count_places(const struct given *given)
{
	unsigned places = 0;

	for (unsigned i = 0; i < given->count; i++)
		places += given->word[i][0] != '-' && !option_before(given, i) &&
			  !(given->command->keys && strchr(given->word[i], '='));
	return places;
}

static bool is_given(const struct given *given, const char *text)
{
	for (unsigned i = 0; i < given->count; i++) {
		if (str_starts(given->word[i], text))
			return true;
	}
	return false;
}

/* Flags: those of the command, or those that every command takes. */
static void offer_flags(struct candidates *c, const struct given *given, uint32_t flags)
{
	c->optional = true;
	for (unsigned i = 0; i < command_flag_count; i++) {
		if (flags & command_flags[i].flag && !is_given(given, command_flags[i].name))
			candidates_offer(c, command_flags[i].name, true);
	}
}

/* name=, or --name: what is given already is none to give again. */
static void offer_keys(struct candidates *c, const struct given *given, bool options)
{
	const struct command_keys *keys = given->command->keys;
	char text[NAME_SIZE];

	for (unsigned i = 0; keys && i < keys->count; i++) {
		const struct command_key *key = &keys->keys[i];

		if ((key->use == KEY_OPTION) != options)
			continue;
		format(text, sizeof(text), options ? "--%s" : "%s=", key->name);
		if (key->use == KEY_REPEATS || !is_given(given, text))
			candidates_offer(c, text, options);
	}
}

static void offer_options(struct candidates *c, const struct given *given)
{
	offer_flags(c, given, given->command->flags);
	offer_keys(c, given, true);
}

/* The key whose value is being typed: behind a = or behind --key. */
static const struct command_key *open_key(struct candidates *c, const struct given *given)
{
	const char *equals = strchr(c->word, '=');
	const struct command_key *key = option_before(given, given->count);

	if (key || !equals)
		return key;
	key = command_find_option(given->command, c->word);
	if (!key)
		key = command_find_key(given->command, c->word, (size_t)(equals - c->word));
	if (key)
		candidates_skip(c, (size_t)(equals + 1 - c->word));
	return key;
}

/* What help can tell of a command besides all: its rows, or its keys. */
static void offer_about(struct candidates *c, const char *first)
{
	unsigned used;
	const struct command *command = command_find(&first, 1, &used);

	offer_second_words(c, first);
	for (unsigned i = 0; command && command->keys && i < command->keys->count; i++)
		candidates_offer(c, command->keys->keys[i].name, true);
}

static void offer_place(struct candidates *c, const struct given *given, unsigned place)
{
	const struct arg *arg = &given->command->args[place];

	if (arg->kind == ARG_PARTITION)
		offer_partitions(c, given->command);
	if (arg->kind == ARG_LOGGED)
		offer_logged(c);
	if (arg->kind == ARG_CHOICE)
		offer_choices(c, arg->name);
	if (arg->kind == ARG_CPU)
		offer_cpus(c);
	if (arg->kind == ARG_COMMAND && place == 0)
		offer_first_words(c);
	if (arg->kind == ARG_COMMAND && place > 0)
		offer_about(c, given->word[given->count - 1]);
}

/* A word that must stand here, of which nobody knows but who types it: options would be in its way. */
static bool is_missing(const struct given *given, unsigned place)
{
	return place < COMMAND_ARGS && given->command->args[place].kind &&
	       !given->command->args[place].optional;
}

static void offer_arguments(struct candidates *c, const struct given *given)
{
	unsigned place = count_places(given), found = c->found;
	const struct command_key *key = open_key(c, given);

	if (key) {
		offer_value(c, given->command, key);
		return;
	}
	if (c->word[0] == '-') {
		offer_options(c, given);
		if (c->found == 0)
			offer_flags(c, given, FLAGS_COMMON);
		return;
	}
	if (place < COMMAND_ARGS)
		offer_place(c, given, place);
	if (is_missing(given, place))
		return;
	offer_keys(c, given, false);
	if (c->found == found && c->length == 0)
		offer_options(c, given);
}

/* No options. */
static unsigned count_plain(const char *const *word, unsigned count)
{
	unsigned plain = 0;

	for (unsigned i = 0; i < count; i++)
		plain += word[i][0] != '-';
	return plain;
}

/* word: those before the one that is completed. */
static void collect(struct candidates *c, const char *const *word, unsigned before)
{
	unsigned used;
	const struct command *command = command_find(word, before, &used);

	while (command && command->args[0].kind == ARG_LINE) {
		word += used;
		before -= used;
		command = command_find(word, before, &used);
	}
	if (before == 0)
		offer_first_words(c);
	/* The second one, whatever options stand before it. */
	if (before > 0 && count_plain(word, before) == 1) {
		offer_second_words(c, word[0]);
		c->optional = command && c->found > 0;
	}
	if (command)
		offer_arguments(c, &(struct given){command, word + used, before - used});
}

static void insert(struct line *line, const struct candidates *c)
{
	if (c->common > c->length)
		line_insert(line, c->first + c->length, c->common - c->length);
	if (c->found == 1 && c->ends)
		line_insert(line, " ", 1);
}

void complete_line(struct line *line, const char *before, size_t size)
{
	static struct words words;
	static struct candidates c;
	static char text[SCRIPT_LINE + LINE_SIZE];
	size_t length = MIN(size, (size_t)SCRIPT_LINE) + line->cursor;
	const char *word = "";
	bool in_word, shows;

	memcpy(text, before, length - line->cursor);
	memcpy(text + length - line->cursor, line->text, line->cursor);
	in_word = length > 0 && text[length - 1] != ' ';
	if (words_split(&words, text, length) != WORDS_OK || (in_word && words.count == 0)) {
		line->bell = true;
		return;
	}
	if (in_word)
		word = words.word[words.count - 1];
	candidates_begin(&c, word, strlen(word));
	collect(&c, words.word, words.count - in_word);
	/* Not even the only one, which might be --yes. */
	shows = c.found > 0 && c.length == 0 && c.optional;
	shows |= c.found > 1 && c.common == c.length;
	line->bell |= c.found == 0 || shows;
	if (shows)
		candidates_show(&c);
	else if (c.found > 0)
		insert(line, &c);
}
