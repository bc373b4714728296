/* SPDX-License-Identifier: BSD-2-Clause */
/* CALL_DEBUG. */
#include "kernel/debug.h"

#include <stdarg.h>

#include "abi/calls.h"
#include "abi/info.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/user_copy.h"
#include "drivers/tsc.h"
#include "kernel/cpu.h"
#include "kernel/machine.h"
#include "kernel/panic.h"
#include "kernel/partition.h"
#include "kernel/stats.h"
#include "lib/format.h"
#include "lib/string.h"

enum { DEBUG_TEXT = 4096, SHOWN_EXITS = 16, STUCK_SECONDS = 3600 };

static char text[DEBUG_TEXT]; /* CPU 0, one call at a time; the answer, whatever it is of */
static size_t length;
static uint32_t panic_cpu = CPU_NO_OWNER; /* atomic: which CPU is to panic at its next kick */

static void append(const char *line, ...) printf_like(1, 2);

static void append(const char *line, ...)
{
	va_list args;

	va_start(args, line);
	length += vformat(text + length, sizeof(text) - length, line, args);
	va_end(args);
}

static void show_exits(const struct vcpu *v, unsigned count)
{
	uint64_t next = v->recorder.next;
	uint64_t known = MIN(next - v->recorder.begin, (uint64_t)RECORDER_SIZE);

	for (uint64_t i = next - MIN(known, (uint64_t)count); i != next; i++) {
		const struct exit_record *entry = &v->recorder.entries[i % RECORDER_SIZE];
		const char *name = vm_exit_name(entry->kind);

		append("  %-16s rip %016lx code 0x%x info 0x%lx\n", name ? name : "?", entry->rip,
		       entry->code, entry->info);
	}
}

static int vcpu_text(uint32_t slot, uint32_t index)
{
	static struct frame state;
	const struct partition *part = slot < MAX_PARTITIONS ? partitions[slot] : NULL;
	struct vcpu *v;

	if (!part || index >= part->desc.vcpu_count)
		return ERR_NOENT;
	v = part->vcpus[index];
	/* Its registers are in memory, and stay there, while none of its partition may be loaded. */
	if (machine.virt && !part_may_run(part) && part_is_out(part)) {
		machine.virt->get(&v->virt, GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_CS, &state);
		append("rip %04x:%016lx rflags 0x%lx shadow %u\n", state.seg[SEG_CS].selector,
		       state.rip, state.rflags, state.shadow);
		append("cr0 0x%lx cr2 0x%lx cr3 0x%lx cr4 0x%lx efer 0x%lx\n", state.control.cr0,
		       state.control.cr2, state.control.cr3, state.control.cr4, state.control.efer);
		for (unsigned i = 0; i < GPR_COUNT; i++)
			append("r%-2u %016lx%s", i, state.gpr[i], i % 4 == 3 ? "\n" : "  ");
	} else {
		append("it is running: pause it to see its registers\n");
	}
	append("pending 0x%x activity %u upcall %u recheck %u irr %d isr %d\n", v->virt.pending,
	       v->virt.activity, v->upcall, v->virt.recheck, v->lapic.irr_top, v->lapic.isr_top);
	show_exits(v, SHOWN_EXITS);
	return ERR_NONE;
}

static int audit_report(uint64_t goes_on)
{
	static struct audit_report report;
	int err = audit(!goes_on, &report);

	if (err)
		return err;
	length = sizeof(report);
	memcpy(text, &report, length);
	return ERR_NONE;
}

/* One CPU a call: each word that was never used is looked at. */
static int stacks_text(uint64_t number)
{
	if (number >= cpu_count() || !cpu_online((unsigned)number))
		return ERR_NOENT;
	for (unsigned i = 0; i < PERCPU_STACKS; i++) {
		struct percpu_stack_use use = percpu_stack_use((unsigned)number, i);

		append("cpu %lu %-4s %5u of %5u bytes, guard page %s\n", number, use.name, use.used,
		       use.size, use.guarded ? "in place" : "MISSING");
	}
	return ERR_NONE;
}

