/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/x86_64/ring3_call.h"

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/vectors.h"
#include "lib/string.h"

uint64_t ring3_call_begin(const struct ring3_state *state, uint64_t rflags, void *rsp0);
noreturn void ring3_call_leave(uint64_t answer, uint64_t rsp0);

void ring3_call_init(struct ring3_call *call)
{
	memcpy(call->idt, trap_idt, sizeof(call->idt));
	call->idt[VECTOR_CALL].attributes &= (uint8_t)~GATE_DPL3;
	call->tss = arch_cpu()->tss;
	call->tss.io_map = offsetof(struct ring3_call, port_map) - offsetof(struct ring3_call, tss);
	call->port_map[PORT_MAP_SIZE] = 0xff;
}

uint64_t ring3_call(struct ring3_call *call, const struct ring3_state *state)
{
	struct arch_cpu *cpu = arch_cpu();
	uint64_t answer;

	percpu_restore_gdt();
	descriptors_use_tss(cpu, &call->tss, sizeof(*call) - offsetof(struct ring3_call, tss));
	idt_load(&(struct descriptor_pointer){.limit = sizeof(call->idt) - 1,
					      .base = (uint64_t)call->idt});
	fpu_controls_reset();
	answer = ring3_call_begin(state, RFLAGS_FIXED | RFLAGS_IF, &call->tss.rsp[0]);
	trap_load();
	descriptors_use_tss(cpu, &cpu->tss, sizeof(cpu->tss));
	return answer;
}

noreturn void ring3_call_end(struct ring3_call *call, uint64_t answer)
{
	ring3_call_leave(answer, call->tss.rsp[0]);
}
