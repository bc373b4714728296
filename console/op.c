/* SPDX-License-Identifier: BSD-2-Clause */
/* An operation is a row of phases, each one kind of call; a phase that fails ends the operation. */
#include "console/op.h"

#include "abi/frame.h"
#include "console/call.h"
#include "console/clock.h"
#include "console/ring.h"
#include "console/text.h"
#include "console/watch.h"

/* Besides enum err: the phase waits for an event. */
enum { PHASE_WAITS = 1 };

/*
 * A VMM that loads its guest and has got no CPU for so long is not waited for longer; nor is one that has got
 * it and never comes to an end.
 */
enum { ENTRY_SECONDS = 5, ENTRY_SECONDS_MAX = 120 };

/* The position was looked at before the guest could write: what comes from there on is of this start. */
static void note_boot(struct partition *partition, uint64_t position)
{
	static struct part_info info;

	if (!partition_query(partition, &info))
		return;
	boots_add(&partition->boots, position, info.started_tsc);
	partition->state = PART_RUNNING; /* for an instance that follows: whatever end it finds is news */
	partition_save(partition);
}

static int64_t phase_start(struct partition *partition)
{
	uint64_t position = partition->ring.shared ? ring_head(&partition->ring) : 0;
	int64_t result = call_part_start(partition->slot);

	if (result >= 0) {
		note_boot(partition, position);
		partition->op.began = call_clock();
		partition->op.deadline = partition->op.began + ENTRY_SECONDS * clock_hz();
	}
	return result;
}

/* Its VMM has run since we last looked: it copies. */
static void wait_on(struct op *op, const struct part_info *info)
{
	if (info->run_tsc == op->run_tsc)
		return;
	op->run_tsc = info->run_tsc;
	op->deadline = MIN(call_clock() + ENTRY_SECONDS * clock_hz(),
			   op->began + ENTRY_SECONDS_MAX * clock_hz());
}

/* Until the VMM has loaded the guest and let it run, or has refused to. The kernel tells when. */
static int64_t phase_enter(struct partition *partition)
{
	static struct part_info info;

	if (!partition_query(partition, &info))
		return ERR_NOENT;
	if (info.entered_tsc)
		return 0;
	if (!partition_is_up(info.state)) {
		watch_describe_end(&info, partition->op.why);
		return ERR_STATE;
	}
	wait_on(&partition->op, &info);
	return call_clock() < partition->op.deadline ? PHASE_WAITS : 0;
}

static int64_t phase_stop(struct partition *partition)
{
	uint32_t state = partition_state(partition);

	if (state == PART_STOPPED || state == PART_NONE)
		return 0;
	return call_part_stop(partition->slot);
}

/* Until the guest has switched itself off, or its time is up. */
static int64_t phase_power_button(struct partition *partition)
{
	if (partition_state(partition) != PART_RUNNING)
		return 0;
	if (call_clock() < partition->op.deadline)
		return PHASE_WAITS;
	partition->op.forced = true;
	return 0;
}

static int64_t phase_pause(struct partition *partition)
{
	return call_part_pause(partition->slot, true);
}

static int64_t phase_resume(struct partition *partition)
{
	return call_part_pause(partition->slot, false);
}

static int64_t phase_destroy(struct partition *partition)
{
	int64_t result = call_part_destroy(partition->slot);

	return result == ERR_NOENT ? 0 : result;
}

struct op_steps {
	const char *text;
	int64_t (*phases[3])(struct partition *partition);
};

static const struct op_steps steps[] = {
	[OP_NONE] = {"is idle", {NULL}},
	[OP_START] = {"is being started", {phase_start, phase_enter}},
	[OP_STOP] = {"is being stopped", {phase_power_button, phase_stop}},
	[OP_FORCE] = {"is being stopped", {phase_stop}},
	[OP_PAUSE] = {"is being paused", {phase_pause}},
	[OP_RESUME] = {"is being resumed", {phase_resume}},
	[OP_RESET] = {"is being reset", {phase_stop, phase_start, phase_enter}},
	[OP_DESTROY] = {"is being destroyed", {phase_stop, phase_destroy}},
	[OP_CHANGE] = {"is being changed", {NULL}},
};

const char *op_text(enum op_kind kind)
{
	return steps[kind].text;
}

