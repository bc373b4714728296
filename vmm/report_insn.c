/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report of an instruction that cannot be emulated: its bytes are read once more, for the text
 * alone.
 */
#include "vmm/report.h"

#include "lib/format.h"
#include "vmm/guest_features.h"
#include "vmm/guest_mem.h"

static bool read_byte(const struct walk_context *context, gva_t linear, uint8_t *byte)
{
	struct walk_result result;

	return walk(context, linear, WALK_FETCH, &result) == WALK_OK &&
	       guest_read(result.gpa, byte, 1);
}

void report_bytes(const struct frame *frame, char text[REPORT_BYTES])
{
	enum insn_mode mode = insn_frame_mode(frame);
	struct walk_context context;
	size_t used = 0;
	uint8_t byte;

	text[0] = 0;
	walk_context_init(&context, frame, &guest_features.cpu);
	for (unsigned i = 0; i < INSN_MAX_LENGTH; i++) {
		gva_t linear = frame->rip + i;

		if (mode != INSN_MODE_64)
			linear = (uint32_t)(linear + frame->seg[SEG_CS].base);
		else if (!guest_canonical(frame, linear))
			return;
		if (!read_byte(&context, linear, &byte))
			return;
		used += format(text + used, REPORT_BYTES - used, "%02x", byte);
	}
}

noreturn void report_instruction(const struct frame *frame)
{
	char bytes[REPORT_BYTES];

	report_bytes(frame, bytes);
	if (frame->reason == EXIT_MMIO)
		report_end(frame, REASON_EMULATION, "cannot emulate insn=%s gpa=%lx", bytes,
			   frame->mmio.gpa);
	report_end(frame, REASON_EMULATION, "cannot emulate insn=%s", bytes);
}
