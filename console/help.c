/* SPDX-License-Identifier: BSD-2-Clause */
/* help: nothing is written here that does not come from the table. */
#include "console/handlers.h"

#include "console/screen.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

enum { ALIASES = 200 };

static enum table_answer fill_command(struct table_row *row, unsigned index)
{
	if (index == command_count)
		return TABLE_END;
	str_copy(row->cell[0], TABLE_CELL, commands[index].name);
	str_copy(row->cell[1], TABLE_CELL, commands[index].help);
	return TABLE_ROW;
}

static void show_aliases(void)
{
	char line[ALIASES];
	size_t used = 0;

	for (unsigned i = 0; i < command_alias_count; i++)
		used += format(line + used, sizeof(line) - used, "%s%s = %s", i ? ", " : "",
			       command_aliases[i].name, command_aliases[i].command);
	text_wrap("Other words: ", sizeof("Other words: ") - 1, line);
}

static void show_all(void)
{
	static const struct table table = {.columns = 2, .titles = {"COMMAND", "WHAT IT DOES"}};

	text_table(&table, fill_command);
	show_aliases();
	text_print("help COMMAND and COMMAND ? tell more. TAB completes, arrows recall, Ctrl-C");
	text_print("interrupts.");
}

/* A long one stands on a line of its own. */
static void show_option(const char *option, const char *help)
{
	enum { COLUMN = 18 };
	char head[COMMAND_KEY + 2];

	format(head, sizeof(head), "  %s", option);
	if (strlen(head) >= COLUMN) {
		text_print("%s", head);
		head[0] = '\0';
	}
	text_wrap(head, COLUMN, help);
}

static void show_key(const struct command_key *key)
{
	char text[COMMAND_KEY];

	command_key_text(key, text);
	show_option(text, key->help);
}

static void show_one(const struct command *command)
{
	char usage[COMMAND_USAGE];

	command_usage(command, usage);
	text_print("%s", usage);
	text_print("  %s", command->help);
	if (command->detail)
		text_print_lines(command->detail, strlen(command->detail), 2);
	for (unsigned i = 0; i < command_flag_count; i++) {
		if (command->flags & command_flags[i].flag)
			show_option(command_flags[i].name, command_flags[i].help);
	}
	for (unsigned i = 0; command->keys && i < command->keys->count; i++)
		show_key(&command->keys->keys[i]);
}

/* The rows that share the first word: `help debug` is about all of them. */
static bool same_word(const char *a, const char *b)
{
	while (*a && *a == *b && *a != ' ') {
		a++;
		b++;
	}
	return (*a == '\0' || *a == ' ') && (*b == '\0' || *b == ' ');
}

void help_show(const struct invocation *in)
{
	if (!in->about) {
		show_all();
		return;
	}
	if (in->about_key) {
		show_key(in->about_key);
		return;
	}
	if (in->about_flag) {
		show_option(in->about_flag->name, in->about_flag->help);
		return;
	}
	if (in->args == 2) {
		show_one(in->about);
		return;
	}
	for (unsigned i = 0; i < command_count; i++) {
		if (same_word(commands[i].name, in->about->name))
			show_one(&commands[i]);
	}
}
