/* SPDX-License-Identifier: BSD-2-Clause */
/* What a guest most likely died of, or waits for: a table, the special before the general. */
#include "console/clock.h"
#include "console/exits.h"
#include "console/why.h"
#include "lib/string.h"

enum { STILL_SECONDS = 5 };

#define IN(state)   (1u << (state))
#define FOR(reason) (1u << (reason))

/* All that a row names must hold. */
struct row {
	uint32_t states;
	uint32_t reasons;		      /* 0: any */
	const char *reported;		      /* in the report; NULL: anything */
	bool (*holds)(const struct story *s); /* NULL: yes */
	const char *cause, *next;
};

bool why_reported(const struct story *story, const char *text)
{
	size_t length = strlen(text);

	for (const char *at = story->info.report; *at; at++)
		if (!strncmp(at, text, length))
			return true;
	return false;
}

static const struct exit_record *last_exit(const struct story *s)
{
	return s->count ? &s->exits[s->count - 1] : NULL;
}

/* The exception was ours: the entry before the end, of the same instruction. */
static bool was_injected(const struct story *s)
{
	const struct exit_record *end = last_exit(s);

	return s->count >= 2 && exits_is(end - 1, "injected") && end[-1].rip == end->rip;
}

static bool is_still(const struct story *s)
{
	const struct exit_record *last = last_exit(s);

	return last && s->now > last->tsc && s->now - last->tsc > STILL_SECONDS * clock_hz();
}

static bool is_being_loaded(const struct story *s)
{
	return !s->info.entered_tsc;
}

static bool is_being_cleared(const struct story *s)
{
	return s->starting;
}

static bool sleeps_for_good(const struct story *s)
{
	return is_still(s) && s->halted && !s->open;
}

static bool waits_for_timer(const struct story *s)
{
	return is_still(s) && s->halted && s->timer;
}

static bool waits_for_device(const struct story *s)
{
	return is_still(s) && s->halted;
}

static bool exited_by_itself(const struct story *s)
{
	return s->info.exit_code != 0;
}

#define STOPPED IN(PART_STOPPED)
#define ENDED	(IN(PART_STOPPED) | IN(PART_DYING))

