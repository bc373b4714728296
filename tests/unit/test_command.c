/* SPDX-License-Identifier: BSD-2-Clause */
/* Every command: its effect, its errors, and an answer in every state of its partition. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/frame.h"
#include "console/command.h"
#include "console/main.h"
#include "tests/unit/fake_expect.h"

static int boot(void **state)
{
	(void)state;
	fake_reset();
	fake_boot();
	return 0;
}

/* The command's whole output is this one line. */
static void expect(const char *line, const char *answer)
{
	char expected[2048];

	snprintf(expected, sizeof(expected), "%s\r\n%s\r\nfreehold> ", line, answer);
	assert_string_equal(fake_command(line), expected);
}

#define GOOD "memory=64M kernel=kernel"

/* A table of three leaves, and a processor that has VMX: tests/unit/fake_kernel.c. */
static void test_policy(void **state)
{
	(void)state;
	fake_command("create a memory=16M kernel=kernel");
	fake_expect_in("policy cpuid a", "its CPUID is made when it starts, and it never did");
	fake_command("start a");
	fake_expect_in("policy cpuid a", "  guest  eax 00000000 ebx 00000000 ecx 80000001");
	fake_expect_in("policy cpuid a", "  host   eax 00000000 ebx 00000000 ecx 00000021");
	fake_expect_in("policy cpuid a", "  hidden vmx\r\n");
	fake_expect_in("policy cpuid a", "  added  hypervisor\r\n");
	fake_expect_in("policy cpuid a", "leaf 00000007, subleaf 0\r\n");
	fake_expect_in("policy cpuid a", "3 entries, the same on each vCPU");
	fake_expect_in("policy msrs", "c0000082           processor  LSTAR");
	fake_expect_in("policy msrs", "c0000080           kernel     EFER");
	fake_expect_in("policy msrs", "00000800-000008ff  kernel     x2APIC registers");
	fake_expect_in("policy msrs", "PLATFORM_ID            0x0 only, as it reads");
	fake_expect_in("policy msrs", "DEBUGCTL               mask 0x3 ignored; reads 0x0");
	fake_expect_in("policy msrs", "all others: #GP(0)");
	assert_null(strstr(fake_command("policy msrs"), "HWCR")); /* AMD's, and this is none */
}

static void test_create(void **state)
{
	(void)state;
	expect("create web cpus=2 on=2-3 memory=64M kernel=kernel initrd=initrd module=tiny module=tiny "
	       "cmdline=\"console=ttyS0 x=\\\"y z\\\"\"",
	       "web: created with 64 MiB and 2 dedicated CPUs");
	assert_string_equal(fake.last_desc.name, "web");
	assert_int_equal(fake.last_desc.flags, PART_DEDICATED);
	assert_int_equal(fake.last_desc.vcpu_count, 2);
	assert_int_equal(fake.last_desc.cpus[0], 2);
	assert_int_equal(fake.last_desc.cpus[1], 3);
	assert_int_equal(fake.last_desc.range_count, 2);
	assert_int_equal(fake.last_desc.image_count, 4);
	assert_int_equal(fake.last_desc.images[1].image, 1);
	assert_int_equal(fake.last_desc.images[1].role, IMAGE_INITRD);
	assert_int_equal(fake.last_desc.images[3].role, IMAGE_MODULE);
	assert_string_equal(fake.last_desc.cmdline, "console=ttyS0 x=\"y z\"");
	assert_int_equal(fake.mapped_pages, RING_PAGES(RING_OUT_MIN));
	expect("create db " GOOD, "db: created with 64 MiB and 1 pool vCPU");
	assert_int_equal(fake.last_desc.flags, 0);
	assert_int_equal(fake.last_desc.cpus[0], CPU_ANY);
	expect("create db2 vcpus=3 on=0-1 " GOOD, "db2: created with 64 MiB and 3 pool vCPUs");
	assert_int_equal(fake.last_desc.cpus[0], 0);
	assert_int_equal(fake.last_desc.cpus[1], 1);
	assert_int_equal(fake.last_desc.cpus[2], 0);
	expect("create db3 testdev=off " GOOD, "db3: created with 64 MiB and 1 pool vCPU");
	assert_int_equal(fake.last_desc.flags, 0);
	expect("create db4 testdev=on " GOOD, "db4: created with 64 MiB and 1 pool vCPU");
	assert_int_equal(fake.last_desc.flags, PART_TESTDEV);
}

/* A long creation is cut into many calls, and its memory is given back when it fails. */
static void test_create_again_and_failure(void **state)
{
	(void)state;
	fake.again[CALL_PART_CREATE] = 50;
	expect("create web " GOOD, "web: created with 64 MiB and 1 pool vCPU");
	assert_int_equal(fake.count[CALL_PART_CREATE], 51);
	fake.fail[CALL_PART_CREATE] = ERR_INVAL;
	expect("create db " GOOD, "error: create db: the kernel refuses what was asked");
	assert_int_equal(fake.mapped_pages, RING_PAGES(RING_OUT_MIN));
	fake.fail[CALL_PART_CREATE] = ERR_NOMEM;
	expect("create db " GOOD,
	       "error: create db: memory=64M: only 960.1 MiB is free (largest piece 960.1 MiB); "
	       "web has 64 MiB [rule 12]");
	fake.fail[CALL_PART_CREATE] = ERR_BUSY;
	expect("create db cpus=1 on=0 " GOOD,
	       "error: create db: cpu 0 cannot be dedicated: it is always in the pool [rule 8]");
	expect("create db cpus=1 on=1 " GOOD, "error: create db: something it needs is in use; "
					      "too few CPUs are free of the pool's vCPUs [rule 8]");
	fake.fail[CALL_PART_CREATE] = 0;
	fake.fail[CALL_MEM_MAP] = ERR_NOMEM;
	expect("create db " GOOD,
	       "error: create db: no memory for its console: 84 KiB are needed [rule 12]");
	assert_null(fake_find("db"));
}

