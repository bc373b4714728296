/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries stand one behind the other, each as long as its text, in memory that doubles when it is full. */
#include "console/config.h"

#include "console/call.h"
#include "console/command.h"
#include "console/create.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

enum { ENTRY_ALIGN = 8, HEADER = offsetof(struct config_entry, definition.text) };

static size_t entry_size(const struct definition *definition)
{
	return ALIGN_UP(HEADER + definition->size, ENTRY_ALIGN);
}

static bool make(struct config *config, uint64_t pages)
{
	int64_t address = call_mem_map(pages);

	if (address <= 0) {
		text_fail(CODE_MEMORY, "no memory for the configuration: %lu KiB are needed",
			  pages * 4);
		return false;
	}
	*config = (struct config){.data = (uint8_t *)(uintptr_t)address, .pages = pages};
	return true;
}

void config_free(struct config *config)
{
	if (config->data)
		call_mem_unmap(call_address(config->data), config->pages);
	*config = (struct config){0};
}

bool config_copy(struct config *to, const struct config *from)
{
	if (!make(to, from->pages))
		return false;
	memcpy(to->data, from->data, from->used);
	to->used = from->used;
	return true;
}

static bool grow(struct config *config)
{
	struct config larger;

	if (!make(&larger, 2 * config->pages))
		return false;
	memcpy(larger.data, config->data, config->used);
	larger.used = config->used;
	config_free(config);
	*config = larger;
	return true;
}

struct config_entry *config_next(const struct config *config, const struct config_entry *entry)
{
	size_t at = 0;

	if (entry)
		at = (size_t)((const uint8_t *)entry - config->data) +
		     entry_size(&entry->definition);
	return at < config->used ? (struct config_entry *)(void *)(config->data + at) : NULL;
}

static bool is_placed(const struct config_entry *entry)
{
	return definition_get(&entry->definition, KEY_IS_ON) != NULL;
}

struct config_entry *config_next_placed(const struct config *config,
					const struct config_entry *entry)
{
	bool placed = !entry || is_placed(entry);
	struct config_entry *next = config_next(config, entry);

	while (next && is_placed(next) != placed)
		next = config_next(config, next);
	if (next || !placed)
		return next;
	while ((next = config_next(config, next)) && is_placed(next))
		;
	return next;
}

struct config_entry *config_find(const struct config *config, const char *name)
{
	struct config_entry *entry = NULL;

	while ((entry = config_next(config, entry)) && strcmp(entry->name, name))
		;
	return entry;
}

struct config_entry *config_find_slot(const struct config *config, uint32_t slot)
{
	struct config_entry *entry = NULL;

	while ((entry = config_next(config, entry)) && entry->slot != slot)
		;
	return entry;
}

void config_find_again(struct config *config)
{
	struct config_entry *entry = NULL;

	while ((entry = config_next(config, entry))) {
		const struct partition *partition = entry->born ? partition_find_born(entry->born)
								: NULL;

		entry->slot = partition ? partition->slot : CONFIG_NO_SLOT;
	}
	while ((entry = config_next(config, entry))) {
		const struct partition *partition = partition_find(entry->name);

		if (entry->slot != CONFIG_NO_SLOT || !partition ||
		    config_find_slot(config, partition->slot))
			continue;
		entry->slot = partition->slot;
		entry->born = partition->born;
	}
}

bool config_is_same(const struct config *a, const struct config *b)
{
	const struct config_entry *entry = NULL;

	while ((entry = config_next(a, entry))) {
		const struct config_entry *other = config_find(b, entry->name);

		if (!other || other->slot != entry->slot || entry->slot == CONFIG_NO_SLOT ||
		    definition_compare(&entry->definition, &other->definition))
			return false;
	}
	return config_count(a) == config_count(b);
}

void config_third_name(const struct config *a, const struct config *b, char to[NAME_SIZE])
{
	unsigned number = 0;

	do
		format(to, NAME_SIZE, "third-%u", ++number);
	while (partition_find(to) || config_find(a, to) || config_find(b, to));
}

unsigned config_count(const struct config *config)
{
	const struct config_entry *entry = NULL;
	unsigned count = 0;

	while ((entry = config_next(config, entry)))
		count++;
	return count;
}

void config_remove(struct config *config, struct config_entry *entry)
{
	size_t size = entry_size(&entry->definition);
	uint8_t *at = (uint8_t *)entry;

	config->used -= size;
	memmove(at, at + size, config->used - (size_t)(at - config->data));
}

struct config_entry *config_put(struct config *config, const char *name,
				const struct definition *definition)
{
	uint32_t slot = CONFIG_NO_SLOT;
	uint64_t born = 0;
	bool was_up = false;
	struct config_entry *entry;
	size_t size = entry_size(definition), place, tail;

	while (config->used + size > config->pages * PAGE_SIZE) {
		if (!grow(config))
			return NULL;
	}
	/* In the place of the old one: the order is the operator's. */
	entry = config_find(config, name);
	place = entry ? (size_t)((uint8_t *)entry - config->data) : config->used;
	if (entry) {
		slot = entry->slot;
		born = entry->born;
		was_up = entry->was_up;
		config_remove(config, entry);
	}
	tail = config->used - place;
	memmove(config->data + place + size, config->data + place, tail);
	memset(config->data + place, 0, size);
	entry = (struct config_entry *)(void *)(config->data + place);
	entry->slot = slot;
	entry->born = born;
	entry->was_up = was_up;
	str_copy(entry->name, NAME_SIZE, name);
	definition_copy(&entry->definition, definition);
	config->used += size;
	return entry;
}

bool config_rename(struct config *config, const char *name, const char *to)
{
	static struct definition definition;
	const struct command_key_value after = {KEY_IS_AFTER, to};
	struct config_entry *entry = NULL;
	char waiting[NAME_SIZE];

	while ((entry = config_next(config, entry))) {
		const char *target = definition_get(&entry->definition, KEY_IS_AFTER);

		if (!target || strcmp(target, name))
			continue;
		str_copy(waiting, sizeof(waiting), entry->name);
		if (!definition_merge(&definition, &entry->definition, &after, 1))
			return false;
		entry = config_put(config, waiting, &definition);
		if (!entry)
			return false;
	}
	entry = config_find(config, name);
	if (entry)
		str_copy(entry->name, NAME_SIZE, to);
	return true;
}

bool config_take(struct config *config)
{
	struct partition *partition = NULL;

	if (!make(config, 1))
		return false;
	while ((partition = partition_next(partition))) {
		struct config_entry *entry = config_put(config, partition->name,
							&partition->definition);

		if (!entry) {
			config_free(config);
			return false;
		}
		entry->slot = partition->slot;
		entry->born = partition->born;
		entry->was_up = partition_is_to_run(partition);
	}
	return true;
}
