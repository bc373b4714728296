/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Upcalls as a whole: a frame goes in, and what is resumed with comes out. Guest code is real
 * bytes.
 */
/* sources: vmm/upcall_cr.c vmm/upcall_emulate.c vmm/mmio_quick.c vmm/upcall_length.c
 * vmm/post_mortem.c vmm/post_mortem_gate.c
 * vmm/upcall_msr.c vmm/upcall_fatal.c vmm/fetch.c vmm/lapic_page.c vmm/report.c vmm/report_insn.c
 * vmm/upcall_task.c vmm/task_switch.c vmm/task_segment.c vmm/segment_load.c
 * vmm/guest_features.c vmm/cr.c vmm/cpuid.c vmm/cpuid_table.c vmm/cpuid_fix.c
 * lib/msr_policy.c
 * vmm/cpuid_topology.c vmm/msr.c vmm/msr_mtrr.c vmm/pvclock.c vmm/steal.c vmm/host_clock.c vmm/partition.c
 * vmm/guest_mem.c vmm/walk.c vmm/bus.c lib/format.c tests/unit/cpuid_hosts.c
 * tests/unit/vmm_fixture.c vmm/emulate.c vmm/emulate_alu.c vmm/emulate_bit.c vmm/emulate_cr.c
 * vmm/emulate_exchange.c vmm/emulate_flags.c vmm/emulate_memory.c vmm/emulate_move.c
 * vmm/emulate_muldiv.c vmm/emulate_operand.c vmm/emulate_port.c vmm/emulate_segment.c
 * vmm/emulate_stack.c vmm/emulate_string.c vmm/emulate_string_side.c vmm/emulate_system.c
 * vmm/emulate_vector.c
 * tests/unit/fpu_regs_fake.c vmm/guest_pkru.c vmm/insn_cache.c vmm/insn_decode.c vmm/insn_fetch.c
 * vmm/insn_length.c vmm/insn_map_0f.c vmm/insn_map_group.c vmm/insn_map_one.c vmm/insn_modrm.c
 * vmm/insn_operand.c vmm/insn_vex.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/vmm_fixture.h"
#include <cmocka.h>

#include "abi/calls.h"
#include "tests/unit/cpuid_hosts.h"
#include "vmm/bus.h"
#include "vmm/cpu_bits.h"
#include "vmm/device.h"
#include "vmm/guest_features.h"
#include "vmm/msr.h"
#include "vmm/upcall.h"

#define CODE 0x100000ULL

static struct frame frame;

/* Flat 32-bit protected mode, paging off, CPL 0; the code stands at CODE. */
static int make(void **state)
{
	struct cpuid_entry entries[CPUID_ENTRIES_MAX];
	struct cpuid_guest guest = {
		.host = cpuid_host_answer, .vcpu_count = 1, .phys_bits = 40, .tsc_khz = 1000000};
	struct seg flat = {.attributes = 0xc93, .limit = UINT32_MAX};

	(void)state;
	fixture_init(MIB(16));
	bus_init();
	bus_seal();
	cpuid_host_choose(&cpuid_hosts[2]);
	guest_features_init(entries, cpuid_build(&guest, entries));
	msr_init(0);
	memset(&frame, 0, sizeof(frame));
	frame.lapic_page = 0xfee00000;
	for (unsigned i = 0; i <= SEG_GS; i++)
		frame.seg[i] = flat;
	frame.seg[SEG_CS].attributes = 0xc9b;
	frame.rip = CODE;
	frame.rflags = RFLAGS_ONE;
	frame.control.cr0 = CR0_PE | 1 << 4;
	frame.groups = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT;
	return 0;
}

static void put_code(const char *bytes, size_t count)
{
	memcpy(fixture_ram(frame.rip), bytes, count);
}

static void assert_resume(struct resume resume, uint32_t groups, uint32_t length)
{
	assert_int_equal(resume.groups, groups);
	assert_int_equal(resume.insn_len, length);
}

static void assert_gp(struct resume resume)
{
	assert_resume(resume, GROUP_EVENT, 0);
	assert_int_equal(frame.event.type, INJECT_EXCEPTION);
	assert_int_equal(frame.event.vector, VECTOR_GP);
	assert_true(frame.event.has_error);
	assert_int_equal(frame.event.error, 0);
}

