/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual-8086 mode: what follows IOPL, CR4.VME, the bitmaps of the TSS and the pages, and what a
 * handler finds in its frame: SDM 3B 21.2 "Virtual-8086 Mode", 21.3 "Interrupt and Exception
 * Handling in Virtual-8086 Mode".
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/transcript/mode.h"
#include "tests/guests/transcript/subject.h"

enum { WRITE = 1, LEN_4 = 3, EDGE = 0xffff, CPUID_VME = 1 << 1, CPUID_UMIP = 1 << 2 };

extern const struct insn_case cases_v86_iopl[], cases_v86_system[], cases_v86_tsd[],
	cases_v86_umip[], cases_v86_port[], cases_v86_no_port[], cases_v86_segment[],
	cases_v86_edge[], cases_v86_frame[], cases_v86_interrupt[], cases_v86_waiting[],
	cases_v86_step[], cases_v86_watched[], cases_v86_breakpoint[], cases_v86_page[],
	cases_v86_nmi[], cases_v86_device[];

/* What differs from line to line beside the instructions. */
static const struct kind {
	const char *name;
	uint32_t eflags, cr4;
} iopls[] =
	{
		{"IOPL 3", RFLAGS_IOPL, 0},
		{"IOPL 0", 0, 0},
		{"IOPL 2, IF", BIT(13) | RFLAGS_IF, 0},
		{"VME, IOPL 3", RFLAGS_IOPL, CR4_VME},
		{"VME, IOPL 0", 0, CR4_VME},
		{"VME, IOPL 0, VIF", RFLAGS_VIF, CR4_VME},
		{"VME, IOPL 0, VIP", RFLAGS_VIP, CR4_VME},
		{"VME, IOPL 2, IF", BIT(13) | RFLAGS_IF, CR4_VME},
},
  *kind;

static const struct kind iopl_3 = {"IOPL 3", RFLAGS_IOPL, 0}, iopl_0 = {"IOPL 0", 0, 0},
			 tsd = {"TSD", 0, CR4_TSD}, umip = {"UMIP", 0, CR4_UMIP};

static bool not_here, has_vme;

static void prepare(struct mode_shot *shot)
{
	shot->prefix = kind->name;
	shot->eflags |= kind->eflags;
	shot->cr4 = kind->cr4;
	shot->gpr[RDX] = 0xdddd0000 | PORT_NOBODY;
	shot->not_tried = not_here || (kind->cr4 & CR4_VME && !has_vme);
}

static void prepare_no_port(struct mode_shot *shot)
{
	prepare(shot);
	shot->prefix = "no bitmap";
	shot->no_ports = true;
}

static void prepare_edge(struct mode_shot *shot)
{
	prepare(shot);
	shot->entry = EDGE;
	shot->cell = 0xcccccccccccccccc; /* INT3s beyond, for those who go on there */
}

/* Each is another one. */
static void set_segments(struct mode_shot *shot)
{
	shot->segment[MODE_ES] = MODE_DATA_SEGMENT + 1;
	shot->segment[MODE_DS] = MODE_DATA_SEGMENT + 2;
	shot->segment[MODE_FS] = MODE_DATA_SEGMENT + 3;
	shot->segment[MODE_GS] = MODE_DATA_SEGMENT + 4;
}

static void prepare_frame(struct mode_shot *shot)
{
	prepare(shot);
	shot->prefix = "frame";
	set_segments(shot);
	shot->flags |= RFLAGS_RF;
	shot->hide = BIT(RAX) | BIT(RCX) | BIT(RDX) | BIT(RBX);
	shot->hide_cell = true;
}

static void prepare_waiting(struct mode_shot *shot)
{
	prepare(shot);
	shot->prefix = "interrupt";
	shot->hide = BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX);
	apic_send(0, ICR_SELF | ICR_ASSERT | MODE_VECTOR);
}

static void prepare_interrupt(struct mode_shot *shot)
{
	prepare(shot);
	shot->prefix = kind == &iopl_0 ? "interrupt, IF, IOPL 0" : "interrupt, IF, IOPL 3";
	shot->eflags |= RFLAGS_IF;
	shot->hide = BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX);
	set_segments(shot);
	apic_send(0, ICR_SELF | ICR_ASSERT | MODE_VECTOR);
}

