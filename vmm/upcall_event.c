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
static uint32_t on_init(struct frame *frame)
{
	if (frame->vcpu == 0)
		guest_reset("INIT to the bootstrap processor");
	start_state_init(frame, guest_features.signature);
	return START_GROUPS;
}

static uint32_t on_sipi(struct frame *frame)
{
	start_state_sipi(frame, guest_features.signature, frame->sipi_vector);
	return START_GROUPS;
}

static uint32_t on_deadline(struct frame *frame)
{
	(void)frame;
	pc_deadline();
	return 0;
}

static uint32_t on_eoi(struct frame *frame)
{
	pc_eoi(frame->eoi_vectors);
	return 0;
}

static uint32_t on_input(struct frame *frame)
{
	(void)frame;
	pc_console_input();
	return 0;
}

static uint32_t on_space(struct frame *frame)
{
	(void)frame;
	pc_console_space();
	return 0;
}

static uint32_t on_power(struct frame *frame)
{
	(void)frame;
	pc_power_button();
	return 0;
}

static uint32_t on_steal(struct frame *frame)
{
	steal_grown(frame->vcpu, frame->steal_tsc);
	return 0;
}

/* In the order in which events that came together are taken. */
static const struct {
	uint32_t event;				 /* enum event */
	uint32_t (*handle)(struct frame *frame); /* answers which groups it wrote */
} handlers[] = {
	{EVENT_START, guest_start}, {EVENT_EOI, on_eoi},     {EVENT_DEADLINE, on_deadline},
	{EVENT_INPUT, on_input},    {EVENT_SPACE, on_space}, {EVENT_POWER, on_power},
	{EVENT_INIT, on_init},	    {EVENT_SIPI, on_sipi},   {EVENT_STEAL, on_steal},
};

struct resume upcall_event(struct frame *frame)
{
	uint32_t events = frame->events, groups = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(handlers); i++)
		if (events & handlers[i].event)
			groups |= handlers[i].handle(frame);
	return (struct resume){.groups = groups};
}
