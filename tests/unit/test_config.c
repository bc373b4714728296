/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * freehold.conf (L05): errors name their line, each guest is all or nothing, and no file breaks
 * the console.
 */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake_expect.h"

static const char sample[] = "# the machine's partitions\n"
			     "create linux1 cpus=1 memory=128M \\\n"
			     "\tkernel=kernel initrd=initrd \\\n"
			     "\tcmdline=\"console=ttyS0 quiet name=\\\"one two\\\"\"\n"
			     "\r\n"
			     "create linux2 vcpus=2 on=0,2 memory=0x40M kernel=kernel # note\r\n"
			     "start linux1\n"
			     "start linux2";

/* A copy of exactly the file's size: a byte too far is the sanitizer's. */
static void boot_with(const char *text, size_t size)
{
	static char *copy;

	free(copy);
	copy = malloc(size ? size : 1);
	memcpy(copy, text, size);
	fake_reset();
	fake.config = copy;
	fake.config_size = size;
	fake_boot();
}

static void boot_text(const char *text)
{
	boot_with(text, strlen(text));
}

static unsigned count_errors(void)
{
	const char *at = fake.output;
	unsigned count = 0;

	while ((at = strstr(at, "error: "))) {
		count++;
		at++;
	}
	return count;
}

static void test_sample(void **state)
{
	(void)state;
	boot_with(sample, sizeof(sample) - 1);
	assert_int_equal(count_errors(), 0);
	assert_int_equal(fake_find("linux1")->info.state, PART_RUNNING);
	assert_int_equal(fake_find("linux2")->info.state, PART_RUNNING);
	assert_string_equal(fake_find("linux1")->info.cmdline,
			    "console=ttyS0 quiet name=\"one two\"");
	assert_int_equal(fake_find("linux2")->info.cpus[1], 2);
	assert_int_equal(fake_find("linux2")->info.memory, MIB(64) - KIB(128));
	assert_int_equal(fake.output_size >= 10
				 ? strcmp(fake.output + fake.output_size - 10, "freehold> ")
				 : 1,
			 0);
}

/* The two that ship, with images of the names that they use. */
static void test_shipped(void **state)
{
	static const char *const files[] = {"guests/freehold.conf", "guests/freehold-pool.conf"};
	static char text[8192];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		FILE *file = fopen(files[i], "r");
		size_t size;

		assert_non_null(file);
		size = fread(text, 1, sizeof(text), file);
		fclose(file);
		fake_reset();
		strcpy(fake.images[0].name, "cloud-kernel");
		strcpy(fake.images[1].name, "cloud-initrd");
		fake.host.ram_free = GIB(2);
		fake.host.cpu_count = i == 0 ? 3 : 1;
		fake.config = text;
		fake.config_size = size;
		fake_boot();
		if (count_errors())
			fail_msg("%s", fake_output());
		assert_int_equal(fake_find("linux1")->info.state, PART_RUNNING);
		assert_int_equal(fake_find("linux2")->info.state, PART_RUNNING);
		assert_int_equal(fake_find("linux2")->info.flags, i == 0 ? PART_DEDICATED : 0);
		assert_string_equal(fake_find("linux2")->info.cmdline,
				    "console=ttyS0 quiet hostname=linux2");
	}
}

static void test_errors_name_their_line(void **state)
{
	(void)state;
	boot_text("create a memory=64M kernel=tiny cpus=1 on=3\n"
		  "create b memory=64M \\\n kernel=tiny cpus=1 on=3\n"
		  "frob\n"
		  "create a memory=64M kernel=tiny\n"
		  "create c memory=2G kernel=tiny\n"
		  "create d memory=\"64M kernel=tiny\n"
		  "create e memory=64M kernel=tiny bad=1\n"
		  "start e\n"
		  "destroy a\n"
		  "poweroff\n"
		  "create \xc3\xa9 memory=64M kernel=tiny\n"
		  "start a\n");
	fake_expect("error: line 2: create b: cpu 3 is dedicated to partition a [rule 8]\r\n");
	fake_expect("error: line 4: frob: there is no such command; help lists them\r\n");
	fake_expect(
		"error: line 5: create a: a partition of that name exists; it is stopped (never started) "
		"[rule 1]\r\n");
	fake_expect(
		"error: line 6: create c: memory=2G: only 960.1 MiB is free (largest piece 960.1 MiB); "
		"a has 64 MiB [rule 12]\r\n");
	fake_expect("error: line 7: a \" has no partner\r\n");
	fake_expect("error: line 8: create e: bad= is no key of this command;");
	fake_expect("error: line 9: start e: there is no partition of that name\r\n");
	fake_expect("error: line 11: poweroff: a script must say --yes\r\n");
	fake_expect("error: line 12: a byte is not printable ASCII\r\n");
	fake_expect("freehold.conf: 10 errors\r\n");
	/* Line 10 took the stopped partition a down, so line 13 must fail: nothing was skipped. */
	fake_expect("a: destroyed\r\n");
	fake_expect("error: line 13: start a: there is no partition of that name\r\n");
}

static void test_script_must_say_yes(void **state)
{
	(void)state;
	boot_text("create a memory=64M kernel=tiny\nstart a\ndestroy a\ndestroy a --yes\n");
	fake_expect("error: line 3: destroy a: it is running; a script must say --yes\r\n");
	fake_expect("a: destroyed\r\n");
	assert_int_equal(fake.power_calls, 0);
}

