/* SPDX-License-Identifier: BSD-2-Clause */
/* The smallest guest: says that it runs and with what, and switches itself off. */
#include "tests/guests/lib/clock.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"

void guest_main(void)
{
	uint64_t ram = 0;
	char name[64] = "world";

	words_value("name", name, sizeof(name));
	for (unsigned i = 0; i < memory_map_count; i++)
		ram += memory_map[i].type == MEMORY_RAM ? memory_map[i].size : 0;
	print("hello %s: %lu KiB in %u ranges, tsc %lu kHz\n", name, ram >> 10, memory_map_count,
	      clock_khz());
	print("done 0 failed 0\n");
	guest_exit((uint32_t)words_number("exit", 0));
}
