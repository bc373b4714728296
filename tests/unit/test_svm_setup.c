/* SPDX-License-Identifier: BSD-2-Clause */
/* What a VMCB intercepts from the first entry on: APM2 appendix B "VMCB Layout". */
/* sources: arch/x86_64/svm/setup.c */
#include "arch/x86_64/svm/vcpu.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "arch/x86_64/svm/maps.h"

hpa_t svm_iopm_pa(void)
{
	return 0x1000;
}

hpa_t svm_msrpm_pa(void)
{
	return 0x4000;
}

static struct vmcb vmcb __attribute__((aligned(4096)));
static struct virt_vcpu v;

static int set_up(void **state)
{
	const struct virt_setup setup = {.hw = &vmcb, .nested_root = 0x7000, .tsc_offset = 5};

	(void)state;
	v.hw = &vmcb;
	svm_setup(&v, &setup);
	return 0;
}

/* THREATS C02, C03: a #DB or #AC that is raised within its own delivery never ends, but for an exit. */
static void test_exceptions_that_loop_exit(void **state)
{
	const uint32_t wanted = 1u << EXCEPTION_DB | 1u << EXCEPTION_AC | 1u << EXCEPTION_MC;

	(void)state;
	assert_int_equal(vmcb.intercept_exception & wanted, wanted);
}

/* THREATS A05: the processor refuses a VMCB without VMRUN's; the others would touch the host's state. */
static void test_svm_instructions_exit(void **state)
{
	const uint32_t wanted = SVM_INTERCEPT_VMRUN | SVM_INTERCEPT_VMLOAD | SVM_INTERCEPT_VMSAVE |
				SVM_INTERCEPT_STGI | SVM_INTERCEPT_CLGI | SVM_INTERCEPT_SKINIT;

	(void)state;
	assert_int_equal(vmcb.intercept_misc2 & wanted, wanted);
	assert_true(vmcb.intercept_misc1 & SVM_INTERCEPT_INVLPGA);
	assert_true(vmcb.intercept_misc1 & SVM_INTERCEPT_SHUTDOWN);
}

/* Without CR4.MCE a machine check is a shutdown, told as the guest's. Its own MCE is 0: CR4 reads exit. */
static void test_machine_checks_reach_the_host(void **state)
{
	(void)state;
	assert_int_equal(vmcb.cr4, CR4_MCE);
	assert_int_equal(vmcb.intercept_cr_read, 1u << 4);
	assert_int_equal(vmcb.intercept_cr_write, 1u << 4);
}

static void test_maps_and_tables(void **state)
{
	(void)state;
	assert_int_equal(vmcb.iopm_base, 0x1000);
	assert_int_equal(vmcb.msrpm_base, 0x4000);
	assert_int_equal(vmcb.nested_cr3, 0x7000);
	assert_int_equal(vmcb.nested_enable, 1);
	assert_int_equal(vmcb.tsc_offset, 5);
	assert_true(vmcb.intercept_misc1 & SVM_INTERCEPT_MSR &&
		    vmcb.intercept_misc1 & SVM_INTERCEPT_IOIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_exceptions_that_loop_exit, set_up),
		cmocka_unit_test_setup(test_svm_instructions_exit, set_up),
		cmocka_unit_test_setup(test_machine_checks_reach_the_host, set_up),
		cmocka_unit_test_setup(test_maps_and_tables, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
