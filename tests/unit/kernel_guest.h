/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's way of a vCPU (vcpu.c, run.c, exits.c, interrupts.c, sched.c) on the host, around a backend
 * whose guests are functions of the test. A test includes this once, plays a CPU until it sleeps, and looks.
 */
#pragma once

#include "tests/unit/kernel_host.h"

#include "kernel/exits.c"
#include "kernel/interrupts.c"
#include "kernel/run.c"
#include "kernel/sched.c"
#include "kernel/sched_turn.c"
#include "kernel/vcpu.c"

/* What stands for a VMCB. */
struct fake_guest {
	bool interrupts, shadow, nmi_closed, exiting;
	bool window, nmi_window;
	bool narrow;	  /* 32-bit code */
	bool event_waits; /* for the next entry */
	bool one_event;	  /* and nothing can wait behind it */
	struct frame_event event;
	unsigned entries, skipped;
	bool tpr_watch;
	unsigned told; /* vectors that went in, in order */
	uint8_t vectors[64];
	/* What it does at each entry: sets v->exit. */
	void (*run)(struct vcpu *v);
};

uint64_t host_tsc, host_xcr0, host_dr[4];
unsigned host_cpu;
uint8_t host_blocks[HOST_CPUS][PERCPU_KERNEL_SIZE] __attribute__((aligned(64)));
void (*host_on_window)(void), (*host_on_idle)(void);
/* A vCPU gives its CPU away; NULL: the CPU's loop goes on. */
static void (*host_on_leave)(void);

struct machine machine;
struct cpu_features cpu_features;
struct page_space kernel_space;
const struct page_space *host_space;
unsigned host_kicks[HOST_CPUS];
bool host_console_wants;
uint32_t host_console_events;

static struct lapic_clock host_clock;

static struct fake_guest *guest_of(const struct virt_vcpu *v)
{
	return v->hw;
}

/* --- The backend --- */

static void fake_skip(struct virt_vcpu *v, uint32_t len)
{
	guest_of(v)->skipped += len;
	guest_of(v)->shadow = false;
}

static void fake_get(struct virt_vcpu *v, uint32_t groups, struct frame *frame)
{
	(void)groups;
	memset(frame, 0, sizeof(*frame));
	frame->shadow = guest_of(v)->nmi_closed ? SHADOW_NMI : 0;
}

static uint64_t fake_rflags(const struct virt_vcpu *v)
{
	return guest_of(v)->interrupts ? RFLAGS_IF : 0;
}

/* One stay in the guest. */
static void fake_enter(struct virt_vcpu *v)
{
	struct fake_guest *guest = guest_of(v);
	uint8_t cr8 = v->cr8;

	guest->entries++;
	v->exit.kind = VM_EXIT_INTERRUPT;
	v->exit.insn_len = 1;
	if (guest->event_waits) {
		assert_true(guest->told < ARRAY_SIZE(guest->vectors));
		guest->vectors[guest->told++] = guest->event.vector;
		guest->event_waits = false;
		if (guest->event.type == INJECT_EXTERNAL)
			guest->interrupts = false;
		if (guest->event.type == INJECT_NMI)
			guest->nmi_closed = true;
	}
	guest->run(CONTAINER_OF(v, struct vcpu, virt));
	if (v->cr8 != cr8)
		kernel_tpr_moved(v);
}

/* As entry.S and exit.c of a backend do it together. */
static noreturn void fake_run(struct virt_vcpu *v, int64_t skip)
{
	while (skip >= 0) {
		if (skip)
			fake_skip(v, (uint32_t)skip);
		if (!(fake_rflags(v) & RFLAGS_IF))
			interrupts_window();
		if (!virt_claim(v) && !kernel_work(v))
			break;
		fake_enter(v);
		skip = kernel_exit(v, guest_of(v)->entries, 0, 0);
	}
	if (host_on_leave)
		host_on_leave();
	kernel_leave(v);
}

static uint64_t fake_rip(const struct virt_vcpu *v)
{
	return guest_of(v)->entries;
}

