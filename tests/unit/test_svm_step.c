/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instruction at a time, on a processor that forgets the interrupt shadow at VMRUN (QEMU's TCG):
 * nothing goes in before it but where it cannot be stepped, and nobody sees our TF.
 */
/* sources: arch/x86_64/svm/exit.c arch/x86_64/svm/enter.c arch/x86_64/svm/inject.c arch/x86_64/svm/state.c
 * arch/x86_64/svm/segment.c arch/x86_64/svm/step.c arch/x86_64/svm/asid.c */
#include "arch/x86_64/svm/vcpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/svm_vcpu.h"

enum { START = 0x1000, NEXT = 0x1002, HANDLER = 0x8000, VECTOR = 0x31, PENDING = 1 };

/* What stands at START. All are two bytes long. */
enum insn {
	NOP,
	HLT,
	CPUID,
	PORT,
	TOUCH, /* of memory that is not RAM */
	MOV_CR8,
	MOV_SS,
	STAY, /* jumps to itself */
	WATCHED,
	DIVIDES_BY_0,
	READS_NOTHING, /* #PF */
	UNDEFINED,
	SYSCALL,
	SYSRET,
	PUSHF,
	POPF,
	IRET,
	INT_N,
	INT_3,
	ICEBP,
	READS_DR6,
};

/* What happened, in order. */
enum outcome {
	RAN = 'r',
	HALTED = 'h',
	INTERRUPTED = 'i',
	NMI_CAME = 'n',
	FAULTED = 'f',
	DEBUGGED = 'd'
};

static struct vmcb kept; /* as the kernel may see it */

static struct {
	enum insn insn;
	uint64_t popped; /* by POPF, IRET, SYSRET */
	bool kick;	 /* a physical interrupt waits */
	bool vector, nmi;
	bool back; /* IRET is to where it stands */
	unsigned log_length, entries, steps;
	char log[16];
	uint64_t pushed, r11, dr6; /* what the guest could see TF in */
	uint64_t handler_dr6;
} world;

static void happened(enum outcome outcome)
{
	assert_in_range(world.log_length, 0, sizeof(world.log) - 2);
	world.log[world.log_length++] = (char)outcome;
}

/* --- The processor --- */

static void deliver(enum outcome outcome)
{
	happened(outcome);
	world.pushed |= vmcb.rflags;
	vmcb.rflags &= ~(uint64_t)(RFLAGS_TF | RFLAGS_IF | RFLAGS_RF);
	vmcb.rip = HANDLER;
}

static void deliver_injected(void)
{
	uint8_t type = (uint8_t)((vmcb.event_inject & SVM_EVENT_TYPE) >> SVM_EVENT_TYPE_SHIFT);
	bool debug = type == INJECT_EXCEPTION &&
		     (vmcb.event_inject & SVM_EVENT_VECTOR) == EXCEPTION_DB;

	if (debug)
		world.handler_dr6 = vmcb.dr6;
	deliver(type == INJECT_NMI ? NMI_CAME : debug ? DEBUGGED : FAULTED);
}

/* The code of an exit that comes before the instruction, or 0. */
static uint64_t intercepted(enum insn insn)
{
	static const struct {
		uint32_t code, misc1, exceptions;
	} rows[] = {
		[HLT] = {0x78, 1u << 24, 0},
		[CPUID] = {0x72, 1u << 18, 0},
		[PORT] = {0x7b, 1u << 27, 0},
		[PUSHF] = {0x70, 1u << 16, 0},
		[POPF] = {0x71, 1u << 17, 0},
		[IRET] = {0x74, 1u << 20, 0},
		[INT_N] = {0x75, 1u << 21, 0},
		[INT_3] = {0x75, 1u << 21, 0}, /* TCG; on a processor it is #BP */
		[DIVIDES_BY_0] = {0x40, 0, 1u << EXCEPTION_DE},
		[READS_NOTHING] = {0x4e, 0, 1u << EXCEPTION_PF},
		[UNDEFINED] = {0x46, 0, 1u << EXCEPTION_UD},
		[READS_DR6] = {0, 0, 0},
	};
	bool undefined = insn == UNDEFINED ||
			 ((insn == SYSCALL || insn == SYSRET) && !(vmcb.efer & EFER_SCE));

	if (insn == TOUCH)
		return 0x400;
	if (insn == ICEBP)
		return vmcb.intercept_misc2 & 1u << 8 ? 0x88 : 0;
	if (insn == READS_DR6)
		return vmcb.intercept_dr_read & 1 << 6 ? 0x26 : 0;
	if (undefined)
		insn = UNDEFINED;
	vmcb.exit_info1 = insn == READS_NOTHING ? 2 : 0;
	vmcb.exit_info2 = insn == READS_NOTHING ? 0xdead000 : 0;
	return vmcb.intercept_misc1 & rows[insn].misc1 ||
			       vmcb.intercept_exception & rows[insn].exceptions
		       ? rows[insn].code
		       : 0;
}

static void execute(enum insn insn)
{
	const uint64_t loaded = RFLAGS_TF | RFLAGS_IF;

	happened(RAN);
	vmcb.rip = world.back || insn == STAY ? START : NEXT;
	if (insn == PUSHF || insn == INT_N || insn == INT_3 || insn == ICEBP)
		world.pushed |= vmcb.rflags;
	if (insn == SYSCALL)
		world.r11 = vmcb.rflags;
	if (insn == READS_DR6)
		world.dr6 = vmcb.dr6;
	if (insn == POPF || insn == IRET || insn == SYSRET)
		vmcb.rflags = (vmcb.rflags & ~loaded) | world.popped;
	if (insn == INT_N || insn == INT_3 || insn == ICEBP || insn == SYSCALL)
		vmcb.rflags &= ~loaded;
	if (insn == MOV_CR8)
		vmcb.v_intr = (vmcb.v_intr & ~SVM_V_TPR) | 5;
	world.insn = insn == STAY ? STAY : NOP;
}

/* Up to the exit, whose code it answers. The shadow at the entry counts for nothing. */
static uint64_t vmrun(void)
{
	bool steps = vmcb.rflags & RFLAGS_TF;
	enum insn insn = world.insn;
	uint64_t code;

	world.entries++;
	if (svm_by_virq)
		vmcb.shadow = 0;
	if (vmcb.event_inject & SVM_EVENT_VALID) {
		deliver_injected();
		return 0x60;
	}
	if (world.kick) {
		world.kick = false;
		return 0x60;
	}
	if (vmcb.v_intr & SVM_V_IRQ && vmcb.rflags & RFLAGS_IF) {
		if (vmcb.intercept_misc1 & SVM_INTERCEPT_VINTR)
			return 0x64;
		vmcb.v_intr &= ~SVM_V_IRQ;
		deliver(INTERRUPTED);
		return 0x60;
	}
	code = intercepted(insn);
	if (code)
		return code;
	if (insn == DIVIDES_BY_0 || insn == READS_NOTHING || insn == UNDEFINED) {
		deliver(FAULTED);
		return 0x60;
	}
	execute(insn);
	vmcb.shadow = insn == MOV_SS;
	if (insn == WATCHED)
		vmcb.dr6 |= 1;
	if (steps) {
		vmcb.dr6 |= DR6_BS;
		world.steps++;
	}
	return steps || insn == WATCHED ? 0x41 : 0x60;
}

/* --- The kernel --- */

/* It sees the guest's own state, and nothing of ours is left behind. */
static void check_clean(void)
{
	assert_int_equal(vmcb.rflags & RFLAGS_TF & ~world.popped, kept.rflags & RFLAGS_TF);
	assert_int_equal(vmcb.intercept_exception, kept.intercept_exception);
	assert_int_equal(vmcb.intercept_misc2, kept.intercept_misc2);
	assert_int_equal(vmcb.intercept_dr_read | vmcb.intercept_dr_write, 0);
	assert_int_equal(vmcb.intercept_misc1 & ~(1u << 20 | 1u << 4),
			 kept.intercept_misc1 & ~(1u << 20 | 1u << 4));
	assert_true(v.nmi_blocked || !(vmcb.intercept_misc1 & 1u << 20));
	assert_int_equal(vmcb.efer, kept.efer);
	assert_int_equal(v.step, 0);
}

int64_t kernel_exit(struct virt_vcpu *virt, uint64_t rip, uint64_t code, uint64_t info)
{
	assert_ptr_equal(virt, &v);
	assert_int_equal(rip, vmcb.rip);
	(void)code;
	(void)info;
	check_clean();
	switch (v.exit.kind) {
	case VM_EXIT_HLT:
		svm_skip(&v, 2);
		happened(RAN);
		if (!svm_injecting(&v))
			happened(HALTED);
		world.insn = NOP;
		return 0;
	case VM_EXIT_CPUID:
	case VM_EXIT_IO:
	case VM_EXIT_NESTED:
		happened(RAN);
		world.insn = NOP;
		return 2;
	case VM_EXIT_EXCEPTION:
		svm_inject(&v, &v.exit.event);
		return 0;
	case VM_EXIT_INTERRUPT:
	case VM_EXIT_WINDOW:
	case VM_EXIT_NMI_WINDOW:
		return 0;
	default:
		fail_msg("kind %u", v.exit.kind);
		return 0;
	}
}

bool kernel_work(struct virt_vcpu *virt)
{
	const struct frame_event nmi = {.type = INJECT_NMI, .vector = EXCEPTION_NMI};

	virt->work = 0;
	if (world.nmi && svm_nmi_open(virt)) {
		world.nmi = false;
		svm_inject(virt, &nmi);
	} else if (world.nmi) {
		svm_want_nmi_window(virt);
	}
	if (world.vector && svm_interrupt(virt, VECTOR))
		world.vector = false;
	else if (world.vector)
		svm_want_window(virt, true);
	virt_claim(virt);
	virt->recheck = world.nmi || world.vector;
	return true;
}

static int set_up(void **state)
{
	(void)state;
	svm_vcpu_reset();
	memset(&world, 0, sizeof(world));
	svm_by_virq = true;
	v.efer = EFER_SCE | EFER_LME | EFER_LMA;
	vmcb.efer = v.efer | EFER_SVME;
	vmcb.cr0 = CR0_PE | CR0_PG;
	vmcb.rip = START;
	vmcb.rflags = RFLAGS_FIXED | RFLAGS_IF;
	vmcb.dr6 = DR6_RESET;
	vmcb.dr7 = DR7_RESET;
	vmcb.shadow = SVM_SHADOW;
	vmcb.intercept_exception = SVM_EXCEPTIONS;
	vmcb.intercept_misc1 = SVM_INTERCEPT_INTR | SVM_INTERCEPT_CPUID | SVM_INTERCEPT_HLT |
			       SVM_INTERCEPT_IOIO;
	kept = vmcb;
	return 0;
}

static int64_t go_on(int64_t skip)
{
	if (v.recheck || world.vector || world.nmi)
		v.recheck = 1;
	vmcb.rflags |= RFLAGS_IF; /* or a window for physical interrupts would be opened here */
	assert_ptr_equal(svm_go_on(&v, skip), &v);
	vmcb.exit_code = vmrun();
	return svm_exited(&v);
}

/* Until nothing waits: what happened, in order. */
static const char *play(enum insn insn)
{
	int64_t skip = 0;

	world.insn = insn;
	for (unsigned i = 0; i < 8 && (i == 0 || world.vector || world.nmi || svm_injecting(&v));
	     i++)
		skip = go_on(skip);
	assert_false(world.vector || world.nmi);
	world.log[world.log_length] = '\0';
	return world.log;
}

/* --- Tests --- */

/* The instruction runs before the interrupt, or cannot be stepped. HLT is woken. */
static void test_each_instruction(void **state)
{
	static const struct {
		enum insn insn;
		const char *log;
		unsigned steps;
	} cases[] = {
		{NOP, "ri", 1},	   {HLT, "rhi", 0},    {CPUID, "ri", 0},    {PORT, "ri", 0},
		{TOUCH, "ri", 0},  {MOV_CR8, "ri", 1}, {MOV_SS, "rri", 2}, /* a shadow of its own */
		{STAY, "ri", 1},   {PUSHF, "i", 0},    {POPF, "i", 0},	    {IRET, "i", 0},
		{INT_N, "i", 0},   {INT_3, "i", 0},    {ICEBP, "i", 0},	    {READS_DR6, "i", 0},
		{SYSCALL, "i", 0}, {SYSRET, "i", 0},   {UNDEFINED, "i", 0},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		set_up(state);
		world.vector = true;
		assert_string_equal(play(cases[i].insn), cases[i].log);
		assert_int_equal(world.steps, cases[i].steps);
		assert_int_equal(world.pushed & RFLAGS_TF, 0);
		assert_int_equal(vmcb.dr6, DR6_RESET);
	}
}

/* What could not be stepped runs by itself after the interrupt: all that it reads is as it was. */
static void test_refused_instruction_runs_later(void **state)
{
	static const enum insn insns[] = {PUSHF, INT_N, INT_3, ICEBP, READS_DR6, SYSCALL};

	for (unsigned i = 0; i < ARRAY_SIZE(insns); i++) {
		set_up(state);
		world.vector = true;
		vmcb.dr6 = DR6_RESET | DR6_BS | 2;
		assert_string_equal(play(insns[i]), "i");
		vmcb.rip = START; /* its handler's IRET */
		vmcb.rflags |= RFLAGS_IF;
		go_on(0);
		assert_int_equal(world.log[1], RAN);
		assert_int_equal((world.pushed | world.r11) & RFLAGS_TF, 0);
		if (insns[i] == READS_DR6)
			assert_int_equal(world.dr6, DR6_RESET | DR6_BS | 2);
	}
}

/* A fault goes to the guest, which finds no TF on its stack, and the interrupt comes behind it. */
static void test_fault_goes_to_the_guest(void **state)
{
	static const struct {
		enum insn insn;
		uint64_t info;
	} cases[] = {{DIVIDES_BY_0, 0x80000300}, {READS_NOTHING, 2ULL << 32 | 0x80000b0e}};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		set_up(state);
		world.vector = true;
		world.insn = cases[i].insn;
		go_on(0);
		assert_int_equal(vmcb.event_inject, cases[i].info);
		assert_int_equal(vmcb.cr2, i ? 0xdead000 : 0);
		assert_string_equal(play(cases[i].insn), "fi");
		assert_int_equal(world.pushed & RFLAGS_TF, 0);
	}
	set_up(state); /* without SYSCALL there is nothing that #UD could be instead */
	v.efer = 0;
	vmcb.efer = kept.efer = EFER_SVME;
	world.vector = true;
	assert_string_equal(play(UNDEFINED), "fi");
	assert_int_equal(world.pushed & RFLAGS_TF, 0);
}

