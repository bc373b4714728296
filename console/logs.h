/* SPDX-License-Identifier: BSD-2-Clause */
/* `logs` and `console all`: what guests have said, as lines of text. */
#pragma once

#include "lib/types.h"

void logs_reset(void);
void all_reset(void);

/* Host TSC when the session should be served though nothing happened, or 0. */
uint64_t logs_deadline(void);
uint64_t all_deadline(void);
