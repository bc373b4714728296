/* SPDX-License-Identifier: BSD-2-Clause */
/* Power-off and reboot, once the serial line has said its last. */
#include "kernel/power.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/virt.h"
#include "drivers/power.h"
#include "drivers/tsc.h"
#include "drivers/uart.h"
#include "kernel/efi.h"
#include "kernel/machine.h"
#include "kernel/panic.h"

static bool stopping; /* atomic */

/* In VMX operation INIT is blocked, which some machines reset their CPUs by. */
static void stop_virt(void)
{
	if (machine.virt)
		machine.virt->cpu_stop();
}

void machine_power_check_nmi(void)
{
	if (__atomic_load_n(&stopping, __ATOMIC_ACQUIRE))
		stop_virt();
	while (__atomic_load_n(&stopping, __ATOMIC_ACQUIRE))
		cpu_halt();
}

static void write_memory(uint64_t address, uint8_t value)
{
	volatile uint8_t *reg = mmio_map(address, 1, PAGE_UC);

	if (reg)
		*reg = value;
}

noreturn void machine_power(enum power_action action)
{
	__atomic_store_n(&stopping, true, __ATOMIC_RELEASE);
	apic_send_nmi_all_but_self();
	uart_panic_write("", 0); /* drains what is queued */
	stop_virt();
	if (action == POWER_OFF) {
		power_off(&port_hardware, &machine.acpi, write_memory);
		efi_reset(EFI_RESET_SHUTDOWN);
	} else {
		power_reset_acpi(&port_hardware, &machine.acpi, write_memory);
		efi_reset(EFI_RESET_COLD);
		power_reset_legacy(&port_hardware);
		power_triple_fault();
	}
	panic("the machine did not switch off");
}
