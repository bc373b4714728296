/* SPDX-License-Identifier: BSD-2-Clause */
/* The watchdog's looks, one by one: who is alive, who is asked, what is told, and how often. */
/* sources: kernel/deadline.c drivers/tsc.c lib/format.c */
#include "tests/unit/kernel_host.h"

#include <stdio.h>

#include "kernel/watchdog.c"

uint64_t host_tsc, host_xcr0, host_dr[4];
unsigned host_cpu;
uint8_t host_blocks[HOST_CPUS][PERCPU_KERNEL_SIZE] __attribute__((aligned(64)));
void (*host_on_window)(void), (*host_on_idle)(void);
struct machine machine;

static unsigned kicks[HOST_CPUS], nmis[HOST_CPUS], cpus;
static char told[1024], printed[1024];

unsigned cpu_count(void)
{
	return cpus;
}

bool cpu_online(unsigned number)
{
	return number < cpus;
}

void cpu_kick(unsigned number)
{
	kicks[number]++;
}

void cpu_timer_update(struct cpu *cpu)
{
	(void)cpu;
}

void apic_send_nmi(uint32_t id)
{
	nmis[id - 10]++;
}

struct backtrace_symbol backtrace_symbol(uint64_t rip)
{
	return (struct backtrace_symbol){.name = "function", .offset = rip & 0xf};
}

static void append(char *to, const char *text, va_list args)
{
	vsnprintf(to + strlen(to), 1024 - strlen(to), text, args);
}

void log_print(enum log_level level, const char *text, ...)
{
	va_list args;

	assert_int_equal(level, LOG_WARNING);
	va_start(args, text);
	append(told, text, args);
	va_end(args);
}

void panic_print(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	append(printed, text, args);
	va_end(args);
}

/* Three CPUs, all busy; CPU 0 and CPU 1 watch. */
static int set_up(void **state)
{
	(void)state;
	memset(host_blocks, 0, sizeof(host_blocks));
	memset(watches, 0, sizeof(watches));
	memset(looks, 0, sizeof(looks));
	memset(kicks, 0, sizeof(kicks));
	memset(nmis, 0, sizeof(nmis));
	told[0] = printed[0] = '\0';
	second = booted = 0;
	cpus = 3;
	tsc_set_khz(1000000);
	for (unsigned i = 0; i < HOST_CPUS; i++) {
		cpu_of(i)->number = i;
		deadline_queue_init(&cpu_of(i)->deadlines);
		machine.cpu_apic_ids[i] = 10 + i;
	}
	for (host_cpu = 0; host_cpu < cpus; host_cpu++)
		watchdog_start();
	return 0;
}

/* Half a second, at whose end that CPU looks. */
static void look_on(unsigned cpu)
{
	host_cpu = cpu;
	host_tsc += us_to_tsc(LOOK_US) + 1000;
	assert_int_equal(deadline_run(&cpu_of(cpu)->deadlines, host_tsc, 10), 1);
}

static void test_who_watches(void **state)
{
	(void)state;
	assert_int_not_equal(deadline_first(&cpu_of(0)->deadlines), DEADLINE_NONE);
	assert_int_not_equal(deadline_first(&cpu_of(1)->deadlines), DEADLINE_NONE);
	assert_true(deadline_first(&cpu_of(2)->deadlines) == DEADLINE_NONE);
	/* Alone there is nobody to watch. */
	cpus = 1;
	deadline_queue_init(&cpu_of(0)->deadlines);
	host_cpu = 0;
	watchdog_start();
	assert_true(deadline_first(&cpu_of(0)->deadlines) == DEADLINE_NONE);
}

/* Interrupts of its own, or those that it is kicked for, and sleep: for hours. */
static void test_alive(void **state)
{
	(void)state;
	cpu_of(2)->idle = 1;
	for (unsigned i = 0; i < 100; i++) {
		cpu_of(1)->interrupts += i % 2; /* each kick is taken before the next look */
		look_on(0);
	}
	assert_string_equal(told, "");
	assert_int_equal(nmis[1] + nmis[2], 0);
	assert_int_equal(kicks[2], 0);
	assert_int_equal(kicks[1], 50);
	assert_int_equal(watchdog_stuck(1), 0);
}

static void test_stuck(void **state)
{
	static struct partition part = {.desc.name = "web"};
	static struct vcpu vcpu = {.part = &part};
	const struct trap_frame frame = {.rip = 0x1235};

	(void)state;
	cpu_of(2)->running = &vcpu;
	for (unsigned i = 0; i < 3; i++) {
		cpu_of(1)->interrupts++;
		if (i == 2) {
			assert_int_equal(nmis[2], 1);
			host_cpu = 2;
			watchdog_check_nmi(&frame);
		}
		look_on(0);
	}
	assert_string_equal(told,
			    "watchdog: cpu 2 is stuck: no interrupt for a second, partition web, "
			    "at 0000000000001235 function+0x5");
	assert_string_equal(printed, "");
	assert_int_equal(watchdog_stuck(2), 1);
	/* It is told once, and its end. */
	told[0] = '\0';
	for (unsigned i = 0; i < 6; i++) {
		cpu_of(1)->interrupts++;
		look_on(0);
	}
	assert_string_equal(told, "");
	cpu_of(2)->interrupts++;
	look_on(0);
	assert_string_equal(told, "watchdog: cpu 2 goes on after 4 s");
	assert_int_equal(watchdog_stuck(2), 0);
}

/* CPU 0, where the console runs: the other prints itself; and no answer to the NMI is an answer. */
static void test_cpu_0(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		look_on(1);
	assert_non_null(strstr(
		told, "cpu 0 is stuck: no interrupt for a second, partition none, and no NMI"));
	assert_non_null(strstr(printed, "freehold: watchdog: cpu 0 is stuck"));
	assert_int_equal(nmis[0], 1);
	assert_int_equal(kicks[1] + kicks[2], 0);
}

/* CPU 0 starts the others for as long as that takes, with interrupts off. */
static void test_boot(void **state)
{
	(void)state;
	booted = 0;
	for (unsigned i = 0; i < 20; i++)
		look_on(1);
	assert_string_equal(told, "");
	assert_int_equal(kicks[0] + nmis[0], 0);
	host_cpu = 0;
	deadline_queue_init(&cpu_of(0)->deadlines);
	watchdog_start();
	look_on(1);
	assert_int_equal(kicks[0], 1);
}

/* The operator's NMI asks for nothing. */
static void test_other_nmi(void **state)
{
	const struct trap_frame frame = {.rip = 0x1235};

	(void)state;
	host_cpu = 2;
	watchdog_check_nmi(&frame);
	assert_int_equal(watches[2].place, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_who_watches, set_up),
		cmocka_unit_test_setup(test_alive, set_up),
		cmocka_unit_test_setup(test_stuck, set_up),
		cmocka_unit_test_setup(test_cpu_0, set_up),
		cmocka_unit_test_setup(test_boot, set_up),
		cmocka_unit_test_setup(test_other_nmi, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
