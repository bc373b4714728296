/* SPDX-License-Identifier: BSD-2-Clause */
/* `send` and `wait`: a guest's console for scripts, without being attached. */
#pragma once

#include "lib/types.h"

void talk_reset(void);

/* Host TSC when the session should be served though nothing happened, or 0. */
uint64_t talk_deadline(void);
