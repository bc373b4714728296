/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends of the partition that the guest itself wants; they take effect when its access is complete. */
#pragma once

#include "lib/types.h"

/* Like guest_power_off() of vmm/host.h, with a code for the operator: the test device's. */
void guest_exit(uint32_t code);

/* Ends the partition if a device asked for it. After every upcall's handler. */
void host_end_if_asked(void);
