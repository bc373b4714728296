/* SPDX-License-Identifier: BSD-2-Clause */
/* The emulator's entry: fetch, decode, the table of operations, and how an instruction ends. */
#include "vmm/emulate.h"

#include "vmm/emulate_internal.h"

#define ON_MMIO	  BIT(EXIT_MMIO)
#define ON_IO	  BIT(EXIT_IO)
#define ON_STRING BIT(EXIT_IO_STRING)

/*
 * Which operations there are, and the exits that can have come from them. An operation that needs a
 * privilege and is listed for an exit that any program can cause has to check it, since the bytes may
 * have been exchanged after the processor did.
 */
static const struct {
	emulate_handler *run;
	uint32_t exits;
} operations[INSN_OPS] = {
	[INSN_ADD... INSN_CMP] = {emulate_alu, ON_MMIO},
	[INSN_TEST] = {emulate_alu, ON_MMIO},
	[INSN_NOT... INSN_DEC] = {emulate_alu_unary, ON_MMIO},
	[INSN_ROL... INSN_SAR] = {emulate_shift, ON_MMIO},
	[INSN_SHLD... INSN_SHRD] = {emulate_shift_double, ON_MMIO},
	[INSN_MUL... INSN_IMUL] = {emulate_mul, ON_MMIO},
	[INSN_IMUL2] = {emulate_imul2, ON_MMIO},
	[INSN_DIV... INSN_IDIV] = {emulate_div, ON_MMIO},
	[INSN_MOV] = {emulate_mov, ON_MMIO},
	[INSN_MOV_SREG] = {emulate_mov_sreg, ON_MMIO},
	[INSN_MOVZX] = {emulate_movzx, ON_MMIO},
	[INSN_MOVSX... INSN_MOVSXD] = {emulate_movsx, ON_MMIO},
	[INSN_MOVBE] = {emulate_movbe, ON_MMIO},
	[INSN_XCHG] = {emulate_xchg, ON_MMIO},
	[INSN_XADD] = {emulate_xadd, ON_MMIO},
	[INSN_CMPXCHG] = {emulate_cmpxchg, ON_MMIO},
	[INSN_CMPXCHG8B] = {emulate_cmpxchg8b, ON_MMIO},
	[INSN_BT... INSN_BTC] = {emulate_bit, ON_MMIO},
	[INSN_BSF... INSN_POPCNT] = {emulate_bit_scan, ON_MMIO},
	[INSN_SETCC] = {emulate_setcc, ON_MMIO},
	[INSN_CMOVCC] = {emulate_cmovcc, ON_MMIO},
	[INSN_PUSH] = {emulate_push, ON_MMIO},
	[INSN_POP] = {emulate_pop, ON_MMIO},
	[INSN_CALL] = {emulate_call, ON_MMIO},
	[INSN_JMP] = {emulate_jmp, ON_MMIO},
	[INSN_RET] = {emulate_ret, ON_MMIO},
	[INSN_JMP_FAR] = {emulate_jmp_far, ON_MMIO},
	[INSN_SMSW] = {emulate_smsw, ON_MMIO},
	[INSN_LMSW] = {emulate_lmsw, ON_MMIO},
	[INSN_MOVS... INSN_SCAS] = {emulate_string, ON_MMIO},
	[INSN_INS] = {emulate_ins, ON_STRING},
	[INSN_OUTS] = {emulate_outs, ON_STRING},
	[INSN_IN] = {emulate_in, ON_IO},
	[INSN_OUT] = {emulate_out, ON_IO},
	[INSN_MOVU... INSN_MOVD] = {emulate_vector, ON_MMIO},
	[INSN_MOVMM] = {emulate_mmx, ON_MMIO},
	[INSN_CLFLUSH... INSN_CLWB] = {emulate_flush, ON_MMIO},
};

enum emulate_result emulate_fetch(struct emulate *e)
{
	e->changed = 0;
	e->skip = 0;
	walk_context_init(&e->walk, e->frame, e->cpu);
	e->walk.pkru = e->pkru;
	switch (insn_fetch(e->frame, &e->walk, &e->insn, &e->frame->event)) {
	case FETCH_OK:
		return EMULATE_DONE;
	case FETCH_FAULT:
		e->changed = GROUP_EVENT;
		return EMULATE_FAULT;
	case FETCH_RETRY:
		return EMULATE_RESTART;
	case FETCH_NO_RAM:
	case FETCH_UNKNOWN:
		break;
	}
	return EMULATE_UNSUPPORTED;
}

enum emulate_result emulate_one(struct emulate *e)
{
	emulate_handler *run = operations[e->insn.op].run;

	e->changed = 0;
	e->skip = 0;
	e->rsp_bias = 0;
	if (!run)
		return EMULATE_UNSUPPORTED;
	if (!(operations[e->insn.op].exits & BIT(e->frame->reason)))
		return EMULATE_RESTART;
	e->skip = e->insn.length; /* a jump takes it back */
	if (run(e))
		return EMULATE_DONE;
	e->skip = 0;
	if (e->result == EMULATE_FAULT)
		e->changed |= GROUP_EVENT;
	return e->result;
}

enum emulate_result emulate_exit(struct emulate *e)
{
	enum emulate_result result = emulate_fetch(e);

	return result == EMULATE_DONE ? emulate_one(e) : result;
}
