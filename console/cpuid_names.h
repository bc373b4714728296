/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of CPUID's feature bits, as the manuals and the usual tools write them. */
#pragma once

#include "lib/types.h"

enum cpuid_register { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX, CPUID_REGISTERS };

/* A register of which each bit is a feature. names: of bits 0 up, parted by blanks; "-" for none. */
struct cpuid_features {
	uint32_t leaf, subleaf;
	enum cpuid_register reg;
	const char *names;
	uint32_t live; /* bits that follow a vCPU's state: OSXSAVE, OSPKE */
};

/* NULL: the register is no set of features. */
const struct cpuid_features *cpuid_features_of(uint32_t leaf, uint32_t subleaf,
					       enum cpuid_register reg);

/* The name of bit, or "bit N" where the table has none. */
enum { CPUID_NAME = 24 };
void cpuid_feature_name(const struct cpuid_features *features, unsigned bit, char to[CPUID_NAME]);
