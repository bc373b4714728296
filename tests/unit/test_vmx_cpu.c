/* SPDX-License-Identifier: BSD-2-Clause */
/* The VMX backend's CPUs: probe and refusal, VMXON, comings and goings of vCPUs, what is invalidated when. */
/* sources: tests/unit/vmx_hw.c arch/x86_64/vmx/check.c arch/x86_64/vmx/check_segment.c
 * arch/x86_64/vmx/controls.c arch/x86_64/vmx/maps.c arch/x86_64/vmx/vpid.c arch/x86_64/page_format.c
 * lib/format.c lib/string.c lib/copy.c */
#include "tests/unit/vmx_host.h"

static struct hw_vcpu one, two;
static struct virt_vcpu *const v = &one.v, *const other = &two.v;
static char why[80];

static int set_up(void **state)
{
	(void)state;
	memset(why, 0, sizeof(why));
	hw_make(&one);
	hw_vcpu_init(&two);
	return 0;
}

static void enter(struct virt_vcpu *vcpu)
{
	unsigned entries = hw.entries;

	hw_run(vcpu);
	assert_int_equal(hw.entries, entries + 1);
}

/* --- Probe --- */

static void refused(const char *words)
{
	assert_false(vmx_ops.probe(why, sizeof(why)));
	if (!strstr(why, words))
		fail_msg("'%s' does not say '%s'", why, words);
}

static void test_firmware_decides(void **state)
{
	(void)state;
	*hw_msr(MSR_FEATURE_CONTROL) = 1; /* locked, and VMX off */
	refused("switched off by the firmware");
	*hw_msr(MSR_FEATURE_CONTROL) = 3; /* in SMX operation only */
	refused("switched off by the firmware");
	*hw_msr(MSR_FEATURE_CONTROL) = 5;
	assert_true(vmx_ops.probe(why, sizeof(why)));
	*hw_msr(MSR_FEATURE_CONTROL) = 4; /* forgotten: each CPU locks it */
	assert_true(vmx_ops.probe(why, sizeof(why)));
}

static void test_unlocked_is_locked_with_vmx(void **state)
{
	(void)state;
	assert_int_equal(*hw_msr(MSR_FEATURE_CONTROL), 5);
	assert_true(hw.cpus[0].vmxon && hw.cpus[1].vmxon);
	assert_true(hw.cpus[0].cr4 & hw.cpus[1].cr4 & CR4_VMXE);
	assert_true(hw.cpus[0].invept && hw.cpus[1].invept);
}

