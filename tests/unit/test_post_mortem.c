/* SPDX-License-Identifier: BSD-2-Clause */
/* A triple fault is told from its end: what began it, and what stopped the exception's delivery. */
/* sources: vmm/post_mortem.c vmm/post_mortem_gate.c vmm/report.c vmm/report_insn.c
 * vmm/guest_features.c vmm/cr.c vmm/cpuid.c vmm/cpuid_table.c vmm/cpuid_fix.c vmm/cpuid_topology.c
 * vmm/partition.c vmm/guest_mem.c vmm/walk.c lib/format.c tests/unit/cpuid_hosts.c
 * tests/unit/vmm_fixture.c vmm/emulate.c vmm/emulate_alu.c vmm/emulate_bit.c
 * vmm/emulate_exchange.c vmm/emulate_flags.c vmm/emulate_memory.c vmm/emulate_move.c
 * vmm/emulate_muldiv.c vmm/emulate_operand.c vmm/emulate_port.c vmm/emulate_segment.c
 * vmm/emulate_system.c vmm/segment_load.c
 * vmm/emulate_stack.c vmm/emulate_string.c vmm/emulate_string_side.c vmm/emulate_vector.c
 * tests/unit/fpu_regs_fake.c vmm/insn_cache.c vmm/insn_decode.c vmm/insn_fetch.c
 * vmm/insn_length.c vmm/insn_map_0f.c vmm/insn_map_group.c vmm/insn_map_one.c vmm/insn_modrm.c
 * vmm/insn_operand.c vmm/insn_vex.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/vmm_fixture.h"
#include <cmocka.h>

#include "tests/unit/cpuid_hosts.h"
#include "vmm/cpu_bits.h"
#include "vmm/guest_features.h"
#include "vmm/post_mortem.h"

#define CODE   0x1000ULL
#define IDT    0x2000ULL
#define STACK  0x3f00ULL
#define TABLES 0x10000ULL

static struct frame frame;
static char text[POST_MORTEM_SIZE];

static void put64(uint64_t gpa, uint64_t value)
{
	memcpy(fixture_ram(gpa), &value, sizeof(value));
}

/* 64-bit code at CPL 0, the first 2 MiB mapped; an IDT of 32 present interrupt gates. */
static int make(void **state)
{
	struct cpuid_entry entries[CPUID_ENTRIES_MAX];
	struct cpuid_guest guest = {
		.host = cpuid_host_answer, .vcpu_count = 1, .phys_bits = 40, .tsc_khz = 1000000};

	(void)state;
	fixture_init(MIB(16));
	cpuid_host_choose(&cpuid_hosts[2]);
	guest_features_init(entries, cpuid_build(&guest, entries));
	memset(&frame, 0, sizeof(frame));
	put64(TABLES, (TABLES + 0x1000) | 3);
	put64(TABLES + 0x1000, (TABLES + 0x2000) | 3);
	put64(TABLES + 0x2000, 0x83);
	for (unsigned i = 0; i < 32; i++)
		put64(IDT + 16 * i, 0x8e0000080000ULL | CODE);
	frame.control = (struct frame_control){.cr0 = CR0_PE | CR0_PG | CR0_WP,
					       .cr3 = TABLES,
					       .cr4 = CR4_PAE,
					       .efer = EFER_LMA | 1 << 8};
	frame.seg[SEG_CS].attributes = 0xa9b;
	frame.seg[SEG_SS].attributes = 0xc93;
	frame.idtr = (struct table_reg){.base = IDT, .limit = 16 * 32 - 1};
	frame.rip = CODE;
	frame.gpr[GPR_RSP] = STACK;
	frame.rflags = RFLAGS_ONE;
	return 0;
}

static const char *look(const char *code, size_t count)
{
	size_t length;

	memcpy(fixture_ram(CODE), code, count);
	length = post_mortem(&frame, text);
	assert_int_equal(length, strlen(text));
	return text;
}

