/* SPDX-License-Identifier: BSD-2-Clause */
/* The wires from the devices to the two interrupt controllers. */
#pragma once

#include "lib/types.h"

struct ioapic;
struct pic;

/* Before any device is used: which controllers the wires lead to. Either may be NULL. */
void irq_connect(struct pic *pic, struct ioapic *ioapic);

/*
 * Drives one wire: gsi is of enum wiring_gsi, level says whether the interrupt is asserted (never a
 * voltage). A device calls it with its lock held, so that its levels arrive in order.
 */
void irq_set(unsigned gsi, bool level);
