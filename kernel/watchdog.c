/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two looks a second. A CPU sleeps, or has taken an interrupt since the look before, or is kicked; after
 * PATIENCE looks in vain it is asked by an NMI where it is, and with the next look that is told: within two
 * seconds (THREATS N05).
 */
#include "kernel/watchdog.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/trap.h"
#include "drivers/tsc.h"
#include "kernel/backtrace.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/panic_print.h"
#include "kernel/partition.h"
#include "lib/format.h"

enum { LOOK_US = 500000, LOOKS_A_SECOND = 2, PATIENCE = 2 };

struct watch {
	uint64_t seen;	 /* interrupts that it had taken */
	uint32_t silent; /* a: looks in a row in vain; its watcher writes */
	uint64_t place;	 /* a: its RIP, as its NMI handler saw it; 0: no answer yet */
	uint32_t asked;	 /* a */
};

static struct watch watches[MAX_CPUS];
static struct deadline looks[2]; /* CPU 0's, and that of the CPU which watches it */
static uint32_t second;		 /* a: there is that one */
static uint32_t booted;		 /* a: until then CPU 0 has interrupts off, and waits for others */

void watchdog_check_nmi(const struct trap_frame *frame)
{
	struct watch *watch = &watches[this_cpu()->number];

	if (__atomic_exchange_n(&watch->asked, 0, __ATOMIC_ACQ_REL))
		__atomic_store_n(&watch->place, frame->rip, __ATOMIC_RELEASE);
}

unsigned watchdog_stuck(unsigned cpu)
{
	uint32_t silent = __atomic_load_n(&watches[cpu].silent, __ATOMIC_RELAXED);

	return silent > PATIENCE ? silent / LOOKS_A_SECOND : 0;
}

static void ask(unsigned number)
{
	struct watch *watch = &watches[number];

	__atomic_store_n(&watch->place, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&watch->asked, 1, __ATOMIC_RELEASE);
	apic_send_nmi(machine.cpu_apic_ids[number]);
}

/* Whose turn it is there: a vCPU cannot go away while its CPU does nothing. */
static const char *partition_there(unsigned number)
{
	const struct vcpu *v = __atomic_load_n(&cpu_of(number)->running, __ATOMIC_ACQUIRE);

	return v ? v->part->desc.name : "none";
}

static void tell(unsigned number)
{
	uint64_t place = __atomic_load_n(&watches[number].place, __ATOMIC_ACQUIRE);
	struct backtrace_symbol symbol = backtrace_symbol(place);
	char text[160];

	if (place)
		format(text, sizeof(text),
		       "no interrupt for a second, partition %s, at %016lx %s+0x%lx",
		       partition_there(number), place, symbol.name, symbol.offset);
	else
		format(text, sizeof(text), "no interrupt for a second, partition %s, and no NMI",
		       partition_there(number));
	log_print(LOG_WARNING, "watchdog: cpu %u is stuck: %s", number, text);
	if (number)
		return;
	/* Nobody prints the log then; and in the middle of what line it was is not known. */
	panic_print("%s", "");
	panic_print("freehold: watchdog: cpu 0 is stuck: %s", text);
}

static void is_alive(unsigned number, uint64_t interrupts)
{
	struct watch *watch = &watches[number];

	if (watch->silent > PATIENCE)
		log_print(LOG_WARNING, "watchdog: cpu %u goes on after %u s", number,
			  watchdog_stuck(number));
	watch->seen = interrupts;
	__atomic_store_n(&watch->silent, 0, __ATOMIC_RELAXED);
}

static void look(unsigned number)
{
	struct watch *watch = &watches[number];
	const struct cpu *cpu = cpu_of(number);
	uint64_t interrupts = __atomic_load_n(&cpu->interrupts, __ATOMIC_RELAXED);

	if (interrupts != watch->seen || __atomic_load_n(&cpu->idle, __ATOMIC_ACQUIRE)) {
		is_alive(number, interrupts);
		return;
	}
	__atomic_store_n(&watch->silent, watch->silent + 1, __ATOMIC_RELAXED);
	if (watch->silent == PATIENCE)
		ask(number);
	else if (watch->silent == PATIENCE + 1)
		tell(number);
	else
		cpu_kick(number);
}

static void look_again(struct deadline *deadline)
{
	struct cpu *cpu = this_cpu();

	for (unsigned i = 1; cpu->number == 0 && i < cpu_count(); i++)
		if (cpu_online(i))
			look(i);
	if (cpu->number && __atomic_load_n(&booted, __ATOMIC_ACQUIRE))
		look(0);
	deadline_set(&cpu->deadlines, deadline, tsc_read() + us_to_tsc(LOOK_US));
}

void watchdog_start(void)
{
	struct cpu *cpu = this_cpu();
	struct deadline *deadline = &looks[cpu->number ? 1 : 0];

	if (cpu->number ? __atomic_exchange_n(&second, 1, __ATOMIC_RELAXED) : cpu_count() == 1)
		return;
	if (!cpu->number)
		__atomic_store_n(&booted, 1, __ATOMIC_RELEASE);
	deadline_init(deadline, look_again);
	deadline_set(&cpu->deadlines, deadline, tsc_read() + us_to_tsc(LOOK_US));
	cpu_timer_update(cpu);
}
