/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines and the echo of a test suite. Its echo at E8h is left out, as E9h is the debug port; so is
 * the one at E4h that makes QEMU map a page anew, which has no effect that a guest could see.
 */
#include "vmm/pc_testdev.h"

#include "lib/string.h"
#include "vmm/bus.h"
#include "vmm/dev/irq.h"
#include "vmm/dev/wiring.h"
#include "vmm/device.h"

/* A page and not 64 KiB: each partition's VMM has it, also where nothing is tested. */
static uint8_t page[PAGE_SIZE]; /* echo.lock, as port_bytes */
static uint8_t port_bytes[4];

/* An access is aligned and does not leave its 4 ports or its page: the bus splits others. */
static uint64_t load(struct device *dev, const uint8_t *bytes, unsigned size)
{
	uint64_t value = 0;

	spin_lock(&dev->lock);
	memcpy(&value, bytes, size);
	spin_unlock(&dev->lock);
	return value;
}

static void store(struct device *dev, uint8_t *bytes, unsigned size, uint64_t value)
{
	spin_lock(&dev->lock);
	memcpy(bytes, &value, size);
	spin_unlock(&dev->lock);
}

static uint32_t echo_io_read(struct device *dev, uint16_t port, unsigned size)
{
	return (uint32_t)load(dev, &port_bytes[port - PC_TESTDEV_ECHO], size);
}

static void echo_io_write(struct device *dev, uint16_t port, unsigned size, uint32_t value)
{
	store(dev, &port_bytes[port - PC_TESTDEV_ECHO], size, value);
}

static uint64_t echo_mmio_read(struct device *dev, uint64_t offset, unsigned size)
{
	return load(dev, &page[offset & PAGE_MASK], size);
}

static void echo_mmio_write(struct device *dev, uint64_t offset, unsigned size, uint64_t value)
{
	store(dev, &page[offset & PAGE_MASK], size, value);
}

static const struct device_ops echo_ops = {
	.io_read = echo_io_read,
	.io_write = echo_io_write,
	.mmio_read = echo_mmio_read,
	.mmio_write = echo_mmio_write,
	.io_sizes = SIZE_1 | SIZE_2 | SIZE_4,
	.mmio_sizes = SIZE_1 | SIZE_2 | SIZE_4 | SIZE_8,
};

/* ISA IRQ 0 is GSI 2, and what a PC has at IRQ 2 is no line but the cascade: both ports mean that wire. */
static void lines_write(struct device *dev, uint16_t port, unsigned size, uint32_t value)
{
	unsigned line = port - PC_TESTDEV_LINES;

	(void)size;
	spin_lock(&dev->lock);
	irq_set(line == 0 ? (unsigned)GSI_PIT : line, value != 0);
	spin_unlock(&dev->lock);
}

static const struct device_ops lines_ops = {
	.io_write = lines_write,
	.io_sizes = SIZE_1 | SIZE_2 | SIZE_4,
};

static struct device echo = {.name = "test echo", .ops = &echo_ops};
static struct device lines = {.name = "test lines", .ops = &lines_ops};

enum err pc_testdev_init(void)
{
	enum err error = bus_claim_ports(&echo, PC_TESTDEV_ECHO, sizeof(port_bytes));

	if (!error)
		error = bus_claim_mmio(&echo, PC_TESTDEV_MMIO, PC_TESTDEV_MMIO_SIZE);
	return error ? error : bus_claim_ports(&lines, PC_TESTDEV_LINES, GSI_COUNT);
}
