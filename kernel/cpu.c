/* SPDX-License-Identifier: BSD-2-Clause */
/* One CPU's bookkeeping: kicks, address spaces, TLB epochs, the timer. */
#include "kernel/cpu.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/vectors.h"

enum { DEADLINES_AT_ONCE = 32 };

static unsigned count = 1;
static unsigned boot_lock_ranks;
static uint64_t tlb_epoch; /* atomic; CPU 0 writes */

unsigned *lock_rank_state(void)
{
	return percpu_is_valid() ? &this_cpu()->lock_ranks : &boot_lock_ranks;
}

void cpu_prepare(unsigned number)
{
	struct cpu *cpu = cpu_of(number);

	cpu->number = number;
	cpu->owner = CPU_NO_OWNER;
	cpu->inbox_lock = (spinlock_t)SPINLOCK(LOCK_SCHEDULER);
	cpu->armed = DEADLINE_NONE;
	cpu->space = &kernel_space;
	deadline_queue_init(&cpu->deadlines);
}

unsigned cpu_count(void)
{
	return count;
}

void cpu_set_count(unsigned new_count)
{
	count = new_count;
}

bool cpu_online(unsigned number)
{
	return number < count && percpu_exists(number) &&
	       __atomic_load_n(&cpu_of(number)->presence, __ATOMIC_ACQUIRE) == PRESENCE_ONLINE;
}

bool cpu_settle(unsigned number, enum presence presence)
{
	uint32_t coming = PRESENCE_COMING;

	return __atomic_compare_exchange_n(&cpu_of(number)->presence, &coming, presence, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void cpu_kick(unsigned number)
{
	if (number != this_cpu()->number)
		apic_send_fixed(arch_cpu_of(number)->apic_id, VECTOR_KICK);
}

void cpu_use_space(const struct page_space *space)
{
	struct cpu *cpu = this_cpu();

	if (cpu->space == space)
		return;
	cpu->space = space;
	cr3_write(space->root_pa);
}

uint64_t cpu_flush_begin(void)
{
	uint64_t epoch = __atomic_add_fetch(&tlb_epoch, 1, __ATOMIC_SEQ_CST);

	cpu_flush_check();
	for (unsigned i = 1; i < count; i++)
		if (cpu_online(i))
			cpu_kick(i);
	return epoch;
}

bool cpu_epoch_reached(uint64_t epoch)
{
	for (unsigned i = 0; i < count; i++)
		if (cpu_online(i) && __atomic_load_n(&cpu_of(i)->tlb_epoch, __ATOMIC_ACQUIRE) < epoch)
			return false;
	return true;
}

void cpu_flush_check(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t epoch = __atomic_load_n(&tlb_epoch, __ATOMIC_ACQUIRE);

	if (cpu->tlb_epoch == epoch)
		return;
	tlb_flush_all_local();
	__atomic_store_n(&cpu->tlb_epoch, epoch, __ATOMIC_RELEASE);
}

void cpu_timer_update(struct cpu *cpu)
{
	uint64_t first = deadline_first(&cpu->deadlines);

	if (first >= cpu->armed)
		return; /* too early an interrupt costs less than arming anew each time */
	cpu->armed = first;
	apic_timer_arm(first);
}

void cpu_timer_interrupt(struct cpu *cpu)
{
	cpu->armed = DEADLINE_NONE;
	deadline_run(&cpu->deadlines, tsc_read(), DEADLINES_AT_ONCE);
	cpu_timer_update(cpu);
	if (cpu->armed == DEADLINE_NONE)
		apic_timer_stop();
}
