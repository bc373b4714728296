/* SPDX-License-Identifier: BSD-2-Clause */
/* A partition's life after its creation; and what the console may know of it. */
#include "arch/x86_64/insn.h"
#include "kernel/console.h"
#include "kernel/cpu.h"
#include "kernel/create.h"
#include "kernel/partition.h"
#include "kernel/scrub.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

struct partition *partitions[MAX_PARTITIONS];

static struct partition *part_find(uint32_t slot)
{
	return slot < MAX_PARTITIONS ? partitions[slot] : NULL;
}

bool part_is_out(const struct partition *part)
{
	for (uint32_t i = 0; i < part->desc.vcpu_count; i++) {
		const struct vcpu *v = part->vcpus[i];

		if (__atomic_load_n(&v->loaded, __ATOMIC_SEQ_CST) ||
		    __atomic_load_n(&v->virt.state, __ATOMIC_SEQ_CST) != VIRT_OUT)
			return false;
		/* Its CPU has timers of it until it has taken the bit. */
		if (__atomic_load_n(&v->homed, __ATOMIC_SEQ_CST) &&
		    __atomic_load_n(&v->virt.pending, __ATOMIC_SEQ_CST) & PEND_STOP)
			return false;
	}
	return true;
}

static void tell_all(struct partition *part, uint32_t bits)
{
	for (uint32_t i = 0; i < part->desc.vcpu_count; i++)
		vcpu_notify(part->vcpus[i], bits);
}

void part_end(struct partition *part, enum part_reason reason, uint32_t code, const char *text, ...)
{
	va_list args;

	if (__atomic_exchange_n(&part->ended, 1, __ATOMIC_SEQ_CST))
		return;
	part->report[0] = 0;
	if (text) {
		va_start(args, text);
		vformat(part->report, sizeof(part->report), text, args);
		va_end(args);
	}
	__atomic_store_n(&part->stopped_tsc, tsc_read(), __ATOMIC_RELAXED);
	__atomic_store_n(&part->exit_code, code, __ATOMIC_RELAXED);
	__atomic_store_n(&part->reason, reason, __ATOMIC_RELAXED);
	__atomic_store_n(&part->run, RUN_NO, __ATOMIC_SEQ_CST);
	spin_lock(&part->limiter_lock);
	log_partition_flush(&part->limiter, part->desc.name, LOG_INFO);
	spin_unlock(&part->limiter_lock);
	tell_all(part, PEND_STOP);
	console_event(CONSOLE_PARTITION);
}

/* A start is a scrub, a fresh VMM and fresh vCPUs, a bounded piece at each call. True when it is done. */
static bool scrub_step(struct partition *part)
{
	const struct memory_piece *piece = &part->pieces[part->scrub_piece];
	uint64_t at, size;

	if (part->scrub_piece == part->piece_count) {
		part->scrub_piece = 0;
		return true;
	}
	at = piece->hpa + part->scrub_offset;
	size = MIN(piece->size - part->scrub_offset, (uint64_t)SCRUB_STEP);
	size = MIN(size, MIB(2) - (at & (MIB(2) - 1)));
	scrub(at, size);
	part->scrub_offset += size;
	if (part->scrub_offset == piece->size) {
		part->scrub_piece++;
		part->scrub_offset = 0;
	}
	return false;
}

int part_start(uint32_t slot)
{
	struct partition *part = part_find(slot);

	if (!part)
		return ERR_NOENT;
	if (part->run != RUN_NO)
		return ERR_STATE;
	if (!part_is_out(part))
		return ERR_AGAIN;
	if (part->memory_dirty) {
		if (!scrub_step(part))
			return ERR_AGAIN;
		part->memory_dirty = false;
	}
	if (!part_reset_step(part))
		return ERR_AGAIN;
	part->memory_dirty = true;
	part->started_tsc = part->config->start_tsc;
	part->start_count++;
	part->config->start_count = part->start_count;
	part->reason = REASON_NONE;
	part->exit_code = 0;
	part->report[0] = 0;
	part->entered_tsc = part->stopped_tsc = 0;
	__atomic_store_n(&part->ended, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&part->run, RUN_YES, __ATOMIC_SEQ_CST);
	vcpu_notify(part->vcpus[0], PEND_REARM); /* a look: EVENT_START is pending */
	return ERR_NONE;
}

