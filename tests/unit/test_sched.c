/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns, wake-ups, kicks, stops and time: what must not be lost, and what a neighbour must not take. */
/* sources: kernel/deadline.c kernel/lapic.c kernel/lapic_base.c kernel/lapic_ipi.c kernel/lapic_lvt.c
 * kernel/lapic_reg.c kernel/lapic_timer.c drivers/tsc.c kernel/turn.c kernel/cap.c */
#include "tests/unit/kernel_guest.h"

static int set_up(void **state)
{
	(void)state;
	machine_make();
	return 0;
}

/* Never gives the CPU away by itself; a millisecond passes at each entry, and the timer ticks. */
static void run_busy(struct vcpu *v)
{
	(void)v;
	host_tsc += us_to_tsc(1000);
	host_timer();
}

static unsigned entries_left;

/* As above, for so many entries; then it sleeps for good. */
static void run_busy_a_while(struct vcpu *v)
{
	run_busy(v);
	if (entries_left)
		entries_left--;
	else
		v->virt.exit.kind = VM_EXIT_HLT;
}

static void test_turns(void **state)
{
	(void)state;
	vcpu_make(0, 0, run_busy_a_while);
	vcpu_make(1, 0, run_busy_a_while);
	entries_left = 200;
	play(0);
	assert_in_range(guests[0].entries, 90, 112);
	assert_in_range(guests[1].entries, 90, 112);
	assert_true(vcpus[0].run_tsc > us_to_tsc(80000) && vcpus[1].run_tsc > us_to_tsc(80000));
}

/* Its output wakes the console every millisecond. */
static void run_talking(struct vcpu *v)
{
	run_busy_a_while(v);
	sched_preempt();
}

/* A guest whose output is looked at must not wait for its neighbour's turn at each byte. */
static void test_the_console_does_not_end_a_turn(void **state)
{
	(void)state;
	vcpu_make(0, 0, run_talking);
	vcpu_make(1, 0, run_busy_a_while);
	entries_left = 200;
	play(0);
	assert_in_range(guests[0].entries, 90, 112);
	assert_in_range(guests[1].entries, 90, 112);
}

static bool woken;
static unsigned entries_before; /* of vCPU 0 when vCPU 1 came */

static void run_note_order(struct vcpu *v)
{
	entries_before = guests[0].entries;
	run_halt(v);
}

/* The console runs in its turn, and meanwhile a neighbour's timer wakes that one. */
static void run_until_neighbour(struct vcpu *v)
{
	run_busy(v);
	if (guests[0].entries == 3) {
		v->part->vcpus[1]->virt.pending |= PEND_INTERRUPT;
		woken = true;
		sched_preempt();
	}
	if (guests[0].entries == 4)
		v->virt.exit.kind = VM_EXIT_HLT;
}

static void wake_neighbour(void)
{
	if (!woken || this_cpu()->running)
		return;
	woken = false;
	sched_kicked();
}

/* But who woke up while the console ran comes next, though that turn is not over. */
static void test_a_turn_cut_short_makes_room(void **state)
{
	(void)state;
	vcpu_make(1, 0, run_halt);
	play(0);
	vcpu_make(0, 0, run_until_neighbour);
	part.desc.vcpu_count = 2;
	woken = false;
	host_on_window = wake_neighbour;
	guests[1].interrupts = true;
	lapic_on(&vcpus[1]);
	lapic_post(&vcpus[1].lapic, 0x40, false);
	guests[1].run = run_note_order;
	play(0);
	assert_int_equal(entries_before, 3);
}

/* Its VMM is interrupted all the time; that must not make its turn longer than its neighbour's. */
static void test_ring3_ticks_do_not_lengthen_a_turn(void **state)
{
	struct trap_frame frame = {.cs = 0x1b};
	uint64_t end;
	(void)state;

	vcpu_make(0, 0, run_halt);
	this_cpu()->running = &vcpus[0];
	this_cpu()->slice_start = host_tsc;
	slice_set(this_cpu(), host_tsc + us_to_tsc(SLICE_US));
	end = this_cpu()->slice.tsc;
	for (unsigned us = 0; us <= SLICE_US; us += 500) {
		host_tsc = end - us_to_tsc(SLICE_US) + us_to_tsc(us) + 1;
		host_timer();
		sched_ring3_tick(&frame);
	}
	assert_true(vcpu_pending(&vcpus[0]) & PEND_RESCHEDULE);
	assert_int_equal(this_cpu()->slice.tsc, end);
}

