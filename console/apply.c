/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Room is made first: what leaves is destroyed before anything is made. The configuration as it was before is
 * kept until the end; undoing is applying that. A slot that was given up is taken out of both, since another
 * partition may get its number.
 */
#include "console/apply.h"

#include "abi/calls.h"
#include "console/autostart.h"
#include "console/call.h"
#include "console/crash.h"
#include "console/create.h"
#include "console/graves.h"
#include "console/op.h"
#include "console/text.h"
#include "console/view.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

/* What a destroyed partition leaves to the one that follows it. */
struct kept {
	uint64_t born; /* of it and of the one that follows */
	struct ring ring;
	uint64_t shown, matched;
	struct boots boots;
	struct restarts restarts;
	char last_end[LAST_END_SIZE];
	bool was_up;
	bool used; /* it waits for its heir */
};

enum { APPLY_MAGIC = 0x46484150 };

struct apply_blob {
	uint32_t magic;
	uint32_t failed; /* something was left out of it */
	struct config restore;
};

/* What is told of at the end: a list of names for each. */
enum told { TOLD_DESTROYED, TOLD_MADE, TOLD_STARTED, TOLD_LOST, TOLD_COUNT };
enum { TOLD_SIZE = 64 };

enum phase { PHASE_LEAVE, PHASE_RENAME, PHASE_LIVE, PHASE_MAKE, PHASE_END };

static struct {
	bool busy;
	bool restores; /* what was before: it is not the operator who wants what is made */
	bool turned;   /* a change that failed, and is undone */
	bool failed;   /* it is not, or not all, what was to be */
	enum phase phase;
	struct config before, target;
	struct text_context context; /* its errors' */
	void (*done)(bool applied);
	struct create create;
	struct definition definition; /* of the one being made */
	bool making;
	unsigned kept_count;
	struct kept kept[MAX_PARTITIONS];
	char told[TOLD_COUNT][TOLD_SIZE];
} apply;

void apply_reset(void)
{
	memset(&apply, 0, sizeof(apply));
}

static void note(const struct config *restore)
{
	const struct apply_blob blob = {APPLY_MAGIC, apply.failed, *restore};

	call_blob_set(BLOB_APPLY, &blob, sizeof(blob));
}

/* What an instance after this one would have to restore: an undoing that is cut off goes on. */
static void note_restore(void)
{
	note(apply.restores ? &apply.target : &apply.before);
}

void apply_let_go(void)
{
	apply.context.is_news = true;
}

bool apply_is_busy(void)
{
	return apply.busy;
}

bool apply_check_idle(void)
{
	if (apply.busy)
		text_fail(CODE_BUSY, "the configuration is being changed");
	return !apply.busy;
}

static bool begin(struct config *target, void (*done)(bool applied), bool restores)
{
	memset(&apply, 0, sizeof(apply));
	apply.target = *target;
	*target = (struct config){0};
	if (!config_take(&apply.before)) {
		config_free(&apply.target);
		return false;
	}
	text_save_context(&apply.context);
	apply.context.is_news = restores;
	apply.restores = restores;
	apply.done = done;
	apply.busy = true;
	note_restore();
	return true;
}

/* Not by itself: it was stopped, or is still to be started for the first time. */
static bool is_held_back(const struct partition *partition)
{
	static struct part_info info;

	return partition_query(partition, &info) && info.state == PART_STOPPED &&
	       (info.reason == REASON_OPERATOR || info.reason == REASON_NONE);
}

/* Those that the earlier instance has stopped and not destroyed yet, or has not started yet. */
static void want_again(const struct config *restore)
{
	struct config_entry *entry = NULL;

	while ((entry = config_next(restore, entry))) {
		struct partition *partition = partition_at(entry->slot);

		if (partition && entry->was_up && is_held_back(partition))
			autostart_want(partition, true);
	}
}

bool apply_adopt(void (*done)(bool applied))
{
	struct apply_blob blob;

	if (call_blob_get(BLOB_APPLY, &blob, sizeof(blob)) != sizeof(blob) ||
	    blob.magic != APPLY_MAGIC || !blob.restore.data)
		return false;
	config_find_again(&blob.restore);
	want_again(&blob.restore);
	if (!begin(&blob.restore, done, true)) {
		note(&(struct config){0});
		done(false);
		return true;
	}
	apply.failed = blob.failed;
	note_restore();
	return true;
}

