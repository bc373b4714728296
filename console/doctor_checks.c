/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks, the gravest first. A check says what it found and how grave that is; the table the rest. */
#include "console/doctor.h"
#include "console/number.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

/* SDM 2A, APM3: the instruction CPUID, by leaf and register. */
#define X2APIC_1_ECX	(1u << 21)
#define SMEP_7_EBX	(1u << 7)
#define SMAP_7_EBX	(1u << 20)
#define SPEC_CTRL_7_EDX (1u << 26)
#define INVARIANT_7_EDX (1u << 8)  /* 80000007h */
#define IBPB_8_EBX	(1u << 12) /* 80000008h */
#define NEXT_RIP_A_EDX	(1u << 3)  /* 8000000Ah */

static enum verdict say(enum verdict verdict, char found[DOCTOR_FOUND], const char *text)
{
	str_copy(found, DOCTOR_FOUND, text);
	return verdict;
}

static enum verdict virtualization(const struct patient *p, char found[DOCTOR_FOUND])
{
	if (strcmp(p->host.backend, "none"))
		return say(DOCTOR_WELL, found, p->host.backend);
	return say(DOCTOR_LACKS, found, p->host.backend_reason);
}

static enum verdict cpus(const struct patient *p, char found[DOCTOR_FOUND])
{
	format(found, DOCTOR_FOUND, "%u of %u run", p->host.cpu_count - p->cpus_failed,
	       p->host.cpu_count + p->facts.cpus_lost);
	return p->cpus_failed || p->facts.cpus_lost ? DOCTOR_LACKS : DOCTOR_WELL;
}

static enum verdict threads(const struct patient *p, char found[DOCTOR_FOUND])
{
	if (p->facts.facts & FACT_SMT_SHARE)
		return say(DOCTOR_LACKS, found, "smt=share: partitions may share a core's threads");
	if (!p->cpus_idle_threads)
		return say(DOCTOR_WELL, found, "no two partitions share a core");
	format(found, DOCTOR_FOUND, "%u stay%s idle: no two partitions share a core",
	       p->cpus_idle_threads, p->cpus_idle_threads == 1 ? "s" : "");
	return DOCTOR_NOTE;
}

static enum verdict predictors(const struct patient *p, char found[DOCTOR_FOUND])
{
	if (p->cpuid_7_edx & SPEC_CTRL_7_EDX || p->ext_8_ebx & IBPB_8_EBX)
		return say(DOCTOR_WELL, found, "emptied (IBPB) where a CPU changes partitions");
	return say(DOCTOR_LACKS, found, "no IBPB");
}

static enum verdict smap(const struct patient *p, char found[DOCTOR_FOUND])
{
	if ((p->cpuid_7_ebx & (SMEP_7_EBX | SMAP_7_EBX)) == (SMEP_7_EBX | SMAP_7_EBX))
		return say(DOCTOR_WELL, found, "SMEP and SMAP are on");
	return say(DOCTOR_LACKS, found,
		   p->cpuid_7_ebx & SMEP_7_EBX ? "no SMAP" : "no SMEP, no SMAP");
}

static enum verdict clock(const struct patient *p, char found[DOCTOR_FOUND])
{
	if (p->facts.warp) {
		format(found, DOCTOR_FOUND, "cpu %u's TSC goes back by %lu ticks against cpu 0's",
		       p->facts.warp_cpu, p->facts.warp);
		return DOCTOR_LACKS;
	}
	if (!(p->ext_7_edx & INVARIANT_7_EDX))
		return say(DOCTOR_LACKS, found, "the TSC may change its rate (it is not invariant)");
	return say(DOCTOR_WELL, found, "the TSC is invariant and alike on all CPUs");
}

static enum verdict reference(const struct patient *p, char found[DOCTOR_FOUND])
{
	static const char *const names[] = {
		[CLOCK_PM_TIMER] = "the ACPI PM timer",
		[CLOCK_PIT] = "the PIT",
		[CLOCK_NONE] = "nothing",
	};
	uint32_t clock = MIN(p->facts.clock, (uint32_t)CLOCK_NONE);

	format(found, DOCTOR_FOUND, "%lu kHz, measured against %s", p->host.tsc_khz, names[clock]);
	return clock == CLOCK_NONE ? DOCTOR_LACKS : DOCTOR_WELL;
}

static enum verdict date(const struct patient *p, char found[DOCTOR_FOUND])
{
	if (p->facts.facts & FACT_RTC)
		return say(DOCTOR_WELL, found, "from the RTC");
	return say(DOCTOR_LACKS, found, "the RTC gives no time of day");
}

