/* SPDX-License-Identifier: BSD-2-Clause */
/* The first exception of a triple fault, by fetching and emulating the instruction at CS:RIP. */
#include "vmm/post_mortem.h"

#include "lib/format.h"
#include "vmm/cpu_bits.h"
#include "vmm/emulate.h"
#include "vmm/guest_features.h"
#include "vmm/report.h"

enum { NOT_KNOWN = 256, VECTORS = 32 };

static const char *const names[VECTORS] = {
	"#DE divide error",
	"#DB debug",
	NULL,
	"#BP breakpoint",
	"#OF overflow",
	"#BR bound range",
	"#UD invalid opcode",
	"#NM no FPU",
	"#DF double fault",
	NULL,
	"#TS invalid TSS",
	"#NP segment not present",
	"#SS stack fault",
	"#GP general protection",
	"#PF page fault",
	NULL,
	"#MF FPU error",
	"#AC alignment check",
	"#MC machine check",
	"#XM SIMD",
	[21] = "#CP control protection",
};

/* Devices are not asked: what they answer may change them. */
static bool no_read(void *context, gpa_t gpa, unsigned size, uint64_t *value)
{
	(void)context, (void)gpa, (void)size, (void)value;
	return false;
}

static bool no_write(void *context, gpa_t gpa, unsigned size, uint64_t value)
{
	(void)context, (void)gpa, (void)size, (void)value;
	return false;
}

/* What an instruction that the emulator does not know raises by its nature. */
static unsigned vector_of(const struct insn *insn, const struct frame *frame)
{
	switch ((unsigned)insn->op) {
	case INSN_UD:
		return VECTOR_UD;
	case INSN_ICEBP:
		return VECTOR_DB;
	case INSN_INT3:
		return 3;
	case INSN_INTO:
		return frame->rflags & RFLAGS_OF ? 4 : NOT_KNOWN;
	case INSN_INT:
		return (uint8_t)insn->immediate;
	default:
		return NOT_KNOWN;
	}
}

/* The vector, or NOT_KNOWN; of an exception the rest is in e->frame->event. */
static unsigned look(struct emulate *e)
{
	enum emulate_result result = emulate_fetch(e);
	unsigned vector = NOT_KNOWN;

	if (result == EMULATE_DONE) {
		e->frame->reason = EXIT_MMIO; /* any program's instructions, none of the privileged ones */
		vector = vector_of(&e->insn, e->frame);
		result = emulate_one(e);
	}
	return result == EMULATE_FAULT ? e->frame->event.vector : vector;
}

static size_t first_line(const struct emulate *e, unsigned vector, char *to, size_t size)
{
	const struct frame_event *event = &e->frame->event;
	bool raised = event->vector == vector;

	if ((e->insn.op == INSN_INT && !raised) || vector >= VECTORS || !names[vector])
		return format(to, size, "first: INT %u", vector);
	if (raised && vector == VECTOR_PF)
		return format(to, size, "first: %s, address %lx, error %x", names[vector],
			      event->cr2, event->error);
	return format(to, size, "first: %s", names[vector]);
}

size_t post_mortem(const struct frame *frame, char to[POST_MORTEM_SIZE])
{
	static const struct emulate_ops nobody = {no_read, no_write, NULL, NULL};
	struct frame copy = *frame;
	struct emulate e = {
		.frame = &copy, .ops = &nobody, .cpu = &guest_features.cpu, .context = NULL};
	char bytes[REPORT_BYTES];
	unsigned vector;
	size_t used = 0;

	to[0] = 0;
	copy.event = (struct frame_event){0};
	vector = look(&e);
	if (vector != NOT_KNOWN) {
		used = first_line(&e, vector, to, POST_MORTEM_SIZE);
		used += post_mortem_gate(frame, vector, to + used, POST_MORTEM_SIZE - used);
	}
	report_bytes(frame, bytes);
	if (bytes[0])
		used += format(to + used, POST_MORTEM_SIZE - used, "%sinsn=%s", used ? "\n" : "",
			       bytes);
	return used;
}
