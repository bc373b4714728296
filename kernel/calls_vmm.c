/* SPDX-License-Identifier: BSD-2-Clause */
/* A VMM's calls. Each acts on the caller's own partition only. */
#include "abi/calls.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/user_copy.h"
#include "kernel/calls.h"
#include "kernel/console.h"
#include "kernel/cpu.h"
#include "kernel/cpuid_table.h"
#include "kernel/machine.h"
#include "kernel/partition.h"
#include "kernel/sched.h"
#include "kernel/upcall.h"

static int64_t call_set_deadline(const struct call_args *args)
{
	struct vcpu *v = args->v->part->vcpus[0];

	__atomic_store_n(&v->part->deadline, args->arg[0], __ATOMIC_RELEASE);
	if (args->v == v)
		sched_rearm(v);
	else
		vcpu_notify(v, PEND_REARM);
	return ERR_NONE;
}

static int64_t call_apic_message(const struct call_args *args)
{
	uint64_t message = args->arg[0];
	const struct lapic_ipi ipi = {
		.dest = (uint32_t)(message >> 32),
		.mode = message >> 8 & 7,
		.vector = message & 0xff,
		.shorthand = LAPIC_TO_DEST,
		.logical = message >> 11 & 1,
	};

	if (ipi.mode == LAPIC_SMI || ipi.mode == 3)
		return ERR_INVAL;
	part_send_ipi(args->v->part, NULL, &ipi, message >> 12 & 1);
	return ERR_NONE;
}

static int64_t call_pic_line(const struct call_args *args)
{
	struct partition *part = args->v->part;

	for (uint32_t i = 0; i < part->desc.vcpu_count; i++)
		if (lapic_post_line(&part->vcpus[i]->lapic, args->arg[0] != 0))
			vcpu_notify(part->vcpus[i], PEND_INTERRUPT);
	return ERR_NONE;
}

static uint64_t guest_now(const struct vcpu *v)
{
	return vcpu_tsc_to_guest(v, tsc_read());
}

static int64_t call_lapic_read(const struct call_args *args)
{
	if (args->arg[0] == LAPIC_CR8)
		return lapic_cr8_read(&args->v->lapic);
	if (args->arg[0] >= PAGE_SIZE || args->arg[0] & 15)
		return ERR_INVAL;
	return vcpu_read_lapic(args->v, (unsigned)args->arg[0]);
}

static int64_t call_lapic_write(const struct call_args *args)
{
	struct vcpu *v = args->v;
	struct lapic_effect effect = {0};

	if (args->arg[0] == LAPIC_CR8) {
		lapic_cr8_write(&v->lapic, args->arg[1] & 15);
	} else {
		if (args->arg[0] >= PAGE_SIZE || args->arg[0] & 15)
			return ERR_INVAL;
		lapic_write(&v->lapic, (unsigned)args->arg[0], (uint32_t)args->arg[1], guest_now(v),
			    &effect);
	}
	if (effect.kinds)
		vcpu_apply_effect(v, &effect);
	vcpu_check_lapic(v);
	return ERR_NONE;
}

static int64_t call_eoi_watch(const struct call_args *args)
{
	struct partition *part = args->v->part;

	if (args->arg[0] > 3)
		return ERR_INVAL;
	for (uint32_t i = 0; i < part->desc.vcpu_count; i++)
		lapic_watch(&part->vcpus[i]->lapic, (unsigned)args->arg[0], args->arg[1]);
	return ERR_NONE;
}

static int64_t call_cpuid_set(const struct call_args *args)
{
	struct partition *part = args->v->part;
	uint64_t count = args->arg[1];

	if (args->v->index)
		return ERR_PERM;
	if (count > CPUID_ENTRIES_MAX)
		return ERR_LIMIT;
	part->cpuid_count = 0;
	if (!user_copy_in(part->cpuid, args->arg[0], count * sizeof(part->cpuid[0])))
		return ERR_FAULT;
	part->cpuid_count = (uint32_t)count;
	cpuid_index(part);
	return ERR_NONE;
}

/* Copies a text of the caller's: at most size - 1 bytes, terminated. */
static bool copy_text(char *to, size_t size, uint64_t from, uint64_t length)
{
	size_t count = MIN(length, size - 1);

	to[count] = 0;
	return user_copy_in(to, from, count);
}

static int64_t call_part_end(const struct call_args *args)
{
	char text[CALL_TEXT_MAX];

	if (!copy_text(text, sizeof(text), args->arg[2], args->arg[3]))
		text[0] = 0;
	/* What the kernel alone finds out is not for a VMM to claim. */
	switch (args->arg[0]) {
	case REASON_POWEROFF:
	case REASON_RESET:
	case REASON_TRIPLE:
	case REASON_REFUSED:
	case REASON_EMULATION:
		break;
	default:
		return ERR_INVAL;
	}
	part_end(args->v->part, (enum part_reason)args->arg[0], (uint32_t)args->arg[1], "%s", text);
	return ERR_NONE;
}

static int64_t call_console_notify(const struct call_args *args)
{
	(void)args;
	console_event(CONSOLE_OUTPUT);
	return ERR_NONE;
}

static int64_t call_log(const struct call_args *args)
{
	struct partition *part = args->v->part;
	char text[CALL_TEXT_MAX];

	if (!copy_text(text, sizeof(text), args->arg[0], args->arg[1]))
		return ERR_FAULT;
	spin_lock(&part->limiter_lock);
	log_partition(&part->limiter, part->desc.name, LOG_INFO, "%s", text);
	spin_unlock(&part->limiter_lock);
	return ERR_NONE;
}

static int64_t call_nmi(const struct call_args *args)
{
	struct partition *part = args->v->part;

	if (args->arg[0] >= part->desc.vcpu_count)
		return ERR_NOENT;
	vcpu_send_nmi(part->vcpus[args->arg[0]]);
	return ERR_NONE;
}

static int64_t call_frame(const struct call_args *args)
{
	const uint32_t groups = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_CS | GROUP_SEGMENT |
				GROUP_MEMORY | GROUP_SYSTEM;

	if (args->arg[0] & ~(uint64_t)groups)
		return ERR_INVAL;
	vcpu_fill_frame(args->v, (uint32_t)args->arg[0]);
	return ERR_NONE;
}

static int64_t call_steal_watch(const struct call_args *args)
{
	if (args->arg[0] > 1)
		return ERR_INVAL;
	args->v->steal_watch = args->arg[0];
	args->v->steal_told = args->v->steal_tsc;
	return (int64_t)args->v->steal_tsc;
}

/* CALL_RESUME never comes here: call_gate.S takes it. */
const call_fn vmm_calls[] = {
	[CALL_SET_DEADLINE] = call_set_deadline,
	[CALL_APIC_MESSAGE] = call_apic_message,
	[CALL_PIC_LINE] = call_pic_line,
	[CALL_LAPIC_READ] = call_lapic_read,
	[CALL_LAPIC_WRITE] = call_lapic_write,
	[CALL_EOI_WATCH] = call_eoi_watch,
	[CALL_CPUID_SET] = call_cpuid_set,
	[CALL_PART_END] = call_part_end,
	[CALL_CONSOLE_NOTIFY] = call_console_notify,
	[CALL_LOG] = call_log,
	[CALL_NMI] = call_nmi,
	[CALL_FRAME] = call_frame,
	[CALL_STEAL_WATCH] = call_steal_watch,
};
const unsigned vmm_call_count = ARRAY_SIZE(vmm_calls);
