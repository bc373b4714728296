/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor: examines the machine, then tells check by check; what is well in one line. */
#include "console/doctor.h"

#include "console/call.h"
#include "console/handlers.h"
#include "console/host.h"
#include "console/text.h"
#include "lib/format.h"
#include "lib/string.h"

enum { EXTENTS_AT_ONCE = 64, HEAD = 32 };

static struct patient patient;

static uint32_t cpuid_word(uint32_t leaf, unsigned word)
{
	uint32_t highest[4], regs[4];

	call_cpuid(leaf & 0x80000000, 0, highest);
	if (highest[0] < leaf)
		return 0;
	call_cpuid(leaf, 0, regs);
	return regs[word];
}

static void examine_processor(void)
{
	enum { EBX = 1, ECX, EDX };

	patient.cpuid_1_ecx = cpuid_word(1, ECX);
	patient.cpuid_7_ebx = cpuid_word(7, EBX);
	patient.cpuid_7_edx = cpuid_word(7, EDX);
	patient.ext_7_edx = cpuid_word(0x80000007, EDX);
	patient.ext_8_ebx = cpuid_word(0x80000008, EBX);
	patient.ext_a_edx = cpuid_word(0x8000000a, EDX);
}

/* What hypervisors and emulators have agreed upon: EBX, ECX, EDX of leaf 40000000h are a name. */
static void examine_below(void)
{
	enum { SIGNATURE_LEAF = 0x40000000 };
	uint32_t regs[4];

	if (!(patient.cpuid_1_ecx & HYPERVISOR_1_ECX))
		return;
	call_cpuid(SIGNATURE_LEAF, 0, regs);
	memcpy(patient.below, &regs[1], sizeof(patient.below) - 1);
	for (char *c = patient.below; *c; c++)
		*c = *c < ' ' || *c > '~' ? '?' : *c;
}

static void examine_cpus(void)
{
	struct cpu_info info;

	for (uint32_t i = 0; i < patient.host.cpu_count; i++) {
		host_query_cpu(i, &info);
		patient.cpus_failed += info.state == CPU_FAILED;
		patient.cpus_idle_threads += info.state == CPU_SIBLING;
	}
}

/* In the order of addresses: what lies between two of them, or is the firmware's, is a hole. */
static void examine_extent(const struct extent_info *extent, uint64_t *end)
{
	if (extent->owner == OWNER_FIRMWARE)
		return;
	if (*end && extent->start > *end) {
		patient.holes++;
		patient.hole_bytes += extent->start - *end;
	}
	if (extent->owner == OWNER_FREE) {
		patient.free_pieces++;
		patient.free_largest = MAX(patient.free_largest, extent->size);
	}
	*end = extent->start + extent->size;
}

static void examine_memory(void)
{
	static struct extent_info extents[EXTENTS_AT_ONCE];
	uint64_t end = 0;
	uint32_t first = 0;

	while (first < patient.host.extent_count) {
		size_t count = call_extent_info(first, extents, EXTENTS_AT_ONCE);

		for (size_t i = 0; i < count; i++)
			examine_extent(&extents[i], &end);
		if (count == 0)
			return;
		first += (uint32_t)count;
	}
}

static void examine(void)
{
	memset(&patient, 0, sizeof(patient));
	host_query(&patient.host);
	if (call_facts(&patient.facts) < 0)
		memset(&patient.facts, 0, sizeof(patient.facts));
	examine_processor();
	examine_below();
	examine_cpus();
	examine_memory();
}

static void show(const char *word, const char *what, const char *text)
{
	char head[HEAD];

	text_wrap(head, format(head, sizeof(head), "%-5s %-14s ", word, what), text);
}

void doctor_run(const struct invocation *in)
{
	static const char *const words[DOCTOR_VERDICTS] = {"well", "note", "LACKS", "LACKS"};
	unsigned counts[DOCTOR_VERDICTS] = {0}, notes;

	(void)in;
	examine();
	for (unsigned i = 0; i < doctor_check_count; i++) {
		const struct check *check = &doctor_checks[i];
		char found[DOCTOR_FOUND] = "";
		enum verdict verdict = check->look(&patient, found);

		counts[verdict]++;
		show(words[verdict], check->name, found);
		if (verdict == DOCTOR_WELL)
			continue;
		show("", "effect", check->effect);
		show("", "remedy",
		     verdict == DOCTOR_INCURABLE ? "None but another processor." : check->remedy);
	}
	notes = counts[DOCTOR_NOTE];
	text_print("doctor: %u checks, %u note%s, %u lacks", doctor_check_count, notes,
		   notes == 1 ? "" : "s", counts[DOCTOR_LACKS] + counts[DOCTOR_INCURABLE]);
}
