/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the ports that reset the machine or absorb a write. CF9h is written to the PIIX data sheet
 * 290562 "Reset Control Register", 92h to the PS/2's "System Control Port A".
 */
#include "vmm/dev/sysctl.h"

#include "vmm/bus.h"
#include "vmm/dev/wiring.h"
#include "vmm/host.h"

enum reset_control { RESET_SYSTEM = 1 << 1, RESET_CPU = 1 << 2, RESET_FULL = 1 << 3 };
enum { RESET_WRITABLE = RESET_SYSTEM | RESET_CPU | RESET_FULL };
/* A20 is kept for the guest to read back, but the address line is never masked. */
enum system_a { SYSTEM_A_RESET = 1 << 0, SYSTEM_A_A20 = 1 << 1 };
enum { SYSTEM_A_WRITABLE = SYSTEM_A_RESET | SYSTEM_A_A20 };

static uint8_t read_byte(struct sysctl *sysctl, const uint8_t *reg)
{
	uint8_t value;

	spin_lock(&sysctl->dev.lock);
	value = *reg;
	spin_unlock(&sysctl->dev.lock);
	return value;
}

uint8_t sysctl_post_code(struct sysctl *sysctl)
{
	return read_byte(sysctl, &sysctl->post);
}

uint8_t sysctl_reset_read(struct sysctl *sysctl)
{
	return read_byte(sysctl, &sysctl->reset_control);
}

/* Bit 2 going from 0 to 1 resets; whether it is a hard or a soft one makes no difference here. */
void sysctl_reset_write(struct sysctl *sysctl, uint8_t value)
{
	bool rises;

	spin_lock(&sysctl->dev.lock);
	rises = (value & ~sysctl->reset_control & RESET_CPU) != 0;
	sysctl->reset_control = value & RESET_WRITABLE;
	spin_unlock(&sysctl->dev.lock);
	if (rises)
		guest_reset("reset control port CF9h");
}

static void write_system_a(struct sysctl *sysctl, uint8_t value)
{
	bool rises;

	spin_lock(&sysctl->dev.lock);
	rises = (value & ~sysctl->system_a & SYSTEM_A_RESET) != 0;
	sysctl->system_a = value & SYSTEM_A_WRITABLE;
	spin_unlock(&sysctl->dev.lock);
	if (rises)
		guest_reset("system control port 92h");
}

/* The register behind a port of one byte. */
static uint8_t *reg_of(struct sysctl *sysctl, uint16_t port)
{
	if (port == PORT_SYSTEM_A)
		return &sysctl->system_a;
	return port == PORT_POST ? &sysctl->post : &sysctl->delay;
}

static uint32_t io_read(struct device *dev, uint16_t port, unsigned size)
{
	struct sysctl *sysctl = CONTAINER_OF(dev, struct sysctl, dev);

	(void)size;
	return read_byte(sysctl, reg_of(sysctl, port));
}

static void io_write(struct device *dev, uint16_t port, unsigned size, uint32_t value)
{
	struct sysctl *sysctl = CONTAINER_OF(dev, struct sysctl, dev);

	(void)size;
	if (port == PORT_SYSTEM_A) {
		write_system_a(sysctl, (uint8_t)value);
		return;
	}
	spin_lock(&dev->lock);
	*reg_of(sysctl, port) = (uint8_t)value;
	spin_unlock(&dev->lock);
}

static void reset(struct device *dev)
{
	struct sysctl *sysctl = CONTAINER_OF(dev, struct sysctl, dev);

	spin_lock(&dev->lock);
	sysctl->reset_control = 0;
	sysctl->system_a = SYSTEM_A_A20;
	sysctl->post = 0;
	sysctl->delay = 0;
	spin_unlock(&dev->lock);
}

static const struct device_ops ops = {
	.reset = reset,
	.io_read = io_read,
	.io_write = io_write,
	.io_sizes = SIZE_1,
};

enum err sysctl_init(struct sysctl *sysctl)
{
	enum err err;

	*sysctl = (struct sysctl){.dev = {.name = "sysctl", .ops = &ops}};
	reset(&sysctl->dev);
	err = bus_claim_ports(&sysctl->dev, PORT_SYSTEM_A, 1);
	if (err == ERR_NONE)
		err = bus_claim_ports(&sysctl->dev, PORT_POST, 1);
	if (err == ERR_NONE)
		err = bus_claim_ports(&sysctl->dev, PORT_DELAY, 1);
	return err;
}