static const struct row rows[] = {
	{ENDED, 0, NULL, is_being_cleared,
	 "It is being started: its memory is cleared, then its images are loaded.",
	 "Nothing needs to be done, but patience with a large memory=."},
	{ENDED, FOR(REASON_TRIPLE), NULL, was_injected,
	 "What it did last is refused by Freehold with that exception, and it has "
	 "no handler for it: an MSR or an instruction that guests do not have.",
	 "policy msrs and policy cpuid NAME tell what it has; exits NAME shows "
	 "what it asked for before."},
	{ENDED, FOR(REASON_TRIPLE), "first: #UD", NULL,
	 "An instruction that this processor, or the CPUID that guests see, lacks: "
	 "built for a newer processor, a jump into data, or a panic's ud2.",
	 "Compare the bytes with its code; policy cpuid NAME tells what is hidden."},
	{ENDED, FOR(REASON_TRIPLE), "the IDT has no gate", NULL,
	 "It raised an exception before it had set up its IDT, or gave the IDT "
	 "away to restart the machine (a triple fault is the last way of it).",
	 "Look up rip in its symbols; if it wanted a restart: reset NAME."},
	{ENDED, FOR(REASON_TRIPLE), "the stack cannot be written", NULL,
	 "Its stack overflowed, or RSP was spoilt: no exception can be delivered.",
	 "Look for endless recursion at rip; give #DF a stack of its own (IST)."},
	{ENDED, FOR(REASON_TRIPLE), "is not mapped", NULL,
	 "Its page tables lost the IDT: CR3 was loaded with wrong tables, or they "
	 "were overwritten.",
	 "show NAME has CR3 and CR2; look at what loads CR3 before rip."},
	{ENDED, FOR(REASON_TRIPLE), NULL, NULL,
	 "An exception, and then two more while it was to be delivered: its IDT, "
	 "GDT, TSS or stack is not what it believes.",
	 "show NAME has its registers; look up rip in its symbols."},
	{ENDED, FOR(REASON_EMULATION), "fetch", NULL,
	 "It jumped to an address where no memory is: a wild pointer, or memory "
	 "that it believes to have.",
	 "The return address on its stack tells who jumped; compare memory=."},
	{ENDED, FOR(REASON_EMULATION), "delivered", NULL, "Its IDT or stack lies where no memory is.",
	 "show NAME has its registers; compare memory= with what it believes."},
	{ENDED, FOR(REASON_EMULATION), NULL, NULL,
	 "An instruction that Freehold does not emulate was used on a device's "
	 "memory, or a pointer into nowhere was used by a rare instruction.",
	 "gpa in the report tells which device; the bytes are for a bug report."},
	{ENDED, FOR(REASON_ENTRY), NULL, NULL,
	 "It set registers to what no processor runs, in a way that Freehold's "
	 "checks did not refuse first.",
	 "This should not happen: please report it with show NAME."},
	{ENDED, FOR(REASON_VMM_FAULT) | FOR(REASON_VMM_LOOP), NULL, NULL,
	 "Its device models failed, by a bug in them or an attack on them. They "
	 "reach no other guest, and start anew with it.",
	 "start NAME; the exit before tells what it did. Please report it."},
	{ENDED, FOR(REASON_KERNEL), "memory error", NULL,
	 "The machine's memory is failing; this guest had the cell.",
	 "Replace the module; do not start it again before: it gets the same memory."},
	{ENDED, FOR(REASON_KERNEL), NULL, NULL,
	 "The processor reported an exit that Freehold did not ask for.",
	 "This should not happen: please report it with show NAME and log."},
	{ENDED, FOR(REASON_REFUSED), NULL, NULL,
	 "The image is none that can be started this way, or does not fit.",
	 "Mend what the report names: kernel=, boot=, initrd= or memory=."},
	{ENDED, FOR(REASON_POWEROFF), NULL, exited_by_itself,
	 "It switched itself off by a test device, with an exit code.",
	 "console NAME shows its last output."},
	{ENDED, FOR(REASON_POWEROFF), NULL, NULL, "It switched itself off.",
	 "console NAME shows its last output; start NAME starts it again."},
	{ENDED, FOR(REASON_RESET), NULL, NULL,
	 "It restarts itself again and again: most often a kernel that panics "
	 "early and was told to reboot (panic=), or cannot find its init.",
	 "console NAME shows its last output; give it panic=0 in cmdline=."},
	{ENDED, FOR(REASON_OPERATOR), NULL, NULL, "Somebody stopped it here.", "start NAME."},
	{STOPPED, FOR(REASON_NONE), NULL, NULL, "It was never started.", "start NAME."},
	{IN(PART_PAUSED), 0, NULL, NULL, "Somebody paused it here.", "resume NAME."},
	{IN(PART_RUNNING), 0, NULL, is_being_loaded,
	 "It has not begun: its VMM is still copying its images into its memory.",
	 "Nothing needs to be done, but patience with a large initrd= or module=."},
	{IN(PART_RUNNING), 0, NULL, sleeps_for_good,
	 "It is halted, and for some time nothing has woken it; nor will an interrupt, "
	 "for it has switched them off: halted for good (cli; hlt), as after a panic.",
	 "console NAME shows its last output; reset NAME starts it anew."},
	{IN(PART_RUNNING), 0, NULL, waits_for_timer,
	 "It is idle: halted until an interrupt comes, and a timer of it is set.",
	 "Nothing needs to be done; console NAME attaches to it."},
	{IN(PART_RUNNING), 0, NULL, waits_for_device,
	 "It is idle: halted until an interrupt comes. No timer of it is set, so it "
	 "waits for a device: most often for what is typed into its console.",
	 "console NAME attaches to it; send NAME types into it."},
	{IN(PART_RUNNING), 0, NULL, is_still,
	 "It computes without asking for anything: work, or a loop.",
	 "Repeat this command; pause NAME and debug vcpu NAME tell where it is."},
	{IN(PART_RUNNING), 0, NULL, NULL, "It runs: nothing is wrong that could be seen from here.",
	 "top NAME tells what it is busy with; trace NAME shows its exits."},
};

struct cause why_cause(const struct story *s)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];

		if (!(row->states >> s->info.state & 1) ||
		    (row->reasons && !(row->reasons >> s->info.reason & 1)))
			continue;
		if (row->reported && !why_reported(s, row->reported))
			continue;
		if (!row->holds || row->holds(s))
			return (struct cause){row->cause, row->next};
	}
	return (struct cause){"It is not known.", "show NAME and exits NAME have what there is."};
}
