/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel enters the VMM, once for each upcall. There is no way back from here but a call
 * that does not return (and no IRET or far return anywhere in ring 3: under SMAP, QEMU's TCG
 * reads their stack as supervisor).
 */

	.text
/*
 * In: RDI = frame page, RSI = vCPU, RSP = top of that vCPU's stack (a multiple of 16), DF = 0, all
 * other registers 0. RBP = 0 ends the chain of frames.
 */
	.globl _start
	.type _start, @function
_start:
	call vmm_main
	ud2
	.size _start, . - _start

	.section .note.GNU-stack, "", @progbits
