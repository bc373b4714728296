/* SPDX-License-Identifier: BSD-2-Clause */
/* Banks of errors: how they are set up, and which of what they hold is whose end. */
/* sources: */
#include "tests/unit/kernel_host.h"

#include <stdio.h>

#include "kernel/machine_check.c"

enum { BANKS = 4, END_OF_HOST = 1, END_OF_GUEST = 2 };

#define STATUS(bank) (MSR_MC0_STATUS + 4 * (bank))
#define CTL(bank)    (MSR_MC0_CTL + 4 * (bank))

uint64_t host_tsc, host_xcr0, host_dr[4];
unsigned host_cpu;
uint8_t host_blocks[HOST_CPUS][PERCPU_KERNEL_SIZE] __attribute__((aligned(64)));
void (*host_on_window)(void), (*host_on_idle)(void);

struct cpu_features cpu_features;

static uint64_t msrs[0x500];
static bool no_msrs;
static char told[256];
static jmp_buf panicked;
static unsigned ended;

bool msr_read_safe(uint32_t index, uint64_t *value)
{
	assert_true(index < ARRAY_SIZE(msrs));
	*value = msrs[index];
	return !no_msrs;
}

bool msr_write_safe(uint32_t index, uint64_t value)
{
	assert_true(index < ARRAY_SIZE(msrs));
	msrs[index] = value;
	return !no_msrs;
}

void log_print(enum log_level level, const char *text, ...)
{
	va_list args;

	assert_int_equal(level, LOG_WARNING);
	va_start(args, text);
	vsnprintf(told + strlen(told), sizeof(told) - strlen(told), text, args);
	va_end(args);
}

noreturn void panic(const char *text, ...)
{
	(void)text;
	longjmp(panicked, 1);
}

void part_end(struct partition *part, enum part_reason reason, uint32_t code, const char *text, ...)
{
	(void)part, (void)reason, (void)code, (void)text;
	ended++;
}

static int set_up(void **state)
{
	(void)state;
	memset(msrs, 0, sizeof(msrs));
	memset(told, 0, sizeof(told));
	memset(&cpu_features, 0, sizeof(cpu_features));
	no_msrs = false;
	ended = 0;
	msrs[MSR_MCG_CAP] = BANKS | BIT(8);
	return 0;
}

/* SDM 3B "Machine-Check Initialization Pseudocode" */
static void test_all_is_reported(void **state)
{
	(void)state;
	msrs[STATUS(2)] = MC_STATUS_VALID | 0x150;
	msrs[STATUS(3)] = 0x17; /* not valid: rubbish of the power-up */
	machine_check_init_cpu();
	assert_true(msrs[MSR_MCG_CTL] == UINT64_MAX);
	for (unsigned bank = 0; bank < BANKS; bank++) {
		assert_true(msrs[CTL(bank)] == UINT64_MAX);
		assert_true(msrs[STATUS(bank)] == 0);
	}
	assert_true(msrs[CTL(BANKS)] == 0);
	assert_non_null(strstr(told, "bank 2, status 0x8000000000000150"));
	assert_null(strstr(told, "bank 3"));
}

static void test_what_is_the_firmwares(void **state)
{
	static const struct {
		unsigned vendor, family, model;
		bool enabled;
	} cases[] = {{CPU_VENDOR_INTEL, 6, 0x17, false},
		     {CPU_VENDOR_INTEL, 6, 0x1a, true},
		     {CPU_VENDOR_AMD, 0x10, 2, false},
		     {CPU_VENDOR_AMD, 0x15, 2, true}};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		set_up(state);
		msrs[MSR_MCG_CAP] = BANKS;
		cpu_features.vendor = cases[i].vendor;
		cpu_features.family = cases[i].family;
		cpu_features.model = cases[i].model;
		machine_check_init_cpu();
		assert_true(msrs[CTL(0)] == (cases[i].enabled ? UINT64_MAX : 0));
		assert_true(msrs[CTL(1)] == UINT64_MAX);
		assert_true(msrs[MSR_MCG_CTL] == 0); /* there is none */
	}
}

static void test_a_processor_without_banks(void **state)
{
	(void)state;
	no_msrs = true;
	machine_check_init_cpu();
	assert_true(msrs[CTL(0)] == 0);
}

static unsigned ends(void)
{
	static struct partition part;
	struct vcpu v = {.part = &part};

	if (setjmp(panicked))
		return END_OF_HOST;
	ended = 0;
	machine_check_in_guest(&v);
	return ended ? END_OF_GUEST : 0;
}

static void test_whose_end(void **state)
{
	static const struct {
		uint64_t mcg, bank;
		unsigned ends;
	} cases[] = {
		{MCG_STATUS_MCIP | MCG_STATUS_RIPV, 0, 0},
		{0, 0, 0}, /* an exit without any error */
		{MCG_STATUS_MCIP | MCG_STATUS_RIPV, MC_STATUS_VALID, 0}, /* corrected */
		{MCG_STATUS_MCIP | MCG_STATUS_RIPV, MC_STATUS_VALID | MC_STATUS_UC, END_OF_GUEST},
		{MCG_STATUS_MCIP | MCG_STATUS_RIPV, MC_STATUS_UC, 0}, /* not valid */
		{MCG_STATUS_MCIP, MC_STATUS_VALID | MC_STATUS_UC, END_OF_HOST},
		{MCG_STATUS_MCIP, 0, END_OF_HOST}, /* another CPU has read the bank */
		{MCG_STATUS_MCIP | MCG_STATUS_RIPV, MC_STATUS_VALID | MC_STATUS_UC | MC_STATUS_PCC,
		 END_OF_HOST},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		set_up(state);
		msrs[MSR_MCG_STATUS] = cases[i].mcg;
		msrs[STATUS(1)] = cases[i].bank;
		assert_int_equal(ends(), cases[i].ends);
		assert_true(msrs[MSR_MCG_STATUS] == 0);
		assert_true(!(msrs[STATUS(1)] & MC_STATUS_VALID));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_all_is_reported, set_up),
		cmocka_unit_test_setup(test_what_is_the_firmwares, set_up),
		cmocka_unit_test_setup(test_a_processor_without_banks, set_up),
		cmocka_unit_test_setup(test_whose_end, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
