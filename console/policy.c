/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest's CPUID and MSRs are. CPUID is the kernel's table for the partition, the one that it
 * answers from, beside what the processor itself says; the MSRs are the lists that the tables are made
 * from (lib/msr_policy.h).
 */
#include "console/call.h"
#include "console/cpuid_names.h"
#include "console/handlers.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/msr_policy.h"
#include "lib/string.h"

enum { NAMES = 512, AMD_EBX = 0x68747541, HYGON_EBX = 0x6f677948 };

/* Appends the names of the bits of a register. */
static void add_names(char to[NAMES], const struct cpuid_features *features, uint32_t bits)
{
	size_t used = strlen(to);

	for (unsigned bit = 0; bit < 32; bit++) {
		char name[CPUID_NAME];

		if (!(bits & BIT(bit)))
			continue;
		cpuid_feature_name(features, bit, name);
		used += format(to + used, NAMES - used, " %s", name);
	}
}

static void print_registers(const char *whose, const uint32_t value[CPUID_REGISTERS])
{
	text_print("  %-6s eax %08x ebx %08x ecx %08x edx %08x", whose, value[CPUID_EAX],
		   value[CPUID_EBX], value[CPUID_ECX], value[CPUID_EDX]);
}

static void print_names(const char *what, const char *names)
{
	char head[16];

	format(head, sizeof(head), "  %-6s", what);
	if (names[0])
		text_wrap(head, strlen(head) + 1, names + 1);
}

static void print_leaf(const struct cpuid_entry *entry)
{
	const uint32_t guest[] = {entry->eax, entry->ebx, entry->ecx, entry->edx};
	uint32_t host[CPUID_REGISTERS];
	char hidden[NAMES] = "", added[NAMES] = "";

	call_cpuid(entry->leaf, entry->subleaf, host);
	if (entry->flags & CPUID_HAS_SUBLEAF)
		text_print("leaf %08x, subleaf %u", entry->leaf, entry->subleaf);
	else
		text_print("leaf %08x", entry->leaf);
	print_registers("guest", guest);
	if (memcmp(guest, host, sizeof(host)))
		print_registers("host", host);
	for (unsigned i = 0; i < CPUID_REGISTERS; i++) {
		const struct cpuid_features *features = cpuid_features_of(
			entry->leaf, entry->subleaf, (enum cpuid_register)i);

		if (!features)
			continue;
		add_names(hidden, features, host[i] & ~guest[i] & ~features->live);
		add_names(added, features, guest[i] & ~host[i]);
	}
	print_names("hidden", hidden);
	print_names("added", added);
}

void policy_cpuid(const struct invocation *in)
{
	struct cpuid_entry entry;
	uint32_t count = 0;

	while (count < CPUID_ENTRIES_MAX &&
	       call_part_cpuid(in->partition->slot, count, &entry) == ERR_NONE) {
		print_leaf(&entry);
		count++;
	}
	if (!count)
		text_fail(CODE_STATE, "its CPUID is made when it starts, and it never did");
	else
		text_print(
			"%u entries, the same on each vCPU but for its APIC id; all others read as 0",
			count);
}

static void print_msr(uint32_t first, uint32_t last, const char *who, const char *name,
		      const char *writes)
{
	char range[24], head[96];

	if (first == last)
		format(range, sizeof(range), "%08x", first);
	else
		format(range, sizeof(range), "%08x-%08x", first, last);
	format(head, sizeof(head), "%-17s  %-9s  %-21s  ", range, who, name);
	text_wrap(head, strlen(head), writes);
}

/* What its row says of reads and writes. */
static void print_vmm_msr(const struct msr_policy *rule)
{
	char writes[96];

	if (rule->writes)
		str_copy(writes, sizeof(writes), rule->writes);
	else if (!~rule->keep)
		format(writes, sizeof(writes), "0x%lx only, as it reads", rule->value);
	else
		format(writes, sizeof(writes), "mask 0x%lx ignored; reads 0x%lx", ~rule->keep,
		       rule->value);
	print_msr(rule->first, rule->last, "VMM", rule->name, writes);
}

/* The partition's processor is the machine's. */
static unsigned vendor(void)
{
	uint32_t host[CPUID_REGISTERS];

	call_cpuid(0, 0, host);
	return host[CPUID_EBX] == AMD_EBX || host[CPUID_EBX] == HYGON_EBX ? MSR_AMD : MSR_INTEL;
}

/* The same for each partition: what it was created with does not matter. */
void policy_msrs(const struct invocation *in)
{
	unsigned own = vendor();

	(void)in;
	text_print("%-17s  %-9s  %-21s  %s", "MSR", "BY", "NAME", "WHAT MAY BE WRITTEN");
#define ROW(index, name) print_msr(index, index, "processor", name, "what the processor takes");
	MSR_POLICY_OPEN(ROW)
#undef ROW
#define ROW(index, name, function, writes) print_msr(index, index, "kernel", name, writes);
	MSR_POLICY_KERNEL(ROW)
#undef ROW
	print_msr(MSR_X2APIC_FIRST, MSR_X2APIC_LAST, "kernel", "x2APIC registers",
		  "in x2APIC mode, as each register allows");
	for (unsigned i = 0; i < msr_policy_count; i++)
		if (!msr_policy[i].vendor || msr_policy[i].vendor == own)
			print_vmm_msr(&msr_policy[i]);
	text_print("all others: #GP(0), reading and writing");
}
