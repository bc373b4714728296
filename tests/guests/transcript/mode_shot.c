/* SPDX-License-Identifier: BSD-2-Clause */
/* See mode.h: a shot's beginning, and its line. */
#include "tests/guests/transcript/mode.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/transcript/state.h"
#include "tests/guests/transcript/subject.h"
#include "tests/guests/transcript/text.h"

enum { INT3 = 0xcc, STACK = 0x7f00, STACK_USED = 0x100, BEYOND = 0x600, SOURCE = 0x800 };
enum { SOME = 16 };

/* Flags that say how an instruction went, or what it did to the state. */
#define TOLD                                                                                    \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_TF | RFLAGS_IF |    \
	 RFLAGS_DF | RFLAGS_OF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_VM | RFLAGS_AC | RFLAGS_VIF | \
	 RFLAGS_VIP | RFLAGS_ID)

/* The upper halves are not 0: 16-bit code has to leave them alone. */
void mode_begin(struct mode_shot *shot, bool v86)
{
	*shot = (struct mode_shot){
		.v86 = v86,
		.gpr = {0xaaaa000a, 0xcccc000c, 0xdddd000d, 0xbbbb000b, 0x55550000 | STACK,
			0xbebe7f80, 0x51510000 | SOURCE, 0xd1d10000},
		.eflags = RFLAGS_FIXED,
		.segment = {MODE_DATA_SEGMENT, MODE_CODE_SEGMENT, MODE_STACK_SEGMENT,
			    MODE_DATA_SEGMENT, 0, MODE_DATA_SEGMENT + 1},
		.dr7 = DR7_RESET,
		.cell = 0x8877665544332211,
		.flags = TOLD,
	};
	if (v86)
		shot->eflags |= RFLAGS_VM;
}

/* The code in a segment of INT3s: the first of those behind it is its end. */
static void put_code(const struct mode_shot *shot)
{
	uint8_t *segment = mode_memory(MODE_CODE_SEGMENT << 4);

	memset(segment, INT3, MODE_SEGMENT_SIZE);
	memcpy(segment + shot->entry, shot->code, MIN(shot->size, MODE_SEGMENT_SIZE - shot->entry));
}

/*
 * What earlier shots may have left behind goes. For those who go on over the end of the code, of
 * the data or of the stack, there are INT3s or an address in the code; who keeps the limits sees
 * neither.
 */
static void put_data(const struct mode_shot *shot)
{
	static const uint64_t source[] = {0x0123456789abcdef, 0xfedcba9876543210};
	static const uint8_t far[] = {0x00, 0x08, 0x00, 0x10, 0x00, 0x10, 0x02, 0x00};
	uint8_t *data = mode_memory(MODE_DATA_SEGMENT << 4);
	uint8_t *stack = mode_memory(MODE_STACK_SEGMENT << 4);

	memset(data, 0, SOURCE);
	memset(data + BEYOND, INT3, SOURCE - BEYOND);
	memcpy(data + SOURCE, source, sizeof(source));
	memset(stack - SOME, 0, 2 * SOME);
	memcpy(stack - 3, far, 4);
	memset(stack + STACK - STACK_USED, 0, 2 * STACK_USED);
	memset(stack + MODE_SEGMENT_SIZE - SOME, 0, 2 * SOME);
	memcpy(stack + MODE_SEGMENT_SIZE - 3, far, 4);
	memcpy(stack + 1, far + 4, 4);
	if (shot->device)
		*shot->device = (uint32_t)shot->cell;
	else
		memcpy(data, &shot->cell, sizeof(shot->cell));
}

static void fire(const struct mode_shot *shot, const char *name)
{
	struct text text = {.used = 0};
	struct state state;

	text_add(&text, "%s %s%s%s%s @%s ->", subject_name, shot->prefix ? shot->prefix : "",
		 shot->prefix ? ": " : "", name, shot->eflags & RFLAGS_TF ? " (TF)" : "",
		 shot->v86 ? "v86" : "real");
	if (shot->not_tried) {
		text_add(&text, " not tried\n");
	} else {
		put_code(shot);
		put_data(shot);
		state_note(&state);
		mode_line(&text, shot, mode_run(shot));
		state_restore(&state, &text);
		text_add(&text, "\n");
	}
	print_bytes(text.line, text.used);
}

void mode_cases_fire(const struct insn_case *cases, bool v86,
		     void (*prepare)(struct mode_shot *shot))
{
	for (; cases->name; cases++) {
		struct mode_shot shot;

		if (cases->modes & NOT_TCG && test_bed("bare-qemu"))
			continue;
		mode_begin(&shot, v86);
		shot.code = cases->code;
		shot.size = cases->size;
		shot.flags &= ~insn_undefined_flags(cases->modes);
		if (cases->modes & HIDE) {
			shot.hide = UINT16_MAX;
			shot.hide_cell = true;
		}
		if (cases->modes & STEPPED) {
			shot.eflags |= RFLAGS_TF;
			shot.goes_on = true;
		}
		if (prepare)
			prepare(&shot);
		fire(&shot, cases->name);
	}
}

void mode_drain(void)
{
	static const uint8_t code[] = {0xfb, 0x90, 0x90, 0xfa}; /* sti; nop; nop; cli */
	struct mode_shot shot;

	mode_begin(&shot, false);
	shot.code = code;
	shot.size = sizeof(code);
	put_code(&shot);
	mode_run(&shot);
}
