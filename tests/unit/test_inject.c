/* SPDX-License-Identifier: BSD-2-Clause */
/* Two events at once, against SDM 3A table 6-5 written out; what a VMM may ask for, and its task switches. */
#include "tests/unit/kernel_host.h"

#include "kernel/inject.c"
#include "kernel/upcall.c"

enum {
	DE = 0,
	DB = 1,
	BP = 3,
	UD = 6,
	DF = 8,
	TS = 10,
	NP = 11,
	SS = 12,
	GP = 13,
	PF = 14,
	AC = 17,
	CP = 21
};

uint8_t host_blocks[HOST_CPUS][PERCPU_KERNEL_SIZE] __attribute__((aligned(64)));
uint64_t host_tsc, host_xcr0, host_dr[4];
unsigned host_cpu;
void (*host_on_window)(void), (*host_on_idle)(void);

struct machine machine;

static struct partition part;
static struct frame frame;
static struct vcpu vcpu;

static struct frame_event injected;
static unsigned injections;
static jmp_buf left;
static enum exit_reason left_for;

static void fake_inject(struct virt_vcpu *v, const struct frame_event *event)
{
	(void)v;
	injected = *event;
	injections++;
}

static uint64_t fake_rip(const struct virt_vcpu *v)
{
	(void)v;
	return 0x1234;
}

static bool fake_put(struct virt_vcpu *v, uint32_t groups, const struct frame *from)
{
	(void)v, (void)groups, (void)from;
	return true;
}

static void fake_get(struct virt_vcpu *v, uint32_t groups, struct frame *to)
{
	(void)v, (void)groups, (void)to;
}

static noreturn void fake_run(struct virt_vcpu *v, int64_t skip)
{
	(void)v, (void)skip;
	longjmp(left, 1);
}

static const struct virt_ops fake_virt = {
	.inject = fake_inject,
	.rip = fake_rip,
	.put = fake_put,
	.get = fake_get,
	.run = fake_run,
};

noreturn void ring3_enter(uint64_t rip, uint64_t rsp, uint64_t rdi, uint64_t rsi)
{
	(void)rip, (void)rsp, (void)rdi, (void)rsi;
	left_for = vcpu.upcall;
	longjmp(left, 1);
}

noreturn void kernel_leave(struct virt_vcpu *v)
{
	(void)v;
	abort();
}

noreturn void console_failed(const char *what, uint64_t at, uint64_t error)
{
	(void)what, (void)at, (void)error;
	abort();
}

int64_t vcpu_handle_exit(struct vcpu *v)
{
	(void)v;
	fail();
	return 0;
}

void part_end(struct partition *ended, enum part_reason reason, uint32_t code, const char *text, ...)
{
	(void)ended, (void)reason, (void)code, (void)text;
	fail();
}

void cpu_use_space(const struct page_space *space)
{
	(void)space;
}

void console_event(uint32_t events)
{
	(void)events;
}

static int unaccepted;

void lapic_unaccept(struct lapic *l, unsigned vector)
{
	(void)l;
	unaccepted = (int)vector;
}

static struct frame_event exception(uint8_t vector)
{
	return (struct frame_event){.type = INJECT_EXCEPTION, .vector = vector, .error = 5};
}

/* b: the second is delivered; d: double fault; t: shutdown. Rows: first; columns: second. */
static void test_combine(void **state)
{
	static const uint8_t vectors[] = {DE, DB, BP, UD, DF, TS, NP, SS, GP, PF, AC, CP};
	static const char *const expected[] = {
		/*	DBBUDTNSGPAC */
		/* DE */ "dbbbbddddbbd",
		/* DB */ "bbbbbbbbbbbb",
		/* BP */ "bbbbbbbbbbbb",
		/* UD */ "bbbbbbbbbbbb",
		/* DF */
		"tbbbtttttt"
		"bt",
		/* TS */ "dbbbbddddbbd",
		/* NP */ "dbbbbddddbbd",
		/* SS */ "dbbbbddddbbd",
		/* GP */ "dbbbbddddbbd",
		/* PF */ "dbbbbdddddbd",
		/* AC */ "bbbbbbbbbbbb",
		/* CP */ "dbbbbddddbbd",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		for (size_t j = 0; j < ARRAY_SIZE(vectors); j++) {
			const struct frame_event first = exception(vectors[i]);
			const struct frame_event second = exception(vectors[j]);
			struct frame_event result;
			enum inject_outcome outcome = inject_combine(&first, &second, &result);
			char want = expected[i][j];

			assert_int_equal(outcome, want == 't' ? INJECT_TRIPLE_FAULT : INJECT_ONE);
			if (want == 'b')
				assert_memory_equal(&result, &second, sizeof(result));
			if (want == 'd') {
				assert_int_equal(result.vector, DF);
				assert_int_equal(result.type, INJECT_EXCEPTION);
				assert_int_equal(result.has_error, 1);
				assert_int_equal(result.error, 0);
			}
		}
}

static void test_combine_with_what_is_no_exception(void **state)
{
	static const uint8_t types[] = {INJECT_EXTERNAL, INJECT_NMI, INJECT_SOFT};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		/* The vector of an interrupt is not that of an exception of the same number. */
		const struct frame_event first = {.type = types[i], .vector = GP};
		const struct frame_event second = exception(PF);
		struct frame_event result;

		assert_int_equal(inject_combine(&first, &second, &result), INJECT_ONE);
		assert_int_equal(result.vector, PF);
	}
}

