/* SPDX-License-Identifier: BSD-2-Clause */
/* The way around the guest: interrupts, NMIs, INIT and SIPI, HLT, and what comes in between. */
/* sources: kernel/deadline.c kernel/lapic.c kernel/lapic_base.c kernel/lapic_ipi.c kernel/lapic_lvt.c
 * kernel/lapic_reg.c kernel/lapic_timer.c drivers/tsc.c kernel/turn.c kernel/cap.c */
#include "tests/unit/kernel_guest.h"

enum {
	ICR = 0x300,
	TO_SELF = 1 << 18
}; /* SDM 3A figure 11-12 "Interrupt Command Register (ICR)" */
enum { PIC_VECTOR = 0x30, VECTOR = 0x41, HIGHER = 0x81 };

static struct vcpu *const v = &vcpus[0];
static struct fake_guest *const guest = &guests[0];

static int set_up(void **state)
{
	(void)state;
	machine_make();
	return 0;
}

static void start(void (*what)(struct vcpu *), bool interrupts)
{
	vcpu_make(0, 0, what);
	guest->interrupts = interrupts;
	lapic_on(v);
}

static void post(unsigned vector)
{
	if (lapic_post(&v->lapic, vector, false))
		vcpu_notify(v, PEND_INTERRUPT);
}

static void test_interrupt_wakes(void **state)
{
	(void)state;
	start(run_halt, true);
	play(0);
	assert_int_equal(v->virt.activity, ACTIVITY_HALT);
	assert_int_equal(guest->entries, 1);
	post(VECTOR);
	play(0);
	assert_int_equal(guest->told, 1);
	assert_int_equal(guest->vectors[0], VECTOR);
	assert_int_equal(v->lapic.isr_top, VECTOR);
	assert_int_equal(v->interrupts, 1);
}

static void test_masked_interrupt_does_not_wake(void **state)
{
	(void)state;
	start(run_halt, false);
	play(0);
	post(VECTOR);
	play(0);
	assert_int_equal(guest->entries, 1);
	assert_int_equal(v->virt.activity, ACTIVITY_HALT);
	/* It is not forgotten, and does not keep the CPU awake. */
	assert_int_equal(v->lapic.irr_top, VECTOR);
	vcpu_notify(v, PEND_NMI);
	play(0);
	assert_int_equal(guest->vectors[0], EXCEPTION_NMI);
}

static void run_close(struct vcpu *vcpu)
{
	if (guest->entries == 1)
		post(VECTOR);
	if (guest->entries == 3) {
		assert_true(guest->window);
		guest->interrupts = true;
		vcpu->virt.exit.kind = VM_EXIT_WINDOW;
	}
	if (guest->entries == 4)
		run_halt(vcpu);
}

static void test_window(void **state)
{
	(void)state;
	start(run_close, false);
	play(0);
	assert_int_equal(guest->told, 1);
	assert_int_equal(guest->vectors[0], VECTOR);
}

static void test_higher_class_goes_in_after_the_first(void **state)
{
	(void)state;
	start(run_halt, true);
	play(0);
	post(VECTOR);
	post(HIGHER);
	play(0);
	assert_int_equal(guest->vectors[0], HIGHER);
	assert_false(guest->window); /* of a lower class: it waits for the EOI */
	assert_true(guest->tpr_watch);
}

/* The vCPU's own vector below its priority: nobody posts it, and yet the guest's next CR8 must be seen. */
static void test_own_vector_below_the_priority_is_watched(void **state)
{
	struct lapic_effect effect = {0};

	(void)state;
	start(run_halt, true);
	play(0);
	lapic_cr8_write(&v->lapic, 15);
	lapic_write(&v->lapic, ICR, TO_SELF | VECTOR, host_tsc, &effect);
	vcpu_check_lapic(v);
	play(0);
	assert_int_equal(guest->told, 0);
	assert_true(guest->tpr_watch);
	/* What is watched already costs no second look. */
	assert_false(vcpu_lapic_waits(v));
}

/* As another CPU does it: it kicks unless somebody was before it, who has done that. */
static unsigned kicked;