static void test_upcall_limit_is_time(void **state)
{
	struct trap_frame frame = {.cs = 0x1b};
	(void)state;

	vcpu_make(0, 0, run_halt);
	take_inbox(this_cpu());
	this_cpu()->running = &vcpus[0];
	/* A neighbour's timers: any number of interrupts in less than the limit. */
	for (unsigned i = 0; i < 1000; i++) {
		host_tsc += us_to_tsc(90);
		sched_ring3_tick(&frame);
	}
	assert_int_equal(ended_for, REASON_NONE);
	if (!setjmp(loop)) {
		for (unsigned i = 0; i < 40; i++) {
			host_tsc += us_to_tsc(UPCALL_TICK_US);
			sched_ring3_tick(&frame);
		}
		fail();
	}
	assert_int_equal(ended_for, REASON_VMM_LOOP);
	assert_int_equal(vcpus[0].virt.state, VIRT_OUT);
}

/* --- Kicks --- */

static void test_kick_of_a_sleeping_cpu(void **state)
{
	(void)state;
	vcpu_make(0, 1, run_halt);
	play(1);
	assert_int_equal(vcpus[0].virt.activity, ACTIVITY_HALT);
	host_cpu = 0;
	host_kicks[1] = 0;
	vcpu_notify(&vcpus[0], EVENT_DEADLINE);
	assert_int_equal(host_kicks[1], 1);
	vcpu_notify(&vcpus[0], EVENT_DEADLINE);
	assert_int_equal(host_kicks[1], 1); /* it was told */
	play(1);
	assert_int_equal(told_events, EVENT_DEADLINE);
}

static void test_kick_of_a_cpu_that_runs_another(void **state)
{
	(void)state;
	vcpu_make(0, 1, run_halt);
	vcpu_make(1, 1, run_halt);
	play(1);
	cpu_of(1)->running = &vcpus[1];
	vcpus[1].virt.state = VIRT_GUEST;
	host_cpu = 0;
	host_kicks[1] = 0;
	vcpu_notify(&vcpus[0], EVENT_INPUT);
	assert_int_equal(host_kicks[1], 1);
}

static void test_no_kick_where_it_will_look(void **state)
{
	(void)state;
	vcpu_make(0, 1, run_halt);
	cpu_of(1)->running = &vcpus[0];
	host_kicks[1] = 0;
	vcpus[0].virt.state = VIRT_RING3;
	vcpu_notify(&vcpus[0], EVENT_INPUT);
	assert_int_equal(host_kicks[1], 0);
	vcpus[0].virt.state = VIRT_GUEST;
	vcpu_notify(&vcpus[0], EVENT_SPACE);
	assert_int_equal(host_kicks[1], 1);
}

/* What a kick does: a sleeper that has something to do comes soon; one that waits for its turn does not. */
static void test_kicked(void **state)
{
	uint64_t full;
	(void)state;

	vcpu_make(0, 0, run_halt);
	vcpu_make(1, 0, run_halt);
	take_inbox(this_cpu());
	this_cpu()->vcpus = this_cpu()->running = &vcpus[0];
	this_cpu()->slice_start = this_cpu()->charged = host_tsc;
	full = host_tsc + us_to_tsc(SLICE_US);
	assert_non_null(sched_pick(this_cpu()));
	slice_set(this_cpu(), full);
	sched_kicked();
	assert_int_equal(this_cpu()->slice.tsc, full);
	vcpus[1].virt.activity = ACTIVITY_HALT;
	assert_false(sched_look(this_cpu(), &vcpus[1], host_tsc));
	sched_kicked();
	assert_int_equal(this_cpu()->slice.tsc, full);
	vcpus[1].virt.pending = PEND_INTERRUPT;
	sched_kicked();
	assert_int_equal(this_cpu()->slice.tsc, this_cpu()->slice_start + us_to_tsc(SLICE_MIN_US));
	vcpus[1].virt.pending = PEND_STOP;
	host_tsc += us_to_tsc(SLICE_MIN_US);
	sched_kicked();
	assert_true(vcpu_pending(&vcpus[0]) & PEND_RESCHEDULE);
}

