/* SPDX-License-Identifier: BSD-2-Clause */
/* First all that leaves is taken out of the view, then what is to be made is put in, one by one. */
#include "console/check.h"

#include "console/apply.h"
#include "console/create.h"
#include "console/handlers.h"
#include "console/rules.h"
#include "console/text.h"
#include "console/view.h"
#include "lib/format.h"
#include "lib/string.h"

/* Of a configuration, while it is applied. */
enum { COPIES = 3 };

/* Used by one check at a time; the view keeps copies. */
static struct create create;
static struct definition definition;

static const char *after_of(const struct config *config, const char *name)
{
	const struct config_entry *entry = config_find(config, name);

	return entry ? definition_get(&entry->definition, KEY_IS_AFTER) : NULL;
}

enum { CIRCLE = 160 };

/* The names of the circle that leads from `after` back to `name`; false: none does. */
static bool find_circle(const struct config *config, const char *name, const char *after,
			char names[CIRCLE])
{
	const char *next = after;
	size_t used = format(names, CIRCLE, "%s", name);

	for (unsigned steps = 0; next && steps <= MAX_PARTITIONS; steps++) {
		used += format(names + used, CIRCLE - used, " after %s", next);
		if (!strcmp(next, name))
			return true;
		next = after_of(config, next);
	}
	return false;
}

bool check_order(const struct config *config, const char *name, const char *after)
{
	char names[CIRCLE];

	if (!find_circle(config, name, after, names))
		return true;
	if (strcmp(after, name))
		rule_error(RULE_ORDER, "after=%s: that is a circle: %s", after, names);
	else
		rule_error(RULE_ORDER, "after=%s: that is itself", after);
	return false;
}

/* One of its circle stands before it, and has told of that. */
static bool is_told(const struct config *config, const struct config_entry *entry)
{
	const struct config_entry *at = entry;
	bool before = false;

	for (unsigned steps = 0; at && steps <= MAX_PARTITIONS; steps++) {
		const char *after = after_of(config, at->name);

		at = after ? config_find(config, after) : NULL;
		if (at == entry)
			return before;
		before |= at && at < entry;
	}
	return false;
}

/* The keys in a set of bits. */
static void key_names(uint32_t bits, char *to, size_t size)
{
	size_t used = 0;

	to[0] = '\0';
	for (unsigned key = 0; key < KEY_TOTAL; key++) {
		if (bits & 1u << key)
			used += format(to + used, size - used, "%s%s=", used ? ", " : "",
				       create_keys.keys[key].name);
	}
}

static bool check_running(const struct partition *partition)
{
	uint32_t differ = definition_compare(&partition->definition, &definition) & ~KEYS_LIVE;
	uint32_t state = partition_state(partition);
	char names[160];

	if (!differ || !partition_is_up(state))
		return true;
	key_names(differ, names, sizeof(names));
	rule_error(RULE_RUNNING, "it is %s: %s cannot be changed before it is stopped",
		   partition_state_text(state), names);
	return false;
}

/* Its place is its own already; shares are of what it has. */
static bool check_staying(const struct partition *partition)
{
	static struct part_info info;

	if (!partition_query(partition, &info))
		return true;
	create.desc.vcpu_count = info.vcpu_count;
	return create_check_share(&create);
}

/* all: each entry is checked. */
static bool check_entry(const struct config *config, const struct config_entry *entry, bool all)
{
	const struct partition *partition = partition_at(entry->slot);

	definition_copy(&definition, &entry->definition);
	if (!create_parse(&create, entry->name, &definition))
		return false;
	if (partition && !check_running(partition))
		return false;
	if (partition && !apply_must_leave(partition, config)) {
		if (!check_staying(partition))
			return false;
	} else {
		create.has_ring = partition && create_takes_ring(&create, &partition->ring);
		if (!create_check_machine() || !create_check_images(&create) ||
		    !create_place(&create))
			return false;
		view_claim(&create);
	}
	return !create.policy.after[0] || (all && is_told(config, entry)) ||
	       check_order(config, entry->name, create.policy.after);
}

unsigned check_config(const struct config *config, const char *only, const char *command,
		      unsigned line)
{
	const struct config_entry *entry = NULL;
	struct partition *partition = NULL;
	unsigned errors = 0;

	view_reset();
	view_reserve(COPIES * config->pages * PAGE_SIZE);
	while ((partition = partition_next(partition))) {
		if (apply_must_leave(partition, config))
			view_leave(partition->slot);
	}
	while ((entry = config_next_placed(config, entry))) {
		if (only && strcmp(only, entry->name))
			continue;
		text_set_context(line, command, entry->name);
		errors += !check_entry(config, entry, !only);
	}
	view_reset();
	text_set_context(line, command, "");
	return errors;
}

unsigned check_references(const struct config *config, const char *command, unsigned line)
{
	const struct config_entry *entry = NULL;
	unsigned errors = 0;

	while ((entry = config_next(config, entry))) {
		const char *after = definition_get(&entry->definition, KEY_IS_AFTER);

		if (!after || config_find(config, after))
			continue;
		text_set_context(line, command, entry->name);
		rule_error(RULE_ORDER, "after=%s: there is no such partition", after);
		errors++;
	}
	text_set_context(line, command, "");
	return errors;
}

enum { WAITING = 120 };

static size_t add_waiting(char to[WAITING], size_t used, const char *who, const char *after,
			  const char *name)
{
	if (!after || strcmp(after, name))
		return used;
	return used + format(to + used, WAITING - used, "%s%s", used ? ", " : "", who);
}

void check_tell_waiting(const struct config *config, const char *name)
{
	const struct config_entry *entry = NULL;
	struct partition *partition = NULL;
	char names[WAITING];
	size_t used = 0;

	while (config && (entry = config_next(config, entry)))
		used = add_waiting(names, used, entry->name,
				   definition_get(&entry->definition, KEY_IS_AFTER), name);
	while (!config && (partition = partition_next(partition)))
		used = add_waiting(names, used, partition->name, partition->policy.after, name);
	if (used)
		text_print("%s: after=%s names nobody then", names, name);
}

void check_tell_nobody(const struct config *config, const char *name, const char *after)
{
	bool known = !after || !after[0] ||
		     (config ? config_find(config, after) != NULL : partition_find(after) != NULL);

	if (!known)
		text_print("%s: after=%s names nobody yet", name, after);
}