/* The guest's own step is its own, and so is what DR6 says of it. */
static void test_guest_that_steps_itself(void **state)
{
	(void)state;
	vmcb.rflags |= RFLAGS_TF;
	kept.rflags |= RFLAGS_TF;
	world.vector = true;
	world.insn = NOP;
	go_on(0);
	assert_int_equal(v.exit.kind, VM_EXIT_EXCEPTION);
	assert_int_equal(vmcb.event_inject, 0x80000301);
	assert_int_equal(vmcb.intercept_exception, SVM_EXCEPTIONS);
	kept.rflags &= ~(uint64_t)RFLAGS_TF; /* its handler's */
	assert_string_equal(play(NOP), "rdi");
	assert_true(world.pushed & RFLAGS_TF);
	assert_int_equal(world.handler_dr6, DR6_RESET | DR6_BS);
}

/* A data breakpoint of the guest's: without our BS, but with one that it left there. */
static void test_breakpoint_in_a_step(void **state)
{
	for (unsigned stale = 0; stale < 2; stale++) {
		uint64_t bs = stale ? DR6_BS : 0;

		set_up(state);
		vmcb.dr6 = DR6_RESET | bs | 8;
		vmcb.dr7 = DR7_RESET | 1 | 1 << 16;
		world.vector = true;
		assert_string_equal(play(WATCHED), "rdi");
		assert_int_equal(world.handler_dr6, DR6_RESET | bs | 1);
		assert_int_equal(world.pushed & RFLAGS_TF, 0);
	}
	/* One that is not enabled is nobody's. */
	set_up(state);
	world.vector = true;
	assert_string_equal(play(WATCHED), "ri");
	assert_int_equal(vmcb.dr6, DR6_RESET);
}