static void test_valid(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++)
		for (unsigned vector = 0; vector < 256; vector++)
			for (unsigned error = 0; error < 2; error++) {
				const struct frame_event event = {.type = (uint8_t)type,
								  .vector = (uint8_t)vector,
								  .has_error = (uint8_t)error,
								  .insn_len = 2};
				bool want = (type == INJECT_EXTERNAL && !error) ||
					    (type == INJECT_NMI && vector == 2 && !error) ||
					    (type == INJECT_EXCEPTION && vector < 32 && vector != 2) ||
					    (type == INJECT_SOFT && !error);

				assert_int_equal(inject_valid(&event), want);
			}
}

static void test_valid_length(void **state)
{
	(void)state;
	for (unsigned len = 0; len < 256; len++) {
		const struct frame_event event = {
			.type = INJECT_SOFT, .vector = 0x80, .insn_len = (uint8_t)len};

		assert_int_equal(inject_valid(&event), len >= 1 && len <= 15);
	}
}

static int set_up(void **state)
{
	(void)state;
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&frame, 0, sizeof(frame));
	vcpu.part = &part;
	vcpu.frame = &frame;
	part.entered_tsc = 1;
	this_cpu()->loaded = &vcpu;
	machine.virt = &fake_virt;
	injections = 0;
	unaccepted = -1;
	vcpu.lapic.isr_top = -1;
	return 0;
}

static void delivering(uint8_t type, uint8_t vector)
{
	vcpu.virt.reinject_valid = true;
	vcpu.virt.reinject = (struct frame_event){.type = type, .vector = vector};
}

static void test_inject_alone(void **state)
{
	(void)state;
	vcpu_inject_gp(&vcpu);
	assert_int_equal(injected.vector, GP);
	assert_int_equal(injected.has_error, 1);
	vcpu_inject_ud(&vcpu);
	assert_int_equal(injected.vector, UD);
	assert_int_equal(injected.has_error, 0);
	assert_int_equal(injections, 2);
}

/* Ours are in the flight recorder, as what came of it: #DF here. */
static void test_is_recorded(void **state)
{
	const struct exit_record *record = &vcpu.recorder.entries[0];

	(void)state;
	delivering(INJECT_EXCEPTION, PF);
	vcpu_inject_gp(&vcpu);
	assert_int_equal(vcpu.recorder.next, 1);
	assert_int_equal(record->kind, RECORD_INJECTED);
	assert_int_equal(record->code, DF);
	assert_int_equal(record->rip, 0x1234);
}

static void test_fault_while_an_interrupt_is_delivered(void **state)
{
	(void)state;
	delivering(INJECT_EXTERNAL, 0x41);
	vcpu.lapic.isr_top = 0x41;
	vcpu.interrupts = 5;
	vcpu_inject_gp(&vcpu);
	assert_int_equal(vcpu.interrupts, 4); /* it is counted when it comes again */
	assert_int_equal(injected.vector, GP);
	assert_int_equal(unaccepted, 0x41);
	assert_int_equal(vcpu.virt.pending, PEND_INTERRUPT); /* else nobody looks for it again */
	assert_false(vcpu.virt.reinject_valid);
}

/* The 8259's vector is not the local APIC's: it would wait for an EOI for ever. */
static void test_fault_while_the_8259s_is_delivered(void **state)
{
	(void)state;
	delivering(INJECT_EXTERNAL, 0x30);
	vcpu.lapic.isr_top = 0x41;
	vcpu_inject_gp(&vcpu);
	assert_int_equal(unaccepted, -1);
	assert_int_equal(vcpu.virt.pending, 0);
}

