/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `wait` reads as one who is attached does: the guest waits if it must, so no byte passes unseen. It goes
 * on where the latest match ended, but never back behind the latest start: what an expression found once,
 * or what an earlier boot said, is not found again.
 */
#include "console/talk.h"

#include "abi/frame.h"
#include "console/call.h"
#include "console/clock.h"
#include "console/escape.h"
#include "console/handlers.h"
#include "console/reader.h"
#include "console/regex.h"
#include "console/session.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/string.h"

enum {
	SEND_MAX = 4096,
	SEND_SECONDS = 5,	 /* a guest that takes nothing for so long does not read */
	WAIT_SECONDS = 30,	 /* if no time is given */
	RETRIES_PER_SECOND = 50, /* the VMM does not tell when it has taken input */
	CHUNK = 1024,
	TURN_BYTES = 16 * 1024, /* that one turn looks at */
	LINE = 160,		/* as much as is told of a line */
};

/* The running command, one of the two. */
static struct {
	struct partition *partition;	   /* NULL: none */
	const struct console_ring *shared; /* its ring when the command began, */
	uint64_t born;			   /* and whose it was: it may go away in the background */
	uint64_t retry, deadline;	   /* host TSC; retry 0: not needed */
} talk;

static struct {
	size_t size, sent;
	uint8_t bytes[SEND_MAX];
} send;

static struct {
	uint64_t seconds;
	struct reader reader;
	uint64_t position; /* of the output: what is before it has been looked at */
	struct regex regex;
	struct regex_search search;
	size_t length; /* of line */
	char line[LINE], last[LINE];
} wait;

void talk_reset(void)
{
	memset(&talk, 0, sizeof(talk));
	memset(&wait, 0, sizeof(wait));
}

uint64_t talk_deadline(void)
{
	if (!talk.partition)
		return 0;
	if (wait.reader.look_at)
		return wait.reader.look_at;
	return talk.retry ? talk.retry : talk.deadline;
}

static void begin(struct partition *partition, uint64_t seconds)
{
	talk.partition = partition;
	talk.shared = partition->ring.shared;
	talk.born = partition->born;
	talk.retry = 0;
	talk.deadline = call_clock() + seconds * clock_hz();
}

static bool is_gone(void)
{
	return !partition_has_ring(talk.partition, talk.born, talk.shared);
}

static enum session_answer send_end(void)
{
	talk.partition = NULL;
	return SESSION_DONE;
}

static enum session_answer send_step(void)
{
	struct partition *partition = talk.partition;
	uint64_t now = call_clock();
	size_t taken;

	if (is_gone()) {
		text_fail(CODE_STATE, "it is gone: %lu of %lu bytes were sent", send.sent,
			  send.size);
		return send_end();
	}
	taken = ring_write_input(&partition->ring, send.bytes + send.sent, send.size - send.sent);
	send.sent += taken;
	if (taken > 0) {
		call_part_event(partition->slot, EVENT_INPUT);
		talk.deadline = now + SEND_SECONDS * clock_hz();
	}
	if (send.sent == send.size)
		return send_end();
	if (now >= talk.deadline) {
		text_fail(CODE_TIMEOUT, "its guest reads nothing: %lu of %lu bytes were sent",
			  send.sent, send.size);
		return send_end();
	}
	talk.retry = now + clock_hz() / RETRIES_PER_SECOND;
	return SESSION_WAIT;
}

static bool send_interrupt(void)
{
	text_print("%s: %lu of %lu bytes were sent", talk.partition->name, send.sent, send.size);
	send_end();
	return true;
}

void talk_send(const struct invocation *in)
{
	if (!partition_check_ring(in->partition))
		return;
	if (!escape_decode(in->raw, in->raw_length, send.bytes, sizeof(send.bytes), &send.size)) {
		text_fail(CODE_USAGE,
			  "a \\ needs a character behind it, and \\x two hexadecimal digits");
		return;
	}
	send.sent = 0;
	begin(in->partition, SEND_SECONDS);
	session_continue(send_step, send_interrupt);
}

static enum session_answer wait_end(void)
{
	talk.partition = NULL;
	reader_close(&wait.reader);
	return SESSION_DONE;
}

/* Of a line that is too long its end is told: there is the match. */
static void forget_begin(void)
{
	static const char mark[] = {'.', '.', '.'};
	size_t kept = LINE / 2;

	memmove(wait.line + sizeof(mark), wait.line + wait.length - kept, kept);
	memcpy(wait.line, mark, sizeof(mark));
	wait.length = sizeof(mark) + kept;
}

