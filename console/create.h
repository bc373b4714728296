/* SPDX-License-Identifier: BSD-2-Clause */
/* What create has understood so far, and the checks that need to know who has what. */
#pragma once

#include "abi/config.h"
#include "console/partition.h"
#include "console/ring.h"
#include "lib/types.h"

/* The keys, in the order of the table. */
enum create_key {
	KEY_IS_CPUS,
	KEY_IS_VCPUS,
	KEY_IS_ON,
	KEY_IS_MEMORY,
	KEY_IS_KERNEL,
	KEY_IS_INITRD,
	KEY_IS_MODULE,
	KEY_IS_CMDLINE,
	KEY_IS_BOOT,
	KEY_IS_LOAD,
	KEY_IS_ENTRY,
	KEY_IS_TESTDEV,
	KEY_IS_WEIGHT,
	KEY_IS_CAP,
	KEY_IS_SMT,
	KEY_IS_LOG,
	KEY_IS_CONSOLE,
	KEY_IS_RESTART,
	KEY_IS_AUTOSTART,
	KEY_IS_AFTER,
	KEY_TOTAL
};

/* Those that can change while its guest runs. */
#define KEYS_LIVE                                                                                 \
	(1u << KEY_IS_WEIGHT | 1u << KEY_IS_CAP | 1u << KEY_IS_RESTART | 1u << KEY_IS_AUTOSTART | \
	 1u << KEY_IS_AFTER)

struct create {
	struct part_desc desc;
	struct partition_policy policy;
	uint64_t memory; /* as it was asked for; 0: not yet */
	uint64_t cpus;	 /* dedicated, 0: not asked for */
	uint64_t vcpus;	 /* of the pool, 0: not asked for */
	bool smt_share;
	size_t ring_size; /* 0: RING_OUT_MIN */
	bool lossless;
	struct ring ring; /* when it has one */
	bool has_ring;	  /* or an earlier one's serves, which is there already */
	uint64_t ram,
		needed; /* bytes, once placed: its guest's; and with what the kernel takes and the ring */
	uint64_t born; /* of struct partition; 0: it is a new one */
	bool has_load, has_entry;
	size_t texts; /* bytes of desc.boot.texts that are used */
	const char *memory_text;
	const char *on_text; /* NULL: no CPUs are named */
	uint32_t on[MAX_VCPUS];
	size_t on_count;
};

/*
 * Takes a definition apart; its texts are used as long as the create is. False after an error was printed:
 * then nothing else in it may be used.
 */
bool must_check create_parse(struct create *create, const char *name,
			     const struct definition *definition);

/* The machine can run guests, and has room for one more partition (view.h); false after an error. */
bool must_check create_check_machine(void);

/*
 * create_images.c: the images fit into the memory, as far as they tell; false after an error was printed.
 * Not for one that is only given back what it had.
 */
bool must_check create_check_images(const struct create *create);

/* create_place.c: fill in desc, as the view allows; false after an error was printed. */
bool must_check create_place(struct create *create);

/* Of it, what weight= and cap= ask for fits to desc.vcpu_count; false after an error was printed. */
bool must_check create_check_share(const struct create *create);

/*
 * One step of making what was placed. ERR_AGAIN: once more; then its slot, and the partition is in the
 * console's table, or an error, which create_explain tells. kept: the ring of an earlier one, which is taken
 * if it is as is wanted (then it is empty afterwards), or NULL.
 */
int64_t create_step(struct create *create, const struct definition *definition, struct ring *kept);

/* That ring is as this one's is to be. */
bool create_takes_ring(const struct create *create, const struct ring *ring);

/* The kernel refused: says why, as far as it can be found out. */
void create_explain(const struct create *create, int64_t error);
