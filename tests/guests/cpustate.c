/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS J02: what a vCPU finds in its registers when it starts, by the PVH entry and by INIT and SIPI,
 * is what the manuals say and nothing of anybody else: SDM 3A table 9-1 "IA-32 and Intel 64 Processor
 * States Following Power-up, Reset, or INIT".
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/fpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"

enum { FCW_POWER_UP = 0x40, FCW_FNINIT = 0x37f, MXCSR_RESET = 0x1f80, EFLAGS_FIXED = 2 };
enum { START_INFO_GPR = 3 };

#define APIC_BASE_RESET 0xfee00800u
#define PAT_RESET	0x0007040600070406ULL

/* What a CPU finds before it uses any of it; taken on that CPU. */
struct found {
	struct fpu_area area;
	uint64_t dr[4], dr6, dr7, cr2, xcr0, features;
	uint32_t pkru;
	bool has_pkru;
};

static struct found boot_cpu, other_cpu;

static void look(void *to)
{
	struct found *found = to;

	found->dr[0] = dr0_read();
	found->dr[1] = dr1_read();
	found->dr[2] = dr2_read();
	found->dr[3] = dr3_read();
	found->dr6 = dr6_read();
	found->dr7 = dr7_read();
	found->cr2 = cr2_read();
	if (fpu_has_xsave()) {
		cr4_write(cr4_read() | CR4_OSXSAVE);
		found->xcr0 = xcr0_read();
	}
	found->features = fpu_enable();
	found->has_pkru = found->features & XCR0_PKRU_BIT;
	if (found->has_pkru)
		found->pkru = fpu_pkru_read();
	fpu_save(&found->area);
}

static void test_gprs(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(start_state.gpr); i++)
		if (i != START_INFO_GPR)
			test_check(start_state.gpr[i] == 0, "register %u is %x", i,
				   start_state.gpr[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(start_state.high); i++)
		test_check(start_state.high[i] == 0, "r%u is %lx", 8 + i, start_state.high[i]);
}

/* Xen's docs/misc/pvh.pandoc: the state at a PVH entry. */
static void test_entry(void)
{
	const struct start_state *s = &start_state;
	uint32_t allowed = CR0_PE | CR0_ET;

	test_check((s->cr0 & ~(uint32_t)CR0_ET) == CR0_PE, "cr0 %x, allowed %x", s->cr0, allowed);
	test_check(s->cr4 == 0, "cr4 %x", s->cr4);
	test_check(s->eflags == EFLAGS_FIXED, "eflags %x", s->eflags);
	test_check(s->efer == 0, "efer %lx", s->efer);
	test_check(s->cr3 == 0, "cr3 %x", s->cr3);
	test_check(s->ldtr == 0, "ldtr %x", s->ldtr);
	for (unsigned i = 2; i < ARRAY_SIZE(s->selector); i++)
		test_check(s->selector[i] == s->selector[0], "selector %u is %x, es %x", i,
			   s->selector[i], s->selector[0]);
}

static void check_zero(const char *what, const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		test_check(words[i] == 0, "%s word %lu is %lx", what, i, words[i]);
}

static void check_found(const struct found *found)
{
	const struct fpu_area *area = &found->area;
	uint16_t control = area->control;

	check_zero("dr", found->dr, ARRAY_SIZE(found->dr));
	test_check(found->dr6 == DR6_RESET, "dr6 %lx", found->dr6);
	test_check(found->dr7 == DR7_RESET, "dr7 %lx", found->dr7);
	test_check(found->cr2 == 0, "cr2 %lx", found->cr2);
	test_check(!fpu_has_xsave() || found->xcr0 == XCR0_X87, "xcr0 %lx", found->xcr0);
	test_check(!found->has_pkru || found->pkru == 0, "pkru %x", found->pkru);
	test_check(control == FCW_POWER_UP || control == FCW_FNINIT, "fcw %x", control);
	test_check(area->status == 0, "fsw %x", area->status);
	test_check(area->opcode == 0 && area->ip == 0 && area->dp == 0, "fop %x fip %lx fdp %lx",
		   area->opcode, area->ip, area->dp);
	test_check(area->mxcsr == MXCSR_RESET, "mxcsr %x", area->mxcsr);
	check_zero("st", area->st, ARRAY_SIZE(area->st));
	check_zero("xmm", area->xmm, ARRAY_SIZE(area->xmm));
	for (size_t i = 0; i < sizeof(area->extended); i++)
		test_check(area->extended[i] == 0, "extended byte %lu is %x", i, area->extended[i]);
}

static void test_boot_cpu(void)
{
	check_found(&boot_cpu);
}

static void test_other_cpu(void)
{
	if (words_number("cpus", 1) < 2) {
		test_skip("one CPU");
		return;
	}
	if (!test_check(cpu_start(1), "CPU 1 does not start"))
		return;
	cpu_run(1, look, &other_cpu);
	if (test_check(cpu_wait(1, 1000), "CPU 1 does not answer"))
		check_found(&other_cpu);
}

static const struct {
	uint32_t index;
	uint64_t value;
} msrs[] = {
	{MSR_SYSENTER_CS, 0}, {MSR_SYSENTER_ESP, 0}, {MSR_SYSENTER_EIP, 0}, {MSR_STAR, 0},
	{MSR_LSTAR, 0},	      {MSR_CSTAR, 0},	     {MSR_SFMASK, 0},	    {MSR_KERNEL_GS_BASE, 0},
	{MSR_FS_BASE, 0},     {MSR_GS_BASE, 0},	     {MSR_PAT, PAT_RESET},
};

static void test_msrs(void)
{
	uint64_t base = msr_read(MSR_APIC);

	for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++) {
		uint64_t value = msr_read(msrs[i].index);

		test_check(value == msrs[i].value, "msr %x is %lx", msrs[i].index, value);
	}
	test_check((base & ~BIT(8)) == APIC_BASE_RESET, "APIC_BASE %lx", base);
}

/* Taken before anything of it was touched. */
static struct {
	uint32_t svr, lint0, lint1, timer;
} boot_apic;

/* As firmware leaves it: MultiProcessor Specification 3.6.2.2 "Virtual Wire Mode". */
static void test_virtual_wire(void)
{
	test_check(boot_apic.svr == 0x1ff, "SVR %x", boot_apic.svr);
	test_check(boot_apic.lint0 == 0x700, "LINT0 %x", boot_apic.lint0);
	test_check(boot_apic.lint1 == 0x400, "LINT1 %x", boot_apic.lint1);
	test_check(boot_apic.timer == LVT_MASKED, "timer %x", boot_apic.timer);
}

static const struct test_case cases[] = {
	{"J02-gpr", test_gprs},
	{"J02-entry", test_entry},
	{"J02-msr", test_msrs},
	{"J02-boot-cpu", test_boot_cpu},
	{"J02-other-cpu", test_other_cpu},
	{"J02-virtual-wire", test_virtual_wire},
};

void guest_main(void)
{
	boot_apic.svr = apic_read(APIC_SVR);
	boot_apic.lint0 = apic_read(APIC_LVT_LINT0);
	boot_apic.lint1 = apic_read(APIC_LVT_LINT1);
	boot_apic.timer = apic_read(APIC_LVT_TIMER);
	look(&boot_cpu);
	test_run_all(cases, ARRAY_SIZE(cases));
}
