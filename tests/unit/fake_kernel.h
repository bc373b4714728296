/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel for the console's tests: it stands behind call_invoke, keeps partitions, memory and CPUs as
 * the contract in abi/ says, and lets a test fail or delay any call. Events are told once, as in truth.
 */
#pragma once

#include "abi/calls.h"
#include "abi/console_ring.h"
#include "abi/errors.h"
#include "abi/exits.h"
#include "abi/facts.h"
#include "abi/info.h"
#include "lib/types.h"

enum {
	FAKE_CALLS = 80,
	FAKE_BLOB = 4096,
	FAKE_OUTPUT = 4 << 20,
	FAKE_HZ = 1000000000,
	FAKE_COLUMNS = 80,
	FAKE_ROWS = 25
};

/* A vCPU's flight recorder: of the test's own memory. */
struct fake_exits {
	uint64_t begin, end;
	struct exit_record records[EXIT_RECORDS];
};

struct fake_partition {
	struct part_info info;
	struct fake_exits *exits[2]; /* of vCPUs 0 and 1, NULL: none */
	uint32_t activity;	     /* of all its vCPUs */
	bool open;		     /* they take interrupts while they are halted */
	uint64_t timer_tsc;	     /* when their next timer is due, 0: none */
	uint64_t counts[6];	     /* exits that each vCPU had beside the usual ones */
	struct console_ring *ring;
	uint64_t ring_size;
	bool in_line;	   /* of what its guest writes */
	uint64_t enter_at; /* TSC at which its VMM has loaded it, 0: it has, or does not run */
	uint64_t off_at;   /* TSC at which the guest obeys the power button, 0: not pressed */
	uint32_t events;   /* all that were raised */
};

struct fake_kernel {
	uint64_t tsc;
	uint32_t events;	    /* pending */
	bool idle;		    /* the console waited, and nothing will happen by itself */
	bool stand_still;	    /* time does not pass while the console waits */
	unsigned count[FAKE_CALLS]; /* calls made */
	unsigned again[FAKE_CALLS]; /* AGAIN answers before each success */
	unsigned again_given[FAKE_CALLS];
	int64_t fail[FAKE_CALLS];      /* answer instead of doing anything */
	int64_t fail_once[FAKE_CALLS]; /* the same, at the next call alone */
	const char *input;	       /* what the operator still types */
	size_t input_size;
	size_t output_size;
	size_t line_takes; /* bytes of output for each UART event; 0: all */
	size_t line_room;
	bool line_holds; /* it takes nothing more for now */
	struct host_info host;
	struct cpu_info cpus[MAX_CPUS];
	struct machine_facts facts;
	uint32_t cpuid_1_ecx, cpuid_7_ebx, cpuid_7_edx, below[3], ext_7_edx, ext_8_ebx,
		ext_a_edx; /* of the processor */
	struct image_info images[MAX_IMAGES];
	const void *image_bytes[MAX_IMAGES]; /* what stands in it, as far as it is looked at; NULL: zeros */
	struct fake_partition partitions[MAX_PARTITIONS];
	struct part_desc last_desc;
	const char *config; /* freehold.conf, NULL: none */
	size_t config_size;
	const char *log;
	const char *debug; /* what the debugging calls tell, NULL: something short */
	struct audit_report audit;
	unsigned audit_begun;  /* so often; other calls go on */
	bool huge;	       /* whatever vCPUs count is as large as can be */
	uint64_t load_delay;   /* TSC that a VMM takes to load its guest */
	bool load_runs;	       /* and it gets CPU time meanwhile */
	const char *refusal;   /* its VMM refuses each guest then, with that report; NULL: none */
	uint64_t power_delay;  /* TSC from the power button to the guest's end, 0: deaf */
	uint64_t pool;	       /* what a partition costs besides its memory */
	uint64_t mapped_pages; /* without the graves' */
	unsigned power_calls;
	uint32_t power_action;
	uint32_t blob_size[BLOB_KEYS];
	uint8_t blobs[BLOB_KEYS][FAKE_BLOB];
	uint16_t *screen; /* VGA text of FAKE_ROWS by FAKE_COLUMNS; NULL: none */
	char *output;	  /* FAKE_OUTPUT bytes and a terminator */
};

extern struct fake_kernel fake;

/* A machine with 4 CPUs, 1 GiB of free memory and the images kernel, initrd and tiny. */
void fake_reset(void);

/* The operator types; the text must stay where it is until it is read. */
void fake_type(const char *text);
void fake_type_bytes(const void *bytes, size_t size);

/* Whichever it is by now. */
void fake_type_detach_key(void);

/* Does the output end in a prompt, of a candidate's or the plain one? */
bool fake_has_prompt(void);

/* Console turns until there is nothing to do; time passes as deadlines demand. Fails if that never ends. */
void fake_run(void);

/* Starts the console anew, its statics as a fresh process would have them. */
void fake_boot(void);

/* A machine as fake_reset makes it, booted, on which web is defined. */
void fake_boot_with_web(void);

/* Types a line, runs, returns what came out since, as fake_output. */
const char *fake_command(const char *line);

/*
 * All output so far, and from now on none of it. Lines that were broken for the screen are whole here, until
 * the next call; fake.output has them as they were sent.
 */
const char *fake_output(void);
void fake_clear(void);

/* A partition's guest ends by itself. */
void fake_end(const char *name, enum part_reason reason, const char *report);
struct fake_partition *fake_find(const char *name);

/* The kinds that CALL_STATS_NAME knows here. */
enum fake_exit { FAKE_CPUID, FAKE_MSR, FAKE_IO, FAKE_HLT, FAKE_TRIPLE_FAULT, FAKE_INJECTED };

/* An exit of a vCPU that has a recorder, just now. */
void fake_exit(struct fake_partition *partition, unsigned vcpu, enum fake_exit kind, uint64_t rip,
	       uint32_t code, uint64_t info);

/* The guest writes to its console, as a VMM does: as much as it may; returns how much. */
size_t fake_guest_write(struct fake_partition *partition, const void *bytes, size_t size);
size_t fake_guest_read(struct fake_partition *partition, void *bytes, size_t size);
