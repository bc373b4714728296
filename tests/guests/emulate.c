/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS D05: instructions of each form on a device register, which the VMM has to emulate, must do what
 * the processor does with the same instruction on RAM. The register is the local APIC timer's initial
 * count, which keeps any 32-bit value while the timer is masked.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/emulate/cases.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/fpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/words.h"

#define STATUS (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)
#define LOGIC  (STATUS & ~RFLAGS_AF)
#define SHIFT  (STATUS & ~(RFLAGS_AF | RFLAGS_OF))
#define DEVICE ((volatile uint32_t *)(APIC_PAGE + APIC_INITIAL))
#define HOLE   0x90000000ULL
#define FORM(name, flags, ...)                       \
	{                                            \
		name, flags, CODE_SIZE(__VA_ARGS__), \
		{                                    \
			__VA_ARGS__                  \
		}                                    \
	}

/* With [rdi] or [rsi] as the operand. flags: those that the manuals define. */
struct form {
	const char *name;
	uint64_t flags;
	uint8_t size, code[12];
};

static const struct form forms[] = {
	FORM("mov [m],r", STATUS, 0x89, 0x07),
	FORM("mov r,[m]", STATUS, 0x8b, 0x07),
	FORM("mov r8d,[m]", STATUS, 0x44, 0x8b, 0x07),
	FORM("mov [m],imm", STATUS, 0xc7, 0x07, 0x78, 0x56, 0x34, 0x12),
	FORM("mov r,[m+disp8]", STATUS, 0x8b, 0x47, 0x00),
	FORM("mov r,[m+disp32]", STATUS, 0x8b, 0x87, 0, 0, 0, 0),
	FORM("mov r,[m+0*rbp]", STATUS, 0x8b, 0x44, 0x27, 0x00),
	FORM("movsxd", STATUS, 0x48, 0x63, 0x07),
	FORM("add [m],r", STATUS, 0x01, 0x07),
	FORM("add r,[m]", STATUS, 0x03, 0x07),
	FORM("add [m],imm8", STATUS, 0x83, 0x07, 0xff),
	FORM("or [m],r", LOGIC, 0x09, 0x07),
	FORM("adc [m],r", STATUS, 0x11, 0x07),
	FORM("sbb [m],r", STATUS, 0x19, 0x07),
	FORM("and [m],r", LOGIC, 0x21, 0x07),
	FORM("sub [m],r", STATUS, 0x29, 0x07),
	FORM("xor [m],r", LOGIC, 0x31, 0x07),
	FORM("cmp [m],r", STATUS, 0x39, 0x07),
	FORM("cmp r,[m]", STATUS, 0x3b, 0x07),
	FORM("cmp [m],imm", STATUS, 0x81, 0x3f, 1, 2, 3, 4),
	FORM("test [m],r", LOGIC, 0x85, 0x07),
	FORM("test [m],imm", LOGIC, 0xf7, 0x07, 1, 0, 0, 0x80),
	FORM("lock or [m],imm8", LOGIC, 0xf0, 0x83, 0x0f, 0x10),
	FORM("xchg", STATUS, 0x87, 0x07),
	FORM("lock xadd", STATUS, 0xf0, 0x0f, 0xc1, 0x07),
	FORM("lock cmpxchg", STATUS, 0xf0, 0x0f, 0xb1, 0x0f),
	FORM("not", STATUS, 0xf7, 0x17),
	FORM("neg", STATUS, 0xf7, 0x1f),
	FORM("inc", STATUS, 0xff, 0x07),
	FORM("dec", STATUS, 0xff, 0x0f),
	FORM("mul", RFLAGS_CF | RFLAGS_OF, 0xf7, 0x27),
	FORM("imul r,[m]", RFLAGS_CF | RFLAGS_OF, 0x0f, 0xaf, 0x07),
	FORM("shl [m],1", STATUS & ~RFLAGS_AF, 0xd1, 0x27),
	FORM("shr [m],5", SHIFT, 0xc1, 0x2f, 5),
	FORM("ror [m],cl", RFLAGS_CF, 0xd3, 0x0f),
	FORM("rcl [m],3", RFLAGS_CF, 0xc1, 0x17, 3),
	FORM("bt [m],imm", RFLAGS_CF, 0x0f, 0xba, 0x27, 7),
	FORM("bts [m],imm", RFLAGS_CF, 0x0f, 0xba, 0x2f, 9),
	FORM("lock btr [m],imm", RFLAGS_CF, 0xf0, 0x0f, 0xba, 0x37, 31),
	FORM("btc [m],imm", RFLAGS_CF, 0x0f, 0xba, 0x3f, 30),
	FORM("bsf", RFLAGS_ZF, 0x0f, 0xbc, 0x07),
	FORM("bsr", RFLAGS_ZF, 0x0f, 0xbd, 0x07),
	FORM("cmovz", STATUS, 0x0f, 0x44, 0x07),
	FORM("cmovnz", STATUS, 0x0f, 0x45, 0x07),
	FORM("stosd", STATUS, 0xab),
	FORM("scasd", STATUS, 0xaf),
	FORM("lodsd", STATUS, 0xad),
	FORM("movd xmm,[m]; movd eax,xmm", STATUS, 0x66, 0x0f, 0x6e, 0x07, 0x66, 0x0f, 0x7e, 0xc0),
	FORM("movd xmm,ecx; movd [m],xmm", STATUS, 0x66, 0x0f, 0x6e, 0xc1, 0x66, 0x0f, 0x7e, 0x07),
	FORM("movd mm,[m]; movd eax,mm; emms", STATUS, 0x0f, 0x6e, 0x07, 0x0f, 0x7e, 0xc0, 0x0f,
	     0x77),
	FORM("movd mm,ecx; movd [m],mm; emms", STATUS, 0x0f, 0x6e, 0xc1, 0x0f, 0x7e, 0x07, 0x0f,
	     0x77),
};

