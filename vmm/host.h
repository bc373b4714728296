/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the device models need from outside: the clock, the vCPUs' local APICs, power, and the
 * console ring. The VMM's main part defines these with calls to the kernel; unit tests define
 * fakes. All but the last group may be called with device locks held, so none may call back into a
 * device.
 */
#pragma once

#include "lib/types.h"

/* Nanoseconds since the partition started. Never runs backward on one vCPU. */
uint64_t host_now(void);

/* Asks for timers_expire() at this time, or never (UINT64_MAX). Replaces what was asked before. */
void host_set_deadline(uint64_t when_ns);

/*
 * An interrupt message, as IOAPIC and MSI send it, for the kernel's local APICs. mode is the
 * architected delivery mode (0 fixed, 1 lowest priority, 4 NMI, 7 ExtINT).
 */
void apic_message(uint32_t dest, bool logical, unsigned mode, unsigned vector, bool level_triggered);

/* The vectors (a bit each) whose EOI is to be told to the VMM; replaces the set given before. */
void eoi_watch(const uint64_t vectors[4]);

/* The 8259 pair's INTR line, to LVT0 of the local APICs. Told on change only. */
void pic_output(bool level);

/*
 * The guest's console ring. put takes up to size bytes and says how many it took; fewer means that
 * the ring is full, and uart_console_space() is due when it no longer is. get is the input half.
 */
size_t console_put(const void *data, size_t size);
size_t console_get(void *data, size_t size);

/*
 * Called without locks. They only note the wish: the caller's access completes and then all stops.
 */
void guest_power_off(void);
void guest_reset(const char *why);
