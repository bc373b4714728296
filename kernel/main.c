/* SPDX-License-Identifier: BSD-2-Clause */
/* From the loader's description of the machine to all CPUs in their loops. */
#include "kernel/machine.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/pic.h"
#include "arch/x86_64/smap.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/topology.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/virt.h"
#include "boot/boot_info.h"
#include "boot/option.h"
#include "drivers/pci.h"
#include "drivers/rtc.h"
#include "drivers/tsc.h"
#include "kernel/console.h"
#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/create.h"
#include "kernel/display.h"
#include "kernel/efi.h"
#include "kernel/facts.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/machine_check.h"
#include "kernel/memory.h"
#include "kernel/panic.h"
#include "kernel/sched.h"
#include "kernel/serial.h"
#include "kernel/watchdog.h"

enum { ONLINE_WAIT_US = 2000000 }; /* an emulated CPU may be slow to get its turn */

struct machine machine = {.memory_lock = SPINLOCK(LOCK_MEMORY)};

const char machine_build[] = "Freehold, built " __DATE__;

uint64_t machine_wall_now(void)
{
	return machine.boot_wall + tsc_to_ns(tsc_read() - machine.boot_tsc);
}

static uint64_t log_clock(void)
{
	return tsc_to_us(tsc_read() - machine.boot_tsc);
}

static void log_notify(void)
{
	console_event(CONSOLE_LOG);
}

static void read_acpi(void)
{
	const struct acpi_source source = {
		.map = firmware_map,
		.rsdp = machine.boot->rsdp_size ? machine.boot->rsdp : NULL,
		.rsdp_size = machine.boot->rsdp_size,
	};

	acpi_parse(&source, &machine.acpi);
	for (uint32_t i = 0; i < machine.acpi.note_count; i++)
		log_print(LOG_WARNING, "acpi: %s", machine.acpi.notes[i]);
	if (!machine.acpi.present)
		log_print(LOG_WARNING, "acpi: no tables: one CPU, no power-off");
}

static uint16_t pm_timer_port(void)
{
	const struct acpi_gas *timer = &machine.acpi.fadt.pm_timer;

	return timer->space == ACPI_SPACE_IO && timer->address <= 0xffff ? (uint16_t)timer->address
									 : 0;
}

static void start_clocks(void)
{
	static const char *const names[] = {
		[TSC_PM_TIMER] = "the ACPI PM timer",
		[TSC_PIT] = "the PIT",
		[TSC_NONE] = "nothing: 1 GHz is assumed",
	};
	static const enum clock_reference clock_fact[] = {
		[TSC_PM_TIMER] = CLOCK_PM_TIMER,
		[TSC_PIT] = CLOCK_PIT,
		[TSC_NONE] = CLOCK_NONE,
	};
	enum tsc_reference reference;
	uint64_t start = tsc_read();

	/* Both at once: what takes time is that a clock of known rate gets on. */
	apic_timer_calibrate_begin();
	reference = tsc_calibrate(&port_hardware, pm_timer_port());
	machine_facts.clock = clock_fact[reference];
	apic_timer_calibrate_end(tsc_khz());
	machine.calibration_tsc = tsc_read() - start;
	log_set_clock(log_clock);
	log_print(LOG_INFO, "tsc: %u kHz, measured against %s", tsc_khz(), names[reference]);
	log_print(LOG_INFO, "apic: %s, timer %s", apic_is_x2apic() ? "x2APIC" : "xAPIC",
		  apic_timer_khz() ? "one-shot" : "TSC-deadline");
}

/* The RTC, unless the FADT says that there is none; else the firmware. */
static void read_time(void)
{
	const struct acpi_fadt *fadt = &machine.acpi.fadt;
	uint64_t seconds;

	if ((!(fadt->boot_arch & ACPI_BOOT_NO_RTC) &&
	     rtc_read(&port_hardware, fadt->century, &seconds)) ||
	    efi_time(&seconds))
		machine.boot_wall = seconds * 1000000000ULL;
	else
		log_print(LOG_WARNING, "clock: no time of day");
}

static void quiet_devices(void)
{
	struct pci_quiet quiet = pci_clear_bus_mastering(&port_hardware);

	log_print(LOG_INFO, "pci: %u functions, %u bridges, bus mastering cleared on %u",
		  quiet.functions, quiet.bridges, quiet.cleared);
	if (quiet.stubborn)
		log_print(LOG_WARNING, "pci: %u functions stay bus masters", quiet.stubborn);
	machine_facts.bus_masters = quiet.stubborn;
}

