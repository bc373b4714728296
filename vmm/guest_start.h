/* SPDX-License-Identifier: BSD-2-Clause */
/* EVENT_START: everything from an empty partition to the guest's first instruction. */
#pragma once

#include "abi/frame.h"

/*
 * On vCPU 0, again and again: answers 0 while there is more to load, and at last START_GROUPS, which it has
 * written to the frame. Or ends the partition with the reason, the first time.
 */
uint32_t guest_start(struct frame *frame);

/* Where the kernel mapped the guest's memory. A variable, so that tests can have one of their own. */
extern void *guest_ram;
