/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring's tail moves only over bytes that stand in the serial queue.
 */
#include "console/attach.h"

#include "abi/frame.h"
#include "console/call.h"
#include "console/clock.h"
#include "console/notice.h"
#include "console/reader.h"
#include "console/screen.h"
#include "console/text.h"
#include "console/uart.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

enum {
	DETACH_KEY = 0x1d, /* Ctrl-], unless another one was chosen */
	CHUNK = 1024,
	HISTORY = 16 * 1024, /* shown again at each attach */
	HISTORY_SLACK = 4096, /* the oldest bytes of a full ring may be overwritten while we attach */
	LINE_SEARCH = 1024,   /* how far the history may begin later to begin with a line */
	RETRIES_PER_SECOND = 50, /* the VMM does not tell when it has taken input */
	TWICE_PER_SECOND = 2,	 /* the key's second time comes within this part of a second */
};

static uint8_t detach_key = DETACH_KEY;

static struct {
	struct partition *partition;
	struct reader reader;
	uint64_t position; /* of the output: what is before it has been queued */
	bool read_only;
	bool input_stuck;
	uint64_t key_until; /* host TSC: the key was typed last, and may come again; 0: it was not */
	bool noted, ends;
	char note[256];
} attach;

void attach_reset(void)
{
	memset(&attach, 0, sizeof(attach));
	detach_key = DETACH_KEY;
}

void attach_set_key(uint8_t key)
{
	detach_key = key;
}

const char *attach_key_text(void)
{
	static char text[8];

	format(text, sizeof(text), "Ctrl-%c", detach_key + '@');
	return text;
}

struct partition *attach_partition(void)
{
	return attach.partition;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a == 0 || (b && b < a) ? b : a;
}

uint64_t attach_deadline(void)
{
	uint64_t look = attach.reader.look_at;

	if (!attach.partition)
		return 0;
	if (!look && attach.input_stuck)
		look = call_clock() + clock_hz() / RETRIES_PER_SECOND;
	return sooner(attach.key_until, look);
}

/* A cut history begins with a whole line, if there is one soon. */
static uint64_t skip_to_line(const struct ring *ring, uint64_t position)
{
	uint8_t bytes[LINE_SEARCH];
	struct ring_view view = ring_look(ring, position);
	size_t size = MIN(view.size, sizeof(bytes));

	ring_copy(ring, view.start, bytes, size);
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n')
			return view.start + i + 1;
	}
	return view.start;
}

/* A line that the last detaching cut is shown from its beginning, if that is near and still there. */
static uint64_t back_to_line(const struct ring *ring, uint64_t oldest, uint64_t position)
{
	uint64_t begin = ring_line_begin(ring, 0, position);

	return begin >= oldest ? begin : position;
}

/* Where the history begins: at what was not seen yet, or earlier, so that something is there to see. */
static uint64_t history_start(struct partition *partition)
{
	struct ring_view all = ring_look(&partition->ring, 0);
	uint64_t head = all.start + all.size;
	uint64_t kept = partition->ring.size - HISTORY_SLACK;
	uint64_t oldest = head > kept ? head - kept : 0;
	uint64_t again = head > HISTORY ? head - HISTORY : 0;
	uint64_t start = MAX(MIN(partition->shown, again), oldest);

	if (start == partition->shown)
		return back_to_line(&partition->ring, oldest, start);
	if (start > partition->shown)
		text_print("[%lu bytes of its output are lost]", start - partition->shown);
	return start > 0 ? skip_to_line(&partition->ring, start) : start;
}

void attach_begin(struct partition *partition, bool read_only)
{
	text_print("[attached to %s%s; %s detaches]", partition->name,
		   read_only ? " to read only" : "", attach_key_text());
	attach.read_only = read_only;
	attach.position = history_start(partition);
	attach.partition = partition;
	attach.key_until = 0;
	attach.noted = attach.ends = attach.input_stuck = false;
	reader_open(&attach.reader, partition, attach.position);
}

static void leave(const char *text)
{
	struct partition *partition = attach.partition;

	if (!reader_is_gone(&attach.reader)) {
		partition->shown = attach.position;
		partition_save(partition);
	}
	attach.partition = NULL;
	reader_close(&attach.reader);
	screen_restore();
	text_print("[%s]", text);
	notice_flush();
}

void attach_end(const char *why)
{
	if (attach.partition)
		leave(why);
}

