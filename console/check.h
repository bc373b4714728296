/* SPDX-License-Identifier: BSD-2-Clause */
/* The one validator of configurations: all that is wrong with one is told, by its rule (rules.h). */
#pragma once

#include "console/config.h"

/*
 * Prints each error, as of this command and the partition it is about. Returns how many there are. only: the
 * name of the one that differs from what runs, for a command that is about no other; NULL: all.
 */
unsigned check_config(const struct config *config, const char *only, const char *command,
		      unsigned line);

/* The same of each after= that names nobody. Nothing is refused for that: a file may be in any order. */
unsigned check_references(const struct config *config, const char *command, unsigned line);

/* Before one goes: tells who has it in its after=, of a configuration or (NULL) of what runs. */
void check_tell_waiting(const struct config *config, const char *name);

/*
 * After a change: tells of an after= that names nobody, in a configuration or (NULL) among what runs. It is
 * no error, but may be a slip.
 */
void check_tell_nobody(const struct config *config, const char *name, const char *after);

/* after= of a new partition, as far as the others are known; false after an error was printed. */
bool must_check check_order(const struct config *config, const char *name, const char *after);