static void test_length(void **state)
{
	(void)state;
	frame.reason = EXIT_LENGTH;
	frame.length_of = LENGTH_OF_CPUID;
	put_code("\x0f\xa2", 2);
	assert_resume(upcall_length(&frame), 0, 2);
	frame.length_of = LENGTH_OF_RDMSR;
	put_code("\x66\x67\xf2\x2e\x36\x0f\x32", 7); /* RDMSR with prefixes */
	assert_resume(upcall_length(&frame), 0, 7);
	frame.length_of = LENGTH_OF_HLT;
	put_code("\xf4", 1);
	assert_resume(upcall_length(&frame), 0, 1);
	frame.length_of = LENGTH_OF_HYPERCALL;
	put_code("\x0f\x01\xd9", 3); /* VMMCALL */
	assert_resume(upcall_length(&frame), 0, 3);
}

/* A04: what is there now cannot have exited, so nothing is skipped. */
static void test_length_of_other_bytes(void **state)
{
	(void)state;
	frame.reason = EXIT_LENGTH;
	frame.length_of = LENGTH_OF_CPUID;
	put_code("\x89\xd8", 2); /* MOV EAX, EBX */
	assert_resume(upcall_length(&frame), 0, 0);
	put_code("\x90", 1);
	assert_resume(upcall_length(&frame), 0, 0);
	put_code("\x0f\xff\xff", 3);
	assert_int_equal(upcall_length(&frame).insn_len, 0);
	put_code("\x66\x0f\x32", 3); /* it can exit, but it was CPUID that did */
	assert_resume(upcall_length(&frame), 0, 0);
	frame.length_of = LENGTH_OF_WRMSR;
	assert_resume(upcall_length(&frame), 0, 0);
	put_code("\x0f\x0b", 2); /* UD2 is nobody's */
	frame.length_of = LENGTH_OF_NOTHING;
	assert_resume(upcall_length(&frame), 0, 0);
}

/* A03: the second page of the instruction is gone by now. */
static void test_length_fetch_faults(void **state)
{
	(void)state;
	frame.reason = EXIT_LENGTH;
	frame.rip = 0xfff; /* 0F A2 across the end of the segment */
	frame.seg[SEG_CS].limit = 0xfff;
	put_code("\x0f", 1);
	assert_gp(upcall_length(&frame));
	frame.seg[SEG_CS].limit = UINT32_MAX;
	frame.rip = 0xc0000000;
	assert_true(FIXTURE_ENDS(upcall_length(&frame)));
	assert_int_equal(fake_calls.reason, REASON_EMULATION);
}

static void mmio(gpa_t gpa, unsigned access)
{
	frame.reason = EXIT_MMIO;
	frame.mmio = (struct frame_mmio){.gpa = gpa, .access = access};
}

static void test_absent_mmio(void **state)
{
	(void)state;
	mmio(0xd0000000, 0);
	frame.gpr[GPR_RBX] = 0xd0000000;
	put_code("\x8b\x03", 2); /* MOV EAX, [EBX] */
	assert_resume(upcall_mmio(&frame), GROUP_GPR, 2);
	assert_int_equal(frame.gpr[GPR_RAX], UINT32_MAX);
	mmio(0xd0000000, MMIO_WRITE);
	put_code("\x89\x03", 2); /* MOV [EBX], EAX */
	assert_resume(upcall_mmio(&frame), 0, 2);
}

static void test_local_apic_page(void **state)
{
	(void)state;
	fake_calls.lapic_reads[0x80 / 4] = 0x12345678;
	mmio(0xfee00080, 0);
	put_code("\xa1\x80\x00\xe0\xfe", 5); /* MOV EAX, [FEE00080h] */
	assert_resume(upcall_mmio(&frame), GROUP_GPR, 5);
	assert_int_equal(frame.gpr[GPR_RAX], 0x12345678);
	mmio(0xfee000b0, MMIO_WRITE);
	frame.gpr[GPR_RAX] = 7;
	put_code("\xa3\xb0\x00\xe0\xfe", 5);
	assert_resume(upcall_mmio(&frame), 0, 5);
	assert_int_equal(fake_calls.lapic_writes, 1);
	assert_int_equal(fake_calls.lapic_offset, 0xb0);
	assert_int_equal(fake_calls.lapic_value, 7);
}

