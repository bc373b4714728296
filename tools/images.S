/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring-3 programs that the kernel image carries. Whole pages each, so that a read-only segment can
 * be mapped into ring 3 where it stands, without a neighbour's bytes in its last page.
 */
	.section .images, "a"

	.balign 4096
	.globl vmm_image_start, vmm_image_end
vmm_image_start:
	.incbin VMM_IMAGE
vmm_image_end:

	.balign 4096
	.globl console_image_start, console_image_end
console_image_start:
	.incbin CONSOLE_IMAGE
console_image_end:
	.balign 4096

	.section .note.GNU-stack, "", @progbits
