/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operator's line lent to one guest: its output as it is, every byte once and in order, and what is
 * typed goes to it. Ctrl-] or the key that was chosen instead ends it, and only if it is typed; typed twice
 * it goes to the guest once.
 */
#pragma once

#include "console/partition.h"

void attach_reset(void);

/* Who is attached, or NULL. */
struct partition *attach_partition(void);

/* Detaches, if somebody is attached, and says why. */
void attach_end(const char *why);

/*
 * The partition has a ring. Shows what came before first, from the beginning of a line. read_only: what is
 * typed is dropped.
 */
void attach_begin(struct partition *partition, bool read_only);

/* Moves bytes both ways, as far as they go now. */
void attach_turn(void);

/* Says something of the attached guest when its output so far is through; ends: and detaches then. */
void attach_note(const char *text, bool ends);

/* Host TSC when attach_turn should be called though nothing happened, or 0. */
uint64_t attach_deadline(void);

/* A control character that detaches from now on; and how to tell of it: "Ctrl-]". */
void attach_set_key(uint8_t key);
const char *attach_key_text(void);

/* For session_take_key: the key stands in the queue. It is taken out with all before it. */
bool attach_take_key(void);
