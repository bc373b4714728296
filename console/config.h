/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A configuration: partitions by name, with what each is made from. The running one is in the partitions'
 * records; these are the others: one being edited, one being applied, earlier ones. They stand in memory that
 * the console asks for when they are made.
 */
#pragma once

#include "console/partition.h"

#define CONFIG_NO_SLOT 0xffffffffu

struct config_entry {
	uint32_t slot; /* of the partition that it is about; CONFIG_NO_SLOT: one that is to be made */
	char name[NAME_SIZE];
	struct definition definition; /* the last of it: text beyond its size is not there */
};

struct config {
	uint8_t *data; /* NULL: it is not made */
	uint64_t pages;
	size_t used; /* bytes of data */
};

/* What is running now. False, and nothing made, if there is no memory (an error was printed). */
bool must_check config_take(struct config *config);

/* A second one like it. False as above. */
bool must_check config_copy(struct config *to, const struct config *from);

/* Gives the memory back; harmless if there is none. */
void config_free(struct config *config);

/* Visit all: config_next(config, NULL) is the first, NULL ends. */
struct config_entry *config_next(const struct config *config, const struct config_entry *entry);
struct config_entry *config_find(const struct config *config, const char *name);
struct config_entry *config_find_slot(const struct config *config, uint32_t slot);

/* Of a configuration of earlier: its partitions are those that have their names now, or to be made. */
void config_find_again(struct config *config);

unsigned config_count(const struct config *config);

/* Puts an entry in or in the place of the one of its name. Entries move. False as above: nothing changed. */
bool must_check config_put(struct config *config, const char *name, uint32_t slot,
			   const struct definition *definition);
void config_remove(struct config *config, struct config_entry *entry);
