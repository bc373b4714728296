/* SPDX-License-Identifier: BSD-2-Clause */
/* From a line to a checked invocation. Each check that fails prints one error and ends the command. */
#include "console/command.h"

#include "console/edit.h"
#include "console/graves.h"
#include "console/notation.h"
#include "console/number.h"
#include "console/op.h"
#include "console/rules.h"
#include "console/text.h"
#include "console/unknown.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

static bool usage_error(const struct command *command, const char *what, const char *rule)
{
	char usage[COMMAND_USAGE];

	command_usage(command, usage);
	text_fail(CODE_USAGE, "%.40s %s; usage: %s", what, rule, usage);
	return false;
}

static bool take_new_name(struct invocation *in, unsigned place, const char *word)
{
	if (!command_name_is_valid(word)) {
		/* The first argument is named by the error's begin. */
		rule_error(
			RULE_NAME,
			"%.40s%sa name is 1 to 31 of a-z, 0-9, _ and -, not all, and does not begin with -",
			place > 0 ? word : "", place > 0 ? ": " : "");
		return false;
	}
	in->name = word;
	return true;
}

/* "running, paused or waiting": those of the command that a person can bring about. */
static void list_states(const struct command *command, char *to, size_t size)
{
	uint32_t left = command->states & ~(STATES(PART_NONE) | STATES(PART_DYING));
	size_t used = 0;

	/* These are kinds of it. */
	if (left & STATES(PART_STOPPED))
		left &= ~(STATES(SHOWN_WAITING) | STATES(SHOWN_FAILED));
	for (uint32_t i = PART_STOPPED; left; i++) {
		if (!(left & STATES(i)))
			continue;
		left &= ~STATES(i);
		used += format(to + used, size - used, "%s%s",
			       used == 0 ? ""
			       : left	 ? ", "
					 : " or ",
			       partition_state_text(i));
	}
}

static bool check_state(const struct invocation *in)
{
	static struct part_info info;
	char state[PARTITION_TEXT];
	char wanted[64];

	if (!in->command->states)
		return true;
	op_let_go(in->partition);
	if (in->partition->op.kind != OP_NONE) {
		text_fail(CODE_BUSY, "it %s", op_text(in->partition->op.kind));
		return false;
	}
	partition_query(in->partition, &info);
	if (in->command->states & STATES(partition_shown_state(in->partition, &info)))
		return true;
	partition_describe(in->partition, state);
	list_states(in->command, wanted, sizeof(wanted));
	text_fail(CODE_STATE, "it is %s, and must be %s", state, wanted);
	return false;
}

static bool take_partition(struct invocation *in, unsigned place, const char *word)
{
	(void)place;
	in->subject = word;
	if (in->command->edit_handler && edit_candidate())
		return true;
	in->partition = partition_find(word);
	return in->partition || unknown_partition(word);
}

/* help debug vcpu: in->about is the first of the rows that begin with `debug`. help create memory: a key. */
static bool take_second_word(struct invocation *in, const char *word)
{
	const struct command *about = in->about;
	const char *key = str_starts(word, "--") ? word + 2 : word;
	const char *equals = strchr(key, '=');
	char first[NAME_SIZE];
	const char *words[] = {first, word};
	unsigned used;

	command_first_word(about, first);
	in->about = command_find(words, 2, &used);
	if (in->about && used == 2)
		return true;
	in->about = about;
	in->about_key = command_find_key(about, key, equals ? (size_t)(equals - key) : strlen(key));
	in->about_flag = command_find_flag(about, word);
	if (in->about_key || in->about_flag)
		return true;
	if (command_find_group(first) && !about->keys)
		return unknown_second_word(command_find_group(first));
	text_fail(CODE_USAGE, "%.40s is no key of it, and no word that it goes on with", word);
	return false;
}

static bool take_logged(struct invocation *in, unsigned place, const char *word)
{
	if (!partition_find(word))
		in->grave = graves_find(word);
	return in->grave || take_partition(in, place, word);
}

static bool take_command(struct invocation *in, unsigned place, const char *word)
{
	const char *words[] = {word, NULL};
	unsigned used;

	if (place > 0)
		return take_second_word(in, word);
	in->about = command_find(words, 1, &used);
	/* One word of a name of two is as good. */
	if (!in->about)
		in->about = command_find_group(word);
	return in->about || unknown_command(word);
}

