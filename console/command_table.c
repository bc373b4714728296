/* SPDX-License-Identifier: BSD-2-Clause */
/* What the table of commands says: which command words name, what it takes, and how that is written. */
#include "console/command.h"

#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

const struct command_flag_text command_flags[] = {
	{FLAG_YES, "--yes", "do not ask"},
	{FLAG_FORCE, "--force", "at once, without the power button"},
	{FLAG_ONCE, "--once", "one second, and no more"},
	{FLAG_READ, "-r", "what is typed does not go to the guest"},
	{FLAG_LAST, "--last", "from its latest start on"},
	{FLAG_JSON, "--json", "one line of JSON; sizes in bytes, times in microseconds"},
	{FLAG_FOLLOW, "-f", "and what comes, until Ctrl-C or Ctrl-]"},
	{FLAG_ALL, "-a", "those that were destroyed, too, if their output is kept"},
	{FLAG_HELP, "--help", "what help tells of it, as a ? at the end does; in a text neither"},
};
const unsigned command_flag_count = ARRAY_SIZE(command_flags);

bool command_name_is_valid(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length >= NAME_SIZE || name[0] == '-' || !strcmp(name, "all"))
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = name[i];
		bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';

		if (!good)
			return false;
	}
	return true;
}

bool command_choice(const char *choices, unsigned index, char to[NAME_SIZE])
{
	const char *bar = strchr(choices, '|');

	for (; index > 0; index--) {
		if (!bar)
			return false;
		choices = bar + 1;
		bar = strchr(choices, '|');
	}
	str_copy(to, bar ? MIN((size_t)(bar - choices) + 1, (size_t)NAME_SIZE) : NAME_SIZE, choices);
	return true;
}

void command_first_word(const struct command *command, char to[NAME_SIZE])
{
	const char *blank = strchr(command->name, ' ');

	str_copy(to, blank ? (size_t)(blank - command->name) + 1 : NAME_SIZE, command->name);
}

/* How many of the words the command's name takes, 0 if they differ. */
static unsigned match_name(const struct command *command, const char *const *words, unsigned count)
{
	const char *name = command->name;
	unsigned used = 0;

	while (used < count) {
		size_t length = strlen(words[used]);

		if (strncmp(name, words[used], length) || (name[length] && name[length] != ' '))
			return 0;
		used++;
		if (!name[length])
			return used;
		name += length + 1;
	}
	return 0;
}

/* What the word stands for, or NULL. */
static const char *find_alias(const char *word)
{
	for (unsigned i = 0; i < command_alias_count; i++) {
		if (!strcmp(command_aliases[i].name, word))
			return command_aliases[i].command;
	}
	return NULL;
}

const struct command *command_find(const char *const *words, unsigned count, unsigned *used)
{
	const struct command *best = NULL;
	const char *other = count > 0 ? find_alias(words[0]) : NULL;
	const char *const name[] = {other, count > 1 ? words[1] : NULL};

	*used = 0;
	for (unsigned i = 0; i < command_count; i++) {
		unsigned matched = other ? match_name(&commands[i], name, MIN(count, 2u))
					 : match_name(&commands[i], words, count);

		if (matched > *used) {
			*used = matched;
			best = &commands[i];
		}
	}
	return best;
}

const struct command *command_find_group(const char *word)
{
	for (unsigned i = 0; i < command_count; i++) {
		if (str_starts(commands[i].name, word) && commands[i].name[strlen(word)] == ' ')
			return &commands[i];
	}
	return NULL;
}

const struct command_key *command_find_key(const struct command *command, const char *name,
					   size_t length)
{
	for (unsigned i = 0; command->keys && i < command->keys->count; i++) {
		const struct command_key *key = &command->keys->keys[i];

		if (!strncmp(key->name, name, length) && !key->name[length])
			return key;
	}
	return NULL;
}

const struct command_key *command_find_option(const struct command *command, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	const struct command_key *key;

	if (!str_starts(word, "--"))
		return NULL;
	key = command_find_key(command, word + 2, length - 2);
	return key && key->use == KEY_OPTION ? key : NULL;
}

const struct command_flag_text *command_find_flag(const struct command *command, const char *word)
{
	for (unsigned i = 0; i < command_flag_count; i++) {
		if (!strcmp(command_flags[i].name, word) &&
		    (command->flags | FLAGS_COMMON) & command_flags[i].flag)
			return &command_flags[i];
	}
	return NULL;
}

static size_t add(char *to, size_t used, const char *text, const char *a, const char *b)
{
	return used + format(to + used, COMMAND_USAGE - used, text, a, b);
}

bool command_has_plain_keys(const struct command *command)
{
	for (unsigned i = 0; command->keys && i < command->keys->count; i++) {
		if (command->keys->keys[i].use != KEY_OPTION)
			return true;
	}
	return false;
}

void command_usage(const struct command *command, char to[COMMAND_USAGE])
{
	size_t used = format(to, COMMAND_USAGE, "%s", command->name);

	for (unsigned i = 0; i < COMMAND_ARGS && command->args[i].kind; i++)
		used = add(to, used, command->args[i].optional ? " [%s]%s" : " %s%s",
			   command->args[i].name, "");
	for (unsigned i = 0; i < command_flag_count; i++) {
		if (command->flags & command_flags[i].flag)
			used = add(to, used, " [%s]%s", command_flags[i].name, "");
	}
	for (unsigned i = 0; command->keys && i < command->keys->count; i++) {
		const struct command_key *key = &command->keys->keys[i];

		if (key->use == KEY_OPTION)
			used = add(to, used, " [--%s %s]", key->name, key->value);
	}
	if (command_has_plain_keys(command))
		add(to, used, "%s%s", " KEY=VALUE ...", "");
}

void command_key_text(const struct command_key *key, char to[COMMAND_KEY])
{
	format(to, COMMAND_KEY, key->use == KEY_OPTION ? "--%s %s" : "%s=%s", key->name, key->value);
}
