/* SPDX-License-Identifier: BSD-2-Clause */
/* EXIT_EVENT: what happened outside of the guest's instructions. */
#include "vmm/upcall.h"

#include "vmm/dev/pc.h"
#include "vmm/guest_features.h"
#include "vmm/guest_start.h"
#include "vmm/host.h"
#include "vmm/start_state.h"
#include "vmm/steal.h"

/*
 * INIT to vCPU 0, the bootstrap processor, leads it to the firmware's reset vector (SDM 3A 9.4 "MP
 * Initialization"): there is no firmware, and what one would do is to start the machine anew.
 */
static void on_init(struct frame *frame)
{
	if (frame->vcpu == 0)
		guest_reset("INIT to the bootstrap processor");
	start_state_init(frame, guest_features.signature);
}

static void on_sipi(struct frame *frame)
{
	start_state_sipi(frame, guest_features.signature, frame->sipi_vector);
}

static void on_deadline(struct frame *frame)
{
	(void)frame;
	pc_deadline();
}

static void on_eoi(struct frame *frame)
{
	pc_eoi(frame->eoi_vectors);
}

static void on_input(struct frame *frame)
{
	(void)frame;
	pc_console_input();
}

static void on_space(struct frame *frame)
{
	(void)frame;
	pc_console_space();
}

static void on_power(struct frame *frame)
{
	(void)frame;
	pc_power_button();
}

static void on_steal(struct frame *frame)
{
	steal_grown(frame->vcpu, frame->steal_tsc);
}

/* In the order in which events that came together are taken, behind EVENT_START. */
static const struct {
	uint32_t event;	 /* enum event */
	uint32_t groups; /* what the handler writes */
	void (*handle)(struct frame *frame);
} handlers[] = {
	{EVENT_EOI, 0, on_eoi},
	{EVENT_DEADLINE, 0, on_deadline},
	{EVENT_INPUT, 0, on_input},
	{EVENT_SPACE, 0, on_space},
	{EVENT_POWER, 0, on_power},
	{EVENT_INIT, START_GROUPS, on_init},
	{EVENT_SIPI, START_GROUPS, on_sipi},
	{EVENT_STEAL, 0, on_steal},
};

struct resume upcall_event(struct frame *frame)
{
	uint32_t events = frame->events, groups = 0;

	if (events & EVENT_START && guest_start(frame))
		groups = START_GROUPS;
	for (unsigned i = 0; i < ARRAY_SIZE(handlers); i++) {
		if (!(events & handlers[i].event))
			continue;
		handlers[i].handle(frame);
		groups |= handlers[i].groups;
	}
	return (struct resume){.groups = groups};
}