static uint8_t fake_cpl(const struct virt_vcpu *v)
{
	(void)v;
	return 0;
}

static bool fake_in_64_bit_code(const struct virt_vcpu *v)
{
	return !guest_of(v)->narrow;
}

static uint64_t fake_cr4(const struct virt_vcpu *v)
{
	(void)v;
	return CR4_OSXSAVE;
}

static bool fake_interrupt_open(const struct virt_vcpu *v)
{
	const struct fake_guest *guest = guest_of(v);

	return guest->interrupts && !guest->shadow && !guest->event_waits;
}

static bool fake_nmi_open(const struct virt_vcpu *v)
{
	const struct fake_guest *guest = guest_of(v);

	return !guest->nmi_closed && !guest->shadow && !guest->event_waits;
}

static void fake_inject(struct virt_vcpu *v, const struct frame_event *event)
{
	assert_false(guest_of(v)->event_waits); /* it would be lost */
	guest_of(v)->event = *event;
	guest_of(v)->event_waits = true;
}

/* Called when an interrupt goes in: what another CPU does at that moment. */
static void (*host_on_interrupt)(void);

static bool fake_interrupt(struct virt_vcpu *v, uint8_t vector)
{
	if (host_on_interrupt)
		host_on_interrupt();
	if (!fake_interrupt_open(v))
		return false;
	fake_inject(v, &(struct frame_event){.type = INJECT_EXTERNAL, .vector = vector});
	return true;
}

static bool fake_injecting(const struct virt_vcpu *v)
{
	return guest_of(v)->event_waits;
}

static void fake_want_window(struct virt_vcpu *v, bool on)
{
	guest_of(v)->window = on;
}

static bool fake_take_back(struct virt_vcpu *v, int vector)
{
	struct fake_guest *guest = guest_of(v);

	if (!guest->one_event || !guest->event_waits || guest->event.vector != vector)
		return false;
	guest->event_waits = false;
	return true;
}

static void fake_want_nmi_window(struct virt_vcpu *v)
{
	guest_of(v)->nmi_window = true;
}

static void fake_set_tpr(struct virt_vcpu *v, uint8_t cr8, bool watch)
{
	v->cr8 = cr8;
	guest_of(v)->tpr_watch = watch;
}

static void fake_vcpu_init(struct virt_vcpu *v, const struct virt_setup *setup)
{
	memset(v, 0, sizeof(*v));
	v->hw = setup->hw;
}

static void fake_nothing(struct virt_vcpu *v)
{
	(void)v;
}

static bool fake_idt_reaches(const struct virt_vcpu *v, uint8_t vector)
{
	(void)v, (void)vector;
	return true;
}

static const struct virt_ops fake_virt = {
	.get = fake_get,
	.vcpu_init = fake_vcpu_init,
	.vcpu_load = fake_nothing,
	.vcpu_unload = fake_nothing,
	.run = fake_run,
	.rip = fake_rip,
	.rflags = fake_rflags,
	.cpl = fake_cpl,
	.in_64_bit_code = fake_in_64_bit_code,
	.cr4 = fake_cr4,
	.skip = fake_skip,
	.interrupt = fake_interrupt,
	.interrupt_open = fake_interrupt_open,
	.nmi_open = fake_nmi_open,
	.inject = fake_inject,
	.injecting = fake_injecting,
	.want_window = fake_want_window,
	.take_back = fake_take_back,
	.want_nmi_window = fake_want_nmi_window,
	.set_tpr = fake_set_tpr,
	.idt_reaches = fake_idt_reaches,
};

/* --- The rest of the kernel --- */

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	mock_assert(0, expression, file, line);
	abort();
}

static uint8_t fpu_of_cpu[64];

void fpu_save(void *area)
{
	memcpy(area, fpu_of_cpu, sizeof(fpu_of_cpu));
}

bool fpu_restore(const void *area)
{
	memcpy(fpu_of_cpu, area, sizeof(fpu_of_cpu));
	return true;
}