struct refusal {
	const char *keys, *error;
};

/* K04 and the rules of create; each error names the object, the rule and who has it. */
static void test_create_refusals(void **state)
{
	static const struct refusal refusals[] = {
		{"kernel=kernel", "memory= is missing [rule 4]"},
		{"memory=64M", "kernel= is missing [rule 4]"},
		{GOOD " color=red",
		 "color= is no key of this command; its keys: cpus=, vcpus=, on=, memory=, kernel=, "
		 "initrd=, module=, cmdline=, boot=, load=, entry=, testdev=, weight=, cap=, smt=, log=, "
		 "console=, restart=, autostart=, after= [rule 2]"},
		{GOOD " =x",
		 "= is no key of this command; its keys: cpus=, vcpus=, on=, memory=, kernel=, "
		 "initrd=, module=, cmdline=, boot=, load=, entry=, testdev=, weight=, cap=, smt=, log=, "
		 "console=, restart=, autostart=, after= [rule 2]"},
		{GOOD " weight=0", "weight=0: must be a number from 1 to 10000 [rule 3]"},
		{GOOD " weight=10001", "weight=10001: must be a number from 1 to 10000 [rule 3]"},
		{GOOD " cap=6401",
		 "cap=6401: must be percent of one CPU, at most 100 for each vCPU [rule 3]"},
		{GOOD " vcpus=1 cap=101", "cap=101: 1 vCPU can use 100 percent at most [rule 11]"},
		{GOOD " cpus=1 weight=200",
		 "weight=200: shares are of the pool's CPUs (vcpus=); with cpus= a CPU is its own [rule 11]"},
		{GOOD " cpus=1 cap=50",
		 "cap=50: shares are of the pool's CPUs (vcpus=); with cpus= a CPU is its own [rule 11]"},
		{GOOD " cpus=1 smt=on", "smt=on: can be share, or be left out [rule 3]"},
		{GOOD " smt=share",
		 "smt=share: is for cpus=; of each core the pool uses one thread [rule 10]"},
		{GOOD " testdev=yes", "testdev=yes: must be on or off [rule 3]"},
		{GOOD " memory=2M", "memory= is given twice [rule 2]"},
		{GOOD " extra", "extra is one word too many; usage: create NAME KEY=VALUE ..."},
		{GOOD " --yes",
		 "--yes is no option of this command; its options: --help; keys are written KEY=VALUE"},
		{"kernel=kernel memory=18446744073709551616",
		 "memory=18446744073709551616: must be a number with K, M, G or T, as in 512M [rule 3]"},
		{"kernel=kernel memory=-1",
		 "memory=-1: must be a number with K, M, G or T, as in 512M [rule 3]"},
		{"kernel=kernel memory=0x",
		 "memory=0x: must be a number with K, M, G or T, as in 512M [rule 3]"},
		{"kernel=kernel memory=\" 64M\"",
		 "memory= 64M: must be a number with K, M, G or T, as in 512M [rule 3]"},
		{"kernel=kernel memory=", "memory=: a value is missing [rule 3]"},
		{"kernel=kernel memory=128", "memory=128: must be a multiple of 4K [rule 3]"},
		{"kernel=kernel memory=4K", "memory=4K: must be from 2M to 64T [rule 3]"},
		{"kernel=kernel memory=65T", "memory=65T: must be from 2M to 64T [rule 3]"},
		{"kernel=kernel memory=1536M",
		 "memory=1536M: only 1 GiB is free (largest piece 1 GiB) [rule 12]"},
		{"kernel=kernel memory=8G",
		 "memory=8G: only 1 GiB is free (largest piece 1 GiB) [rule 12]"},
		{"kernel=nothing memory=64M",
		 "kernel=nothing: there is no such image; there is kernel, initrd, tiny [rule 13]"},
		{GOOD " cpus=0", "cpus=0: must be a number from 1 to 64 [rule 3]"},
		{GOOD " cpus=65", "cpus=65: must be a number from 1 to 64 [rule 3]"},
		{GOOD " vcpus=1 cpus=1", "vcpus=1: cpus= and vcpus= exclude each other [rule 10]"},
		{GOOD " cpus=4",
		 "cpus=4: only 3 CPUs can be dedicated: cpu 0 is always in the pool [rule 8]"},
		{GOOD " on=1", "on= needs cpus= or vcpus= [rule 10]"},
		{GOOD " cpus=2 on=1", "on=1: names 1 CPU, and cpus=2 [rule 10]"},
		{GOOD " cpus=1 on=0", "cpu 0 cannot be dedicated: it is always in the pool [rule 8]"},
		{GOOD " cpus=1 on=4",
		 "on=4: there is no cpu 4; this machine has cpu 0 to 3 [rule 7]"},
		{GOOD " vcpus=1 on=9",
		 "on=9: there is no cpu 9; this machine has cpu 0 to 3 [rule 7]"},
		{GOOD " cpus=2 on=1,1", "on=1,1: names a CPU twice [rule 3]"},
		{GOOD " cpus=2 on=2-1",
		 "on=2-1: must be CPU numbers and ranges, as in 2-3,5 [rule 3]"},
		{GOOD " vcpus=1 on=0-64", "on=0-64: names more than 64 CPUs [rule 3]"},
		{GOOD
		 " module=tiny module=tiny module=tiny module=tiny module=tiny module=tiny module=tiny"
		 " module=tiny",
		 "module=tiny: a partition has at most 8 images [rule 13]"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		char line[400], error[400];

		snprintf(line, sizeof(line), "create web %s", refusals[i].keys);
		snprintf(error, sizeof(error), "error: create web: %s", refusals[i].error);
		expect(line, error);
	}
	assert_int_equal(fake.count[CALL_PART_CREATE], 0);
	assert_int_equal(fake.count[CALL_MEM_MAP], 1); /* the graves' */
}

static void test_names(void **state)
{
	static const char *const bad[] = {"Web",  "w.b",     "web-A",
					  "\"\"", "\"a b\"", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	char line[200];

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "create %s " GOOD, bad[i]);
		fake_expect_in(
			line,
			"a name is 1 to 31 of a-z, 0-9, _ and -, not all, and does not begin with - "
			"[rule 1]\r\n");
	}
	fake_expect_in("create aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa " GOOD, ": created with");
	fake_expect_in("create a_-9 " GOOD, ": created with");
	fake_expect_in("create -web " GOOD, "-web is no option of this command");
	assert_false(command_name_is_valid("-web"));
	expect("create a_-9 " GOOD,
	       "error: create a_-9: a partition of that name exists; it is stopped (never started) [rule 1]");
}