static void post_from_elsewhere(void)
{
	host_on_interrupt = NULL;
	assert_true(lapic_post(&v->lapic, HIGHER, false));
	if (!(__atomic_fetch_or(&v->virt.pending, PEND_INTERRUPT, __ATOMIC_SEQ_CST) & PEND_INTERRUPT))
		kicked += v->virt.state == VIRT_GUEST;
}

static void run_work(struct vcpu *vcpu)
{
	/* From itself, on the way: the bit is set, and nobody was kicked for it. */
	if (guest->entries == 1)
		post(VECTOR);
	if (guest->entries == 4 || guest->told == 2)
		run_halt(vcpu);
	else
		guest->interrupts = true;
}

/* What is posted while another vector goes in is not forgotten until the next exit, which may never come. */
static void test_posted_during_a_delivery(void **state)
{
	(void)state;
	start(run_work, true);
	kicked = 0;
	host_on_interrupt = post_from_elsewhere;
	play_turn(v);
	assert_int_equal(guest->vectors[0], VECTOR);
	/* It went in by the window that was asked for, or a kick brought the guest out. */
	assert_true(kicked || guest->window || guest->told == 2);
}

/* Where only one event can wait for the entry, what has priority takes the place of another interrupt. */
static void test_one_event_makes_way(void **state)
{
	(void)state;
	start(run_halt, true);
	guest->one_event = true;
	host_on_interrupt = post_from_elsewhere;
	post(VECTOR);
	play_turn(v);
	assert_int_equal(guest->entries, 1);
	assert_int_equal(guest->told, 1);
	assert_int_equal(guest->vectors[0], HIGHER);
	assert_false(guest->window);
	assert_int_equal(v->lapic.isr_top, HIGHER);
	assert_int_equal(v->lapic.irr_top, VECTOR); /* until the EOI */
	assert_int_equal(v->interrupts, 1);
}

/* The NMI takes its place, too; where NMIs are blocked it does not keep the interrupt out. */
static void test_one_event_makes_way_for_nmi(void **state)
{
	(void)state;
	for (unsigned blocked = 0; blocked < 2; blocked++) {
		machine_make();
		start(run_halt, true);
		guest->one_event = true;
		guest->nmi_closed = blocked;
		host_on_window = NULL;
		v->virt.reinject_valid = true;
		v->virt.reinject = (struct frame_event){.type = INJECT_EXTERNAL, .vector = VECTOR};
		v->lapic.isr[VECTOR >> 6] |= BIT(VECTOR & 63);
		v->lapic.isr_top = VECTOR;
		vcpu_notify(v, PEND_NMI);
		play_turn(v);
		assert_int_equal(guest->told, blocked ? 1 : 2);
		assert_int_equal(guest->vectors[0], blocked ? VECTOR : EXCEPTION_NMI);
		assert_int_equal(guest->vectors[1], blocked ? 0 : VECTOR);
		assert_int_equal(v->lapic.isr_top, VECTOR);
		assert_int_equal(v->lapic.irr_top, -1);
	}
}

static void test_delivery_cut_short_comes_first(void **state)
{
	(void)state;
	start(run_halt, true);
	v->virt.reinject_valid = true;
	v->virt.reinject = (struct frame_event){.type = INJECT_EXCEPTION, .vector = EXCEPTION_PF};
	post(VECTOR);
	play(0);
	assert_int_equal(guest->vectors[0], EXCEPTION_PF);
	assert_true(guest->window);
}

/* --- NMI --- */

static void nmi_from_elsewhere(void)
{
	host_on_window = NULL;
	/* As another CPU: it sees that the guest does not run yet, and does not kick. */
	__atomic_fetch_or(&v->virt.pending, PEND_NMI, __ATOMIC_SEQ_CST);
}

static void test_nmi_just_before_the_entry(void **state)
{
	(void)state;
	start(run_halt, false);
	host_on_window = nmi_from_elsewhere;
	play_turn(v);
	assert_int_equal(guest->entries, 1);
	assert_int_equal(guest->told, 1);
	assert_int_equal(guest->vectors[0], EXCEPTION_NMI);
}

