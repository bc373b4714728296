/* SPDX-License-Identifier: BSD-2-Clause */
/* The flight recorder as the console reads it: CALL_EXITS_READ. */
#pragma once

#include <stdint.h>

/* The last exits of each vCPU that are kept. */
#define EXIT_RECORDS 1024

/*
 * One exit, as it was found; or an exception that was injected ("injected"), behind the exit that
 * gave rise to it: code is then the vector, info the error code.
 */
struct exit_record {
	uint64_t rip;
	uint64_t info; /* the hardware's qualification */
	uint64_t tsc;  /* the host's */
	uint32_t code; /* the hardware's exit number */
	uint32_t kind; /* its name: CALL_STATS_NAME */
};

/* CALL_EXITS_READ: in, where to go on; out, what there is. */
struct exit_window {
	uint64_t position; /* number of the next to be read; out: behind the last that was */
	uint64_t begin;	   /* out: number of the first since the partition's start */
	uint64_t end;	   /* out: how many there were since it was created */
	uint64_t lost;	   /* out: between the position asked for and the first that was read */
	uint32_t vcpu;
	uint32_t reserved;
};