/* The line stood still for too long, or the VMM does not keep to the protocol. */
static void tell_lost(uint64_t count)
{
	screen_write_raw("\r\n", 2);
	text_print("[%lu bytes of its output are lost]", count);
}

/* Queues output as far as there is room; true if the ring was found empty. */
static bool move_output(const struct ring *ring)
{
	uint8_t bytes[CHUNK];

	for (;;) {
		struct ring_view view = ring_look(ring, attach.position);
		size_t count = MIN(MIN(view.size, sizeof(bytes)), uart_guest_room());

		if (view.size == 0)
			return true;
		if (count == 0)
			return false;
		if (view.lost)
			tell_lost(view.lost);
		attach.position = view.start;
		ring_copy(ring, attach.position, bytes, count);
		screen_write_raw(bytes, count);
		attach.position += count;
		uart_pump_out();
	}
}

/* True if the ring was found empty. */
static bool pump_output(void)
{
	do {
		if (!move_output(&attach.partition->ring)) {
			reader_move(&attach.reader, attach.position);
			return false;
		}
	} while (reader_done(&attach.reader, attach.position));
	return true;
}

static bool is_key(size_t at)
{
	return at < uart_input_size() && uart_input_peek(at) == detach_key;
}

/* The first bytes of the input, the key typed twice as one; how many are taken. */
static size_t give_input(size_t count)
{
	const struct ring *ring = &attach.partition->ring;
	size_t taken = 0;

	while (taken < count) {
		uint8_t byte = uart_input_peek(taken);

		if (!attach.read_only && ring_write_input(ring, &byte, 1) == 0)
			break;
		taken += byte == detach_key ? 2 : 1;
	}
	uart_input_drop(taken);
	if (taken > 0 && !attach.read_only)
		call_part_event(attach.partition->slot, EVENT_INPUT);
	attach.input_stuck = taken < count;
	return taken;
}

bool attach_take_key(void)
{
	for (size_t i = 0; i < uart_input_size(); i++) {
		if (is_key(i)) {
			uart_input_drop(i + 1);
			return true;
		}
	}
	return false;
}

/* The index of the key that is not typed twice, or the input's size. */
static size_t find_detach(void)
{
	size_t size = uart_input_size(), i = 0;

	while (i < size && !(is_key(i) && !is_key(i + 1)))
		i += is_key(i) ? 2 : 1;
	return MIN(i, size);
}

/* The key is the last byte so far: it may be typed again for a moment. */
static bool may_come_again(void)
{
	uint64_t now = call_clock();

	if (!attach.key_until)
		attach.key_until = now + clock_hz() / TWICE_PER_SECOND;
	return now < attach.key_until;
}

static void leave_by_key(size_t left)
{
	char text[96];

	uart_input_drop(left + 1);
	if (left > 0)
		format(text, sizeof(text), "detached from %s; it left %lu bytes unread",
		       attach.partition->name, left);
	else
		format(text, sizeof(text), "detached from %s", attach.partition->name);
	leave(text);
}

/* A guest that does not read must not lock the operator out: what it left is dropped at the key. */
static void pump_input(void)
{
	size_t size = uart_input_size();
	size_t key = find_detach();
	size_t taken = give_input(key);

	if (key == size) {
		attach.key_until = 0;
		if (uart_input_size() == UART_IN_SIZE)
			uart_input_drop(UART_IN_SIZE / 2);
	} else if (key + 1 < size || !may_come_again()) {
		leave_by_key(key - taken);
	}
}

void attach_note(const char *text, bool ends)
{
	str_copy(attach.note, sizeof(attach.note), text);
	attach.noted = true;
	attach.ends |= ends;
}

static void show_note(void)
{
	attach.noted = false;
	if (attach.ends) {
		leave(attach.note);
		return;
	}
	screen_write_raw("\r\n", 2);
	text_print("[%s]", attach.note);
}

/* While it is open whether the key detaches, a flood stands still: what comes after it is not seen. */
void attach_turn(void)
{
	bool held = attach.key_until != 0;
	bool empty;

	if (reader_is_gone(&attach.reader)) {
		leave("it is gone");
		return;
	}
	empty = !held && pump_output();
	if (held)
		reader_move(&attach.reader, attach.position);
	if (attach.noted && empty)
		show_note();
	if (attach.partition)
		pump_input();
	if (attach.partition && held && attach.key_until == 0)
		reader_look_again(&attach.reader);
}
