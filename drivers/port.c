/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's own ports behind struct port_ops. */
#include "drivers/port.h"

#include "arch/x86_64/insn.h"

/* The functions of insn.h are inlined where they are called; a table needs addresses. */
static uint8_t read8(uint16_t port)
{
	return io_in8(port);
}

static uint16_t read16(uint16_t port)
{
	return io_in16(port);
}

static uint32_t read32(uint16_t port)
{
	return io_in32(port);
}

static void write8(uint16_t port, uint8_t value)
{
	io_out8(port, value);
}

static void write16(uint16_t port, uint16_t value)
{
	io_out16(port, value);
}

static void write32(uint16_t port, uint32_t value)
{
	io_out32(port, value);
}

static uint64_t tsc(void)
{
	return tsc_read_ordered();
}

const struct port_ops port_hardware = {
	.read8 = read8,
	.read16 = read16,
	.read32 = read32,
	.write8 = write8,
	.write16 = write16,
	.write32 = write32,
	.tsc = tsc,
};