static void test_processors_without(void **state)
{
	static const struct {
		uint32_t msr, bit;
		const char *words;
	} cases[] = {
		{MSR_VMX_SECONDARY, 1, "without EPT"},
		{MSR_VMX_SECONDARY, 7, "without unrestricted guest"},
		{MSR_VMX_SECONDARY, 3, "without RDTSCP for guests"},
		{MSR_VMX_SECONDARY, 12, "without INVPCID for guests"},
		{MSR_VMX_TRUE_PRIMARY, 31, "without secondary controls"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t saved = *hw_msr(cases[i].msr);

		*hw_msr(cases[i].msr) &= ~BIT(32 + cases[i].bit);
		refused(cases[i].words);
		*hw_msr(cases[i].msr) = saved;
	}
	cpu_features.vmx = false;
	refused("neither VMX nor SVM");
	cpu_features.svm = true;
	strcpy(why, "SVM's own words");
	refused("SVM's own words");
	assert_true(cpu_features.svm);
}

/* Instructions that the processor lacks are not enabled, and nobody is refused for them. */
static void test_instructions_that_are_not_there(void **state)
{
	(void)state;
	cpu_features.rdtscp = cpu_features.invpcid = false;
	assert_true(vmx_ops.probe(why, sizeof(why)));
	assert_false(vmx_controls.secondary & (VMX_SECONDARY_RDTSCP | VMX_SECONDARY_INVPCID));
}

/* A CPU that cannot do what was chosen on CPU 0 is left out; one that can do more is not. */
static void test_other_cpus(void **state)
{
	static const struct {
		uint32_t msr;
		uint64_t flipped;
		const char *words; /* NULL: it fits */
	} cases[] = {
		{MSR_FEATURE_CONTROL, 4, "switched off by the firmware"},
		{MSR_VMX_BASIC, 1, "VMCS"},
		{MSR_VMX_BASIC, VMX_BASIC_STRING_INFO, "VMCS"},
		{MSR_VMX_TRUE_PIN, BIT(32 + 6), "controls"},
		{MSR_VMX_TRUE_PRIMARY, BIT(32 + 2), "controls"}, /* a window */
		{MSR_VMX_TRUE_PRIMARY, BIT(15), "controls"},	 /* forces an exit */
		{MSR_VMX_SECONDARY, BIT(32 + 7), "controls"},
		{MSR_VMX_SECONDARY, BIT(32 + 24), NULL}, /* one that nobody uses */
		{MSR_VMX_TRUE_EXIT, BIT(32 + 21), "controls"},
		{MSR_VMX_TRUE_ENTRY, BIT(32 + 9), "controls"},
		{MSR_VMX_EPT_VPID, VMX_EPT_1G, "EPT and VPID"},
		{MSR_VMX_EPT_VPID, VMX_EPT_AD, "EPT and VPID"},
		{MSR_VMX_EPT_VPID, VMX_VPID_INVVPID_SINGLE, "EPT and VPID"},
		{MSR_VMX_EPT_VPID, BIT(0), NULL}, /* execute-only */
		{MSR_VMX_CR4_FIXED0, CR4_SMXE, "fixed bits"},
		{MSR_VMX_CR4_FIXED1, CR4_SMAP, "fixed bits"},
		{MSR_VMX_CR4_FIXED1, BIT(25), NULL},
		{MSR_VMX_CR0_FIXED1, CR0_WP, "fixed bits"},
		{MSR_VMX_MISC, 1, "timer"},
		{MSR_VMX_MISC, BIT(9), NULL},
	};

	(void)state;
	assert_null(vmx_ops.cpu_differs());
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *differs;

		*hw_msr(cases[i].msr) ^= cases[i].flipped;
		differs = vmx_ops.cpu_differs();
		if (!differs != !cases[i].words ||
		    (cases[i].words && !strstr(differs, cases[i].words)))
			fail_msg("case %u: '%s'", i, differs ? differs : "it fits");
		*hw_msr(cases[i].msr) ^= cases[i].flipped;
	}
}

static void test_stop(void **state)
{
	(void)state;
	vmx_ops.cpu_stop();
	assert_false(hw_here()->vmxon || hw_here()->cr4 & CR4_VMXE);
	vmx_ops.cpu_stop(); /* once more, or before it was ever on, is harmless */
}

/* --- vCPUs --- */

static void test_registers_follow_the_vcpu(void **state)
{
	(void)state;
	enter(v);
	*hw_msr(MSR_LSTAR) = 0x1111; /* the guest's own writes */
	*hw_msr(MSR_KERNEL_GS_BASE) = 0x2222;
	hw.dr6 = 0x33;
	vmx_ops.vcpu_unload(v);
	vmx_ops.vcpu_load(other);
	assert_int_equal(*hw_msr(MSR_LSTAR), 0);
	assert_int_equal(*hw_msr(MSR_KERNEL_GS_BASE), 0);
	assert_int_equal(hw.dr6, DR6_RESET);
	enter(other);
	assert_int_not_equal(v->asid, other->asid);
	vmx_ops.vcpu_unload(other);
	vmx_ops.vcpu_load(v);
	assert_int_equal(*hw_msr(MSR_LSTAR), 0x1111);
	assert_int_equal(*hw_msr(MSR_KERNEL_GS_BASE), 0x2222);
	assert_int_equal(hw.dr6, 0x33);
	enter(v); /* VMLAUNCH again: unloading cleared the VMCS */
}

/*
 * J06: what the processor holds of a VMCS in its cache would be written back into a freed page. The fake
 * processor refuses a VMCLEAR on another CPU than the one where it is active.
 */
static void test_no_cpu_holds_what_is_unloaded(void **state)
{
	(void)state;
	enter(v);
	vmx_ops.vcpu_unload(v);
	hw_vcpu_init(&two);
	assert_true(hw.vmcs_count >= 2);
	for (unsigned i = 0; i < hw.vmcs_count; i++) {
		assert_int_equal(hw.vmcs[i].cpu, HW_NOWHERE);
		assert_false(hw.vmcs[i].launched);
	}
	assert_null(hw_here()->current);
}

/* A new vCPU is made while another is loaded, whose VMCS comes back as it was. */
static void test_creation_beside_a_loaded_one(void **state)
{
	(void)state;
	enter(v);
	hw_vcpu_init(&two);
	enter(v);
	vmx_ops.corrupt(other, 7);
	enter(v);
}