/* Where nothing waits there is no step, but the shadow lasts until the instruction has run. */
static void test_shadow_lasts_over_exits(void **state)
{
	(void)state;
	world.insn = HLT;
	for (unsigned i = 0; i < 3; i++) {
		world.kick = true;
		go_on(0);
		assert_int_equal(vmcb.shadow, SVM_SHADOW);
		assert_false(svm_interrupt_open(&v));
		assert_int_equal(vmcb.rflags & RFLAGS_TF, 0);
	}
	world.vector = true;
	world.kick = true; /* and over those that come before the step */
	assert_string_equal(play(HLT), "rhi");

	set_up(state);
	world.insn = NOP;
	go_on(0);
	assert_int_equal(vmcb.shadow, 0);
	assert_int_equal(world.steps, 0);
}

/* One that the VMM sets with resume, and one that it takes away. */
static void test_shadow_of_the_vmm(void **state)
{
	static struct frame frame;

	(void)state;
	svm_get(&v, GROUP_IP, &frame);
	assert_int_equal(frame.shadow, SHADOW_STI);
	vmcb.shadow = 0;
	frame.shadow = SHADOW_MOV_SS;
	assert_true(svm_put(&v, GROUP_IP, &frame));
	world.vector = true;
	assert_string_equal(play(NOP), "ri");

	set_up(state);
	frame.shadow = 0;
	assert_true(svm_put(&v, GROUP_IP, &frame));
	world.vector = true;
	assert_string_equal(play(NOP), "i");
}

