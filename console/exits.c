/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of the recorder that cannot be are not believed: no loop depends on them. */
#include "console/exits.h"

#include "console/call.h"
#include "lib/format.h"
#include "lib/string.h"

unsigned exits_next(uint32_t slot, struct exit_window *window, struct exit_record *to,
		    unsigned count)
{
	int64_t answer = call_exits_read(slot, window, to, count);

	return answer < 0 ? 0 : (unsigned)MIN((uint64_t)answer, (uint64_t)count);
}

static bool look(uint32_t slot, uint32_t vcpu, struct exit_window *window)
{
	struct exit_record none;

	*window = (struct exit_window){.position = UINT64_MAX, .vcpu = vcpu};
	return call_exits_read(slot, window, &none, 0) >= 0;
}

uint64_t exits_end(uint32_t slot, uint32_t vcpu)
{
	struct exit_window window;

	return look(slot, vcpu, &window) ? window.end : 0;
}

unsigned exits_latest(uint32_t slot, uint32_t vcpu, struct exit_record *to, unsigned count)
{
	struct exit_window window;
	unsigned got = 0, more;

	if (!look(slot, vcpu, &window) || window.begin > window.end)
		return 0;
	window.position = window.end - MIN(window.end - window.begin, (uint64_t)count);
	while (got < count && (more = exits_next(slot, &window, to + got, count - got)) > 0)
		got += more;
	return got;
}

const char *exits_name(uint32_t kind)
{
	static char name[32];

	memset(name, 0, sizeof(name));
	if (call_stats_name(kind, name, sizeof(name)) < 0)
		return "?";
	name[sizeof(name) - 1] = '\0';
	return name;
}

bool exits_is(const struct exit_record *record, const char *name)
{
	return !strcmp(exits_name(record->kind), name);
}

#define COLUMNS "%-16s %-16s %-10s %s"

void exits_titles(char to[EXITS_LINE])
{
	format(to, EXITS_LINE, COLUMNS, "EXIT", "RIP", "CODE", "INFO");
}

void exits_numbers(const struct exit_record *record, char code[EXITS_CELL], char info[EXITS_CELL])
{
	bool injected = exits_is(record, "injected");

	format(code, EXITS_CELL, injected ? "vector %u" : "0x%x", record->code);
	format(info, EXITS_CELL, injected ? "error 0x%lx" : "0x%lx", record->info);
}

void exits_format(const struct exit_record *record, char to[EXITS_LINE])
{
	char rip[20], code[EXITS_CELL], info[EXITS_CELL];

	format(rip, sizeof(rip), "%016lx", record->rip);
	exits_numbers(record, code, info);
	format(to, EXITS_LINE, COLUMNS, exits_name(record->kind), rip, code, info);
}
