/* SPDX-License-Identifier: BSD-2-Clause */
/* What bits of CR0, CR4 and EFER allow and forbid to instructions that never exit, and to some that do. */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/transcript/insn.h"
#include "tests/guests/transcript/stage.h"
#include "tests/guests/transcript/subject.h"

enum { MXCSR = 0x7f8, MXCSR_RESET = 0x1f80 };
enum feature { ALWAYS, XSAVE, FSGSBASE, UMIP };

extern const struct insn_case cases_enable_tsd[], cases_enable_pce[], cases_enable_fpu[],
	cases_enable_fsgsbase[], cases_enable_umip[], cases_enable_ac[], cases_enable_errors[];

#define ON	(CR4_OSFXSR | CR4_OSXMMEXCPT)
#define CR0_FPU (CR0_MP | CR0_EM | CR0_TS)

static const struct {
	const char *name;
	enum feature feature;
	uint64_t cr0, cr4; /* of CR0's FPU bits and AM, of CR4: these */
	const struct insn_case *cases;
} modes[] = {
	{"TSD", ALWAYS, CR0_MP, ON | CR4_TSD, cases_enable_tsd},
	{"PCE", ALWAYS, CR0_MP, ON | CR4_PCE, cases_enable_pce},
	{"FPU on", ALWAYS, CR0_MP, ON, cases_enable_fpu},
	{"TS", ALWAYS, CR0_TS, ON, cases_enable_fpu},
	{"TS MP", ALWAYS, CR0_TS | CR0_MP, ON, cases_enable_fpu},
	{"EM", ALWAYS, CR0_EM, ON, cases_enable_fpu},
	{"no OSFXSR", ALWAYS, CR0_MP, 0, cases_enable_fpu},
	{"OSXSAVE", XSAVE, CR0_MP, ON | CR4_OSXSAVE, cases_enable_fpu},
	{"OSXSAVE TS", XSAVE, CR0_TS | CR0_MP, ON | CR4_OSXSAVE, cases_enable_fpu},
	{"FSGSBASE", FSGSBASE, CR0_MP, ON | CR4_FSGSBASE, cases_enable_fsgsbase},
	{"UMIP", UMIP, CR0_MP, ON | CR4_UMIP, cases_enable_umip},
	{"AM", ALWAYS, CR0_MP | CR0_AM, ON, cases_enable_ac},
	{"OSXMMEXCPT", ALWAYS, CR0_MP, ON, cases_enable_errors},
	{"no OSXMMEXCPT", ALWAYS, CR0_MP, CR4_OSFXSR, cases_enable_errors},
};

static bool has(enum feature feature)
{
	switch (feature) {
	case XSAVE:
		return cpuid(1, 0).ecx & BIT(26);
	case FSGSBASE:
		return cpuid(7, 0).ebx & BIT(0);
	case UMIP:
		return cpuid(7, 0).ecx & BIT(2);
	case ALWAYS:
		break;
	}
	return true;
}

static const char *mode_name;

static void prepare(struct shot *shot)
{
	uint32_t *mxcsr = stage_memory(STAGE_DATA + MXCSR);

	*mxcsr = MXCSR_RESET;
	shot->prefix = mode_name;
	if (cr0_read() & CR0_AM)
		shot->rflags |= RFLAGS_AC;
	if (cr4_read() & CR4_OSXSAVE)
		xcr0_write(XCR0_X87 | XCR0_SSE | XCR0_AVX);
}

void subject_enable(void)
{
	uint64_t cr0 = cr0_read(), cr4 = cr4_read();

	asm volatile("fninit"); /* after power-up the exceptions are not masked */
	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		mode_name = modes[i].name;
		if (!has(modes[i].feature)) {
			print("%s %s -> absent\n", subject_name, mode_name);
			continue;
		}
		cr4_write((cr4 & ~(uint64_t)ON) | modes[i].cr4);
		cr0_write((cr0 & ~(uint64_t)CR0_FPU) | modes[i].cr0);
		cases_fire(modes[i].cases, prepare);
		cr0_write(cr0);
		cr4_write(cr4);
	}
}
