/* SPDX-License-Identifier: BSD-2-Clause */
/* What the console can ask the kernel about the machine. */
#pragma once

#include "abi/config.h"

enum cpu_state {
	CPU_ABSENT,
	CPU_POOL,
	CPU_DEDICATED,
	CPU_FAILED,
	CPU_SIBLING, /* idle: its core serves the pool by another thread, or a partition alone */
};

struct cpu_info {
	uint32_t apic_id;
	uint32_t state;	    /* enum cpu_state */
	uint32_t partition; /* slot that owns it, if dedicated; that has its core, if CPU_SIBLING */
	uint32_t core;
	uint32_t admits; /* could be dedicated: bit 0 to a partition, bit 1 to one with PART_SMT_SHARE */
	uint32_t vcpus;	    /* homed here */
	uint64_t idle_tsc;  /* time spent idle */
	uint64_t busy_tsc;  /* time spent in vCPUs and the console */
	uint64_t clean_tsc; /* time spent cleaning free memory, when it had nothing else to do */
	uint64_t cleaned;   /* bytes */
};

/* Who owns an extent. Numbers from OWNER_PARTITION on are partition slots: guest memory and pool. */
enum extent_owner {
	OWNER_FREE,
	OWNER_KERNEL,
	OWNER_IMAGE,
	OWNER_CONSOLE,
	OWNER_FIRMWARE,
	OWNER_PARTITION
};

struct extent_info {
	uint64_t start; /* bytes */
	uint64_t size;
	uint32_t owner;	  /* enum extent_owner */
	uint32_t slot;	  /* OWNER_PARTITION: which */
	uint32_t clean;	  /* OWNER_FREE: known to be zero */
	uint32_t is_pool; /* OWNER_PARTITION: kernel objects, not guest memory */
};

/* DEBUG_AUDIT's answer. */
enum { AUDIT_VIOLATION = 160 };

struct audit_report {
	uint64_t partitions, spaces, mappings; /* that were looked at */
	uint64_t digest; /* of the mappings, but for the windows that come and go */
	uint64_t violations;
	char first[AUDIT_VIOLATION]; /* of them; "" if there is none */
};

struct image_info {
	char name[NAME_SIZE];
	uint64_t size; /* bytes */
	uint64_t start;
	uint32_t users; /* partitions that name it */
	uint32_t reserved;
};

struct host_info {
	uint32_t cpu_count; /* described by the firmware; numbers 0.. are used everywhere */
	uint32_t image_count;
	uint32_t extent_count;
	uint32_t partition_limit;
	uint64_t tsc_khz;
	uint64_t now_tsc;
	uint64_t now_wall;			 /* Unix time, ns */
	uint64_t boot_tsc;			 /* TSC at kernel entry */
	uint64_t calibration_tsc;		 /* ticks that it waited to measure its clocks */
	uint64_t ram_total, ram_free, ram_clean; /* bytes */
	char cpu_vendor[16];
	char cpu_model[52];
	char backend[12];	 /* "SVM", "VMX" or "none" */
	char backend_reason[80]; /* why there is none */
	char build[48];
};

/* The memory of the machine's screen: a framebuffer of pixels, or VGA text. */
struct screen_info {
	uint64_t address;	/* where it is mapped, write-combining */
	uint32_t pitch;		/* bytes from one line to the next */
	uint32_t width, height; /* pixels; characters if it is text */
	uint32_t bits_per_pixel;
	uint32_t kind; /* enum canvas_kind of lib/canvas.h */
	uint32_t reserved;
};

enum part_state {
	PART_NONE,    /* the slot is free */
	PART_STOPPED, /* defined, or ended: reason says how */
	PART_RUNNING,
	PART_PAUSED,
	PART_DYING, /* being taken down */
};

enum part_reason {
	REASON_NONE,	  /* never started */
	REASON_POWEROFF,  /* the guest switched itself off */
	REASON_RESET,	  /* the guest asked for a reset: the console starts it again */
	REASON_OPERATOR,  /* CALL_PART_STOP */
	REASON_TRIPLE,	  /* triple fault */
	REASON_VMM_FAULT, /* the VMM faulted; report says where */
	REASON_VMM_LOOP,  /* the VMM took too long in one upcall */
	REASON_ENTRY,	  /* the hardware refused the guest's state */
	REASON_REFUSED,	  /* the VMM could not start the guest; report says why */
	REASON_EMULATION, /* an instruction that cannot be emulated */
	REASON_KERNEL,	  /* what the kernel alone decides; report says what */
};

#define REPORT_SIZE 768

struct part_info {
	char name[NAME_SIZE];
	uint32_t state;	 /* enum part_state */
	uint32_t reason; /* enum part_reason, if stopped */
	uint32_t vcpu_count;
	uint32_t flags; /* enum part_flags */
	uint32_t exit_code;
	uint32_t start_count;
	uint32_t weight, cap; /* of struct part_desc */
	uint64_t memory;      /* bytes */
	uint64_t pool;	      /* bytes of kernel objects */
	uint64_t pool_tables; /* of these, page tables */
	uint64_t started_tsc;
	uint64_t entered_tsc; /* when its VMM had loaded the guest and let it begin; 0: not yet */
	uint64_t stopped_tsc; /* when it ended; 0: it did not */
	uint64_t run_tsc;     /* time all its vCPUs used */
	uint64_t steal_tsc;   /* time they could have run and did not */
	uint32_t cpus[MAX_VCPUS];
	struct part_range ranges[MAX_RANGES];
	struct part_image images[MAX_PART_IMAGES];
	struct part_boot boot;
	char cmdline[CMDLINE_SIZE];
	char report[REPORT_SIZE]; /* lines that tell why it stopped */
};

/* What CALL_PART_CREATE would take besides the guest's memory: bytes, in one piece. */
struct part_cost {
	uint64_t pool;	 /* of kernel objects */
	uint64_t tables; /* of these, page tables */
};

enum vcpu_activity { ACTIVITY_RUN, ACTIVITY_HALT, ACTIVITY_WAIT_SIPI, ACTIVITY_SHUTDOWN };

#define EXIT_COUNTERS 32

/* Exits by what the kernel did about them; the names come with CALL_STATS_NAMES. */
struct vcpu_info {
	uint32_t cpu;
	uint32_t activity; /* enum vcpu_activity */
	uint32_t open;	   /* ACTIVITY_HALT: RFLAGS.IF was 1, so that an interrupt ends it */
	uint32_t reserved;
	uint64_t timer_tsc; /* when its local APIC's timer or a device's is due; 0: none is set */
	uint64_t run_tsc;
	uint64_t steal_tsc; /* it could run, and its CPU ran another */
	uint64_t exits[EXIT_COUNTERS];
	uint64_t upcalls;
	uint64_t interrupts; /* injected */
};
