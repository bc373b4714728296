/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's own screen, beside the serial line: shows what the line is sent. It is a small terminal:
 * it understands the control sequences of the console itself and drops all others. It has no keyboard.
 */
#pragma once

#include "lib/types.h"

/* Asks the kernel for the screen, which is empty then. Without one nothing below does anything. */
void display_reset(void);

/* Takes what the serial line is sent. It is drawn by display_refresh. */
void display_write(const uint8_t *bytes, size_t size);

/* Draws what is new; unless now is set not too often, since a guest may write faster than anybody reads. */
void display_refresh(bool now);

/* When display_refresh has something to do; 0: nothing. */
uint64_t display_deadline(void);
