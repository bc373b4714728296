/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * While a command runs, what is typed is edited and shown without a prompt, up to its Enter; the bytes
 * behind it wait in the serial queue. So nothing typed is lost, and all of it is executed in order.
 */
#include "console/session.h"

#include "console/answer.h"
#include "console/attach.h"
#include "console/autostart.h"
#include "console/call.h"
#include "console/clock.h"
#include "console/command.h"
#include "console/complete.h"
#include "console/handlers.h"
#include "console/keys.h"
#include "console/notation.h"
#include "console/notice.h"
#include "console/pager.h"
#include "console/screen.h"
#include "console/script.h"
#include "console/text.h"
#include "console/uart.h"
#include "lib/copy.h"
#include "lib/string.h"

enum { CTRL_C = 0x03 };

static const char plain_prompt[] = "freehold> ", more_prompt[] = "> ", pager_prompt[] = "--more--";

static struct {
	struct keys keys;
	struct line line;
	struct history history;
	bool entered; /* line is a command that waits for its turn */
	enum session_answer (*step)(void);
	bool (*interrupt)(void);
	bool awaits_key; /* step goes on until the key is typed that detaches */
	const char *question;
	const char *prompt; /* NULL: the plain one */
	void (*yes)(void);
	bool running;	      /* a command was taken up and has not ended */
	uint64_t begun;	      /* TSC: when it was */
	bool timed;	      /* its time is to be told */
	unsigned line_number; /* of the script, 0: typed */
	unsigned errors;      /* text_error_count() when it began */
	char then[64];	      /* the command that belongs to it and follows, or "" */
	bool in_script;
	unsigned script_errors; /* text_error_count() when it began */
	struct script script;
	struct script_line command; /* of the script, or typed so far */
	bool more;		    /* what was typed goes on with the next line */
	bool overflow;		    /* a line of it was too long */
	uint64_t noise;		    /* bytes in it that were no text */
} session;

void session_reset(void)
{
	memset(&session, 0, sizeof(session));
	line_reset(&session.line);
}

void session_run_script(const char *text, size_t size)
{
	script_open(&session.script, text, size);
	session.in_script = true;
	session.script_errors = text_error_count();
}

void session_continue(enum session_answer (*step)(void), bool (*interrupt)(void))
{
	session.step = step;
	session.interrupt = interrupt;
	session.awaits_key = false;
}

bool session_has_person(unsigned line)
{
	return line == 0 && !answer_is_script();
}

void session_ask(const char *question, void (*yes)(void))
{
	session.question = question;
	session.yes = yes;
}

void session_time(const struct invocation *in)
{
	(void)in;
	session.timed = true;
}

void session_then(const char *command)
{
	str_copy(session.then, sizeof(session.then), command);
}

static void begin_command(unsigned line)
{
	session.line_number = line;
	session.errors = text_error_count();
	session.then[0] = '\0';
	session.running = true;
	session.begun = call_clock();
	session.timed = false;
}

static void tell_time(void)
{
	uint64_t ticks = call_clock() - session.begun;
	uint64_t us = clock_microseconds(ticks);

	text_print("took %lu ticks (%lu.%03lu ms)", ticks, us / 1000, us % 1000);
}

void session_set_prompt(const char *text)
{
	session.prompt = text;
}

static bool is_running(void)
{
	return session.step || session.question || attach_partition() || pager_is_holding();
}

/* True if something follows that has not ended. */
static bool go_on(void)
{
	char then[sizeof(session.then)];

	if (!session.then[0] || text_error_count() != session.errors)
		return false;
	memcpy(then, session.then, sizeof(then));
	session.then[0] = '\0';
	command_run(then, strlen(then), session.line_number);
	return is_running();
}

/* After all that may have ended the command. */
static void end_command(void)
{
	if (!session.running || is_running() || go_on())
		return;
	session.running = false;
	pager_end();
	notation_end();
	if (session.timed)
		tell_time();
	answer_end();
	notice_flush();
}

static bool is_busy(void)
{
	return session.step || session.in_script;
}

bool session_is_idle(void)
{
	return !is_busy() && !session.entered && !session.question && !attach_partition() &&
	       !pager_is_holding();
}

bool session_is_typed_ahead(void)
{
	return uart_input_size() > 0 || session.line.length > 0;
}

static void forget_line(void)
{
	line_reset(&session.line);
	session.keys.noise = 0;
	session.entered = false;
}

bool session_take_key(void)
{
	session.awaits_key = true;
	if (!attach_take_key())
		return false;
	forget_line();
	session.more = false;
	return true;
}

/* What stands before the line: nothing while it cannot be executed yet. */
static const char *idle_prompt(void)
{
	if (is_busy() || answer_is_script())
		return "";
	if (session.question)
		return session.question;
	if (session.more)
		return more_prompt;
	return session.prompt ? session.prompt : plain_prompt;
}

