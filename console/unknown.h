/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of a word that is none of those that can stand there. All print an error and answer false. */
#pragma once

#include "console/command.h"

bool unknown_partition(const char *word);
bool unknown_command(const char *word);

/* Behind the word of a group (command_find_group) stands none of those that can follow it. */
bool unknown_second_word(const struct command *group);

bool unknown_option(const struct command *command, const char *word);

/* word[0..length) is what stands before the =; the command has keys. */
bool unknown_key(const struct command *command, const char *word, size_t length);