static void test_holders(void **state)
{
	(void)state;
	fake_command("create db cpus=1 on=3 memory=128M kernel=tiny");
	expect("create web cpus=1 on=3 " GOOD,
	       "error: create web: cpu 3 is dedicated to partition db [rule 8]");
	expect("create web vcpus=1 on=3 " GOOD,
	       "error: create web: cpu 3 is dedicated to partition db [rule 8]");
	expect("create web cpus=3 " GOOD,
	       "error: create web: cpus=3: only 2 CPUs can be dedicated: "
	       "cpu 0 is always in the pool, cpu 3 is dedicated to db [rule 8]");
	expect("create web memory=1G kernel=tiny",
	       "error: create web: memory=1G: only 896.1 MiB is free (largest piece 896.1 MiB); "
	       "db has 128 MiB [rule 12]");
	fake.cpus[2].state = CPU_FAILED;
	expect("create web cpus=1 on=2 " GOOD,
	       "error: create web: cpu 2 did not start when the machine did [rule 7]");
	fake_command("create pool vcpus=1 on=1 " GOOD);
	fake.fail[CALL_PART_CREATE] = ERR_BUSY;
	expect("create web cpus=1 on=1 " GOOD,
	       "error: create web: cpu 1 cannot be dedicated: partition pool runs there from the pool "
	       "[rule 8]");
}

static void test_limit_and_backend(void **state)
{
	(void)state;
	fake.host.partition_limit = 1;
	fake_command("create a " GOOD);
	expect("create b " GOOD,
	       "error: create b: there is 1 partition already, and this build has room for no more [rule 6]");
	fake.host.partition_limit = 64;
	snprintf(fake.host.backend, sizeof(fake.host.backend), "none");
	snprintf(fake.host.backend_reason, sizeof(fake.host.backend_reason),
		 "switched off in the firmware");
	expect("create b " GOOD,
	       "error: create b: this machine cannot run guests: switched off in the firmware [rule 5]");
}

static void test_sixty_four_and_one(void **state)
{
	char line[64];

	(void)state;
	for (unsigned i = 0; i < MAX_PARTITIONS; i++) {
		snprintf(line, sizeof(line), "create p%u memory=2M kernel=tiny", i);
		fake_expect_in(line, ": created with");
	}
	fake_expect_in("create p64 memory=2M kernel=tiny",
		       "error: create p64: there are 64 partitions already");
	assert_int_equal(fake.count[CALL_PART_CREATE], MAX_PARTITIONS);
}

static void test_life(void **state)
{
	uint64_t free_before = fake.host.ram_free;

	(void)state;
	fake_command("create web cpus=1 on=1 " GOOD);
	expect("start web", "web: started");
	expect("pause web", "web: paused");
	expect("resume web", "web: resumed");
	expect("reset web", "web: reset and started");
	assert_int_equal(fake_find("web")->info.start_count, 2);
	fake.power_delay = FAKE_HZ;
	expect("stop web", "web: stopped");
	assert_int_equal(fake_find("web")->info.reason, REASON_POWEROFF);
	expect("start web", "web: started");
	expect("stop web --force", "web: stopped by force");
	expect("start web", "web: started");
	fake.power_delay = 0;
	uint64_t before = fake.tsc;
	expect("stop web", "web: stopped by force: it did not switch itself off in time");
	assert_in_range(fake.tsc - before, 30ull * FAKE_HZ, 31ull * FAKE_HZ);
	expect("destroy web", "web: destroyed");
	assert_int_equal(fake.host.ram_free, free_before);
	assert_int_equal(fake.mapped_pages, 0);
	expect("show web", "error: show web: there is no partition of that name");
}

