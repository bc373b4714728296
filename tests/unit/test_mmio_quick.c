/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short cut for device registers: it does what the emulator does, or leaves the exit to it. What it
 * must not do is believe bytes that did not exit: another direction, address or instruction.
 */
/* sources: vmm/mmio_quick.c vmm/bus.c vmm/lapic_page.c vmm/emulate.c vmm/emulate_alu.c vmm/emulate_bit.c
 * vmm/emulate_exchange.c vmm/emulate_flags.c vmm/emulate_memory.c vmm/emulate_move.c vmm/emulate_muldiv.c
 * vmm/emulate_operand.c vmm/emulate_port.c vmm/emulate_segment.c vmm/emulate_stack.c vmm/emulate_string.c
 * vmm/emulate_string_side.c vmm/emulate_system.c vmm/segment_load.c
 * vmm/emulate_vector.c vmm/guest_mem.c vmm/insn_cache.c vmm/insn_decode.c
 * vmm/insn_fetch.c vmm/insn_length.c vmm/insn_map_0f.c vmm/insn_map_group.c vmm/insn_map_one.c
 * vmm/insn_modrm.c vmm/insn_operand.c vmm/insn_vex.c vmm/walk.c tests/unit/emulate_machine.c
 * tests/unit/fpu_regs_fake.c tests/unit/guest_record.c */
#include "tests/unit/emulate_case.h"
#include "tests/unit/random.h"
#include "vmm/bus.h"
#include "vmm/call.h"
#include "vmm/device.h"
#include "vmm/mmio_quick.h"

static uint32_t apic[1024];

uint32_t call_lapic_read(uint32_t offset)
{
	return apic[offset / 4];
}

void call_lapic_write(uint32_t offset, uint32_t value)
{
	apic[offset / 4] = value;
}

/* The machine's device, on the bus. */
static uint64_t read(struct device *dev, uint64_t offset, unsigned size)
{
	uint64_t value = 0;

	(void)dev;
	machine.reads++;
	memcpy(&value, machine.device + offset, size);
	return value;
}

static void write(struct device *dev, uint64_t offset, unsigned size, uint64_t value)
{
	(void)dev;
	machine.writes++;
	memcpy(machine.device + offset, &value, size);
}

static const struct device_ops ops = {
	.mmio_read = read,
	.mmio_write = write,
	.mmio_sizes = SIZE_1 | SIZE_2 | SIZE_4,
};
static struct device device = {.name = "test", .ops = &ops};

static struct resume answer;

static int make(void **state)
{
	setup(state);
	bus_init();
	assert_int_equal(bus_claim_mmio(&device, MACHINE_DEVICE, sizeof(machine.device)), ERR_NONE);
	bus_seal();
	return 0;
}

static void exit_at(gpa_t gpa, bool is_write)
{
	FRAME->reason = EXIT_MMIO;
	FRAME->mmio = (struct frame_mmio){.gpa = gpa, .access = is_write ? MMIO_WRITE : 0};
}

/* The emulator meets the instruction at the window's first device page, which fills the cache. */
static void met(const char *code, size_t count, bool is_write)
{
	machine_set_code(&machine, code, count);
	GPR(RBX) = MACHINE_DATA + 0x1000;
	exit_at(MACHINE_DEVICE + 0x1000, is_write);
	assert_false(mmio_quick(FRAME, &answer)); /* never met */
	assert_int_equal(machine_step(&machine), EMULATE_DONE);
	machine_reset_frame(&machine);
	machine.reads = machine.writes = 0;
	GPR(RBX) = MACHINE_DATA + 0x1000;
	exit_at(MACHINE_DEVICE + 0x1000, is_write);
}

#define MET(code, is_write) met(code, sizeof(code) - 1, is_write)

