/* SPDX-License-Identifier: BSD-2-Clause */
/* EVENT_START: everything from an empty partition to the guest's first instruction. */
#pragma once

#include "abi/frame.h"

/* On vCPU 0, once. Writes START_GROUPS of the frame, or ends the partition with the reason. */
void guest_start(struct frame *frame);

/* Where the kernel mapped the guest's memory. A variable, so that tests can have one of their own. */
extern void *guest_ram;