/* What Ctrl-C does to the line at the prompt. */
static void abandon_line(void)
{
	screen_commit(&session.line);
	forget_line();
	session.more = false;
}

/* The question is void, and so is what was typed of its answer. */
static void abandon_question(void)
{
	abandon_line();
	session.question = NULL;
	session.timed = false;
}

/* A TAB is for the prompt: an answer to a question has nothing to complete, and in a script it is a blank. */
static void complete(void)
{
	if (answer_is_script())
		line_insert(&session.line, " ", 1);
	else if (!session.question && !session.line.overflow)
		complete_line(&session.line, session.command.text,
			      session.more ? session.command.length : 0);
}

/*
 * Feeds the editor. True when a line is ready; what is behind it stays in the queue, as does what is behind a
 * TAB: a text full of them prints for minutes.
 */
static bool edit_input(void)
{
	while (uart_input_size() > 0) {
		uint64_t noise = session.keys.noise;
		int key = keys_feed(&session.keys, uart_input_peek(0));
		enum line_result result = line_key(&session.line, &session.history, key);

		uart_input_drop(1);
		/* One bell for a burst of noise. */
		session.line.bell |= noise == 0 && session.keys.noise > 0;
		if (key == KEY_KILL_START && session.line.length == 0)
			session.keys.noise = 0;
		if (result == LINE_READY)
			return true;
		if (result == LINE_INTERRUPT) {
			abandon_question();
			end_command();
			screen_set_prompt(idle_prompt());
		}
		if (result == LINE_COMPLETE)
			complete();
		if (result == LINE_REDRAW)
			screen_clear();
		screen_refresh(&session.line);
		if (result == LINE_COMPLETE)
			return false;
	}
	return false;
}

/* The answer that was entered. False if it is not to be believed. */
static bool take_answer(char text[LINE_SIZE])
{
	bool spoilt = session.keys.noise || session.line.overflow;

	memcpy(text, session.line.text, LINE_SIZE);
	screen_commit(&session.line);
	forget_line();
	return !spoilt;
}

/* y or yes, in capitals or not. */
static bool is_yes(const char *text)
{
	static const char yes[] = "yes";
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		if (i == sizeof(yes) - 1 || (text[i] | 0x20) != yes[i])
			return false;
	}
	return length == 1 || length == 3;
}

static void answer_question(void)
{
	char text[LINE_SIZE];
	bool yes = take_answer(text) && is_yes(text);

	session.question = NULL;
	screen_set_prompt("");
	session.begun = call_clock(); /* what came before was the operator's time */
	if (yes)
		session.yes();
	else
		text_print("nothing was done");
	end_command();
}

/* Adds the line that was entered to the command. False if that goes on with the next line. */
static bool add_line(void)
{
	struct script_line *command = &session.command;
	struct line *line = &session.line;

	if (!session.more) {
		script_begin_line(command);
		session.noise = 0;
		session.overflow = false;
	}
	session.noise += session.keys.noise;
	session.overflow |= line->overflow;
	/* Of a line that did not fit nothing counts but whether it is the last. */
	if (line->overflow)
		command->begun = line->goes_on;
	else
		script_add_line(command, line->text, line->length);
	session.more = command->begun;
	return !session.more;
}

/* A command of several lines is recalled as one. */
static void remember(const char *last_line, bool joined)
{
	struct script_line *command = &session.command;

	if (!joined) {
		history_add(&session.history, last_line);
	} else if (command->length < LINE_SIZE) {
		command->text[command->length] = '\0';
		history_add(&session.history, command->text);
	}
}

/* What was typed is to be believed; else its error is printed. */
static bool check_command(void)
{
	text_set_context(0, "", "");
	if (session.overflow)
		text_fail(CODE_LINE, "a line has at most %d characters; nothing was done",
			  LINE_SIZE - 1);
	else if (session.command.too_long)
		text_fail(CODE_LINE, "a command has at most %d characters; nothing was done",
			  SCRIPT_LINE - 1);
	else if (session.noise)
		text_fail(CODE_LINE, "%lu bytes of the line were no text; nothing was done",
			  session.noise);
	return !session.overflow && !session.command.too_long && !session.noise;
}

static void run_line(void)
{
	char text[LINE_SIZE];
	bool joined = session.more;
	bool complete;

	memcpy(text, session.line.text, LINE_SIZE);
	screen_set_prompt(idle_prompt());
	complete = add_line();
	screen_commit(&session.line);
	forget_line();
	if (!complete)
		return;
	begin_command(0);
	answer_begin();
	if (!answer_is_script())
		pager_begin();
	if (check_command()) {
		remember(text, joined);
		screen_set_prompt("");
		command_run(session.command.text, session.command.length, 0);
	}
	end_command();
}

