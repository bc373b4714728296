/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel around kernel/lapic: what a read raises reaches the guest, and who takes a message. */
/* sources: kernel/deadline.c kernel/lapic.c kernel/lapic_base.c kernel/lapic_ipi.c
 * kernel/lapic_lvt.c kernel/lapic_reg.c kernel/lapic_timer.c drivers/tsc.c kernel/turn.c kernel/cap.c */
#include "tests/unit/kernel_guest.h"

enum {
	TPR = 0x80,
	SVR = 0xf0,
	LVT_TIMER = 0x320,
	LVT_ERROR = 0x370,
	COUNT = 0x380,
	DIVIDE = 0x3e0,
	DIVIDE_BY_1 = 0xb,
	X2APIC_CURRENT = 0x839,
};

enum { VECTOR = 0x44, EVERYBODY = 0xff };

#define BASE_X2APIC 0xfee00c00u

static struct vcpu *const v = &vcpus[0];
static struct fake_guest *const guest = &guests[0];

static int set_up(void **state)
{
	(void)state;
	machine_make();
	return 0;
}

static void put(struct vcpu *vcpu, unsigned offset, uint32_t value)
{
	struct lapic_effect effect = {0};

	lapic_write(&vcpu->lapic, offset, value, host_tsc, &effect);
}

/* --- Reads --- */

static void run_touch_page(struct vcpu *vcpu)
{
	vcpu->virt.exit.kind = VM_EXIT_NESTED;
	if (guest->entries > 1)
		run_halt(vcpu);
}

static void read_reserved(struct vcpu *vcpu)
{
	assert_int_equal(upcall_reason, EXIT_MMIO);
	assert_int_equal(vcpu_read_lapic(vcpu, 0), 0);
}

/* SDM 3A "Error Handling": an access to a reserved register, be it a read, raises LVT error. */
static void test_reading_a_reserved_register_interrupts(void **state)
{
	(void)state;
	vcpu_make(0, 0, run_touch_page);
	guest->interrupts = true;
	lapic_on(v);
	put(v, LVT_ERROR, VECTOR);
	host_on_upcall = read_reserved;
	play(0);
	assert_int_equal(upcalls, 1);
	assert_int_equal(guest->told, 1);
	assert_int_equal(guest->vectors[0], VECTOR);
}

static void run_read_count(struct vcpu *vcpu)
{
	uint64_t value;

	vcpu->virt.exit.kind = VM_EXIT_MSR_READ;
	if (guest->entries == 1)
		assert_true(vcpu_read_x2apic(vcpu, X2APIC_CURRENT, &value) && value == 0);
	else
		run_halt(vcpu);
}

/* A read that finds the count at 0 is followed by the timer's interrupt, not by the host's timer first. */
static void test_reading_a_count_that_is_over_interrupts(void **state)
{
	struct lapic_effect effect = {0};

	(void)state;
	vcpu_make(0, 0, run_read_count);
	guest->interrupts = true;
	lapic_on(v);
	put(v, LVT_TIMER, VECTOR);
	put(v, DIVIDE, DIVIDE_BY_1);
	put(v, COUNT, 1000);
	assert_true(lapic_base_write(&v->lapic, BASE_X2APIC, 40, &effect));
	host_tsc += 2000;
	play(0);
	assert_int_equal(guest->told, 1);
	assert_int_equal(guest->vectors[0], VECTOR);
}

/* --- Lowest priority --- */

static const struct lapic_ipi lowest = {
	.dest = EVERYBODY, .mode = LAPIC_LOWEST, .vector = VECTOR, .logical = true};

/* Whether it reached a vCPU's IRR. */
static bool took(unsigned index)
{
	struct lapic *l = &vcpus[index].lapic;
	bool is_in;

	lapic_merge(l);
	is_in = l->irr[VECTOR >> 6] & BIT(VECTOR & 63);
	l->irr[VECTOR >> 6] &= ~BIT(VECTOR & 63);
	l->irr_top = lapic_highest(l->irr);
	return is_in;
}

