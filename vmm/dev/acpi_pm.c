/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the ACPI fixed registers. Written to the ACPI specification 6.4, 4.8 "ACPI Register Model":
 * 4.8.3.1 "PM1 Event Grouping", 4.8.3.2 "PM1 Control Grouping", 4.8.3.3 "Power Management Timer".
 */
#include "vmm/dev/acpi_pm.h"

#include "vmm/bus.h"
#include "vmm/dev/clock.h"
#include "vmm/dev/irq.h"
#include "vmm/dev/wiring.h"
#include "vmm/host.h"

/* PM1 status and enable have the same bits. What is not here does not happen in this PC. */
enum pm1_event { PM1_TMR = 1 << 0, PM1_GBL = 1 << 5, PM1_PWRBTN = 1 << 8 };
/* The RTC's event never comes (the FADT says so); Linux enables it all the same, and wants to see it. */
enum { PM1_RTC_EN = 1 << 10 };
enum { PM1_ENABLES = PM1_TMR | PM1_GBL | PM1_PWRBTN | PM1_RTC_EN };
enum pm1_control {
	PM1_SCI_EN = 1 << 0, /* follows the SMI command port; OSPM only preserves it */
	PM1_BM_RLD = 1 << 1,
	PM1_SLP_TYP = 7 << 10,
	PM1_SLP_EN = 1 << 13, /* write-only */
};
enum { PM1_SLP_TYP_SHIFT = 10, CONTROL_WRITABLE = PM1_BM_RLD | PM1_SLP_TYP };
enum { TMR_CARRY_SHIFT = ACPI_PM_TIMER_BITS - 1 };

static uint64_t carries(uint64_t now)
{
	return clock_ticks(now, CLOCK_PM) >> TMR_CARRY_SHIFT;
}

static uint64_t carry_time(uint64_t carry)
{
	return clock_ns(carry << TMR_CARRY_SHIFT, CLOCK_PM);
}

/* Sets TMR_STS if the timer's top bit has toggled since it was last looked at. */
static void evaluate(struct acpi_pm *pm, uint64_t now)
{
	uint64_t seen = carries(now);

	if (seen > pm->carries_seen) {
		pm->carries_seen = seen;
		pm->status |= PM1_TMR;
	}
}

/* Brings the SCI and the timer up to date. After every change of state. */
static void update(struct acpi_pm *pm)
{
	bool enabled = (pm->control & PM1_SCI_EN) != 0;
	bool line = enabled && (pm->status & pm->enable) != 0;

	if (line != pm->line) {
		pm->line = line;
		irq_set(GSI_SCI, line);
	}
	/* Only a carry that would interrupt is worth an event. */
	if (enabled && (pm->enable & ~pm->status & PM1_TMR) != 0)
		timer_arm(&pm->timer, carry_time(pm->carries_seen + 1));
	else
		timer_cancel(&pm->timer);
}

static void expired(struct device *dev, struct device_timer *timer, uint64_t now)
{
	struct acpi_pm *pm = CONTAINER_OF(dev, struct acpi_pm, dev);

	(void)timer;
	spin_lock(&dev->lock);
	evaluate(pm, now);
	update(pm);
	spin_unlock(&dev->lock);
}

void acpi_pm_press_power(struct acpi_pm *pm)
{
	spin_lock(&pm->dev.lock);
	pm->status |= PM1_PWRBTN;
	update(pm);
	spin_unlock(&pm->dev.lock);
}

/* The PM1 block as bytes, for accesses of any size to it. Reserved registers read 0. */
static uint64_t block_now(struct acpi_pm *pm)
{
	evaluate(pm, host_now());
	return (uint64_t)pm->control << 32 | (uint64_t)pm->enable << 16 | pm->status;
}

static uint32_t read_block(struct acpi_pm *pm, unsigned offset)
{
	uint64_t block;

	spin_lock(&pm->dev.lock);
	block = block_now(pm);
	spin_unlock(&pm->dev.lock);
	return (uint32_t)(block >> (8 * offset));
}

/* The command port reads as the command that made the present state. */
static uint32_t read_smi(struct acpi_pm *pm, unsigned offset)
{
	bool enabled;
	uint8_t status;

	spin_lock(&pm->dev.lock);
	enabled = (pm->control & PM1_SCI_EN) != 0;
	status = pm->smi_status;
	spin_unlock(&pm->dev.lock);
	if (offset != 0)
		return status;
	return (uint32_t)status << 8 | (enabled ? ACPI_ENABLE_VALUE : ACPI_DISABLE_VALUE);
}