static void test_blocked_nmi_waits_without_a_spin(void **state)
{
	(void)state;
	start(run_halt, true);
	guest->nmi_closed = true;
	vcpu_notify(v, PEND_NMI);
	play(0);
	assert_int_equal(guest->entries, 1); /* neither does it end the guest's HLT */
	assert_true(guest->nmi_window);
	assert_true(vcpu_pending(v) & PEND_NMI);
	guest->nmi_closed = false;
	post(VECTOR);
	play(0);
	assert_int_equal(guest->vectors[0], EXCEPTION_NMI);
	assert_false(vcpu_pending(v) & PEND_NMI);
}

static unsigned nmis_told(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < guest->told; i++)
		count += guest->vectors[i] == EXCEPTION_NMI;
	return count;
}

/*
 * Two that come while the vCPU waits for its turn are two, as on a processor, which would have taken the
 * first at once; a third, or a second while a handler runs, is one too many.
 */
static void test_two_nmis(void **state)
{
	(void)state;
	start(run_halt, true);
	vcpu_send_nmi(v);
	vcpu_send_nmi(v);
	vcpu_send_nmi(v);
	play(0);
	assert_int_equal(guest->told, 1);
	assert_true(guest->nmi_window && guest->nmi_closed);
	guest->nmi_closed = false; /* IRET */
	post(VECTOR);
	play(0);
	assert_int_equal(nmis_told(), 2);
	assert_true(guest->nmi_closed);
	for (unsigned i = 0; i < 3; i++) {
		vcpu_send_nmi(v);
		play(0);
	}
	vcpu_send_nmi(v);
	guest->nmi_closed = false;
	post(VECTOR + 1);
	play(0);
	assert_int_equal(nmis_told(), 3);
	assert_int_equal(vcpu_pending(v) & (PEND_NMI | PEND_NMI_SECOND), 0);
}

/* LINT0 as NMI: it goes in at once, not after the next exit. */
static void test_nmi_of_lint0(void **state)
{
	struct lapic_effect effect = {0};
	(void)state;

	start(run_halt, true);
	play(0);
	lapic_write(&v->lapic, 0x350, 0x400, host_tsc, &effect);
	assert_true(lapic_post_line(&v->lapic, true));
	vcpu_notify(v, PEND_INTERRUPT);
	play(0);
	assert_int_equal(guest->entries, 2);
	assert_int_equal(guest->vectors[0], EXCEPTION_NMI);
}

/* --- The 8259 --- */

static void pic_answers(struct vcpu *vcpu)
{
	const struct frame_event event = {.type = INJECT_EXTERNAL, .vector = PIC_VECTOR};

	if (upcall_reason != EXIT_INTA)
		return;
	lapic_post_line(&vcpu->lapic, false);
	fake_inject(&vcpu->virt, &event);
}

static void run_sti_halt(struct vcpu *vcpu)
{
	guest->interrupts = true; /* its handler is over */
	run_halt(vcpu);
}

static void accept_extint(bool line)
{
	struct lapic_effect effect = {0};

	lapic_write(&v->lapic, 0x350, 0x700, host_tsc, &effect);
	if (line && lapic_post_line(&v->lapic, true))
		vcpu_notify(v, PEND_INTERRUPT);
}

static void test_8259_and_local_apic_at_once(void **state)
{
	(void)state;
	host_on_upcall = pic_answers;
	start(run_sti_halt, true);
	play(0);
	accept_extint(true);
	post(VECTOR);
	play(0);
	assert_int_equal(upcalls, 1);
	assert_int_equal(guest->told, 2);
	assert_int_equal(guest->vectors[0], PIC_VECTOR);
	assert_int_equal(guest->vectors[1], VECTOR);
}

/* The line was up before LVT0 let it through. */
static void test_unmasking_lint0_is_noticed(void **state)
{
	(void)state;
	host_on_upcall = pic_answers;
	start(run_sti_halt, true);
	v->lapic.lvt[LAPIC_LVT_LINT0] = 1u << 16; /* masked */
	if (lapic_post_line(&v->lapic, true))
		vcpu_notify(v, PEND_INTERRUPT);
	play(0);
	assert_int_equal(guest->told, 0);
	accept_extint(false);
	vcpu_check_lapic(v);
	play(0);
	assert_int_equal(guest->told, 1);
	assert_int_equal(guest->vectors[0], PIC_VECTOR);
}

