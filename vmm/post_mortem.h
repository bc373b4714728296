/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a triple fault began with. The processor tells of the end only, so the instruction at CS:RIP is
 * looked at once more, and then why the exception that it gives could not be delivered.
 */
#pragma once

#include "abi/frame.h"
#include "lib/types.h"

enum { POST_MORTEM_SIZE = 256 };

/*
 * Lines for a report, without the last one's end: the first exception, what stopped its delivery, the
 * instruction's bytes; of these, what can be told, maybe nothing. Needs what EXIT_TRIPLE_FAULT fills in.
 * The guest must be at its end: the instruction's stores, if it has any that do not fault, are carried out.
 */
size_t post_mortem(const struct frame *frame, char to[POST_MORTEM_SIZE]);

/* post_mortem_gate.c: why this vector cannot be delivered to the guest, or 0 if nothing is wrong. */
size_t post_mortem_gate(const struct frame *frame, unsigned vector, char *to, size_t size);