int part_stop(uint32_t slot)
{
	struct partition *part = part_find(slot);

	if (!part)
		return ERR_NOENT;
	if (part->run != RUN_NO)
		part_end(part, REASON_OPERATOR, 0, NULL);
	return part_is_out(part) ? ERR_NONE : ERR_AGAIN;
}

int part_pause(uint32_t slot, bool pause)
{
	struct partition *part = part_find(slot);
	uint32_t from = pause ? RUN_YES : RUN_PAUSED;
	uint32_t to = pause ? RUN_PAUSED : RUN_YES;

	if (!part)
		return ERR_NOENT;
	if (part->run == from) {
		if (!__atomic_compare_exchange_n(&part->run, &from, to, false, __ATOMIC_SEQ_CST,
						 __ATOMIC_SEQ_CST))
			return ERR_STATE;
		tell_all(part, pause ? PEND_STOP : PEND_REARM);
	}
	if (part->run != to)
		return ERR_STATE;
	return !pause || part_is_out(part) ? ERR_NONE : ERR_AGAIN;
}

int part_event(uint32_t slot, uint32_t events)
{
	struct partition *part = part_find(slot);

	if (!part)
		return ERR_NOENT;
	if (events & ~(uint32_t)(EVENT_INPUT | EVENT_SPACE | EVENT_POWER))
		return ERR_INVAL;
	if (part->run == RUN_NO)
		return ERR_STATE;
	vcpu_notify(part->vcpus[0], events);
	return ERR_NONE;
}

/* Other CPUs may just be printing the old name: what they print ends, whatever it is. */
int part_rename(uint32_t slot, const char *name)
{
	struct partition *part = part_find(slot);
	int err = part ? create_check_name(name, part) : ERR_NOENT;

	if (err)
		return err;
	str_copy(part->desc.name, sizeof(part->desc.name), name);
	str_copy(part->config->name, sizeof(part->config->name), name);
	return ERR_NONE;
}

int part_share(uint32_t slot, uint32_t weight, uint32_t cap)
{
	struct partition *part = part_find(slot);

	if (!part)
		return ERR_NOENT;
	if (part->desc.flags & PART_DEDICATED || weight > WEIGHT_MAX ||
	    cap > 100 * part->desc.vcpu_count)
		return ERR_INVAL;
	part->desc.weight = weight;
	part->desc.cap = cap;
	for (uint32_t i = 0; i < part->desc.vcpu_count; i++)
		turn_weigh(&cpu_of(part->vcpus[i]->cpu)->turns, slot, weight);
	spin_lock(&part->cap_lock);
	cap_change(&part->cap, cap);
	spin_unlock(&part->cap_lock);
	return ERR_NONE;
}

static bool all_detached(const struct partition *part)
{
	for (uint32_t i = 0; i < part->desc.vcpu_count; i++)
		if (__atomic_load_n(&part->vcpus[i]->homed, __ATOMIC_SEQ_CST))
			return false;
	return true;
}

int part_destroy(uint32_t slot)
{
	struct partition *part = part_find(slot);

	if (!part)
		return create_undo_rest(slot); /* the last steps go on after the struct is gone */
	if (part->run != RUN_NO)
		part_end(part, REASON_OPERATOR, 0, NULL);
	if (!part_is_out(part))
		return ERR_AGAIN;
	if (!all_detached(part)) {
		tell_all(part, PEND_DETACH);
		return ERR_AGAIN;
	}
	return create_undo(slot);
}

