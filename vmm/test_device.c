/* SPDX-License-Identifier: BSD-2-Clause */
/* The device of the test guests: no state, two ports. */
#include "vmm/test_device.h"

#include "vmm/bus.h"
#include "vmm/device.h"
#include "vmm/host_end.h"
#include "vmm/ring.h"

static uint32_t io_read(struct device *dev, uint16_t port, unsigned size)
{
	(void)dev;
	(void)size;
	/* E9h says that it is there by giving its own number, as emulators' debug ports do. */
	return port == TEST_PORT_OUTPUT ? TEST_PORT_OUTPUT : UINT32_MAX;
}

static void io_write(struct device *dev, uint16_t port, unsigned size, uint32_t value)
{
	uint8_t byte = (uint8_t)value;

	(void)dev;
	(void)size;
	if (port == TEST_PORT_EXIT)
		guest_exit(value);
	else if (port == TEST_PORT_OUTPUT)
		ring_put(&byte,
			 1); /* what the ring does not take is lost: there is no flow control */
}

static void io_write_block(struct device *dev, uint16_t port, const uint8_t *data, size_t count)
{
	(void)dev;
	if (port == TEST_PORT_OUTPUT)
		ring_put(data, count);
	else if (port == TEST_PORT_EXIT && count)
		guest_exit(data[0]);
}

static const struct device_ops ops = {
	.io_read = io_read,
	.io_write = io_write,
	.io_write_block = io_write_block,
	.io_sizes = SIZE_1 | SIZE_2 | SIZE_4,
};

static struct device device = {.name = "test device", .ops = &ops};

enum err test_device_init(void)
{
	enum err error = bus_claim_ports(&device, TEST_PORT_OUTPUT, 1);

	return error ? error : bus_claim_ports(&device, TEST_PORT_EXIT, 4);
}