static void test_kicked_for_a_new_one(void **state)
{
	(void)state;
	vcpu_make(0, 0, run_halt);
	take_inbox(this_cpu());
	this_cpu()->running = &vcpus[0];
	vcpu_make(1, 0, run_halt);
	host_tsc += us_to_tsc(SLICE_MIN_US);
	sched_kicked();
	assert_true(vcpu_pending(&vcpus[0]) & PEND_RESCHEDULE);
}

/* A neighbour that has had more than its share does not shorten a turn by going to sleep and coming back. */
static void test_no_room_for_one_in_debt(void **state)
{
	struct cpu *cpu;
	uint64_t full;
	(void)state;

	vcpu_make(0, 0, run_halt);
	vcpu_make(1, 0, run_halt);
	cpu = this_cpu();
	take_inbox(cpu);
	assert_non_null(sched_pick(cpu));
	cpu->vcpus = cpu->running = &vcpus[1];
	cpu->charged = host_tsc;
	host_tsc += us_to_tsc(SLICE_US);
	charge(cpu);
	vcpus[1].virt.activity = ACTIVITY_HALT;
	assert_ptr_equal(sched_pick(cpu), &vcpus[0]);
	cpu->vcpus = cpu->running = &vcpus[0];
	cpu->slice_start = cpu->charged = host_tsc;
	full = host_tsc + us_to_tsc(SLICE_US);
	slice_set(cpu, full);
	vcpus[1].virt.pending = PEND_INTERRUPT;
	sched_kicked();
	assert_int_equal(cpu->slice.tsc, full);
	assert_true(vcpus[1].turn.wants);
}

/* Its budget is used up: the CPU sleeps until the window's end, and then it goes on. */
static void test_cap(void **state)
{
	uint64_t start;
	(void)state;

	part.desc.cap = 20;
	cap_init(&part.cap, us_to_tsc(CAP_WINDOW_US), 20);
	part.cap_lock = (spinlock_t)SPINLOCK(LOCK_SCHEDULER);
	vcpu_make(0, 0, run_busy_a_while);
	entries_left = 1000000;
	start = host_tsc;
	for (unsigned i = 0; i < 20; i++) {
		play(0); /* to the budget's end */
		assert_true(deadline_is_set(&this_cpu()->uncap));
		assert_int_equal(host_tsc < this_cpu()->uncap.tsc, 1);
		host_tsc = this_cpu()->uncap.tsc;
		host_timer();
	}
	assert_in_range(vcpus[0].run_tsc * 1000 / (host_tsc - start), 190, 210);
	/* What the guest is told of: it could have run all the time. */
	assert_in_range((vcpus[0].steal_tsc + vcpus[0].run_tsc) * 1000 / (host_tsc - start), 950,
			1001);
}

static uint64_t steal_heard;

static void hear_steal(struct vcpu *v)
{
	if (told_events & EVENT_STEAL)
		steal_heard = v->steal_tsc;
}

/* The time that a vCPU waited for its neighbour, told to its VMM before it runs. */
static void test_steal(void **state)
{
	(void)state;
	vcpu_make(0, 0, run_busy_a_while);
	vcpu_make(1, 0, run_busy_a_while);
	vcpus[1].steal_watch = true;
	entries_left = 200;
	steal_heard = 0;
	host_on_upcall = hear_steal;
	play(0);
	assert_int_equal(told_events, EVENT_STEAL);
	assert_in_range(tsc_to_us(vcpus[0].steal_tsc), 90000, 112000);
	assert_in_range(tsc_to_us(vcpus[1].steal_tsc), 90000, 112000);
	assert_in_range(tsc_to_us(steal_heard), 80000, 112000);
	/* Not while it slept. */
	host_tsc += us_to_tsc(1000000);
	vcpu_notify(&vcpus[1], EVENT_INPUT);
	play(0);
	assert_in_range(tsc_to_us(vcpus[1].steal_tsc), 90000, 112000);
}

/* The timer's interrupt was lost: who goes to sleep finds out. */
static void test_no_sleep_past_a_deadline(void **state)
{
	(void)state;
	vcpu_make(0, 0, run_halt);
	play(0);
	part.deadline = host_tsc + 5000;
	sched_rearm(&vcpus[0]);
	host_tsc += 10000;
	play(0);
	assert_int_equal(told_events, EVENT_DEADLINE);
}

