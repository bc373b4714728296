/* SPDX-License-Identifier: BSD-2-Clause */
/* EVENT_START: everything from an empty partition to the guest's first instruction. */
#pragma once

#include "abi/frame.h"
#include "lib/types.h"

/*
 * On vCPU 0, again and again: false while there is more to load. At last it has written START_GROUPS of the
 * frame. Or ends the partition with the reason, the first time.
 */
bool must_check guest_start(struct frame *frame);

/* Where the kernel mapped the guest's memory. A variable, so that tests can have one of their own. */
extern void *guest_ram;