/* A start ends when the VMM has let the guest run, and serves what else is typed until then. */
static void test_start_waits(void **state)
{
	(void)state;
	fake_command("create web " GOOD);
	fake.load_delay = FAKE_HZ;
	uint64_t before = fake.tsc;
	fake_expect_in("time start web", "web: started\r\ntook 100");
	assert_in_range(fake.tsc - before, FAKE_HZ, 2ull * FAKE_HZ);
	expect("reset web", "web: reset and started");
	fake_command("stop web --force");
	fake.stand_still = true;
	fake_command("start web");
	fake_type("\x03");
	fake_run();
	fake_expect("web: it is being started in the background\r\n");
	fake_expect_in("list", "is being started");
	/* Who has something else in mind need not wait for it. */
	expect("stop web --force", "web: stopped by force");
	fake.stand_still = false;
	fake_run();
	assert_int_equal(fake_find("web")->info.state, PART_STOPPED);
	expect("start web", "web: started");
	/* A VMM whose CPU is busy: that it has begun is all that can be said. */
	fake_command("stop web --force");
	fake.load_delay = 60ull * FAKE_HZ;
	before = fake.tsc;
	fake_type("start web\r");
	while (!strstr(fake_output(), "web: started"))
		console_turn();
	assert_in_range(fake.tsc - before, 5ull * FAKE_HZ, 6ull * FAKE_HZ);
}

/* A large initrd takes longer than a VMM that does nothing is waited for, but not for ever. */
static void test_start_waits_for_who_loads(void **state)
{
	static const struct {
		uint64_t load, waited;
	} cases[] = {{30, 30}, {1000, 120}};

	(void)state;
	fake_command("create web " GOOD);
	fake.load_runs = true;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t before = fake.tsc;

		fake.load_delay = cases[i].load * FAKE_HZ;
		fake_type("start web\r");
		while (!strstr(fake_output(), "web: started"))
			console_turn();
		assert_in_range(fake.tsc - before, cases[i].waited * FAKE_HZ,
				(cases[i].waited + 5) * FAKE_HZ);
		fake_command("stop web --force");
	}
}

/* It is told where it was asked for, and once. */
static void test_start_is_refused(void **state)
{
	(void)state;
	fake.refusal = "image kernel: it does not fit\nsecond line";
	fake.load_delay = FAKE_HZ / 10;
	fake_command("create web " GOOD);
	expect("start web",
	       "error: start web: its VMM refused to start it: image kernel: it does not fit");
	fake_expect_in("time start web", "it does not fit\r\ntook 10");
	assert_null(strstr(fake_output(), "[web"));
	fake_expect_in("list", "stopped  1 pool  64 MiB   -  its VMM refused to start it");
	fake_expect_in("run job " GOOD,
		       "error: start job: its VMM refused to start it: image kernel: it");
	fake.refusal = NULL;
	expect("start web", "web: started");
	fake.refusal = "image kernel: it is gone";
	expect("reset web",
	       "error: reset web: its VMM refused to start it: image kernel: it is gone");
	fake_command("mode script");
	fake_command("start web");
	fake_expect(
		"error ESTART start web: its VMM refused to start it: image kernel: it is gone\r\n");
	assert_null(strstr(fake_output(), "event"));
	fake_command("mode human");
	/* A policy has its way; and nobody asked for what it does. */
	fake_command("create again " GOOD " restart=on-failure");
	fake_command("start again");
	fake_expect("error: start again: its VMM refused to start it: image kernel: it is gone\r\n");
	fake_expect("[again is started again]\r\n");
	fake_expect("[again stopped: its VMM refused to start it: image kernel: it is gone]\r\n");
	fake_expect("6 ends in 60 s");
}

static void test_life_with_again(void **state)
{
	(void)state;
	for (unsigned i = CALL_PART_CREATE; i <= CALL_PART_DESTROY; i++)
		fake.again[i] = 20;
	test_life(state);
}

static void test_stop_timeout(void **state)
{
	(void)state;
	fake_command("create web " GOOD);
	fake_command("start web");
	expect("stop web timeout=3601",
	       "error: stop web: timeout=3601: must be a number from 0 to 3600");
	expect("stop web timeout=x", "error: stop web: timeout=x: must be a number from 0 to 3600");
	uint64_t before = fake.tsc;
	fake_expect_in("stop web timeout=2", "stopped by force");
	assert_in_range(fake.tsc - before, 2ull * FAKE_HZ, 3ull * FAKE_HZ);
	assert_true(fake_find("web")->events & EVENT_POWER);
	fake_command("start web");
	fake_command("pause web");
	expect("stop web",
	       "error: stop web: it is paused and cannot hear its power button; resume it, or stop --force");
}

/* The kernel's refusal of each call is told, and leaves a partition that can still be commanded. */
static void test_call_failures(void **state)
{
	(void)state;
	fake_command("create web " GOOD);
	fake.fail[CALL_PART_START] = ERR_NOMEM;
	expect("start web", "error: start web: there is not enough free memory");
	fake.fail[CALL_PART_START] = -99;
	expect("start web", "error: start web: the kernel gave an unknown answer");
	fake.fail[CALL_PART_START] = 0;
	expect("start web", "web: started");
	fake.fail[CALL_PART_STOP] = ERR_STATE; /* not that it would */
	expect("destroy web --yes", "error: destroy web: its state does not allow it");
	fake.fail[CALL_PART_STOP] = 0;
	fake.fail[CALL_PART_PAUSE] = ERR_PERM;
	expect("pause web", "error: pause web: the console may not do that");
	expect("destroy web --yes", "web: destroyed");
}

