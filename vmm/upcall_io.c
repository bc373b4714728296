/* SPDX-License-Identifier: BSD-2-Clause */
/* Port accesses that the hardware has decoded, and the interrupt acknowledge of the 8259 pair. */
#include "vmm/upcall.h"

#include "vmm/bus.h"
#include "vmm/dev/pc.h"

struct resume upcall_io(struct frame *frame)
{
	const struct frame_io *io = &frame->io;
	struct resume answer = {.insn_len = (uint8_t)io->insn_len};

	if (io->in) {
		answer.groups = GROUP_REPLY;
		answer.gpr = GPR_RAX;
		answer.size = io->size;
		answer.value = bus_port_read(io->port, io->size);
	} else {
		bus_port_write(io->port, io->size, io->value);
	}
	return answer;
}

struct resume upcall_inta(struct frame *frame)
{
	frame->inta_vector = pc_inta();
	return (struct resume){0};
}
