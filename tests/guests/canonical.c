/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS C09: addresses that are not canonical, as targets of each kind of branch and as stack pointers.
 * It ends in the guest's own #GP or #SS, never in a state that the hardware refuses to enter.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

#define BAD 0x0000800000000000ULL

static void check_gp(const char *name, struct fault fault)
{
	test_check(fault.vector == VECTOR_GP && fault.error == 0, "%s: vector %d error %x rip %lx",
		   name, fault.vector, fault.error, fault.rip);
}

static void test_branches(void)
{
	struct code_run run = {.rax = BAD};

	check_gp("jmp", CODE_FAULT(&run, false, 0xff, 0xe0));
	check_gp("call", CODE_FAULT(&run, false, 0xff, 0xd0));
	check_gp("push; ret", CODE_FAULT(&run, false, 0x50, 0xc3));
	run.rax = BAD - 2;
	/* Straight ahead over the edge, from a page that is not there: #PF is first. */
	test_check(CODE_FAULT(&run, false, 0xff, 0xe0).vector == VECTOR_PF, "below the edge");
	run.rax = 0xffff7fffffffffffULL;
	check_gp("jmp to the upper half's other side", CODE_FAULT(&run, false, 0xff, 0xe0));
	run.rax = BAD;
	check_gp("jmp at CPL 3", CODE_FAULT(&run, true, 0xff, 0xe0));
}

static void iret_to(void *rip)
{
	asm volatile("movq %%rsp, %%rcx\n\t"
		     "pushq %1\n\tpushq %%rcx\n\tpushfq\n\tpushq %2\n\tpushq %0\n\tiretq"
		     :
		     : "r"(rip), "i"(SELECTOR_DATA), "i"(SELECTOR_CODE)
		     : "rcx", "memory");
}

/* With single-step on: the trap and the bad target meet. */
static void iret_stepping(void *rip)
{
	asm volatile(
		"movq %%rsp, %%rcx\n\t"
		"pushq %1\n\tpushq %%rcx\n\tpushfq\n\torq %3, (%%rsp)\n\tpushq %2\n\tpushq %0\n\tiretq"
		:
		: "r"(rip), "i"(SELECTOR_DATA), "i"(SELECTOR_CODE), "i"(0x100)
		: "rcx", "memory");
}

static void test_iret(void)
{
	struct fault fault;

	check_gp("iret", fault_of(iret_to, (void *)BAD));
	fault = fault_of(iret_stepping, (void *)BAD);
	test_check(fault.vector == VECTOR_GP || fault.vector == VECTOR_DB,
		   "iret with TF: vector %d", fault.vector);
}

/* Intel faults at SYSRET itself, AMD at the first instruction: APM3 "SYSRET", SDM 2B "SYSRET". */
static void sysret_to(void *rip)
{
	msr_write(MSR_STAR, (uint64_t)(SELECTOR_UDATA - 8) << 48 | (uint64_t)SELECTOR_CODE << 32);
	msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SCE);
	asm volatile("sysretq" : : "c"(rip), "r"((uint64_t)2) : "r11", "memory");
}

static void test_sysret(void)
{
	check_gp("sysret", fault_of(sysret_to, (void *)BAD));
}

static void push_at(void *rsp)
{
	asm volatile("movq %0, %%rsp\n\tpushq $0" : : "r"(rsp) : "memory");
}

static void exit_at(void *rsp)
{
	/* An exit while RSP is bad; then the push. */
	asm volatile("movq %0, %%rsp\n\tcpuid\n\tcpuid\n\tinb $0x80, %%al\n\tpushq $0"
		     :
		     : "r"(rsp)
		     : "rax", "rbx", "rcx", "rdx", "memory");
}

/* TCG raises #GP for every address that is not canonical. */
static void check_ss(const char *name, struct fault fault)
{
	int wanted = test_bed("qemu") ? VECTOR_GP : VECTOR_SS;

	test_check(fault.vector == wanted && fault.error == 0, "%s: vector %d error %x", name,
		   fault.vector, fault.error);
}

