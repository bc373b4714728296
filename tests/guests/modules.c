/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether what was loaded beside it is all there: its modules are a page's number in the first word of each
 * page, from 1 on, and zeros behind it, as tests/system/test_large_images.py makes them.
 */
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"

enum { WORDS = PAGE_SIZE / sizeof(uint64_t) };

static uint64_t count_wrong(const struct start_module *module)
{
	const uint64_t *words = (const uint64_t *)module->start;
	uint64_t wrong = 0;

	for (uint64_t i = 0; i < module->size / sizeof(*words); i++)
		wrong += words[i] != (i % WORDS ? 0 : i / WORDS + 1);
	return wrong;
}

void guest_main(void)
{
	for (unsigned i = 0; i < start_module_count; i++)
		print("module %u: %lu bytes, %lu words wrong\n", i, start_modules[i].size,
		      count_wrong(&start_modules[i]));
	print("done %u failed 0\n", start_module_count);
	guest_exit(0);
}