static enum verdict x2apic(const struct patient *p, char found[DOCTOR_FOUND])
{
	if (p->facts.facts & FACT_X2APIC)
		return say(DOCTOR_WELL, found, "on");
	if (p->cpuid_1_ecx & X2APIC_1_ECX)
		return say(DOCTOR_LACKS, found, "the processor has it; the firmware keeps it off");
	return say(DOCTOR_INCURABLE, found, "the processor has none");
}

/* Freehold gives no device away, and has no driver for an IOMMU: to say more would claim too much. */
static enum verdict iommu(const struct patient *p, char found[DOCTOR_FOUND])
{
	bool described = p->facts.facts & (FACT_DMAR | FACT_IVRS);

	if (p->facts.bus_masters) {
		format(found, DOCTOR_FOUND, "%u PCI function%s%s", p->facts.bus_masters,
		       p->facts.bus_masters == 1 ? " stays bus master" : "s stay bus masters",
		       described ? "" : ", and there is none");
		return DOCTOR_LACKS;
	}
	if (described)
		return say(DOCTOR_NOTE, found,
			   p->facts.facts & FACT_DMAR ? "VT-d is there, and not used"
						      : "AMD-Vi is there, and not used");
	return say(DOCTOR_NOTE, found, "none is described (no DMAR, no IVRS)");
}

static enum verdict next_rip(const struct patient *p, char found[DOCTOR_FOUND])
{
	if (strcmp(p->host.backend, "SVM") || p->ext_a_edx & NEXT_RIP_A_EDX)
		return say(DOCTOR_WELL, found, "the processor tells where the next one is");
	return say(DOCTOR_LACKS, found, "no next-RIP saving");
}

static enum verdict microcode(const struct patient *p, char found[DOCTOR_FOUND])
{
	if (!p->facts.microcode)
		return say(DOCTOR_NOTE, found, "the processor tells no revision");
	format(found, DOCTOR_FOUND, "revision 0x%x", p->facts.microcode);
	return DOCTOR_WELL;
}

static enum verdict memory(const struct patient *p, char found[DOCTOR_FOUND])
{
	char hole[NUMBER_TEXT], largest[NUMBER_TEXT];

	number_size_text(hole, p->hole_bytes);
	number_size_text(largest, p->free_largest);
	format(found, DOCTOR_FOUND, "%lu hole%s of %s; free in %lu piece%s, largest %s", p->holes,
	       p->holes == 1 ? "" : "s", hole, p->free_pieces, p->free_pieces == 1 ? "" : "s",
	       largest);
	return p->free_largest * 2 < p->host.ram_free ? DOCTOR_NOTE : DOCTOR_WELL;
}

static enum verdict serial(const struct patient *p, char found[DOCTOR_FOUND])
{
	static const char *const sources[] = {
		[SERIAL_BY_DEFAULT] = "COM1, as nothing names another",
		[SERIAL_BY_COMMAND_LINE] = "by serial= of the boot loader",
		[SERIAL_BY_SPCR] = "by ACPI's SPCR",
		[SERIAL_SWITCHED_OFF] = "serial=none: there is no console",
	};
	bool interrupt = p->facts.facts & FACT_SERIAL_INTERRUPT;
	uint32_t source = MIN(p->facts.serial_source, (uint32_t)SERIAL_SWITCHED_OFF);

	format(found, DOCTOR_FOUND, "0x%lx, %s; %s", p->facts.serial_address, sources[source],
	       interrupt ? "by interrupt" : "polled");
	if (source == SERIAL_SWITCHED_OFF || !(p->facts.facts & FACT_SERIAL_ANSWERS))
		return DOCTOR_LACKS;
	return interrupt ? DOCTOR_WELL : DOCTOR_NOTE;
}

static enum verdict acpi(const struct patient *p, char found[DOCTOR_FOUND])
{
	if (!(p->facts.facts & FACT_ACPI))
		return say(DOCTOR_LACKS, found, "no tables");
	if (!p->facts.acpi_notes)
		return say(DOCTOR_WELL, found, "all tables could be used");
	format(found, DOCTOR_FOUND, "%u %s refused", p->facts.acpi_notes,
	       p->facts.acpi_notes == 1 ? "table or part of one was"
					: "tables or parts of them were");
	return DOCTOR_NOTE;
}

