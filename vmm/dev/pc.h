/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's PC: all standard device models, wired as wiring.h says. One per VMM. */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"
#include "vmm/dev/rtc.h"

struct pci;

struct pc_config {
	struct rtc_config rtc;
	uint8_t ioapic_id; /* the MADT's */
};

/*
 * Empties the bus and the timer queue and builds the PC. Further devices may then claim ranges or
 * be registered on pc_pci(); then comes bus_seal(). Fails only if the models' claims contradict
 * each other.
 */
enum err must_check pc_init(const struct pc_config *config);

/* For pci_register(). */
struct pci *pc_pci(void);

/*
 * All devices back to power-on; time and CMOS stay. No vCPU may run. The kernel's part of the lines
 * (pic_output, eoi_watch, deadline) follows by itself.
 */
void pc_reset(void);

/*
 * The VMM's events: deadline, console input, console space, power button, EOIs, interrupt
 * acknowledge.
 */
void pc_deadline(void);
void pc_console_input(void);
void pc_console_space(void);
void pc_power_button(void);
void pc_eoi(const uint64_t vectors[4]);
uint8_t pc_inta(void);

/* For a report: characters that the guest lost at its UART, and its last POST code. */
uint64_t pc_uart_dropped(void);
uint8_t pc_post_code(void);
