/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A partition: the slice of the machine that one guest owns, as the kernel sees it. The struct and all that
 * it points to lie in the partition's own pool. Created, started, stopped and destroyed on CPU 0, in calls
 * of the console; that is why this needs no lock.
 *
 * Legend. m: CPU 0 in a console call. a: atomic, any CPU. c: constant once created.
 */
#pragma once

#include "abi/calls.h"
#include "abi/console_ring.h"
#include "abi/info.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/paging.h"
#include "kernel/cap.h"
#include "kernel/lapic.h"
#include "kernel/log.h"
#include "kernel/spinlock.h"
#include "kernel/vcpu.h"

enum { MEMORY_PIECES = 64 };

/* A run of guest memory that is one run of host memory. */
struct memory_piece {
	gpa_t gpa;
	hpa_t hpa;
	uint64_t size;
	bool clean;
};

/* partition.run: may its vCPUs run? */
enum part_run { RUN_NO, RUN_YES, RUN_PAUSED };

struct partition {
	uint32_t slot;		 /* c */
	uint64_t serial;	 /* c: no other partition of this boot has it; not 0 */
	uint32_t run;		 /* a: enum part_run */
	uint32_t ended;		 /* a: the first who ends it sets this */
	uint32_t reason;	 /* a: enum part_reason */
	uint32_t exit_code;	 /* a */
	uint32_t start_count;	 /* m */
	bool memory_dirty;	 /* m: has to be scrubbed before a start */
	uint32_t scrub_piece;	 /* m: where that stands */
	uint64_t scrub_offset;	 /* m: within the piece */
	uint32_t reset_count;	 /* m: vCPUs that part_reset_step has been at */
	uint32_t pic_line;	 /* a */
	uint64_t deadline;	 /* a: host TSC of CALL_SET_DEADLINE, 0: none */
	uint64_t started_tsc;	 /* m */
	uint64_t entered_tsc;	 /* a: vCPU 0's CPU: when the guest was first let run; 0: not yet */
	uint64_t stopped_tsc;	 /* a: by whoever set ended; 0: it runs, or never did */
	struct part_desc desc;	 /* c */
	struct page_pool pool;	 /* m */
	uint64_t pool_size;	 /* c: bytes */
	uint64_t pool_tables;	 /* c: of these, page tables (upper bound of the formula) */
	struct page_space space; /* m: the VMM's */
	struct page_space nested;		   /* m: the guest's physical memory */
	uint32_t piece_count;			   /* c */
	struct memory_piece pieces[MEMORY_PIECES]; /* c but for clean */
	struct lapic_clock lapic_clock;		   /* c */
	uint32_t cpuid_count;			   /* the VMM's vCPU 0, before the guest runs */
	struct cpuid_entry cpuid[CPUID_ENTRIES_MAX];
	uint8_t cpuid_index[2][32]; /* leaf 0..1Fh and 80000000h..: first entry + 1, or 0 */
	/* By the leaf rotated left by 1: where in this struct its entry is; 0: not for cpuid_plain */
	uint16_t cpuid_quick[64];
	struct vmm_config *config; /* c: the kernel's mapping */
	uint8_t *vmm_data;	   /* c: the VMM's data and bss */
	struct cap cap;		   /* under cap_lock */
	spinlock_t cap_lock;
	struct log_limiter limiter; /* under limiter_lock */
	spinlock_t limiter_lock;
	char report[REPORT_SIZE];      /* by whoever set ended */
	struct vcpu *vcpus[MAX_VCPUS]; /* c */
};

/* The table of slots. m. */
extern struct partition *partitions[MAX_PARTITIONS];

/* The address of a slot's pool in the kernel. */
static inline uint64_t part_pool_address(uint32_t slot)
{
	return KERNEL_POOL_BASE + slot * KERNEL_POOL_STRIDE;
}

static inline bool part_may_run(const struct partition *part)
{
	return __atomic_load_n(&part->run, __ATOMIC_ACQUIRE) == RUN_YES;
}

/* life.c. No vCPU of it is loaded anywhere. */
bool part_is_out(const struct partition *part);

/*
 * Ends a partition for a reason, from any CPU, any of its vCPUs: the first call counts. Returns at once;
 * its vCPUs leave when they next look. text may be NULL.
 */
void part_end(struct partition *part, enum part_reason reason, uint32_t code, const char *text, ...)
	printf_like(4, 5);

/* Calls of the console; all may answer ERR_AGAIN. */
int part_create(const struct part_desc *desc);
int part_start(uint32_t slot);
int part_stop(uint32_t slot);
int part_pause(uint32_t slot, bool pause);
int part_destroy(uint32_t slot);
int part_event(uint32_t slot, uint32_t events);
int part_rename(uint32_t slot, const char *name);
int part_share(uint32_t slot, uint32_t weight, uint32_t cap);
int part_describe(uint32_t slot, struct part_info *info);
int part_describe_vcpu(uint32_t slot, uint32_t index, struct vcpu_info *info);
int part_describe_cpuid(uint32_t slot, uint32_t index, struct cpuid_entry *entry);
/* Of window->vcpu, at most count; answers how many. */
int part_read_exits(uint32_t slot, struct exit_window *window, struct exit_record *to,
		    unsigned count);