static enum verdict bare(const struct patient *p, char found[DOCTOR_FOUND])
{
	if (!(p->cpuid_1_ecx & HYPERVISOR_1_ECX))
		return say(DOCTOR_WELL, found, "no hypervisor below tells of itself");
	format(found, DOCTOR_FOUND, "another hypervisor runs below: %s",
	       p->below[0] ? p->below : "without a name");
	return DOCTOR_NOTE;
}

/*
 * Its FXRSTOR, XRSTOR and FLDENV clear a flag of the first CPU (cpu_clear_ignne), wherever they run, in a
 * word that CPU's own VMRUN and #VMEXIT change at the same time: one of both changes is lost, and with it
 * whether nested paging is on.
 */
static enum verdict emulator(const struct patient *p, char found[DOCTOR_FOUND])
{
	if (strcmp(p->below, "TCGTCGTCGTCG") || strcmp(p->host.backend, "SVM") ||
	    p->host.cpu_count < 2)
		return say(DOCTOR_WELL, found, "no known mistake concerns this machine");
	return say(DOCTOR_NOTE, found, "QEMU without KVM, with several CPUs");
}

const struct check doctor_checks[] = {
	{"virtualization", virtualization, "No guest can be started; everything else works.",
	 "Switch SVM (AMD) or VT-x (Intel) on in the firmware's set-up, then switch the machine "
	 "off and on: the firmware's lock holds until then. A processor without it cannot be helped."},
	{"cpus", cpus, "The others are left out, and can serve no partition.",
	 "log tells why each was left out; a firmware update, or equal processors in all sockets."},
	{"threads", threads,
	 "With smt=share guests can spy on each other by what a core's threads "
	 "share; without it the second thread of the pool's cores is idle.",
	 "smt=share on the boot loader's line, or not: it is the operator's choice."},
	{"predictors", predictors,
	 "One guest's branches can be steered, and so spied on, by another that uses the same CPU.",
	 "Newer microcode by the firmware; cpus= gives a guest CPUs of its own."},
	{"smap", smap, "A mistake in the kernel would be easier to use for a hostile VMM.",
	 "None but another processor; a firmware may hide SMAP, then switch it on."},
	{"tsc", clock,
	 "Guests are told that their TSC is invariant and alike on all CPUs; their "
	 "time may jump, or differ from CPU to CPU.",
	 "A firmware update; partitions whose CPUs are of one socket (on=)."},
	{"tsc rate", reference, "1 GHz is assumed: all times are wrong.",
	 "ACPI's PM timer or the PIT, switched on in the firmware."},
	{"date", date, "Guests begin in 1970.",
	 "Set the clock in the firmware; replace its battery."},
	{"x2apic", x2apic,
	 "CPUs with APIC ids above 254 cannot be used, and each interrupt that is "
	 "ended costs a slower access.",
	 "Switch x2APIC on in the firmware; it may want interrupt remapping (VT-d) on, too."},
	{"iommu", iommu,
	 "Devices are given to no guest, and Freehold uses no IOMMU yet: that no "
	 "device writes to memory rests on bus mastering being off.",
	 "For a function that stays bus master: take the card out."},
	{"instructions", next_rip,
	 "A CPUID, MSR or HLT exit costs 300 instructions more: the VMM "
	 "has to find the instruction's length.",
	 "None but another processor."},
	{"microcode", microcode, "Whether known errors of the processor are mended cannot be seen.",
	 "Freehold loads none: keep the firmware up to date."},
	{"memory", memory, "A large guest's memory is made of several pieces: more page tables.",
	 "Create the largest guest first; 4G decoding options of the firmware move the holes."},
	{"serial", serial,
	 "Without a port nobody can talk to the machine; a polled one takes a "
	 "little of CPU 0.",
	 "serial=com1 to com4 on the boot loader's line, or the firmware's console redirection."},
	{"acpi", acpi,
	 "Without its tables there is one CPU and no power-off; of a refused one what "
	 "it describes is not used.",
	 "log names the tables; a firmware update."},
	{"bare metal", bare, "Times and costs are not those of the hardware.",
	 "None is needed; nested virtualization must be on for guests to run."},
	{"emulator", emulator,
	 "QEMU runs the CPUs in parallel, and an FXRSTOR on one of them can spoil a VMRUN on "
	 "CPU 0: now and then a guest that runs there stops for no reason.",
	 "on=1-3 keeps a guest off CPU 0; or -accel tcg,thread=single."},
};

const unsigned doctor_check_count = ARRAY_SIZE(doctor_checks);
