/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the guest was promised by CPUID, for those that have to keep to it. Set once at the start.
 */
#pragma once

#include "abi/calls.h"
#include "vmm/cr.h"
#include "vmm/insn_fetch.h"

struct guest_features {
	struct guest_cpu cpu; /* for walks and the emulator */
	struct cr_rules cr;
	uint32_t signature; /* CPUID.1:EAX */
	bool is_amd;
	uint32_t pkru_offset; /* in an XSAVE area; 0: no such component */
};

extern struct guest_features guest_features;

/* From the table that CALL_CPUID_SET was given. Before any guest runs. */
void guest_features_init(const struct cpuid_entry *entries, unsigned count);
