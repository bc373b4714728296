/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manual's list of commands is the table's. Run with --print, it prints the list for
 * docs/console.md.
 */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "console/answer.h"
#include "console/command.h"
#include "console/rules.h"
#include "tests/unit/fake_kernel.h"

static const char begin_mark[] = "<!-- commands: generated, begin -->\n";
static const char end_mark[] = "<!-- commands: generated, end -->\n";
static const char rules_begin[] = "<!-- rules: generated, begin -->\n";
static const char rules_end[] = "<!-- rules: generated, end -->\n";
static const char codes_begin[] = "<!-- codes: generated, begin -->\n";
static const char codes_end[] = "<!-- codes: generated, end -->\n";

enum { MANUAL = 64 * 1024 };

static char list[MANUAL];
static size_t list_size;

static void add(const char *text, ...) __attribute__((format(printf, 1, 2)));

static void add(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	list_size += (size_t)vsnprintf(list + list_size, sizeof(list) - list_size, text, args);
	va_end(args);
}

static void add_options(const struct command *command)
{
	for (unsigned i = 0; i < command_flag_count; i++) {
		if (command->flags & command_flags[i].flag)
			add("- `%s`: %s\n", command_flags[i].name, command_flags[i].help);
	}
	for (unsigned i = 0; command->keys && i < command->keys->count; i++) {
		char text[COMMAND_KEY];

		command_key_text(&command->keys->keys[i], text);
		add("- `%s`: %s\n", text, command->keys->keys[i].help);
	}
}

static void make_list(void)
{
	char usage[COMMAND_USAGE];

	list_size = 0;
	for (unsigned i = 0; i < command_count; i++) {
		command_usage(&commands[i], usage);
		add("\n### `%s`\n\n%c%s.\n", usage, toupper(commands[i].help[0]),
		    commands[i].help + 1);
		if (commands[i].detail)
			add("\n%s\n", commands[i].detail);
		if (commands[i].flags || commands[i].keys)
			add("\n");
		add_options(&commands[i]);
	}
	add("\n### Options of every command\n\n");
	for (unsigned i = 0; i < command_flag_count; i++) {
		if (command_flags[i].flag & FLAGS_COMMON)
			add("- `%s`: %s\n", command_flags[i].name, command_flags[i].help);
	}
	add("\n### Other words\n\n");
	for (unsigned i = 0; i < command_alias_count; i++)
		add("- `%s`: `%s`\n", command_aliases[i].name, command_aliases[i].command);
	add("\n");
}

static void make_codes(void)
{
	list_size = 0;
	add("| Code | What it says |\n|---|---|\n");
	for (unsigned i = 0; i < CODE_COUNT; i++)
		add("| `%s` | %s |\n", answer_codes[i].name, answer_codes[i].help);
}

static void make_rules(void)
{
	list_size = 0;
	for (unsigned rule = RULE_NAME; rule < RULE_END; rule++)
		add("%u. %s\n", rule, rule_text(rule));
}

/* What stands between the marks is the list. */
static void expect_list(const char *from, const char *to)
{
	static char manual[MANUAL];
	FILE *file = fopen("docs/console.md", "r");
	char *begin, *end;

	assert_non_null(file);
	manual[fread(manual, 1, sizeof(manual) - 1, file)] = '\0';
	fclose(file);
	begin = strstr(manual, from);
	end = strstr(manual, to);
	assert_non_null(begin);
	assert_non_null(end);
	*end = '\0';
	assert_string_equal(begin + strlen(from), list);
}

static void test_manual(void **state)
{
	(void)state;
	make_list();
	expect_list(begin_mark, end_mark);
	make_codes();
	expect_list(codes_begin, codes_end);
	make_rules();
	expect_list(rules_begin, rules_end);
}

static bool is_sorted_by_rules(const struct command *command)
{
	bool optional = false;

	for (unsigned i = 0; i < COMMAND_ARGS && command->args[i].kind; i++) {
		if (optional && !command->args[i].optional)
			return false;
		optional = command->args[i].optional;
	}
	return true;
}

/* What the rest of the console takes for granted of the table. */
static void test_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < command_count; i++) {
		const struct command *command = &commands[i];

		assert_true(strlen(command->help) <= 58);
		assert_true(strlen(command->name) < 24);
		assert_non_null(command->handler);
		assert_true(is_sorted_by_rules(command));
		assert_true(!command->keys || command->keys->count <= COMMAND_KEYS);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(commands[j].name, command->name);
		for (unsigned k = 0; command->keys && k < command->keys->count; k++)
			assert_true(18 + strlen(command->keys->keys[k].help) <= 80);
	}
}

/* Another word is none that a command has, and stands for one of a single word. */
static void test_aliases(void **state)
{
	(void)state;
	for (unsigned i = 0; i < command_alias_count; i++) {
		const char *words[] = {command_aliases[i].name, NULL};
		unsigned used = 0;
		const struct command *command = command_find(words, 1, &used);

		assert_int_equal(used, 1);
		assert_string_equal(command->name, command_aliases[i].command);
		for (unsigned j = 0; j < command_count; j++)
			assert_string_not_equal(commands[j].name, command_aliases[i].name);
	}
}

/* Every word of help fits the screen. */
static void test_help_width(void **state)
{
	char line[64];

	(void)state;
	fake_reset();
	fake_boot();
	for (unsigned i = 0; i <= command_count; i++) {
		const char *at;

		if (i < command_count)
			snprintf(line, sizeof(line), "help %.*s",
				 (int)strcspn(commands[i].name, " "), commands[i].name);
		else
			snprintf(line, sizeof(line), "help");
		at = fake_command(line);
		assert_null(strstr(at, "error: "));
		if (i < command_count)
			assert_non_null(strstr(at, commands[i].help));
		while (*at) {
			size_t width = strcspn(at, "\r\n");

			assert_true(width <= 80);
			at += width + strspn(at + width, "\r\n");
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_help_width),
	};

	if (argc == 2 && !strcmp(argv[1], "--print")) {
		make_list();
		fputs(begin_mark, stdout);
		fputs(list, stdout);
		fputs(end_mark, stdout);
		make_codes();
		fputs(codes_begin, stdout);
		fputs(list, stdout);
		fputs(codes_end, stdout);
		make_rules();
		fputs(rules_begin, stdout);
		fputs(list, stdout);
		fputs(rules_end, stdout);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
