/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS A01 to A11, A13 to A19, A22 to A24, H01: privileged and odd instructions. Each ends as the manuals
 * say, at the right place, and nothing of the host shows. A04 needs cpus=2.
 */
#include "arch/x86_64/insn.h"
#include "tests/guests/hostile_a/cases.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"

static bool is_freehold(void)
{
	return cpuid(0x40000000, 0).ebx == 0x65657246;
}

static const struct test_case cases[] = {
	{"A01-hidden", a_test_hidden},
	{"A01-flood", a_test_flood},
	{"A01-user", a_test_flood_user},
	{"A02-prefixes", a_test_prefixes},
	{"A02-rex", a_test_rex},
	{"A03-straddle", a_test_straddle},
	{"A04-race", a_test_race},
	{"A05-svm", a_test_svm},
	{"A06-vmx", a_test_vmx},
	{"A07-hypercall", a_test_hypercall},
	{"H01-numbers", a_test_hypercall_numbers},
	{"A07-edge", a_test_edge},
	{"A08-A09-caches", a_test_cache},
	{"A11-waits", a_test_waits},
	{"A11-user-waits", a_test_user_waits},
	{"A13-A19-others", a_test_others},
	{"A14-xsetbv", a_test_xsetbv},
	{"A16-lmsw", a_test_lmsw},
	{"A17-debug", a_test_debug_registers},
	{"A13-tsc", a_test_tsc},
	{"A15-images", a_test_fpu_images},
	{"A15-kept", a_test_fpu_kept},
	{"A16-nm", a_test_nm_storm},
	{"A17-gd", a_test_gd},
	{"A18-umip", a_test_umip},
	{"A22-ports", a_test_ports},
	{"A22-strings", a_test_port_strings},
	{"A22-chunks", a_test_port_interrupted},
	{"A23-flood", a_test_port_flood},
	{"A24-features", a_test_features},
};

void guest_main(void)
{
	apic_enable();
	if (!is_freehold())
		print("# not under Freehold\n");
	test_run_all(cases, ARRAY_SIZE(cases));
}
