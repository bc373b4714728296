/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends of the partition that the guest itself wants; they take effect when its access is complete.
 */
#pragma once

#include "lib/types.h"

/* Like guest_power_off() of vmm/host.h, with a code for the operator: the test device's. */
void guest_exit(uint32_t code);

/*
 * The first wish: an enum part_reason, or REASON_NONE while the guest goes on. Written by host.c.
 */
extern uint32_t host_end_wish;

/* Carries out the wish. */
noreturn void host_end(void);

/* Ends the partition if a device asked for it. After every upcall's handler. */
static inline void host_end_if_asked(void)
{
	if (__builtin_expect(__atomic_load_n(&host_end_wish, __ATOMIC_ACQUIRE) != 0, 0))
		host_end();
}