/* CPU over-commit, and memory that fits one by one but not in sum. */
static void test_over_commit(void **state)
{
	(void)state;
	boot_text("create a memory=400M kernel=tiny cpus=2\ncreate b memory=400M kernel=tiny cpus=2\n"
		  "create c memory=400M kernel=tiny\ncreate d memory=400M kernel=tiny\n");
	fake_expect(
		"error: line 2: create b: cpus=2: only 1 CPU can be dedicated: cpu 0 is always in the pool, "
		"cpu 1 is dedicated to a, cpu 2 is dedicated to a [rule 8]\r\n");
	fake_expect(
		"error: line 4: create d: memory=400M: only 224.2 MiB is free (largest piece 224.2 MiB); "
		"a has 400 MiB; c has 400 MiB [rule 12]\r\n");
	assert_non_null(fake_find("c"));
	assert_null(fake_find("b"));
	assert_null(fake_find("d"));
}

/* Every partition is whole or absent. */
static void check_sane(void)
{
	uint64_t taken = 0;
	unsigned partitions = 0;

	for (unsigned i = 0; i < MAX_PARTITIONS; i++) {
		const struct fake_partition *partition = &fake.partitions[i];

		if (partition->info.state == PART_NONE)
			continue;
		partitions++;
		taken += partition->info.memory;
		assert_non_null(partition->ring);
	}
	assert_int_equal(fake.host.ram_free + taken, GIB(1));
	assert_int_equal(fake.mapped_pages, partitions * RING_PAGES(RING_OUT_MIN));
	assert_string_equal(fake.output + fake.output_size - 10, "freehold> ");
}

static void test_truncated(void **state)
{
	(void)state;
	for (size_t size = 0; size < sizeof(sample); size++) {
		boot_with(sample, size);
		check_sane();
		if (size < 150)
			assert_null(fake_find("linux2"));
	}
}

static void test_flipped(void **state)
{
	char text[sizeof(sample)];

	(void)state;
	for (size_t i = 0; i < sizeof(sample) - 1; i++) {
		for (unsigned mask = 1; mask < 256; mask = mask < 128 ? mask * 2 : mask + 127) {
			memcpy(text, sample, sizeof(sample));
			text[i] = (char)((unsigned char)text[i] ^ mask);
			boot_with(text, sizeof(sample) - 1);
			check_sane();
		}
	}
}

static void test_random_bytes(void **state)
{
	static const char alphabet[] = "create start memory=2M kernel=tiny \"\\#\n\r\t= ";
	char text[400];

	(void)state;
	srand(5);
	for (unsigned round = 0; round < 2000; round++) {
		size_t size = (size_t)rand() % sizeof(text);

		for (size_t i = 0; i < size; i++)
			text[i] = (char)(round % 2
						 ? rand()
						 : alphabet[(size_t)rand() % (sizeof(alphabet) - 1)]);
		boot_with(text, size);
		check_sane();
	}
}

static void test_long_lines(void **state)
{
	static const char create[] = "\ncreate a memory=2M kernel=tiny\n";
	static char text[IMAGE_WINDOW + 2];
	static char cmdline[8192];

	(void)state;
	memset(text, 'x', IMAGE_WINDOW);
	strcpy(text + IMAGE_WINDOW + 1 - sizeof(create), create);
	boot_with(text, IMAGE_WINDOW);
	fake_expect("error: line 1: a command has at most 4095 characters\r\n");
	assert_int_equal(count_errors(), 1);
	assert_non_null(fake_find("a"));
	boot_with(text, IMAGE_WINDOW + 1);
	fake_expect("[freehold.conf cannot be read: it is larger than 1 MiB]\r\nfreehold> ");
	assert_null(fake_find("a"));
	for (unsigned length = 2046; length < 2050; length++) {
		int used = sprintf(cmdline, "create b memory=2M kernel=tiny cmdline=");

		memset(cmdline + used, 'c', length);
		cmdline[(unsigned)used + length] = '\0';
		boot_text(cmdline);
		assert_int_equal(fake_find("b") != NULL, length < CMDLINE_SIZE);
	}
	fake_expect("error: line 1: create b: cmdline= has at most 2047 characters [rule 3]\r\n");
}

static void test_no_file(void **state)
{
	(void)state;
	fake_reset();
	fake_boot();
	fake_expect("[there is no freehold.conf: no partition is made]\r\nfreehold> ");
	boot_text("");
	check_sane();
}

/* Ctrl-C ends a script that waits, and the console with it is the operator's. */
static void test_interrupt(void **state)
{
	(void)state;
	fake_reset();
	fake.config = "create a memory=2M kernel=tiny\nstart a\nstop a timeout=3600\n"
		      "create b memory=2M kernel=tiny\n";
	fake.config_size = strlen(fake.config);
	fake.stand_still = true;
	fake_boot();
	fake_type("garbage\x03list\r");
	fake_run();
	fake_expect("a: its power button was pressed; it is not stopped by force\r\n");
	fake_expect("freehold.conf: stopped by Ctrl-C; the rest of it was not executed\r\n");
	fake_expect("freehold> list\r\n");
	assert_null(fake_find("b"));
	assert_int_equal(count_errors(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_errors_name_their_line),
		cmocka_unit_test(test_script_must_say_yes),
		cmocka_unit_test(test_over_commit),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
