/* SPDX-License-Identifier: BSD-2-Clause */
/* A task switch from the old task's TSS to the new one's, in the manual's order. */
#include "lib/string.h"
#include "vmm/cr.h"
#include "vmm/emulate_internal.h"
#include "vmm/guest_features.h"
#include "vmm/segment_load.h"
#include "vmm/task.h"

enum { TSS_BUSY = 2, TSS_32 = 8, TSS_MAX = 104, TYPE_AT = 5, LINK_SIZE = 2, GPRS = 8 };

/* SDM 3A figures 7-2 "32-Bit Task-State Segment (TSS)" and 7-10 "16-Bit TSS Format": offsets. */
struct tss_format {
	uint8_t size;  /* the least limit, plus 1 */
	uint8_t width; /* of a register */
	uint8_t ip, flags, gpr, segment, ldt;
	uint8_t segments;  /* how many registers: ES CS SS DS, and FS GS */
	uint8_t cr3, trap; /* 0: has none */
};

static const struct tss_format tss_16 = {.size = 44,
					 .width = 2,
					 .ip = 14,
					 .flags = 16,
					 .gpr = 18,
					 .segment = 34,
					 .ldt = 42,
					 .segments = 4};
static const struct tss_format tss_32 = {.size = TSS_MAX,
					 .width = 4,
					 .ip = 32,
					 .flags = 36,
					 .gpr = 40,
					 .segment = 72,
					 .ldt = 96,
					 .segments = 6,
					 .cr3 = 28,
					 .trap = 100};

/* A TSS in memory and its copy here. */
struct task_tss {
	const struct tss_format *format;
	struct seg tr;
	struct emulate_span span; /* all of it */
	struct emulate_span type; /* its descriptor's byte that has the busy bit */
	uint8_t type_byte;
	uint8_t bytes[TSS_MAX];
};

static const struct tss_format *format_of(const struct seg *tr)
{
	return tr->attributes & TSS_32 ? &tss_32 : &tss_16;
}

static uint32_t get(const struct task_tss *tss, unsigned at)
{
	uint32_t value = 0;

	memcpy(&value, tss->bytes + at, tss->format->width);
	return value;
}

static void set(struct task_tss *tss, unsigned at, uint64_t value)
{
	memcpy(tss->bytes + at, &value, tss->format->width);
}

/* Where its descriptor says whether it is busy, and its bytes. */
static bool find(struct emulate *e, const struct descriptor *descriptor, unsigned access,
		 struct task_tss *tss)
{
	tss->format = format_of(&tss->tr);
	tss->type_byte = (uint8_t)(descriptor->raw >> 40);
	return emulate_translate_linear(e, descriptor->linear + TYPE_AT, sizeof(tss->type_byte),
					WALK_WRITE | WALK_IMPLICIT, &tss->type) &&
	       emulate_translate_linear(e, (uint32_t)tss->tr.base, tss->format->size,
					access | WALK_IMPLICIT, &tss->span) &&
	       emulate_span_read(e, &tss->span, tss->bytes);
}

/* The descriptors were the processor's to check; what another CPU has made of them since is not. */
static bool find_new(struct emulate *e, bool link, struct task_tss *tss)
{
	uint16_t selector = e->frame->task.selector;
	struct descriptor descriptor;
	bool ok;

	if (!segment_read_descriptor(e, selector, &descriptor, &ok))
		return false;
	if (!ok)
		return emulate_stop(e, EMULATE_RESTART);
	tss->tr = segment_of(selector, descriptor.raw);
	if (tss->tr.attributes & SEG_ATTR_S || !(tss->tr.attributes & SEG_ATTR_P) ||
	    (tss->tr.attributes & 5) != 1 || tss->tr.limit < format_of(&tss->tr)->size - 1u)
		return emulate_stop(e, EMULATE_RESTART);
	tss->tr.attributes |= TSS_BUSY;
	return find(e, &descriptor, link ? WALK_WRITE : WALK_READ, tss);
}