static void test_debugger_reads_what_was_noted(void **state)
{
	struct frame frame = {.rip = 1};

	(void)state;
	enter(v);
	v->cr2 = 0x55;
	hw_set(VMCS_GUEST_CR3, 0x9000);
	vmx_ops.vcpu_unload(v);
	vmx_ops.get(v, GROUP_IP | GROUP_CONTROL | GROUP_CS, &frame);
	assert_int_equal(frame.rip, 0xfff0);
	assert_int_equal(frame.control.cr3, 0x9000);
	assert_int_equal(frame.control.cr2, 0x55);
	assert_int_equal(frame.seg[SEG_CS].selector, 0xf000);
}

static void move(unsigned to)
{
	vmx_ops.vcpu_unload(v);
	hw.cpu = to;
	vmx_ops.vcpu_load(v);
}

/* A CPU may hold translations from an earlier stay, whose tables have changed since. */
static void test_migration(void **state)
{
	unsigned before;

	(void)state;
	enter(v);
	before = hw_here()->invept;
	enter(v);
	assert_int_equal(hw_here()->invept, before); /* once, not each time */
	before = hw.cpus[1].invept;
	move(1);
	enter(v); /* the host's fields are checked there */
	assert_int_equal(hw_here()->invept, before + 1);
	assert_int_equal(hw_here()->eptp, 0x12345000 | 6 | 3 << 3 | BIT(6));
	before = hw.cpus[0].invept;
	move(0);
	enter(v);
	assert_int_equal(hw_here()->invept, before + 1);
}

static void test_flush(void **state)
{
	unsigned before;

	(void)state;
	enter(v);
	before = hw_here()->invept;
	vmx_ops.flush(v);
	enter(v);
	assert_int_equal(hw_here()->invept, before + 1);
	assert_int_not_equal(hw_here()->eptp, 0);
	vmx_controls.invept_single = false;
	vmx_ops.flush(v);
	enter(v);
	assert_int_equal(hw_here()->eptp, 0); /* all */
	/* While it is not loaded, too: by who changes the tables. */
	vmx_ops.vcpu_unload(v);
	vmx_ops.flush(v);
	before = hw_here()->invept;
	vmx_ops.vcpu_load(v);
	enter(v);
	assert_int_equal(hw_here()->invept, before + 1);
}

/* When VPIDs run out all translations go, and who has one of the old ones takes a new one. */
static void test_vpids_run_out(void **state)
{
	uint32_t old;
	unsigned flushed;

	(void)state;
	enter(v);
	old = v->asid;
	vmx_ops.vcpu_unload(v);
	vmx_cpus[0].vpids.next = 0x10000;
	flushed = hw_here()->invvpid;
	vmx_ops.vcpu_load(other);
	enter(other);
	assert_int_equal(hw_here()->invvpid, flushed + 1);
	assert_int_equal(hw_here()->vpid, 0); /* all */
	assert_int_equal(other->asid, old);   /* the first again */
	vmx_ops.vcpu_unload(other);
	vmx_ops.vcpu_load(v);
	enter(v);
	assert_int_not_equal(v->asid, other->asid);
	assert_int_equal(hw_get(VMCS_VPID), v->asid);
}

/* Where one VPID cannot be invalidated another one is taken; where there are none, nothing is to do. */
static void test_lesser_invalidation(void **state)
{
	struct frame frame;
	uint32_t old;

	(void)state;
	enter(v);
	old = v->asid;
	vmx_controls.invvpid_single = false;
	vmx_ops.get(v, GROUP_CONTROL, &frame);
	frame.control.cr3 = 0x3000;
	assert_true(vmx_ops.put(v, GROUP_CONTROL, &frame));
	enter(v);
	assert_int_not_equal(v->asid, old);
	assert_int_equal(hw_get(VMCS_VPID), v->asid);
}

/* --- Entries that do not happen --- */

static void test_refusal_names_the_field(void **state)
{
	(void)state;
	hw_set(VMCS_GUEST_DR7, BIT(32));
	hw_run(v);
	assert_int_equal(v->exit.kind, VM_EXIT_INVALID);
	assert_int_equal(told.code, BIT(31) | 33);
	assert_string_equal(v->exit.refused, "DR7");
	hw_set(VMCS_GUEST_DR7, DR7_RESET);
	enter(v);
}