static void test_load(void **state)
{
	(void)state;
	MET("\x8b\x43\x10", false); /* mov eax, [rbx+0x10] */
	memcpy(machine.device + 0x1010, "\x44\x33\x22\x11", 4);
	exit_at(MACHINE_DEVICE + 0x1010, false);
	assert_true(mmio_quick(FRAME, &answer));
	assert_int_equal(answer.groups, GROUP_REPLY);
	assert_int_equal(answer.insn_len, 3);
	assert_int_equal(answer.gpr, GPR_RAX);
	assert_int_equal(answer.size, 4);
	assert_int_equal(answer.high_byte, 0);
	assert_int_equal(answer.value & UINT32_MAX, 0x11223344);
	assert_int_equal(machine.reads, 1);
}

static void test_load_of_a_high_byte(void **state)
{
	(void)state;
	MET("\x8a\x3b", false); /* mov bh, [rbx] */
	machine.device[0x1000] = 0x5a;
	assert_true(mmio_quick(FRAME, &answer));
	assert_int_equal(answer.gpr, GPR_RBX);
	assert_int_equal(answer.high_byte, 1);
	assert_int_equal(answer.size, 1);
	assert_int_equal(answer.value & 0xff, 0x5a);
}

/* Address registers in all their roles. */
static void test_addresses(void **state)
{
	(void)state;
	MET("\x66\x42\x8b\x54\x8b\x20", false); /* mov dx, [rbx+r9*4+0x20] */
	GPR(R9) = 3;
	exit_at(MACHINE_DEVICE + 0x102c, false);
	assert_true(mmio_quick(FRAME, &answer));
	assert_int_equal(answer.gpr, GPR_RDX);
	assert_int_equal(answer.size, 2);
	GPR(R9) = 4;
	assert_false(mmio_quick(FRAME, &answer));
}

static void test_rip_relative_and_absolute(void **state)
{
	(void)state;
	/* mov eax, [rip+0x100ffa]: to the device page behind the code */
	MET("\x8b\x05\xfa\x0f\x10\x00", false);
	exit_at(MACHINE_DEVICE + 0x1000, false);
	assert_true(mmio_quick(FRAME, &answer));
	MET("\xa1\x00\x10\x10\x20\x00\x00\x00\x00", false); /* mov eax, [moffs64] */
	assert_true(mmio_quick(FRAME, &answer));
	assert_int_equal(answer.insn_len, 9);
	assert_int_equal(answer.gpr, GPR_RAX);
}

/* The hardware has translated the operand: a walk that would fault now does not count. */
static void test_stores_walk_once(void **state)
{
	(void)state;
	MET("\xc7\x03\x78\x56\x34\x12", true); /* mov dword [rbx], 0x12345678 */
	memset(machine.device + 0x1000, 0, 8);
	*machine_entry(&machine, 1) = 0;
	assert_true(mmio_quick(FRAME, &answer));
	assert_int_equal(answer.groups, 0);
	assert_int_equal(answer.insn_len, 6);
	assert_memory_equal(machine.device + 0x1000, "\x78\x56\x34\x12\0\0\0\0", 8);
	assert_int_equal(machine.writes, 1);
}

static void test_stores_of_registers(void **state)
{
	(void)state;
	MET("\x88\x2b", true); /* mov [rbx], ch */
	memset(machine.device + 0x1000, 0xff, 4);
	GPR(RCX) = 0x1234;
	assert_true(mmio_quick(FRAME, &answer));
	assert_memory_equal(machine.device + 0x1000, "\x12\xff\xff\xff", 4);
	MET("\x44\x89\x13", true); /* mov [rbx], r10d */
	GPR(R10) = 0xaabbccdd11223344;
	assert_true(mmio_quick(FRAME, &answer));
	assert_memory_equal(machine.device + 0x1000, "\x44\x33\x22\x11", 4);
}

