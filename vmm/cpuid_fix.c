/* SPDX-License-Identifier: BSD-2-Clause */
/* The leaves of CPUID that depend on more than a mask: highest leaves, features, sizes, rates. */
#include "vmm/cpuid_bits.h"
#include "vmm/cpuid_rules.h"

#include "lib/types.h"

bool cpuid_fix_0(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	entry->eax = cpuid_vendor(guest) == VENDOR_AMD ? CPUID_BASIC_AMD : CPUID_BASIC_INTEL;
	return true;
}

bool cpuid_fix_1(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	/* The number of ids is a power of two: SDM 3A 9.9.3 "Mapping of APIC IDs". */
	uint32_t ids = 1u << cpuid_id_bits(guest->vcpu_count);

	entry->ebx |= guest->vcpu << 24;
	if (guest->vcpu_count > 1) {
		entry->ebx |= ids << 16;
		entry->edx |= D1_HTT;
	}
	return true;
}

static bool has_xsave(const struct cpuid_guest *guest)
{
	return cpuid_host_has(guest, 0xd) && (guest->host(1, 0).ecx & C1_XSAVE);
}

/*
 * The components of an XSAVE area that are offered: those whose place is told, as one hardware (Bochs's
 * tigerlake) does not for PKRU. The kernel goes by the same rule.
 */
static uint32_t xcr0_offered(const struct cpuid_guest *guest)
{
	uint32_t xcr0 = guest->host(0xd, 0).eax & XCR0_OFFERED;

	for (uint32_t i = 2; i < 32; i++)
		if (xcr0 & BIT(i) && !guest->host(0xd, i).eax)
			xcr0 &= ~(uint32_t)BIT(i);
	return xcr0;
}

/* What no XSAVE saves would go from one guest to the next: without the component there are no keys. */
static bool has_keys(const struct cpuid_guest *guest)
{
	return has_xsave(guest) && (xcr0_offered(guest) & XCR0_PKRU);
}

bool cpuid_fix_7(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	bool has_1 = guest->host(7, 0).eax >= 1 && cpuid_host_has(guest, 7);

	if (entry->subleaf == 0)
		entry->eax = has_1 ? 1 : 0;
	if (entry->subleaf == 0 && !has_keys(guest))
		entry->ecx &= ~(uint32_t)C7_PKU;
	return entry->subleaf == 0 || has_1;
}

/* ECX is the size of an area with all components that are offered; EBX is patched by the kernel. */
bool cpuid_fix_d(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	/*
	 * SDM 1 13.4.1 "Legacy Region of an XSAVE Area" and 13.4.2 "XSAVE Header": 512 + 64 bytes.
	 */
	uint32_t size = 576;

	if (!has_xsave(guest))
		return false;
	entry->eax &= xcr0_offered(guest);
	for (uint32_t i = 2; i < 32; i++) {
		struct cpuid_regs component = guest->host(0xd, i);

		if (entry->eax & BIT(i))
			size = MAX(size, component.ebx + component.eax);
	}
	entry->ebx = 576;
	entry->ecx = size;
	return true;
}

bool cpuid_fix_d_components(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	if (!has_xsave(guest))
		return false;
	return entry->subleaf < 2 || (xcr0_offered(guest) & BIT(entry->subleaf));
}

enum { CRYSTAL_KHZ = CPUID_APIC_HZ / 1000, NUMERATOR_MAX = UINT32_MAX / CRYSTAL_KHZ };

struct ratio {
	uint64_t n, d;
};

/* How far khz is from the ratio's share of the crystal, times the denominator. */
static uint64_t off_by(struct ratio r, uint64_t khz)
{
	uint64_t told = r.n * CRYSTAL_KHZ, real = khz * r.d;

	return told > real ? told - real : real - told;
}

/*
 * The fraction nearest to khz / CRYSTAL_KHZ whose numerator is at most NUMERATOR_MAX, since Linux
 * multiplies it with the crystal's kHz in 32 bits: the last convergent of the continued fraction, or
 * what is between that and the next one.
 */
static struct ratio nearest(uint64_t khz)
{
	uint64_t a = khz, b = CRYSTAL_KHZ;
	struct ratio before = {0, 1}, at = {1, 0};

	while (b) {
		uint64_t times = a / b, rest = a % b;
		uint64_t most = at.n ? (NUMERATOR_MAX - before.n) / at.n : times;
		struct ratio next = {MIN(times, most) * at.n + before.n,
				     MIN(times, most) * at.d + before.d};

		/* Both by the same denominator. */
		if (times > most && off_by(next, khz) * at.d >= off_by(at, khz) * next.d)
			break;
		before = at;
		at = next;
		a = b;
		b = times > most ? 0 : rest;
	}
	return at;
}

/*
 * SDM 3B 19.7.3 "Determining the Processor Base Frequency": TSC rate = ECX * EBX / EAX. Of a rate that no
 * such fraction comes near (one of 170, by up to 1.2 in 10,000) nothing is told: a guest measures better.
 */
bool cpuid_fix_15(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	const uint64_t good = 100 * 1000; /* one part of these */
	struct ratio r = nearest(guest->tsc_khz);

	entry->ebx = (uint32_t)r.n;
	entry->eax = (uint32_t)r.d;
	entry->ecx = CPUID_APIC_HZ;
	return r.d && off_by(r, guest->tsc_khz) <= guest->tsc_khz * r.d / good;
}

/* Rates in kHz of TSC and APIC timer, where several hypervisors' guests look for them. */
bool cpuid_fix_timing(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	entry->eax = (uint32_t)guest->tsc_khz;
	entry->ebx = CPUID_APIC_HZ / 1000;
	return true;
}

bool cpuid_fix_ext0(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	bool amd = cpuid_vendor(guest) == VENDOR_AMD;

	entry->eax = amd ? CPUID_EXTENDED_AMD : CPUID_EXTENDED_INTEL;
	return true;
}

bool cpuid_fix_ext1(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	const uint32_t repeated = 0x0183f3ff; /* leaf 1's bits that AMD repeats here */
	uint32_t basic = guest->host(1, 0).edx | D1_APIC | D1_MTRR;

	if (cpuid_vendor(guest) != VENDOR_AMD)
		return true;
	entry->ecx |= CE1_TOPOEXT | (guest->vcpu_count > 1 ? CE1_CMP_LEGACY : 0);
	entry->edx |= basic & repeated;
	return true;
}

bool cpuid_fix_ext8(const struct cpuid_guest *guest, struct cpuid_entry *entry)
{
	const bool la57 = cpuid_host_has(guest, 7) && (guest->host(7, 0).ecx & C7_LA57);
	const uint32_t linear_bits = la57 ? 57 : 48;

	entry->eax = guest->phys_bits | linear_bits << 8;
	if (cpuid_vendor(guest) == VENDOR_AMD)
		entry->ecx = (guest->vcpu_count - 1) | cpuid_id_bits(guest->vcpu_count) << 12;
	return true;
}
