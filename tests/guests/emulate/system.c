/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS D05: the machine status word, segment registers, a far jump's pointer and MMX registers in memory
 * that is a device: the test device's, which gives back what was written. Each does the same on RAM.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/emulate/cases.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"

#define ECHO ((volatile uint64_t *)0xff000000ULL)

static volatile uint64_t ram[2];
static volatile uint64_t *const places[] = {ram, ECHO};

static const char *name_of(unsigned place)
{
	return place ? "device" : "RAM";
}

void emulate_test_msw(void)
{
	uint64_t cr0 = cr0_read();

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		struct code_run run = {.rdi = (uintptr_t)places[i]};
		struct fault fault;

		*places[i] = 0x1111222233334444;
		fault = CODE_FAULT(&run, false, 0x0f, 0x01, 0x27); /* smsw [rdi] */
		test_check(fault.vector == NO_FAULT &&
				   *places[i] == (0x1111222233330000 | (cr0 & 0xffff)),
			   "%s: smsw: vector %d, %lx", name_of(i), fault.vector, *places[i]);
		*places[i] = (cr0 & 0xffff & ~(uint64_t)CR0_PE) | CR0_TS;
		fault = CODE_FAULT(&run, false, 0x0f, 0x01, 0x37); /* lmsw [rdi] */
		test_check(fault.vector == NO_FAULT && cr0_read() == (cr0 | CR0_TS),
			   "%s: lmsw: vector %d, CR0 %lx", name_of(i), fault.vector, cr0_read());
		cr0_write(cr0);
		fault = CODE_FAULT(&run, true, 0x0f, 0x01, 0x37);
		test_check(fault.vector == VECTOR_GP && fault.error == 0,
			   "%s: lmsw at CPL 3: vector %d", name_of(i), fault.vector);
	}
}

#define NULL_SS_OF_USERS "SS, null with RPL 3"

/* MOV from [rdi] to a segment register, and what is in it then goes to RAX. */
static const struct {
	const char *name;
	uint8_t load, store; /* ModRM */
	uint16_t selector;
	int vector;
	uint32_t error;
} segments[] = {
	{"DS", 0x1f, 0xd8, SELECTOR_DATA, NO_FAULT, 0},
	{"ES, of users", 0x07, 0xc0, SELECTOR_UDATA, NO_FAULT, 0},
	{"FS, null", 0x27, 0xe0, 0, NO_FAULT, 0},
	{"SS", 0x17, 0xd0, SELECTOR_DATA, NO_FAULT, 0},
	{"SS, null", 0x17, 0xd0, 0, NO_FAULT, 0},
	{NULL_SS_OF_USERS, 0x17, 0xd0, 3, VECTOR_GP, 0},
	{"SS, of users", 0x17, 0xd0, SELECTOR_UDATA, VECTOR_GP, SELECTOR_UDATA - 3},
	{"DS, code that can be read", 0x1f, 0xd8, SELECTOR_CODE, NO_FAULT, 0},
	{"SS, code", 0x17, 0xd0, SELECTOR_CODE, VECTOR_GP, SELECTOR_CODE},
	{"DS, a TSS", 0x1f, 0xd8, SELECTOR_TSS, VECTOR_GP, SELECTOR_TSS},
	{"DS, beyond the GDT", 0x1f, 0xd8, 0xfff8, VECTOR_GP, 0xfff8},
	{"DS, no LDT", 0x1f, 0xd8, 0x0c, VECTOR_GP, 0x0c},
};

static void restore_segments(void)
{
	asm volatile("mov %0, %%ds\n\tmov %0, %%es\n\tmov %0, %%fs\n\tmov %0, %%ss"
		     :
		     : "r"(SELECTOR_DATA)
		     : "memory");
}

void emulate_test_segments(void)
{
	ldt_load(0); /* at the start there is one: all of the first 64 KiB */
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++)
		for (unsigned j = 0; j < ARRAY_SIZE(segments); j++) {
			struct code_run run = {.rdi = (uintptr_t)places[i]};
			struct fault fault;

			if (!i && test_bed("qemu") && !strcmp(segments[j].name, NULL_SS_OF_USERS))
				continue; /* TCG lets it pass */
			*places[i] = segments[j].selector;
			fault = CODE_FAULT(&run, false, 0x8e, segments[j].load, 0x48, 0x8c,
					   segments[j].store);
			restore_segments();
			test_check(fault.vector == segments[j].vector &&
					   fault.error == segments[j].error,
				   "%s: %s: vector %d error %x", name_of(i), segments[j].name,
				   fault.vector, fault.error);
			test_check(fault.vector != NO_FAULT || run.rax == segments[j].selector,
				   "%s: %s: is %lx", name_of(i), segments[j].name, run.rax);
		}
}

/* REX.W JMP FAR [rdi], over an INT3; RAX says that it came through. */
void emulate_test_far_jump(void)
{
	static const uint8_t code[] = {0x48, 0xff, 0x2f, 0xcc, 0xb8, 0x34, 0x12, 0, 0};

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		struct code_run run = {.rdi = (uintptr_t)places[i]};
		struct fault fault;

		places[i][0] = (uintptr_t)code_page + 4;
		places[i][1] = SELECTOR_CODE;
		fault = code_fault(&run, code, sizeof(code), false);
		test_check(fault.vector == NO_FAULT && run.rax == 0x1234, "%s: vector %d, rax %lx",
			   name_of(i), fault.vector, run.rax);
		places[i][0] = BIT(63);
		fault = code_fault(&run, code, sizeof(code), false);
		test_check(fault.vector == VECTOR_GP && fault.error == 0,
			   "%s: not canonical: vector %d", name_of(i), fault.vector);
		places[i][1] = SELECTOR_DATA;
		fault = code_fault(&run, code, sizeof(code), false);
		test_check(fault.vector == VECTOR_GP && fault.error == SELECTOR_DATA,
			   "%s: data: vector %d error %x", name_of(i), fault.vector, fault.error);
	}
}

/* movq mm3, [rdi]; add it to itself; movq [rdi], mm3; movd mm3, [rdi]; movq [rdi + 8], mm3 */
void emulate_test_mmx(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		struct code_run run = {.rdi = (uintptr_t)places[i]};
		struct fault fault;

		asm volatile("fninit");
		places[i][0] = 0x0102030405060708;
		fault = CODE_FAULT(&run, false, 0x0f, 0x6f, 0x1f, 0x0f, 0xfc, 0xdb, 0x0f, 0x7f,
				   0x1f, 0x0f, 0x6e, 0x1f, 0x0f, 0x7f, 0x5f, 0x08, 0x0f, 0x77);
		test_check(fault.vector == NO_FAULT && places[i][0] == 0x020406080a0c0e10 &&
				   places[i][1] == 0x0a0c0e10,
			   "%s: vector %d, %lx %lx", name_of(i), fault.vector, places[i][0],
			   places[i][1]);
	}
}