/* --- INIT and SIPI --- */

static uint32_t told[8];
static unsigned tellings;

static void note_events(struct vcpu *vcpu)
{
	(void)vcpu;
	told[tellings++] = told_events;
}

static void test_init_and_sipi_in_one_go(void **state)
{
	(void)state;
	tellings = 0;
	host_on_upcall = note_events;
	start(run_halt, true);
	play(0);
	v->sipi_vector = 0x9a;
	vcpu_notify(v, EVENT_INIT);
	vcpu_notify(v, EVENT_SIPI);
	play(0);
	assert_int_equal(tellings, 2);
	assert_int_equal(told[0], EVENT_INIT);
	assert_int_equal(told[1], EVENT_SIPI);
	assert_int_equal(guest->entries, 2);
}

static void test_sipi_alone_is_ignored(void **state)
{
	(void)state;
	tellings = 0;
	host_on_upcall = note_events;
	start(run_halt, true);
	play(0);
	vcpu_notify(v, EVENT_SIPI);
	play(0);
	assert_int_equal(tellings, 0);
	assert_int_equal(v->virt.activity, ACTIVITY_HALT);
}

static void test_waiting_for_sipi_runs_for_nothing_else(void **state)
{
	(void)state;
	start(run_halt, true);
	v->virt.activity = ACTIVITY_WAIT_SIPI;
	post(VECTOR);
	vcpu_notify(v, PEND_NMI);
	play(0);
	assert_int_equal(guest->entries, 0);
	/* But its VMM hears of events meanwhile, and that does not start it. */
	vcpu_notify(v, EVENT_EOI);
	play(0);
	assert_int_equal(told_events, EVENT_EOI);
	assert_int_equal(guest->entries, 0);
	vcpu_notify(v, EVENT_SIPI);
	play(0);
	assert_int_equal(told_events, EVENT_SIPI);
	assert_true(guest->entries > 0);
}

static void test_init_resets(void **state)
{
	(void)state;
	start(run_halt, true);
	play(0);
	lapic_cr8_write(&v->lapic, 15);
	vcpu_sync_tpr(v);
	host_dr[3] = 0x1000;
	v->virt.nmi_blocked = true;
	vcpu_notify(v, PEND_NMI);
	vcpu_notify(v, EVENT_INIT);
	play(0);
	assert_int_equal(v->virt.activity, ACTIVITY_WAIT_SIPI);
	assert_int_equal(v->virt.cr8, 0); /* else the entry would bring the old TPR back */
	assert_int_equal(host_dr[3], 0);
	assert_int_equal(vcpu_pending(v) & PEND_NMI, 0);
	assert_false(v->virt.nmi_blocked);
	vcpu_notify(v, EVENT_SIPI);
	play(0);
	assert_int_equal(lapic_cr8_read(&v->lapic), 0);
}

/* --- HLT, XSETBV, TPR --- */

static void run_step_over_hlt(struct vcpu *vcpu)
{
	const struct frame_event step = {.type = INJECT_EXCEPTION, .vector = EXCEPTION_DB};

	run_halt(vcpu);
	if (guest->entries == 1)
		fake_inject(&vcpu->virt, &step); /* as skip does under TF */
}

static void test_single_step_ends_hlt(void **state)
{
	(void)state;
	start(run_step_over_hlt, true);
	play(0);
	assert_int_equal(guest->entries, 2);
	assert_int_equal(guest->vectors[0], EXCEPTION_DB);
}

static void run_sti_hlt(struct vcpu *vcpu)
{
	if (guest->entries == 1) {
		post(VECTOR);
		return;
	}
	if (guest->entries == 2) {
		guest->interrupts = true;
		sched_preempt();
	}
	run_halt(vcpu);
}

/* What waited for a window when the guest did STI and HLT ends the HLT, also if its turn ended there. */
static void test_hlt_at_the_end_of_its_turn(void **state)
{
	(void)state;
	start(run_sti_hlt, false);
	play(0);
	assert_int_equal(guest->told, 1);
	assert_int_equal(guest->vectors[0], VECTOR);
	assert_int_equal(guest->entries, 3);
}

