/* SPDX-License-Identifier: BSD-2-Clause */
/* The wall clock of the machine's MC146818 at boot. */
#pragma once

#include "drivers/port.h"

/*
 * Reads a consistent time as Unix seconds, UTC. century is the CMOS index from the FADT, 0 if there
 * is none. Waits at most about 30 ms. Returns false if the clock stands still in an update or shows
 * no date; *seconds is then untouched.
 */
bool must_check rtc_read(const struct port_ops *ports, uint8_t century, uint64_t *seconds);
