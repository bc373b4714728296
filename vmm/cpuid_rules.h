/* SPDX-License-Identifier: BSD-2-Clause */
/* The form of the CPUID policy's table, between the table, the fix-ups and the builder. */
#pragma once

#include "vmm/cpuid.h"

enum cpuid_vendor {
	VENDOR_INTEL = 1 << 0,
	VENDOR_AMD = 1 << 1,
	VENDOR_ANY = VENDOR_INTEL | VENDOR_AMD
};

/* Changes what the masks left. False: there is no such entry; it is left out and reads as zeros. */
typedef bool (*cpuid_fix_t)(const struct cpuid_guest *guest, struct cpuid_entry *entry);

/*
 * One leaf: what passes through from the hardware, then what is set in addition, then the fix-up. A
 * rule with subleaves stands for the subleaves 0 to last.
 */
struct cpuid_rule {
	uint32_t leaf;
	uint8_t vendors;     /* enum cpuid_vendor: of the hardware it is for */
	bool subleaves;	     /* the answer depends on ECX */
	uint8_t first, last; /* subleaves that the rule is for */
	struct cpuid_regs pass, set;
	cpuid_fix_t fix;
};

extern const struct cpuid_rule cpuid_rules[];
extern const unsigned cpuid_rule_count;

/* The highest basic and extended leaves of our tables. */
enum { CPUID_BASIC_INTEL = 0x16, CPUID_BASIC_AMD = 0xd };

#define CPUID_EXTENDED_INTEL 0x80000008u
#define CPUID_EXTENDED_AMD   0x80000021u

/* By the first four letters of the vendor's name, as leaf 0 gives them in EBX. */
enum cpuid_vendor cpuid_vendor_named(uint32_t leaf0_ebx);
enum cpuid_vendor cpuid_vendor(const struct cpuid_guest *guest);

/* True if the hardware has the leaf. */
bool cpuid_host_has(const struct cpuid_guest *guest, uint32_t leaf);

/* XSAVE components that may be offered: SDM 1 13.1 "XSAVE-Supported Features". */
enum {
	XCR0_OFFERED = 0x2e7, /* x87, SSE, AVX, the three of AVX-512, PKRU */
	XCR0_PKRU = 1 << 9,
};

/* The fix-ups, by leaf. */
bool cpuid_fix_0(const struct cpuid_guest *guest, struct cpuid_entry *entry);
bool cpuid_fix_1(const struct cpuid_guest *guest, struct cpuid_entry *entry);
bool cpuid_fix_4(const struct cpuid_guest *guest, struct cpuid_entry *entry);
bool cpuid_fix_7(const struct cpuid_guest *guest, struct cpuid_entry *entry);
bool cpuid_fix_b(const struct cpuid_guest *guest, struct cpuid_entry *entry);
bool cpuid_fix_d(const struct cpuid_guest *guest, struct cpuid_entry *entry);
bool cpuid_fix_d_components(const struct cpuid_guest *guest, struct cpuid_entry *entry);
bool cpuid_fix_15(const struct cpuid_guest *guest, struct cpuid_entry *entry);
bool cpuid_fix_timing(const struct cpuid_guest *guest, struct cpuid_entry *entry);
bool cpuid_fix_ext0(const struct cpuid_guest *guest, struct cpuid_entry *entry);
bool cpuid_fix_ext1(const struct cpuid_guest *guest, struct cpuid_entry *entry);
bool cpuid_fix_ext8(const struct cpuid_guest *guest, struct cpuid_entry *entry);
bool cpuid_fix_ext1d(const struct cpuid_guest *guest, struct cpuid_entry *entry);
bool cpuid_fix_ext1e(const struct cpuid_guest *guest, struct cpuid_entry *entry);