static bool find_old(struct emulate *e, struct task_tss *tss)
{
	const struct seg *tr = &e->frame->seg[SEG_TR];
	struct descriptor descriptor;
	bool ok;

	if (!segment_read_descriptor(e, tr->selector, &descriptor, &ok))
		return false;
	if (!ok || tr->limit < format_of(tr)->size - 1u)
		return emulate_raise(e, fault_with_error(e->frame, VECTOR_TS, tr->selector & ~3u));
	tss->tr = *tr;
	return find(e, &descriptor, WALK_WRITE, tss);
}

/* A fault's handler returns to the instruction, which is not to meet its breakpoint again. */
static bool is_fault(const struct frame_task *task)
{
	return task->source == TASK_GATE && !task->insn_len && task->type == INJECT_EXCEPTION &&
	       task->vector != VECTOR_DB;
}

static bool save_old(struct emulate *e, struct task_tss *tss)
{
	const struct frame_task *task = &e->frame->task;
	const struct tss_format *format = tss->format;
	uint64_t flags = e->frame->rflags | (is_fault(task) ? RFLAGS_RF : 0);

	if (task->source == TASK_IRET)
		flags &= ~(uint64_t)RFLAGS_NT;
	set(tss, format->ip, e->frame->rip + task->insn_len);
	set(tss, format->flags, flags);
	for (unsigned i = 0; i < GPRS; i++)
		set(tss, format->gpr + i * format->width, e->frame->gpr[i]);
	for (unsigned i = 0; i < format->segments; i++)
		memcpy(tss->bytes + format->segment + i * format->width, &e->frame->seg[i].selector,
		       sizeof(uint16_t));
	return emulate_span_write(e, &tss->span, tss->bytes);
}

/* Busy is who runs, and who waits for an IRET; whom JMP or IRET leaves is not. */
static bool set_busy(struct emulate *e, struct task_tss *tss, bool busy)
{
	uint8_t byte = tss->type_byte;

	byte = (uint8_t)(busy ? byte | TSS_BUSY : byte & ~TSS_BUSY);
	return emulate_span_write(e, &tss->type, &byte);
}

static bool load_cr3(struct emulate *e, uint32_t cr3)
{
	struct frame_control *control = &e->frame->control;
	struct cr_state state = {.cr0 = control->cr0, .cr4 = control->cr4, .efer = control->efer};

	if (!cr_load(&guest_features.cr, &state, 3, cr3))
		return emulate_raise_gp(e);
	control->cr3 = e->walk.cr3 = state.cr3;
	if (state.pdptr_loaded)
		memcpy(control->pdptr, state.pdptr, sizeof(control->pdptr));
	return true;
}

/*
 * Until its descriptor is loaded a register is unusable, but for CS, without which no task can take a fault:
 * it and SS, whose DPL is the CPL, keep the old task's until the new CS is loaded.
 */
static void set_selector(struct frame *frame, unsigned index, uint32_t selector)
{
	frame->seg[index].selector = (uint16_t)selector;
	if (index != SEG_CS && index != SEG_SS)
		frame->seg[index].attributes = SEG_ATTR_UNUSABLE;
}

/* All but the hidden parts of the segment registers. */
static bool load_new(struct emulate *e, const struct task_tss *tss, bool nested)
{
	const struct tss_format *format = tss->format;
	struct frame *frame = e->frame;

	frame->seg[SEG_TR] = tss->tr;
	frame->control.cr0 |= CR0_TS;
	frame->rip = get(tss, format->ip);
	frame->rflags = get(tss, format->flags) | RFLAGS_ONE | (nested ? RFLAGS_NT : 0);
	if (format == &tss_16)
		frame->rflags &= 0xffff;
	for (unsigned i = 0; i < GPRS; i++)
		frame->gpr[i] = get(tss, format->gpr + i * format->width) |
				(format == &tss_16 ? 0xffff0000u : 0);
	for (unsigned i = 0; i <= SEG_GS; i++)
		set_selector(frame, i,
			     i < format->segments ? get(tss, format->segment + i * format->width)
						  : 0);
	set_selector(frame, SEG_LDTR, get(tss, format->ldt));
	e->walk.rflags = frame->rflags;
	return !format->cr3 || !(frame->control.cr0 & CR0_PG) || load_cr3(e, get(tss, format->cr3));
}

