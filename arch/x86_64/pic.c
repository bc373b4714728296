/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware leaves the 8259s at vectors 8 and 70h, where IRQ 0 looks like #DF. A masked one can
 * still send its spurious IRQ 7, so it is moved too: Intel 8259A data sheet, "Initialization
 * Command Words".
 */
#include "arch/x86_64/pic.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/vectors.h"

enum {
	PIC_MASTER = 0x20,
	PIC_SLAVE = 0xa0,
	PIC_DATA = 1,	 /* the second port */
	PIC_ICW1 = 0x11, /* edge-triggered, cascaded, ICW4 follows */
	PIC_ICW4 = 0x01, /* 8086 mode */
	PIC_CASCADE = 2, /* the slave's line */
};

static void init(uint16_t port, uint8_t base, uint8_t cascade)
{
	io_out8(port, PIC_ICW1);
	io_out8(port + PIC_DATA, base);
	io_out8(port + PIC_DATA, cascade);
	io_out8(port + PIC_DATA, PIC_ICW4);
	io_out8(port + PIC_DATA, 0xff);
}

void pic_disable(void)
{
	init(PIC_MASTER, VECTOR_LEGACY_BASE, 1 << PIC_CASCADE);
	init(PIC_SLAVE, VECTOR_LEGACY_BASE + 8, PIC_CASCADE);
}