bool apply_begin(struct config *target, void (*done)(bool applied))
{
	return begin(target, done, false);
}

bool apply_restore(struct config *target, void (*done)(bool applied))
{
	struct config_entry *entry = NULL;

	/* What is there is to run as it does now: an instance after this one knows the target alone. */
	while ((entry = config_next(target, entry))) {
		if (partition_at(entry->slot))
			entry->was_up = partition_is_to_run(partition_at(entry->slot));
	}
	return begin(target, done, true);
}

bool apply_must_leave(const struct partition *partition, const struct config *target)
{
	const struct config_entry *entry = config_find_slot(target, partition->slot);

	return !entry || definition_compare(&partition->definition, &entry->definition) & ~KEYS_LIVE;
}

static void give_up_slot(struct config *config, uint32_t slot)
{
	struct config_entry *entry = config_find_slot(config, slot);

	if (entry)
		entry->slot = CONFIG_NO_SLOT;
}

static void note_told(enum told what, const char *name)
{
	char *list = apply.told[what];
	size_t used = strlen(list);

	if (used + strlen(name) + sizeof(", ...") < TOLD_SIZE)
		format(list + used, TOLD_SIZE - used, "%s%s", used ? ", " : "", name);
	else if (used < 3 || strcmp(list + used - 3, "..."))
		format(list + used, TOLD_SIZE - used, ", ...");
}

void apply_tell(char to[APPLY_TOLD])
{
	static const struct {
		const char *before, *one, *many;
	} texts[TOLD_COUNT] = {
		[TOLD_DESTROYED] = {"", " was destroyed", " were destroyed"},
		[TOLD_MADE] = {"", " was made anew", " were made anew"},
		[TOLD_STARTED] = {"", " was made and started anew", " were made and started anew"},
		[TOLD_LOST] = {"what was kept of the end of ", " is gone", " is gone"},
	};
	size_t used = 0;

	to[0] = '\0';
	for (unsigned i = 0; i < TOLD_COUNT; i++) {
		const char *list = apply.told[i];

		if (list[0])
			used += format(to + used, APPLY_TOLD - used, "; %s%s%s", texts[i].before,
				       list, strchr(list, ',') ? texts[i].many : texts[i].one);
	}
}

static void keep(struct partition *partition)
{
	bool has_heir = config_find_slot(&apply.target, partition->slot);

	if (!has_heir && apply.restores && !apply.turned)
		note_told(TOLD_DESTROYED, partition->name);
	if (has_heir && (crash_of(partition) || crash_is_one(partition->reason)))
		note_told(TOLD_LOST, partition->name);
	struct kept *kept = &apply.kept[apply.kept_count];

	if (apply.kept_count == MAX_PARTITIONS)
		return partition_remove(partition);
	apply.kept_count++;
	*kept = (struct kept){
		.born = partition->born,
		.shown = partition->shown,
		.matched = partition->matched,
		.boots = partition->boots,
		.restarts = partition->restarts,
		.was_up = partition->op.forced,
		.used = true,
	};
	str_copy(kept->last_end, sizeof(kept->last_end), partition->last_end);
	if (!has_heir)
		graves_add(partition);
	give_up_slot(&apply.target, partition->slot);
	give_up_slot(&apply.before, partition->slot);
	kept->ring = partition_forget(partition);
}

static struct kept *find_kept(uint64_t born)
{
	for (unsigned i = 0; i < apply.kept_count; i++) {
		struct kept *kept = &apply.kept[i];

		if (kept->used && kept->born == born)
			return kept;
	}
	return NULL;
}

/*
 * The operation's mark keeps commands and the watch away from it. forced notes that its guest ran or was
 * being started: while its memory is scrubbed the kernel says that it is stopped.
 */
static void mark(struct partition *partition)
{
	enum op_kind kind = partition->op.kind;

	if (kind == OP_CHANGE)
		return;
	partition->op = (struct op){
		.kind = OP_CHANGE,
		.forced = partition_is_up(partition_state(partition)) || partition->start_wanted ||
			  kind == OP_START || kind == OP_RESET,
	};
}

static int64_t take_away(struct partition *partition)
{
	uint32_t state = partition_state(partition);
	int64_t result = ERR_NONE;

	if (state != PART_STOPPED && state != PART_NONE)
		result = call_part_stop(partition->slot);
	if (result == ERR_NONE)
		result = call_part_destroy(partition->slot);
	if (result == ERR_AGAIN || (result < 0 && result != ERR_NOENT))
		return result;
	keep(partition);
	return ERR_AGAIN;
}