/* SDM 3A "Relocating the Local APIC Registers": where they were nobody answers. */
static void test_moved_local_apic_page(void **state)
{
	(void)state;
	fake_calls.lapic_reads[0x80 / 4] = 0x12345678;
	frame.lapic_page = 0xd0000000;
	mmio(0xfee00080, 0);
	put_code("\xa1\x80\x00\xe0\xfe", 5); /* MOV EAX, [FEE00080h] */
	assert_resume(upcall_mmio(&frame), GROUP_GPR, 5);
	assert_int_equal(frame.gpr[GPR_RAX], UINT32_MAX);
	mmio(0xd0000080, 0);
	put_code("\xa1\x80\x00\x00\xd0", 5);
	assert_resume(upcall_mmio(&frame), GROUP_GPR, 5);
	assert_int_equal(frame.gpr[GPR_RAX], 0x12345678);
}

/* D06: each width and offset has one defined answer. */
static void test_local_apic_odd_accesses(void **state)
{
	(void)state;
	fake_calls.lapic_reads[0x80 / 4] = 0x12345678;
	frame.gpr[GPR_RBX] = 0xfee00081;
	mmio(0xfee00081, 0);
	put_code("\x8a\x03", 2); /* MOV AL, [EBX]: inside one register */
	assert_resume(upcall_mmio(&frame), GROUP_GPR, 2);
	assert_int_equal(frame.gpr[GPR_RAX], 0x56);
	put_code("\x8b\x03", 2); /* MOV EAX, [EBX]: beyond it */
	assert_resume(upcall_mmio(&frame), GROUP_GPR, 2);
	assert_int_equal(frame.gpr[GPR_RAX], UINT32_MAX);
	mmio(0xfee00081, MMIO_WRITE);
	put_code("\x88\x03", 2); /* MOV [EBX], AL */
	assert_resume(upcall_mmio(&frame), 0, 2);
	put_code("\x89\x03", 2);
	assert_resume(upcall_mmio(&frame), 0, 2);
	assert_int_equal(fake_calls.lapic_writes, 0);
}

static void test_fetch_from_mmio(void **state)
{
	(void)state;
	mmio(0xfee00000, MMIO_FETCH);
	assert_true(FIXTURE_ENDS(upcall_mmio(&frame)));
	assert_int_equal(fake_calls.reason, REASON_EMULATION);
	assert_non_null(strstr(fake_calls.text, "fee00000"));
}

/*
 * It may have been another vCPU's change after the exit (THREATS A04), so the guest runs it again; the 64th
 * time it ends the partition. The report names the bytes, RIP and the address.
 */
static void test_unsupported_is_reported(void **state)
{
	(void)state;
	mmio(0xd0000000, 0);
	frame.gpr[GPR_RBX] = 0xd0000000;
	put_code("\x0f\xae\x03", 3); /* FXSAVE [EBX] */
	for (unsigned i = 0; i < 63; i++) {
		struct resume again = upcall_mmio(&frame);

		assert_int_equal(again.groups, 0);
		assert_int_equal(again.insn_len, 0);
	}
	assert_true(FIXTURE_ENDS(upcall_mmio(&frame)));
	assert_int_equal(fake_calls.reason, REASON_EMULATION);
	assert_non_null(strstr(fake_calls.text, "insn=0fae03"));
	assert_non_null(strstr(fake_calls.text, "gpa=d0000000"));
	assert_non_null(strstr(fake_calls.text, "rip=100000"));
	assert_non_null(strstr(fake_calls.text, "rbx=d0000000"));
}

static void cr(unsigned number, bool write)
{
	frame.reason = EXIT_CR;
	frame.cr = (struct frame_cr){.cr = number, .write = write};
}

static void test_cr0(void **state)
{
	(void)state;
	cr(0, true);
	put_code("\x0f\x22\xc0", 3); /* MOV CR0, EAX */
	frame.gpr[GPR_RAX] = 0x80000001;
	frame.control.cr3 = 0x5000;
	assert_resume(upcall_cr(&frame), GROUP_CONTROL, 3);
	assert_int_equal(frame.control.cr0, 0x80000011);
}

static void test_cr0_refused(void **state)
{
	(void)state;
	cr(0, true);
	put_code("\x0f\x22\xc0", 3);
	frame.gpr[GPR_RAX] = 0x80000000; /* PG without PE */
	assert_gp(upcall_cr(&frame));
	assert_int_equal(frame.control.cr0, 0x11);
	cr(4, true);
	put_code("\x0f\x22\xe0", 3);  /* MOV CR4, EAX */
	frame.gpr[GPR_RAX] = 1 << 13; /* VMXE */
	assert_gp(upcall_cr(&frame));
	assert_int_equal(frame.control.cr4, 0);
}

