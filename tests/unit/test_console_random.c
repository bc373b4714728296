/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS K01: random bytes, and lines made from the table of commands, through the whole console under the
 * sanitizers. However a line was spoilt, it has one answer. FREEHOLD_LONG=1: 10^8 bytes, 10^6 lines.
 */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/calls.h"
#include "abi/errors.h"
#include "console/command.h"
#include "console/history.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/random.h"

enum { BLOCK = 4096 };

static unsigned long rounds(unsigned long usual, unsigned long more)
{
	return getenv("FREEHOLD_LONG") ? more : usual;
}

static void make_machine(void)
{
	fake_boot_with_web();
	fake_command("start web");
}

/* All byte values alike; or mostly what terminals send, so that lines are completed and run. */
static uint8_t random_byte(bool tame)
{
	static const char
		usual[] = "  \r\r\t=\"\\#--0123456789abcdefghijklmnopqrstuvwxyz_\x7f\x08\x15\x1b[A";

	return tame && pick(16) ? (uint8_t)usual[pick(sizeof(usual) - 1)] : (uint8_t)pick(256);
}

/* The console is sane: a line end brings the prompt, and the next command is executed. */
static void expect_prompt(void)
{
	fake_command("\x1d");
	fake_command("\x1b\\\x03\r\rmode human\r");
	fake_command("pager off\r\rdiscard\r"); /* TAB may have made an edit of an e */
	fake_command("#");
	assert_string_equal(fake_output(), "#\r\nfreehold> ");
}

static void test_bytes(void **state)
{
	static uint8_t bytes[BLOCK];
	unsigned long blocks = rounds(4000000, 100000000) / BLOCK + 1;

	(void)state;
	random_start();
	make_machine();
	for (unsigned long i = 0; i < blocks; i++) {
		for (size_t j = 0; j < BLOCK; j++)
			bytes[j] = random_byte(i & 1);
		fake_clear();
		fake_type_bytes(bytes, BLOCK);
		fake_run();
		if (i % 64 == 0)
			expect_prompt();
	}
	expect_prompt();
	assert_int_equal(fake.power_calls, 0);
	assert_non_null(fake_find("web"));
}

/* A line in the making. */
static struct {
	size_t length;
	char text[LINE_SIZE];
} made;

static void add(const char *text)
{
	size_t length = strlen(text);

	if (made.length + length < sizeof(made.text)) {
		memcpy(made.text + made.length, text, length + 1);
		made.length += length;
	}
}

static const char *one_of(const char *const *texts, size_t count)
{
	return texts[pick((uint32_t)count)];
}

static void add_name(void)
{
	static const char *const names[] = {"web",  "web", "db",   "c", "\"web\"", "w\\eb",
					    "lost", "-x",  "\"\"", "A", "kernel",  "web#"};

	add(one_of(names, ARRAY_SIZE(names)));
}

static void add_number(void)
{
	static const char *const numbers[] = {"0",
					      "1",
					      "2",
					      "0x10",
					      "-1",
					      "01",
					      "64",
					      "18446744073709551615",
					      "18446744073709551616",
					      "1e3"};

	add(one_of(numbers, ARRAY_SIZE(numbers)));
}

static void add_value(const struct command_key *key)
{
	static const char *const values[][4] = {
		[KEY_COUNT] = {"1", "4", "65", "none"},
		[KEY_CPUS] = {"0", "2-3", "3-2", "1,1"},
		[KEY_SIZE] = {"1M", "64M", "4T", "1.5G"},
		[KEY_IMAGE] = {"kernel", "initrd", "\"tiny a b\"", "lost"},
		[KEY_TEXT] = {"\"a b\"", "\"a \\\" b\"", "", "linux"},
		[KEY_SECONDS] = {"0", "5", "3601", "soon"},
	};
	char choice[NAME_SIZE];

	if (key->use == KEY_OPTION && pick(2))
		add("--");
	add(key->name);
	add(key->use == KEY_OPTION && pick(2) ? " " : "=");
	if (key->kind == KEY_CHOICE && command_choice(key->value, pick(5), choice))
		add(choice);
	else if (key->kind < ARRAY_SIZE(values))
		add(one_of(values[key->kind], ARRAY_SIZE(values[0])));
	else
		add_name();
}

