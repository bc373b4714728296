/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor: each check on a machine that is well, and on one that is not. */
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

/* A good server. */
static int set_up(void **state)
{
	(void)state;
	fake_reset();
	fake.cpuid_7_ebx = 1 << 7 | 1 << 20;
	fake.ext_7_edx = 1 << 8;
	fake.ext_8_ebx = 1 << 12;
	fake.ext_a_edx = 1 << 3;
	fake.facts = (struct machine_facts){
		.facts = FACT_ACPI | FACT_X2APIC | FACT_IVRS | FACT_RTC | FACT_SERIAL_ANSWERS |
			 FACT_SERIAL_INTERRUPT,
		.microcode = 0xa0011d1,
		.serial_source = SERIAL_BY_SPCR,
		.serial_address = 0x2f8,
	};
	fake_boot();
	return 0;
}

static void doctor(void)
{
	const char *line, *end;

	fake_command("doctor");
	for (line = fake_output(); (end = strchr(line, '\n')); line = end + 1)
		if (end - line > 81)
			fail_msg("too long: %.*s", (int)(end - line), line);
}

static void test_well(void **state)
{
	(void)state;
	doctor();
	fake_expect("well  virtualization SVM");
	fake_expect("well  tsc            the TSC is invariant and alike on all CPUs");
	fake_expect("well  serial         0x2f8, by ACPI's SPCR; by interrupt");
	fake_expect("well  microcode      revision 0xa0011d1");
	fake_expect("note  iommu          AMD-Vi is there, and not used");
	fake_expect("doctor: 17 checks, 1 note, 0 lacks");
}

/* A machine that lacks it all: each finding has an effect and a remedy, in 80 columns. */
static void test_ill(void **state)
{
	unsigned effects = 0, remedies = 0;

	(void)state;
	strcpy(fake.host.backend, "none");
	strcpy(fake.host.backend_reason, "SVM is switched off by the firmware (VM_CR.SVMDIS)");
	fake.cpuid_7_ebx = fake.ext_7_edx = fake.ext_8_ebx = fake.ext_a_edx = 0;
	fake.facts = (struct machine_facts){
		.clock = CLOCK_NONE,
		.bus_masters = 2,
		.cpus_lost = 3,
		.serial_address = 0x3f8,
		.facts = FACT_SMT_SHARE,
	};
	fake.cpus[3].state = CPU_FAILED;
	doctor();
	fake_expect("LACKS virtualization SVM is switched off by the firmware (VM_CR.SVMDIS)");
	fake_expect("LACKS cpus           3 of 7 run");
	fake_expect("LACKS threads        smt=share");
	fake_expect("LACKS predictors     no IBPB");
	fake_expect("LACKS smap           no SMEP, no SMAP");
	fake_expect("LACKS tsc            the TSC may change its rate");
	fake_expect("measured against nothing");
	fake_expect("LACKS date");
	fake_expect("LACKS x2apic         the processor has none\r\n");
	fake_expect("LACKS iommu          2 PCI functions stay bus masters, and there is none");
	fake_expect("note  microcode      the processor tells no revision");
	fake_expect("LACKS serial         0x3f8, COM1, as nothing names another; polled");
	fake_expect("LACKS acpi           no tables");
	for (const char *at = fake_output(); (at = strstr(at, "\n      effect         ")); at++)
		effects++;
	for (const char *at = fake_output(); (at = strstr(at, "\n      remedy         ")); at++)
		remedies++;
	assert_int_equal(effects, 13);
	assert_int_equal(remedies, effects);
}

/* What the firmware keeps off it can switch on; what the processor has not, nobody can. */
static void test_x2apic(void **state)
{
	const char *found;

	(void)state;
	fake.facts.facts &= ~(uint32_t)FACT_X2APIC;
	fake.cpuid_1_ecx = 1 << 21;
	doctor();
	fake_expect("LACKS x2apic         the processor has it; the firmware keeps it off\r\n");
	fake_expect("remedy         Switch x2APIC on in the firmware;");
	fake_expect("1 note, 1 lacks");
	fake.cpuid_1_ecx = 0;
	doctor();
	found = strstr(fake_output(), "LACKS x2apic         the processor has none\r\n");
	assert_non_null(found);
	assert_non_null(strstr(found, "remedy         None but another processor.\r\n"));
	assert_null(strstr(fake_output(), "Switch x2APIC on"));
	fake_expect("1 note, 1 lacks");
}

static void test_some(void **state)
{
	(void)state;
	fake.facts.warp = 1200;
	fake.facts.warp_cpu = 2;
	fake.facts.acpi_notes = 1;
	fake.cpus[2].state = CPU_SIBLING;
	fake.cpuid_7_ebx &= ~(1u << 20);
	doctor();
	fake_expect("LACKS tsc            cpu 2's TSC goes back by 1200 ticks against cpu 0's");
	fake_expect("note  threads        1 stays idle");
	fake_expect("note  acpi           1 table or part of one was refused");
	fake_expect("LACKS smap           no SMAP");
	fake.fail[CALL_FACTS] = ERR_NOSYS;
	doctor();
	fake_expect("LACKS serial");
}

/* Below another hypervisor: by its name, which nobody vouches for; QEMU's emulator has a known mistake. */
static void test_below(void **state)
{
	(void)state;
	memcpy(fake.below, "KVM\x1b[J\0MKVM", 12);
	doctor();
	fake_expect("note  bare metal     another hypervisor runs below: KVM?[J");
	fake_expect("well  emulator       no known mistake");
	fake_clear();
	memcpy(fake.below, "TCGTCGTCGTCG", 12);
	doctor();
	fake_expect("note  bare metal     another hypervisor runs below: TCGTCGTCGTCG");
	fake_expect("note  emulator       QEMU without KVM, with several CPUs");
	strcpy(fake.host.backend, "VMX");
	doctor();
	fake_expect("well  emulator       no known mistake");
}

/* The fake's partitions all lie at 1 MiB, so there is no hole; a machine's are seen by the system tests. */
static void test_memory(void **state)
{
	(void)state;
	doctor();
	fake_expect("well  memory         0 holes of 0 KiB; free in 1 piece, largest 1 GiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_well, set_up),
		cmocka_unit_test_setup(test_ill, set_up),
		cmocka_unit_test_setup(test_x2apic, set_up),
		cmocka_unit_test_setup(test_some, set_up),
		cmocka_unit_test_setup(test_below, set_up),
		cmocka_unit_test_setup(test_memory, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
