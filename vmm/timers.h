/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timer queue: any number of device timers on the VMM's one deadline. A timer expires once; its
 * device arms it again if it wants to. Any vCPU may arm and cancel, also with device locks held.
 */
#pragma once

#include "lib/types.h"

struct device;

/* Embedded in its device. Zeroed plus owner is a timer that is not armed. */
struct device_timer {
	struct device *owner;
	struct device_timer *next; /* queue: of the queue's lock */
	uint64_t when;		   /* queue: ns */
	bool armed;		   /* queue */
};

/* Arms timer for when_ns, or moves it there. A time in the past expires at the next chance. */
void timer_arm(struct device_timer *timer, uint64_t when_ns);

/* After it returns the timer is not queued, but an expiry may be under way on another vCPU. */
void timer_cancel(struct device_timer *timer);

/*
 * Hands each timer whose time has come to its owner, and asks for the next deadline. For the VMM's
 * EVENT_DEADLINE, without locks. The work is bounded: a timer that its device arms for the past in
 * its own expiry waits for the next call.
 */
void timers_expire(uint64_t now);

/* Forgets all timers without touching them. For the start of the VMM and for tests. */
void timers_init(void);