static bool take_number(struct invocation *in, unsigned place, const char *word)
{
	if (number_parse(word, &in->number[place]))
		return true;
	return usage_error(in->command, word, "is no number below 2^64");
}

static bool take_seconds(struct invocation *in, unsigned place, const char *word)
{
	if (number_parse_seconds(word, &in->number[place]))
		return true;
	return usage_error(in->command, word, "is no time as in 30, 30s, 5m or 2h");
}

static bool take_text(struct invocation *in, unsigned place, const char *word)
{
	(void)in, (void)place, (void)word;
	return true;
}

static bool take_regex(struct invocation *in, unsigned place, const char *word)
{
	size_t length = strlen(word);

	(void)place;
	if (length < 2 || word[0] != '/' || word[length - 1] != '/')
		return usage_error(in->command, word, "does not stand between two /");
	in->raw = word + 1;
	in->raw_length = length - 2;
	return true;
}

static bool take_choice(struct invocation *in, unsigned place, const char *word)
{
	char choice[NAME_SIZE];

	for (unsigned i = 0; command_choice(in->command->args[place].name, i, choice); i++) {
		if (!strcmp(choice, word)) {
			in->number[place] = i;
			return true;
		}
	}
	return usage_error(in->command, word, "is none of the words that it takes");
}

static bool (*const takers[])(struct invocation *, unsigned, const char *) = {
	[ARG_NEW_NAME] = take_new_name, [ARG_PARTITION] = take_partition,
	[ARG_LOGGED] = take_logged,	[ARG_COMMAND] = take_command,
	[ARG_NUMBER] = take_number,	[ARG_CPU] = take_number,
	[ARG_SECONDS] = take_seconds,	[ARG_TEXT] = take_text,
	[ARG_REGEX] = take_regex,	[ARG_CHOICE] = take_choice,
};

static bool take_value(struct invocation *in, const struct command_key *key, const char *value)
{
	unsigned index = (unsigned)(key - in->command->keys->keys);

	for (unsigned i = 0; i < in->value_count; i++) {
		if (in->values[i].key == index && key->use != KEY_REPEATS) {
			rule_error(RULE_KEYS, "%s= is given twice", key->name);
			return false;
		}
	}
	if (in->value_count == COMMAND_KEYS) {
		rule_error(RULE_KEYS, "there are more than %d keys", COMMAND_KEYS);
		return false;
	}
	in->values[in->value_count++] = (struct command_key_value){index, value};
	return true;
}

static bool take_key(struct invocation *in, const char *word, size_t length)
{
	const struct command_key *key = command_find_key(in->command, word, length);

	return key ? take_value(in, key, word + length + 1) : unknown_key(in->command, word, length);
}

/* A flag, or a key with its value, which is the next word if there is no = in this one. */
static bool take_option(struct invocation *in, const struct words *words, unsigned *index)
{
	const char *word = words->word[*index], *equals = strchr(word, '=');
	const struct command_key *key = command_find_option(in->command, word);
	const struct command_flag_text *flag;

	if (key && equals)
		return take_value(in, key, equals + 1);
	if (key && *index + 1 == words->count)
		return usage_error(in->command, word, "needs a value");
	if (key)
		return take_value(in, key, words->word[++*index]);
	flag = command_find_flag(in->command, word);
	if (!flag)
		return unknown_option(in->command, word);
	in->flags |= flag->flag;
	return true;
}

static bool take_positional(struct invocation *in, const char *word)
{
	const struct arg *arg;

	if (in->args == COMMAND_ARGS || in->command->args[in->args].kind == ARG_NONE)
		return usage_error(in->command, word, "is one word too many");
	arg = &in->command->args[in->args];
	if (in->args > 0)
		return takers[arg->kind](in, in->args++, word);
	if (arg->kind <= ARG_COMMAND)
		text_set_context(in->line, in->command->name, word);
	return takers[arg->kind](in, in->args++, word);
}

/* help logs --tail */
static bool is_about_option(const struct invocation *in, const char *word)
{
	return in->args == 1 && in->command->args[1].kind == ARG_COMMAND && strcmp(word, "--help");
}

/* The word at *index, and the next if it belongs to that. A text may look like anything. */
static bool take_word(struct invocation *in, const struct words *words, unsigned *index)
{
	const char *word = words->word[*index];
	const char *equals = strchr(word, '=');

	if (in->args < COMMAND_ARGS && in->command->args[in->args].kind == ARG_TEXT) {
		in->raw = words->raw[*index];
		in->raw_length = words->raw_length[*index];
		return take_positional(in, word);
	}
	if (word[0] == '-' && !is_about_option(in, word))
		return take_option(in, words, index);
	if (equals && in->command->keys)
		return take_key(in, word, (size_t)(equals - word));
	return take_positional(in, word);
}