static void test_long_mode_activation(void **state)
{
	(void)state;
	cr(0, true);
	frame.control.cr4 = CR4_PAE;
	frame.control.efer = 0x100;
	put_code("\x0f\x22\xc0", 3);
	frame.gpr[GPR_RAX] = 0x80000011;
	assert_resume(upcall_cr(&frame), GROUP_CONTROL, 3);
	assert_int_equal(frame.control.efer, 0x500);
}

/* A16 */
static void test_lmsw_and_clts(void **state)
{
	(void)state;
	cr(0, true);
	frame.control.cr0 = 0x1b;    /* TS MP PE */
	put_code("\x0f\x01\xf0", 3); /* LMSW AX */
	frame.gpr[GPR_RAX] = 0;
	assert_resume(upcall_cr(&frame), GROUP_CONTROL, 3);
	assert_int_equal(frame.control.cr0, 0x11); /* PE stays */
	frame.control.cr0 = 0x19;
	put_code("\x0f\x06", 2); /* CLTS */
	assert_resume(upcall_cr(&frame), GROUP_CONTROL, 2);
	assert_int_equal(frame.control.cr0, 0x11);
}

static void test_cr8(void **state)
{
	(void)state;
	frame.seg[SEG_CS].attributes = 0xa9b;
	frame.control = (struct frame_control){
		.cr0 = 0x80000011, .cr3 = 0x2000, .cr4 = CR4_PAE, .efer = 0x500};
	*(uint64_t *)(void *)fixture_ram(0x2000) = 0x3003;
	*(uint64_t *)(void *)fixture_ram(0x3000) = 0x83;
	cr(8, true);
	put_code("\x44\x0f\x22\xc0", 4); /* MOV CR8, RAX */
	frame.gpr[GPR_RAX] = 9;
	assert_resume(upcall_cr(&frame), 0, 4);
	assert_int_equal(fake_calls.lapic_offset, LAPIC_CR8);
	assert_int_equal(fake_calls.lapic_value, 9);
	frame.gpr[GPR_RAX] = 16;
	assert_gp(upcall_cr(&frame));
	cr(8, false);
	fake_calls.lapic_reads[LAPIC_CR8 / 4] = 0xa;
	put_code("\x44\x0f\x20\xc0", 4); /* MOV RAX, CR8 */
	assert_resume(upcall_cr(&frame), GROUP_GPR, 4);
	assert_int_equal(frame.gpr[GPR_RAX], 0xa);
}

static void test_msr(void **state)
{
	(void)state;
	frame.reason = EXIT_MSR;
	frame.msr = (struct frame_msr){.index = 0xfe, .insn_len = 2};
	assert_resume(upcall_msr(&frame), 0, 2);
	assert_int_equal(frame.msr.value, 0x508);
	assert_false(frame.msr.fault);
	frame.msr = (struct frame_msr){.index = 0xfe};
	put_code("\x66\x0f\x32", 3);
	assert_resume(upcall_msr(&frame), 0, 3);
	assert_int_equal(frame.msr.value, 0x508);
	/* A04: by now WRMSR stands there. It was not what exited, and RDMSR is not done. */
	frame.msr = (struct frame_msr){.index = 0xfe};
	put_code("\x0f\x30", 2);
	assert_resume(upcall_msr(&frame), 0, 0);
	assert_int_equal(frame.msr.value, 0);
}

/* #GP is raised at the instruction: nothing is skipped. */
static void test_msr_refused(void **state)
{
	(void)state;
	frame.reason = EXIT_MSR;
	frame.msr = (struct frame_msr){.index = 0xfe, .write = 1, .insn_len = 2};
	assert_resume(upcall_msr(&frame), 0, 0);
	assert_true(frame.msr.fault);
	frame.msr = (struct frame_msr){.index = 0xc0000103, .insn_len = 2};
	assert_resume(upcall_msr(&frame), 0, 0);
	assert_true(frame.msr.fault);
	assert_int_equal(fake_calls.logs, 2);
}

static void test_fatal(void **state)
{
	(void)state;
	frame.exit_code = 0x7f;
	assert_true(FIXTURE_ENDS(upcall_triple_fault(&frame)));
	assert_int_equal(fake_calls.reason, REASON_TRIPLE);
	assert_non_null(strstr(fake_calls.text, "exit=7f"));
	assert_non_null(strstr(fake_calls.text, "rip=100000"));
}

enum { GDT = 0x2000, OLD_TSS = 0x3000, NEW_TSS = 0x3100, OLD = 8, NEW = 16, DATA = 24, TSS = 0x67 };
enum { DS_AT = 84 };

