/* SPDX-License-Identifier: BSD-2-Clause */
/* Port accesses that the hardware has decoded, and the interrupt acknowledge of the 8259 pair. */
#include "vmm/upcall.h"

#include "vmm/bus.h"
#include "vmm/dev/pc.h"

struct resume upcall_io(struct frame *frame)
{
	const struct frame_io *io = &frame->io;
	struct frame_reply *reply = &frame->reply;

	if (!io->in) {
		bus_port_write(io->port, io->size, io->value);
		return (struct resume){0, io->insn_len};
	}
	reply->gpr = GPR_RAX;
	reply->size = io->size;
	reply->high_byte = 0;
	reply->value = bus_port_read(io->port, io->size);
	return (struct resume){GROUP_REPLY, io->insn_len};
}

struct resume upcall_inta(struct frame *frame)
{
	frame->inta_vector = pc_inta();
	return (struct resume){0, 0};
}
