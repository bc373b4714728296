/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page faults: the error code of each right that is missing, at each CPL; SMEP, SMAP, WP and NXE;
 * instructions on two pages; and RF in what a fault pushes. SDM 3A 4.6, 4.7, APM2 8.4.2.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/format.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/transcript/insn.h"
#include "tests/guests/transcript/stage.h"
#include "tests/guests/transcript/subject.h"

#define RESERVED_BIT BIT(51)
#define NX	     PAGE_NX

static const struct rights {
	const char *name;
	uint64_t flags;
} rights[] = {
	{"none", 0},
	{"P", PAGE_P},
	{"PW", PAGE_P | PAGE_W},
	{"PU", PAGE_P | PAGE_U},
	{"PWU", PAGE_P | PAGE_W | PAGE_U},
	{"PWU NX", PAGE_P | PAGE_W | PAGE_U | NX},
	{"PWU reserved", PAGE_P | PAGE_W | PAGE_U | RESERVED_BIT},
};

enum { RET = 0xc3 };
enum { SOME_RIGHTS = 1, SOME_COUNT = 5 }; /* from P to PWU NX */

extern const struct insn_case cases_fault_page[], cases_fault_device[], cases_fault_edge[],
	cases_fault_rf[], cases_fault_smep[], cases_fault_smap[], cases_fault_wp[],
	cases_fault_nxe[];

static const struct {
	const char *name;
	uint64_t cr0, cr4, efer; /* what is the other way round than usual */
	const struct insn_case *cases;
} modes[] = {
	{"WP=0", CR0_WP, 0, 0, cases_fault_wp},
	{"SMEP", 0, CR4_SMEP, 0, cases_fault_smep},
	{"SMAP", 0, CR4_SMAP, 0, cases_fault_smap},
	{"NXE=0", 0, 0, EFER_NXE, cases_fault_nxe},
};

static char prefix[32];

/* R8: the page, which begins with a RET. */
static void prepare(struct shot *shot)
{
	shot->prefix = prefix;
	shot->gpr[R8] = STAGE_PAGE;
	shot->gpr[R9] = STAGE_HOLE;
	shot->gpr[RAX] = RET;
	shot->hide = BIT(RAX);
}

static bool has_mode(uint64_t cr4)
{
	uint32_t seven = cpuid(7, 0).ebx;

	return (!(cr4 & CR4_SMEP) || seven & BIT(7)) && (!(cr4 & CR4_SMAP) || seven & BIT(20));
}

static void pages(uint64_t va, const struct rights *with, unsigned count,
		  const struct insn_case *cases, const char *mode)
{
	uint64_t old = *stage_entry(va), address = old & BITS(51, 12);

	for (unsigned i = 0; i < count; i++) {
		format(prefix, sizeof(prefix), "%s %s", mode, with[i].name);
		stage_map(va, address, with[i].flags);
		cases_fire(cases, prepare);
	}
	stage_map(va, 0, old);
}

static void all_modes(void)
{
	uint64_t cr0 = cr0_read(), cr4 = cr4_read(), efer = msr_read(MSR_EFER);

	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		if (!has_mode(modes[i].cr4)) {
			print("%s %s -> absent\n", subject_name, modes[i].name);
			continue;
		}
		cr0_write(cr0 ^ modes[i].cr0);
		cr4_write(cr4 ^ modes[i].cr4);
		msr_write(MSR_EFER, efer ^ modes[i].efer);
		pages(STAGE_PAGE, rights + SOME_RIGHTS, SOME_COUNT, modes[i].cases, modes[i].name);
		msr_write(MSR_EFER, efer);
		cr4_write(cr4);
		cr0_write(cr0);
	}
}

static void prepare_edge(struct shot *shot)
{
	shot->prefix = "across the edge";
	shot->entry = STAGE_CODE + PAGE_SIZE - 1;
}

static void prepare_rf(struct shot *shot)
{
	shot->prefix = "RF";
	shot->flags |= RFLAGS_RF;
	shot->hide = BIT(RAX) | BIT(RCX) | BIT(RDX) | BIT(RBX);
	shot->hide_cell = true;
	shot->goes_on = true;
	shot->gpr[R9] = STAGE_HOLE;
}

void subject_fault(void)
{
	*(uint8_t *)stage_memory(STAGE_PAGE) = RET;
	pages(STAGE_PAGE, rights, ARRAY_SIZE(rights), cases_fault_page, "page");
	all_modes();
	pages(STAGE_HOLE, rights, ARRAY_SIZE(rights), cases_fault_device, "device");
	cases_fire(cases_fault_edge, prepare_edge);
	cases_fire(cases_fault_rf, prepare_rf);
}
