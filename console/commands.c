/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of commands, in the order in which help shows them. */
#include "console/handlers.h"

#define UP (STATES(PART_RUNNING) | STATES(PART_PAUSED))
/* A partition that has just ended is dying until its vCPUs are out: what waits for that may begin. */
#define DOWN (STATES(PART_STOPPED) | STATES(PART_DYING))
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
	},
	{
		.name = "run",
		.help = "create and start",
		.detail = "Takes what create takes. If it cannot be started, it stays there, stopped.",
		.args = {{ARG_NEW_NAME, "NAME", false}},
		.keys = &create_keys,
		.handler = run_new,
	},
	{
		.name = "start",
		.help = "start its guest",
		.detail = "Its memory is scrubbed and its images are loaded anew. A guest that asks for\n"
			  "a reset is started again by itself, up to 5 times in 60 seconds.",
		.args = {PARTITION},
		.states = DOWN,
		.handler = control_start,
	},
	{
		.name = "stop",
		.help = "press its power button; after a time, by force",
		.detail = "The guest has 30 seconds to switch itself off, or timeout= seconds. Ctrl-C\n"
			  "ends the waiting, not the guest. A paused guest cannot hear the button: it\n"
			  "needs --force.",
		.args = {PARTITION},
		.keys = &control_stop_keys,
		.flags = FLAG_FORCE,
		.states = UP,
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
	},
	{
		.name = "list",
		.help = "all partitions",
		.flags = FLAG_JSON,
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
			  "Otherwise the latest 64 KiB are kept.",
		.args = {PARTITION},
		.states = UP | DOWN,
		.handler = control_console,
	},
	{
		.name = "stats",
		.help = "what its vCPUs did, and their exits by reason",
		.args = {PARTITION},
		.flags = FLAG_JSON,
		.handler = show_stats,
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
		.flags = FLAG_JSON,
		.handler = host_show,
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
		.args = {{ARG_NUMBER, "CPU", true}},
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
		.args = {{ARG_NUMBER, "CPU", false}},
		.flags = FLAG_YES,
		.handler = machine_debug_cpu,
	},
	{
		.name = "mode",
		.help = "how it answers: to a person, or to a script",
		.detail = "script: no echo, no prompt, no control sequence. Each line is answered by\n"
			  "its output and one last line, ok or \"error CODE text\"; news is a line that\n"
			  "begins with \"event\", between answers. Nothing is asked: --yes must be there.",
		.args = {{ARG_CHOICE, "script|human", false}},
		.handler = answer_set_mode,
	},
	{
		.name = "pager",
		.help = "stop at each screenful of output, or do not",
		.detail = "After 23 lines, --more--: the space bar shows the next page, Enter a line;\n"
			  "q or Ctrl-C ends the output and the command; any other key shows the rest and\n"
			  "begins the next line. It is off at first, and never done for a script.",
		.args = {{ARG_CHOICE, "on|off", false}},
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
	{"ps", "list"},
	{"rm", "destroy"},
	{"inspect", "show"},
};
const unsigned command_alias_count = ARRAY_SIZE(command_aliases);

const unsigned command_count = ARRAY_SIZE(commands);
