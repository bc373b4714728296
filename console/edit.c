/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was committed before is kept as it was then; its partitions are found again (config.h). The state
 * stands in a blob as well, since a time that was promised is kept when this program fails.
 */
#include "console/edit.h"

#include "abi/calls.h"
#include "console/answer.h"
#include "console/apply.h"
#include "console/attach.h"
#include "console/call.h"
#include "console/check.h"
#include "console/clock.h"
#include "console/create.h"
#include "console/export.h"
#include "console/handlers.h"
#include "console/notice.h"
#include "console/rules.h"
#include "console/session.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

enum { EARLIER = 8, CONFIRM_SECONDS = 60, CONFIRM_SECONDS_MAX = 3600, EDIT_MAGIC = 0x46484544 };

static struct edit {
	uint32_t magic;
	uint32_t earlier_count;
	struct config candidate;
	struct config earlier[EARLIER]; /* the latest first */
	struct config before;		/* while one is applied: the running one */
	uint64_t confirm_at;		/* host TSC; 0: nothing is to be confirmed */
	uint32_t confirm_seconds;	/* of the commit under way */
	bool changes;			/* it changes something */
	bool takes_back; /* earlier[0] is being applied, and goes out of the list then */
	bool waited_for; /* the operator waits for it */
} edit;

static struct definition definition;
static struct create create;

/* By slot: the running partitions that the operator was told would be destroyed, by their born; 0: none. */
static uint64_t victims[MAX_PARTITIONS];

static void save(void)
{
	edit.magic = EDIT_MAGIC;
	call_blob_set(BLOB_EDIT, &edit, sizeof(edit));
}

void edit_reset(void)
{
	memset(&edit, 0, sizeof(edit));
}

const struct config *edit_candidate(void)
{
	return edit.candidate.data ? &edit.candidate : NULL;
}

static void close_candidate(void)
{
	config_free(&edit.candidate);
	session_set_prompt(NULL);
	save();
}

static void open_prompt(void)
{
	session_set_prompt("freehold(edit)> ");
	save();
}

static bool needs_candidate(void)
{
	if (edit.candidate.data)
		return true;
	text_fail(CODE_STATE, "there is no candidate; edit opens one");
	return false;
}

void edit_open(const struct invocation *in)
{
	(void)in;
	if (edit.candidate.data) {
		text_fail(CODE_STATE, "a candidate is open already; commit or discard ends it");
		return;
	}
	if (!apply_check_idle() || !config_take(&edit.candidate))
		return;
	open_prompt();
	text_print("create, set, rename and destroy change the candidate until commit or discard");
}

void edit_discard(const struct invocation *in)
{
	(void)in;
	if (!needs_candidate() || !apply_check_idle())
		return;
	close_candidate();
	text_print("the candidate is discarded");
}

void edit_diff(const struct invocation *in)
{
	struct config running;

	(void)in;
	if (!needs_candidate() || !config_take(&running))
		return;
	if (export_difference(&running, &edit.candidate) == 0)
		text_print("# the candidate is what is running");
	config_free(&running);
}

void edit_check(const struct invocation *in)
{
	struct config running;
	const struct config *config = &edit.candidate;
	unsigned errors;

	if (!edit.candidate.data) {
		if (!config_take(&running))
			return;
		config = &running;
	}
	errors = check_config(config, NULL, "check", in->line) +
		 check_references(config, "check", in->line);
	if (errors == 0)
		text_print("no rule is broken by %s, %u partition%s",
			   edit.candidate.data ? "the candidate" : "what is running",
			   config_count(config), config_count(config) == 1 ? "" : "s");
	if (!edit.candidate.data)
		config_free(&running);
}

/*
 * The commands that change a configuration, with a candidate open. One that is being committed is closed at
 * the end of that: what was put in meanwhile would be lost.
 */

static struct config_entry *find(const char *name)
{
	struct config_entry *entry = config_find(&edit.candidate, name);

	if (!apply_check_idle())
		return NULL;
	if (!entry)
		text_fail(CODE_NAME, "the candidate has no partition of that name");
	return entry;
}

static bool is_new(const char *name)
{
	if (!apply_check_idle())
		return false;
	if (!config_find(&edit.candidate, name))
		return true;
	text_fail(CODE_EXIST, "the candidate has a partition of that name [rule %u]", RULE_NAME);
	return false;
}

static void put(const struct invocation *in, const char *name)
{
	if (!create_parse(&create, name, &definition) ||
	    !config_put(&edit.candidate, name, &definition))
		return;
	save();
	if (!in->line)
		check_tell_nobody(&edit.candidate, name,
				  definition_given(in->values, in->value_count, KEY_IS_AFTER));
}

void edit_create(const struct invocation *in)
{
	if (is_new(in->name) && definition_merge(&definition, NULL, in->values, in->value_count))
		put(in, in->name);
}

