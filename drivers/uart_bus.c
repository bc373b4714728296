/* SPDX-License-Identifier: BSD-2-Clause */
/* The two ways to a 16550's registers: ports and memory. */
#include "drivers/port.h"
#include "drivers/uart.h"

static uint16_t port_of(const struct uart_bus *bus, unsigned reg)
{
	return (uint16_t)(bus->base + reg * bus->stride);
}

static uint8_t port_read(const struct uart_bus *bus, unsigned reg)
{
	return port_hardware.read8(port_of(bus, reg));
}

static void port_write(const struct uart_bus *bus, unsigned reg, uint8_t value)
{
	port_hardware.write8(port_of(bus, reg), value);
}

struct uart_bus uart_bus_port(uint16_t port)
{
	return (struct uart_bus){.read = port_read, .write = port_write, .base = port, .stride = 1};
}

static volatile uint8_t *memory_of(const struct uart_bus *bus, unsigned reg)
{
	return (volatile uint8_t *)(bus->base + reg * bus->stride);
}

static uint8_t memory_read8(const struct uart_bus *bus, unsigned reg)
{
	return *memory_of(bus, reg);
}

static void memory_write8(const struct uart_bus *bus, unsigned reg, uint8_t value)
{
	*memory_of(bus, reg) = value;
}

/* Registers 4 bytes apart often answer to 4-byte accesses only (Microsoft's DBG2 "Access Size"). */
static uint8_t memory_read32(const struct uart_bus *bus, unsigned reg)
{
	return (uint8_t) * (volatile uint32_t *)memory_of(bus, reg);
}

static void memory_write32(const struct uart_bus *bus, unsigned reg, uint8_t value)
{
	*(volatile uint32_t *)memory_of(bus, reg) = value;
}

struct uart_bus uart_bus_mmio(volatile void *registers, unsigned stride)
{
	bool wide = stride >= 4;

	return (struct uart_bus){
		.read = wide ? memory_read32 : memory_read8,
		.write = wide ? memory_write32 : memory_write8,
		.base = (uintptr_t)registers,
		.stride = stride,
	};
}
