/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One counter of an 8254, as a function of time: its state says when which count was loaded, and
 * value and output are computed. t is always the counter's clock, in ticks, and never runs
 * backward.
 */
#pragma once

#include "lib/types.h"

/* Guarded by its device's lock. */
struct pit_counter {
	/* The counting element. Valid if loaded. */
	uint64_t base; /* tick at which it held n; with a low gate: how many ticks it had counted */
	uint32_t n;    /* 1 to 65536, or to 10000; not loaded: what a read shows */
	bool loaded;   /* since the last control word */
	bool triggered; /* modes 1 and 5: since n was loaded */

	/* The count register: a count that waits to be loaded. */
	bool waiting;
	bool null_count;  /* for the status byte: a control word or a count is newer than n */
	uint32_t next;	  /* like n */
	uint64_t load_at; /* tick of the transfer; NEVER: at a trigger */

	uint8_t control; /* bits 5:0 of the control word, as written */
	bool gate;
	bool half_written; /* the low byte of two has come */
	bool half_read;
	uint8_t low_byte;

	uint8_t latched_bytes; /* of the count that are still to be read; 0: not latched */
	uint16_t latched_count;
	bool status_latched;
	uint8_t latched_status;
};

#define PIT_NEVER UINT64_MAX

/* Power-on state: mode 3, no count, so that nothing runs before a guest programs it. */
void pit_counter_reset(struct pit_counter *c, bool gate);

void pit_counter_write_control(struct pit_counter *c, uint64_t t, uint8_t control);
void pit_counter_write(struct pit_counter *c, uint64_t t, uint8_t value);
uint8_t pit_counter_read(struct pit_counter *c, uint64_t t);
void pit_counter_latch_count(struct pit_counter *c, uint64_t t);
void pit_counter_latch_status(struct pit_counter *c, uint64_t t);
void pit_counter_set_gate(struct pit_counter *c, uint64_t t, bool gate);

/* The level of OUT at t. */
bool pit_counter_output(struct pit_counter *c, uint64_t t);

/* The first tick after t at which OUT rises, if nobody touches the counter; else PIT_NEVER. */
uint64_t pit_counter_next_rise(struct pit_counter *c, uint64_t t);
