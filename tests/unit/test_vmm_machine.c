/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole VMM but its entry and its calls: a partition is started, and upcalls go in as the kernel makes
 * them and come out at its devices, its console ring, the kernel's calls, or the partition's end.
 */
/* sources: vmm/[abd-z]*.c vmm/c[pr]*.c vmm/dev/[a-z]*.c lib/copy.c lib/format.c lib/msr_policy.c
 * tests/unit/vmm_fixture.c tests/unit/fpu_regs_fake.c tests/unit/loader_images.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/vmm_fixture.h"
#include <cmocka.h>

#include "abi/calls.h"
#include "abi/config.h"
#include "tests/unit/loader_images.h"
#include "vmm/cpu_bits.h"
#include "vmm/guest_layout.h"
#include "vmm/guest_start.h"
#include "vmm/host_end.h"
#include "vmm/loader.h"
#include "vmm/main.h"
#include "vmm/ring.h"
#include "vmm/start_state.h"

#define CODE 0x300000u
#define DATA 0x400000u

static struct frame frame;
static struct image kernel;
static struct console_ring *shared;

static void upcall(enum exit_reason reason)
{
	frame.reason = reason;
	assert_true(FIXTURE_RESUMES(vmm_main(&frame, 0)));
}

static bool ends(enum exit_reason reason)
{
	frame.reason = reason;
	return FIXTURE_ENDS(vmm_main(&frame, 0));
}

static void raise_events(uint32_t events)
{
	frame.events = events;
	upcall(EXIT_EVENT);
}

static void prepare(uint32_t flags)
{
	fixture_init(MIB(16));
	fixture_config.flags = flags;
	fixture_config.start_wall = 1767225600ULL * 1000000000;
	guest_ram = fixture_ram(0);
	kernel = image_elf64();
	shared = calloc(RING_PAGES(RING_OUT_MIN), 4096);
	ring = shared;
	host_end_wish = REASON_NONE;
	memset(&frame, 0, sizeof(frame));
}

static int start(void **state)
{
	(void)state;
	prepare(PART_TESTDEV);
	fixture_image(IMAGE_KERNEL, "kernel", kernel.bytes, kernel.size);
	raise_events(EVENT_START);
	assert_int_equal(fake_calls.answer.groups, START_GROUPS);
	frame.groups = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT;
	return 0;
}

static int end(void **state)
{
	(void)state;
	image_free(&kernel);
	free(shared);
	return 0;
}

static uint32_t in(uint16_t port, unsigned size)
{
	frame.io = (struct frame_io){.port = port, .size = (uint8_t)size, .in = 1, .insn_len = 2};
	upcall(EXIT_IO);
	assert_int_equal(fake_calls.answer.groups, GROUP_REPLY);
	assert_int_equal(fake_calls.answer.gpr, GPR_RAX);
	assert_int_equal(fake_calls.answer.size, size);
	assert_int_equal(fake_calls.answer.insn_len, 2);
	return (uint32_t)fake_calls.answer.value;
}

static void set_out(uint16_t port, unsigned size, uint32_t value)
{
	frame.io = (struct frame_io){
		.port = port, .size = (uint8_t)size, .insn_len = 1, .value = value};
}

static void out(uint16_t port, unsigned size, uint32_t value)
{
	set_out(port, size, value);
	upcall(EXIT_IO);
	assert_int_equal(fake_calls.answer.groups, 0);
	assert_int_equal(fake_calls.answer.insn_len, 1);
}

static void write_ioapic(unsigned index, uint32_t value)
{
	static const uint8_t store[] = {0x89, 0x07}; /* mov [edi], eax */
	const uint32_t writes[][2] = {{0xfec00000, index}, {0xfec00010, value}};

	memcpy(fixture_ram(CODE), store, sizeof(store));
	frame.rip = CODE;
	for (unsigned i = 0; i < 2; i++) {
		frame.gpr[GPR_RDI] = writes[i][0];
		frame.gpr[GPR_RAX] = writes[i][1];
		frame.mmio.gpa = writes[i][0];
		frame.mmio.access = MMIO_WRITE;
		upcall(EXIT_MMIO);
		assert_int_equal(fake_calls.answer.insn_len, 2);
	}
}

static void test_start(void **state)
{
	(void)state;
	assert_true(frame.control.cr0 & CR0_PE);
	assert_memory_equal(fixture_ram(GUEST_BIOS), "RSD PTR ", 8);
	assert_int_equal(fixture_ram(ELF_FIRST_TO)[0], kernel.bytes[ELF_FIRST]);
}