/* A partition that the kernel lost must not keep its name for ever. */
static void test_vanished(void **state)
{
	(void)state;
	fake_command("create web " GOOD);
	fake_find("web")->info.state = PART_NONE;
	expect("start web", "error: start web: it is absent, and must be stopped");
	expect("destroy web", "web: destroyed");
	expect("start web", "error: start web: there is no partition of that name");
}

/* K05: what each command that names a partition does in each state. */
struct cell {
	const char *command;
	/* By enum shown_state; PART_NONE: there is no such partition. */
	bool allowed[SHOWN_UNKNOWN];
};

static const struct cell cells[] = {
	/*	       absent stopped running paused dying waiting failed starting */
	{"start", {false, true, false, false, true, true, true, false}},
	{"stop", {false, false, true, true, false, true, false, false}},
	{"pause", {false, false, true, false, false, false, false, false}},
	{"resume", {false, false, false, true, false, false, false, false}},
	{"reset", {false, false, true, true, false, false, false, false}},
	{"destroy", {false, true, true, true, true, true, true, false}},
	{"set", {false, true, true, true, true, true, true, false}},
	{"rename", {false, true, true, true, true, true, true, false}},
	{"show", {false, true, true, true, true, true, true, true}},
	{"console", {false, true, true, true, true, true, true, false}},
	{"logs", {false, true, true, true, true, true, true, true}},
	{"send", {false, false, true, true, false, false, false, false}},
	{"wait", {false, true, true, true, true, true, true, true}},
	{"stats", {false, true, true, true, true, true, true, true}},
	{"why", {false, true, true, true, true, true, true, true}},
	{"exits", {false, true, true, true, true, true, true, true}},
	{"freeze", {false, false, true, true, false, false, false, false}},
	{"top", {false, true, true, true, true, true, true, true}},
	{"trace", {false, false, true, true, false, false, false, false}},
	/* What was never started has none yet. */
	{"policy cpuid", {false, false, true, true, true, true, true, false}},
	{"debug vcpu", {false, true, true, true, true, true, true, true}},
	{"debug random-state", {false, true, true, true, true, true, true, true}},
};

static const struct cell *find_cell(const char *command)
{
	for (unsigned i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		if (!strcmp(cells[i].command, command))
			return &cells[i];
	}
	return NULL;
}

/* What a command needs besides the name. */
static const char *more_of(const char *command)
{
	static const struct {
		const char *command, *more;
	} rows[] = {
		{"set", " weight=7"},
		{"rename", " shop"},
		{"send", " text"},
		{"wait", " /x*/"},
		{"destroy", " --yes"},
		{"stop", " --force"},
		{"debug random-state", " 0 1 --yes"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(command, rows[i].command))
			return rows[i].more;
	}
	return "";
}

/* Until it waits for its next restart, or gets none any more. */
static void fail_often(bool for_good)
{
	fake_command("create web " GOOD " restart=always");
	fake_command("start web");
	for (unsigned i = 0; i < (for_good ? 6u : 2u); i++) {
		fake.stand_still = !for_good && i == 1;
		fake_end("web", REASON_TRIPLE, "");
		fake_run();
	}
}

static void turn(const char *typed)
{
	fake_type(typed);
	for (unsigned i = 0; i < 50; i++)
		console_turn();
}

/* The kernel takes its time over scrubbing its memory; nobody waits for it. */
static void start_slowly(void)
{
	fake_command("create web " GOOD);
	fake.again[CALL_PART_START] = 10000;
	turn("start web\r");
	turn("\x03");
}

static void try_cell(const struct cell *cell, uint32_t state)
{
	char line[128], error[64];
	const char *output;

	fake_reset();
	fake_boot();
	if (state == SHOWN_WAITING || state == SHOWN_FAILED) {
		fail_often(state == SHOWN_FAILED);
	} else if (state == SHOWN_STARTING) {
		start_slowly();
		assert_int_equal(partition_find("web")->op.kind, OP_START);
	} else if (state != PART_NONE) {
		fake_command("create web " GOOD);
		if (state != PART_STOPPED)
			fake_command("start web");
		if (state == PART_PAUSED)
			fake_command("pause web");
		fake_find("web")->info.state = state;
	}
	snprintf(line, sizeof(line), "%s web%s", cell->command, more_of(cell->command));
	snprintf(error, sizeof(error), "error: %s web: ", cell->command);
	if (state == SHOWN_WAITING || state == SHOWN_FAILED)
		fake_expect_in("list", state == SHOWN_FAILED ? "web   failed" : "web   waiting");
	fake.stand_still = true; /* else what shows itself again and again would never rest */
	output = fake_command(line);
	if (cell->allowed[state] == (strstr(output, error) != NULL))
		fail_msg("%s in state %u: %s", cell->command, state, output);
	fake_type("\x1d");
	fake_run();
	fake.stand_still = false;
	fake_run();
	/* Whatever it was, the console goes on. */
	fake_expect_in("images", "tiny");
}

static void test_states(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		for (uint32_t s = PART_NONE; s < SHOWN_UNKNOWN; s++)
			try_cell(&cells[i], s);
	}
	/* No command that names a partition was forgotten. */
	for (unsigned i = 0; i < command_count; i++) {
		if (commands[i].args[0].kind == ARG_PARTITION)
			assert_non_null(find_cell(commands[i].name));
	}
}

