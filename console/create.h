/* SPDX-License-Identifier: BSD-2-Clause */
/* What create has understood so far, and the checks that need to know who has what. */
#pragma once

#include "abi/config.h"
#include "console/ring.h"
#include "lib/types.h"

struct create {
	struct part_desc desc;
	uint64_t memory; /* as it was asked for; 0: not yet */
	uint64_t cpus;	 /* dedicated, 0: not asked for */
	uint64_t vcpus;	 /* of the pool, 0: not asked for */
	bool smt_share, lossless;
	struct ring ring; /* its size: 0 if nothing was said */
	bool has_load, has_entry;
	size_t texts; /* bytes of desc.boot.texts that are used */
	const char *memory_text;
	const char *on_text; /* NULL: no CPUs are named */
	uint32_t on[MAX_VCPUS];
	size_t on_count;
};

/* Fill in desc; false after an error was printed. */
bool create_place_cpus(struct create *create);
bool create_place_memory(struct create *create);

/* What weight= and cap= ask for fits to the CPUs that were found; false after an error was printed. */
bool create_check_share(const struct create *create);

/* The kernel refused: says why, as far as it can be found out. */
void create_explain(const struct create *create, int64_t error);