static const uint64_t operands[][3] = {
	/* memory, RAX, RCX */
	{0, 0, 0},
	{1, UINT32_MAX, 1},
	{0x80000000, 0x80000000, 33},
	{0x7fffffff, 1, 4},
	{0x12345678, 0x12345678, 0x9abcdef0},
	{UINT32_MAX, 0x123456789abcdefULL, 7},
};

static volatile uint32_t cell[4];

/* The memory operand in *device, and all registers that the form may change, in *run. */
static struct fault run_on(volatile uint32_t *to, const struct form *form, const uint64_t *values,
			   struct code_run *run, uint32_t *memory)
{
	struct fault fault;

	*to = (uint32_t)values[0];
	*run = (struct code_run){.rax = values[1],
				 .rcx = values[2],
				 .rdx = 0x1111,
				 .rbx = 0x2222,
				 .rdi = (uintptr_t)to,
				 .rsi = (uintptr_t)to,
				 .r8 = 0x3333};
	fault = code_fault(run, form->code, form->size, false);
	*memory = *to;
	run->rdi -= (uintptr_t)to;
	run->rsi -= (uintptr_t)to;
	return fault;
}

static bool same_registers(const struct code_run *a, const struct code_run *b)
{
	return a->rax == b->rax && a->rcx == b->rcx && a->rdx == b->rdx && a->rbx == b->rbx &&
	       a->rdi == b->rdi && a->rsi == b->rsi && a->r8 == b->r8;
}

static void check_form(const struct form *form, const uint64_t *values)
{
	struct code_run on_ram, on_device;
	uint32_t ram, device;
	int wanted = run_on(&cell[1], form, values, &on_ram, &ram).vector;
	struct fault fault = run_on(DEVICE, form, values, &on_device, &device);

	if (!test_check(fault.vector == wanted, "%s: vector %d, not %d", form->name, fault.vector,
			wanted))
		return;
	test_check(device == ram, "%s of %lx, %lx: memory %x, not %x", form->name, values[0],
		   values[1], device, ram);
	test_check(same_registers(&on_ram, &on_device), "%s of %lx, %lx: rax %lx, not %lx",
		   form->name, values[0], values[1], on_device.rax, on_ram.rax);
	test_check(((on_device.rflags ^ on_ram.rflags) & form->flags) == 0,
		   "%s of %lx, %lx: flags %lx, not %lx", form->name, values[0], values[1],
		   on_device.rflags, on_ram.rflags);
}

static void test_forms(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++)
		for (unsigned j = 0; j < ARRAY_SIZE(operands); j++)
			check_form(&forms[i], operands[j]);
}

