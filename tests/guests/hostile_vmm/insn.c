/* SPDX-License-Identifier: BSD-2-Clause */
/* Attacks by instruction: what a process may not execute, every INT, every selector. */
#include "tests/guests/hostile_vmm/attack.h"

/* Fault, all of them: #GP or #UD. */
static void privileged(struct frame *frame, uint64_t n)
{
	static uint8_t memory[64];

	(void)frame;
	switch (n) {
	case 0:
		asm volatile("cli");
		break;
	case 1:
		asm volatile("sti");
		break;
	case 2:
		asm volatile("hlt");
		break;
	case 3:
		asm volatile("inb $0x80, %%al" : : : "eax");
		break;
	case 4:
		asm volatile("outb %%al, $0x80" : : "a"(0));
		break;
	case 5:
		asm volatile("inl %%dx, %%eax" : : "d"(0xcf8) : "eax");
		break;
	case 6:
		asm volatile("rep outsb" : : "d"(0x3f8), "S"(memory), "c"(16) : "memory");
		break;
	case 7:
		asm volatile("movq %%cr0, %%rax" : : : "rax");
		break;
	case 8:
		asm volatile("movq %0, %%cr3" : : "r"(0ULL) : "memory");
		break;
	case 9:
		asm volatile("movq %0, %%cr4" : : "r"(0ULL) : "memory");
		break;
	case 10:
		asm volatile("movq %0, %%cr8" : : "r"(0ULL) : "memory");
		break;
	case 11:
		asm volatile("movq %0, %%dr7" : : "r"(0ULL) : "memory");
		break;
	case 12:
		asm volatile("movq %%dr0, %%rax" : : : "rax");
		break;
	case 13:
		asm volatile("rdmsr" : : "c"(0xc0000080) : "eax", "edx");
		break;
	case 14:
		asm volatile("wrmsr" : : "c"(0xc0000080), "a"(0), "d"(0));
		break;
	case 15:
		asm volatile("lgdt %0" : : "m"(memory));
		break;
	case 16:
		asm volatile("lidt %0" : : "m"(memory));
		break;
	case 17:
		asm volatile("ltr %w0" : : "r"(0x28));
		break;
	case 18:
		asm volatile("lldt %w0" : : "r"(0));
		break;
	case 19:
		asm volatile("invlpg %0" : : "m"(memory));
		break;
	case 20:
		asm volatile("wbinvd");
		break;
	case 21:
		asm volatile("invd");
		break;
	case 22:
		asm volatile("clts");
		break;
	case 23:
		asm volatile("lmsw %w0" : : "r"(0));
		break;
	case 24:
		asm volatile("swapgs");
		break;
	case 25:
		asm volatile("xsetbv" : : "c"(0), "a"(1), "d"(0));
		break;
	case 26:
		asm volatile("rdpmc" : : "c"(0) : "eax", "edx");
		break;
	case 27:
		asm volatile(".byte 0x0f, 0x01, 0xd8" : : "a"(0));
		break; /* VMRUN */
	case 28:
		asm volatile(".byte 0x0f, 0x01, 0xda" : : "a"(0));
		break; /* VMLOAD */
	case 29:
		asm volatile(".byte 0x0f, 0x01, 0xdb" : : "a"(0));
		break; /* VMSAVE */
	case 30:
		asm volatile(".byte 0x0f, 0x01, 0xdc");
		break; /* STGI */
	case 31:
		asm volatile(".byte 0x0f, 0x01, 0xdd");
		break; /* CLGI */
	case 32:
		asm volatile(".byte 0x0f, 0x01, 0xde" : : "a"(0));
		break; /* SKINIT */
	case 33:
		asm volatile(".byte 0x0f, 0x01, 0xd9");
		break; /* VMMCALL */
	case 34:
		asm volatile(".byte 0x0f, 0x01, 0xc1");
		break; /* VMCALL */
	case 35:
		asm volatile("sysretq" : : "c"(0) : "r11");
		break;
	case 36:
		asm volatile("sysexitq");
		break;
	case 37:
		asm volatile("monitor" : : "a"(memory), "c"(0), "d"(0));
		break;
	case 38:
		asm volatile("mwait" : : "a"(0), "c"(0));
		break;
	case 39:
		asm volatile("ud2");
		break;
	case 40:
		asm volatile("stac");
		break;
	case 41:
		asm volatile(".byte 0xf1");
		break; /* ICEBP */
	case 42:
		asm volatile("wrgsbase %0" : : "r"(0xffffff0000000000ULL));
		break;
	default:
		attack_held("there is no instruction %lu", n);
	}
	attack_broke("instruction %lu was executed", n);
}

