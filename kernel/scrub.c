/* SPDX-License-Identifier: BSD-2-Clause */
/* Scrubbing: it writes, and reads nothing. */
#include "kernel/scrub.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "kernel/cpu.h"
#include "kernel/machine.h"
#include "lib/assert.h"

void scrub(hpa_t pa, uint64_t size)
{
	ASSERT(size && size <= SCRUB_STEP && (pa & (MIB(2) - 1)) + size <= MIB(2));
	memory_zero(window_map_block(pa), size);
	window_unmap();
}

bool scrub_idle_piece(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t start = tsc_read();
	struct extent_grant piece;
	bool found;

	/* Whoever has work waits for the lock in turn: an idle CPU does not stand before it, and sleeps. */
	if (!spin_trylock(&machine.memory_lock))
		return false;
	found = extent_clean_begin(&machine.extents, SCRUB_STEP, &piece);
	spin_unlock(&machine.memory_lock);
	if (!found)
		return false;
	scrub(piece.start, piece.size);
	spin_lock(&machine.memory_lock);
	extent_clean_end(&machine.extents, &piece, true);
	spin_unlock(&machine.memory_lock);
	cpu->cleaned += piece.size;
	cpu->clean_tsc += tsc_read() - start;
	return true;
}
