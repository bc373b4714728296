/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands that change a partition's state: each begins an operation and waits for its end. */
#include "console/attach.h"
#include "console/check.h"
#include "console/clock.h"
#include "console/escape.h"
#include "console/handlers.h"
#include "console/number.h"
#include "console/op.h"
#include "console/session.h"
#include "console/text.h"
#include "console/watch.h"
#include "lib/copy.h"
#include "lib/format.h"

enum { STOP_SECONDS = 30, STOP_SECONDS_MAX = 3600, KEY_SHOWN = 40 };

static const struct command_key stop_keys[] = {
	{"timeout", "SECONDS", KEY_SECONDS, KEY_OPTION,
	 "how long to wait for the guest, 0 to 3600; else 30"},
};
const struct command_keys control_stop_keys = {ARRAY_SIZE(stop_keys), stop_keys};

/* The operation that is waited for. Its record is not reused before the next one is created. */
static struct {
	struct partition *partition;
	enum op_kind kind;
	uint32_t number;
	char name[NAME_SIZE];
	uint64_t born; /* while a question is asked: of the one that it is about */
} wait;

static const char *done_text(enum op_kind kind, const struct op *op)
{
	static const char *const texts[] = {
		[OP_START] = "started",		 [OP_STOP] = "stopped",
		[OP_FORCE] = "stopped by force", [OP_PAUSE] = "paused",
		[OP_RESUME] = "resumed",	 [OP_RESET] = "reset and started",
		[OP_DESTROY] = "destroyed",
	};

	if (kind == OP_STOP && op->forced)
		return "stopped by force: it did not switch itself off in time";
	return texts[kind];
}

/* Started by us and stopped already: the notice was printed before this. */
static enum session_answer step_wait(void)
{
	const struct op *op = &wait.partition->op, *ended = &wait.partition->ended;
	bool known = ended->number == wait.number;

	if (op->kind != OP_NONE && op->number == wait.number && !op->background)
		return SESSION_WAIT;
	if (known && ended->why[0])
		text_fail(CODE_START, "%s", ended->why);
	else if (known && ended->result < 0)
		op_fail(ended->result);
	else
		text_print("%s: %s", wait.name, done_text(wait.kind, known ? ended : op));
	return SESSION_DONE;
}

static bool interrupt_wait(void)
{
	struct op *op = &wait.partition->op;

	if (op->kind == OP_STOP && op->phase == 0) {
		op->kind = OP_NONE;
		text_print("%s: its power button was pressed; it is not stopped by force",
			   wait.name);
		return true;
	}
	op->background = true;
	text_print("%s: it %s in the background", wait.name, op_text(op->kind));
	return true;
}

static void run(struct partition *partition, enum op_kind kind, uint64_t timeout_tsc)
{
	wait.partition = partition;
	wait.kind = kind;
	str_copy(wait.name, sizeof(wait.name), partition->name);
	op_begin(partition, kind, timeout_tsc);
	wait.number = partition->op.number;
	session_continue(step_wait, interrupt_wait);
}

void control_start(const struct invocation *in)
{
	watch_forgive(in->partition);
	run(in->partition, OP_START, 0);
}

/* For its restart: there is nothing to stop yet. */
static bool is_waiting(const struct partition *partition)
{
	static struct part_info info;

	partition_query(partition, &info);
	return partition_shown_state(partition, &info) == SHOWN_WAITING;
}

void control_stop(const struct invocation *in)
{
	uint64_t seconds = STOP_SECONDS;

	if (in->value_count &&
	    (!number_parse(in->values[0].value, &seconds) || seconds > STOP_SECONDS_MAX)) {
		text_fail(CODE_USAGE, "timeout=%.24s: must be a number from 0 to 3600",
			  in->values[0].value);
		return;
	}
	if (is_waiting(in->partition)) {
		watch_cancel(in->partition);
		text_print("%s: not started again", in->partition->name);
	} else if (in->flags & FLAG_FORCE)
		run(in->partition, OP_FORCE, 0);
	else if (partition_state(in->partition) == PART_PAUSED)
		text_fail(
			CODE_STATE,
			"it is paused and cannot hear its power button; resume it, or stop --force");
	else
		run(in->partition, OP_STOP, seconds * clock_hz());
}