static void try_syscall(struct frame *frame, uint64_t n)
{
	(void)frame;
	attack_syscall(n);
	attack_broke("SYSCALL came back");
}

static void try_sysenter(struct frame *frame, uint64_t n)
{
	(void)frame;
	attack_sysenter(n);
	attack_broke("SYSENTER came back");
}

static void try_int(struct frame *frame, uint64_t n)
{
	(void)frame;
	attack_int(n & 0xff);
	attack_broke("INT %lu came back", n);
}

static void try_selector(struct frame *frame, uint64_t n)
{
	(void)frame;
	attack_selector(n & 0xffff);
	attack_broke("selector %lx is loaded everywhere", n);
}

static void try_far_return(struct frame *frame, uint64_t n)
{
	(void)frame;
	attack_far_return(n & 0xffff);
	attack_broke("a far return to %lx came back", n);
}

static void try_iret(struct frame *frame, uint64_t n)
{
	(void)frame;
	attack_iret(n & 0xffff);
	attack_broke("an IRET to %lx came back", n);
}

/* Each flag that ring 3 can set, then calls: the kernel starts with AC and DF clear and ignores NT. */
static void try_rflags(struct frame *frame, uint64_t n)
{
	static const uint64_t bits[] = {BIT(18),	   BIT(14), BIT(10),
					BIT(12) | BIT(13), BIT(21), BIT(9)};
	char text[] = "a line of the hostile VMM";

	(void)frame;
	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++) {
		attack_rflags(bits[i]);
		for (unsigned round = 0; round < 100; round++) {
			attack_call(CALL_LAPIC_READ, 0x20, 0, 0, 0);
			attack_call(CALL_LOG, (uintptr_t)text, 4, 0, 0);
			if (attack_call(CALL_LOG, 0xffffffff80200000ULL, 64, 0, 0) >= 0)
				attack_broke("kernel memory was read with RFLAGS bit %lx", bits[i]);
		}
		asm volatile("cld");
		if (i != 2 && i != 3 && i != 5)
			attack_rflags(bits[i]);
	}
	if (n)
		attack_rflags(n); /* TF: a trap in ring 3 */
	attack_held("calls are the same with all flags");
}

/* Wherever RSP points, a call works and touches nothing there. */
static void try_stack_call(struct frame *frame, uint64_t n)
{
	(void)frame;
	attack_stack_call(n);
	attack_held("the kernel has a stack of its own");
}

static void try_stack(struct frame *frame, uint64_t n)
{
	(void)frame;
	attack_stack(n);
	attack_broke("a stack at %lx", n);
}

const struct attack attacks_insn[] = {
	{"privileged", privileged, NULL, NULL},
	{"syscall", try_syscall, NULL, NULL},
	{"sysenter", try_sysenter, NULL, NULL},
	{"int", try_int, NULL, NULL},
	{"selector", try_selector, NULL, NULL},
	{"far-return", try_far_return, NULL, NULL},
	{"iret", try_iret, NULL, NULL},
	{"rflags", try_rflags, NULL, NULL},
	{"stack-call", try_stack_call, NULL, NULL},
	{"stack", try_stack, NULL, NULL},
	{NULL, NULL, NULL, NULL},
};