static void run_lower_tpr(struct vcpu *vcpu)
{
	vcpu->virt.cr8 = 3; /* MOV CR8 without an exit */
	run_halt(vcpu);
}

static void test_tpr_without_exit(void **state)
{
	(void)state;
	start(run_lower_tpr, true);
	play(0);
	assert_int_equal(lapic_cr8_read(&v->lapic), 3);
	/* An access to the local APIC does not put the old one back. */
	vcpu_check_lapic(v);
	assert_int_equal(v->virt.cr8, 3);
}

static uint64_t xcr0_wanted, xcr0_index;

static void run_xsetbv(struct vcpu *vcpu)
{
	run_halt(vcpu);
	if (guest->entries > 1)
		return;
	vcpu->virt.exit.kind = VM_EXIT_XSETBV;
	vcpu->virt.gpr[GPR_RAX] = xcr0_wanted & 0xffffffff;
	vcpu->virt.gpr[GPR_RDX] = xcr0_wanted >> 32;
	vcpu->virt.gpr[GPR_RCX] = xcr0_index;
}

static void test_xsetbv(void **state)
{
	static const struct {
		uint64_t value, index;
		bool good;
	} cases[] = {{7, 0, true},
		     {1, 0, true},
		     {6, 0, false},
		     {15, 0, false},
		     {1ULL << 63 | 1, 0, false},
		     {7, 1, false}};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		machine_make();
		xcr0_wanted = cases[i].value;
		xcr0_index = cases[i].index;
		start(run_xsetbv, true);
		play(0);
		assert_int_equal(host_xcr0, cases[i].good ? cases[i].value : XCR0_X87);
		assert_int_equal(guest->told, !cases[i].good);
		if (!cases[i].good)
			assert_int_equal(guest->vectors[0], EXCEPTION_GP);
	}
}

/* --- Leaving --- */

static void run_until_asked(struct vcpu *vcpu)
{
	(void)vcpu;
	if (guest->entries == 3)
		vcpu_notify(v, PEND_STOP);
	assert_true(guest->entries <= 3);
}

static void test_stop_leaves_at_the_next_look(void **state)
{
	(void)state;
	start(run_until_asked, true);
	part.run = RUN_YES;
	v->virt.pending = 0;
	play_turn(v);
	assert_int_equal(guest->entries, 3);
	part.run = RUN_NO;
	play(0);
	assert_int_equal(v->loaded, 0);
	assert_int_equal(v->virt.pending, 0);
}

static void run_refused(struct vcpu *vcpu)
{
	vcpu->virt.exit.kind = VM_EXIT_INVALID;
}

static void test_refused_state_ends_the_partition(void **state)
{
	struct virt_ops ops = fake_virt;
	(void)state;

	ops.get = fake_get;
	machine.virt = &ops;
	start(run_refused, true);
	play(0);
	assert_int_equal(ended_for, REASON_ENTRY);
	assert_int_equal(guest->entries, 1);
	assert_int_equal(v->loaded, 0);
}

static void run_hypercall(struct vcpu *vcpu)
{
	run_halt(vcpu);
	if (guest->entries > 1)
		return;
	vcpu->virt.exit.kind = VM_EXIT_HYPERCALL;
	vcpu->virt.gpr[GPR_RAX] = 0xabcdef0123456789;
}

static void test_hypercall_answers_in_the_width_of_the_code(void **state)
{
	(void)state;
	for (unsigned narrow = 0; narrow < 2; narrow++) {
		set_up(NULL);
		start(run_hypercall, true);
		guest->narrow = narrow;
		play(0);
		assert_true(v->virt.gpr[GPR_RAX] == (narrow ? (uint32_t)-38 : (uint64_t)-38));
		assert_int_equal(guest->skipped, 2); /* it, and HLT */
	}
}

static void test_every_exit_has_a_name_and_a_handler(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VM_EXIT_KINDS; i++) {
		assert_non_null(handlers[i]);
		assert_non_null(vm_exit_name(i));
		assert_true(strlen(vm_exit_name(i)) < 32);
	}
	assert_string_equal(vm_exit_name(RECORD_INJECTED), "injected");
	assert_null(vm_exit_name(RECORD_INJECTED + 1));
}