void control_pause(const struct invocation *in)
{
	run(in->partition, OP_PAUSE, 0);
}

void control_resume(const struct invocation *in)
{
	run(in->partition, OP_RESUME, 0);
}

void control_reset(const struct invocation *in)
{
	watch_forgive(in->partition);
	run(in->partition, OP_RESET, 0);
}

/* Between the question and its answer the partition may have gone, or its name is another one's by now. */
static void destroy_confirmed(void)
{
	struct partition *partition = partition_find(wait.name);

	text_set_context(0, "destroy", wait.name);
	if (!partition)
		text_fail(CODE_NAME, "there is no partition of that name");
	else if (partition->born != wait.born)
		text_fail(CODE_NAME, "that is another partition by now");
	else if (partition->op.kind != OP_NONE)
		text_fail(CODE_BUSY, "it %s", op_text(partition->op.kind));
	else
		run(partition, OP_DESTROY, 0);
}

void control_destroy(const struct invocation *in)
{
	static char question[96];
	uint32_t state = partition_state(in->partition);
	bool asks = partition_is_up(state) && !(in->flags & FLAG_YES);

	if (asks && !session_has_person(in->line)) {
		text_fail(CODE_CONFIRM, "it is %s; a script must say --yes",
			  partition_state_text(state));
		return;
	}
	check_tell_waiting(NULL, in->partition->name);
	if (!asks) {
		run(in->partition, OP_DESTROY, 0);
		return;
	}
	str_copy(wait.name, sizeof(wait.name), in->partition->name);
	wait.born = in->partition->born;
	format(question, sizeof(question), "%s is %s. Destroy it? [y/N] ", in->partition->name,
	       partition_state_text(state));
	session_ask(question, destroy_confirmed);
}

/* One that is stopped has still something to say, and nobody to talk to. */
void control_console(const struct invocation *in)
{
	struct partition *partition = in->partition;
	char state[PARTITION_TEXT], note[PARTITION_TEXT + NAME_SIZE + 8];

	if (!partition_check_ring(partition))
		return;
	attach_begin(partition, in->flags & FLAG_READ);
	if (partition_state(partition) == PART_RUNNING)
		return;
	partition_describe(partition, state);
	format(note, sizeof(note), "%s is %s", partition->name, state);
	attach_note(note, partition_state(partition) != PART_PAUSED);
}

/* ^A to ^_, but for those without which neither a guest nor a line can be typed to: Enter, Ctrl-J and ESC. */
void control_detach_key(const struct invocation *in)
{
	static const uint8_t needed[] = {'\r', '\n', 0x1b};
	uint8_t text[2];
	size_t size = 0;
	bool good = true;

	if (in->args > 0) {
		good = escape_decode(in->raw, in->raw_length, text, sizeof(text), &size) &&
		       size == 2 && text[0] == '^' && (text[1] & ~0x20) > '@' &&
		       (text[1] & ~0x20) <= '_' && text[1] != 0x7f;
		for (size_t i = 0; i < ARRAY_SIZE(needed) && good; i++)
			good = (text[1] & 0x1f) != needed[i];
		if (good)
			attach_set_key(text[1] & 0x1f);
	}
	if (good)
		text_print("%s detaches", attach_key_text());
	else
		text_fail(CODE_USAGE,
			  "%.*s: must be ^A to ^Z, \"^\\\\\", ^], ^^ or ^_, and not ^J, ^M or ^[",
			  (int)MIN(in->raw_length, (size_t)KEY_SHOWN), in->raw);
}