/* MOV SS with IF=0: nothing can go in, and V_IRQ waits as ever. */
static void test_shadow_with_interrupts_off(void **state)
{
	(void)state;
	vmcb.rflags &= ~(uint64_t)RFLAGS_IF;
	svm_want_window(&v, true);
	assert_true(v.window_wanted && vmcb.v_intr & SVM_V_IRQ);
	assert_false(v.step_pending);
	/* It is taken back when a step is wanted instead: it would go in before the instruction. */
	vmcb.rflags |= RFLAGS_IF;
	svm_want_window(&v, true);
	assert_false(v.window_wanted || vmcb.v_intr & SVM_V_IRQ);
	assert_true(v.step_pending);
}

static void test_nmi_behind_a_shadow(void **state)
{
	(void)state;
	world.nmi = true;
	assert_string_equal(play(NOP), "rn");
	assert_int_equal(world.pushed & RFLAGS_TF, 0);

	/* Both: the NMI first. Until its IRET it is open for interrupts all the same. */
	set_up(state);
	world.nmi = world.vector = true;
	assert_string_equal(play(HLT), "rhni");
	assert_int_equal(world.pushed & RFLAGS_TF, 0);

	/* A processor that keeps the shadow: the step is for the NMI alone. */
	set_up(state);
	svm_by_virq = false;
	world.nmi = true;
	assert_string_equal(play(NOP), "rn");
	set_up(state);
	svm_by_virq = false;
	world.nmi = true;
	assert_string_equal(play(PUSHF), "n");
}