/* The guest may obey its power button when nobody waits for that any more, or a later instance does. */
static void note_wish(struct partition *partition, enum op_kind kind)
{
	bool starts = kind == OP_START || kind == OP_RESET;
	bool wanted = kind == OP_STOP || (partition->stop_wanted && !starts);

	if (partition->stop_wanted == wanted)
		return;
	partition->stop_wanted = wanted;
	partition_save(partition);
}

void op_begin(struct partition *partition, enum op_kind kind, uint64_t timeout_tsc)
{
	static uint32_t number;

	number++;
	partition->op = (struct op){
		.kind = kind, .deadline = call_clock() + timeout_tsc, .number = number};
	note_wish(partition, kind);
	if (kind == OP_STOP)
		call_part_event(partition->slot, EVENT_POWER);
}

static void end(struct partition *partition, int64_t result)
{
	enum op_kind kind = partition->op.kind;

	partition->op.result = result;
	partition->ended = partition->op;
	partition->op.kind = OP_NONE;
	watch_op_ended(partition, &partition->ended);
	if (kind == OP_DESTROY && result >= 0)
		partition_remove(partition);
}

/* False if it waits for an event. */
static bool step(struct partition *partition)
{
	const struct op_steps *row = &steps[partition->op.kind];
	int64_t result = row->phases[partition->op.phase](partition);

	partition->op.waits = result == PHASE_WAITS;
	if (result == ERR_AGAIN)
		return true;
	if (result == PHASE_WAITS)
		return false;
	if (result >= 0 && ++partition->op.phase < ARRAY_SIZE(row->phases) &&
	    row->phases[partition->op.phase])
		return true;
	end(partition, result);
	return true;
}

/* Nobody waits for it: that its guest runs by now counts, though it was not looked at since. */
void op_let_go(struct partition *partition)
{
	const struct op *op = &partition->op;

	if ((op->kind != OP_START && op->kind != OP_RESET) || !op->background)
		return;
	if (steps[op->kind].phases[op->phase] == phase_enter)
		step(partition);
	if (op->kind != OP_NONE && op->waits)
		end(partition, 0);
}

bool op_step_all(void)
{
	struct partition *partition = NULL;
	bool again = false;

	while ((partition = partition_next(partition))) {
		if (partition->op.kind != OP_NONE && partition->op.kind != OP_CHANGE)
			again |= step(partition);
	}
	return again;
}

uint64_t op_deadline(void)
{
	struct partition *partition = NULL;
	uint64_t first = 0;

	while ((partition = partition_next(partition))) {
		bool waits = partition->op.kind != OP_NONE && partition->op.waits;

		if (waits && (first == 0 || partition->op.deadline < first))
			first = partition->op.deadline;
	}
	return first;
}

const char *op_error_text(int64_t error)
{
	static const char *const texts[] = {
		[-ERR_NONE] = "no error",
		[-ERR_AGAIN] = "it is not done yet",
		[-ERR_INVAL] = "the kernel refuses what was asked",
		[-ERR_NOMEM] = "there is not enough free memory",
		[-ERR_BUSY] = "something it needs is in use",
		[-ERR_NOENT] = "the kernel knows no such object",
		[-ERR_EXIST] = "an object of that name exists",
		[-ERR_FAULT] = "the kernel could not read the console's memory",
		[-ERR_PERM] = "the console may not do that",
		[-ERR_STATE] = "its state does not allow it",
		[-ERR_NOSYS] = "this kernel cannot do it",
		[-ERR_LIMIT] = "a limit of this build is reached",
	};

	if (error > 0 || error <= -(int64_t)ARRAY_SIZE(texts))
		return "the kernel gave an unknown answer";
	return texts[-error];
}

void op_fail(int64_t error)
{
	static const enum answer_code codes[] = {
		[-ERR_NONE] = CODE_KERNEL,  [-ERR_AGAIN] = CODE_BUSY,	[-ERR_INVAL] = CODE_RULE,
		[-ERR_NOMEM] = CODE_MEMORY, [-ERR_BUSY] = CODE_BUSY,	[-ERR_NOENT] = CODE_NAME,
		[-ERR_EXIST] = CODE_EXIST,  [-ERR_FAULT] = CODE_KERNEL, [-ERR_PERM] = CODE_KERNEL,
		[-ERR_STATE] = CODE_STATE,  [-ERR_NOSYS] = CODE_KERNEL, [-ERR_LIMIT] = CODE_LIMIT,
	};
	bool known = error <= 0 && error > -(int64_t)ARRAY_SIZE(codes);

	text_fail(known ? codes[-error] : CODE_KERNEL, "%s", op_error_text(error));
}
