/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command language. One table says what there is; the parser's checks, help, completion and the
 * manual's list all come from it.
 */
#pragma once

#include "console/partition.h"
#include "console/words.h"

/* Those up to ARG_COMMAND name what the command is about: errors say it. */
enum arg_kind {
	ARG_NONE,
	ARG_NEW_NAME,  /* a name that a partition may get */
	ARG_PARTITION, /* the name of one that exists */
	ARG_LOGGED,    /* the same, or of one whose output is kept though it was destroyed */
	ARG_COMMAND,   /* the name of a command */
	ARG_NUMBER,
	ARG_CPU,     /* a number, of a CPU */
	ARG_SECONDS, /* 30, 30s, 5m or 2h */
	ARG_TEXT,    /* as it was typed: the handler decodes it */
	ARG_REGEX,   /* /regex/ */
	ARG_CHOICE, /* one of the words of its name, which | parts; its place there is the number */
	ARG_LINE,   /* a command with all that belongs to it; the handler runs before it does */
};

enum { COMMAND_ARGS = 3, COMMAND_KEYS = 24 };

struct arg {
	enum arg_kind kind;
	const char *name; /* as the usage shows it */
	bool optional;	  /* then all that follow are, too */
};

enum key_kind {
	KEY_COUNT,
	KEY_CPUS,
	KEY_SIZE,
	KEY_IMAGE,
	KEY_TEXT,
	KEY_SECONDS,
	KEY_CHOICE, /* one of the words of its value, which | parts */
	KEY_PARTITION
};

enum key_use {
	KEY_ONCE,
	KEY_REPEATS,
	KEY_OPTION, /* once, and shown as the option that it can be, too: --key value, --key=value */
};

/* key=value */
struct command_key {
	const char *name;
	const char *value; /* as the usage shows it */
	enum key_kind kind;
	enum key_use use;
	const char *help;
};

struct command_keys {
	unsigned count;
	const struct command_key *keys;
};

enum command_flag {
	FLAG_YES = 1 << 0,
	FLAG_FORCE = 1 << 1,
	FLAG_READ = 1 << 2,
	FLAG_LAST = 1 << 3,
	FLAG_FOLLOW = 1 << 4,
	FLAG_ALL = 1 << 5,
	FLAG_HELP = 1 << 6,
	FLAG_ONCE = 1 << 8,
	FLAG_JSON = 1 << 15, /* the output is one line of JSON: the printing layer's doing */

	FLAGS_COMMON = FLAG_HELP, /* every command takes them */
};

#define STATES(state) (1u << (state))

struct command_key_value {
	unsigned key; /* index into the command's keys */
	const char *value;
};

/* A command line that passed all checks that the table can make. */
struct invocation {
	const struct command *command;
	unsigned line;		     /* of the script, 0: typed */
	const char *subject;	     /* ARG_PARTITION of the candidate (edit.h) */
	struct partition *partition; /* ARG_PARTITION, ARG_LOGGED */
	const struct grave *grave;   /* ARG_LOGGED, if there is no such partition any more */
	const char *name;	     /* ARG_NEW_NAME */
	const struct command *about; /* ARG_COMMAND, */
	const struct command_key *about_key;	    /* or this key of it, */
	const struct command_flag_text *about_flag; /* or this option */
	uint64_t number[COMMAND_ARGS]; /* ARG_NUMBER, ARG_CPU, ARG_SECONDS, by the argument's place */
	const char *raw; /* ARG_TEXT as it was typed, with quotes and \; ARG_REGEX without its / */
	size_t raw_length;
	unsigned args;	/* how many were given */
	uint32_t flags; /* enum command_flag */
	unsigned value_count;
	struct command_key_value values[COMMAND_KEYS];
};

struct command {
	const char *name;   /* may be two words */
	const char *help;   /* one line, at most 58 characters */
	const char *detail; /* lines, or NULL */
	struct arg args[COMMAND_ARGS];
	const struct command_keys *keys;
	uint32_t flags;	 /* enum command_flag that it takes */
	uint32_t states; /* STATES() of the partition that allow it (enum shown_state), 0: every */
	void (*handler)(const struct invocation *invocation);
	/* Instead, with a candidate open: ARG_PARTITION is its subject then. NULL: the handler. */
	void (*edit_handler)(const struct invocation *invocation);
};

extern const struct command commands[];
extern const unsigned command_count;

/* A flag's text, for each bit of enum command_flag; NULL past the last. */
struct command_flag_text {
	uint32_t flag;
	const char *name;
	const char *help;
};
extern const struct command_flag_text command_flags[];
extern const unsigned command_flag_count;

/* Another word for a command of one word, as Docker, virsh or xl have it. */
struct command_alias {
	const char *name;
	const char *command;
};
extern const struct command_alias command_aliases[];
extern const unsigned command_alias_count;

/* Executes one command; errors are printed. line: of the script, or 0. */
void command_run(const char *text, size_t length, unsigned line);

/*
 * The command whose name, or another word for it, the words begin with, the longest one; *used is the
 * number of its words.
 */
const struct command *command_find(const char *const *words, unsigned count, unsigned *used);

/* The first of the rows of that word and another one, which stand together; NULL: there are none. */
const struct command *command_find_group(const char *word);

/* A key as help and the manual show it: "memory=SIZE", "--since TIME". */
enum { COMMAND_KEY = 64 };
void command_key_text(const struct command_key *key, char to[COMMAND_KEY]);

/* The key of that name, or NULL. */
const struct command_key *command_find_key(const struct command *command, const char *name,
					   size_t length);

/* It has keys that are written KEY=VALUE alone. */
bool command_has_plain_keys(const struct command *command);

/* The key that is written as this option, --key or --key=value, or NULL. */
const struct command_key *command_find_option(const struct command *command, const char *word);

/* A flag of that text which the command takes, or NULL. */
const struct command_flag_text *command_find_flag(const struct command *command, const char *word);

/* The index-th word of a|b|c. False past the last. */
bool command_choice(const char *choices, unsigned index, char to[NAME_SIZE]);

/* "stop NAME [--force] [--timeout SECONDS]" */
enum { COMMAND_USAGE = 160 };
void command_usage(const struct command *command, char to[COMMAND_USAGE]);

/* "policy" of "policy cpuid". */
void command_first_word(const struct command *command, char to[NAME_SIZE]);

/* True for a name that a partition may get: 1 to 31 of a-z 0-9 _ -, not beginning with -, and not all. */
bool command_name_is_valid(const char *name);
