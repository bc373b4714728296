/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register states in which vCPUs start, against the boot protocols and the manual's INIT
 * column.
 */
/* sources: vmm/start_state.c vmm/loader.c vmm/loader_known.c vmm/loader_linux.c vmm/loader_elf.c
 * vmm/loader_pvh.c vmm/loader_multiboot.c vmm/loader_multiboot2.c vmm/multiboot2_info.c
 * vmm/acpi_writer.c vmm/loader_flat.c
 * vmm/memory_map.c vmm/partition.c vmm/guest_mem.c vmm/walk.c
 * lib/format.c tests/unit/vmm_fixture.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/vmm_fixture.h"
#include <cmocka.h>

#include "vmm/guest_layout.h"
#include "vmm/start_state.h"
#include "vmm/walk.h"

static struct frame frame;

static int make(void **state)
{
	(void)state;
	fixture_init(MIB(16));
	memset(&frame, 0xee, sizeof(frame));
	frame.groups = 0;
	return 0;
}

/* The descriptor at a selector in the guest's GDT says what the register was given. */
static void check_segment(unsigned number, unsigned type)
{
	const struct seg *seg = &frame.seg[number];
	uint64_t descriptor;

	assert_true((seg->selector | 7u) <= frame.gdtr.limit);
	memcpy(&descriptor, fixture_ram(frame.gdtr.base + seg->selector), sizeof(descriptor));
	assert_int_equal(descriptor >> 40 & 0xff, seg->attributes & 0xff);
	assert_int_equal(descriptor >> 52 & 0xf, seg->attributes >> 8);
	assert_int_equal(seg->attributes & 0xf, type);
	assert_int_equal(seg->attributes >> 4 & 0xf, 9); /* P, DPL 0, S */
	assert_int_equal(seg->limit, 0xffffffff);
	assert_int_equal(seg->base, 0);
	assert_int_equal(descriptor & 0xffff, 0xffff); /* limit FFFFFh, base 0 */
	assert_int_equal(descriptor >> 16 & 0xffffff, 0);
	assert_int_equal(descriptor >> 48 & 0xf, 0xf);
	assert_int_equal(descriptor >> 56, 0);
}

static void check_translation(gpa_t address)
{
	struct walk_context context = {.cr0 = frame.control.cr0,
				       .cr3 = frame.control.cr3,
				       .cr4 = frame.control.cr4,
				       .efer = frame.control.efer,
				       .maxphyaddr = 40};
	struct walk_result result;

	assert_int_equal(walk(&context, address, WALK_WRITE, &result), WALK_OK);
	assert_int_equal(result.gpa, address);
	assert_int_equal(walk(&context, address, WALK_FETCH, &result), WALK_OK);
}

/* Linux: "64-bit Boot Protocol": CS 10h, DS, ES and SS 18h, identity mapping, interrupts off. */
static void test_long_mode(void **state)
{
	const struct boot_entry entry = {
		.mode = ENTRY_LONG, .rip = 0x1000200, .rsi = GUEST_BOOT_INFO};

	(void)state;
	start_state_boot(&frame, &entry);
	assert_int_equal(frame.rip, 0x1000200);
	assert_int_equal(frame.gpr[GPR_RSI], GUEST_BOOT_INFO);
	assert_int_equal(frame.rflags, 2);
	assert_int_equal(frame.shadow, 0);
	assert_int_equal(frame.seg[SEG_CS].selector, 0x10);
	assert_int_equal(frame.seg[SEG_DS].selector, 0x18);
	assert_int_equal(frame.seg[SEG_ES].selector, 0x18);
	assert_int_equal(frame.seg[SEG_SS].selector, 0x18);
	check_segment(SEG_CS, 11);
	check_segment(SEG_DS, 3);
	assert_int_equal(frame.seg[SEG_CS].attributes & (SEG_ATTR_L | SEG_ATTR_DB), SEG_ATTR_L);
	assert_int_equal(frame.control.cr0 & 0x80000001, 0x80000001);
	assert_int_equal(frame.control.cr4, 1 << 5);
	assert_int_equal(frame.control.efer, 0x500);
	for (gpa_t at = 0; at < GIB(4); at += 0x1fffff)
		check_translation(at);
	check_translation(GIB(4) - 1);
}

/* PVH: CS and data flat 32-bit, TR with limit 67h, paging off; EBX. Multiboot: the same and EAX. */
static void test_protected_mode(void **state)
{
	const struct boot_entry entry = {.rip = 0x100040, .rax = 0x2badb002, .rbx = GUEST_BOOT_INFO};

	(void)state;
	start_state_boot(&frame, &entry);
	assert_int_equal(frame.rip, 0x100040);
	assert_int_equal(frame.gpr[GPR_RAX], 0x2badb002);
	assert_int_equal(frame.gpr[GPR_RBX], GUEST_BOOT_INFO);
	check_segment(SEG_CS, 11);
	check_segment(SEG_SS, 3);
	assert_int_equal(frame.seg[SEG_CS].attributes & (SEG_ATTR_L | SEG_ATTR_DB), SEG_ATTR_DB);
	assert_int_equal(frame.control.cr0 & 0x80000001, 1);
	assert_int_equal(frame.control.cr4, 0);
	assert_int_equal(frame.control.efer, 0);
	assert_int_equal(frame.rflags, 2);
	assert_int_equal(frame.seg[SEG_TR].limit, 0x67);
	assert_int_equal(frame.seg[SEG_TR].attributes, 0x8b);
}