/* The offsets of XSAVE components in the standard format: SDM 1 13.4.3 "Extended Region of an XSAVE Area". */
static void read_xsave_layout(void)
{
	if (!cpu_features.xsave)
		return;
	for (uint32_t i = 2; i < 63; i++)
		if (cpu_features.xcr0_host & BIT(i)) {
			struct cpuid_regs regs = cpuid(0xd, i);

			machine.xsave_component_end[i] = regs.ebx + regs.eax;
		}
}

static void choose_backend(void)
{
	for (unsigned i = 0; i < virt_backend_count; i++)
		if (virt_backends[i]->probe(machine.virt_reason, sizeof(machine.virt_reason))) {
			machine.virt = virt_backends[i];
			log_print(LOG_INFO, "virtualization: %s", machine.virt->name);
			return;
		}
	log_print(LOG_ERROR, "this machine cannot run guests: %s", machine.virt_reason);
}

/* By CPU number. */
static void *virt_pages[MAX_CPUS];

/* By CPU 0, for all: the heap has no lock, and CPU 0 uses it while the others start. */
static void take_virt_pages(unsigned number)
{
	if (!machine.virt)
		return;
	virt_pages[number] = page_pool_alloc_block(&kernel_heap, machine.virt->cpu_pages);
	if (!virt_pages[number])
		panic("no memory to switch %s on", machine.virt->name);
}

static void cpu_start_virt(void)
{
	void *pages = virt_pages[this_cpu()->number];

	if (machine.virt)
		machine.virt->cpu_init(pages, page_pool_pa(&kernel_heap, pages));
}

/* Threads of a core share IA32_FEATURE_CONTROL: what one reads unlocked the other must not lock meanwhile. */
static spinlock_t start_lock = SPINLOCK(LOCK_START);

static void cpu_come_online(void)
{
	spin_lock(&start_lock);
	cpu_start_virt();
	spin_unlock(&start_lock);
	/* CPU 0 has given it up: nobody will send it work. An NMI still finds it. */
	while (!cpu_settle(this_cpu()->number, PRESENCE_ONLINE))
		cpu_halt();
}

noreturn void kernel_ap_main(unsigned number)
{
	cpu_prepare(number);
	machine_check_init_cpu();
	cpu_come_online();
	watchdog_start();
	cpu_loop();
}

enum { XAPIC_EVERYBODY = 0xff };

/* CPU numbers: 0 is the one that boots, the others in the order of the MADT. */
static unsigned number_cpus(struct smp_target *targets)
{
	unsigned count = 0;

	machine.cpu_apic_ids[0] = apic_id();
	for (uint32_t i = 0; i < machine.acpi.cpu_count; i++) {
		const struct acpi_cpu *cpu = &machine.acpi.cpus[i];

		if (!cpu->enabled || cpu->apic_id == apic_id() || count == MAX_CPUS - 1)
			continue;
		/* An ICR of 8 bits would name another one, or all. */
		if (!apic_is_x2apic() && cpu->apic_id >= XAPIC_EVERYBODY) {
			log_print(LOG_WARNING, "cpu: APIC id %u is left out: it takes x2APIC mode",
				  cpu->apic_id);
			continue;
		}
		targets[count] = (struct smp_target){.apic_id = cpu->apic_id, .number = count + 1};
		count++;
		machine.cpu_apic_ids[count] = cpu->apic_id;
	}
	return count;
}

static void report_cpu(const struct smp_target *target)
{
	static const char *const why[] = {
		[SMP_OFF] = "was not tried",
		[SMP_RUNNING] = "runs",
		[SMP_SILENT] = "does not answer",
		[SMP_FAILED] = "stopped on its way",
		[SMP_DIFFERENT] = "differs from CPU 0",
		[SMP_NO_MEMORY] = "has no memory for its stacks",
	};

	if (target->state != SMP_RUNNING)
		log_print(LOG_ERROR, "cpu %u (APIC id %u) %s%s%s: left out", target->number,
			  target->apic_id, why[target->state], target->feature ? ": " : "",
			  target->feature ? target->feature : "");
	else if (target->tsc_warp)
		log_print(LOG_WARNING, "cpu %u: TSC goes back by %lu against CPU 0", target->number,
			  target->tsc_warp);
	if (target->state == SMP_RUNNING && target->tsc_warp > machine_facts.warp) {
		machine_facts.warp = target->tsc_warp;
		machine_facts.warp_cpu = target->number;
	}
}