static int corrupt(uint64_t argument)
{
	uint32_t slot = argument >> 8 & 0xff, index = argument & 0xff;
	const struct partition *part = slot < MAX_PARTITIONS ? partitions[slot] : NULL;

	if (!part || index >= part->desc.vcpu_count)
		return ERR_NOENT;
	if (part_may_run(part) || !part_is_out(part))
		return ERR_STATE; /* pause it first */
	machine.virt->corrupt(&part->vcpus[index]->virt, argument >> 16);
	return ERR_NONE;
}

void debug_check_panic(void)
{
	if (__atomic_load_n(&panic_cpu, __ATOMIC_ACQUIRE) == this_cpu()->number)
		panic("on purpose, by the operator");
}

static uint32_t stuck_cpu = CPU_NO_OWNER; /* atomic: which CPU is to do nothing at its next kick */
static uint64_t stuck_us;		  /* before stuck_cpu */

void debug_check_stuck(void)
{
	uint32_t me = this_cpu()->number;
	uint64_t start = tsc_read(), ticks;

	if (!__atomic_compare_exchange_n(&stuck_cpu, &me, CPU_NO_OWNER, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return;
	ticks = us_to_tsc(stuck_us);
	while (tsc_read() - start < ticks)
		cpu_pause();
}

static int stuck_on(uint64_t argument)
{
	uint64_t number = argument & 0xffff, seconds = argument >> 16;

	if (number >= cpu_count() || !cpu_online((unsigned)number))
		return ERR_NOENT;
	if (seconds > STUCK_SECONDS)
		return ERR_INVAL;
	stuck_us = seconds * 1000000;
	__atomic_store_n(&stuck_cpu, (uint32_t)number, __ATOMIC_RELEASE);
	debug_check_stuck();
	cpu_kick((unsigned)number);
	return ERR_NONE;
}

static int panic_on(uint64_t number)
{
	if (number >= cpu_count() || !cpu_online((unsigned)number))
		return ERR_NOENT;
	__atomic_store_n(&panic_cpu, (uint32_t)number, __ATOMIC_RELEASE);
	debug_check_panic();
	cpu_kick((unsigned)number);
	return ERR_NONE;
}

/* The kernel's own faults, each by what really happens. */
static int panic_kind(uint64_t kind)
{
	switch (kind) {
	case 0:
		panic("on purpose, by the operator");
	case 1:
		*(volatile uint8_t *)KERNEL_POOL_BASE = 0;    /* #PF: slot 0 may not be mapped */
		*(volatile uint8_t *)(KERNEL_STACK_BASE) = 0; /* a guard page never is */
		break;
	case 2:
		asm volatile("ud2");
		break;
	default:
		return ERR_INVAL;
	}
	return ERR_NONE;
}

int64_t debug_call(uint32_t command, uint64_t argument, uint64_t to, uint64_t size)
{
	int err = ERR_NONE;

	length = 0;
	text[0] = 0;
	switch (command) {
	case DEBUG_AUDIT:
		err = audit_report(argument);
		break;
	case DEBUG_PANIC:
		err = panic_kind(argument);
		break;
	case DEBUG_CPU_PANIC:
		err = panic_on(argument);
		break;
	case DEBUG_CPU_STUCK:
		err = stuck_on(argument);
		break;
	case DEBUG_VCPU:
		err = vcpu_text(argument >> 8 & 0xff, argument & 0xff);
		break;
	case DEBUG_STACKS:
		err = stacks_text(argument);
		break;
	case DEBUG_RANDOM_STATE:
		err = corrupt(argument);
		break;
	default:
		err = ERR_INVAL;
		break;
	}
	if (err)
		return err;
	length = MIN(length, size);
	return user_copy_out(to, text, length) ? (int64_t)length : ERR_FAULT;
}

void panic_show_exits(unsigned cpu, panic_print_fn *print)
{
	const struct vcpu *v = cpu_online(cpu) ? cpu_of(cpu)->loaded : NULL;
	uint64_t next;

	if (!v)
		return;
	next = v->recorder.next;
	print("last exits of slot %u vcpu %u", v->part->slot, v->index);
	for (uint64_t i = next - MIN(next - v->recorder.begin, 8ULL); i != next; i++) {
		const struct exit_record *entry = &v->recorder.entries[i % RECORDER_SIZE];
		const char *name = vm_exit_name(entry->kind);

		print("  %s rip %016lx code 0x%x info 0x%lx", name ? name : "?", entry->rip,
		      entry->code, entry->info);
	}
}
