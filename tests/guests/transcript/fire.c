/* SPDX-License-Identifier: BSD-2-Clause */
/* A shot's line: what is not as it was, in a fixed order. */
#include "lib/string.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"
#include "tests/guests/transcript/shot.h"
#include "tests/guests/transcript/stage.h"
#include "tests/guests/transcript/state.h"
#include "tests/guests/transcript/subject.h"
#include "tests/guests/transcript/text.h"

static bool is_linked(uint64_t address)
{
	return address >= (uintptr_t)guest_image && address < (uintptr_t)guest_image_end;
}

static void add_place(struct text *text, uint64_t rip)
{
	if (rip - STAGE_CODE < PAGE_SIZE)
		text_add(text, "+%lx", rip - STAGE_CODE);
	else if (is_linked(rip))
		text_add(text, "@guest");
	else
		text_add(text, "@%lx", rip);
}

static void add_register(struct text *text, const char *name, uint64_t value)
{
	if (is_linked(value))
		text_add(text, " %s=guest", name);
	else
		text_add(text, " %s=%lx", name, value);
}

static void add_events(struct text *text, const struct shot *shot)
{
	for (unsigned i = 0; i < MIN(shot->events, (unsigned)SHOT_EVENTS); i++) {
		const struct shot_event *event = &shot->event[i];

		text_add(text, " ");
		text_add_vector(text, event->vector, &event->error, event->dr6);
		add_place(text, event->rip);
	}
	if (shot->events > SHOT_EVENTS)
		text_add(text, " and more: %u", shot->events);
}

static void add_outcome(struct text *text, const struct shot *shot)
{
	if (shot->vector == NO_FAULT) {
		text_add(text, " ok");
		if (shot->end.rip != shot->entry + shot->size + 2)
			add_place(text, shot->end.rip);
		return;
	}
	text_add(text, " ");
	text_add_vector(text, (unsigned)shot->vector, &shot->error, shot->dr6);
	add_place(text, shot->end.rip);
	if (shot->vector == VECTOR_PF)
		text_add(text, " cr2=%lx", shot->cr2);
}

static void add_gprs(struct text *text, const struct shot *shot)
{
	static const char *const gprs[GPRS] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
					       "rsi", "rdi", "r8",  "r9",  "r10", "r11",
					       "r12", "r13", "r14", "r15"};
	struct trap_frame end = shot->end;

	for (unsigned i = 0; i < GPRS; i++) {
		uint64_t now = *shot_register(&end, i);

		if (now != shot->gpr[i] && !(shot->hide & BIT(i)))
			add_register(text, gprs[i], now);
	}
}

static uint64_t read_cell(const struct shot *shot)
{
	return shot->device ? *shot->device : *(uint64_t *)stage_memory(STAGE_DATA);
}

static void write_cell(const struct shot *shot)
{
	if (shot->device)
		*shot->device = (uint32_t)shot->cell;
	else
		*(uint64_t *)stage_memory(STAGE_DATA) = shot->cell;
}

static void add_rest(struct text *text, const struct shot *shot)
{
	const struct trap_frame *end = &shot->end;
	uint64_t cpl = shot->cpl, cell = read_cell(shot);

	if (cell != shot->cell && !shot->hide_cell)
		text_add(text, " m=%lx", cell);
	if ((end->rflags ^ shot->rflags) & shot->flags)
		text_add(text, " fl=%lx", end->rflags & shot->flags);
	if ((end->cs & 3) != cpl ||
	    (end->cs != SELECTOR_CODE && end->cs != SELECTOR_UCODE && !shot->compatibility))
		text_add(text, " cs=%lx", end->cs);
	if (end->ss != (cpl ? SELECTOR_UDATA : SELECTOR_DATA))
		text_add(text, " ss=%lx", end->ss);
}

void shot_fire(struct shot *shot, const char *name, ...)
{
	struct text text = {.used = 0};
	struct state state;
	va_list args;

	text_add(&text, "%s ", subject_name);
	if (shot->prefix)
		text_add(&text, "%s: ", shot->prefix);
	va_start(args, name);
	text_vadd(&text, name, args);
	va_end(args);
	text_add(&text, " @%u ->", shot->cpl);
	state_note(&state);
	write_cell(shot);
	shot_run(shot);
	add_events(&text, shot);
	add_outcome(&text, shot);
	add_gprs(&text, shot);
	add_rest(&text, shot);
	state_restore(&state, &text);
	text_add(&text, "\n");
	print_bytes(text.line, text.used);
}