static void prepare_step(struct mode_shot *shot)
{
	prepare(shot);
	shot->hide = BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX);
	shot->goes_on = true;
}

static void prepare_step_0(struct mode_shot *shot)
{
	prepare_step(shot);
	shot->eflags &= ~(uint32_t)RFLAGS_IOPL;
}

static void prepare_watched(struct mode_shot *shot)
{
	prepare_step(shot);
	shot->prefix = "watched";
	shot->hide_cell = true;
	shot->dr0 = MODE_DATA_SEGMENT << 4;
	shot->dr7 |= 1 | WRITE << 16 | LEN_4 << 18;
}

/* QEMU dies of one on an instruction where the base of CS is not 0. */
static void prepare_breakpoint(struct mode_shot *shot)
{
	prepare_step(shot);
	shot->prefix = "breakpoint";
	shot->not_tried |= test_bed("qemu") || test_bed("bare-qemu");
	shot->dr0 = (MODE_CODE_SEGMENT << 4) + 2;
	shot->dr7 |= 1;
}

static void prepare_page(struct mode_shot *shot)
{
	prepare(shot);
	shot->prefix = "page";
	shot->paging = true;
	shot->segment[MODE_GS] = MODE_PAGES_SEGMENT;
}

static void prepare_device(struct mode_shot *shot)
{
	prepare_page(shot);
	shot->prefix = "device";
	shot->device = (volatile uint32_t *)(APIC_PAGE + APIC_INITIAL);
	shot->cell = 0x80000001;
}

static void prepare_nmi(struct mode_shot *shot)
{
	prepare_page(shot);
	shot->prefix = "NMI";
	shot->gpr[RAX] = ICR_NMI | ICR_ASSERT;
	shot->hide = BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX);
}

static void with(const struct kind *which, const struct insn_case *cases,
		 void (*prepared)(struct mode_shot *shot))
{
	kind = which;
	mode_cases_fire(cases, true, prepared);
}

static void fire_all(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(iopls); i++)
		with(&iopls[i], cases_v86_iopl, prepare);
	with(&iopl_3, cases_v86_system, prepare);
	with(&iopl_0, cases_v86_system, prepare);
	with(&tsd, cases_v86_tsd, prepare);
	if (cpuid(7, 0).ecx & CPUID_UMIP)
		with(&umip, cases_v86_umip, prepare);
	else
		print("%s UMIP -> %s\n", subject_name, not_here ? "not tried" : "absent");
	with(&iopl_3, cases_v86_port, prepare);
	with(&iopl_0, cases_v86_port, prepare);
	with(&iopl_3, cases_v86_no_port, prepare_no_port);
	with(&iopl_0, cases_v86_segment, prepare);
	with(&iopl_0, cases_v86_edge, prepare_edge);
	with(&iopl_3, cases_v86_frame, prepare_frame);
	with(&iopl_3, cases_v86_interrupt, prepare_interrupt);
	with(&iopl_0, cases_v86_interrupt, prepare_interrupt);
	with(&iopl_3, cases_v86_waiting, prepare_waiting);
	mode_drain();
	with(&iopl_3, cases_v86_step, prepare_step);
	with(&iopl_0, cases_v86_step, prepare_step_0);
	with(&iopl_3, cases_v86_watched, prepare_watched);
	with(&iopl_3, cases_v86_breakpoint, prepare_breakpoint);
	with(&iopl_0, cases_v86_page, prepare_page);
	with(&iopl_0, cases_v86_device, prepare_device);
	apic_write(APIC_INITIAL, 0);
	apic_write(APIC_ICR_HIGH, 0);
	with(&iopl_0, cases_v86_nmi, prepare_nmi);
}

/* Under SVM Bochs panics at an exit from virtual-8086 mode. */
void subject_v86(void)
{
	mode_world_init();
	has_vme = cpuid(1, 0).edx & CPUID_VME;
	not_here = test_bed("ryzen");
	fire_all();
}