/* The error code of an event, on the new task's stack, by the width of its TSS. */
static bool push_error(struct emulate *e, const struct task_tss *tss)
{
	struct frame *frame = e->frame;
	bool wide = frame->seg[SEG_SS].attributes & SEG_ATTR_DB;
	uint64_t mask = wide ? UINT32_MAX : UINT16_MAX;
	uint64_t rsp = (frame->gpr[GPR_RSP] - tss->format->width) & mask;
	struct emulate_span span;

	if (!emulate_translate(e, SEG_SS, rsp, tss->format->width, WALK_WRITE, &span) ||
	    !emulate_span_write(e, &span, &frame->task.error))
		return false;
	frame->gpr[GPR_RSP] = (frame->gpr[GPR_RSP] & ~mask) | rsp;
	return true;
}

/* From here on what faults is the new task. */
static bool begin_new(struct emulate *e, const struct task_tss *tss, bool nested)
{
	struct frame *frame = e->frame;
	const struct frame_task *task = &frame->task;
	bool external = task->source == TASK_GATE && !task->insn_len;

	if (!load_new(e, tss, nested) || !task_load_segments(e, external))
		return false;
	e->insn.mode = (uint8_t)insn_frame_mode(frame);
	if (frame->rip > frame->seg[SEG_CS].limit)
		return emulate_raise(e, fault_with_error(frame, VECTOR_GP, external));
	return !task->has_error || push_error(e, tss);
}

/*
 * There is no way back to the old task: where another vCPU changes a page table under the new one's first
 * steps, these are taken again. Who goes on with that ends.
 */
static bool enter_new(struct emulate *e, const struct task_tss *tss, bool nested)
{
	enum { TRIES = 64 };

	for (unsigned i = 0; i < TRIES; i++) {
		if (begin_new(e, tss, nested))
			return true;
		if (e->result != EMULATE_RESTART)
			return false;
	}
	return emulate_stop(e, EMULATE_UNSUPPORTED);
}

/* Nothing is changed before all of the old task's part can be. */
static bool leave_old(struct emulate *e, struct task_tss *old, struct task_tss *next, bool nested)
{
	const struct frame_task *task = &e->frame->task;
	struct emulate_span link = {0};

	if (!find_old(e, old) || !find_new(e, nested, next))
		return false;
	if (nested && !emulate_translate_linear(e, (uint32_t)next->tr.base, LINK_SIZE,
						WALK_WRITE | WALK_IMPLICIT, &link))
		return false;
	if ((task->source == TASK_JMP || task->source == TASK_IRET) && !set_busy(e, old, false))
		return false;
	if (!save_old(e, old) || (task->source != TASK_IRET && !set_busy(e, next, true)))
		return false;
	return !nested || emulate_span_write(e, &link, &old->tr.selector);
}

/* IRET opens NMIs again, and an NMI that came through a gate keeps them shut. */
static uint32_t shadow_after(const struct frame *frame)
{
	const struct frame_task *task = &frame->task;

	if (task->source == TASK_GATE && !task->insn_len && task->type == INJECT_NMI)
		return SHADOW_NMI;
	return task->source == TASK_IRET ? 0 : frame->shadow & SHADOW_NMI;
}

enum emulate_result task_switch(struct emulate *e, bool *trap)
{
	struct frame *frame = e->frame;
	bool nested = frame->task.source == TASK_CALL || frame->task.source == TASK_GATE;
	struct task_tss old, next;

	e->changed = 0;
	e->skip = 0;
	e->rsp_bias = 0;
	e->insn.mode = (uint8_t)insn_frame_mode(frame);
	walk_context_init(&e->walk, frame, e->cpu);
	e->walk.pkru = e->pkru;
	*trap = false;
	frame->task.delivered = 0;
	if (!leave_old(e, &old, &next, nested)) {
		e->changed = e->result == EMULATE_FAULT ? GROUP_EVENT : 0;
		return e->result;
	}
	e->changed = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT;
	frame->shadow = shadow_after(frame);
	if (!enter_new(e, &next, nested)) {
		e->changed |= e->result == EMULATE_FAULT ? GROUP_EVENT : 0;
		return e->result;
	}
	*trap = next.format->trap && next.bytes[next.format->trap] & 1;
	frame->task.delivered = 1;
	return EMULATE_DONE;
}
