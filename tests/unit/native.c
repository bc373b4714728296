/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs one instruction on the host: loads every register, jumps to it, and saves every register. */
#define _GNU_SOURCE /* the register names of ucontext_t */
#include "tests/unit/native.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

/* At a fixed low address, so that the switch needs no register of its own. */
#define SWITCH_PAGE 0x1ff00000

struct switch_page {
	struct native_state state;
	uint64_t host_rsp;
	uint64_t target, back;
};

_Static_assert(offsetof(struct switch_page, state.rflags) == 128, "the assembly below knows");
_Static_assert(offsetof(struct switch_page, state.vector) == 136, "the assembly below knows");
_Static_assert(offsetof(struct switch_page, state.mm) == 2184, "the assembly below knows");
_Static_assert(offsetof(struct switch_page, state.mask) == 2248, "the assembly below knows");
_Static_assert(offsetof(struct switch_page, host_rsp) == 2320, "the assembly below knows");
_Static_assert(offsetof(struct switch_page, target) == 2328, "the assembly below knows");
_Static_assert(offsetof(struct switch_page, back) == 2336, "and the jump in native_run");

#define EACH_GPR(what)                                                                            \
	what(0, rax) what(8, rcx) what(16, rdx) what(24, rbx) what(40, rbp) what(48, rsi)         \
		what(56, rdi) what(64, r8) what(72, r9) what(80, r10) what(88, r11) what(96, r12) \
			what(104, r13) what(112, r14) what(120, r15)
#define LOAD(offset, reg) "mov 0x1ff00000+" #offset ", %" #reg "\n"
#define SAVE(offset, reg) "mov %" #reg ", 0x1ff00000+" #offset "\n"

void native_switch(void);
void native_switch_avx(void);
void native_switch_avx512(void);
void native_back(void);
void native_back_avx(void);
void native_back_avx512(void);

asm(".text\n"
    ".macro vectors from_or_to\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    ".ifc \\from_or_to, load\n vmovups 0x1ff00000+136+64*\\n, %ymm\\n\n.endif\n"
    ".ifc \\from_or_to, save\n vmovups %ymm\\n, 0x1ff00000+136+64*\\n\n.endif\n"
    ".ifc \\from_or_to, load16\n movups 0x1ff00000+136+64*\\n, %xmm\\n\n.endif\n"
    ".ifc \\from_or_to, save16\n movups %xmm\\n, 0x1ff00000+136+64*\\n\n.endif\n"
    ".endr\n"
    ".ifc \\from_or_to, load64\n .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23\n"
    "vmovups 0x1ff00000+136+64*\\n, %zmm\\n\n.endr\n .irp n, 24,25,26,27,28,29,30,31\n"
    "vmovups 0x1ff00000+136+64*\\n, %zmm\\n\n.endr\n .irp n, 0,1,2,3,4,5,6,7\n"
    "kmovq 0x1ff00000+2248+8*\\n, %k\\n\n.endr\n.endif\n"
    ".ifc \\from_or_to, save64\n .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23\n"
    "vmovups %zmm\\n, 0x1ff00000+136+64*\\n\n.endr\n .irp n, 24,25,26,27,28,29,30,31\n"
    "vmovups %zmm\\n, 0x1ff00000+136+64*\\n\n.endr\n .irp n, 0,1,2,3,4,5,6,7\n"
    "kmovq %k\\n, 0x1ff00000+2248+8*\\n\n.endr\n.endif\n"
    ".endm\n"
    ".macro mmx from_or_to\n"
    ".irp n, 0,1,2,3,4,5,6,7\n"
    ".ifc \\from_or_to, load\n movq 0x1ff00000+2184+8*\\n, %mm\\n\n.endif\n"
    ".ifc \\from_or_to, save\n movq %mm\\n, 0x1ff00000+2184+8*\\n\n.endif\n"
    ".endr\n"
    ".endm\n"
    ".macro enter name, kind\n"
    "\\name:\n"
    "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "mov %rsp, 0x1ff00000+2320\n"
    "vectors \\kind\n mmx load\n"
    "pushq 0x1ff00000+128\n popfq\n" EACH_GPR(
	    LOAD) "mov 0x1ff00000+32, %rsp\n"
		  "jmp *0x1ff00000+2328\n"
		  ".endm\n"
		  ".macro leave_ name, kind\n"
		  "\\name:\n" EACH_GPR(
			  SAVE) "mov %rsp, 0x1ff00000+32\n"
				"mov 0x1ff00000+2320, %rsp\n"
				"pushfq\n popq 0x1ff00000+128\n cld\n"
				"vectors \\kind\n mmx save\n emms\n"
				"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n"
				".endm\n"
				".globl native_switch, native_switch_avx, native_switch_avx512\n"
				".globl native_back, native_back_avx, native_back_avx512\n"
				"enter native_switch, load16\n"
				"enter native_switch_avx, load\n"
				"enter native_switch_avx512, load64\n"
				"leave_ native_back, save16\n"
				"leave_ native_back_avx, save\n"
				"leave_ native_back_avx512, save64\n");

static struct switch_page *page;
static uint8_t *code_page;
static volatile sig_atomic_t raised;
static volatile uint64_t fault_address;

static void handler(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)info;
	if ((uint64_t)uc->uc_mcontext.gregs[REG_RIP] - (uint64_t)code_page >= 4096) {
		signal(number, SIG_DFL);
		return;
	}
	raised = (sig_atomic_t)uc->uc_mcontext.gregs[REG_TRAPNO];
	fault_address = (uint64_t)uc->uc_mcontext.gregs[REG_CR2];
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)page->back;
}

static void *map_at(uint64_t address, size_t size, int protection)
{
	void *at = mmap((void *)address, size, protection,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return at == (void *)address ? at : NULL;
}

static bool map_all(uint64_t code, uint64_t data, size_t data_size)
{
	page = map_at(SWITCH_PAGE, 4096, PROT_READ | PROT_WRITE);
	code_page = map_at(code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
	return page && code_page && map_at(data, data_size, PROT_READ | PROT_WRITE);
}

bool native_init(uint64_t code, uint64_t data, size_t data_size)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
	static uint8_t signal_stack[65536];
	stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof(signal_stack)};
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	if (!page && !map_all(code, data, data_size))
		return false;
	if (sigaltstack(&stack, NULL))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], &action, NULL))
			return false;
	return true;
}

/* How to get there and back, by how wide the vectors are. */
static const struct native_way {
	unsigned bytes;
	void (*enter)(void), (*back)(void);
} ways[] = {
	{64, native_switch_avx512, native_back_avx512},
	{32, native_switch_avx, native_back_avx},
	{16, native_switch, native_back},
};

static const struct native_way *native_way(void)
{
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512bw"))
		return &ways[0];
	return __builtin_cpu_supports("avx") ? &ways[1] : &ways[2];
}

unsigned native_vector_bytes(void)
{
	return native_way()->bytes;
}

int native_run(const uint8_t *bytes, size_t count, struct native_state *state)
{
	/* jmp *(SWITCH_PAGE + 2336): `back` */
	static const uint8_t jump_back[] = {0xff, 0x24, 0x25, 0x20, 0x09, 0xf0, 0x1f};
	const struct native_way *way = native_way();

	memcpy(code_page, bytes, count);
	memcpy(code_page + count, jump_back, sizeof(jump_back));
	page->state = *state;
	page->target = (uint64_t)code_page;
	page->back = (uint64_t)way->back;
	raised = NATIVE_DONE;
	way->enter();
	*state = page->state;
	state->cr2 = fault_address;
	return raised;
}
