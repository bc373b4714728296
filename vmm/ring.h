/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMM's side of its console ring: producer of the output, consumer of the input. The ring is
 * the console's memory: its indices are copied once and clamped, whatever they hold.
 */
#pragma once

#include "abi/console_ring.h"
#include "lib/types.h"

/* The ring at USER_RING_BASE. A variable, so that tests can have one of their own. */
extern struct console_ring *ring;

/*
 * Puts up to size bytes into the output and tells the console if it asked for that. Returns how
 * many were taken: fewer only while a console is attached and behind; EVENT_SPACE comes later then.
 * From any vCPU.
 */
size_t ring_put(const void *data, size_t size);

/* Takes up to size bytes of input. From any vCPU. */
size_t ring_get(void *data, size_t size);