static void make_three(void)
{
	for (unsigned i = 0; i < 3; i++)
		vcpu_make(i, i, run_halt);
	put(v, TPR, 0x20);
}

/* The idle one is chosen, but not one that is software-disabled, as after a reset, and would drop it. */
static void test_lowest_priority_passes_over_the_disabled(void **state)
{
	(void)state;
	make_three();
	part_send_ipi(&part, NULL, &lowest, false);
	assert_true(took(0) && !took(1) && !took(2));
	lapic_on(&vcpus[1]);
	part_send_ipi(&part, NULL, &lowest, false);
	assert_true(!took(0) && took(1) && !took(2));
	put(&vcpus[1], SVR, 0xff);
	part_send_ipi(&part, NULL, &lowest, false);
	assert_true(took(0) && !took(1) && !took(2));
}

/* The same by shorthand, where no destination is compared; and one that is off takes nothing either way. */
static void test_lowest_priority_to_others(void **state)
{
	struct lapic_ipi others = {
		.mode = LAPIC_LOWEST, .vector = VECTOR, .shorthand = LAPIC_TO_OTHERS};
	struct lapic_effect effect = {0};

	(void)state;
	make_three();
	lapic_on(&vcpus[1]);
	assert_true(lapic_base_write(&vcpus[1].lapic, 0xfee00000, 40, &effect));
	part_send_ipi(&part, &vcpus[2], &others, false);
	assert_true(took(0) && !took(1) && !took(2));
	part_send_ipi(&part, &vcpus[2], &lowest, false);
	assert_true(took(0) && !took(1) && !took(2));
	lapic_on(&vcpus[2]);
	part_send_ipi(&part, &vcpus[2], &others, false);
	assert_true(took(0) && !took(1) && !took(2));
	part_send_ipi(&part, v, &others, false);
	assert_true(!took(0) && !took(1) && took(2));
}

static void test_lowest_priority_to_nobody(void **state)
{
	(void)state;
	make_three();
	put(v, SVR, 0xff);
	part_send_ipi(&part, NULL, &lowest, true);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(vcpu_pending(&vcpus[i]), 0);
		assert_false(vcpus[i].lapic.pir[VECTOR >> 6]);
	}
}

/* Of what the bus brings, an APIC that is off hears nothing, whoever is meant. */
static void test_one_that_is_off_hears_nothing(void **state)
{
	static const uint8_t modes[] = {LAPIC_FIXED, LAPIC_NMI, LAPIC_INIT, LAPIC_SIPI};
	static const uint8_t shorthands[] = {LAPIC_TO_DEST, LAPIC_TO_ALL, LAPIC_TO_OTHERS};
	struct lapic_effect effect = {0};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(modes) * ARRAY_SIZE(shorthands); i++) {
		struct lapic_ipi ipi = {.dest = LAPIC_DEST_ALL,
					.mode = modes[i / ARRAY_SIZE(shorthands)],
					.vector = VECTOR,
					.shorthand = shorthands[i % ARRAY_SIZE(shorthands)]};

		make_three();
		assert_true(lapic_base_write(&vcpus[1].lapic, 0xfee00000, 40, &effect));
		part_send_ipi(&part, v, &ipi, false);
		assert_int_equal(vcpu_pending(&vcpus[1]), 0);
		assert_int_not_equal(vcpu_pending(&vcpus[2]), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_reading_a_reserved_register_interrupts, set_up),
		cmocka_unit_test_setup(test_reading_a_count_that_is_over_interrupts, set_up),
		cmocka_unit_test_setup(test_lowest_priority_passes_over_the_disabled, set_up),
		cmocka_unit_test_setup(test_lowest_priority_to_others, set_up),
		cmocka_unit_test_setup(test_lowest_priority_to_nobody, set_up),
		cmocka_unit_test_setup(test_one_that_is_off_hears_nothing, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