void fpu_area_init(void *area)
{
	memset(area, 0, sizeof(fpu_of_cpu));
}

bool xcr0_valid(uint64_t value, uint64_t supported)
{
	return (value & 1) && !(value & ~supported);
}

void cpu_kick(unsigned number)
{
	if (number != host_cpu)
		host_kicks[number]++;
}

void cpu_use_space(const struct page_space *space)
{
	this_cpu()->space = space;
}

void cpu_flush_check(void)
{
}

/* The timer's interrupt comes when the test says so: host_timer. */
void cpu_timer_update(struct cpu *cpu)
{
	cpu->armed = deadline_first(&cpu->deadlines);
}

static bool host_timer(void)
{
	return deadline_run(&this_cpu()->deadlines, host_tsc, 32) != 0;
}

void cpu_timer_interrupt(struct cpu *cpu)
{
	assert_ptr_equal(cpu, this_cpu());
	host_timer();
}

bool console_wants_cpu(void)
{
	return host_console_wants;
}

bool console_has_share(void)
{
	return true;
}

void console_enter(void)
{
	fail();
	abort();
}

void console_tick(struct trap_frame *frame, bool others)
{
	(void)frame, (void)others;
}

void console_event(uint32_t events)
{
	host_console_events |= events;
}

bool scrub_idle_piece(void)
{
	return false;
}

void machine_check_in_guest(struct vcpu *v)
{
	(void)v;
}

static enum part_reason ended_for;

void part_end(struct partition *part, enum part_reason reason, uint32_t code, const char *text, ...)
{
	(void)code, (void)text;
	ended_for = reason;
	part->ended = 1;
	part->run = RUN_NO;
	for (uint32_t i = 0; i < part->desc.vcpu_count; i++)
		vcpu_notify(part->vcpus[i], PEND_STOP);
}

void vcpu_inject(struct vcpu *v, const struct frame_event *event)
{
	machine.virt->inject(&v->virt, event);
}

void vcpu_inject_ud(struct vcpu *v)
{
	fake_inject(&v->virt,
		    &(struct frame_event){.type = INJECT_EXCEPTION, .vector = EXCEPTION_UD});
}

void vcpu_inject_gp(struct vcpu *v)
{
	fake_inject(&v->virt,
		    &(struct frame_event){.type = INJECT_EXCEPTION, .vector = EXCEPTION_GP});
}

int64_t vcpu_cpuid(struct vcpu *v)
{
	return v->virt.exit.insn_len;
}

int64_t vcpu_msr_read(struct vcpu *v)
{
	return v->virt.exit.insn_len;
}

int64_t vcpu_msr_write(struct vcpu *v)
{
	return v->virt.exit.insn_len;
}

/* --- Ring 3, and the way through the loop --- */

enum { LEFT_NOT, LEFT_UPCALL, LEFT_IDLE, LEFT_TURN };

static jmp_buf loop;
static struct vcpu *upcalled;
static uint32_t told_events; /* of the last upcall */
static unsigned upcalls;
static enum exit_reason upcall_reason;
/* The VMM; NULL: resumes. */
static void (*host_on_upcall)(struct vcpu *v);

noreturn void vcpu_upcall(struct vcpu *v, enum exit_reason reason)
{
	v->virt.state = VIRT_RING3;
	upcalled = v;
	upcalls++;
	upcall_reason = reason;
	if (host_on_upcall)
		host_on_upcall(v);
	v->virt.state = VIRT_OUT;
	longjmp(loop, LEFT_UPCALL);
}

int64_t vcpu_upcall_io(struct vcpu *v)
{
	vcpu_upcall(v, EXIT_IO);
}

int64_t vcpu_upcall_length(struct vcpu *v)
{
	vcpu_upcall(v, EXIT_LENGTH);
}

int64_t vcpu_upcall_mmio(struct vcpu *v)
{
	vcpu_upcall(v, EXIT_MMIO);
}

