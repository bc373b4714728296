/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints by polling the UART, so that a test's interrupts are its own. One CPU prints at a time. */
#include "tests/guests/lib/report.h"

#include "arch/x86_64/insn.h"
#include "lib/format.h"
#include "lib/string.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/words.h"

enum { COM1 = 0x3f8, COM1_LSR = COM1 + 5, LSR_THRE = 1 << 5, FIFO_SIZE = 16 };
enum { PORT_EXIT = 0xf4, DETAILS_MAX = 4, VALUE_DEAD = 255, LINE = 256 };

static struct {
	const char *name;
	unsigned failures; /* of the current case */
	const char *skipped;
} current;

static uint32_t print_lock;

/* THRE means that the whole FIFO is free: 16550 data sheet, "Line Status Register". */
void print_bytes(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (i % FIFO_SIZE == 0) {
			while (!(io_in8(COM1_LSR) & LSR_THRE))
				cpu_pause();
		}
		io_out8(COM1, (uint8_t)data[i]);
	}
}

static void print_line(const char *line)
{
	while (__atomic_exchange_n(&print_lock, 1, __ATOMIC_ACQUIRE))
		cpu_pause();
	print_bytes(line, strlen(line));
	__atomic_store_n(&print_lock, 0, __ATOMIC_RELEASE);
}

void print(const char *text, ...)
{
	char line[LINE];
	va_list args;

	va_start(args, text);
	vformat(line, sizeof(line), text, args);
	va_end(args);
	print_line(line);
}

void test_fail(const char *text, ...)
{
	char line[LINE];
	va_list args;

	if (++current.failures > DETAILS_MAX)
		return;
	va_start(args, text);
	vformat(line, sizeof(line), text, args);
	va_end(args);
	print("FAIL %s: %s\n", current.name, line);
}

void test_skip(const char *why)
{
	current.skipped = why;
}

static bool run_one(const struct test_case *test)
{
	current.name = test->name;
	current.failures = 0;
	current.skipped = NULL;
	test->run();
	if (current.failures > DETAILS_MAX)
		print("FAIL %s: %u failures in all\n", test->name, current.failures);
	else if (!current.failures && current.skipped)
		print("skip %s: %s\n", test->name, current.skipped);
	else if (!current.failures)
		print("ok %s\n", test->name);
	return current.failures == 0;
}

unsigned test_run_cases(const struct test_case *cases, size_t count)
{
	unsigned failed = 0;

	for (size_t i = 0; i < count; i++)
		failed += !run_one(&cases[i]);
	return failed;
}

void test_run_all(const struct test_case *cases, size_t count)
{
	unsigned run = 0, failed = 0;
	char only[64];
	bool all = !words_value("case", only, sizeof(only));

	for (size_t i = 0; i < count; i++) {
		if (!all && strcmp(only, cases[i].name))
			continue;
		run++;
		failed += !run_one(&cases[i]);
	}
	print("done %u failed %u\n", run, failed);
	guest_exit(failed);
}

bool test_bed(const char *name)
{
	char bed[32];

	return words_value("bed", bed, sizeof(bed)) && !strcmp(bed, name);
}

noreturn void guest_stop(void)
{
	interrupts_disable();
	for (;;)
		cpu_halt();
}

noreturn void guest_exit(uint32_t value)
{
	io_out32(PORT_EXIT, value);
	guest_stop();
}

noreturn void guest_die(const char *text, ...)
{
	char line[LINE];
	va_list args;

	va_start(args, text);
	vformat(line, sizeof(line), text, args);
	va_end(args);
	print("FAIL %s: %s\n", current.name ? current.name : "guest", line);
	guest_exit(VALUE_DEAD);
}