static void test_fault_while_an_nmi_is_delivered(void **state)
{
	(void)state;
	delivering(INJECT_NMI, 2);
	vcpu.virt.nmi_blocked = true;
	vcpu_inject_gp(&vcpu);
	assert_int_equal(injected.vector, GP);
	assert_false(vcpu.virt.nmi_blocked);
	assert_int_equal(vcpu.virt.pending, PEND_NMI);
}

static void test_fault_while_a_fault_is_delivered(void **state)
{
	(void)state;
	delivering(INJECT_EXCEPTION, PF);
	vcpu_inject_gp(&vcpu);
	assert_int_equal(injected.vector, DF);
	assert_int_equal(injected.error, 0);
}

static void test_triple_fault(void **state)
{
	(void)state;
	delivering(INJECT_EXCEPTION, DF);
	if (!setjmp(left)) {
		vcpu_inject_gp(&vcpu);
		fail();
	}
	assert_int_equal(left_for, EXIT_TRIPLE_FAULT);
	assert_int_equal(injections, 0);
	assert_false(vcpu.virt.reinject_valid);
}

/* --- Task switches: what comes through a gate comes once --- */

enum { SWITCHED = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT };

static void answer_task_switch(uint32_t groups, bool delivered)
{
	vcpu.upcall = EXIT_TASK_SWITCH;
	frame.task.delivered = delivered;
	frame.event = exception(TS);
	if (!setjmp(left)) {
		kernel_resume((struct resume){.groups = groups});
		fail();
	}
}

static void test_interrupt_by_task_gate(void **state)
{
	static const struct {
		uint32_t groups, pending;
		bool delivered, again;
		int unaccepted;
		unsigned injections;
	} cases[] = {
		{.groups = 0, .again = true, .unaccepted = -1}, /* the switch is tried again */
		{.groups = GROUP_EVENT, .unaccepted = 0x41, .pending = PEND_INTERRUPT, .injections = 1},
		{.groups = SWITCHED, .delivered = true, .unaccepted = -1},
		{.groups = SWITCHED | GROUP_EVENT, .unaccepted = -1, .injections = 1},
		{.groups = SWITCHED | GROUP_EVENT,
		 .delivered = true,
		 .unaccepted = -1,
		 .injections = 1},
		{.groups = SWITCHED, .unaccepted = -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		set_up(state);
		delivering(INJECT_EXTERNAL, 0x41);
		vcpu.lapic.isr_top = 0x41;
		answer_task_switch(cases[i].groups, cases[i].delivered);
		assert_int_equal(vcpu.virt.reinject_valid, cases[i].again);
		assert_int_equal(unaccepted, cases[i].unaccepted);
		assert_int_equal(vcpu.virt.pending, cases[i].pending);
		assert_int_equal(injections, cases[i].injections);
		assert_true(!injections || injected.vector == TS);
	}
}

static void test_nmi_by_task_gate(void **state)
{
	for (unsigned switched = 0; switched < 2; switched++) {
		set_up(state);
		delivering(INJECT_NMI, 2);
		vcpu.virt.nmi_blocked = true;
		answer_task_switch(GROUP_EVENT | (switched ? SWITCHED : 0), false);
		assert_int_equal(vcpu.virt.pending, switched ? 0 : PEND_NMI);
		assert_int_equal(vcpu.virt.nmi_blocked, switched);
		assert_int_equal(injected.vector, TS);
	}
}

static void test_fault_by_task_gate(void **state)
{
	for (unsigned switched = 0; switched < 2; switched++) {
		set_up(state);
		delivering(INJECT_EXCEPTION, NP);
		answer_task_switch(GROUP_EVENT | (switched ? SWITCHED : 0), false);
		assert_int_equal(injected.vector, DF);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_combine),
		cmocka_unit_test(test_combine_with_what_is_no_exception),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_valid_length),
		cmocka_unit_test_setup(test_inject_alone, set_up),
		cmocka_unit_test_setup(test_is_recorded, set_up),
		cmocka_unit_test_setup(test_fault_while_an_interrupt_is_delivered, set_up),
		cmocka_unit_test_setup(test_fault_while_the_8259s_is_delivered, set_up),
		cmocka_unit_test_setup(test_fault_while_an_nmi_is_delivered, set_up),
		cmocka_unit_test_setup(test_fault_while_a_fault_is_delivered, set_up),
		cmocka_unit_test_setup(test_triple_fault, set_up),
		cmocka_unit_test(test_interrupt_by_task_gate),
		cmocka_unit_test(test_nmi_by_task_gate),
		cmocka_unit_test(test_fault_by_task_gate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