static void test_stack(void)
{
	trap_set_stack(VECTOR_SS, 1);
	trap_set_stack(VECTOR_GP, 1);
	check_ss("push", fault_of(push_at, (void *)(BAD + 16)));
	check_ss("exit, push", fault_of(exit_at, (void *)(BAD + 0x1000)));
	trap_set_stack(VECTOR_SS, 0);
	trap_set_stack(VECTOR_GP, 0);
}

static void read_at(void *address)
{
	(void)*(volatile uint64_t *)address;
}

static void test_data(void)
{
	check_gp("read", fault_of(read_at, (void *)BAD));
	check_gp("read across the edge", fault_of(read_at, (void *)(0xffff800000000000ULL - 4)));
}

/* Single-steps through exits: each instruction traps once, whoever executed it. */
static volatile unsigned steps;

static void on_step(struct trap_frame *frame)
{
	(void)frame;
	steps++;
}

static void test_stepping(void)
{
	trap_set(VECTOR_DB, on_step);
	steps = 0;
	asm volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
		     "cpuid\n\tinb $0x80, %%al\n\tnop\n\tcpuid\n\t"
		     "pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq"
		     :
		     : "a"(0), "c"(0)
		     : "rbx", "rdx", "memory");
	/* CPUID IN NOP CPUID PUSHF AND POPF; POPF with TF clear still traps. */
	test_check(steps == 7, "%u steps of 7", steps);
	trap_set(VECTOR_DB, NULL);
}

/*
 * A shadow holds the step's trap back by one instruction, which may be one that exits, or one that traps by
 * itself: INT1 there has ended whole guests, since entry wants the step that the exit took away.
 */
static void test_stepping_in_shadows(void)
{
	if (test_bed("qemu")) {
		test_skip("TCG's single step is wrong there");
		return;
	}
	trap_set(VECTOR_DB, on_step);
	steps = 0;
	asm volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
		     "movl %%ss, %%esi\n\tmovl %%esi, %%ss\n\tcpuid\n\t"
		     "movl %%esi, %%ss\n\t.byte 0xf1\n\tnop\n\t"
		     "pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq"
		     :
		     : "a"(0), "c"(0)
		     : "rbx", "rdx", "rsi", "memory");
	/* MOV from SS, CPUID, INT1, NOP, PUSHF, AND, POPF. */
	test_check(steps == 7, "%u steps of 7", steps);
	steps = 0;
	asm volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
		     "cli\n\tsti\n\tcpuid\n\tcli\n\t"
		     "pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq"
		     :
		     : "a"(0), "c"(0)
		     : "rbx", "rdx", "memory");
	/* STI holds back interrupts only. */
	test_check(steps == 7, "%u steps of 7 behind STI", steps);
	trap_set(VECTOR_DB, NULL);
}

static volatile uint64_t pushed;

static void on_gp(struct trap_frame *frame)
{
	pushed = frame->rflags;
	frame->rip += 2; /* RDMSR */
}

/* A fault that the hypervisor injects looks as the processor's own. */
static void test_resume_flag(void)
{
	trap_set(VECTOR_GP, on_gp);
	pushed = 0;
	asm volatile("rdmsr" : : "c"(0x12345678) : "rax", "rdx", "memory");
	test_check(pushed & RFLAGS_RF, "a fault pushes %lx", pushed);
	trap_set(VECTOR_GP, NULL);
}

static const struct test_case cases[] = {
	{"C09-branches", test_branches},
	{"C09-iret", test_iret},
	{"C09-sysret", test_sysret},
	{"C09-stack", test_stack},
	{"C09-data", test_data},
	{"C06-stepping", test_stepping},
	{"C06-shadows", test_stepping_in_shadows},
	{"C06-resume-flag", test_resume_flag},
};

void guest_main(void)
{
	apic_enable();
	test_run_all(cases, ARRAY_SIZE(cases));
}