/* A candidate starts nothing before it is committed. */
void edit_run(const struct invocation *in)
{
	(void)in;
	text_fail(CODE_STATE, "a candidate is open; create it there with autostart=on");
}

void edit_set(const struct invocation *in)
{
	const struct config_entry *entry = find(in->subject);
	static struct definition base;

	if (!entry)
		return;
	definition_copy(&base, &entry->definition);
	if (definition_merge(&definition, &base, in->values, in->value_count))
		put(in, in->subject);
}

void edit_rename(const struct invocation *in)
{
	struct config renamed;

	if (!find(in->subject) || !is_new(in->name) || !config_copy(&renamed, &edit.candidate))
		return;
	if (config_rename(&renamed, in->subject, in->name)) {
		config_free(&edit.candidate);
		edit.candidate = renamed;
		save();
	} else {
		config_free(&renamed);
	}
}

void edit_destroy(const struct invocation *in)
{
	struct config_entry *entry = find(in->subject);

	if (!entry)
		return;
	check_tell_waiting(&edit.candidate, in->subject);
	config_remove(&edit.candidate, entry);
	save();
}

void edit_rollback(const struct invocation *in)
{
	uint64_t steps = in->args ? in->number[0] : 1;
	struct config candidate;

	if (edit.earlier_count == 0) {
		text_fail(CODE_NAME, "there is no earlier configuration: nothing was committed");
		return;
	}
	if (steps == 0 || steps > edit.earlier_count) {
		text_fail(CODE_NAME,
			  "%lu: must be from 1 to %u, the number of earlier configurations", steps,
			  edit.earlier_count);
		return;
	}
	if (!apply_check_idle() || !config_copy(&candidate, &edit.earlier[steps - 1]))
		return;
	config_free(&edit.candidate);
	edit.candidate = candidate;
	config_find_again(&edit.candidate);
	open_prompt();
	if (steps == 1)
		text_print("the candidate is what was before the last commit; commit makes it so");
	else
		text_print(
			"the candidate is what was before the last %lu commits; commit makes it so",
			steps);
}

/* The configuration before the one that was committed just now. */
static void push_earlier(struct config *before)
{
	if (edit.earlier_count == EARLIER)
		config_free(&edit.earlier[--edit.earlier_count]);
	memmove(edit.earlier + 1, edit.earlier, edit.earlier_count * sizeof(edit.earlier[0]));
	edit.earlier[0] = *before;
	edit.earlier_count++;
	*before = (struct config){0};
}

/* As the answer of the command, or as news if it is not waited for any more. */
static void tell(const char *text, ...)
{
	char line[160 + APPLY_TOLD];
	va_list args;

	va_start(args, text);
	vformat(line, sizeof(line), text, args);
	va_end(args);
	if (edit.waited_for)
		text_print("%s", line);
	else
		notice_print(NULL, false, "%s", line);
}

static void committed(bool applied)
{
	char told[APPLY_TOLD];

	apply_tell(told);
	if (!applied) {
		/* What was made anew has other slots. */
		config_find_again(&edit.candidate);
		config_free(&edit.before);
		save();
		tell("nothing was committed: all is as it was before%s", told);
		return;
	}
	if (edit.changes)
		push_earlier(&edit.before);
	else
		config_free(&edit.before);
	/* Who commits once more is there: that confirms the one before. */
	edit.confirm_at = edit.confirm_seconds && edit.changes
				  ? call_clock() + edit.confirm_seconds * clock_hz()
				  : 0;
	close_candidate();
	if (edit.confirm_at)
		tell("committed; without confirm it is undone in %u s%s", edit.confirm_seconds,
		     told);
	else
		tell("committed%s%s", edit.changes ? "" : "; there was nothing to change", told);
}

static enum session_answer step_commit(void)
{
	return apply_is_busy() ? SESSION_WAIT : SESSION_DONE;
}

static bool interrupt_commit(void)
{
	edit.waited_for = false;
	apply_let_go();
	text_print("it goes on in the background");
	return true;
}

static void begin_commit(void)
{
	struct config target;

	text_set_context(0, "commit", "");
	if (!config_copy(&target, &edit.candidate))
		return;
	if (!config_take(&edit.before)) {
		config_free(&target);
		return;
	}
	edit.changes = !config_is_same(&edit.before, &target);
	save();
	edit.waited_for = true;
	if (apply_begin(&target, committed))
		session_continue(step_commit, interrupt_commit);
	else
		config_free(&edit.before);
}

enum { VICTIMS = 640 };