static bool parse(struct invocation *in, const struct words *words, unsigned first)
{
	for (unsigned i = first; i < words->count; i++) {
		if (!take_word(in, words, &i))
			return false;
	}
	if (in->flags & FLAG_HELP)
		return true;
	if (in->args < COMMAND_ARGS) {
		const struct arg *missing = &in->command->args[in->args];

		if (missing->kind != ARG_NONE && !missing->optional)
			return usage_error(in->command, missing->name, "is missing");
	}
	return in->partition ? check_state(in) : true;
}

static bool takes_text(const struct command *command)
{
	for (unsigned i = 0; command && i < COMMAND_ARGS; i++) {
		if (command->args[i].kind == ARG_TEXT || command->args[i].kind == ARG_LINE)
			return true;
	}
	return false;
}

/*
 * At the end of a command, or right behind it, also behind the first of two words: where no name can stand,
 * and no text yet.
 */
static bool asks_for_help(const struct command *command, const struct words *words, unsigned index)
{
	unsigned last = words->count - 1;

	if (!takes_text(command))
		index = MAX(index, strcmp(words->word[last], "?") ? index : last);
	return index < words->count &&
	       (!strcmp(words->word[index], "?") || !strcmp(words->word[index], "--help"));
}

static void run_help(const char *name, unsigned line)
{
	char text[NAME_SIZE + 8];

	command_run(text, format(text, sizeof(text), "help %s", name), line);
}

static void invoke(const struct invocation *in)
{
	if (in->flags & FLAG_JSON)
		notation_begin_json();
	if (in->command->edit_handler && edit_candidate())
		in->command->edit_handler(in);
	else
		in->command->handler(in);
}

static void move_word(struct words *words, unsigned from, unsigned to)
{
	const char *word = words->word[from], *raw = words->raw[from];
	size_t length = words->raw_length[from];

	for (; from > to; from--) {
		words->word[from] = words->word[from - 1];
		words->raw[from] = words->raw[from - 1];
		words->raw_length[from] = words->raw_length[from - 1];
	}
	words->word[to] = word;
	words->raw[to] = raw;
	words->raw_length[to] = length;
}

/* `console -r all` is `console all -r`: options may stand anywhere behind the first word. */
static void join_name(struct words *words, unsigned first)
{
	unsigned second = first + 1, used;
	const char *name[2];

	while (second < words->count && words->word[second][0] == '-')
		second++;
	if (second == first + 1 || second >= words->count)
		return;
	name[0] = words->word[first];
	name[1] = words->word[second];
	command_find(name, 2, &used);
	if (used == 2)
		move_word(words, second, first + 1);
}

static bool no_such(const struct words *words, unsigned first, unsigned line)
{
	const struct command *group = command_find_group(words->word[first]);

	text_set_context(line, words->word[first], "");
	return group ? unknown_second_word(group) : unknown_command(words->word[first]);
}

/* The command that stands at words[first]; before it those that take one, as in `time list`. */
static void run_words(struct words *words, unsigned first, unsigned line)
{
	static struct invocation in;
	unsigned used;

	memset(&in, 0, sizeof(in));
	in.line = line;
	join_name(words, first);
	in.command = command_find(words->word + first, words->count - first, &used);
	if (asks_for_help(in.command, words, first + MAX(used, 1u))) {
		run_help(in.command ? in.command->name : words->word[first], line);
		return;
	}
	if (!in.command) {
		no_such(words, first, line);
		return;
	}
	text_set_context(line, in.command->name, "");
	first += used;
	if (in.command->args[0].kind == ARG_LINE && first < words->count) {
		in.command->handler(&in);
		text_set_context(line, "", "");
		run_words(words, first, line);
	} else if (parse(&in, words, first)) {
		if (in.flags & FLAG_HELP)
			run_help(in.command->name, line);
		else
			invoke(&in);
	}
}

void command_run(const char *text, size_t length, unsigned line)
{
	static struct words words;
	enum words_error error;

	text_set_context(line, "", "");
	error = words_split(&words, text, length);
	if (error != WORDS_OK)
		text_fail(CODE_LINE, "%s", words_error_text(error));
	else if (words.count > 0)
		run_words(&words, 0, line);
}
