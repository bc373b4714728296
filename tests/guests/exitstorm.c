/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS I01: the fastest exits there are, for ever, on all of cpus=1. kind=cpuid, call, out, msr,
 * fault or mmio. wait=0: does not wait for the other CPUs to come.
 */
#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/vendor.h"
#include "tests/guests/lib/words.h"

enum { PORT_NOTHING = 0x1f0, MSR_NONE = 0x1234 };

static void storm_cpuid(void)
{
	cpuid(0, 0);
}

static bool has_vmcall; /* asked once: CPUID exits, too */

static void storm_call(void)
{
	uint64_t number = 0;

	if (has_vmcall)
		asm volatile("vmcall" : "+a"(number) : : "memory");
	else
		asm volatile("vmmcall" : "+a"(number) : : "memory");
}

static void storm_out(void)
{
	io_out8(PORT_NOTHING, 0);
}

static void storm_msr(void)
{
	msr_read(MSR_APIC);
}

static void read_nothing(void *unused)
{
	(void)unused;
	msr_read(MSR_NONE);
}

static void storm_fault(void)
{
	fault_of(read_nothing, NULL);
}

static void storm_mmio(void)
{
	apic_read(APIC_TPR);
}

static const struct {
	const char *name;
	void (*exit)(void);
} kinds[] = {
	{"cpuid", storm_cpuid}, {"call", storm_call},	{"out", storm_out},
	{"msr", storm_msr},	{"fault", storm_fault}, {"mmio", storm_mmio},
};

static void storm(void *kind)
{
	void (*exit)(void) = kinds[(uintptr_t)kind].exit;

	interrupts_disable();
	for (;;)
		exit();
}

void guest_main(void)
{
	unsigned cpus = (unsigned)words_number("cpus", 1);
	uintptr_t kind = 0;
	char name[16] = "cpuid";

	has_vmcall = vendor_is_intel();
	words_value("kind", name, sizeof(name));
	while (kind < ARRAY_SIZE(kinds) - 1 && strcmp(name, kinds[kind].name))
		kind++;
	for (unsigned i = 1; i < cpus; i++) {
		if (!words_number("wait", 1)) {
			cpu_send_start(i);
			continue;
		}
		if (!cpu_start(i))
			guest_die("CPU %u does not start", i);
		cpu_run(i, storm, (void *)kind);
	}
	print("storm %s on %u\n", kinds[kind].name, cpus);
	storm((void *)kind);
}
