/* SPDX-License-Identifier: BSD-2-Clause */
/* THREATS F04, F12: each way to reset or switch off a PC, by how=; on all of cpus=1 at once. */
#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"

enum {
	KBC = 0x64,
	SYSTEM_A = 0x92,
	RESET_CONTROL = 0xcf9,
	PM1_CNT = 0x604,
	S5 = 5 << 10 | 1 << 13
};

static void keyboard(void)
{
	io_out8(KBC, 0xfe);
}

static void fast(void)
{
	io_out8(SYSTEM_A, (uint8_t)(io_in8(SYSTEM_A) & ~1));
	io_out8(SYSTEM_A, (uint8_t)(io_in8(SYSTEM_A) | 1));
}

static void reset_control(void)
{
	io_out8(RESET_CONTROL, 2);
	io_out8(RESET_CONTROL, 6);
}

static void triple(void)
{
	const struct descriptor_pointer none = {0, 0};

	idt_load(&none);
	asm volatile("int3");
}

static void soft_off(void)
{
	io_out16(PM1_CNT, S5);
}

static void test_exit(void)
{
	guest_exit((uint32_t)words_number("value", 42));
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {{"64", keyboard},	{"92", fast},	  {"cf9", reset_control},
	    {"triple", triple}, {"s5", soft_off}, {"exit", test_exit}};

static void run(void *way)
{
	ways[(uintptr_t)way].run();
	guest_stop();
}

void guest_main(void)
{
	unsigned cpus = (unsigned)words_number("cpus", 1);
	uintptr_t way = 0;
	char how[16] = "64";

	words_value("how", how, sizeof(how));
	while (way < ARRAY_SIZE(ways) && strcmp(how, ways[way].name))
		way++;
	if (way == ARRAY_SIZE(ways))
		guest_die("how=%s is unknown", how);
	print("now %s\n", how);
	for (unsigned i = 1; i < cpus; i++)
		if (!cpu_start(i))
			guest_die("CPU %u does not start", i);
	for (unsigned i = 1; i < cpus; i++)
		cpu_run(i, run, (void *)way);
	run((void *)way);
}
