/* SPDX-License-Identifier: BSD-2-Clause */
/* The sequences are ECMA-48's "Control sequences" as VT100 and xterm send them for their keys. */
#include "console/keys.h"

enum state { GROUND, ESCAPE, SEQUENCE, SINGLE_SHIFT, STRING, STRING_ESCAPE };

enum { ESC = 0x1b, BEL = 0x07, SEQUENCE_MAX = 24, STRING_MAX = 200 };

static const uint16_t control_keys[32] = {
	[1] = KEY_HOME,	  [2] = KEY_LEFT,      [3] = KEY_INTERRUPT,   [4] = KEY_EOF,
	[5] = KEY_END,	  [6] = KEY_RIGHT,     [8] = KEY_BACKSPACE,   [9] = KEY_TAB,
	[10] = KEY_ENTER, [11] = KEY_KILL_END, [12] = KEY_CLEAR,      [13] = KEY_ENTER,
	[14] = KEY_DOWN,  [16] = KEY_UP,       [21] = KEY_KILL_START, [23] = KEY_KILL_WORD,
};

struct final_key {
	char final;
	uint16_t key;
};

/* ESC [ … final and ESC O final. KEY_NONE: a key that we know and do nothing for. */
static const struct final_key final_keys[] = {
	{'A', KEY_UP},	 {'B', KEY_DOWN}, {'C', KEY_RIGHT}, {'D', KEY_LEFT}, {'H', KEY_HOME},
	{'F', KEY_END},	 {'P', KEY_NONE}, {'Q', KEY_NONE},  {'R', KEY_NONE}, {'S', KEY_NONE},
	{'Z', KEY_NONE}, {'I', KEY_NONE}, {'E', KEY_NONE},
};

/* ESC [ number ~; other numbers up to this are function keys; 200 and 201 bracket a paste. */
enum { TILDE_MAX = 34, PASTE_START = 200, PASTE_END = 201 };
static const uint16_t tilde_keys[] = {
	[1] = KEY_HOME, [3] = KEY_DELETE, [4] = KEY_END, [7] = KEY_HOME, [8] = KEY_END,
};

static int ground(struct keys *keys, uint8_t byte)
{
	bool after_cr = keys->after_cr;

	keys->state = GROUND;
	keys->after_cr = byte == '\r';
	if (byte == '\n' && after_cr)
		return KEY_NONE;
	if (byte == ESC) {
		keys->state = ESCAPE;
		return KEY_NONE;
	}
	if (byte == 0x7f)
		return KEY_BACKSPACE;
	if (byte >= 0x80) {
		keys->noise++;
		return KEY_NONE;
	}
	return byte < 32 ? control_keys[byte] : byte;
}

/* The sequence was none: what it swallowed was perhaps typed, so the line is spoilt. */
static int broken(struct keys *keys, uint8_t byte)
{
	keys->noise++;
	return byte < 32 ? ground(keys, byte) : (keys->state = GROUND, KEY_NONE);
}

static int escape(struct keys *keys, uint8_t byte)
{
	keys->length = 0;
	keys->parameter = 0;
	keys->more = false;
	if (byte == ESC)
		return KEY_NONE;
	if (byte == '[')
		keys->state = SEQUENCE;
	else if (byte == 'O')
		keys->state = SINGLE_SHIFT;
	else if (byte == ']' || byte == 'P' || byte == 'X' || byte == '^' || byte == '_')
		keys->state = STRING;
	else
		return broken(keys, byte);
	return KEY_NONE;
}

static int final_key(struct keys *keys, uint8_t byte)
{
	for (size_t i = 0; i < ARRAY_SIZE(final_keys); i++) {
		if (final_keys[i].final == (char)byte) {
			keys->state = GROUND;
			return final_keys[i].key;
		}
	}
	return broken(keys, byte);
}

static int tilde_key(struct keys *keys)
{
	uint32_t number = keys->parameter;

	keys->state = GROUND;
	if (number < ARRAY_SIZE(tilde_keys))
		return tilde_keys[number];
	if (number > TILDE_MAX && number != PASTE_START && number != PASTE_END)
		keys->noise++;
	return KEY_NONE;
}

static int sequence(struct keys *keys, uint8_t byte)
{
	if (byte < 0x20 || byte > 0x7e || ++keys->length > SEQUENCE_MAX)
		return broken(keys, byte);
	if (byte >= '0' && byte <= '9') {
		if (!keys->more && keys->parameter < 1000)
			keys->parameter = keys->parameter * 10 + byte - '0';
		return KEY_NONE;
	}
	if (byte == ';')
		keys->more = true;
	if (byte < 0x40)
		return KEY_NONE;
	return byte == '~' ? tilde_key(keys) : final_key(keys, byte);
}

static int string(struct keys *keys, uint8_t byte)
{
	if (keys->state == STRING_ESCAPE && byte == '\\') {
		keys->state = GROUND;
		return KEY_NONE;
	}
	if (byte == BEL) {
		keys->state = GROUND;
		return KEY_NONE;
	}
	keys->state = byte == ESC ? STRING_ESCAPE : STRING;
	if ((byte < 0x20 && byte != ESC) || ++keys->length > STRING_MAX)
		return broken(keys, byte);
	return KEY_NONE;
}

int keys_feed(struct keys *keys, uint8_t byte)
{
	static int (*const feeds[])(struct keys *, uint8_t) = {
		[GROUND] = ground,	    [ESCAPE] = escape, [SEQUENCE] = sequence,
		[SINGLE_SHIFT] = final_key, [STRING] = string, [STRING_ESCAPE] = string,
	};

	return feeds[keys->state](keys, byte);
}