/* Its guest has been let run, and answers, before the console has looked whether it does. */
static void test_started_meanwhile(void **state)
{
	struct partition *web;

	(void)state;
	fake_command("create web " GOOD);
	fake_command("start web");
	web = partition_find("web");
	web->op = (struct op){.kind = OP_START, .phase = 1, .background = true};
	fake_expect_in("pause web", "web: paused\r\n");
	/* One that has ended meanwhile is not taken for one that runs. */
	fake_command("resume web");
	fake_find("web")->info.entered_tsc = 0;
	fake_find("web")->info.state = PART_STOPPED;
	fake_find("web")->info.reason = REASON_REFUSED;
	web->op = (struct op){.kind = OP_START, .phase = 1, .background = true};
	fake_expect_in("pause web", "error: pause web: it is stopped (its VMM refused to start it)");
}

/* A kernel that answers a state which is none: nothing is allowed in it, and no shift by it is tried. */
static void test_unknown_state(void **state)
{
	static const uint32_t unknown[] = {PART_DYING + 1, 31, 32, UINT32_MAX};

	(void)state;
	for (unsigned i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		fake_reset();
		fake_boot();
		fake_command("create web " GOOD);
		fake_find("web")->info.state = unknown[i];
		fake_expect_in("start web", "error: start web: it is");
	}
}

