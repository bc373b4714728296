/* SPDX-License-Identifier: BSD-2-Clause */
/* See insn.h. */
#include "tests/guests/transcript/insn.h"

#include "arch/x86_64/regs.h"
#include "tests/guests/lib/report.h"

uint32_t insn_undefined_flags(uint32_t modes)
{
	return (modes & NO_AF ? RFLAGS_AF : 0) | (modes & NO_OF ? RFLAGS_OF : 0) |
	       (modes & NO_CF ? RFLAGS_CF : 0) | (modes & NO_ZF ? RFLAGS_ZF : 0) |
	       (modes & NO_SZAP ? RFLAGS_SF | RFLAGS_ZF | RFLAGS_AF | RFLAGS_PF : 0);
}

static void fire(const struct insn_case *insn, unsigned cpl, void (*prepare)(struct shot *shot))
{
	struct shot shot;

	if (insn->modes & NOT_TCG && test_bed("bare-qemu"))
		return;
	shot_begin(&shot, cpl);
	shot.code = insn->code;
	shot.size = insn->size;
	shot.compatibility = insn->modes & IN32;
	shot.flags &= ~(uint64_t)insn_undefined_flags(insn->modes);
	if (insn->modes & HIDE) {
		shot.hide = UINT16_MAX;
		shot.hide_cell = true;
	}
	if (insn->modes & STEPPED) {
		shot.rflags |= RFLAGS_TF;
		shot.goes_on = true;
	}
	if (prepare)
		prepare(&shot);
	shot_fire(&shot, "%s%s%s", insn->name, insn->modes & IN32 ? " (32)" : "",
		  insn->modes & STEPPED ? " (TF)" : "");
}

void cases_fire(const struct insn_case *cases, void (*prepare)(struct shot *shot))
{
	for (; cases->name; cases++) {
		if (cases->modes & AT0)
			fire(cases, 0, prepare);
		if (cases->modes & AT3)
			fire(cases, 3, prepare);
	}
}