static int64_t phase_leave(void)
{
	struct partition *partition = NULL, *first = NULL;

	/* All at once: while one is scrubbed the next could be started, and then be stopped again. */
	while ((partition = partition_next(partition))) {
		if (!apply_must_leave(partition, &apply.target))
			continue;
		mark(partition);
		first = first ? first : partition;
	}
	return first ? take_away(first) : ERR_NONE;
}

static int64_t rename_to(struct partition *partition, const char name[NAME_SIZE])
{
	int64_t result = call_part_rename(partition->slot, name);

	if (result < 0)
		return result;
	str_copy(partition->name, sizeof(partition->name), name);
	partition_save(partition);
	return ERR_NONE;
}

/* Answers how many names were put right; those that somebody else still has wait for the next round. */
static int64_t rename_some(unsigned *waiting)
{
	struct config_entry *entry = NULL;
	unsigned done = 0;

	*waiting = 0;
	while ((entry = config_next(&apply.target, entry))) {
		struct partition *partition = partition_at(entry->slot);
		int64_t result;

		if (!partition || !strcmp(partition->name, entry->name))
			continue;
		result = rename_to(partition, entry->name);
		if (result < 0 && result != ERR_EXIST)
			return result;
		*waiting += result == ERR_EXIST;
		done += result == ERR_NONE;
	}
	return done;
}

/* Who has the name that this one is to have, and is to have another; or NULL. */
static const struct config_entry *in_the_way(const struct config_entry *entry)
{
	const struct partition *holder = partition_find(entry->name);

	return holder && holder->slot != entry->slot ? config_find_slot(&apply.target, holder->slot)
						     : NULL;
}

/* One of those who are in each other's way in a circle, or NULL. */
static struct config_entry *find_exchange(void)
{
	struct config_entry *entry = NULL;

	while ((entry = config_next(&apply.target, entry))) {
		const struct config_entry *at = in_the_way(entry);

		for (unsigned i = 0; at && at != entry && i < MAX_PARTITIONS; i++)
			at = in_the_way(at);
		if (at == entry)
			return entry;
	}
	return NULL;
}

static int64_t phase_rename(void)
{
	const struct config_entry *entry;
	char name[NAME_SIZE] = "";
	unsigned waiting;
	int64_t done = rename_some(&waiting), result;

	if (done < 0 || !waiting)
		return MIN(done, (int64_t)ERR_NONE);
	if (done > 0)
		return ERR_AGAIN;
	entry = find_exchange();
	if (!entry)
		return ERR_EXIST;
	config_third_name(&apply.target, &apply.before, name);
	result = rename_to(partition_at(entry->slot), name);
	return result < 0 ? result : ERR_AGAIN;
}

static int64_t change_live(struct partition *partition, const struct config_entry *entry)
{
	uint32_t differ = definition_compare(&partition->definition, &entry->definition);
	int64_t result = ERR_NONE;

	if (!differ)
		return ERR_NONE;
	if (!create_parse(&apply.create, entry->name, &entry->definition))
		return ERR_INVAL;
	if (differ & (1u << KEY_IS_WEIGHT | 1u << KEY_IS_CAP))
		result = call_part_share(partition->slot, apply.create.desc.weight,
					 apply.create.desc.cap);
	if (result < 0)
		return result;
	definition_copy(&partition->definition, &entry->definition);
	partition->policy = apply.create.policy;
	partition_save(partition);
	return ERR_NONE;
}

static int64_t phase_live(void)
{
	struct config_entry *entry = NULL;
	int64_t result = ERR_NONE;

	while (result == ERR_NONE && (entry = config_next(&apply.target, entry))) {
		if (partition_at(entry->slot))
			result = change_live(partition_at(entry->slot), entry);
	}
	return result;
}

static bool place(const struct config_entry *entry, const struct kept *kept)
{
	view_reset();
	if (!create_parse(&apply.create, entry->name, &apply.definition))
		return false;
	apply.create.has_ring = kept && create_takes_ring(&apply.create, &kept->ring);
	return create_check_machine() && create_place(&apply.create);
}

