/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls: `int $CALL_VECTOR` with the number in EAX and up to four arguments in RDI, RSI, RDX, RCX.
 * The answer is in RAX (a negative enum err, or a result); no other register changes. Pointers must lie
 * in the caller's own writable (or, for input, readable) memory, else ERR_FAULT.
 */
#pragma once

#include "abi/layout.h"

#define CALL_VECTOR 0x80

enum call {
	/* A VMM's. */
	CALL_RESUME,	   /* (struct resume in two): enter the guest; does not return */
	CALL_SET_DEADLINE, /* (host tsc, 0: none): EVENT_DEADLINE on vCPU 0 */
	CALL_APIC_MESSAGE, /* (struct apic_message as one uint64_t): raise a vector */
	CALL_PIC_LINE,	   /* (level): the 8259's output to every LVT0 */
	CALL_LAPIC_READ, /* (register offset 0..0xff0): the calling vCPU's local APIC, xAPIC layout */
	CALL_LAPIC_WRITE, /* (register offset, value) */
	CALL_EOI_WATCH,	  /* (index 0..3, 64-bit mask): vectors whose EOI is told */
	CALL_CPUID_SET,	  /* (struct cpuid_entry *, count): the table of this vCPU */
	CALL_PART_END, /* (enum part_reason, code, text, length): stop this partition; does not return */
	CALL_CONSOLE_NOTIFY, /* (): tell the console that the ring holds new output */
	CALL_LOG,	     /* (text, length): a line into the log, rate-limited */
	CALL_NMI,	     /* (vcpu): raise an NMI */
	CALL_FRAME, /* (groups): fill these in too, and exit_code; not the groups of resume alone */
	CALL_STEAL_WATCH, /* (1 or 0): EVENT_STEAL is wanted by this vCPU; answers frame.steal_tsc's value */
	CALL_VMM_COUNT,

	/* The console's. */
	CALL_WAIT = 32, /* (host tsc, 0: no timeout): until an event; returns enum console_event bits */
	CALL_UART_READ,	 /* (buffer, size): bytes read, maybe 0 */
	CALL_UART_WRITE, /* (buffer, size): bytes taken, maybe 0: then CONSOLE_UART_SPACE follows */
	CALL_LOG_READ, /* (position *, buffer, size): bytes; the position moves on over what was lost */
	CALL_HOST_INFO,	  /* (struct host_info *) */
	CALL_CPU_INFO,	  /* (cpu, struct cpu_info *) */
	CALL_EXTENT_INFO, /* (first, struct extent_info *, count): how many were written */
	CALL_IMAGE_INFO,  /* (index, struct image_info *) */
	/*
	 * (index or IMAGE_CONFIG, uint64_t *size): address where its first IMAGE_WINDOW bytes are mapped
	 * read-only, from now on; size is that of all of it
	 */
	CALL_IMAGE_MAP,
	CALL_MEM_MAP,	   /* (pages): address of that many new zero pages; AGAIN goes on */
	CALL_MEM_UNMAP,	   /* (address, pages): as CALL_MEM_MAP gave them */
	CALL_PART_CREATE,  /* (struct part_desc *): slot; AGAIN goes on */
	CALL_PART_START,   /* (slot): scrubs, then EVENT_START; AGAIN goes on */
	CALL_PART_STOP,	   /* (slot): at once; AGAIN goes on */
	CALL_PART_PAUSE,   /* (slot, 1: pause, 0: go on); AGAIN goes on */
	CALL_PART_DESTROY, /* (slot): AGAIN goes on */
	CALL_PART_EVENT,   /* (slot, enum event) EVENT_INPUT, EVENT_SPACE, EVENT_POWER */
	CALL_PART_INFO,	   /* (slot, struct part_info *) */
	CALL_VCPU_INFO,	   /* (slot, vcpu, struct vcpu_info *) */
	CALL_STATS_NAME,   /* (counter, buffer, size): its name; ERR_NOENT past the last */
	CALL_BLOB_SET, /* (key: a slot or enum blob_key, data, size): kept across a restart of the console */
	CALL_BLOB_GET,	  /* (key, buffer, size): bytes */
	CALL_POWER,	  /* (enum power_action) */
	CALL_DEBUG,	  /* (enum debug_command, argument, buffer, size): text */
	CALL_PART_CPUID,  /* (slot, index, struct cpuid_entry *): ERR_NOENT past the last */
	CALL_PART_RENAME, /* (slot, char[NAME_SIZE]): ERR_EXIST if another partition has that name */
	CALL_PART_SHARE,  /* (slot, weight, cap): as in part_desc, from now on; it has pool vCPUs */
	CALL_FACTS,	  /* (struct machine_facts *) */
	CALL_EXITS_READ,  /* (slot, struct exit_window *, struct exit_record *, count): how many */
	CALL_SCREEN, /* (struct screen_info *): maps the screen's memory; ERR_NOENT: there is none */
	CALL_PART_COST, /* (struct part_desc *, struct part_cost *): its name, CPUs and ring do not count */
};

/* An offset beyond the page, for CALL_LAPIC_READ and _WRITE: CR8, whatever the local APIC's mode. */
#define LAPIC_CR8 0x1000u

/* Keys of blobs behind those that belong to a partition. */
enum blob_key { BLOB_EDIT = MAX_PARTITIONS, BLOB_APPLY, BLOB_GRAVES, BLOB_KEYS };

#define IMAGE_CONFIG 0xffffffffu /* freehold.conf */

enum console_event {
	CONSOLE_UART_INPUT = 1 << 0,
	CONSOLE_UART_SPACE = 1 << 1,
	CONSOLE_PARTITION = 1 << 2, /* a partition changed its state */
	CONSOLE_OUTPUT = 1 << 3,    /* a VMM notified */
	CONSOLE_LOG = 1 << 4,
	CONSOLE_TIMEOUT = 1 << 5,
	CONSOLE_RESTARTED = 1 << 6, /* told once: this instance follows one that failed */
};

enum power_action { POWER_OFF, POWER_REBOOT };

enum debug_command {
	/*
	 * (goes on): walks every live CR3 and nested table, from the start or from where a step ended;
	 * ERR_AGAIN, then a struct audit_report
	 */
	DEBUG_AUDIT,
	DEBUG_PANIC,	 /* (kind): the kernel's own fault, on purpose */
	DEBUG_CPU_PANIC, /* (cpu): the same on another CPU */
	DEBUG_VCPU,	 /* (slot << 8 | vcpu): registers and last exits, as text */
	/* (seed << 16 | slot << 8 | vcpu): flips a bit of the guest's saved state; it must be paused */
	DEBUG_RANDOM_STATE,
	DEBUG_STACKS,	 /* (cpu): how deep its stacks ever were, as text */
	DEBUG_CPU_STUCK, /* (seconds << 16 | cpu): it does nothing for so long, interrupts off */
};

/* CALL_APIC_MESSAGE: an interrupt message as on the APIC bus, packed. */
#define APIC_MESSAGE(dest, vector, mode, logical, level)           \
	((uint64_t)(dest) << 32 | (uint64_t)((level) != 0) << 12 | \
	 (uint64_t)((logical) != 0) << 11 | (uint64_t)(mode) << 8 | (uint64_t)(vector))

struct cpuid_entry {
	uint32_t leaf, subleaf;
	uint32_t flags; /* enum cpuid_flag */
	uint32_t eax, ebx, ecx, edx;
};

enum cpuid_flag { CPUID_HAS_SUBLEAF = 1 };

enum { CPUID_ENTRIES_MAX = 64 };
