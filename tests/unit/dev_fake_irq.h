/* SPDX-License-Identifier: BSD-2-Clause */
/* In the place of the interrupt controllers: each wire's level, and how often it rose. */
#pragma once

#include <stdlib.h>

#include "vmm/dev/irq.h"
#include "vmm/dev/wiring.h"

static struct {
	bool level;
	unsigned rises;
} fake_irq[GSI_COUNT];

void irq_set(unsigned gsi, bool level)
{
	if (gsi >= GSI_COUNT)
		abort();
	fake_irq[gsi].rises += level && !fake_irq[gsi].level;
	fake_irq[gsi].level = level;
}
