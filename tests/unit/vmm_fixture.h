/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A partition for tests of the VMM: a configuration, guest memory, and a kernel that notes its
 * calls.
 */
#pragma once

#include <setjmp.h>

#include "abi/frame.h"
#include "abi/info.h"
#include "vmm/partition.h"

/* What the VMM asked of the kernel. Cleared by fixture_init. */
struct fake_calls {
	jmp_buf ended; /* where call_part_end goes; see FIXTURE_ENDS */
	bool catch_end;
	jmp_buf resumed; /* where call_resume goes; see FIXTURE_RESUMES */
	bool catch_resume;
	struct resume answer;
	enum part_reason reason;
	uint32_t code;
	char text[REPORT_SIZE + 1];
	unsigned notifies, logs;
	uint64_t deadline, message;
	bool pic_line;
	uint64_t eoi_vectors[4];
	uint32_t lapic_offset, lapic_value; /* of the last write */
	uint32_t lapic_reads[1025];	    /* what a register reads as, by offset / 4 */
	unsigned lapic_writes;
	bool steal_watch;
	uint64_t steal; /* the answer to that */
};

extern struct fake_calls fake_calls;
extern struct vmm_config fixture_config;

/*
 * A partition of one vCPU with memory bytes of zeroed RAM, below 3 GiB and from 4 GiB on, as a PC
 * has it. Releases what an earlier call made.
 */
void fixture_init(uint64_t memory);

/* Names an image that begins at data; data stays the caller's. */
void fixture_image(enum image_role role, const char *name, const void *data, size_t size);

/* Guest memory as the host sees it. */
uint8_t *fixture_ram(gpa_t gpa);

/* True if all of the guest's RAM in [from, to) is zero. */
bool fixture_untouched(gpa_t from, gpa_t to);

/* True if the statement entered the guest again, with fake_calls.answer. */
#define FIXTURE_RESUMES(statement) \
	(fake_calls.catch_resume = true, setjmp(fake_calls.resumed) ? true : ((statement), false))

/* True if the statement ended the partition. */
#define FIXTURE_ENDS(statement) \
	(fake_calls.catch_end = true, setjmp(fake_calls.ended) ? true : ((statement), false))
