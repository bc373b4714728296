/* SPDX-License-Identifier: BSD-2-Clause */
/* Accesses to control registers that had to be intercepted. */
#include "vmm/upcall.h"

#include "lib/string.h"
#include "vmm/call.h"
#include "vmm/emulate_cr.h"
#include "vmm/emulate_fault.h"
#include "vmm/guest_features.h"
#include "vmm/upcall_emulate.h"

enum { CR8_MAX = 15, TSS_16_BUSY = 3 };

static uint64_t read_cr(const struct frame *frame, unsigned cr)
{
	const struct frame_control *control = &frame->control;

	if (cr == 8)
		return call_lapic_read(LAPIC_CR8);
	return cr == 0	 ? control->cr0
	       : cr == 2 ? control->cr2
	       : cr == 3 ? control->cr3
			 : control->cr4;
}

/* False: #GP(0). What was written is in *groups. */
static bool write_cr(struct frame *frame, unsigned cr, uint64_t value, uint32_t *groups)
{
	struct frame_control *control = &frame->control;
	struct cr_state state = {
		.cr0 = control->cr0,
		.cr3 = control->cr3,
		.cr4 = control->cr4,
		.efer = control->efer,
		.cs_long = frame->seg[SEG_CS].attributes & SEG_ATTR_L,
		.tss_16 = (frame->seg[SEG_TR].attributes & SEG_ATTR_TYPE) == TSS_16_BUSY,
	};

	if (cr == 8) {
		if (value > CR8_MAX)
			return false;
		call_lapic_write(LAPIC_CR8, (uint32_t)value);
		return true;
	}
	*groups |= GROUP_CONTROL;
	if (cr == 2) {
		control->cr2 = value;
		return true;
	}
	if (!cr_load(&guest_features.cr, &state, cr, value))
		return false;
	control->cr0 = state.cr0;
	control->cr3 = state.cr3;
	control->cr4 = state.cr4;
	control->efer = state.efer;
	if (state.pdptr_loaded)
		memcpy(control->pdptr, state.pdptr, sizeof(control->pdptr));
	return true;
}

struct resume upcall_cr(struct frame *frame)
{
	enum emulate_result result;
	struct emulate_cr access;
	UPCALL_EMULATOR e;
	uint64_t value = 0;

	upcall_emulator_init(&e, frame);
	result = emulate_fetch(&e);
	if (result == EMULATE_DONE)
		result = emulate_cr_begin(&e, &access);
	if (result != EMULATE_DONE)
		return upcall_emulated(&e, result);
	if (!access.write) {
		value = read_cr(frame, access.cr);
	} else if (!write_cr(frame, access.cr, access.value, &e.changed)) {
		frame->event = fault_with_error(frame, VECTOR_GP, 0);
		return (struct resume){.groups = GROUP_EVENT};
	}
	return upcall_emulated(&e, emulate_cr_end(&e, &access, value));
}