static enum part_state state_of(const struct partition *part)
{
	if (part->run == RUN_YES)
		return PART_RUNNING;
	if (part->run == RUN_PAUSED)
		return PART_PAUSED;
	return part_is_out(part) ? PART_STOPPED : PART_DYING;
}

int part_describe(uint32_t slot, struct part_info *info)
{
	const struct partition *part = part_find(slot);

	memset(info, 0, sizeof(*info));
	if (slot >= MAX_PARTITIONS)
		return ERR_NOENT;
	if (!part)
		return ERR_NONE; /* PART_NONE */
	str_copy(info->name, sizeof(info->name), part->desc.name);
	info->state = state_of(part);
	info->reason = part->reason;
	info->vcpu_count = part->desc.vcpu_count;
	info->flags = part->desc.flags;
	info->exit_code = part->exit_code;
	info->weight = part->desc.weight;
	info->cap = part->desc.cap;
	info->start_count = part->start_count;
	for (uint32_t i = 0; i < part->desc.range_count; i++)
		info->memory += part->desc.ranges[i].size;
	info->pool = part->pool_size;
	info->pool_tables = part->pool_tables;
	info->started_tsc = part->started_tsc;
	info->entered_tsc = __atomic_load_n(&part->entered_tsc, __ATOMIC_RELAXED);
	info->stopped_tsc = __atomic_load_n(&part->stopped_tsc, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < part->desc.vcpu_count; i++) {
		info->run_tsc += part->vcpus[i]->run_tsc;
		info->steal_tsc += part->vcpus[i]->steal_tsc;
		info->cpus[i] = part->vcpus[i]->cpu;
	}
	memcpy(info->ranges, part->desc.ranges, sizeof(info->ranges));
	memcpy(info->images, part->desc.images, sizeof(info->images));
	info->boot = part->desc.boot;
	str_copy(info->cmdline, sizeof(info->cmdline), part->desc.cmdline);
	str_copy(info->report, sizeof(info->report), part->report);
	return ERR_NONE;
}

/* Its home CPU may be changing them: for a look that is good enough. */
static uint64_t next_timer(const struct vcpu *v)
{
	uint64_t first = DEADLINE_NONE;

	if (deadline_is_set(&v->timer))
		first = v->timer.tsc;
	if (deadline_is_set(&v->vmm_deadline))
		first = MIN(first, v->vmm_deadline.tsc);
	return first == DEADLINE_NONE ? 0 : first;
}

int part_describe_vcpu(uint32_t slot, uint32_t index, struct vcpu_info *info)
{
	const struct partition *part = part_find(slot);
	const struct vcpu *v;

	if (!part || index >= part->desc.vcpu_count)
		return ERR_NOENT;
	v = part->vcpus[index];
	memset(info, 0, sizeof(*info));
	info->cpu = v->cpu;
	info->activity = v->virt.activity;
	info->open = v->halt_open;
	info->timer_tsc = next_timer(v);
	info->run_tsc = v->run_tsc;
	info->steal_tsc = v->steal_tsc;
	memcpy(info->exits, v->exits, sizeof(info->exits));
	info->upcalls = v->upcalls;
	info->interrupts = v->interrupts;
	return ERR_NONE;
}

int part_describe_cpuid(uint32_t slot, uint32_t index, struct cpuid_entry *entry)
{
	const struct partition *part = part_find(slot);

	if (!part || index >= part->cpuid_count)
		return ERR_NOENT;
	*entry = part->cpuid[index];
	entry->flags &= CPUID_HAS_SUBLEAF;
	return ERR_NONE;
}

int part_read_exits(uint32_t slot, struct exit_window *window, struct exit_record *to,
		    unsigned count)
{
	const struct partition *part = part_find(slot);

	if (!part || window->vcpu >= part->desc.vcpu_count)
		return ERR_NOENT;
	return (int)recorder_read(&part->vcpus[window->vcpu]->recorder, part_is_out(part), window,
				  to, count);
}
