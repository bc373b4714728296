/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns the bytes of a terminal into keys. What is neither text nor a key that terminals send counts as
 * noise: it never becomes a key, and the line that it fell into is not to be believed.
 */
#pragma once

#include "lib/types.h"

/* Printable ASCII stands for itself. */
enum key {
	KEY_NONE = 0, /* nothing yet, or nothing at all */
	KEY_LEFT = 0x100,
	KEY_RIGHT,
	KEY_UP,
	KEY_DOWN,
	KEY_HOME,
	KEY_END,
	KEY_DELETE,
	KEY_BACKSPACE,
	KEY_KILL_END,	/* Ctrl-K */
	KEY_KILL_START, /* Ctrl-U */
	KEY_KILL_WORD,	/* Ctrl-W */
	KEY_ENTER,
	KEY_INTERRUPT, /* Ctrl-C */
	KEY_CLEAR,     /* Ctrl-L */
	KEY_TAB,
	KEY_EOF, /* Ctrl-D */
};

struct keys {
	uint8_t state;
	uint8_t length;	    /* of the sequence so far */
	bool after_cr;	    /* an LF now belongs to the CR */
	uint32_t parameter; /* first of a control sequence */
	bool more;	    /* ';' was seen: further digits are not the first parameter's */
	uint64_t noise;	    /* bytes that were noise; the reader resets it */
};

/* The key that this byte completes, or KEY_NONE. */
int keys_feed(struct keys *keys, uint8_t byte);