/*
 * A periodic timer of one who does not run is one interrupt, not one a period at its neighbours' cost; and it
 * goes on in step when its turn comes.
 */
static void test_a_period_waits_for_its_turn(void **state)
{
	struct vcpu *v = &vcpus[0];
	struct lapic_effect effect = {0};
	uint64_t start = host_tsc, period;

	(void)state;
	vcpu_make(0, 0, run_halt); /* with interrupts off */
	play(0);
	lapic_on(v);
	lapic_write(&v->lapic, 0x320, 0x20040, host_tsc, &effect);
	lapic_write(&v->lapic, 0x3e0, 0xb, host_tsc, &effect);
	start = host_tsc;
	lapic_write(&v->lapic, 0x380, 100000, host_tsc, &effect);
	vcpu_timer_update(v);
	period = v->timer.tsc - start;
	/* Others run. */
	for (unsigned i = 0; i < 5; i++) {
		host_tsc += period;
		assert_int_equal(deadline_run(&this_cpu()->deadlines, host_tsc, 32), i == 0);
	}
	host_tsc += period / 2;
	play(0);
	assert_int_equal(lapic_read(&v->lapic, 0x220, host_tsc), 1);
	assert_true(deadline_is_set(&v->timer));
	assert_in_range(v->timer.tsc, host_tsc, host_tsc + period / 2 + 100);
	assert_in_range((v->timer.tsc - start) % period, 0, 100);
	/* In its own turn it is told each. */
	this_cpu()->running = v;
	host_tsc = v->timer.tsc;
	assert_int_equal(deadline_run(&this_cpu()->deadlines, host_tsc, 32), 1);
	assert_in_range(v->timer.tsc, host_tsc + period - 3, host_tsc + period + 3);
	this_cpu()->running = NULL;
}

/* --- Stop, pause, detach --- */

static void arm_timer(struct vcpu *v, uint64_t in)
{
	struct lapic_effect effect = {0};

	lapic_on(v);
	lapic_write(&v->lapic, 0x320, 0x40, host_tsc, &effect);
	lapic_write(&v->lapic, 0x3e0, 0xb, host_tsc, &effect);
	lapic_write(&v->lapic, 0x380, (uint32_t)in, host_tsc, &effect);
	vcpu_timer_update(v);
}

static void test_stop_takes_everything_off_the_cpu(void **state)
{
	(void)state;
	vcpu_make(0, 0, run_halt);
	play(0);
	assert_ptr_equal(this_cpu()->loaded, &vcpus[0]);
	arm_timer(&vcpus[0], 1000000);
	part.deadline = host_tsc + 5000;
	sched_rearm(&vcpus[0]);
	assert_true(deadline_is_set(&vcpus[0].timer) && deadline_is_set(&vcpus[0].vmm_deadline));
	part.run = RUN_NO;
	vcpu_notify(&vcpus[0], PEND_STOP);
	play(0);
	assert_false(deadline_is_set(&vcpus[0].timer) || deadline_is_set(&vcpus[0].vmm_deadline));
	assert_null(this_cpu()->loaded);
	assert_int_equal(vcpus[0].loaded, 0);
	assert_int_equal(vcpu_pending(&vcpus[0]), 0);
	assert_int_equal(vcpus[0].homed, 1);
	assert_ptr_equal(this_cpu()->space, &kernel_space);
	assert_int_equal(host_console_events, CONSOLE_PARTITION);
	/* What a vCPU elsewhere still asks for comes too late. */
	vcpu_notify(&vcpus[0], PEND_REARM);
	play(0);
	assert_false(deadline_is_set(&vcpus[0].timer) || deadline_is_set(&vcpus[0].vmm_deadline));
}

static void test_pause_and_resume_in_one_go_keeps_the_timers(void **state)
{
	(void)state;
	vcpu_make(0, 0, run_halt);
	play(0);
	arm_timer(&vcpus[0], 1000000);
	part.deadline = host_tsc + 5000000;
	vcpu_notify(&vcpus[0], PEND_STOP);  /* pause */
	vcpu_notify(&vcpus[0], PEND_REARM); /* go on, before the CPU has seen it */
	play(0);
	assert_true(deadline_is_set(&vcpus[0].timer) && deadline_is_set(&vcpus[0].vmm_deadline));
	assert_int_equal(vcpu_pending(&vcpus[0]), 0);
}

