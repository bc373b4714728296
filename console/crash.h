/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is kept of a guest's failure when it is started again: the kernel's last word on it and the flight
 * recorders of its vCPUs. One a partition, the latest; it goes with the partition.
 */
#pragma once

#include "abi/exits.h"
#include "console/partition.h"

struct crash {
	uint64_t tsc; /* when it was kept */
	uint64_t pages;
	uint64_t output_from,
		output_to; /* positions of the ring's output: what its guest said since its start */
	bool by_hand;
	struct part_info info;
	uint32_t counts[MAX_VCPUS];
	struct exit_record exits[][EXIT_RECORDS]; /* of each vCPU, the oldest first */
};

/* The guest failed, and was not just switched off, reset or stopped. */
bool crash_is_one(uint32_t reason);

/* Keeps it as it is now, instead of what was kept before. False: there is no memory for it. */
bool crash_keep(const struct partition *partition, const struct part_info *info, bool by_hand);

/* NULL: nothing is kept. */
const struct crash *crash_of(const struct partition *partition);

void crash_forget(const struct partition *partition);

/* For the partition's blob: where it is, and finding it again after the console itself failed. 0: nothing. */
uint64_t crash_address(const struct partition *partition);
void crash_adopt(const struct partition *partition, uint64_t address);
void crash_reset(void);