/* In an NMI's handler: its IRET is not missed for a step, nor taken for one that is somewhere else. */
static void test_step_in_a_handler_of_nmis(void **state)
{
	static struct frame frame;

	(void)state;
	v.nmi_blocked = true;
	vmcb.intercept_misc1 |= SVM_INTERCEPT_IRET;
	world.vector = true;
	assert_string_equal(play(NOP), "ri");
	assert_true(v.nmi_blocked && vmcb.intercept_misc1 & SVM_INTERCEPT_IRET);

	set_up(state); /* blocked by the VMM, and nobody has seen an IRET */
	svm_get(&v, GROUP_IP, &frame);
	frame.shadow = SHADOW_NMI;
	assert_true(svm_put(&v, GROUP_IP, &frame));
	world.nmi = true;
	world.insn = NOP;
	go_on(0);
	assert_int_equal(world.steps, 1);
	assert_int_equal(vmcb.rflags & RFLAGS_TF, 0);
}

/* No event is delivered while TF is ours: it would be pushed. The next exit has to do. */
static void test_no_step_with_an_event(void **state)
{
	const struct frame_event fault = {.type = INJECT_EXCEPTION, .vector = EXCEPTION_UD};

	(void)state;
	svm_want_nmi_window(&v);
	assert_true(v.step_pending);
	svm_inject(&v, &fault);
	v.recheck = 1;
	assert_ptr_equal(svm_go_on(&v, 0), &v);
	assert_int_equal(vmcb.rflags & RFLAGS_TF, 0);
	assert_int_equal(v.step, 0);
	assert_false(v.step_pending);
	vmcb.exit_code = vmrun();
	svm_exited(&v);
	assert_int_equal(vmcb.shadow, 0);
}

