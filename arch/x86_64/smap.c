/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts CLAC and STAC in their places where SMAP exists. */
#include "arch/x86_64/smap.h"

#include "arch/x86_64/cpu_features.h"
#include "lib/string.h"

/* Addresses: SMAP_SITE. */
extern const uint64_t trap_clac, call_gate_clac;
extern const uint64_t safe_copy_stac, safe_copy_clac, safe_copy_fault_clac;

static const uint8_t insn_clac[] = {0x0f, 0x01, 0xca};
static const uint8_t insn_stac[] = {0x0f, 0x01, 0xcb};

static const struct {
	const uint64_t *site;
	const uint8_t *insn;
} sites[] = {
	{&trap_clac, insn_clac},
	{&call_gate_clac, insn_clac},
	{&safe_copy_stac, insn_stac},
	{&safe_copy_clac, insn_clac},
	{&safe_copy_fault_clac, insn_clac},
};

void smap_patch(void)
{
	if (!cpu_features.smap)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(sites); i++)
		memcpy((void *)*sites[i].site, sites[i].insn, sizeof(insn_clac));
}