/* Two tasks of which the second is flat, and has its T bit set or not. */
static void make_tasks(bool trap)
{
	const uint64_t gdt[] = {0, TSS | OLD_TSS << 16 | 0x8bULL << 40,
				TSS | NEW_TSS << 16 | 0x89ULL << 40, 0x00cf93000000ffff,
				0x00cf9b000000ffff};
	uint32_t tss[26] = {[8] = 0x4321, [18] = DATA, [19] = DATA + 8, [20] = DATA, [25] = trap};

	memcpy(fixture_ram(GDT), gdt, sizeof(gdt));
	memcpy(fixture_ram(NEW_TSS), tss, sizeof(tss));
	frame.gdtr = (struct table_reg){.base = GDT, .limit = sizeof(gdt) - 1};
	frame.seg[SEG_TR] = (struct seg){
		.selector = OLD, .attributes = 0x8b, .limit = TSS, .base = OLD_TSS};
	frame.control.cr0 |= CR0_PE;
	frame.reason = EXIT_TASK_SWITCH;
	frame.task = (struct frame_task){.selector = NEW, .source = TASK_JMP, .insn_len = 7};
	frame.system.dr6 = 0xffff0ff0;
	frame.system.dr7 = 0x6aa;
}

static void test_task_switch(void **state)
{
	const uint32_t groups = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT;

	(void)state;
	make_tasks(false);
	assert_resume(upcall_task_switch(&frame), groups, 0);
	assert_int_equal(frame.rip, 0x4321);
	make_tasks(false);
	frame.system.dr7 = 0x7ff;
	assert_resume(upcall_task_switch(&frame), groups | GROUP_SYSTEM, 0);
	assert_int_equal(frame.system.dr7, 0x6aa);
	make_tasks(true);
	assert_resume(upcall_task_switch(&frame), groups | GROUP_SYSTEM | GROUP_EVENT, 0);
	assert_int_equal(frame.event.vector, VECTOR_DB);
	assert_int_equal(frame.system.dr6, 0xffff8ff0);
	/* A DS that is not there is the new task's fault, and the old one's breakpoints are gone. */
	make_tasks(false);
	*(uint32_t *)(void *)fixture_ram(NEW_TSS + DS_AT) = DATA + 16;
	frame.system.dr7 = 0x401;
	assert_resume(upcall_task_switch(&frame), groups | GROUP_SYSTEM | GROUP_EVENT, 0);
	assert_int_equal(frame.event.vector, VECTOR_TS);
	assert_int_equal(frame.event.error, DATA + 16);
	assert_int_equal(frame.system.dr7, 0x400);
	assert_int_equal(frame.system.dr6, 0xffff0ff0);
	/* No switch has begun, and the breakpoints are the old task's. */
	make_tasks(false);
	frame.seg[SEG_TR].limit = 0x20;
	frame.system.dr7 = 0x401;
	assert_resume(upcall_task_switch(&frame), GROUP_EVENT, 0);
	assert_int_equal(frame.system.dr7, 0x401);
	make_tasks(false);
	frame.control.cr0 |= CR0_PG;
	frame.control.cr3 = 0x80000000;
	assert_true(FIXTURE_ENDS(upcall_task_switch(&frame)));
	assert_int_equal(fake_calls.reason, REASON_EMULATION);
	assert_non_null(strstr(fake_calls.text, "task switch to 0010"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_length, make),
		cmocka_unit_test_setup(test_length_of_other_bytes, make),
		cmocka_unit_test_setup(test_length_fetch_faults, make),
		cmocka_unit_test_setup(test_absent_mmio, make),
		cmocka_unit_test_setup(test_moved_local_apic_page, make),
		cmocka_unit_test_setup(test_local_apic_page, make),
		cmocka_unit_test_setup(test_local_apic_odd_accesses, make),
		cmocka_unit_test_setup(test_fetch_from_mmio, make),
		cmocka_unit_test_setup(test_unsupported_is_reported, make),
		cmocka_unit_test_setup(test_cr0, make),
		cmocka_unit_test_setup(test_cr0_refused, make),
		cmocka_unit_test_setup(test_long_mode_activation, make),
		cmocka_unit_test_setup(test_lmsw_and_clts, make),
		cmocka_unit_test_setup(test_cr8, make),
		cmocka_unit_test_setup(test_msr, make),
		cmocka_unit_test_setup(test_msr_refused, make),
		cmocka_unit_test_setup(test_fatal, make),
		cmocka_unit_test_setup(test_task_switch, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