/* Until all is there the answer names no group, and what else comes meanwhile is taken. */
static void test_start_in_pieces(void **state)
{
	static const uint8_t module[2 * LOAD_PIECE] = {7};

	prepare(0);
	fixture_image(IMAGE_KERNEL, "kernel", kernel.bytes, kernel.size);
	fixture_image(IMAGE_MODULE, "module", module, sizeof(module));
	raise_events(EVENT_START);
	assert_int_equal(fake_calls.answer.groups, 0);
	assert_int_equal(frame.rip, 0);
	shared->in_head = 1;
	raise_events(EVENT_START | EVENT_DEADLINE | EVENT_INPUT | EVENT_SPACE | EVENT_POWER);
	assert_int_equal(fake_calls.answer.groups, 0);
	raise_events(EVENT_START);
	assert_int_equal(fake_calls.answer.groups, START_GROUPS);
	assert_int_equal(frame.rip, ELF_ENTRY);
	assert_int_equal(in(0x3fd, 1) & 1, 1); /* the devices are those of the first piece */
	end(state);
}

/* What is wrong with a partition is said in one line, and no guest runs. */
static void test_start_refused(void **state)
{
	(void)state;
	prepare(0);
	assert_false(frame.rip);
	frame.events = EVENT_START;
	assert_true(ends(EXIT_EVENT));
	assert_int_equal(fake_calls.reason, REASON_REFUSED);
	assert_non_null(strstr(fake_calls.text, "image (none): "));
	fixture_config.ranges[0].gpa = MIB(1);
	assert_true(ends(EXIT_EVENT));
	assert_non_null(strstr(fake_calls.text, "memory: there must be RAM"));
	fixture_config.ranges[0].gpa = 0;
	fixture_config.ranges[1].size -= 1;
	assert_true(ends(EXIT_EVENT));
	assert_non_null(strstr(fake_calls.text, "memory: the ranges are not whole pages"));
	end(state);
}

static void test_serial_port(void **state)
{
	(void)state;
	assert_int_equal(in(0x3fd, 1), 0x60);
	out(0x3f8, 1, 'A');
	out(0xe9, 1, 'B');
	assert_int_equal(shared->out_head, 2);
	assert_memory_equal(ring_out(shared, RING_OUT_MIN), "AB", 2);
	memcpy(shared->in, "xy", 2);
	shared->in_head = 2;
	raise_events(EVENT_INPUT | EVENT_SPACE);
	assert_int_equal(in(0x3fd, 1) & 1, 1);
	assert_int_equal(in(0x3f8, 1), 'x');
	assert_int_equal(in(0x3f8, 1), 'y');
	assert_int_equal(in(0x1234, 4), 0xffffffff);
}

/* A page by REP OUTSB is one upcall and one piece for the ring. */
static void test_rep_outsb(void **state)
{
	static const uint8_t code[] = {0xf3, 0x6e};

	(void)state;
	memcpy(fixture_ram(CODE), code, sizeof(code));
	for (unsigned i = 0; i < 4096; i++)
		fixture_ram(DATA)[i] = (uint8_t)(i * 31);
	frame.rip = CODE;
	frame.gpr[GPR_RSI] = DATA;
	frame.gpr[GPR_RCX] = 4096;
	frame.gpr[GPR_RDX] = 0x3f8;
	frame.io = (struct frame_io){.port = 0x3f8, .size = 1, .rep = 1};
	upcall(EXIT_IO_STRING);
	assert_int_equal(fake_calls.answer.insn_len, 2);
	assert_int_equal(fake_calls.answer.groups, GROUP_GPR);
	assert_int_equal(frame.gpr[GPR_RCX], 0);
	assert_int_equal(shared->out_head, 4096);
	assert_memory_equal(ring_out(shared, RING_OUT_MIN), fixture_ram(DATA), 4096);
}

static void test_rep_insw(void **state)
{
	static const uint8_t code[] = {0x66, 0xf3, 0x6d};

	(void)state;
	memcpy(fixture_ram(CODE), code, sizeof(code));
	frame.rip = CODE;
	frame.gpr[GPR_RDI] = DATA;
	frame.gpr[GPR_RCX] = 3;
	frame.gpr[GPR_RDX] = 0x1f0;
	frame.io = (struct frame_io){.port = 0x1f0, .size = 2, .in = 1, .rep = 1};
	upcall(EXIT_IO_STRING);
	assert_int_equal(fake_calls.answer.insn_len, 3);
	assert_memory_equal(fixture_ram(DATA), "\xff\xff\xff\xff\xff\xff\0", 7);
}