static void end_script(const char *how)
{
	unsigned errors = text_error_count() - session.script_errors;

	session.in_script = false;
	if (how)
		text_print("freehold.conf: %s", how);
	if (errors)
		text_print("freehold.conf: %u error%s", errors, errors == 1 ? "" : "s");
	if (!how)
		autostart_all();
}

static void run_script_line(void)
{
	struct script_line *line = &session.command;

	if (!script_next(&session.script, line)) {
		end_script(NULL);
		return;
	}
	text_set_context(line->line, "", "");
	begin_command(line->line);
	if (line->too_long)
		text_fail(CODE_LINE, "a command has at most %d characters", SCRIPT_LINE - 1);
	else
		command_run(line->text, line->length, line->line);
	end_command();
}

/* The last Ctrl-C in the queue, for a terminal's rule: what was typed before it is void. */
static bool take_interrupt(void)
{
	for (size_t i = uart_input_size(); i > 0; i--) {
		if (uart_input_peek(i - 1) == CTRL_C) {
			uart_input_drop(i);
			return true;
		}
	}
	return false;
}

/*
 * More is typed than is kept, while nothing but a key ends the command: the key would stand behind all that,
 * and void it. If the command ends otherwise, what is left of the line that was cut counts as noise.
 */
static bool take_flood(void)
{
	if (!session.awaits_key || uart_input_size() < UART_IN_SIZE)
		return false;
	text_print("[more than %d KiB were typed ahead: nothing of that is executed]",
		   UART_IN_SIZE / 1024);
	forget_line();
	session.more = false;
	session.keys.noise = UART_IN_SIZE;
	uart_input_drop(UART_IN_SIZE);
	return true;
}

/* The operator knows who pressed Ctrl-C; a program is told, and everybody if it was neither of them. */
static void stop_step(bool broken_off)
{
	if (!session.step || !session.interrupt || !session.interrupt())
		return;
	session.step = NULL;
	if (broken_off)
		text_fail(CODE_STOPPED, "it was broken off");
	else if (answer_is_open())
		text_fail(CODE_STOPPED, "it was interrupted");
}

bool session_break_off(const char *why)
{
	attach_end(why);
	session.then[0] = '\0';
	/* It named partitions as they were. */
	if (session.question) {
		abandon_question();
		text_print("it was broken off: nothing was done");
		screen_set_prompt(idle_prompt());
	}
	stop_step(true);
	end_command();
	return !session.step;
}

static void interrupt(void)
{
	if (!answer_is_open())
		text_print("^C");
	forget_line();
	session.more = false;
	session.then[0] = '\0';
	stop_step(false);
	end_command();
	if (session.in_script)
		end_script("stopped by Ctrl-C; the rest of it was not executed");
}

/* The keys are the pager's. True if it holds nothing any more. */
static bool turn_pages(void)
{
	screen_set_prompt(pager_prompt);
	while (pager_is_holding() && uart_input_size() > 0) {
		enum pager_answer answer = pager_key(keys_feed(&session.keys, uart_input_peek(0)));

		if (answer != PAGER_TYPED)
			uart_input_drop(1);
		if (answer == PAGER_QUIT) {
			session.then[0] = '\0';
			stop_step(false);
		}
	}
	if (pager_is_holding())
		return false;
	session.keys.noise = 0;
	screen_set_prompt("");
	end_command();
	return true;
}

/* One thing of those that are not the editor's. True if it did something and there may be more. */
static bool advance(bool *again)
{
	if (attach_partition()) {
		pager_release();
		attach_turn();
		end_command();
		return !attach_partition();
	}
	if (pager_is_holding())
		return false;
	if (session.step) {
		enum session_answer answer = session.step();

		*again |= answer == SESSION_AGAIN;
		if (answer == SESSION_DONE)
			session.step = NULL;
		end_command();
		return answer == SESSION_DONE;
	}
	if (session.in_script) {
		run_script_line();
		return true;
	}
	return false;
}

/* True if a line was taken and there may be more to do. */
static bool take_line(void)
{
	bool busy = is_busy();

	if (pager_is_holding())
		return turn_pages();
	if (busy && take_interrupt()) {
		interrupt();
		return true;
	}
	if (busy && take_flood())
		return true;
	screen_set_prompt(idle_prompt());
	if (!session.entered && edit_input())
		session.entered = true;
	if (busy || !session.entered)
		return false;
	if (session.question)
		answer_question();
	else
		run_line();
	return true;
}

/* Something was typed that the editor takes at once. */
static bool is_editable(void)
{
	return uart_input_size() > 0 && !session.entered && !pager_is_holding();
}

enum { TURN_MAX = 16 };

bool session_turn(void)
{
	bool again = false;

	for (unsigned i = 0; i < TURN_MAX; i++) {
		if (advance(&again))
			continue;
		if (attach_partition())
			return false;
		if (!take_line()) {
			screen_refresh(&session.line);
			return again || is_editable();
		}
	}
	return true;
}
