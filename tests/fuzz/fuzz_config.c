/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * freehold.conf of any bytes, or of the console's words, in memory of exactly its size: each complaint
 * names a line that the file has, partitions are whole or absent, memory adds up, and the prompt comes, if
 * need be by the key that detaches.
 */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/layout.h"
#include "tests/fuzz/fuzz_words.h"
#include "tests/unit/fake_kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* For rollback: of how many commits is kept what was before, and how many pages that takes at most. */
enum { KEPT_COMMITS = 8, KEPT_PAGES = 8 };

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

static unsigned count_of(const char *told)
{
	unsigned count = 0;

	for (const char *at = fake.output; (at = strstr(at, told)) != NULL; at++)
		count++;
	return count;
}

static unsigned count_commits(void)
{
	return count_of("\ncommitted") + count_of("\nevent committed"); /* in mode script */
}

static void check_partitions(uint64_t memory)
{
	uint64_t rings = 0, kept;

	for (unsigned i = 0; i < MAX_PARTITIONS; i++) {
		const struct fake_partition *partition = &fake.partitions[i];

		if (partition->info.state == PART_NONE)
			continue;
		rings += RING_PAGES(partition->ring_size);
		memory -= partition->info.memory;
		check(partition->ring != NULL, "a partition without a ring");
	}
	check(fake.host.ram_free == memory, "memory does not add up");
	kept = fake.mapped_pages - rings;
	check(kept <= MIN(count_commits(), (unsigned)KEPT_COMMITS) * KEPT_PAGES,
	      "rings without partitions");
}

/* A script waits at each `console NAME` until the operator is back, by a key that it may change. */
static void check_prompt(unsigned long lines)
{
	for (unsigned long i = 0; i < lines && !fake_has_prompt(); i++) {
		fake_type_detach_key();
		fake_run();
	}
	/* In mode script there is none. */
	fake_type("mode human\r");
	fake_run();
	check(fake_has_prompt(), "no prompt");
	/* A candidate that the file leaves open has memory of its own. */
	fake_type("discard\r");
	fake_run();
}

/* As it stands, or, behind a byte that no text has, with words. */
static char *make_text(const uint8_t *data, size_t *size)
{
	static uint8_t meant[16384];
	char *text;

	if (*size > 0 && data[0] == 0xff) {
		*size = fuzz_expand(data + 1, *size - 1, meant, sizeof(meant));
		data = meant;
	}
	text = malloc(*size ? *size : 1);
	memcpy(text, data, *size);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = make_text(data, &size);
	unsigned long lines = count_lines((const uint8_t *)text, size);
	uint64_t memory;

	fake_reset();
	memory = fake.host.ram_free;
	fake.config = text;
	fake.config_size = size;
	fake_boot();
	if (fake.power_calls == 0) {
		check_prompt(lines);
		check_complaints(lines);
		check_partitions(memory);
	}
	fake_reset();
	free(text);
	return 0;
}
