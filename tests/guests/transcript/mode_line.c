/* SPDX-License-Identifier: BSD-2-Clause */
/* A shot's line in the other modes: what is not as it was, in a fixed order. */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/transcript/mode.h"
#include "tests/guests/transcript/text.h"

enum { PUSHED_MAX = 36, IDT_SIZE32 = 256 * 8, IDT_SIZE_REAL = 256 * 4 };

extern uint64_t mode_gdt[], mode_idt[];

static void add_place(struct text *text, const struct mode_event *event)
{
	if ((uint16_t)event->cs == MODE_CODE_SEGMENT)
		text_add(text, "+%x", event->eip);
	else
		text_add(text, "@%x:%x", (uint16_t)event->cs, event->eip);
}

/* Real mode has no error codes. */
static void add_event(struct text *text, const struct mode_shot *shot,
		      const struct mode_event *event)
{
	text_add(text, " ");
	text_add_vector(text, event->vector, shot->v86 ? &event->error : NULL, event->dr6);
	add_place(text, event);
}

static void add_outcome(struct text *text, const struct mode_shot *shot, const struct mode_run *run)
{
	const struct mode_event *last = &run->last;
	bool at_end = last->vector == VECTOR_BP && (uint16_t)last->cs == MODE_CODE_SEGMENT &&
		      last->eip == shot->entry + shot->size + 1;

	for (unsigned i = 0; i < run->events; i++)
		add_event(text, shot, &run->event[i]);
	if (at_end)
		text_add(text, " ok");
	else
		add_event(text, shot, last);
}

/* What stands on the stack, from its top to where that was. */
static bool add_stack(struct text *text, const struct mode_shot *shot, const struct mode_run *run)
{
	uint32_t before = shot->gpr[RSP], now = run->gpr[RSP];
	const uint8_t *segment = mode_memory(MODE_STACK_SEGMENT << 4);

	if (now >= before || before - now > PUSHED_MAX || shot->hide_stack)
		return false;
	if ((uint16_t)run->ss != MODE_STACK_SEGMENT)
		return false;
	for (uint32_t at = now; at < before; at += 2) {
		uint16_t word;

		memcpy(&word, segment + (at & 0xffff), sizeof(word));
		text_add(text, "%s%x", at == now ? " st=" : ",", word);
	}
	return true;
}

static void add_gprs(struct text *text, const struct mode_shot *shot, const struct mode_run *run)
{
	static const char *const names[MODE_GPRS] = {"eax", "ecx", "edx", "ebx",
						     "esp", "ebp", "esi", "edi"};

	for (unsigned i = 0; i < MODE_GPRS; i++) {
		if (run->gpr[i] == shot->gpr[i] || shot->hide & BIT(i))
			continue;
		if (i != RSP || !add_stack(text, shot, run))
			text_add(text, " %s=%x", names[i], run->gpr[i]);
	}
}

static void add_cell(struct text *text, const struct mode_shot *shot)
{
	uint64_t now;

	memcpy(&now, mode_memory(MODE_DATA_SEGMENT << 4), sizeof(now));
	if (shot->device)
		now = *shot->device;
	if (now != shot->cell && !shot->hide_cell)
		text_add(text, " m=%lx", now);
}

static void add_if(struct text *text, const char *name, uint32_t now, uint32_t before)
{
	if (now != before)
		text_add(text, " %s=%x", name, now);
}

static void add_segments(struct text *text, const struct mode_shot *shot, const struct mode_run *run)
{
	static const char *const entry[] = {"ds", "es", "fs", "gs"};

	add_if(text, "es", (uint16_t)run->es, shot->segment[MODE_ES]);
	add_if(text, "ss", (uint16_t)run->ss, shot->segment[MODE_SS]);
	add_if(text, "ds", (uint16_t)run->ds, shot->segment[MODE_DS]);
	add_if(text, "fs", (uint16_t)run->fs, shot->segment[MODE_FS]);
	add_if(text, "gs", (uint16_t)run->gs, shot->segment[MODE_GS]);
	for (unsigned i = 0; shot->v86 && i < ARRAY_SIZE(entry); i++)
		if ((uint16_t)run->at_entry[i])
			text_add(text, " handler's %s=%x", entry[i], (uint16_t)run->at_entry[i]);
}

/* Where the guest was linked does not show. */
static void add_tables(struct text *text, const struct mode_shot *shot, const struct mode_run *run)
{
	uint32_t idt = shot->v86 ? (uint32_t)(uintptr_t)mode_idt : 0;
	uint32_t size = shot->v86 ? IDT_SIZE32 : IDT_SIZE_REAL;

	if (run->gdt_limit != MODE_GDT_END - 1 || run->gdt_base != (uint32_t)(uintptr_t)mode_gdt)
		text_add(text, " gdtr=%x:%x", run->gdt_limit, run->gdt_base);
	if (run->idt_limit != size - 1 || run->idt_base != idt)
		text_add(text, " idtr=%x:%x", run->idt_limit, run->idt_base);
}

static void add_control(struct text *text, const struct mode_shot *shot, const struct mode_run *run)
{
	uint32_t cr0 = (uint32_t)cr0_read() & ~(uint32_t)(CR0_PG | CR0_PE);

	cr0 |= (shot->v86 ? CR0_PE : 0) | (shot->paging ? CR0_PG : 0);
	add_if(text, "cr0", run->cr0, cr0);
	add_if(text, "cr2", run->cr2, 0);
	if (!shot->paging)
		add_if(text, "cr3", run->cr3, 0);
	add_if(text, "cr4", run->cr4,
	       ((uint32_t)cr4_read() & ~(uint32_t)CR4_PAE) | shot->cr4 |
		       (shot->paging ? CR4_PSE : 0));
	add_if(text, "efer", run->efer,
	       (uint32_t)msr_read(MSR_EFER) & ~(uint32_t)(EFER_LME | EFER_LMA));
	add_if(text, "dr0", run->dr0, shot->dr0);
	add_if(text, "dr6", run->dr6, DR6_RESET);
	add_if(text, "dr7", run->dr7, shot->dr7);
}

void mode_line(struct text *text, const struct mode_shot *shot, const struct mode_run *run)
{
	add_outcome(text, shot, run);
	add_gprs(text, shot, run);
	add_cell(text, shot);
	if ((run->last.eflags ^ shot->eflags) & shot->flags)
		text_add(text, " fl=%x", run->last.eflags & shot->flags);
	add_segments(text, shot, run);
	add_tables(text, shot, run);
	add_control(text, shot, run);
}
