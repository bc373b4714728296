/* SPDX-License-Identifier: BSD-2-Clause */
/* Each instruction that needs a privilege or a feature, as it stands, at CPL 0 and at CPL 3. */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/transcript/insn.h"
#include "tests/guests/transcript/stage.h"
#include "tests/guests/transcript/subject.h"

enum { PORT_NOBODY = 0xd00, TABLES = 0x800 };
#define NOT_CANONICAL 0x0000800000000000UL

extern const struct insn_case cases_plain_system[], cases_plain_control[], cases_plain_absent[],
	cases_plain_mwait[], cases_plain_invalid[], cases_plain_port[];

static void prepare(struct shot *shot)
{
	shot->gpr[RAX] = 0;
	shot->gpr[RCX] = MSR_KERNEL_GS_BASE;
	shot->gpr[RDX] = 0;
	shot->gpr[R8] = NOT_CANONICAL;
	shot->cell = 0;
}

static void prepare_port(struct shot *shot)
{
	prepare(shot);
	shot->gpr[RDX] = PORT_NOBODY;
	shot->cell = 0x1122334455667788;
}

void subject_plain(void)
{
	struct descriptor_pointer *tables = stage_memory(STAGE_DATA + TABLES);

	asm volatile("sgdt %0" : "=m"(*tables));
	asm volatile("sidt 16%0" : "=m"(*tables));
	cases_fire(cases_plain_system, prepare);
	cases_fire(cases_plain_control, prepare);
	cases_fire(cases_plain_absent, prepare);
	if (on_freehold())
		cases_fire(cases_plain_mwait, prepare);
	cases_fire(cases_plain_invalid, prepare);
	cases_fire(cases_plain_port, prepare_port);
}
