/* SPDX-License-Identifier: BSD-2-Clause */
/* The hooks of vmm/guest_mem.h for tests: counts how often each byte is read, changes it, or fails. */
#pragma once

#include "lib/types.h"

enum { RECORD_BYTES = 0x40000 };

struct guest_record {
	uint8_t reads[RECORD_BYTES]; /* by guest-physical address */
	unsigned accesses;
	unsigned fail_at; /* the access (from 1) to refuse; 0: none */
	bool mutate;	  /* what is read from here on is inverted at once, as by another vCPU */
	gpa_t mutate_from;
	unsigned twice; /* bytes that were read more than once */
	/* Told of each read, before what was read is changed; or null. */
	void (*on_read)(gpa_t gpa, const void *ram, size_t length);
};

extern struct guest_record guest_record;

void guest_record_reset(void);