static struct cpuid_regs ask_cpuid(uint32_t leaf, uint32_t subleaf)
{
	return cpuid(leaf, subleaf);
}

/* The boot word smt=share: the operator does not mind who runs beside whom. */
static void find_cores(unsigned count)
{
	unsigned bits = topology_thread_bits(ask_cpuid);

	if (boot_option_is(machine.boot, "smt", "share")) {
		log_print(LOG_WARNING, "cpu: smt=share: partitions may run on one core at a time");
		machine_facts.facts |= FACT_SMT_SHARE;
		bits = 0;
	}
	cores_init(machine.cpu_apic_ids, count, bits);
	log_print(LOG_INFO, "cpu: %u of an APIC id's bits for the threads of a core; IBPB %s", bits,
		  cpu_features.spec_ctrl || cpu_features.ibpb ? "where a CPU changes partitions"
							      : "is not there");
}

/* It goes to kernel_ap_main while the next one is started. What it has yet to do is its own. */
static void await_online(struct smp_target *target)
{
	uint64_t deadline = tsc_read() + us_to_tsc(ONLINE_WAIT_US);

	if (target->state != SMP_RUNNING)
		return;
	while (!cpu_online(target->number) && tsc_read() < deadline)
		cpu_pause();
	if (cpu_settle(target->number, PRESENCE_LEFT_OUT))
		target->state = SMP_FAILED;
}

/* When it returns, all that will come are there: the configuration may name any of them. */
static void start_cpus(void)
{
	static struct smp_target targets[MAX_CPUS];
	unsigned count = number_cpus(targets);
	hpa_t trampoline = memory_trampoline();
	unsigned running = 1;

	cpu_set_count(count + 1);
	for (unsigned i = 0; i < count; i++)
		take_virt_pages(targets[i].number);
	if (count && trampoline)
		smp_start(targets, count, trampoline, tsc_khz(),
			  machine.virt ? machine.virt->cpu_differs : NULL);
	else if (count)
		log_print(LOG_ERROR, "cpu: no page below 1 MiB to start the others from");
	for (unsigned i = 0; i < count; i++) {
		await_online(&targets[i]);
		report_cpu(&targets[i]);
		running += targets[i].state == SMP_RUNNING;
	}
	log_print(LOG_INFO, "cpu: %u of %u run", running, count + 1);
	find_cores(count + 1);
}

/* The second half, on CPU 0's own stack, under the final page tables. */
static void main_in_block(unsigned number)
{
	(void)number;
	cpu_prepare(0);
	display_start();
	for (uint32_t i = 0; i < machine.boot->note_count; i++)
		log_print(LOG_WARNING, "boot: %s", machine.boot->notes[i]);
	read_acpi();
	pic_disable();
	if (!apic_init(machine.acpi.x2apic_opt_out))
		panic("this machine has no local APIC");
	apic_init_cpu();
	machine_check_init_cpu();
	start_clocks();
	efi_init();
	read_time();
	log_print(LOG_INFO, "%s", machine_build);
	log_print(LOG_INFO, "loader: %s; processor: %s", machine.boot->loader,
		  cpu_features.model_name);
	memory_log();
	quiet_devices();
	serial_start();
	read_xsave_layout();
	choose_backend();
	create_init();
	console_init();
	take_virt_pages(0);
	cpu_come_online();
	start_cpus();
	watchdog_start();
	log_set_notify(log_notify);
	cpu_loop();
}

static uint32_t boot_apic_id(void)
{
	return cpuid(1, 0).ebx >> 24; /* apic_init_cpu corrects it where ids have more than 8 bits */
}

noreturn void kernel_main(struct boot_info *info, hpa_t image_delta)
{
	struct memory_heap heap;

	machine.boot_tsc = tsc_read();
	machine.boot = info;
	serial_init(info);
	display_init(info);
	cpu_features_init();
	if (cpu_features_missing())
		panic("this processor lacks %s", cpu_features_missing());
	trap_init();
	smap_patch();
	heap = memory_init(info);
	display_stop();
	kernel_space_init(image_delta, heap.start, heap.size);
	if (percpu_create(0, boot_apic_id()))
		panic("no memory for CPU 0");
	cpu_enter(0, main_in_block);
}
