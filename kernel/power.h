/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's end: all CPUs stop, then the power goes or the reset comes. */
#pragma once

#include "abi/calls.h"
#include "lib/types.h"

noreturn void machine_power(enum power_action action);

/* kernel_nmi asks: is this the NMI that stops the CPU? Then it does not return. */
void machine_power_check_nmi(void);
