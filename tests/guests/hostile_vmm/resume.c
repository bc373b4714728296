/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attacks by resume: guest states that the hardware would refuse or that would take the machine from the
 * kernel, events that cannot be injected, and a frame page that another vCPU changes meanwhile.
 */
#include "abi/layout.h"
#include "lib/string.h"
#include "tests/guests/hostile_vmm/attack.h"
#include "tests/guests/lib/random.h"

#define EFER_SVME  0x1000u
#define CR4_VMXE   0x2000u
#define ALL_GROUPS 0xffffffffu

static void spoil_control(struct frame_control *control, uint64_t n)
{
	switch (n) {
	case 0:
		control->efer |= EFER_SVME;
		break;
	case 1:
		control->efer = UINT64_MAX;
		break;
	case 2:
		control->efer &= ~0x500ULL;
		control->cr0 |= 0x80000001;
		break;
	case 3:
		control->cr4 |= CR4_VMXE;
		break;
	case 4:
		control->cr4 = UINT64_MAX;
		break;
	case 5:
		control->cr0 = UINT64_MAX;
		break;
	case 6:
		control->cr0 = 0x80000000;
		break; /* PG without PE */
	case 7:
		control->cr0 |= 0x20000000;
		break; /* NW without CD */
	case 8:
		control->cr3 = UINT64_MAX;
		break;
	case 9:
		control->cr8 = UINT64_MAX;
		break;
	case 10:
		control->cr0 |= 0x80000000;
		control->efer |= 0x100;
		control->cr4 = 0;
		break;
	default:
		break;
	}
}

static void spoil_segments(struct frame *frame, uint64_t n)
{
	switch (n) {
	case 11:
		frame->seg[SEG_CS].attributes = 0;
		break;
	case 12:
		frame->seg[SEG_CS].attributes = 0xffff;
		break;
	case 13:
		frame->seg[SEG_SS].attributes = SEG_ATTR_UNUSABLE;
		break;
	case 14:
		frame->seg[SEG_TR].attributes = SEG_ATTR_UNUSABLE;
		break;
	case 15:
		frame->seg[SEG_TR].attributes = 0;
		break;
	case 16:
		memset(frame->seg, 0xff, sizeof(frame->seg));
		break;
	case 17:
		memset(frame->seg, 0, sizeof(frame->seg));
		break;
	case 18:
		frame->gdtr.base = frame->idtr.base = 0x8000000000000000ULL;
		break;
	case 19:
		frame->gdtr.limit = frame->idtr.limit = UINT32_MAX;
		break;
	case 20:
		frame->seg[SEG_FS].base = frame->seg[SEG_GS].base = 0x8000000000000000ULL;
		break;
	default:
		break;
	}
}

static void spoil_others(struct frame *frame, uint64_t n)
{
	switch (n) {
	case 21:
		frame->rflags = UINT64_MAX;
		break;
	case 22:
		frame->rflags = 0x20002;
		break; /* VM */
	case 23:
		frame->rip = 0x8000000000000000ULL;
		break;
	case 24:
		frame->shadow = UINT32_MAX;
		break;
	case 25:
		memset(&frame->system, 0xff, sizeof(frame->system));
		break;
	case 26:
		frame->system.dr7 = UINT64_MAX;
		frame->system.dr6 = UINT64_MAX;
		break;
	case 28:
		memset(frame->control.pdptr, 0xff, sizeof(frame->control.pdptr));
		break;
	case 29:
		memset((uint8_t *)frame + offsetof(struct frame, rip), 0xff,
		       sizeof(*frame) - offsetof(struct frame, rip));
		break;
	case 30:
		memset((uint8_t *)frame, 0, sizeof(*frame));
		break;
	default:
		break;
	}
}

static void spoil_state(struct frame *frame, uint64_t n, struct resume *answer)
{
	spoil_control(&frame->control, n);
	spoil_segments(frame, n);
	spoil_others(frame, n);
	answer->groups |= GROUP_SYSTEM;
	if (n == 27)
		*answer = (struct resume){GROUP_REPLY, 0, 255, 255, 255, UINT64_MAX};
}

static void spoil_event(struct frame *frame, uint64_t n, struct resume *answer)
{
	static const struct frame_event events[] = {
		{1, 0, 0, 0, 0, 0},
		{5, 13, 1, 0, 0, 0},
		{7, 255, 1, 255, UINT32_MAX, 0},
		{255, 255, 255, 255, 0, 0},
		{INJECT_EXCEPTION, 2, 0, 0, 0, 0},
		{INJECT_EXCEPTION, 32, 0, 0, 0, 0},
		{INJECT_EXCEPTION, 255, 1, 0, 0, 0},
		{INJECT_EXCEPTION, 6, 1, 0, 7, 0},
		{INJECT_EXCEPTION, 13, 0, 0, 0, 0},
		{INJECT_EXCEPTION, 8, 1, 0, 0, 0},
		{INJECT_NMI, 13, 0, 0, 0, 0},
		{INJECT_NMI, 2, 1, 0, 9, 0},
		{INJECT_EXTERNAL, 3, 0, 0, 0, 0},
		{INJECT_EXTERNAL, 0x20, 1, 0, 1, 0},
		{INJECT_SOFT, 3, 0, 0, 0, 0},
		{INJECT_SOFT, 0x80, 0, 200, 0, 0},
		{INJECT_EXCEPTION, 14, 1, 0, UINT32_MAX, UINT64_MAX},
	};

	frame->event = events[n % ARRAY_SIZE(events)];
	answer->groups |= GROUP_EVENT;
}

static void spoil_length(struct frame *frame, uint64_t n, struct resume *answer)
{
	static const uint8_t lengths[] = {1, 15, 16, 17, 128, 255};

	(void)frame;
	answer->insn_len = lengths[n % ARRAY_SIZE(lengths)];
}

static void spoil_groups(struct frame *frame, uint64_t n, struct resume *answer)
{
	(void)frame;
	answer->groups = n ? (uint32_t)n : ALL_GROUPS;
}

/* vCPU 1 scribbles over the frame page of vCPU 0, which makes upcalls all the time. */
static void scribble(struct frame *frame, uint64_t n)
{
	volatile uint64_t *to = (volatile uint64_t *)USER_FRAME_PAGE(0);
	uint64_t seed = n;

	(void)frame;
	for (;;) {
		uint64_t value = random_next(&seed);

		to[value % 512] = value & 1 << 20 ? value : to[value % 512] ^ 1ULL << (value >> 58);
	}
}

const struct attack attacks_resume[] = {
	{"state", NULL, spoil_state, NULL},   {"event", NULL, spoil_event, NULL},
	{"length", NULL, spoil_length, NULL}, {"groups", NULL, spoil_groups, NULL},
	{"scribble", NULL, NULL, scribble},   {NULL, NULL, NULL, NULL},
};