/* Those that run and would be destroyed. True if the operator was not told of one of them. */
static bool find_victims(char names[VICTIMS])
{
	struct partition *partition = NULL;
	bool grown = false;
	size_t used = 0;

	names[0] = '\0';
	while ((partition = partition_next(partition))) {
		uint32_t state = partition_state(partition);

		if (config_find_slot(&edit.candidate, partition->slot) || !partition_is_up(state))
			continue;
		used += format(names + used, VICTIMS - used, "%s%s", used ? ", " : "",
			       partition->name);
		grown |= victims[partition->slot] != partition->born;
		victims[partition->slot] = partition->born;
	}
	return grown;
}

static void ask(const char names[VICTIMS]);

/* While the operator thought about it a guest may have been started, or a commit may have begun. */
static void commit_answered(void)
{
	char names[VICTIMS];

	text_set_context(0, "commit", "");
	if (!apply_check_idle() || check_config(&edit.candidate, NULL, "commit", 0))
		return;
	if (find_victims(names))
		ask(names);
	else
		begin_commit();
}

static void ask(const char names[VICTIMS])
{
	text_print("%s would be destroyed", names);
	session_ask("Commit? [y/N] ", commit_answered);
}

static void commit(const struct invocation *in, uint32_t seconds)
{
	char names[VICTIMS];

	if (!needs_candidate() || !apply_check_idle())
		return;
	if (check_config(&edit.candidate, NULL, "commit", in->line))
		return;
	edit.confirm_seconds = seconds;
	memset(victims, 0, sizeof(victims));
	if (!find_victims(names) || in->flags & FLAG_YES)
		begin_commit();
	else if (!session_has_person(in->line))
		text_fail(CODE_CONFIRM, "%s would be destroyed and must be stopped, or say --yes",
			  names);
	else
		ask(names);
}

void edit_commit(const struct invocation *in)
{
	commit(in, 0);
}

void edit_commit_confirmed(const struct invocation *in)
{
	uint64_t seconds = in->args ? in->number[0] : CONFIRM_SECONDS;

	if (seconds == 0 || seconds > CONFIRM_SECONDS_MAX)
		text_fail(CODE_USAGE, "%lu s: must be from 1 s to %d s", seconds,
			  CONFIRM_SECONDS_MAX);
	else
		commit(in, (uint32_t)seconds);
}

void edit_confirm(const struct invocation *in)
{
	(void)in;
	if (!edit.confirm_at) {
		text_fail(CODE_STATE, "nothing waits to be confirmed");
		return;
	}
	edit.confirm_at = 0;
	save();
	text_print("confirmed");
}

uint64_t edit_deadline(void)
{
	return apply_is_busy() ? 0 : edit.confirm_at;
}

/* The one before goes out of the list: what it was before that is one step away again. */
static void pop_earlier(void)
{
	config_free(&edit.earlier[0]);
	edit.earlier_count--;
	memmove(edit.earlier, edit.earlier + 1, edit.earlier_count * sizeof(edit.earlier[0]));
	edit.earlier[edit.earlier_count] = (struct config){0};
}

/* What could not be had again as a whole stays what rollback opens. */
static void undone(bool applied)
{
	char told[APPLY_TOLD];

	apply_tell(told);
	if (applied && edit.takes_back)
		pop_earlier();
	edit.takes_back = false;
	if (edit.candidate.data)
		config_find_again(&edit.candidate);
	save();
	notice_print(NULL, false, "%s%s%s",
		     applied ? "the configuration is what it was before the commit"
			     : "not all of the configuration before the commit could be had again; "
			       "rollback opens it",
		     told, edit.candidate.data ? "; the candidate stays as it is" : "");
}

static void take_back(void)
{
	struct config target;

	edit.confirm_at = 0;
	if (edit.earlier_count == 0)
		return;
	text_set_context(0, "", "");
	if (!config_copy(&target, &edit.earlier[0])) {
		undone(false);
		return;
	}
	edit.takes_back = true;
	save();
	config_find_again(&target);
	if (!apply_restore(&target, undone))
		undone(false);
}

void edit_turn(void)
{
	static const char why[] = "nobody confirmed: the commit is undone";
	bool told = attach_partition() && !answer_is_script(); /* who is detached is told why */

	if (!edit.confirm_at || apply_is_busy() || call_clock() < edit.confirm_at ||
	    !session_break_off(why))
		return;
	if (!told)
		notice_print(NULL, false, "%s", why);
	take_back();
}

void edit_adopt(void)
{
	static struct edit found;
	bool takes_back;

	if (call_blob_get(BLOB_EDIT, &found, sizeof(found)) == sizeof(found) &&
	    found.magic == EDIT_MAGIC && found.earlier_count <= EARLIER) {
		edit = found;
		config_free(&edit.before);
		if (edit.candidate.data)
			open_prompt();
	}
	takes_back = edit.takes_back;
	if (apply_adopt(undone))
		text_print(takes_back
				   ? "[the undoing of a commit was under way; it goes on]"
				   : "[a change of the configuration was under way; it is undone]");
	else if (takes_back)
		take_back(); /* it was noted here, and not begun */
}