/* By EVEX, where the processor has it; the 17th register, which nothing else reaches; masks. */
static void test_evex(void)
{
	static const struct form evex[] = {
		FORM("vmovd xmm16,[m]; vmovd eax,xmm16", STATUS, 0x62, 0xe1, 0x7d, 0x08, 0x6e, 0x07,
		     0x62, 0xe1, 0x7d, 0x08, 0x7e, 0xc0),
		FORM("vmovd xmm16,ecx; vmovd [m],xmm16", STATUS, 0x62, 0xe1, 0x7d, 0x08, 0x6e, 0xc1,
		     0x62, 0xe1, 0x7d, 0x08, 0x7e, 0x07),
	};
	enum { AVX512F = 1 << 16 };

	if (!(cpuid(7, 0).ebx & AVX512F)) {
		test_skip("no AVX-512");
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(evex); i++)
		for (unsigned j = 0; j < ARRAY_SIZE(operands); j++)
			check_form(&evex[i], operands[j]);
	emulate_test_masks();
}

/* Long repetitions: done in pieces, and at the end all of it. */
static void test_repeats(void)
{
	static uint8_t buffer[8192];
	uint64_t count = words_number("repeats", 10000);
	const void *from = (const void *)HOLE;
	void *to = buffer;
	uint64_t left = count;

	*DEVICE = 0xabcdef;
	asm volatile("rep lodsl" : "+S"(from), "+c"(left) : : "rax", "memory");
	test_check(left == 0 && (uintptr_t)from == HOLE + 4 * count, "rep lods: %lu left", left);
	from = (const void *)HOLE;
	left = sizeof(buffer);
	asm volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(left) : : "memory");
	test_check(left == 0, "rep movs: %lu left", left);
	for (unsigned i = 0; i < sizeof(buffer); i++)
		test_check(buffer[i] == 0xff, "byte %u is %x", i, buffer[i]);
	from = buffer;
	to = (void *)HOLE;
	left = sizeof(buffer) / 8;
	asm volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(left) : : "memory");
	test_check(left == 0 && (uintptr_t)to == HOLE + sizeof(buffer), "rep movs out: %lu left",
		   left);
	to = (void *)(HOLE + 4096);
	left = 1024;
	asm volatile("std\n\trep stosl\n\tcld" : "+D"(to), "+c"(left) : "a"(0) : "memory");
	test_check(left == 0 && (uintptr_t)to == HOLE, "rep stos down: %lu left", left);
}

/* A bit's number may lead out of the operand, in both directions: SDM 2A "BT". */
static void test_far_bits(void)
{
	struct code_run run = {.rdi = HOLE + 2048, .rax = (uint64_t)-5000};
	struct fault fault = CODE_FAULT(&run, false, 0x48, 0x0f, 0xa3, 0x07);

	test_check(fault.vector == NO_FAULT && run.rflags & RFLAGS_CF,
		   "bt -5000: vector %d flags %lx", fault.vector, run.rflags);
	run.rax = 5000;
	fault = CODE_FAULT(&run, false, 0x48, 0x0f, 0xa3, 0x07);
	test_check(fault.vector == NO_FAULT && run.rflags & RFLAGS_CF,
		   "bt 5000: vector %d flags %lx", fault.vector, run.rflags);
}

/* PUSH and POP with a device as operand: the stack is RAM. */
static void test_stack(void)
{
	struct code_run run = {.rdi = HOLE};
	struct fault fault = CODE_FAULT(&run, false, 0xff, 0x37, 0x58); /* push [rdi]; pop rax */

	test_check(fault.vector == NO_FAULT && run.rax == UINT64_MAX, "push [m]: vector %d, %lx",
		   fault.vector, run.rax);
	run.rax = 7;
	fault = CODE_FAULT(&run, false, 0x50, 0x8f, 0x07); /* push rax; pop [rdi] */
	test_check(fault.vector == NO_FAULT, "pop [m]: vector %d", fault.vector);
}

static const struct test_case cases[] = {
	{"D05-forms", test_forms},
	{"D05-evex", test_evex},
	{"D05-repeats", test_repeats},
	{"D05-far-bits", test_far_bits},
	{"D05-stack", test_stack},
	{"D05-msw", emulate_test_msw},
	{"D05-segments", emulate_test_segments},
	{"D05-far-jump", emulate_test_far_jump},
	{"D05-mmx", emulate_test_mmx},
};

void guest_main(void)
{
	apic_enable();
	fpu_enable();
	test_run_all(cases, ARRAY_SIZE(cases));
}