#define LOOK(code)		look(code, sizeof(code) - 1)
#define assert_told(code, part) assert_non_null(strstr(LOOK(code), part))

/* What is executed gives an exception of its own. */
static void test_first(void **state)
{
	(void)state;
	assert_told("\x0f\x0b", "first: #UD invalid opcode");
	assert_told("\xcc", "first: #BP");
	assert_told("\xcd\x80", "first: INT 128");
	assert_told("\xcd\x11", "first: INT 17\n"); /* no #AC, though that is its vector */
	/* mov (%rax), %ebx; to where nothing is mapped; and not canonical */
	frame.gpr[GPR_RAX] = 0x40000010;
	assert_told("\x8b\x18", "first: #PF page fault, address 40000010, error 0");
	assert_told("\x89\x18", "first: #PF page fault, address 40000010, error 2");
	frame.gpr[GPR_RAX] = 0x8000000000000000;
	assert_told("\x8b\x18", "first: #GP");
	/* div %ecx by 0 */
	assert_told("\xf7\xf1", "first: #DE");
	/* The jump led to where no code is. */
	frame.rip = 0x40000000;
	assert_told("\x90", "first: #PF page fault, address 40000000, error 0");
}

/* Nothing is claimed of what does not fault by itself; its bytes are told all the same. */
static void test_not_known(void **state)
{
	(void)state;
	assert_string_equal(LOOK("\x90\xf4\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90"),
			    "insn=90f490909090909090909090909090");
	/* A device is not asked. */
	frame.gpr[GPR_RAX] = 0xa0000;
	assert_null(strstr(LOOK("\x8b\x18"), "first"));
}

static void test_no_gate(void **state)
{
	(void)state;
	frame.idtr.limit = 16 * 6 + 14;
	assert_told("\x0f\x0b", "then: the IDT has no gate for it (base 2000, limit 6e)");
	frame.idtr.limit++;
	assert_null(strstr(LOOK("\x0f\x0b"), "then"));
	put64(IDT + 16 * 6, 0x0e0000080000ULL | CODE);
	assert_told("\x0f\x0b", "then: its gate in the IDT, at 2060, is not present");
	put64(IDT + 16 * 6, 0);
	assert_told("\x0f\x0b", "then: what is in the IDT at 2060 is no gate (type 0)");
	frame.idtr.base = 0x50000000;
	assert_told("\x0f\x0b", "then: its gate in the IDT, at 50000060, is not mapped");
}

static void test_stack(void **state)
{
	(void)state;
	frame.gpr[GPR_RSP] = 0x200008;
	assert_null(strstr(LOOK("\x0f\x0b"), "then"));
	frame.gpr[GPR_RSP] = 0x200010;
	assert_told("\x0f\x0b", "then: the stack cannot be written, at 200008");
	/* Not followed: another stack by the TSS. */
	put64(IDT + 16 * 6, 0x8e0100080000ULL | CODE);
	assert_null(strstr(LOOK("\x0f\x0b"), "then"));
}

/* Real mode: four bytes a vector, no gate to look at. */
static void test_real_mode(void **state)
{
	(void)state;
	frame.control.cr0 = 0;
	frame.control.efer = 0;
	frame.seg[SEG_CS].attributes = 0x93;
	frame.seg[SEG_CS].limit = 0xffff;
	frame.idtr = (struct table_reg){.base = 0, .limit = 23};
	assert_told("\x0f\x0b", "then: the IDT has no gate for it (base 0, limit 17)");
	frame.idtr.limit = 27;
	assert_null(strstr(LOOK("\x0f\x0b"), "then"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_first, make),
		cmocka_unit_test_setup(test_not_known, make),
		cmocka_unit_test_setup(test_no_gate, make),
		cmocka_unit_test_setup(test_stack, make),
		cmocka_unit_test_setup(test_real_mode, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
