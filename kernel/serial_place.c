/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of `serial=`. */
#include "kernel/serial_place.h"

#include "drivers/pci.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

enum { PORT_MAX = 0xfff8, BAUD_MIN = 50 };

static const struct legacy {
	const char *name;
	struct serial_place place;
} legacy[] = {
	{"com1", {.kind = SERIAL_PORT, .address = 0x3f8, .stride = 1, .irq = 4}},
	{"com2", {.kind = SERIAL_PORT, .address = 0x2f8, .stride = 1, .irq = 3}},
	{"com3", {.kind = SERIAL_PORT, .address = 0x3e8, .stride = 1, .irq = 4}},
	{"com4", {.kind = SERIAL_PORT, .address = 0x2e8, .stride = 1, .irq = 3}},
	{"none", {.kind = SERIAL_NONE}},
};

/* A number of that base at *text, which moves behind it; false if there is no digit, or too many. */
static bool take_number(const char **text, unsigned base, uint64_t *value)
{
	static const char digits[] = "0123456789abcdef";
	const char *start = *text, *digit;

	for (*value = 0; **text && (digit = strchr(digits, **text)) != NULL; (*text)++) {
		if ((unsigned)(digit - digits) >= base || *value > UINT64_MAX / 16 - 1)
			return false;
		*value = *value * base + (unsigned)(digit - digits);
	}
	return *text != start;
}

/* Hexadecimal with or without 0x. */
static bool take_address(const char **text, uint64_t *value)
{
	if ((*text)[0] == '0' && (*text)[1] == 'x')
		*text += 2;
	return take_number(text, 16, value);
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static bool take_port(const char **text, struct serial_place *place)
{
	place->kind = SERIAL_PORT;
	place->stride = 1;
	return take_address(text, &place->address) && place->address <= PORT_MAX;
}

static bool take_memory(const char **text, struct serial_place *place)
{
	place->kind = SERIAL_MMIO;
	place->stride = 1;
	return take_address(text, &place->address) && place->address;
}

static bool take_memory32(const char **text, struct serial_place *place)
{
	bool good = take_memory(text, place) && place->address % 4 == 0;

	place->stride = 4;
	return good;
}

static bool take_pci(const char **text, struct serial_place *place)
{
	uint64_t bus, device, function;

	if (!take_number(text, 16, &bus) || !take_char(text, ':') ||
	    !take_number(text, 16, &device) || !take_char(text, '.') ||
	    !take_number(text, 16, &function) || bus > 0xff || device > 0x1f || function > 7)
		return false;
	place->kind = SERIAL_PCI;
	place->stride = 1;
	place->address = PCI_BDF(bus, device, function);
	return true;
}

static const struct prefix {
	const char *text;
	bool (*take)(const char **text, struct serial_place *place);
} prefixes[] = {
	{"io:", take_port},
	{"mmio:", take_memory},
	{"mmio32:", take_memory32},
	{"pci:", take_pci},
};

static bool take_place(const char **text, struct serial_place *place)
{
	for (unsigned i = 0; i < ARRAY_SIZE(legacy); i++)
		if (str_starts(*text, legacy[i].name)) {
			*place = legacy[i].place;
			*text += strlen(legacy[i].name);
			return true;
		}
	for (unsigned i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (str_starts(*text, prefixes[i].text)) {
			*text += strlen(prefixes[i].text);
			return prefixes[i].take(text, place);
		}
	return false;
}

bool serial_place_parse(const char *text, struct serial_place *place)
{
	uint64_t baud;

	*place = (struct serial_place){0};
	if (!take_place(&text, place))
		return false;
	if (take_char(&text, ',')) {
		if (!take_number(&text, 10, &baud) || baud < BAUD_MIN || baud > SERIAL_BAUD_MAX ||
		    SERIAL_BAUD_MAX % baud)
			return false;
		place->baud = (uint32_t)baud;
	}
	return *text == '\0';
}

void serial_place_name(const struct serial_place *place, char *to, size_t size)
{
	for (unsigned i = 0; i < ARRAY_SIZE(legacy); i++)
		if (place->kind == legacy[i].place.kind &&
		    place->address == legacy[i].place.address) {
			format(to, size, "%s", legacy[i].name);
			return;
		}
	if (place->kind == SERIAL_PCI)
		format(to, size, "PCI %02lx:%02lx.%lx", place->address >> 8,
		       place->address >> 3 & 0x1f, place->address & 7);
	else
		format(to, size, "%s 0x%lx", place->kind == SERIAL_PORT ? "port" : "memory",
		       place->address);
}
