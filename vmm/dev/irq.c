/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the fan-out of an interrupt wire to the 8259 pair and the IOAPIC. */
#include "vmm/dev/irq.h"

#include "vmm/dev/ioapic.h"
#include "vmm/dev/pic.h"
#include "vmm/dev/wiring.h"

/* Set once at start, before any vCPU runs. */
static struct pic *the_pic;
static struct ioapic *the_ioapic;

void irq_connect(struct pic *pic, struct ioapic *ioapic)
{
	the_pic = pic;
	the_ioapic = ioapic;
}

void irq_set(unsigned gsi, bool level)
{
	if (the_pic != NULL && gsi < PIC_IRQS)
		pic_set(the_pic, gsi == GSI_PIT ? 0 : gsi, level);
	if (the_ioapic != NULL)
		ioapic_set(the_ioapic, gsi, level);
}