/* The PIT by the 8259: deadline, line, INTA; and by the IOAPIC: a message, and a level's EOI. */
static void test_interrupts(void **state)
{
	(void)state;
	out(0x20, 1, 0x11);
	out(0x21, 1, 0x30);
	out(0x21, 1, 0x04);
	out(0x21, 1, 0x01);
	out(0x21, 1, 0xfe);
	out(0x43, 1, 0x34);
	out(0x40, 1, 0x10);
	out(0x40, 1, 0x00);
	assert_int_not_equal(fake_calls.deadline, 0);
	while (!fake_calls.pic_line)
		raise_events(EVENT_DEADLINE);
	upcall(EXIT_INTA);
	assert_int_equal(frame.inta_vector, 0x30);
	write_ioapic(0x10 + 2 * 9, 0x8041); /* the SCI, level */
	assert_int_equal(fake_calls.eoi_vectors[1], 1 << 1);
	out(0x602, 2, 0x100);
	out(0xb2, 1, 0xf1);
	raise_events(EVENT_POWER);
	assert_int_equal(in(0x600, 2) & 0x100, 0x100);
	assert_true(fake_calls.message == APIC_MESSAGE(0, 0x41, 0, false, true));
	fake_calls.message = 0;
	memset(frame.eoi_vectors, 0, sizeof(frame.eoi_vectors));
	frame.eoi_vectors[1] = 1 << 1;
	raise_events(EVENT_EOI);
	assert_true(fake_calls.message == APIC_MESSAGE(0, 0x41, 0, false, true));
	out(0x600, 2, 0x100);
	fake_calls.message = 0;
	raise_events(EVENT_EOI);
	assert_int_equal(fake_calls.message, 0);
}

/* With no timer wanted there is no deadline; one beyond all time is none, either. */
static void test_deadline_ends(void **state)
{
	(void)state;
	out(0x43, 1, 0x34);
	out(0x40, 1, 0x10);
	out(0x40, 1, 0x00);
	assert_int_not_equal(fake_calls.deadline, 0);
	out(0x43, 1, 0x34); /* a control word stops the counter */
	for (unsigned i = 0; i < 3 && fake_calls.deadline; i++)
		raise_events(EVENT_DEADLINE);
	assert_int_equal(fake_calls.deadline, 0);
}

static void test_another_cpu(void **state)
{
	(void)state;
	frame.vcpu = 1;
	raise_events(EVENT_INIT);
	assert_int_equal(fake_calls.answer.groups, START_GROUPS);
	assert_int_equal(frame.rip, 0xfff0);
	frame.sipi_vector = 0x12;
	raise_events(EVENT_SIPI | EVENT_STEAL);
	assert_int_equal(frame.seg[SEG_CS].base, 0x12000);
	assert_int_equal(frame.rip, 0);
}

/* The end comes after the access, and the first wish counts. */
static void test_ends(void **state)
{
	static const struct {
		uint16_t port;
		uint8_t size;
		uint32_t value;
		enum part_reason reason;
		uint32_t code;
	} cases[] = {
		{0x604, 2, 0x3400, REASON_POWEROFF, 0},
		{0xcf9, 1, 0x06, REASON_RESET, 0},
		{0x64, 1, 0xfe, REASON_RESET, 0},
		{0x92, 1, 0x01, REASON_RESET, 0},
		{0xf4, 4, 0x12345678, REASON_POWEROFF, 0x12345678},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		host_end_wish = REASON_NONE;
		set_out(cases[i].port, cases[i].size, cases[i].value);
		assert_true(ends(EXIT_IO));
		assert_int_equal(fake_calls.reason, cases[i].reason);
		if (cases[i].reason == REASON_POWEROFF)
			assert_int_equal(fake_calls.code, cases[i].code);
		guest_exit(99);
		assert_int_equal(host_end_wish, cases[i].reason);
	}
	host_end_wish = REASON_NONE;
	frame.events = EVENT_INIT;
	assert_true(ends(EXIT_EVENT));
	assert_int_equal(fake_calls.reason, REASON_RESET);
	assert_non_null(strstr(fake_calls.text, "INIT to the bootstrap processor"));
}

static void test_unknown_upcall(void **state)
{
	(void)state;
	assert_true(ends(EXIT_REASONS));
	assert_int_equal(fake_calls.reason, REASON_VMM_FAULT);
	assert_true(ends(EXIT_TRIPLE_FAULT));
	assert_int_equal(fake_calls.reason, REASON_TRIPLE);
}

/* As a 64-bit kernel is entered, but for the place. */
static void enter_long_mode(uint64_t rip)
{
	const struct boot_entry entry = {.mode = ENTRY_LONG, .rip = rip};

	start_state_boot(&frame, &entry);
	frame.groups = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT;
}

static void put_code(gpa_t at, const char *bytes, size_t count)
{
	memcpy(fixture_ram(at), bytes, count);
}