static void test_local_apic(void **state)
{
	(void)state;
	MET("\x89\x03", true); /* mov [rbx], eax */
	machine.frame.lapic_page = 0xfed40000;
	GPR(RAX) = 7;
	GPR(RBX) = MACHINE_DATA + 0x10b0;
	exit_at(0xfed400b0, true);
	assert_true(mmio_quick(FRAME, &answer));
	assert_int_equal(apic[0xb0 / 4], 7);
	MET("\x8b\x03", false);
	machine.frame.lapic_page = 0xfed40000;
	apic[0x80 / 4] = 0x12345678;
	GPR(RBX) = MACHINE_DATA + 0x1080;
	exit_at(0xfed40080, false);
	assert_true(mmio_quick(FRAME, &answer));
	assert_int_equal(answer.value, 0x12345678);
	/* Where it was before it was moved there is nothing. */
	exit_at(0xfee00080, false);
	assert_false(mmio_quick(FRAME, &answer));
}

static void refused(void)
{
	assert_false(mmio_quick(FRAME, &answer));
	assert_int_equal(machine.reads + machine.writes, 0);
}

/* The exit was a read, the bytes are a write: its page may be read-only. */
static void test_other_direction(void **state)
{
	(void)state;
	MET("\x89\x03", true);
	exit_at(MACHINE_DEVICE + 0x1000, false);
	refused();
}

static void test_other_address(void **state)
{
	(void)state;
	MET("\x8b\x03", false);
	exit_at(MACHINE_DEVICE + 0x1008, false);
	refused();
	exit_at(MACHINE_DEVICE + 0x1000, false);
	FRAME->mmio.gva_valid = 1;
	FRAME->mmio.gva = MACHINE_DATA + 0x3000;
	refused();
	FRAME->mmio.gva = MACHINE_DATA + 0x1000;
	assert_true(mmio_quick(FRAME, &answer));
	machine.reads = 0;
	FRAME->mmio.gva_valid = 0;
	GPR(RBX) = MACHINE_DATA + 0x1ffe; /* crosses a page */
	exit_at(MACHINE_DEVICE + 0x1ffe, false);
	refused();
}

/* Other bytes at the same place; the same bytes where the guest may not fetch. */
static void test_other_bytes(void **state)
{
	(void)state;
	MET("\x8b\x03", false);
	CODE("\x8b\x03\x01");
	refused();
	CODE("\x8b\x03\0");
	assert_true(mmio_quick(FRAME, &answer));
	machine.reads = 0;
	FRAME->control.cpl = 3;
	FRAME->control.cr3 = 0x3f000; /* empty tables */
	refused();
}

static void test_other_accesses(void **state)
{
	(void)state;
	MET("\x8b\x03", false);
	FRAME->mmio.access = MMIO_FETCH;
	refused();
	FRAME->mmio.access = MMIO_WALK;
	refused();
	exit_at(0xd0001000, false); /* nobody is there */
	refused();
	exit_at(MACHINE_RAM_DATA + 0x1000, false); /* RAM by now */
	refused();
}

/* What is no plain move is not remembered as one. */
static void test_other_instructions(void **state)
{
	static const struct {
		const char *code;
		size_t size;
		bool is_write;
	} cases[] = {
		{"\x0f\xb6\x03", 3, false}, /* movzx */
		{"\x03\x03", 2, false},	    /* add eax, [rbx] */
		{"\x65\x8b\x03", 3, false}, /* mov eax, gs:[rbx] */
		{"\x67\x8b\x03", 3, false}, /* mov eax, [ebx] */
		{"\x87\x03", 2, true},	    /* xchg */
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		met(cases[i].code, cases[i].size, cases[i].is_write);
		assert_false(mmio_quick(FRAME, &answer));
	}
	assert_int_equal(machine.reads + machine.writes, 0);
}

/* A width that the device does not take goes the general way, which splits it. */
static void test_width_of_the_device(void **state)
{
	(void)state;
	MET("\x48\x8b\x03", false);
	refused();
}

