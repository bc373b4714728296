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
	bool was_up;   /* its guest ran when the configuration was taken */
	uint64_t born; /* of struct partition, by which it is known again; 0: it never was one */
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

/*
 * The same in the order in which they are made: those that name their CPUs come first, so that who takes any
 * does not take one of these.
 */
struct config_entry *config_next_placed(const struct config *config,
					const struct config_entry *entry);

struct config_entry *config_find(const struct config *config, const char *name);
struct config_entry *config_find_slot(const struct config *config, uint32_t slot);

/*
 * Of an earlier configuration: finds its partitions, whatever they are called now. One that is there no more
 * is the one that has its name now, if that is none of the others, or is to be made.
 */
void config_find_again(struct config *config);

/* A name for a moment, which neither of them has, nor anybody who is there. */
void config_third_name(const struct config *a, const struct config *b, char to[NAME_SIZE]);

/* Names, partitions and definitions are the same. */
bool config_is_same(const struct config *a, const struct config *b);

unsigned config_count(const struct config *config);

/*
 * Puts a definition in the place of the one of that name, or as one that is to be made. Entries move.
 * NULL after an error was printed: nothing changed.
 */
struct config_entry *must_check config_put(struct config *config, const char *name,
					   const struct definition *definition);
void config_remove(struct config *config, struct config_entry *entry);

/* Who is started after it is told its new name. Entries move. False after an error, maybe half done. */
bool must_check config_rename(struct config *config, const char *name, const char *to);
