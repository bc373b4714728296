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
		.handler = show_list,
	},
	{
		.name = "show",
		.help = "all about one partition, and why it stopped",
		.args = {PARTITION},
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
		.handler = host_images,
	},
	{
		.name = "log",
		.help = "the kernel's log",
		.handler = machine_log,
	},
	{
		.name = "audit",
		.help = "check every page table against the owners of memory",
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
		.name = "debug cpu-stuck",
		.help = "make a CPU do nothing for so many seconds",
		.detail = "With interrupts off: for a look at the watchdog, which names it within 2 s.",
		.args = {{ARG_NUMBER, "CPU", false}, {ARG_NUMBER, "SECONDS", false}},
		.flags = FLAG_YES,
		.handler = machine_debug_stuck,
	},
	{
		.name = "help",
		.help = "this list, or all about one command",
		.args = {{ARG_COMMAND, "COMMAND", true}},
		.handler = help_show,
	},
};

const unsigned command_count = ARRAY_SIZE(commands);
