/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control transfers: SYSCALL and SYSENTER and back, IRET, branches and stacks that are not canonical, and
 * 32-bit code. What is beyond each target are INT3s, so that #BP tells where it led.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/transcript/insn.h"
#include "tests/guests/transcript/subject.h"

enum { ENTRY = 0x900, ENTRY32 = 0xa00, SYSENTER_ENTRY = 0xb00 };
#define NOT_CANONICAL 0x0000800000000000UL

extern const struct insn_case cases_transfer_syscall[], cases_transfer_sysret[],
	cases_transfer_sysenter[], cases_transfer_iret[], cases_transfer_far[],
	cases_transfer_code32[];

static const char *mode;

static void prepare(struct shot *shot)
{
	shot->prefix = mode;
	shot->gpr[R8] = NOT_CANONICAL;
	shot->gpr[R9] = STAGE_STACK - 0x200;
}

static void set_syscall(bool on)
{
	msr_write(MSR_STAR, (uint64_t)(SELECTOR_UDATA - 8) << 48 | (uint64_t)SELECTOR_CODE << 32);
	msr_write(MSR_LSTAR, STAGE_CODE + ENTRY);
	msr_write(MSR_CSTAR, STAGE_CODE + ENTRY32);
	msr_write(MSR_SFMASK, RFLAGS_IF | RFLAGS_TF | RFLAGS_CF);
	msr_write(MSR_EFER, (msr_read(MSR_EFER) & ~(uint64_t)EFER_SCE) | (on ? EFER_SCE : 0));
	msr_write(MSR_SYSENTER_CS, on ? SELECTOR_CODE : 0);
	msr_write(MSR_SYSENTER_ESP, STAGE_STACK - 0x300);
	msr_write(MSR_SYSENTER_EIP, STAGE_CODE + SYSENTER_ENTRY);
	mode = on ? "on" : "off";
}

void subject_transfer(void)
{
	for (unsigned on = 0; on < 2; on++) {
		set_syscall(on);
		cases_fire(cases_transfer_syscall, prepare);
		cases_fire(cases_transfer_sysret, prepare);
		cases_fire(cases_transfer_sysenter, prepare);
	}
	mode = NULL;
	cases_fire(cases_transfer_iret, prepare);
	cases_fire(cases_transfer_far, prepare);
	cases_fire(cases_transfer_code32, prepare);
	set_syscall(false);
}
