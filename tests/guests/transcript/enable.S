/* SPDX-License-Identifier: BSD-2-Clause */
/* See enable.c. */
#include "tests/guests/transcript/insn.h"

	cases enable_tsd
	insn BOTH | HIDE, "rdtsc"
	insn BOTH | HIDE, "rdtscp"
	cases_end

	cases enable_pce
	insn BOTH, "xor %ecx, %ecx; rdpmc"
	insn BOTH, "mov $0x40000000, %ecx; rdpmc"
	cases_end

	cases enable_fpu
	insn BOTH, "fld1; fstp %st"
	insn BOTH, "fwait"
	insn BOTH, "fninit"
	insn BOTH, "emms"
	insn BOTH, "movaps %xmm0, %xmm1"
	insn BOTH, "addps %xmm0, %xmm1"
	insn BOTH, "fxsave 0x400(%rdi)"
	insn BOTH, "ldmxcsr 0x7f8(%rdi)"
	insn BOTH, "prefetcht0 (%rdi)"
	insn BOTH, "sfence; lfence; mfence"
	insn BOTH, "movnti %eax, (%rdi)"
	insn BOTH, "crc32l %eax, %ecx"
	insn BOTH, "vzeroupper"
	insn BOTH | HIDE, "xor %ecx, %ecx; xgetbv"
	insn BOTH | HIDE, "xor %ecx, %ecx; xsave 0x400(%rdi)"
	cases_end

	cases enable_fsgsbase
	insn BOTH, "rdfsbase %rax"
	insn BOTH, "rdgsbase %eax"
	insn BOTH, "wrfsbase %r8"
	insn BOTH, "movabs $0x123456789abc, %rax; wrgsbase %rax"
	insn BOTH, "movabs $0x123456789abc, %rax; wrgsbase %eax"
	insn BOTH, "movabs $0x8000000000000000, %rax; wrfsbase %rax"
	cases_end

	cases enable_umip
	insn BOTH | HIDE, "sgdt (%rdi)"
	insn BOTH | HIDE, "sidt (%rdi)"
	insn BOTH, "sldt %eax"
	insn BOTH, "str %eax"
	insn BOTH, "smsw %eax"
	cases_end

	cases enable_ac
	insn BOTH, "mov 1(%rdi), %eax"
	insn BOTH, "mov %ax, 3(%rdi)"
	insn BOTH, "movups 1(%rdi), %xmm0"
	insn BOTH, "push %rax; mov 4(%rsp), %rax"
	insn BOTH, "lock addl $1, 2(%rdi)"
	cases_end

	/* x87: 1/0 with the exception unmasked, then what meets it; SSE likewise. */
	cases enable_errors
	insn BOTH, "fninit; fldz; fld1; movw $0x37b, (%rdi); fldcw (%rdi); fdivp; fwait; fninit"
	insn BOTH, "fninit; fldz; fld1; movw $0x37b, (%rdi); fldcw (%rdi); fdivp; fld1"
	insn BOTH, "fninit; fldz; fld1; movw $0x37b, (%rdi); fldcw (%rdi); fdivp; fnclex; fld1; fninit"
	insn BOTH, "movl $0x1d80, (%rdi); ldmxcsr (%rdi); pxor %xmm0, %xmm0; divss %xmm0, %xmm0; nop"
	insn BOTH, "movl $0x1d00, (%rdi); ldmxcsr (%rdi); pxor %xmm0, %xmm0; divss %xmm0, %xmm0; nop"
	insn BOTH, "movl $0x10000, (%rdi); ldmxcsr (%rdi)"
	insn BOTH, "movaps 8(%rdi), %xmm0"
	insn BOTH, "xor %edx, %edx; div %edx"
	insn BOTH, "mov $2, %edx; xor %eax, %eax; mov $1, %ecx; div %ecx"
	insn BOTH, "mov $0x80000000, %eax; mov $-1, %ecx; cltd; idiv %ecx"
	cases_end

	.section .note.GNU-stack, "", @progbits