/* It waits for its restart as before. It has its ring again, unless that was to be another one. */
static void give_back(struct partition *partition, struct kept *kept)
{
	kept->used = false;
	partition->restarts = kept->restarts;
	str_copy(partition->last_end, sizeof(partition->last_end), kept->last_end);
	if (!kept->ring.shared) {
		partition->shown = kept->shown;
		partition->matched = kept->matched;
		partition->boots = kept->boots;
	}
	partition_save(partition);
}

/* One that is there no more ran, or did not; autostart= is for those who are new. */
static bool is_to_run(const struct config_entry *entry, const struct kept *kept)
{
	if (kept)
		return kept->was_up;
	return apply.restores ? entry->was_up : partition_at(entry->slot)->policy.autostart;
}

static int64_t make_step(struct config_entry *entry)
{
	struct kept *kept = find_kept(entry->born);
	struct partition *partition;
	int64_t slot;

	if (!apply.making) {
		definition_copy(&apply.definition, &entry->definition);
		text_set_context(0, "create", entry->name);
		if (!place(entry, kept))
			return ERR_INVAL;
		apply.create.born = entry->born;
		apply.making = true;
	}
	slot = create_step(&apply.create, &apply.definition, kept ? &kept->ring : NULL);
	if (slot == ERR_AGAIN)
		return slot;
	apply.making = false;
	if (slot < 0) {
		create_explain(&apply.create, slot);
		return slot;
	}
	entry->slot = (uint32_t)slot;
	partition = partition_at(entry->slot);
	entry->born = partition->born;
	autostart_want(partition, is_to_run(entry, kept));
	if (apply.restores)
		note_told(partition->start_wanted ? TOLD_STARTED : TOLD_MADE, partition->name);
	if (kept)
		give_back(partition, kept);
	return ERR_AGAIN;
}

/* The next that is to be made, or NULL. */
static struct config_entry *next_to_make(void)
{
	struct config_entry *entry = NULL;

	while ((entry = config_next_placed(&apply.target, entry)) && entry->slot != CONFIG_NO_SLOT)
		;
	return entry;
}

static int64_t phase_make(void)
{
	struct config_entry *entry = next_to_make();

	return entry ? make_step(entry) : ERR_NONE;
}

static void finish(bool applied)
{
	void (*done)(bool) = apply.done;

	for (unsigned i = 0; i < apply.kept_count; i++)
		ring_free(&apply.kept[i].ring);
	note(&(struct config){0});
	config_free(&apply.before);
	config_free(&apply.target);
	apply.busy = false;
	done(applied);
}

/* Those that could not be taken away: what ran, or was being started, is to run. */
static void unmark(void)
{
	struct partition *partition = NULL;

	while ((partition = partition_next(partition))) {
		if (partition->op.kind != OP_CHANGE)
			continue;
		partition->op.kind = OP_NONE;
		autostart_want(partition, partition->op.forced);
	}
}

/* Of what was before, what cannot be had again is left out: the rest can. */
static void leave_out(void)
{
	struct config_entry *entry = next_to_make();

	if (apply.phase == PHASE_MAKE && entry) {
		text_fail(CODE_STATE, "it could not be made again");
		config_remove(&apply.target, entry);
		note_restore();
	} else {
		apply.phase++;
	}
}

static void fail(int64_t result)
{
	unmark();
	apply.making = false;
	if (apply.phase != PHASE_MAKE)
		op_fail(result);
	apply.failed = true;
	if (apply.restores) {
		leave_out();
		return;
	}
	config_free(&apply.target);
	apply.target = apply.before;
	apply.before = (struct config){0};
	apply.turned = true;
	apply.restores = true;
	memset(apply.told[TOLD_DESTROYED], 0, TOLD_SIZE);
	apply.phase = PHASE_LEAVE;
}

bool apply_step(void)
{
	static int64_t (*const phases[])(void) = {
		[PHASE_LEAVE] = phase_leave,
		[PHASE_RENAME] = phase_rename,
		[PHASE_LIVE] = phase_live,
		[PHASE_MAKE] = phase_make,
	};
	struct text_context command;
	int64_t result;

	if (!apply.busy)
		return false;
	text_save_context(&command);
	text_restore_context(&apply.context);
	result = phases[apply.phase]();
	if (result < 0 && result != ERR_AGAIN)
		fail(result);
	else if (result == ERR_NONE)
		apply.phase++;
	text_save_context(&apply.context);
	text_restore_context(&command);
	if (apply.phase == PHASE_END)
		finish(!apply.failed);
	return true;
}