static void test_failed_instruction_is_named(void **state)
{
	static const struct {
		uint32_t error;
		const char *name;
	} cases[] = {{5, "VMRESUME of a VMCS that is not launched"},
		     {7, "a control field"},
		     {8, "a field of the host's state"},
		     {12, NULL}};
	const struct frame_event event = {.type = INJECT_EXTERNAL, .vector = 0x41};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		hw.fail = cases[i].error;
		hw_run(v);
		assert_int_equal(v->exit.kind, VM_EXIT_INVALID);
		assert_int_equal(told.code, cases[i].error);
		if (cases[i].name)
			assert_string_equal(v->exit.refused, cases[i].name);
		else
			assert_null(v->exit.refused);
	}
	vmx_ops.inject(v, &event);
	hw_set(VMCS_ENTRY_EVENT, hw_get(VMCS_ENTRY_EVENT) | BIT(20));
	hw.fail = 7;
	hw_run(v);
	assert_string_equal(v->exit.refused, "event to inject: type");
}

/* Reason 41: the guest goes on afterwards, with the event that waits, and as launched as it was. */
static void test_machine_check_at_entry(void **state)
{
	const struct frame_event event = {.type = INJECT_NMI, .vector = EXCEPTION_NMI};

	(void)state;
	for (unsigned launched = 0; launched < 2; launched++) {
		hw.fail_reason = 41;
		vmx_ops.inject(v, &event);
		hw_run(v);
		assert_int_equal(v->exit.kind, VM_EXIT_MACHINE_CHECK);
		assert_string_equal(v->exit.refused, "a machine check");
		assert_true(vmx_ops.injecting(v));
		assert_false(vmx_ops.nmi_open(v));
		enter(v);
		assert_int_equal(hw.delivered, VMX_EVENT_VALID | INJECT_NMI << 8 | EXCEPTION_NMI);
		hw_set(VMCS_GUEST_INTERRUPTIBILITY, 0);
	}
	hw.fail_reason = 34;
	hw_run(v);
	assert_int_equal(v->exit.kind, VM_EXIT_INVALID);
	assert_string_equal(v->exit.refused, "an MSR to load");
}

/* Any seed: one bit of the guest's, and the copies beside the VMCS follow. */
static void test_corrupt(void **state)
{
	static struct hw_vmcs before;

	(void)state;
	enter(v);
	vmx_ops.vcpu_unload(v);
	for (uint64_t seed = 0; seed < 3000; seed++) {
		const struct hw_vmcs *now = &hw.vmcs[0];
		unsigned flipped = 0;

		before = *now;
		assert_int_equal(now->pa, vmx_of(v)->vmcs_pa);
		vmx_ops.corrupt(v, seed);
		for (uint64_t field = 0; field < HW_FIELDS; field++)
			flipped += (unsigned)__builtin_popcountll(now->value[field] ^
								  before.value[field]);
		assert_int_equal(flipped, 1);
		assert_int_equal(vmx_ops.rip(v), now->value[VMCS_GUEST_RIP]);
		assert_int_equal(vmx_ops.rflags(v), now->value[VMCS_GUEST_RFLAGS]);
		assert_int_equal(v->gpr[GPR_RSP], now->value[VMCS_GUEST_RSP]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_firmware_decides, set_up),
		cmocka_unit_test_setup(test_unlocked_is_locked_with_vmx, set_up),
		cmocka_unit_test_setup(test_processors_without, set_up),
		cmocka_unit_test_setup(test_instructions_that_are_not_there, set_up),
		cmocka_unit_test_setup(test_other_cpus, set_up),
		cmocka_unit_test_setup(test_stop, set_up),
		cmocka_unit_test_setup(test_registers_follow_the_vcpu, set_up),
		cmocka_unit_test_setup(test_no_cpu_holds_what_is_unloaded, set_up),
		cmocka_unit_test_setup(test_creation_beside_a_loaded_one, set_up),
		cmocka_unit_test_setup(test_debugger_reads_what_was_noted, set_up),
		cmocka_unit_test_setup(test_migration, set_up),
		cmocka_unit_test_setup(test_flush, set_up),
		cmocka_unit_test_setup(test_vpids_run_out, set_up),
		cmocka_unit_test_setup(test_lesser_invalidation, set_up),
		cmocka_unit_test_setup(test_refusal_names_the_field, set_up),
		cmocka_unit_test_setup(test_failed_instruction_is_named, set_up),
		cmocka_unit_test_setup(test_machine_check_at_entry, set_up),
		cmocka_unit_test_setup(test_corrupt, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
