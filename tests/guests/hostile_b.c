/* SPDX-License-Identifier: BSD-2-Clause */
/* THREATS B01 to B15, B17: control registers, EFER, every MSR and the local APIC's. */
#include "tests/guests/hostile_b/cases.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"

static const struct test_case cases[] = {
	{"B01-cr0", b_test_cr0},
	{"B01-cr4", b_test_cr4},
	{"B01-efer", b_test_efer},
	{"B01-leave", b_test_leave},
	{"B02-cr3", b_test_cr3},
	{"B05-read", b_test_read_all},
	{"B06-write", b_test_write_all},
	{"B06-bits", b_test_write_bits},
	{"B08-xapic", b_test_x2_in_xapic},
	{"B09-base", b_test_apic_base},
	{"B09-transitions", b_test_transitions},
	{"B08-x2apic", b_test_x2_registers},
	{"B03-cr8", b_test_priority},
	{"B04-cache", b_test_cache_modes},
	{"B10-debugctl", b_test_debugctl},
	{"B11-mtrr", b_test_mtrrs},
	{"B12-tsc", b_test_tsc},
	{"B12-deadline", b_test_deadline},
	{"B13-mca", b_test_machine_check},
	{"B14-speculation", b_test_speculation},
	{"B15-platform", b_test_platform},
	{"B17-efer", b_test_efer_flips},
};

void guest_main(void)
{
	apic_enable();
	test_run_all(cases, ARRAY_SIZE(cases));
}
