/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands that change the configuration at once: create, set, rename. With a candidate open they change
 * that (edit.c). set and rename are a configuration that differs in one entry, checked and applied like any.
 */
#include "abi/errors.h"
#include "console/apply.h"
#include "console/check.h"
#include "console/create.h"
#include "console/handlers.h"
#include "console/number.h"
#include "console/rules.h"
#include "console/session.h"
#include "console/text.h"
#include "console/view.h"
#include "lib/copy.h"
#include "lib/string.h"

static struct {
	struct create create;
	struct definition definition;
	bool applied;
	char name[NAME_SIZE];
	char after[NAME_SIZE]; /* as it was given */
	const char *done_text;
} change;

/* Not in freehold.conf, whose next line may make that partition. */
static void remember_after(const struct invocation *in)
{
	const char *after = definition_given(in->values, in->value_count, KEY_IS_AFTER);

	change.after[0] = '\0';
	if (after && !in->line)
		str_copy(change.after, NAME_SIZE, after);
}

static void tell_created(uint32_t slot)
{
	static struct part_info info;
	const struct partition *partition = partition_at(slot);
	char size[NUMBER_TEXT];

	if (!partition || !partition_query(partition, &info))
		return;
	text_print("%s: created with %s and %u %s%s", info.name,
		   number_size_text(size, change.create.memory), info.vcpu_count,
		   info.flags & PART_DEDICATED ? "dedicated CPU" : "pool vCPU",
		   info.vcpu_count == 1 ? "" : "s");
}

static enum session_answer step_create(void)
{
	int64_t slot = create_step(&change.create, &change.definition, NULL);

	if (slot == ERR_AGAIN)
		return SESSION_AGAIN;
	if (slot >= 0) {
		tell_created((uint32_t)slot);
		check_tell_nobody(NULL, change.create.desc.name, change.after);
	} else {
		create_explain(&change.create, slot);
	}
	return SESSION_DONE;
}

static bool check_new_name(const char *name)
{
	struct partition *other = partition_find(name);
	char state[PARTITION_TEXT];

	if (!other)
		return true;
	partition_describe(other, state);
	text_fail(CODE_EXIST, "a partition of that name exists; it is %s [rule %u]", state,
		  RULE_NAME);
	return false;
}

static bool check_new_order(const char *name)
{
	struct config running;
	bool good;

	if (!change.create.policy.after[0])
		return true;
	if (!config_take(&running))
		return false;
	good = check_order(&running, name, change.create.policy.after);
	config_free(&running);
	return good;
}

void create_run(const struct invocation *in)
{
	view_reset();
	remember_after(in);
	if (apply_check_idle() && check_new_name(in->name) && create_check_machine() &&
	    definition_merge(&change.definition, NULL, in->values, in->value_count) &&
	    create_parse(&change.create, in->name, &change.definition) &&
	    create_check_images(&change.create) && create_place(&change.create) &&
	    check_new_order(in->name))
		session_continue(step_create, NULL);
}

static enum session_answer step_apply(void)
{
	char told[APPLY_TOLD];

	if (apply_is_busy())
		return SESSION_WAIT;
	apply_tell(told);
	if (change.applied) {
		text_print("%s: %s%s", change.name, change.done_text, told);
		check_tell_nobody(NULL, change.name, change.after);
	} else if (told[0]) {
		text_print("%s: all is as it was before%s", change.name, told);
	}
	return SESSION_DONE;
}

static bool interrupt_apply(void)
{
	apply_let_go();
	text_print("%s: it is changed in the background", change.name);
	return true;
}

static void applied(bool good)
{
	change.applied = good;
}

/* target: freed, whatever follows. name: there, of the partition that the command is about. */
static void begin(const struct invocation *in, struct config *target, const char *name,
		  const char *done_text)
{
	str_copy(change.name, sizeof(change.name), in->partition->name);
	change.done_text = done_text;
	if (check_config(target, name, in->command->name, in->line) == 0) {
		text_set_context(in->line, in->command->name, change.name);
		if (apply_begin(target, applied))
			session_continue(step_apply, interrupt_apply);
	}
	config_free(target);
}

void change_set(const struct invocation *in)
{
	struct config target;

	if (in->value_count == 0) {
		text_fail(CODE_USAGE, "KEY=VALUE is missing; help set names the keys");
		return;
	}
	if (!apply_check_idle() || !definition_merge(&change.definition, &in->partition->definition,
						     in->values, in->value_count))
		return;
	if (!config_take(&target))
		return;
	remember_after(in);
	if (config_put(&target, in->partition->name, &change.definition))
		begin(in, &target, in->partition->name, "changed");
	config_free(&target);
}

void change_rename(const struct invocation *in)
{
	struct config target;

	if (!strcmp(in->name, in->partition->name)) {
		text_fail(CODE_EXIST, "that is its name already");
		return;
	}
	if (!apply_check_idle() || !check_new_name(in->name) || !config_take(&target))
		return;
	remember_after(in);
	if (config_rename(&target, in->partition->name, in->name))
		begin(in, &target, in->name, "renamed");
	config_free(&target);
}
