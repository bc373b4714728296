/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a shot: into it by IRETQ, out of it from the trap handler, on a stack that no shot can spoil. */
#include "tests/guests/transcript/shot.h"

#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/transcript/gdt.h"
#include "tests/guests/transcript/stage.h"

enum { INT3 = 0xcc, INT = 0xcd, RING0_STACK = 0x800 };

/* Flags that say how an instruction went, or what it did to the state. */
#define TOLD                                                                                 \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_TF | RFLAGS_IF | \
	 RFLAGS_DF | RFLAGS_OF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_AC | RFLAGS_ID)

void shot_enter(struct trap_frame *from);

uint64_t *shot_register(struct trap_frame *frame, unsigned gpr)
{
	uint64_t *const registers[GPRS] = {&frame->rax, &frame->rcx, &frame->rdx, &frame->rbx,
					   &frame->rsp, &frame->rbp, &frame->rsi, &frame->rdi,
					   &frame->r8,	&frame->r9,  &frame->r10, &frame->r11,
					   &frame->r12, &frame->r13, &frame->r14, &frame->r15};

	return registers[gpr];
}

void shot_begin(struct shot *shot, unsigned cpl)
{
	static const uint64_t low[] = {0xa, 0xc, 0xd, 0xb}, high[] = {0x88, 0x99, 0x1010, 0x1111};

	*shot = (struct shot){.cpl = cpl,
			      .entry = STAGE_CODE,
			      .rflags = RFLAGS_FIXED,
			      .cell = 0x8877665544332211,
			      .flags = TOLD};
	memcpy(&shot->gpr[RAX], low, sizeof(low));
	memcpy(&shot->gpr[R8], high, sizeof(high));
	for (unsigned i = R12; i < GPRS; i++)
		shot->gpr[i] = i;
	shot->gpr[RSP] = STAGE_STACK - 0x100;
	shot->gpr[RBP] = STAGE_STACK - 0x80;
	shot->gpr[RSI] = STAGE_DATA + 0x800;
	shot->gpr[RDI] = STAGE_DATA;
}

static void load_frame(const struct shot *shot, struct trap_frame *frame)
{
	bool user = shot->cpl == 3;

	*frame = (struct trap_frame){.rip = shot->entry, .rflags = shot->rflags};
	for (unsigned i = 0; i < GPRS; i++)
		*shot_register(frame, i) = shot->gpr[i];
	frame->ss = user ? SELECTOR_UDATA : SELECTOR_DATA;
	frame->cs = user ? SELECTOR_UCODE : SELECTOR_CODE;
	if (shot->compatibility)
		frame->cs = user ? SELECTOR_UCODE32 : SELECTOR_CODE32;
}

/* The code, and after it its end. What lies beyond the page is not there. */
static void put_code(const struct shot *shot)
{
	uint8_t *page = stage_memory(STAGE_CODE);
	uint64_t at = shot->entry & PAGE_MASK;

	memset(page, INT3, PAGE_SIZE);
	memcpy(page + at, shot->code, MIN(shot->size, PAGE_SIZE - at));
	if (at + shot->size + 2 > PAGE_SIZE)
		return;
	page[at + shot->size] = INT;
	page[at + shot->size + 1] = VECTOR_USER_DONE;
}

void shot_run(struct shot *shot)
{
	struct trap_frame frame;

	put_code(shot);
	load_frame(shot, &frame);
	shot_current = shot;
	shot_enter(&frame);
}

void shot_init(void)
{
	stage_init();
	gdt_init();
	cpu_of(0)->tss.rsp[0] = STAGE_STACK - RING0_STACK; /* where a call gate leads */
	shot_init_traps();
}
