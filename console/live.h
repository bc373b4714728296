/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that show something again and again, until a key is pressed: top and trace. */
#pragma once

#include "lib/types.h"

void live_reset(void);

/*
 * From the handler of a command: calls show after each period (host TSC ticks) until it answers false,
 * or until Ctrl-C; with until_key also until any key, of which q, Esc, blank and Enter are swallowed.
 * A period in which the serial line still has much to send is left out.
 */
void live_run(uint64_t period, bool until_key, bool (*show)(void));

/* Host TSC at which it is to be shown again, or 0. */
uint64_t live_deadline(void);
