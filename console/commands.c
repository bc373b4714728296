/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of commands, in the order in which help shows them. */
#include "console/handlers.h"

#define UP (STATES(PART_RUNNING) | STATES(PART_PAUSED))
/* A partition that has just ended is dying until its vCPUs are out: what waits for that may begin. */
#define DOWN \
	(STATES(PART_STOPPED) | STATES(PART_DYING) | STATES(SHOWN_WAITING) | STATES(SHOWN_FAILED))
/* The kernel knows it no more: destroy frees its name. */
#define GONE STATES(PART_NONE)

#define PARTITION                            \
	{                                    \
		ARG_PARTITION, "NAME", false \
	}

const struct command commands[] = {
	{
		.name = "create",
		.help = "make a partition; start begins it",
		.detail = "memory= and kernel= must be given. With cpus= each vCPU has a CPU that serves\n"
			  "nobody else; with vcpus= they get time slices of the pool's CPUs; without\n"
			  "either it is vcpus=1. If anything is refused, nothing has been made.",
		.args = {{ARG_NEW_NAME, "NAME", false}},
		.keys = &create_keys,
		.handler = create_run,
		.edit_handler = edit_create,
	},
	{
		.name = "set",
		.help = "change what a partition is made from",
		.detail = "An empty value takes a key out; module= replaces all its modules, and either\n"
			  "of cpus= and vcpus= the other. weight=, cap=, restart=, autostart= and after=\n"
			  "can be changed at any time, the others while it is stopped. If anything is\n"
			  "refused, nothing has changed.",
		.args = {PARTITION},
		.keys = &create_keys,
		.states = UP | DOWN,
		.handler = change_set,
		.edit_handler = edit_set,
	},
	{
		.name = "rename",
		.help = "give a partition another name; its guest goes on",
		.args = {PARTITION, {ARG_NEW_NAME, "NEW", false}},
		.states = UP | DOWN,
		.handler = change_rename,
		.edit_handler = edit_rename,
	},
	{
		.name = "run",
		.help = "create and start",
		.detail = "Takes what create takes. If it cannot be started, it stays there, stopped.",
		.args = {{ARG_NEW_NAME, "NAME", false}},
		.keys = &create_keys,
		.handler = run_new,
		.edit_handler = edit_run,
	},
	{
		.name = "start",
		.help = "start its guest",
		.detail = "Its memory is scrubbed and its images are loaded anew; the command ends when\n"
			  "its guest runs, or cannot. A guest that asks for a reset is started again by\n"
			  "itself, up to 5 times in 60 seconds.",
		.args = {PARTITION},
		.states = DOWN,
		.handler = control_start,
	},
	{
		.name = "stop",
		.help = "press its power button; after a time, by force",
		.detail = "The guest has 30 seconds to switch itself off, or --timeout. Ctrl-C ends\n"
			  "the waiting, not the guest. A paused guest cannot hear the button: it needs\n"
			  "--force. One that waits for its restart is not started again.",
		.args = {PARTITION},
		.keys = &control_stop_keys,
		.flags = FLAG_FORCE,
		.states = UP | STATES(SHOWN_WAITING),
		.handler = control_stop,
	},
	{
		.name = "pause",
		.help = "hold its guest; its clock goes on",
		.args = {PARTITION},
		.states = STATES(PART_RUNNING),
		.handler = control_pause,
	},
	{
		.name = "resume",
		.help = "let a paused guest go on",
		.args = {PARTITION},
		.states = STATES(PART_PAUSED),
		.handler = control_resume,
	},
	{
		.name = "reset",
		.help = "stop by force and start anew",
		.args = {PARTITION},
		.states = UP,
		.handler = control_reset,
	},
	{
		.name = "destroy",
		.help = "give its memory and CPUs back",
		.detail = "If its guest runs, it asks once. --yes answers, and must be there in a script.",
		.args = {PARTITION},
		.flags = FLAG_YES,
		.states = UP | DOWN | GONE,
		.handler = control_destroy,
		.edit_handler = edit_destroy,
	},
	{
		.name = "edit",
		.help = "open a candidate: changes wait there for commit",
		.detail = "create, set, rename and destroy change the candidate, all other commands do\n"
			  "as ever. diff shows what commit would do.",
		.handler = edit_open,
	},
	{
		.name = "diff",
		.help = "the commands that lead to the candidate",
		.handler = edit_diff,
	},
	{
		.name = "check",
		.help = "which rules the candidate, or what runs, breaks",
		.handler = edit_check,
	},
	{
		.name = "commit",
		.help = "make the candidate what runs, all of it or nothing",
		.detail = "If it would destroy partitions that run, it asks once. --yes answers, and must\n"
			  "be there in a script. New ones with autostart=on are started.",
		.flags = FLAG_YES,
		.handler = edit_commit,
	},
	{
		.name = "commit confirmed",
		.help = "commit, and undo it unless confirm comes in time",
		.detail = "TIME is 30 (seconds), 30s, 5m or 1h, at most 1h; else it is 60 s.\n"
			  "A line that is cut cannot strand the machine.",
		.args = {{ARG_SECONDS, "TIME", true}},
		.flags = FLAG_YES,
		.handler = edit_commit_confirmed,
	},
	{
		.name = "confirm",
		.help = "keep what commit confirmed has done",
		.handler = edit_confirm,
	},
	{
		.name = "discard",
		.help = "throw the candidate away",
		.handler = edit_discard,
	},
	{
		.name = "rollback",
		.help = "open what was before the last N commits as candidate",
		.detail = "N: 1 to 8, else 1. commit makes it so.",
		.args = {{ARG_NUMBER, "N", true}},
		.handler = edit_rollback,
	},
	{
		.name = "export",
		.help = "the configuration, as commands to paste or to save",
		.detail = "As freehold.conf it makes the machine what it is now; start lines are there\n"
			  "for what runs, or waits for its restart, without autostart=on. With a\n"
			  "candidate open: the candidate.",
		.handler = export_show,
	},
	{
		.name = "rules",
		.help = "the numbered rules that refusals name",
		.handler = rules_show,
	},
	{
		.name = "list",
		.help = "all partitions",
		.flags = FLAG_JSON | FLAG_ALL,
		.handler = show_list,
	},
	{
		.name = "show",
		.help = "all about one partition, and why it stopped",
		.args = {PARTITION},
		.flags = FLAG_JSON,
		.handler = show_partition,
	},
	{
		.name = "console",
		.help = "attach to its serial console; Ctrl-] detaches",
		.detail = "Shows first what the guest has written before: all that was not seen yet, and\n"
			  "at least the latest 16 KiB, from the beginning of a line if one is near. While\n"
			  "attached no byte is lost: a guest that is faster than the line waits for it.\n"
			  "Otherwise the latest 64 KiB are kept, or what log= says.",
		.args = {PARTITION},
		.flags = FLAG_READ,
		.states = UP | DOWN,
		.handler = control_console,
	},
	{
		.name = "console all",
		.help = "what all guests say from now on; Ctrl-] or Ctrl-C ends",
		.detail = "Whole lines, each behind the name of its guest. What is no printable ASCII is\n"
			  "shown as \\xNN. The guests wait for the line, so none is lost.",
		.flags = FLAG_READ,
		.handler = all_attach,
	},
	{
		.name = "detach-key",
		.help = "choose what detaches from a console instead of Ctrl-]",
		.detail = "^A is Ctrl-A. It holds until the machine or the console program starts anew; a\n"
			  "line in freehold.conf makes it last. Typed twice it goes to the guest once.",
		.args = {{ARG_TEXT, "KEY", true}},
		.handler = control_detach_key,
	},
	{
		.name = "logs",
		.help = "what its serial console said, with the times",
		.detail = "Each line behind the host's time and the seconds since its guest's start. What\n"
			  "is no printable ASCII is shown as \\xNN. The latest 32 KiB of the latest four\n"
			  "partitions that were destroyed are kept, too.",
		.args = {{ARG_LOGGED, "NAME", false}},
		.keys = &logs_keys,
		.flags = FLAG_LAST | FLAG_FOLLOW,
		.handler = logs_show,
	},
	{
		.name = "send",
		.help = "type into its serial console",
		.detail = "In TEXT \\n, \\r, \\t, \\e and \\xNN are bytes; \\ before anything else makes\n"
			  "it ordinary. A guest that takes nothing for 5 seconds gets no more.",
		.args = {PARTITION, {ARG_TEXT, "TEXT", false}},
		.states = UP,
		.handler = talk_send,
	},
	{
		.name = "wait",
		.help = "until its serial console says what matches",
		.detail = "Looks from where the latest match ended, or from its latest start. Of /REGEX/,\n"
			  ". [] [^] ^ $ * + ? ( ) and | have their usual meaning, $ matches before an end\n"
			  "of line, and \\ is as for send; a / must be \\/, a { \\{; there is\n"
			  "no \\d and no {2}. TIME is 30 (seconds), 5m or 2h; without it 30 s. The guest\n"
			  "does not get ahead of the search. It fails after that time, and once its guest\n"
			  "has ended. Ctrl-C ends the waiting.",
		.args = {PARTITION, {ARG_REGEX, "/REGEX/", false}, {ARG_SECONDS, "TIME", true}},
		.handler = talk_wait,
	},
	{
		.name = "stats",
		.help = "what its vCPUs did, and their exits by reason",
		.args = {PARTITION},
		.flags = FLAG_JSON,
		.handler = show_stats,
	},
	{
		.name = "why",
		.help = "what happened to it, how it began, and what to do next",
		.detail = "On one screen: how it ended, the first exception of a triple fault, the bytes\n"
			  "of the instruction, its last line of output, its last exits, a probable cause.\n"
			  "Of a guest that failed and was started again it tells that failure.",
		.args = {PARTITION},
		.handler = why_show,
	},
	{
		.name = "exits",
		.help = "the last 1,024 exits of a vCPU",
		.detail = "With the time before the newest. The flight recorder stops with its guest, and\n"
			  "is kept when a guest that failed is started again, and by freeze.",
		.args = {PARTITION, {ARG_NUMBER, "VCPU", true}},
		.handler = exits_show,
	},
	{
		.name = "freeze",
		.help = "keep its last exits for why and exits; it goes on",
		.args = {PARTITION},
		.states = UP,
		.handler = exits_freeze,
	},
	{
		.name = "top",
		.help = "what all use, second by second, until a key is pressed",
		.detail = "CPU time and steal time in percent of a CPU, bytes of console output, exits a\n"
			  "second and the most frequent of them; of a named one all its exits by reason.\n"
			  "--once shows the next second and ends, as in a script.",
		.args = {{ARG_PARTITION, "NAME", true}},
		.flags = FLAG_ONCE,
		.handler = top_run,
	},
	{
		.name = "trace",
		.help = "its exits as they come, until a key is pressed",
		.detail = "At most 80 lines a second, of all its vCPUs; of the others it tells how many\n"
			  "they were. The key is not lost, but for q, Esc, blank and Enter.",
		.args = {PARTITION},
		.states = UP,
		.handler = trace_run,
	},
	{
		.name = "policy cpuid",
		.help = "its CPUID, and what of the machine's is hidden",
		.detail = "Each leaf as its vCPUs read it, from the kernel's own table; below it the\n"
			  "processor's, where that differs; and by name the features that are hidden\n"
			  "or added. What follows a vCPU's state (its APIC id, OSXSAVE, OSPKE, the\n"
			  "size of its XSAVE area) is put in when it asks.",
		.args = {PARTITION},
		.handler = policy_cpuid,
	},
	{
		.name = "policy msrs",
		.help = "the MSRs that guests have, who answers, what is taken",
		.detail = "From the lists that the kernel, the permission maps and the VMM are built\n"
			  "from. It is the same for all partitions of a machine.",
		.handler = policy_msrs,
	},
	{
		.name = "host",
		.help = "the machine: its CPUs and memory, and who has them",
		.detail = "The total of memory is the sum of what is free and of what all but the firmware\n"
			  "have. The firmware's is what it reserved: RAM, but also flash, registers and\n"
			  "holes, as its map does not tell them apart; so it may be more than the total.",
		.flags = FLAG_JSON,
		.handler = host_show,
	},
	{
		.name = "doctor",
		.help = "what this machine lacks, what that means, what helps",
		.detail = "Virtualization, CPUs, clocks, interrupt controllers, memory, microcode, the\n"
			  "serial port: what is well in one line, else with its effect and remedy.",
		.handler = doctor_run,
	},
	{
		.name = "images",
		.help = "what guests can be started from",
		.flags = FLAG_JSON,
		.handler = host_images,
	},
	{
		.name = "log",
		.help = "the kernel's log",
		.flags = FLAG_JSON,
		.handler = machine_log,
	},
	{
		.name = "audit",
		.help = "check every page table against the owners of memory",
		.flags = FLAG_JSON,
		.handler = machine_audit,
	},
	{
		.name = "time",
		.help = "run a command and tell how long it took",
		.detail = "In TSC ticks, from the line to the answer. The serial line does not count:\n"
			  "what a command prints is queued first and sent afterwards.",
		.args = {{ARG_LINE, "COMMAND ...", false}},
		.handler = session_time,
	},
	{
		.name = "reboot",
		.help = "restart the machine, with all that runs on it",
		.detail = "Asks once; --yes answers. Guests are not shut down first.",
		.flags = FLAG_YES,
		.handler = machine_reboot,
	},
	{
		.name = "poweroff",
		.help = "switch the machine off, with all that runs on it",
		.detail = "Asks once; --yes answers. Guests are not shut down first.",
		.flags = FLAG_YES,
		.handler = machine_poweroff,
	},
	{
		.name = "debug vcpu",
		.help = "a vCPU's registers and last exits",
		.args = {PARTITION, {ARG_NUMBER, "VCPU", true}},
		.handler = machine_debug_vcpu,
	},
	{
		.name = "debug random-state",
		.help = "corrupt one field of a vCPU's state (debug builds)",
		.args = {PARTITION, {ARG_NUMBER, "VCPU", false}, {ARG_NUMBER, "SEED", false}},
		.flags = FLAG_YES,
		.handler = machine_debug_random,
	},
	{
		.name = "debug stacks",
		.help = "how deep a CPU's stacks in the kernel ever were",
		.args = {{ARG_CPU, "CPU", true}},
		.handler = machine_debug_stacks,
	},
	{
		.name = "debug panic",
		.help = "make the kernel fail; the machine is lost",
		.args = {{ARG_NUMBER, "KIND", true}},
		.flags = FLAG_YES,
		.handler = machine_debug_panic,
	},
	{
		.name = "debug cpu-panic",
		.help = "make the kernel fail on a CPU; the machine is lost",
		.args = {{ARG_CPU, "CPU", false}},
		.flags = FLAG_YES,
		.handler = machine_debug_cpu,
	},
	{
		.name = "debug cpu-stuck",
		.help = "make a CPU do nothing for so many seconds",
		.detail = "With interrupts off: for a look at the watchdog, which names it within 2 s.",
		.args = {{ARG_CPU, "CPU", false}, {ARG_NUMBER, "SECONDS", false}},
		.flags = FLAG_YES,
		.handler = machine_debug_stuck,
	},
	{
		.name = "mode",
		.help = "how it answers: to a person, or to a script",
		.detail = "script: no echo, no prompt, no control sequence. Each line is answered by\n"
			  "its output and one last line, ok or \"error CODE text\"; news is a line that\n"
			  "begins with \"event\", between answers. Nothing is asked: --yes must be there.\n"
			  "Alone it tells the mode.",
		.args = {{ARG_CHOICE, "script|human", true}},
		.handler = answer_set_mode,
	},
	{
		.name = "pager",
		.help = "stop at each screenful of output, or do not",
		.detail = "After 23 lines, --more--: the space bar shows the next page, Enter a line;\n"
			  "q or Ctrl-C ends the output and the command; any other key shows the rest and\n"
			  "begins the next line. It is off at first, and never done for a script.\n"
			  "Alone it tells whether it is on.",
		.args = {{ARG_CHOICE, "on|off", true}},
		.handler = pager_set,
	},
	{
		.name = "help",
		.help = "this list, or all about one command",
		.args = {{ARG_COMMAND, "COMMAND", true}, {ARG_COMMAND, "WORD", true}},
		.handler = help_show,
	},
};

const struct command_alias command_aliases[] = {
	{"ps", "list"},		 {"rm", "destroy"},    {"inspect", "show"},   {"define", "create"},
	{"undefine", "destroy"}, {"shutdown", "stop"}, {"attach", "console"}, {"?", "help"},
};
const unsigned command_alias_count = ARRAY_SIZE(command_aliases);

const unsigned command_count = ARRAY_SIZE(commands);