/* What was compared is done, and not looked at again: another vCPU inverts each byte as it was read. */
static void test_bytes_change(void **state)
{
	(void)state;
	MET("\x8b\x43\x10", false); /* mov eax, [rbx+0x10] */
	memcpy(machine.device + 0x1010, "\x44\x33\x22\x11", 4);
	exit_at(MACHINE_DEVICE + 0x1010, false);
	guest_record_reset();
	guest_record.mutate = true;
	guest_record.mutate_from = MACHINE_RAM_CODE;
	assert_true(mmio_quick(FRAME, &answer));
	assert_int_equal(answer.insn_len, 3);
	assert_int_equal(answer.value & UINT32_MAX, 0x11223344);
	assert_int_equal(guest_record.twice, 0);
	guest_record_reset();
	assert_false(mmio_quick(FRAME, &answer)); /* now they are others */
}

/* Whether the short cut takes the load at MACHINE_CODE + offset; the emulator has met it by then. */
static bool is_quick(unsigned offset)
{
	bool quick;

	machine_reset_frame(&machine);
	FRAME->rip = MACHINE_CODE + offset;
	GPR(RBX) = MACHINE_DATA + 0x1000;
	exit_at(MACHINE_DEVICE + 0x1000, false);
	quick = mmio_quick(FRAME, &answer);
	if (!quick)
		assert_int_equal(machine_step(&machine), EMULATE_DONE);
	return quick;
}

/* Two instructions in turn, wherever they lie, do not put each other out: a poll and a handler's EOI. */
static void test_two_in_turn(void **state)
{
	unsigned other;

	(void)state;
	for (other = 0x20; other < 0x400; other += 0x1f) {
		unsigned slow = 0;

		memset(machine.ram + MACHINE_RAM_CODE, 0, PAGE_SIZE);
		machine.ram[MACHINE_RAM_CODE] = 0x8b; /* mov eax, [rbx] */
		machine.ram[MACHINE_RAM_CODE + 1] = 0x03;
		machine.ram[MACHINE_RAM_CODE + other] = 0x8b; /* mov ecx, [rbx] */
		machine.ram[MACHINE_RAM_CODE + other + 1] = 0x0b;
		for (unsigned i = 0; i < 8; i++)
			slow += !is_quick(i & 1 ? other : 0);
		assert_in_range(slow, 0, 2);
	}
}

/* Of a third in the same set the newer two stay, and a changed instruction takes its own old place. */
static void test_three_in_a_set(void **state)
{
	(void)state;
	memcpy(machine.ram + MACHINE_RAM_CODE + 0x000, "\x8b\x3b", 2);
	memcpy(machine.ram + MACHINE_RAM_CODE + 0x100, "\x8b\x2b", 2);
	memcpy(machine.ram + MACHINE_RAM_CODE + 0x200, "\x8b\x13", 2);
	is_quick(0);
	is_quick(0x100);
	assert_false(is_quick(0x200));
	assert_true(is_quick(0x100));
	assert_true(is_quick(0x200));
	machine.ram[MACHINE_RAM_CODE + 0x101] = 0x33; /* mov esi, [rbx] */
	assert_false(is_quick(0x100));
	assert_true(is_quick(0x100));
	assert_int_equal(answer.gpr, GPR_RSI);
	assert_true(is_quick(0x200));
}

/* A move to or from memory by [rbx], [rbx + disp8] or with a SIB byte, any prefixes; 16 bytes in all. */
static void draw_code(uint8_t *code)
{
	static const uint8_t prefixes[] = {0x66, 0x67, 0x2e, 0x64, 0x65, 0xf2,
					   0x40, 0x41, 0x42, 0x44, 0x48, 0x4f};
	static const uint8_t opcodes[] = {0x88, 0x89, 0x8a, 0x8b, 0xc6,
					  0xc7, 0xa0, 0xa1, 0xa2, 0xa3};
	unsigned at = 0;

	for (unsigned i = 0; i < 16; i++)
		code[i] = (uint8_t)pick(256);
	if (pick(4) == 0)
		code[at++] = prefixes[pick(6)];
	if (pick(2) == 0)
		code[at++] = prefixes[pick(ARRAY_SIZE(prefixes))];
	code[at] = opcodes[pick(ARRAY_SIZE(opcodes))];
	if (code[at] >= 0xa0 && code[at] <= 0xa3) {
		uint64_t address = MACHINE_DATA + 0x1000 + pick(0x1000);

		memcpy(code + at + 1, &address, sizeof(address));
	} else {
		code[at + 1] &= code[at] >= 0xc6 ? 0x47 : 0x7f; /* mod is 0 or 1; C6 and C7 are /0 */
	}
}