/* K05, second half: random scripts of commands; afterwards all can be taken down. */
static void test_random_commands(void **state)
{
	static const char *const verbs[] = {
		"create %s memory=32M kernel=tiny",
		"create %s cpus=1 memory=32M kernel=tiny",
		"start %s",
		"stop %s timeout=1",
		"stop %s --force",
		"pause %s",
		"resume %s",
		"reset %s",
		"destroy %s --yes",
		"show %s",
		"stats %s",
		"list",
		"destroy %s\ry",
		"host",
	};
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	uint64_t free_before = fake.host.ram_free;
	char line[128];

	(void)state;
	srand(3);
	for (unsigned i = 0; i < 20000; i++) {
		const char *name = names[rand() % 5];

		snprintf(line, sizeof(line), verbs[rand() % 14], name);
		fake.power_delay = rand() % 2 ? FAKE_HZ / 2 : 0;
		fake_command(line);
		if (rand() % 10 == 0 && fake_find(name) &&
		    fake_find(name)->info.state == PART_RUNNING)
			fake_end(name, (enum part_reason)(1 + rand() % 10), "why\nmore");
		if (i % 64 == 0)
			fake.tsc += 100ull * FAKE_HZ;
	}
	fake_run();
	for (unsigned i = 0; i < 5; i++) {
		snprintf(line, sizeof(line), "destroy %s --yes", names[i]);
		fake_command(line);
		assert_null(fake_find(names[i]));
	}
	assert_int_equal(fake.host.ram_free, free_before);
	assert_int_equal(fake.mapped_pages, 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(fake.cpus[i].state, CPU_POOL);
}

/* K10 */
static void test_questions(void **state)
{
	(void)state;
	fake_command("create web " GOOD);
	fake_command("start web");
	fake_expect_in("destroy web", "web is running. Destroy it? [y/N] ");
	fake_expect_in("n", "nothing was done");
	assert_non_null(fake_find("web"));
	fake_command("destroy web");
	fake_expect_in("yesterday", "nothing was done");
	fake_command("destroy web");
	fake_expect_in("\x03", "freehold> ");
	assert_non_null(fake_find("web"));
	fake_expect_in("reboot", "1 partition is not stopped. Restart the machine? [y/N] ");
	fake_expect_in("", "nothing was done");
	assert_int_equal(fake.power_calls, 0);
	fake_command("poweroff");
	fake_command("y");
	assert_int_equal(fake.power_calls, 1);
	assert_int_equal(fake.power_action, POWER_OFF);
	fake_command("reboot --yes");
	assert_int_equal(fake.power_calls, 2);
	assert_int_equal(fake.power_action, POWER_REBOOT);
	fake_command("destroy web");
	fake_expect_in("yes", "web: destroyed");
	fake.fail[CALL_POWER] = ERR_NOSYS;
	fake_expect_in("poweroff --yes", "error: poweroff: this kernel cannot do it");
}

static void test_words_of_commands(void **state)
{
	(void)state;
	expect("frobnicate", "error: frobnicate: there is no such command; help lists them");
	fake_expect_in("debug",
		       "error: debug: must go on with one of vcpu, random-state, stacks, panic, ");
	fake_expect("panic, cpu-panic, cpu-stuck\r\n");
	fake_expect_in("debug x", "error: debug: must go on with one of vcpu, random-state");
	expect("policy", "error: policy: must go on with one of cpuid, msrs");
	expect("star web",
	       "error: star: there is no such command; did you mean start?; help lists them");
	fake_expect_in("destory web", "no such command; did you mean destroy?; help");
	fake_expect_in("help lits",
		       "error: help lits: there is no such command; did you mean list?;");
	expect("xy", "error: xy: there is no such command; help lists them");
	fake_command("create web " GOOD);
	fake_command("create database-for-tests " GOOD);
	expect("start wbe",
	       "error: start wbe: there is no partition of that name; did you mean web?");
	fake_expect_in("start databse-fortests", "did you mean database-for-tests?\r\n");
	expect("start shop", "error: start shop: there is no partition of that name");
	expect("rename web web", "error: rename web: that is its name already");
	fake_expect_in("rename web BAD", "error: rename web: BAD: a name is 1 to 31 of a-z");
	expect("list web", "error: list: web is one word too many; usage: list [--json] [-a]");
	expect("start", "error: start: NAME is missing; usage: start NAME");
	expect("help nothing", "error: help nothing: there is no such command; help lists them");
	expect("show \"web", "error: a \" has no partner");
	expect("debug cpu-panic 9", "error: debug cpu-panic: there is no cpu 9 that runs");
	expect("debug cpu-panic x",
	       "error: debug cpu-panic: x is no number below 2^64; usage: debug cpu-panic CPU [--yes]");
}

static void test_debug(void **state)
{
	(void)state;
	fake_command("create web " GOOD);
	fake.audit = (struct audit_report){
		.partitions = 1, .spaces = 4, .mappings = 7, .digest = 0xab};
	fake.again[CALL_DEBUG] = 3;
	expect("audit", "audit: 1 partitions, 4 spaces, 7 mappings, digest 00000000000000ab, "
			"0 violations");
	assert_int_equal(fake.audit_begun, 1); /* it went on, */
	fake.again[CALL_DEBUG] = 0;
	fake.audit.violations = 2;
	strcpy(fake.audit.first, "vmm slot 0: x");
	fake_expect_in("audit", ", 2 violations\r\nvmm slot 0: x\r\nfreehold> ");
	assert_int_equal(fake.audit_begun, 2); /* and this one begins */
	expect("debug vcpu web", "debug 3 0\r\nsecond line");
	expect("debug vcpu web 1", "error: debug vcpu web: there is no vcpu 1; it has 1");
	expect("debug random-state web 0 5 --yes", "debug 4 50000\r\nsecond line");
	expect("debug stacks", "debug 5 0\r\nsecond line");
	expect("debug stacks 9", "error: debug stacks: there is no cpu 9 that runs");
	expect("debug panic 2 --yes", "debug 1 2\r\nsecond line");
	fake_expect_in("debug panic", "The machine will be lost. Go on? [y/N] ");
	fake_expect_in("no", "nothing was done");
	fake.fail[CALL_DEBUG] = ERR_NOSYS;
	expect("audit", "error: audit: this kernel cannot do it");
}

static void test_host(void **state)
{
	(void)state;
	fake_command("create web cpus=1 on=2 memory=64M kernel=kernel");
	fake_expect_in(
		"host",
		"memory total 2097152 KiB\r\n"
		"memory free 983168 KiB in 1 extents, clean 524288 KiB, largest 983168 KiB\r\n");
	assert_non_null(strstr(
		fake_output(),
		"memory partition web 65408 KiB in 1 extents, of it kernel objects 0 KiB\r\n"));
	assert_non_null(strstr(fake_output(), "cpu 2  dedicated  web"));
	assert_non_null(strstr(fake_output(), "cpu 0  pool       -"));
	assert_non_null(strstr(fake_output(), "processor   AuthenticAMD, Test processor\r\n"));
}

/* From kernel entry; nothing of it is known to an instance that follows one that failed. */
static void test_host_tells_of_the_boot(void **state)
{
	(void)state;
	fake_reset();
	fake.tsc = 7000000;
	fake.host.boot_tsc = 6000000;
	fake.host.calibration_tsc = 900000;
	fake.cpus[1].cleaned = 3 << 20;
	fake.cpus[1].clean_tsc = 1111;
	fake.cpus[3].cleaned = 1 << 20;
	fake.cpus[3].clean_tsc = 2222;
	fake_boot();
	fake_expect_in("host", "boot        10");
	assert_non_null(
		strstr(fake_output(), " ticks to the prompt, 900000 of them for the clocks\r\n"));
	assert_non_null(strstr(fake_output(), "cleaning    4096 KiB by idle CPUs in 3333 ticks\r\n"));
	fake.events |= CONSOLE_RESTARTED;
	fake_boot();
	assert_null(strstr(fake_command("host"), "boot  "));
}

/* The time is told last, whatever way a command ends; one that is not asked for it tells none. */
static void test_time(void **state)
{
	(void)state;
	fake_expect_in("time create web " GOOD, "web: created with 64 MiB and 1 pool vCPU\r\ntook ");
	fake_expect_in("time images", " ms)\r\nfreehold> ");
	assert_null(strstr(fake_command("list"), "took"));
	expect("time", "error: time: COMMAND ... is missing; usage: time COMMAND ...");
	fake_expect_in("time nothing",
		       "error: nothing: there is no such command; help lists them\r\ntook ");
	fake_expect_in("time time start web", "web: started\r\ntook ");
	fake.power_delay = 3ull * FAKE_HZ;
	fake_expect_in("time stop web", "web: stopped\r\ntook 300");
	assert_null(strstr(fake_command("start web"), "took"));
	/* The operator's own time for the answer does not count. */
	assert_null(strstr(fake_command("time destroy web"), "took"));
	fake.tsc += 100ull * FAKE_HZ;
	fake_expect_in("n", "nothing was done\r\ntook ");
	assert_non_null(strstr(fake_output(), " ticks (0."));
	fake_type("time console web\r");
	fake_run();
	fake_type("\x1d");
	fake_run();
	assert_non_null(strstr(fake_output(), "[detached from web]"));
	assert_non_null(strstr(strstr(fake_output(), "[detached from web]"), "took "));
}

/* Nothing that a guest or the kernel words reaches the terminal as a control byte (F03, J08). */
static void test_show(void **state)
{
	(void)state;
	fake_command("create web memory=64M kernel=kernel cmdline=\"quiet\"");
	fake_command("start web");
	fake_end("web", REASON_TRIPLE, "rip 1234\x1b[31m\r\nfake\x07 line\n");
	fake_run();
	fake_expect_in("show web", "state       stopped (triple fault)\r\n");
	assert_non_null(strstr(fake_output(), "  rip 1234\\x1b[31m\r\n  fake\\x07 line\r\n"));
	assert_null(strchr(fake_output(), '\a'));
	fake_expect_in("show web", "memory      64 MiB, RAM in it 65408 KiB\r\n");
	assert_non_null(strstr(fake_output(), "cmdline     quiet\r\n"));
	fake_expect("testdev     off\r\n");
	/* Numbers in base 16 are as they are typed; a size is told once. */
	fake_find("web")->info.exit_code = 0x7b;
	fake_find("web")->info.pool = KIB(412);
	fake_find("web")->info.pool_tables = KIB(40);
	fake_expect_in("show web", "exit code   123 (0x7b)\r\n");
	fake_expect("objects     412 KiB in the kernel, page tables 40 KiB\r\n");
	fake_expect("range       0x000000000 to 0x00009ffff\r\n");
	fake_command("create test testdev=on " GOOD);
	fake_expect_in("show test", "testdev     on\r\n");
	/* Of one that does not run, no vCPU runs or halts. */
	fake_expect_in("stats web", "vcpu 0    0  -         ");
	fake_expect_in("stats test", "vcpu 0    0  -         ");
	fake_command("start test");
	fake_expect_in("stats test", "vcpu 0    0  running   ");
	fake_command("destroy test --yes");
	fake_expect_in("stats web", "cpuid      5\r\nio         7\r\n");
	fake_expect_in("list", "web   stopped  1 pool  64 MiB   -  triple fault\r\n");
}

/* All that it was made from, whether it was said or not; the same for a program. */
static void test_show_configuration(void **state)
{
	(void)state;
	fake_command("create db " GOOD);
	fake_command("show db");
	fake_expect("asked       on=any\r\n");
	fake_expect("boot        by its look\r\n");
	fake_expect("testdev     off\r\n");
	fake_expect("restart     never\r\n");
	fake_expect("autostart   off\r\n");
	fake_expect("log         64 KiB\r\n");
	fake_command("show db --json");
	fake_expect("\"asked_on\":null");
	fake_expect("\"boot\":null");
	fake_expect("\"testdev\":false");
	fake_expect("\"restart\":\"never\",\"waits\":false,\"after\":null,\"autostart\":false");
	fake_expect("\"log\":65536,\"lossless\":false");
	fake_command("create web cpus=2 on=2-3 memory=64M kernel=kernel boot=pvh testdev=on log=128K "
		     "console=lossless restart=on-failure autostart=on after=db");
	fake_command("show web");
	fake_expect("cpus        2 on 2-3\r\nasked       on=2-3\r\n");
	fake_expect("boot        pvh\r\n");
	fake_expect("testdev     on\r\n");
	fake_expect("restart     on-failure\r\n");
	fake_expect("autostart   on, after db\r\n");
	fake_expect("log         128 KiB, console lossless\r\n");
	fake_command("show web --json");
	fake_expect("\"asked_on\":\"2-3\"");
	fake_expect("\"boot\":\"pvh\"");
	fake_expect("\"testdev\":true");
	fake_expect("\"after\":\"db\",\"autostart\":true");
	fake_expect("\"log\":131072,\"lossless\":true");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_policy, boot),
		cmocka_unit_test_setup(test_create, boot),
		cmocka_unit_test_setup(test_create_again_and_failure, boot),
		cmocka_unit_test_setup(test_create_refusals, boot),
		cmocka_unit_test_setup(test_names, boot),
		cmocka_unit_test_setup(test_holders, boot),
		cmocka_unit_test_setup(test_limit_and_backend, boot),
		cmocka_unit_test_setup(test_sixty_four_and_one, boot),
		cmocka_unit_test_setup(test_life, boot),
		cmocka_unit_test_setup(test_start_waits, boot),
		cmocka_unit_test_setup(test_start_waits_for_who_loads, boot),
		cmocka_unit_test_setup(test_start_is_refused, boot),
		cmocka_unit_test_setup(test_life_with_again, boot),
		cmocka_unit_test_setup(test_stop_timeout, boot),
		cmocka_unit_test_setup(test_call_failures, boot),
		cmocka_unit_test_setup(test_vanished, boot),
		cmocka_unit_test_setup(test_states, boot),
		cmocka_unit_test_setup(test_started_meanwhile, boot),
		cmocka_unit_test_setup(test_unknown_state, boot),
		cmocka_unit_test_setup(test_random_commands, boot),
		cmocka_unit_test_setup(test_questions, boot),
		cmocka_unit_test_setup(test_words_of_commands, boot),
		cmocka_unit_test_setup(test_debug, boot),
		cmocka_unit_test_setup(test_host, boot),
		cmocka_unit_test_setup(test_host_tells_of_the_boot, boot),
		cmocka_unit_test_setup(test_time, boot),
		cmocka_unit_test_setup(test_show, boot),
		cmocka_unit_test_setup(test_show_configuration, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