static void add_argument(const struct arg *arg)
{
	char choice[NAME_SIZE];

	if (arg->kind == ARG_NUMBER || arg->kind == ARG_CPU)
		add_number();
	else if (arg->kind == ARG_CHOICE && command_choice(arg->name, pick(3), choice))
		add(choice);
	else if (arg->kind == ARG_COMMAND || arg->kind == ARG_LINE)
		add(commands[pick(command_count)].name);
	else
		add_name();
}

/* Commands that leave the mode in which answers can be counted are for test_bytes. */
static bool is_fit(const struct command *command)
{
	return strcmp(command->name, "mode") && strcmp(command->name, "console");
}

static void add_command(void)
{
	const struct command *command = &commands[pick(command_count)];

	add(!is_fit(command)		? command_aliases[pick(command_alias_count)].name
	    : pick(8) || !command->keys ? command->name
					: "create");
	for (unsigned i = 0; i < COMMAND_ARGS && command->args[i].kind; i++) {
		if (pick(8)) {
			add(" ");
			add_argument(&command->args[i]);
		}
	}
	for (unsigned i = 0; command->keys && i < command->keys->count; i++) {
		if (pick(3) == 0) {
			add(" ");
			add_value(&command->keys->keys[pick(command->keys->count)]);
		}
	}
	for (unsigned i = 0; i < command_flag_count; i++) {
		if (command->flags & command_flags[i].flag ? pick(2) : pick(64) == 0) {
			add(" ");
			add(command_flags[i].name);
		}
	}
}

/* Bytes are changed and taken out; none becomes an end of line, or the answers could not be counted. */
static void spoil(void)
{
	for (unsigned i = pick(4); i > 0 && made.length > 1; i--) {
		size_t at = pick((uint32_t)made.length);
		uint8_t byte = random_byte(pick(2));

		if (pick(3) == 0) {
			memmove(made.text + at, made.text + at + 1, made.length - at);
			made.length--;
		} else if (byte >= ' ') {
			made.text[at] = (char)byte;
		}
	}
}

static bool is_last(const char *line, size_t length)
{
	return (length == 2 && !strncmp(line, "ok", 2)) || !strncmp(line, "error E", 7);
}

static unsigned count_answers(const char *output)
{
	unsigned count = 0;

	while (*output) {
		size_t length = strcspn(output, "\r");

		count += is_last(output, length);
		output += length;
		output += strspn(output, "\r\n");
	}
	return count;
}

static void test_lines(void **state)
{
	unsigned long lines = rounds(40000, 1000000);

	(void)state;
	random_start();
	make_machine();
	fake.stand_still = true; /* top and trace would never come to rest */
	fake_command("mode script");
	for (unsigned long i = 0; i < lines; i++) {
		if (i % 32 == 0)
			fake_command("run web memory=64M kernel=kernel");
		made.length = 0;
		made.text[0] = '\0';
		add_command();
		if (pick(3) == 0)
			spoil();
		/* A \ at the end would make the next line part of it. */
		add(pick(4) ? " #" : " # a comment \\\\");
		fake.again[CALL_PART_CREATE + pick(5)] = pick(3);
		fake_command(made.text);
		/* What goes on until somebody says so: a console that is read, and what is followed. */
		if (count_answers(fake_output()) == 0) {
			fake_type("\x1d");
			fake_run();
		}
		if (count_answers(fake_output()) == 0) {
			fake_type("\x03");
			fake_run();
		}
		if (count_answers(fake_output()) != 1)
			fail_msg("%lu: %s\nhas not one answer: %s", i, made.text, fake_output());
	}
	fake_command("mode human");
	expect_prompt();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