/* What is wanted changes nothing that is seen while the vCPU is elsewhere; INIT drops it. */
static void test_step_begins_at_the_entry(void **state)
{
	static struct frame frame;

	(void)state;
	svm_want_window(&v, true);
	assert_true(v.step_pending);
	assert_memory_equal(&vmcb, &kept, sizeof(vmcb));
	assert_null(svm_go_on(&v, VIRT_LEAVE));
	assert_memory_equal(&vmcb, &kept, sizeof(vmcb));
	svm_get(&v, GROUP_IP | GROUP_SYSTEM, &frame);
	assert_int_equal(frame.rflags & RFLAGS_TF, 0);
	frame.shadow = 0;
	assert_true(svm_put(&v, GROUP_IP | GROUP_SYSTEM, &frame));
	assert_false(v.step_pending);
	world.insn = NOP;
	go_on(0);
	assert_int_equal(world.steps, 0);
}

/* --- IRET that ends an NMI --- */

static void stand_at_iret(void **state)
{
	const struct frame_event nmi = {.type = INJECT_NMI, .vector = EXCEPTION_NMI};

	set_up(state);
	vmcb.shadow = 0;
	svm_inject(&v, &nmi);
	vmcb.event_inject = 0;
	world.insn = IRET;
	world.popped = RFLAGS_IF;
	go_on(0);
	assert_int_equal(v.exit.kind, VM_EXIT_NMI_WINDOW);
	assert_true(v.nmi_blocked);
}