/* A VMM that loads its guest in three pieces, as upcall.c takes its answers. */
static void load_in_pieces(struct vcpu *vcpu)
{
	assert_int_equal(upcall_reason, EXIT_EVENT);
	assert_true(told_events & EVENT_START);
	assert_int_equal(guest->entries, 0);
	if (upcalls == 2)
		vcpu_notify(vcpu, PEND_RESCHEDULE | EVENT_INPUT);
	if (upcalls == 3) {
		assert_int_equal(told_events, EVENT_START | EVENT_INPUT);
		vcpu_take(vcpu, EVENT_START);
	}
}

static void test_start_is_told_until_it_is_answered(void **state)
{
	(void)state;
	start(run_halt, false);
	host_on_upcall = load_in_pieces;
	vcpu_notify(v, EVENT_START);
	play(0);
	assert_int_equal(upcalls, 3);
	assert_int_equal(guest->entries, 1);
}

/* A partition that is stopped in between leaves at once, and goes on where it was when it may. */
static void stop_loading(struct vcpu *vcpu)
{
	(void)vcpu;
	part.run = RUN_PAUSED;
	vcpu_notify(v, PEND_STOP);
}

static void test_start_is_stopped(void **state)
{
	(void)state;
	start(run_halt, false);
	host_on_upcall = stop_loading;
	vcpu_notify(v, EVENT_START);
	play(0);
	assert_int_equal(upcalls, 1);
	assert_int_equal(v->loaded, 0);
	assert_int_equal(vcpu_pending(v), EVENT_START);
	part.run = RUN_YES;
	upcalls = 0;
	host_on_upcall = load_in_pieces;
	vcpu_notify(v, PEND_REARM);
	play(0);
	assert_int_equal(upcalls, 3);
	assert_int_equal(guest->entries, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_interrupt_wakes, set_up),
		cmocka_unit_test_setup(test_masked_interrupt_does_not_wake, set_up),
		cmocka_unit_test_setup(test_window, set_up),
		cmocka_unit_test_setup(test_higher_class_goes_in_after_the_first, set_up),
		cmocka_unit_test_setup(test_one_event_makes_way, set_up),
		cmocka_unit_test_setup(test_one_event_makes_way_for_nmi, set_up),
		cmocka_unit_test_setup(test_own_vector_below_the_priority_is_watched, set_up),
		cmocka_unit_test_setup(test_posted_during_a_delivery, set_up),
		cmocka_unit_test_setup(test_delivery_cut_short_comes_first, set_up),
		cmocka_unit_test_setup(test_nmi_just_before_the_entry, set_up),
		cmocka_unit_test_setup(test_blocked_nmi_waits_without_a_spin, set_up),
		cmocka_unit_test_setup(test_two_nmis, set_up),
		cmocka_unit_test_setup(test_nmi_of_lint0, set_up),
		cmocka_unit_test_setup(test_8259_and_local_apic_at_once, set_up),
		cmocka_unit_test_setup(test_unmasking_lint0_is_noticed, set_up),
		cmocka_unit_test_setup(test_init_and_sipi_in_one_go, set_up),
		cmocka_unit_test_setup(test_sipi_alone_is_ignored, set_up),
		cmocka_unit_test_setup(test_waiting_for_sipi_runs_for_nothing_else, set_up),
		cmocka_unit_test_setup(test_init_resets, set_up),
		cmocka_unit_test_setup(test_single_step_ends_hlt, set_up),
		cmocka_unit_test_setup(test_hlt_at_the_end_of_its_turn, set_up),
		cmocka_unit_test_setup(test_tpr_without_exit, set_up),
		cmocka_unit_test_setup(test_xsetbv, set_up),
		cmocka_unit_test_setup(test_stop_leaves_at_the_next_look, set_up),
		cmocka_unit_test_setup(test_refused_state_ends_the_partition, set_up),
		cmocka_unit_test_setup(test_start_is_told_until_it_is_answered, set_up),
		cmocka_unit_test_setup(test_start_is_stopped, set_up),
		cmocka_unit_test(test_hypercall_answers_in_the_width_of_the_code),
		cmocka_unit_test(test_every_exit_has_a_name_and_a_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
