/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS A10 and A12: burns its CPUs with interrupts off, or halts them for ever. how=spin, pause,
 * halt or on (a spin with interrupts on); on all of cpus=1.
 */
#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"

static void spin(void)
{
	for (;;)
		asm volatile("");
}

static void pause_loop(void)
{
	/* Some work between them: under -icount QEMU takes very long for a PAUSE. */
	for (;;) {
		cpu_pause();
		for (unsigned i = 0; i < 1000; i++)
			asm volatile("");
	}
}

static void spin_on(void)
{
	interrupts_enable();
	spin();
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {{"spin", spin}, {"pause", pause_loop}, {"halt", guest_stop}, {"on", spin_on}};

static void run(void *way)
{
	interrupts_disable();
	ways[(uintptr_t)way].run();
}

void guest_main(void)
{
	unsigned cpus = (unsigned)words_number("cpus", 1);
	uintptr_t way = 0;
	char how[16] = "spin";

	words_value("how", how, sizeof(how));
	while (way < ARRAY_SIZE(ways) - 1 && strcmp(how, ways[way].name))
		way++;
	for (unsigned i = 1; i < cpus; i++) {
		if (!cpu_start(i))
			guest_die("CPU %u does not start", i);
		cpu_run(i, run, (void *)way);
	}
	print("%s on %u\n", ways[way].name, cpus);
	run((void *)way);
}
