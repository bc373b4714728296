/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * void nmi_halt(uint64_t *woken): halts with IF=0 until an NMI, and counts. One that came since the last
 * time, before the HLT, counts as well: the handler moves RIP from the instructions before it to
 * nmi_halt_end, and otherwise sets nmi_early. In: RDI. Out: nmi_early is 0.
 */
	.text
	.globl nmi_halt, nmi_halt_end
nmi_halt:
	cmpb $0, nmi_early(%rip)
	jne nmi_halt_end
	hlt
nmi_halt_end:
	movb $0, nmi_early(%rip)
	incq (%rdi)
	ret

	.bss
	.globl nmi_early
nmi_early: .skip 1

	.section .note.GNU-stack, "", @progbits