static void test_pause_keeps_events(void **state)
{
	(void)state;
	vcpu_make(0, 0, run_halt);
	play(0);
	part.run = RUN_PAUSED;
	vcpu_notify(&vcpus[0], PEND_STOP | EVENT_INPUT);
	play(0);
	assert_int_equal(upcalls, 0);
	part.run = RUN_YES;
	vcpu_notify(&vcpus[0], PEND_REARM);
	play(0);
	assert_int_equal(told_events, EVENT_INPUT);
}

static void test_detach_beside_others(void **state)
{
	(void)state;
	for (unsigned gone = 0; gone < 3; gone++) {
		machine_make();
		for (unsigned i = 0; i < 3; i++)
			vcpu_make(i, 0, run_halt);
		play(0);
		vcpu_notify(&vcpus[gone], PEND_DETACH);
		play(0);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(vcpus[i].homed, i != gone);
		for (unsigned i = 0; i < 3; i++)
			if (i != gone)
				vcpu_notify(&vcpus[i], EVENT_INPUT);
		play(0);
		assert_int_equal(upcalls, 2);
	}
}

static void test_the_last_one_leaves(void **state)
{
	(void)state;
	vcpu_make(0, 0, run_halt);
	play(0);
	vcpu_notify(&vcpus[0], PEND_DETACH);
	play(0);
	assert_null(this_cpu()->vcpus);
	assert_null(this_cpu()->loaded);
	assert_int_equal(vcpus[0].homed, 0);
	/* Whoever asks whether one is on its way looks at homed first, and must not miss it. */
	assert_true(vcpu_pending(&vcpus[0]) & PEND_DETACH);
}

/* --- What is switched --- */

static void test_state_is_each_ones_own(void **state)
{
	(void)state;
	vcpu_make(0, 0, run_halt);
	vcpu_make(1, 0, run_halt);
	play(0);
	vcpu_load(&vcpus[0]);
	host_xcr0 = 7; /* as XSETBV, which one bed does not report */
	host_dr[2] = 0x1234;
	memset(fpu_of_cpu, 0x5a, sizeof(fpu_of_cpu));
	vcpu_load(&vcpus[1]);
	assert_int_equal(host_xcr0, XCR0_X87);
	assert_int_equal(host_dr[2], 0);
	assert_int_equal(fpu_of_cpu[7], 0);
	vcpu_load(&vcpus[0]);
	assert_int_equal(host_xcr0, 7);
	assert_int_equal(host_dr[2], 0x1234);
	assert_int_equal(fpu_of_cpu[7], 0x5a);
	vcpu_unload(&vcpus[0]);
	assert_int_equal(host_xcr0, 7);
	assert_int_equal(cpu_features.xcr0_host, host_xcr0);
}

/* A CPU's branch predictor is emptied when it goes to another partition, and only then. */
static void test_predictor_barrier(void **state)
{
	static struct partition other;
	(void)state;

	for (unsigned which = 0; which < 3; which++) {
		machine_make();
		cpu_features.spec_ctrl = which == 1;
		cpu_features.ibpb = which == 2;
		part.serial = 7;
		vcpu_make(0, 0, run_halt);
		vcpu_make(1, 0, run_halt);
		vcpu_make(2, 0, run_halt);
		other = part;
		other.serial = 8; /* perhaps in the slot that the other had */
		vcpu_load(&vcpus[0]);
		host_pred_cmds = 0;
		vcpu_load(&vcpus[1]);
		vcpu_unload(&vcpus[1]);
		vcpu_load(&vcpus[0]);
		assert_int_equal(host_pred_cmds, 0);
		vcpus[2].part = &other;
		vcpu_load(&vcpus[2]);
		assert_int_equal(host_pred_cmds, which != 0);
		vcpu_load(&vcpus[0]);
		assert_int_equal(host_pred_cmds, which ? 2 : 0);
		assert_true(!which || host_pred_cmd == PRED_CMD_IBPB);
		vcpu_unload(&vcpus[0]);
	}
	cpu_features.spec_ctrl = cpu_features.ibpb = false;
}