/* The short cut, and where it must not be taken: at a page's end, and out of the canonical range. */
static void test_length_in_long_mode(void **state)
{
	(void)state;
	enter_long_mode(CODE);
	frame.length_of = LENGTH_OF_CPUID;
	put_code(CODE, "\x0f\xa2", 2);
	upcall(EXIT_LENGTH);
	assert_int_equal(fake_calls.answer.insn_len, 2);
	frame.length_of = LENGTH_OF_WRMSR; /* other bytes than those that exited */
	upcall(EXIT_LENGTH);
	assert_int_equal(fake_calls.answer.insn_len, 0);
	frame.length_of = LENGTH_OF_CPUID;
	frame.rip = CODE + 0xffd;
	put_code(frame.rip, "\x66\x0f\xa2", 3);
	upcall(EXIT_LENGTH);
	assert_int_equal(fake_calls.answer.insn_len, 3);
	frame.rip = 1ULL << 47;
	upcall(EXIT_LENGTH);
	assert_int_equal(fake_calls.answer.groups, GROUP_EVENT);
	assert_int_equal(frame.event.vector, VECTOR_GP);
	frame.rip = GIB(4); /* canonical, and no page is there */
	upcall(EXIT_LENGTH);
	assert_int_equal(fake_calls.answer.groups, GROUP_EVENT);
	assert_int_equal(frame.event.vector, VECTOR_PF);
	frame.rip = GIB(3); /* a page, and no RAM behind it */
	assert_true(ends(EXIT_LENGTH));
	assert_int_equal(fake_calls.reason, REASON_EMULATION);
}

static void run_once(void)
{
	(void)FIXTURE_RESUMES(vmm_main(&frame, 0));
}

static bool ends_or_goes_on(void)
{
	return FIXTURE_ENDS(run_once());
}

/* A report shows the bytes as far as they can be read. */
static void test_report_in_long_mode(void **state)
{
	static const struct {
		uint64_t rip;
		const char *text;
	} cases[] = {
		{CODE, "cannot emulate insn=0f0e9090"},
		{MIB(16) - 2, "cannot emulate insn=0f0e gpa="},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		bool ended = false;

		enter_long_mode(cases[i].rip);
		put_code(cases[i].rip, "\x0f\x0e", 2); /* FEMMS, of 3DNow! */
		if (i == 0)
			memset(fixture_ram(CODE + 2), 0x90, 16);
		frame.mmio.gpa = 0xfec00000;
		frame.mmio.access = 0;
		frame.reason = EXIT_MMIO;
		for (unsigned tries = 0; tries < 100 && !ended; tries++)
			ended = ends_or_goes_on();
		assert_true(ended);
		assert_int_equal(fake_calls.reason, REASON_EMULATION);
		if (!strstr(fake_calls.text, cases[i].text))
			fail_msg("%s", fake_calls.text);
	}
}

static void access_cr(const char *code, unsigned cr, bool write)
{
	put_code(CODE, code, 3);
	frame.cr.cr = cr;
	frame.cr.write = write;
	upcall(EXIT_CR);
}

static void test_control_registers(void **state)
{
	(void)state;
	enter_long_mode(CODE);
	frame.control.cr2 = 0x1234;
	access_cr("\x0f\x20\xd0", 2, false); /* mov rax, cr2 */
	assert_int_equal(frame.gpr[GPR_RAX], 0x1234);
	access_cr("\x0f\x20\xd8", 3, false);
	assert_int_equal(frame.gpr[GPR_RAX], GUEST_PAGE_TABLE);
	access_cr("\x0f\x20\xe0", 4, false);
	assert_int_equal(frame.gpr[GPR_RAX], CR4_PAE);
	frame.gpr[GPR_RBX] = 0x5678;
	access_cr("\x0f\x22\xd3", 2, true); /* mov cr2, rbx */
	assert_int_equal(frame.control.cr2, 0x5678);
	assert_int_equal(fake_calls.answer.groups & GROUP_CONTROL, GROUP_CONTROL);
	frame.gpr[GPR_RBX] = CR4_PAE | 1ULL << 40;
	access_cr("\x0f\x22\xe3", 4, true);
	assert_int_equal(fake_calls.answer.groups, GROUP_EVENT);
	assert_int_equal(frame.event.vector, VECTOR_GP);
	put_code(CODE, "\x90\x90\x90", 3); /* changed meanwhile */
	upcall(EXIT_CR);
	assert_int_equal(fake_calls.answer.insn_len, 0);
	frame.rip = GIB(4);
	upcall(EXIT_CR);
	assert_int_equal(frame.event.vector, VECTOR_PF);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_start),
		cmocka_unit_test(test_start_refused),
		cmocka_unit_test(test_start_in_pieces),
		CASE(test_serial_port),
		CASE(test_rep_outsb),
		CASE(test_rep_insw),
		CASE(test_interrupts),
		CASE(test_deadline_ends),
		CASE(test_another_cpu),
		CASE(test_ends),
		CASE(test_unknown_upcall),
		CASE(test_length_in_long_mode),
		CASE(test_report_in_long_mode),
		CASE(test_control_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
