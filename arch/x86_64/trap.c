/* SPDX-License-Identifier: BSD-2-Clause */
/* The IDT, and what becomes of each trap before kernel/ hears of it. */
#include "arch/x86_64/trap.h"

#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/safe.h"
#include "arch/x86_64/trap_asm.h"
#include "arch/x86_64/vectors.h"
#include "lib/assert.h"

/* What ring 3 may have set when it comes back. */
#define RFLAGS_RING3                                                                         \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_DF | RFLAGS_OF | \
	 RFLAGS_RF | RFLAGS_AC | RFLAGS_ID)

static void gate_set(unsigned vector, uint64_t target, enum ist ist, unsigned attributes)
{
	trap_idt[vector] = (struct gate){
		.offset_low = (uint16_t)target,
		.selector = SELECTOR_KERNEL_CODE,
		.ist = (uint8_t)ist,
		.attributes = (uint8_t)(GATE_PRESENT | GATE_INTERRUPT | attributes),
		.offset_middle = (uint16_t)(target >> 16),
		.offset_high = (uint32_t)(target >> 32),
	};
}

void trap_init(void)
{
	static const uint8_t ists[] = {
		[EXCEPTION_NMI] = IST_NMI,
		[EXCEPTION_DF] = IST_DF,
		[EXCEPTION_MC] = IST_MC,
	};

	for (unsigned vector = 0; vector < TRAP_VECTORS; vector++) {
		enum ist ist = vector < ARRAY_SIZE(ists) ? (enum ist)ists[vector] : IST_NONE;

		gate_set(vector, (uint64_t)trap_stubs + vector * TRAP_STUB_SIZE, ist, 0);
	}
	gate_set(VECTOR_CALL, (uint64_t)call_gate, IST_NONE, GATE_DPL3);
	trap_load();
}

void trap_load(void)
{
	const struct descriptor_pointer pointer = {
		.limit = TRAP_VECTORS * sizeof(struct gate) - 1,
		.base = (uint64_t)trap_idt,
	};

	idt_load(&pointer);
}

/* True if the trap hit an instruction of safe.S, and now goes on at its fix-up. */
static bool fix_up(struct trap_frame *frame)
{
	if (frame->vector != EXCEPTION_GP && frame->vector != EXCEPTION_PF)
		return false;
	for (const struct safe_fixup *fixup = safe_fixups; fixup < safe_fixups_end; fixup++) {
		if (frame->rip == fixup->fault) {
			frame->rip = fixup->resume;
			return true;
		}
	}
	return false;
}

/*
 * An IRETQ to ring 3 faults in ring 0 when RIP is not canonical: INT as the last instruction of the
 * lower half gets there. What the IRETQ would have loaded is where RSP points; the registers are
 * ring 3's already.
 */
static bool iret_fault(struct trap_frame *frame)
{
	static const uint64_t *const sites[] = {&trap_iret, &ring3_return_iret, &ring3_enter_iret,
						&call_gate_iret};
	const uint64_t *target = (const uint64_t *)frame->rsp;

	for (size_t i = 0; i < ARRAY_SIZE(sites); i++) {
		if (!sites[i] || frame->rip != *sites[i])
			continue;
		frame->rip = target[0];
		frame->cs = target[1];
		frame->rflags = target[2];
		frame->rsp = target[3];
		frame->ss = target[4];
		return trap_from_ring3(frame);
	}
	return false;
}

/*
 * The kernel sets no TF and no breakpoint, and an exit clears DR7: on a processor this cannot be.
 * Bochs hands a guest's pending single step to the host after the exit.
 */
static void drop_debug_trap(struct trap_frame *frame)
{
	dr6_write(DR6_RESET);
	frame->rflags &= ~(uint64_t)RFLAGS_TF;
}

void trap_dispatch(struct trap_frame *frame)
{
	if (frame->vector >= VECTOR_FIRST_INTERRUPT)
		kernel_interrupt(frame, (unsigned)frame->vector);
	else if (frame->vector == EXCEPTION_NMI)
		kernel_nmi(frame);
	else if (frame->vector == EXCEPTION_MC)
		kernel_machine_check(frame);
	else if (frame->vector == EXCEPTION_DF)
		panic_trap(frame);
	else if (trap_from_ring3(frame) || iret_fault(frame))
		kernel_ring3_fault(frame);
	else if (frame->vector == EXCEPTION_DB)
		drop_debug_trap(frame);
	else if (!fix_up(frame))
		panic_trap(frame);
}

void ring3_state_save(struct ring3_state *to, const struct trap_frame *from)
{
	to->gprs = from->gprs;
	to->rip = from->rip;
	to->rsp = from->rsp;
	to->rflags = from->rflags;
}

noreturn void trap_return_ring3(const struct ring3_state *state)
{
	percpu_restore_gdt();
	ring3_return(state, (state->rflags & RFLAGS_RING3) | RFLAGS_FIXED | RFLAGS_IF);
}