static void keep_line(uint8_t byte)
{
	if (byte == '\n') {
		if (wait.length > 0)
			str_copy(wait.last, sizeof(wait.last), wait.line);
		wait.length = 0;
	} else if (byte != '\r' && byte != '\0') {
		if (wait.length + 1 == LINE)
			forget_begin();
		wait.line[wait.length++] = (char)byte;
	}
	wait.line[wait.length] = '\0';
}

static const char *latest_line(void)
{
	return wait.length > 0 ? wait.line : wait.last;
}

/* Looks at bytes[0..size), the next of the output. True at a match, whose end is wait.position then. */
static bool look(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		bool used, found = regex_feed(&wait.regex, &wait.search, bytes[i], &used);

		if (used) {
			keep_line(bytes[i]);
			wait.position++;
		}
		if (found)
			return true;
	}
	return false;
}

static enum session_answer matched(void)
{
	talk.partition->matched = wait.position;
	partition_save(talk.partition);
	text_print("%s: matched in: %s", talk.partition->name, latest_line());
	return wait_end();
}

static enum session_answer timed_out(void)
{
	text_fail(CODE_TIMEOUT, "no match within %lu s; its latest line is: %s", wait.seconds,
		  latest_line());
	return wait_end();
}

/* All that there is was looked at: is there reason to wait for more? */
static enum session_answer wait_more(void)
{
	struct partition *partition = talk.partition;
	uint32_t state = partition_state(partition);
	char text[PARTITION_TEXT];

	if (call_clock() >= talk.deadline)
		return timed_out();
	if (partition_is_up(state) || partition->op.kind != OP_NONE)
		return SESSION_WAIT;
	partition_describe(partition, text);
	text_fail(CODE_STATE, "no match, and it is %s; its latest line is: %s", text, latest_line());
	return wait_end();
}

static enum session_answer wait_step(void)
{
	const struct ring *ring = &talk.partition->ring;
	uint8_t bytes[CHUNK];

	if (is_gone()) {
		text_fail(CODE_STATE, "no match, and it is gone; its latest line is: %s",
			  latest_line());
		return wait_end();
	}
	for (size_t done = 0; done < TURN_BYTES;) {
		struct ring_view view = ring_look(ring, wait.position);
		size_t size = MIN(view.size, sizeof(bytes));

		wait.position = view.start;
		if (size == 0 && reader_done(&wait.reader, wait.position))
			continue;
		if (size == 0)
			return wait_more();
		ring_copy(ring, view.start, bytes, size);
		if (look(bytes, size))
			return matched();
		done += size;
	}
	/* Of a flood not all is ever looked at. */
	if (call_clock() >= talk.deadline)
		return timed_out();
	reader_move(&wait.reader, wait.position);
	return SESSION_AGAIN;
}

static bool wait_interrupt(void)
{
	wait_end();
	return true;
}

/* What is told of lines begins before what is searched: with this line's begin, or the one before it. */
static void look_back(const struct ring *ring, uint64_t first)
{
	uint8_t bytes[RING_LINE + 1];
	uint64_t begin = ring_line_begin(ring, first, wait.position);
	size_t size;

	if (begin == wait.position && begin > first) {
		/* Empty, or so long that its begin is not in sight. */
		ring_copy(ring, begin - 1, bytes, 1);
		if (bytes[0] == '\n')
			begin = ring_line_begin(ring, first, begin - 1);
	}
	size = MIN(wait.position - begin, sizeof(bytes));
	ring_copy(ring, begin, bytes, size);
	for (size_t i = 0; i < size; i++)
		keep_line(bytes[i]);
}

static void wait_begin(struct partition *partition)
{
	uint64_t first = boots_position(&partition->boots);
	uint64_t start = MAX(partition->matched, first);

	wait.position = ring_look(&partition->ring, start).start;
	wait.length = 0;
	wait.line[0] = wait.last[0] = '\0';
	look_back(&partition->ring, first);
	begin(partition, wait.seconds);
	reader_open(&wait.reader, partition, wait.position);
	if (regex_begin(&wait.regex, &wait.search))
		matched();
	else
		session_continue(wait_step, wait_interrupt);
}

/* The place is counted without the / in front, from 1. */
static void refuse_regex(const struct invocation *in, const char *rule, size_t at)
{
	if (at < in->raw_length)
		text_fail(CODE_USAGE, "%.60s: %s (at character %lu of it)", in->raw - 1, rule,
			  at + 1);
	else
		text_fail(CODE_USAGE, "%.60s: %s", in->raw - 1, rule);
}

void talk_wait(const struct invocation *in)
{
	size_t at;
	const char *rule = regex_compile(&wait.regex, in->raw, in->raw_length, &at);

	if (rule) {
		refuse_regex(in, rule, at);
		return;
	}
	wait.seconds = in->args == 3 ? in->number[2] : WAIT_SECONDS;
	if (partition_check_ring(in->partition))
		wait_begin(in->partition);
}