static void test_reset_leaves_nothing(void **state)
{
	static const uint8_t zero[USER_STACK_SIZE];
	(void)state;

	vcpu_make(0, 0, run_halt);
	memset(frames[0], 0xa5, sizeof(frames[0]));
	memset(stacks[0], 0xa5, sizeof(stacks[0]));
	memset(fpu_areas[0], 0xa5, sizeof(fpu_areas[0]));
	vcpus[0].dr[1] = vcpus[0].tsc_aux = vcpus[0].eoi_vectors[2] = 9;
	vcpus[0].sipi_vector = 9;
	vcpus[0].virt.recheck = RECHECK_NMI;
	vcpus[0].xcr0 = 7;
	vcpu_reset(&vcpus[0], 77);
	assert_int_equal(vcpus[0].frame->lapic_page, LAPIC_PAGE);
	vcpus[0].frame->lapic_page = 0;
	assert_memory_equal(frames[0], zero, PAGE_SIZE);
	assert_memory_equal(stacks[0], zero, USER_STACK_SIZE);
	assert_memory_equal(fpu_areas[0], zero, sizeof(fpu_areas[0]));
	assert_int_equal(vcpus[0].dr[1] | vcpus[0].tsc_aux | vcpus[0].eoi_vectors[2], 0);
	assert_int_equal(vcpus[0].virt.recheck | vcpus[0].sipi_vector, 0);
	assert_int_equal(vcpus[0].xcr0, XCR0_X87);
	assert_int_equal(vcpus[0].tsc_offset, 77);
}

/* As upcall.c, when the VMM has loaded the guest. */
static void answer_start(struct vcpu *vcpu)
{
	vcpu_take(vcpu, EVENT_START);
}

/* Its CPU may be awake, and pick it before whoever starts it has kicked. */
static void test_start_is_told_before_the_first_entry(void **state)
{
	(void)state;
	host_on_upcall = answer_start;
	part.run = RUN_NO;
	for (unsigned i = 0; i < 2; i++) {
		vcpu_make(i, 0, run_halt);
		vcpus[i].virt.pending = EVENT_INPUT | PEND_STOP;
		vcpu_reset(&vcpus[i], 0);
	}
	assert_int_equal(vcpu_pending(&vcpus[1]), 0);
	play(0);
	assert_int_equal(upcalls, 0);
	part.run = RUN_YES;
	play(0);
	assert_int_equal(told_events, EVENT_START);
	assert_int_equal(guests[0].entries, 1);
	assert_int_equal(upcalls, 1);
	assert_int_equal(guests[1].entries, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_turns, set_up),
		cmocka_unit_test_setup(test_the_console_does_not_end_a_turn, set_up),
		cmocka_unit_test_setup(test_a_turn_cut_short_makes_room, set_up),
		cmocka_unit_test_setup(test_ring3_ticks_do_not_lengthen_a_turn, set_up),
		cmocka_unit_test_setup(test_upcall_limit_is_time, set_up),
		cmocka_unit_test_setup(test_kick_of_a_sleeping_cpu, set_up),
		cmocka_unit_test_setup(test_kick_of_a_cpu_that_runs_another, set_up),
		cmocka_unit_test_setup(test_no_kick_where_it_will_look, set_up),
		cmocka_unit_test_setup(test_kicked, set_up),
		cmocka_unit_test_setup(test_kicked_for_a_new_one, set_up),
		cmocka_unit_test_setup(test_no_room_for_one_in_debt, set_up),
		cmocka_unit_test_setup(test_cap, set_up),
		cmocka_unit_test_setup(test_steal, set_up),
		cmocka_unit_test_setup(test_no_sleep_past_a_deadline, set_up),
		cmocka_unit_test_setup(test_a_period_waits_for_its_turn, set_up),
		cmocka_unit_test_setup(test_stop_takes_everything_off_the_cpu, set_up),
		cmocka_unit_test_setup(test_pause_and_resume_in_one_go_keeps_the_timers, set_up),
		cmocka_unit_test_setup(test_pause_keeps_events, set_up),
		cmocka_unit_test_setup(test_detach_beside_others, set_up),
		cmocka_unit_test_setup(test_the_last_one_leaves, set_up),
		cmocka_unit_test_setup(test_state_is_each_ones_own, set_up),
		cmocka_unit_test_setup(test_predictor_barrier, set_up),
		cmocka_unit_test_setup(test_reset_leaves_nothing, set_up),
		cmocka_unit_test_setup(test_start_is_told_before_the_first_entry, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
