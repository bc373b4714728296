/* SPDX-License-Identifier: BSD-2-Clause */
/* The 8254's counter 0 as a line that one can hold: mode 0 leaves its output high when it has ended. */
#pragma once

void pit_line_low(void);

/* Waits until it is: where the emulator below is busy, that may take long. */
void pit_line_high(void);