noreturn void vcpu_upcall_events(struct vcpu *v, uint32_t events)
{
	told_events = events;
	vcpu_upcall(v, EXIT_EVENT);
}

static void on_idle(void)
{
	longjmp(loop, LEFT_IDLE);
}

/* Runs a CPU until it goes to sleep. */
static void play(unsigned cpu)
{
	int left = setjmp(loop);

	host_cpu = cpu;
	if (left == LEFT_IDLE)
		return;
	if (left == LEFT_UPCALL)
		machine.virt->run(&upcalled->virt, 0);
	cpu_loop();
}

static void on_leave(void)
{
	longjmp(loop, LEFT_TURN);
}

/* Runs a vCPU, whose turn it is, until it gives its CPU away. */
static __attribute__((unused)) void play_turn(struct vcpu *v)
{
	take_inbox(this_cpu());
	this_cpu()->running = v;
	vcpu_load(v);
	host_on_leave = on_leave;
	if (!setjmp(loop))
		machine.virt->run(&v->virt, 0);
	host_on_leave = NULL;
	v->virt.state = VIRT_OUT;
}

/* --- A partition of up to four vCPUs, vCPU i homed where the test says --- */

enum { VCPUS = 4 };

static struct partition part;
static struct vcpu vcpus[VCPUS];
static struct fake_guest guests[VCPUS];
static uint8_t fpu_areas[VCPUS][64], frames[VCPUS][PAGE_SIZE] __attribute__((aligned(8)));
static uint8_t stacks[VCPUS][USER_STACK_SIZE] __attribute__((aligned(8)));

/* A guest that sleeps for good. */
static void run_halt(struct vcpu *v)
{
	v->virt.exit.kind = VM_EXIT_HLT;
}

static void vcpu_make(unsigned index, unsigned cpu, void (*guest)(struct vcpu *v))
{
	struct vcpu *v = &vcpus[index];

	part.vcpus[index] = v;
	part.desc.vcpu_count = index + 1;
	v->index = (uint16_t)index;
	v->part = &part;
	v->cpu = cpu;
	v->fpu = fpu_areas[index];
	v->frame = (struct frame *)(void *)frames[index];
	v->stack = stacks[index];
	v->virt.hw = &guests[index];
	guests[index].run = guest;
	vcpu_reset(v, 0);
	v->virt.pending = 0; /* it was started */
	v->virt.activity = ACTIVITY_RUN;
	sched_attach(v);
}

static void machine_make(void)
{
	memset(host_blocks, 0, sizeof(host_blocks));
	memset(host_kicks, 0, sizeof(host_kicks));
	memset(&part, 0, sizeof(part));
	memset(vcpus, 0, sizeof(vcpus));
	memset(guests, 0, sizeof(guests));
	for (unsigned i = 0; i < HOST_CPUS; i++) {
		struct cpu *cpu = cpu_of(i);

		cpu->number = i;
		cpu->inbox_lock = (spinlock_t)SPINLOCK(LOCK_SCHEDULER);
		cpu->space = &kernel_space;
		deadline_queue_init(&cpu->deadlines);
	}
	tsc_set_khz(1000000);
	host_clock = lapic_clock_make(1000000, 1000000);
	part.lapic_clock = host_clock;
	part.run = RUN_YES;
	cpu_features.xsave = true;
	cpu_features.xcr0_host = 7;
	cpu_features.rdtscp = true;
	machine.virt = &fake_virt;
	host_on_idle = on_idle;
	host_on_window = NULL;
	host_on_upcall = NULL;
	host_on_interrupt = NULL;
	host_console_wants = false;
	host_console_events = 0;
	host_tsc = 1000000;
	host_cpu = 0;
	upcalls = 0;
	told_events = 0;
	ended_for = REASON_NONE;
}

/* The guest switched its local APIC on. */
static void lapic_on(struct vcpu *v)
{
	struct lapic_effect effect = {0};

	lapic_write(&v->lapic, 0xf0, 0x1ff, host_tsc, &effect);
}
