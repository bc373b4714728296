/* SPDX-License-Identifier: BSD-2-Clause */
/* THREATS F01: writes mib=1 MiB to the UART as fast as it goes, a text whose lines are numbered. */
#include "lib/format.h"
#include "lib/string.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"

enum { COM1 = 0x3f8, LINE = 64, LINES = 64, BLOCK = LINE * LINES };

static char block[BLOCK + 1];

static void fill_block(uint64_t number)
{
	for (unsigned i = 0; i < LINES; i++) {
		char *line = block + i * LINE;
		size_t length = format(line, LINE, "flood %lu ", number * LINES + i);

		memset(line + length, '.', LINE - length);
		line[LINE - 1] = '\n';
	}
}

/* One instruction for a whole block: the FIFO's state is not asked for. */
static void send_block(void)
{
	const char *from = block;
	uint64_t count = BLOCK;

	asm volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(COM1) : "memory");
}

void guest_main(void)
{
	uint64_t blocks = words_number("mib", 1) * MIB(1) / BLOCK;

	for (uint64_t i = 0; i < blocks; i++) {
		fill_block(i);
		send_block();
	}
	print("\ndone 1 failed 0\n");
}
