/* SPDX-License-Identifier: BSD-2-Clause */
/* Each refusal names what might have been meant, or what there is. */
#include "console/unknown.h"

#include "console/config.h"
#include "console/edit.h"
#include "console/rules.h"
#include "console/similar.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

bool unknown_partition(const char *word)
{
	struct similar similar = similar_to(word);
	struct partition *partition = NULL;
	char hint[SIMILAR_HINT];

	if (edit_candidate() && config_find(edit_candidate(), word)) {
		text_fail(CODE_NAME, "it is in the candidate alone; commit makes it");
		return false;
	}
	while ((partition = partition_next(partition)))
		similar_offer(&similar, partition->name);
	text_fail(CODE_NAME, "there is no partition of that name%s", similar_hint(&similar, hint));
	return false;
}

bool unknown_command(const char *word)
{
	struct similar similar = similar_to(word);
	char hint[SIMILAR_HINT], first[NAME_SIZE];

	for (unsigned i = 0; i < command_count; i++) {
		command_first_word(&commands[i], first);
		similar_offer(&similar, first);
	}
	for (unsigned i = 0; i < command_alias_count; i++)
		similar_offer(&similar, command_aliases[i].name);
	text_fail(CODE_USAGE, "there is no such command%s; help lists them",
		  similar_hint(&similar, hint));
	return false;
}

bool unknown_second_word(const struct command *group)
{
	char first[NAME_SIZE], word[NAME_SIZE], known[160];
	size_t used = 0;

	command_first_word(group, first);
	for (; group < commands + command_count; group++) {
		command_first_word(group, word);
		if (!strcmp(first, word))
			used += format(known + used, sizeof(known) - used, "%s%s", used ? ", " : "",
				       group->name + strlen(first) + 1);
	}
	text_fail(CODE_USAGE, "must go on with one of %s", known);
	return false;
}

bool unknown_option(const struct command *command, const char *word)
{
	char known[160] = "";
	size_t used = 0;

	for (unsigned i = 0; i < command_flag_count; i++) {
		if ((command->flags | FLAGS_COMMON) & command_flags[i].flag)
			used += format(known + used, sizeof(known) - used, "%s %s", used ? "," : "",
				       command_flags[i].name);
	}
	for (unsigned i = 0; command->keys && i < command->keys->count; i++) {
		if (command->keys->keys[i].use == KEY_OPTION)
			used += format(known + used, sizeof(known) - used, "%s --%s",
				       used ? "," : "", command->keys->keys[i].name);
	}
	text_fail(CODE_USAGE, "%.40s is no option of this command; its options:%s%s", word, known,
		  command_has_plain_keys(command) ? "; keys are written KEY=VALUE" : "");
	return false;
}

bool unknown_key(const struct command *command, const char *word, size_t length)
{
	const struct command_keys *keys = command->keys;
	char known[240];
	char name[24];
	size_t used = 0;

	str_copy(name, MIN(length + 1, sizeof(name)), word);
	for (unsigned i = 0; i < keys->count; i++)
		used += format(known + used, sizeof(known) - used, "%s %s=", used ? "," : "",
			       keys->keys[i].name);
	rule_error(RULE_KEYS, "%s= is no key of this command; its keys:%s", name, known);
	return false;
}