/* All registers near the device; one of them small, for an index. */
static void draw_registers(void)
{
	for (unsigned i = 0; i < GPR_COUNT; i++)
		FRAME->gpr[i] = MACHINE_DATA + 0x1000 + pick(pick(2) != 0 ? 0x100 : 0x1000);
	FRAME->gpr[pick(GPR_COUNT)] = pick(0x40);
}

/* What the kernel does with the answer: SDM 1 3.4.1.1, 32 bits clear the upper half. */
static void apply_answer(void)
{
	uint64_t *gpr = &FRAME->gpr[answer.gpr], mask;

	FRAME->rip += answer.insn_len;
	if (answer.groups != GROUP_REPLY)
		return;
	mask = ~0ULL >> (64 - 8 * answer.size);
	if (answer.size >= 4)
		*gpr = answer.value & mask;
	else if (answer.high_byte != 0)
		*gpr = (*gpr & ~0xff00ULL) | (answer.value & 0xff) << 8;
	else
		*gpr = (*gpr & ~mask) | (answer.value & mask);
}

/*
 * Any move that the emulator carries out and the short cut takes, too, does the same by either way: to the
 * registers, to the device, and to RIP.
 */
static void test_random_moves(void **state)
{
	static uint8_t before[sizeof(machine.device)], after[sizeof(machine.device)];
	unsigned done = 0, quick = 0;

	(void)state;
	for (unsigned i = 0; i < 60000; i++) {
		struct frame given, result;
		uint8_t code[16];

		draw_code(code);
		CODE(code);
		machine_reset_frame(&machine);
		draw_registers();
		given = *FRAME;
		for (unsigned byte = 0; byte < 0x1010; byte++)
			machine.device[0x1000 + byte] = (uint8_t)(byte * 7 + i);
		memcpy(before, machine.device, sizeof(before));
		machine.reads = machine.writes = 0;
		if (machine_step(&machine) != EMULATE_DONE || machine.reads + machine.writes != 1)
			continue;
		done++;
		result = *FRAME;
		memcpy(after, machine.device, sizeof(after));
		memcpy(machine.device, before, sizeof(before));
		*FRAME = given;
		exit_at(machine.last_gpa, machine.writes != 0);
		FRAME->mmio.gva_valid = i & 1;
		FRAME->mmio.gva = machine.last_gpa - MACHINE_DEVICE + MACHINE_DATA;
		if (!mmio_quick(FRAME, &answer)) {
			assert_memory_equal(machine.device, before, sizeof(before));
			continue;
		}
		quick++;
		apply_answer();
		assert_memory_equal(FRAME->gpr, result.gpr, sizeof(result.gpr));
		assert_int_equal(FRAME->rip, result.rip);
		assert_memory_equal(machine.device, after, sizeof(after));
	}
	assert_in_range(done, 10000, 60000);
	assert_in_range(quick, 5000, 60000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_load),
		TEST(test_load_of_a_high_byte),
		TEST(test_addresses),
		TEST(test_rip_relative_and_absolute),
		TEST(test_stores_walk_once),
		TEST(test_stores_of_registers),
		TEST(test_local_apic),
		TEST(test_other_direction),
		TEST(test_other_address),
		TEST(test_other_bytes),
		TEST(test_other_accesses),
		TEST(test_other_instructions),
		TEST(test_width_of_the_device),
		TEST(test_bytes_change),
		TEST(test_two_in_turn),
		TEST(test_three_in_a_set),
		TEST(test_random_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