static void test_iret_is_stepped(void **state)
{
	stand_at_iret(state);
	world.nmi = true;
	assert_string_equal(play(IRET), "rn");
	assert_int_equal(world.pushed & RFLAGS_TF, 0);

	/* TF that it pops is the guest's. */
	stand_at_iret(state);
	world.popped |= RFLAGS_TF;
	world.nmi = true;
	world.insn = IRET;
	go_on(0);
	assert_int_equal(v.exit.kind, VM_EXIT_NMI_WINDOW);
	assert_false(v.nmi_blocked);
	assert_true(vmcb.rflags & RFLAGS_TF);
	assert_int_equal(vmcb.dr6, DR6_RESET);

	/* Also where it comes back to itself. */
	stand_at_iret(state);
	world.popped |= RFLAGS_TF;
	world.nmi = world.back = true;
	world.insn = IRET;
	go_on(0);
	assert_false(v.nmi_blocked);
	assert_true(vmcb.rflags & RFLAGS_TF);
}

/* With one more interrupt behind STI: it goes in behind the IRET, too. */
static void test_iret_in_a_shadow(void **state)
{
	stand_at_iret(state);
	vmcb.shadow = SVM_SHADOW;
	world.vector = true;
	assert_string_equal(play(IRET), "ri");
	assert_false(v.nmi_blocked);
	assert_int_equal(world.pushed & RFLAGS_TF, 0);
}

/* The exit at IRET comes first, and is not lost to a step over a shadow. */
static void test_exit_at_iret_in_a_step(void **state)
{
	(void)state;
	v.nmi_blocked = true;
	vmcb.intercept_misc1 |= SVM_INTERCEPT_IRET;
	world.vector = true;
	world.insn = IRET;
	world.popped = RFLAGS_IF;
	go_on(0);
	assert_int_equal(v.exit.kind, VM_EXIT_NMI_WINDOW);
	assert_true(v.nmi_blocked);
	assert_int_equal(vmcb.shadow, SVM_SHADOW);
	assert_string_equal(play(IRET), "ri");
	assert_false(v.nmi_blocked);
}

/* IRET that faults has not run: the fault finds no TF of ours on its stack. */
static void test_iret_that_faults(void **state)
{
	stand_at_iret(state);
	world.nmi = true;
	world.insn = READS_NOTHING;
	go_on(0);
	assert_int_equal(vmcb.event_inject, 2ULL << 32 | 0x80000b0e);
	assert_true(v.nmi_blocked);
	assert_string_equal(play(READS_NOTHING), "fn");
	assert_int_equal(world.pushed & RFLAGS_TF, 0);

	/* Another CPU has overwritten it: it would be tried again for ever. */
	stand_at_iret(state);
	world.nmi = true;
	assert_string_equal(play(UNDEFINED), "fn");
	assert_int_equal(world.pushed & RFLAGS_TF, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_each_instruction, set_up),
		cmocka_unit_test_setup(test_refused_instruction_runs_later, set_up),
		cmocka_unit_test_setup(test_fault_goes_to_the_guest, set_up),
		cmocka_unit_test_setup(test_guest_that_steps_itself, set_up),
		cmocka_unit_test_setup(test_breakpoint_in_a_step, set_up),
		cmocka_unit_test_setup(test_shadow_lasts_over_exits, set_up),
		cmocka_unit_test_setup(test_shadow_of_the_vmm, set_up),
		cmocka_unit_test_setup(test_shadow_with_interrupts_off, set_up),
		cmocka_unit_test_setup(test_nmi_behind_a_shadow, set_up),
		cmocka_unit_test_setup(test_step_in_a_handler_of_nmis, set_up),
		cmocka_unit_test_setup(test_no_step_with_an_event, set_up),
		cmocka_unit_test_setup(test_step_begins_at_the_entry, set_up),
		cmocka_unit_test_setup(test_iret_is_stepped, set_up),
		cmocka_unit_test_setup(test_iret_in_a_shadow, set_up),
		cmocka_unit_test_setup(test_exit_at_iret_in_a_step, set_up),
		cmocka_unit_test_setup(test_iret_that_faults, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