static uint32_t read_timer(unsigned offset)
{
	uint64_t count = clock_ticks(host_now(), CLOCK_PM) & BITS(ACPI_PM_TIMER_BITS - 1, 0);

	return (uint32_t)(count >> (8 * offset));
}

/* The timer comes first and takes no lock: it is a clock source. */
static uint32_t io_read(struct device *dev, uint16_t port, unsigned size)
{
	struct acpi_pm *pm = CONTAINER_OF(dev, struct acpi_pm, dev);

	(void)size;
	if (port >= PORT_PM_TMR)
		return read_timer(port - (unsigned)PORT_PM_TMR);
	if (port < PORT_PM1_EVT)
		return read_smi(pm, port - (unsigned)PORT_SMI_CMD);
	return read_block(pm, port - (unsigned)PORT_PM1_EVT);
}

/*
 * True if the write asks for soft-off. SLP_EN with another type is ignored: no other state exists.
 */
static bool write_control(struct acpi_pm *pm, uint16_t value, uint16_t mask)
{
	uint16_t writable = mask & CONTROL_WRITABLE;

	pm->control = (uint16_t)((pm->control & ~writable) | (value & writable));
	return (value & mask & PM1_SLP_EN) != 0 &&
	       (pm->control & PM1_SLP_TYP) == ACPI_S5_SLP_TYP << PM1_SLP_TYP_SHIFT;
}

static bool write_block(struct acpi_pm *pm, unsigned offset, unsigned size, uint32_t value)
{
	uint64_t block = (uint64_t)value << (8 * offset);
	uint64_t mask = (BIT(8 * size) - 1) << (8 * offset);
	uint16_t enable_mask = (uint16_t)(mask >> 16) & PM1_ENABLES;
	bool off;

	evaluate(pm, host_now());
	pm->status &= (uint16_t) ~(block & mask); /* write 1 to clear */
	pm->enable = (uint16_t)((pm->enable & ~enable_mask) |
				((uint16_t)(block >> 16) & enable_mask));
	off = write_control(pm, (uint16_t)(block >> 32), (uint16_t)(mask >> 32));
	update(pm);
	return off;
}

/* Stands in for the firmware's SMI handler. Other commands have no effect. */
static void write_smi_command(struct acpi_pm *pm, uint8_t value)
{
	if (value == ACPI_ENABLE_VALUE)
		pm->control |= PM1_SCI_EN;
	else if (value == ACPI_DISABLE_VALUE)
		pm->control &= (uint16_t)~PM1_SCI_EN;
	update(pm);
}

static void io_write(struct device *dev, uint16_t port, unsigned size, uint32_t value)
{
	struct acpi_pm *pm = CONTAINER_OF(dev, struct acpi_pm, dev);
	bool off = false;

	spin_lock(&dev->lock);
	if (port >= PORT_PM1_EVT && port < PORT_PM_TMR)
		off = write_block(pm, port - (unsigned)PORT_PM1_EVT, size, value);
	if (port == PORT_SMI_CMD)
		write_smi_command(pm, (uint8_t)value);
	/* The byte behind it, by itself or as a word's upper half. */
	if (port == PORT_SMI_CMD + 1)
		pm->smi_status = (uint8_t)value;
	else if (port == PORT_SMI_CMD && size > 1)
		pm->smi_status = (uint8_t)(value >> 8);
	spin_unlock(&dev->lock);
	if (off)
		guest_power_off();
}

static void reset(struct device *dev)
{
	struct acpi_pm *pm = CONTAINER_OF(dev, struct acpi_pm, dev);

	spin_lock(&dev->lock);
	pm->status = 0;
	pm->enable = 0;
	pm->control = 0;
	pm->smi_status = 0;
	pm->carries_seen = carries(host_now());
	update(pm);
	spin_unlock(&dev->lock);
}

static const struct device_ops ops = {
	.reset = reset,
	.expired = expired,
	.io_read = io_read,
	.io_write = io_write,
	.io_sizes = SIZE_1 | SIZE_2 | SIZE_4,
};

enum err acpi_pm_init(struct acpi_pm *pm)
{
	enum err err;

	*pm = (struct acpi_pm){.dev = {.name = "acpi-pm", .ops = &ops}};
	pm->timer.owner = &pm->dev;
	reset(&pm->dev);
	err = bus_claim_ports(&pm->dev, PORT_PM1_EVT, PM_BLOCK_SIZE);
	if (err == ERR_NONE)
		err = bus_claim_ports(&pm->dev, PORT_SMI_CMD, 2);
	return err;
}
