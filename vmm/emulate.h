/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instruction emulator: carries out one guest instruction that exited, on the registers in the
 * frame page, with memory from the guest's RAM or from device models.
 *
 * The promise: an instruction is done whole or not at all. Every check and translation comes before
 * the first access that could have an effect. (A repeated string instruction is many instructions:
 * the iterations done stay done.) What lies across two pages is translated for both before either is
 * touched; each page is translated once.
 */
#pragma once

#include "abi/frame.h"
#include "lib/types.h"
#include "vmm/insn_fetch.h"

enum emulate_result {
	EMULATE_DONE, /* resume with `changed`, and skip `skip` bytes */
	EMULATE_RESTART, /* resume with `changed`, skip nothing: the guest runs it again, and further */
	EMULATE_FAULT,	     /* the same; `changed` holds GROUP_EVENT with the exception */
	EMULATE_UNSUPPORTED, /* nothing changed; the partition cannot go on */
};

/*
 * Where accesses go that are not to RAM. size is 1, 2, 4 or 8; what is longer, or lies across a page
 * boundary, comes as several accesses in ascending order, none across a page; of a vector under a mask
 * each run of elements that are on comes so, and nothing of the others. false: the access cannot be
 * carried out (EMULATE_UNSUPPORTED); an address without a device is no such case, but all-ones. A port
 * operation moves `count` items of `size` bytes, all to or from the one port.
 */
struct emulate_ops {
	bool (*mmio_read)(void *context, gpa_t gpa, unsigned size, uint64_t *value);
	bool (*mmio_write)(void *context, gpa_t gpa, unsigned size, uint64_t value);
	bool (*port_in)(void *context, uint16_t port, unsigned size, void *data, size_t count);
	bool (*port_out)(void *context, uint16_t port, unsigned size, const void *data,
			 size_t count);
};

/* A repeated string instruction goes this far in one call; then the guest runs it again. */
enum { EMULATE_MAX_ITERATIONS = 4096, EMULATE_MAX_BYTES = 4096 };

/* One vCPU's emulator. Too large for a small stack: keep one for each vCPU. */
struct emulate {
	/* given */
	struct frame *frame; /* GPR, IP, CONTROL, CS; SEGMENT unless 64-bit without FS and GS */
	const struct emulate_ops *ops;
	void *context;
	const struct guest_cpu *cpu;
	uint32_t pkru; /* the guest's; counts only with CR4.PKE */
	/* answered */
	uint32_t changed; /* enum frame_group: what resume has to name */
	uint8_t skip;	  /* how far RIP moves on */
	/* the emulator's own */
	struct insn insn;
	struct walk_context walk;
	enum emulate_result result;
	uint64_t rsp_bias; /* POP counts its address from the popped stack pointer */
	uint8_t buffer[EMULATE_MAX_BYTES];
};

/*
 * Fetches, decodes and carries out the instruction at CS:RIP: the whole answer to EXIT_MMIO,
 * EXIT_IO_STRING and EXIT_IO. Only what can have caused frame->reason is carried out; other bytes are
 * a guest that changed its code meanwhile, and the answer is EMULATE_RESTART.
 */
enum emulate_result must_check emulate_exit(struct emulate *e);

/* The first half of emulate_exit: e->insn and the walk context. EMULATE_DONE: go on. */
enum emulate_result must_check emulate_fetch(struct emulate *e);

/*
 * Whether e->insn may write GROUP_SEGMENT: then all of it has to be in the frame before emulate_one, beyond
 * what GROUP_MEMORY has in 64-bit code.
 */
bool emulate_needs_segments(const struct insn *insn);

/* The second half: carries out e->insn. */
enum emulate_result must_check emulate_one(struct emulate *e);
