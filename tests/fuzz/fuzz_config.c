/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * freehold.conf of any bytes, in memory of exactly its size: each complaint names a line that the file
 * has, partitions are whole or absent, memory adds up, and the prompt comes, if need be by the key that
 * detaches.
 */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/layout.h"
#include "tests/unit/fake_kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool promise, const char *what)
{
	if (promise)
		return;
	fprintf(stderr, "%s after:\n%s\n", what, fake.output);
	abort();
}

static unsigned long count_lines(const uint8_t *data, size_t size)
{
	unsigned long lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	return lines;
}

static void check_complaints(unsigned long lines)
{
	static const char start[] = "\nerror: line "; /* what the file says may stand further on */
	const char *at = fake.output;

	while ((at = strstr(at, start)) != NULL) {
		unsigned long line = strtoul(at + sizeof(start) - 1, NULL, 10);

		check(line >= 1 && line <= lines, "a line that is not there");
		at++;
	}
}

static void check_partitions(uint64_t memory)
{
	uint64_t rings = 0;

	for (unsigned i = 0; i < MAX_PARTITIONS; i++) {
		const struct fake_partition *partition = &fake.partitions[i];

		if (partition->info.state == PART_NONE)
			continue;
		rings += RING_PAGES(partition->ring_size);
		memory -= partition->info.memory;
		check(partition->ring != NULL, "a partition without a ring");
	}
	check(fake.host.ram_free == memory, "memory does not add up");
	check(fake.mapped_pages == rings, "rings without partitions");
}

/* A script waits at each `console NAME` until the operator is back, by a key that it may change. */
static void check_prompt(unsigned long lines)
{
	for (unsigned long i = 0; i < lines && !fake_has_prompt(); i++) {
		fake_type_detach_key();
		fake_run();
	}
	check(fake_has_prompt(), "no prompt");
	/* A candidate that the file leaves open has memory of its own. */
	fake_type("discard\r");
	fake_run();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);
	uint64_t memory;

	memcpy(copy, data, size);
	fake_reset();
	memory = fake.host.ram_free;
	fake.config = copy;
	fake.config_size = size;
	fake_boot();
	if (fake.power_calls == 0) {
		check_prompt(count_lines(data, size));
		check_complaints(count_lines(data, size));
		check_partitions(memory);
	}
	fake_reset();
	free(copy);
	return 0;
}
