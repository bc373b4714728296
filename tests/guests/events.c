/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS C04, C08, C11: exceptions within exceptions' handlers, NMIs by the hundred, and interrupts of
 * several sources while IF and the TPR change. cpus=1, rounds=300.
 */
#include "tests/guests/events/cases.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"

static const struct test_case cases[] = {
	{"C04-in-handler", c_test_handlers}, {"C08-self", c_test_nmi_self},
	{"C08-blocked", c_test_nmi_blocked}, {"C08-fault", c_test_nmi_fault},
	{"C08-halted", c_test_nmi_halted},   {"C08-flood", c_test_nmi_flood},
	{"C11-sources", c_test_sources},
};

void guest_main(void)
{
	apic_enable();
	test_run_all(cases, ARRAY_SIZE(cases));
}