/* A boot sector: 0000:7C00, DL = 80h. The flat modes' tables are not in its memory. */
static void test_real_mode(void **state)
{
	const struct boot_entry entry = {
		.mode = ENTRY_REAL, .rip = 0x7c00, .rdx = 0x80, .rsp = 0x7c00};

	(void)state;
	start_state_boot(&frame, &entry);
	assert_int_equal(frame.rip, 0x7c00);
	assert_int_equal(frame.gpr[GPR_RDX], 0x80);
	assert_int_equal(frame.gpr[GPR_RSP], 0x7c00);
	for (unsigned i = SEG_ES; i <= SEG_GS; i++) {
		assert_int_equal(frame.seg[i].selector | frame.seg[i].base, 0);
		assert_int_equal(frame.seg[i].limit, 0xffff);
	}
	assert_int_equal(frame.control.cr0 & 1, 0);
	assert_int_equal(frame.idtr.base, 0);
	assert_int_equal(frame.idtr.limit, 0x3ff);
	assert_true(fixture_untouched(GUEST_GDT, GUEST_GDT + PAGE_SIZE));
	assert_true(fixture_untouched(GUEST_PAGE_TABLE, GUEST_PAGE_TABLE + 6 * PAGE_SIZE));
}

/* SDM 3A table 10-1 "IA-32 and Intel 64 Processor States Following Power-up, Reset, or INIT" */
static void check_init_column(void)
{
	assert_int_equal(frame.rflags, 2);
	assert_int_equal(frame.control.cr2 | frame.control.cr3 | frame.control.cr4, 0);
	assert_int_equal(frame.control.efer, 0);
	for (unsigned i = SEG_ES; i <= SEG_GS; i++) {
		assert_int_equal(frame.seg[i].limit, 0xffff);
		assert_int_equal(frame.seg[i].attributes & 0xf2, 0x92);
	}
	assert_int_equal(frame.seg[SEG_DS].selector | frame.seg[SEG_SS].selector, 0);
	assert_int_equal(frame.gdtr.base | frame.idtr.base, 0);
	assert_int_equal(frame.gdtr.limit, 0xffff);
	assert_int_equal(frame.idtr.limit, 0xffff);
	assert_int_equal(frame.seg[SEG_LDTR].limit, 0xffff);
	assert_int_equal(frame.seg[SEG_TR].limit, 0xffff);
	assert_int_equal(frame.gpr[GPR_RDX], 0x800f12);
	for (unsigned i = 0; i < GPR_COUNT; i++)
		assert_int_equal(frame.gpr[i], i == GPR_RDX ? 0x800f12 : 0);
	assert_int_equal(frame.system.dr6, 0xffff0ff0);
	assert_int_equal(frame.system.dr7, 0x400);
}

static void test_init(void **state)
{
	(void)state;
	start_state_init(&frame, 0x800f12);
	check_init_column();
	assert_int_equal(frame.rip, 0xfff0);
	assert_int_equal(frame.seg[SEG_CS].selector, 0xf000);
	assert_int_equal(frame.seg[SEG_CS].base, 0xffff0000);
	assert_int_equal(frame.control.cr0, 0x60000010);
	assert_int_equal(frame.system.pat, 0x0007040600070406);
	assert_int_equal(frame.system.lstar | frame.system.sysenter_eip, 0);
}

/* INIT leaves CD, NW and the MSRs as they were, where the kernel says what they were. */
static void test_init_keeps(void **state)
{
	(void)state;
	frame.groups = GROUP_CONTROL | GROUP_SYSTEM;
	frame.control.cr0 = 0x80050033;
	frame.system.lstar = 0x1234;
	frame.system.pat = 6;
	start_state_init(&frame, 0x800f12);
	check_init_column();
	assert_int_equal(frame.control.cr0, 0x10);
	assert_int_equal(frame.system.lstar, 0x1234);
	assert_int_equal(frame.system.pat, 6);
}

static void test_sipi(void **state)
{
	(void)state;
	for (unsigned vector = 0; vector < 256; vector++) {
		start_state_sipi(&frame, 0x800f12, (uint8_t)vector);
		check_init_column();
		assert_int_equal(frame.rip, 0);
		assert_int_equal(frame.seg[SEG_CS].selector, vector << 8);
		assert_int_equal(frame.seg[SEG_CS].base, vector << 12);
	}
}

static void test_bios_data(void **state)
{
	uint16_t ebda, kib;

	(void)state;
	start_state_boot(&frame, &(struct boot_entry){.rip = 0x100040});
	memcpy(&ebda, fixture_ram(0x40e), 2);
	memcpy(&kib, fixture_ram(0x413), 2);
	assert_int_equal(ebda << 4, 0x9fc00);
	assert_int_equal(kib, 639);
	assert_memory_equal(fixture_ram(0x400), "\xf8\x03\xf8\x02\0\0", 6); /* COM1, COM2 */
	assert_memory_equal(fixture_ram(0x410), "\x02\x04", 2);		    /* FPU, two of them */
	assert_int_equal(*fixture_ram(0x9fc00), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_long_mode, make),
		cmocka_unit_test_setup(test_protected_mode, make),
		cmocka_unit_test_setup(test_real_mode, make),
		cmocka_unit_test_setup(test_init, make),
		cmocka_unit_test_setup(test_init_keeps, make),
		cmocka_unit_test_setup(test_sipi, make),
		cmocka_unit_test_setup(test_bios_data, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
