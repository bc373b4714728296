/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the 8254's ports, port 61h, and the timer behind IRQ 0. The counters' rules are in
 * pit_counter.c; port 61h is written to the PIIX data sheet 290562 "NMI Status and Control
 * Register".
 */
#include "vmm/dev/pit.h"

#include "vmm/bus.h"
#include "vmm/dev/clock.h"
#include "vmm/dev/irq.h"
#include "vmm/dev/wiring.h"
#include "vmm/host.h"

enum { IRQ_COUNTER = 0, SPEAKER_COUNTER = 2, CONTROL_PORT = 3 };
enum { CONTROL_RW = 3 << 4, SELECT_READ_BACK = 3 };
enum read_back { READ_BACK_NO_STATUS = 1 << 4, READ_BACK_NO_COUNT = 1 << 5 };
enum port_b {
	PORT_B_GATE = 1 << 0,
	PORT_B_WRITABLE = 0xf,
	PORT_B_REFRESH = 1 << 4,
	PORT_B_OUTPUT = 1 << 5,
};
/* Counter 1 of a PC asks for a DRAM refresh every 18 ticks, and port 61h shows each by a toggle. */
enum { REFRESH_TICKS = 18 };

static void set_line(struct pit *pit, bool level)
{
	if (pit->line == level)
		return;
	pit->line = level;
	irq_set(GSI_PIT, level);
}

/* Brings IRQ 0 and its timer up to date after counter 0 was written. */
static void schedule(struct pit *pit, uint64_t tick)
{
	struct pit_counter *counter = &pit->counter[IRQ_COUNTER];
	uint64_t when;

	pit->rise_at = pit_counter_next_rise(counter, tick);
	if (pit->rise_at == PIT_NEVER) {
		timer_cancel(&pit->timer);
		return;
	}
	when = clock_ns(pit->rise_at, CLOCK_PIT);
	timer_arm(&pit->timer, MAX(when, pit->last_rise + PIT_MIN_PERIOD_NS));
}

/*
 * OUT has risen, maybe several times: one edge. The fall before it is told only now, so that a
 * periodic mode costs one event a period. (In between the line stands high where OUT is low; an
 * edge-triggered input does not tell the difference.)
 */
static void expired(struct device *dev, struct device_timer *timer, uint64_t now)
{
	struct pit *pit = CONTAINER_OF(dev, struct pit, dev);
	uint64_t tick;

	(void)timer;
	spin_lock(&dev->lock);
	tick = clock_ticks(now, CLOCK_PIT);
	if (pit->rise_at != PIT_NEVER && tick >= pit->rise_at &&
	    now >= pit->last_rise + PIT_MIN_PERIOD_NS) {
		pit->last_rise = now;
		set_line(pit, false);
		set_line(pit, true);
		schedule(pit, tick);
	} else if (pit->rise_at != PIT_NEVER) {
		timer_arm(timer, MAX(clock_ns(pit->rise_at, CLOCK_PIT),
				     pit->last_rise + PIT_MIN_PERIOD_NS));
	}
	spin_unlock(&dev->lock);
}

/* Counter 0 was written: OUT may have changed with it. */
static void counter_changed(struct pit *pit, unsigned index, uint64_t tick)
{
	if (index != IRQ_COUNTER)
		return;
	set_line(pit, pit_counter_output(&pit->counter[IRQ_COUNTER], tick));
	schedule(pit, tick);
}

static void read_back(struct pit *pit, uint64_t tick, uint8_t command)
{
	for (unsigned i = 0; i < PIT_COUNTERS; i++) {
		if ((command & (2U << i)) == 0)
			continue;
		if ((command & READ_BACK_NO_COUNT) == 0)
			pit_counter_latch_count(&pit->counter[i], tick);
		if ((command & READ_BACK_NO_STATUS) == 0)
			pit_counter_latch_status(&pit->counter[i], tick);
	}
}

static void write_control(struct pit *pit, uint64_t tick, uint8_t value)
{
	unsigned index = value >> 6;

	if (index == SELECT_READ_BACK) {
		read_back(pit, tick, value);
	} else if ((value & CONTROL_RW) == 0) {
		pit_counter_latch_count(&pit->counter[index], tick);
	} else {
		pit_counter_write_control(&pit->counter[index], tick, value);
		counter_changed(pit, index, tick);
	}
}

static uint8_t read_port_b(struct pit *pit, uint64_t tick)
{
	bool output = pit_counter_output(&pit->counter[SPEAKER_COUNTER], tick);

	return (uint8_t)(pit->port_b | (tick / REFRESH_TICKS % 2 != 0 ? PORT_B_REFRESH : 0) |
			 (output ? PORT_B_OUTPUT : 0));
}

static uint32_t io_read(struct device *dev, uint16_t port, unsigned size)
{
	struct pit *pit = CONTAINER_OF(dev, struct pit, dev);
	uint64_t tick;
	uint8_t value = 0xff; /* the control word register cannot be read */

	(void)size;
	spin_lock(&dev->lock);
	tick = clock_ticks(host_now(), CLOCK_PIT);
	if (port == PORT_SYSTEM_B)
		value = read_port_b(pit, tick);
	else if (port - PORT_PIT < PIT_COUNTERS)
		value = pit_counter_read(&pit->counter[port - PORT_PIT], tick);
	spin_unlock(&dev->lock);
	return value;
}

static void io_write(struct device *dev, uint16_t port, unsigned size, uint32_t value)
{
	struct pit *pit = CONTAINER_OF(dev, struct pit, dev);
	uint64_t tick;

	(void)size;
	spin_lock(&dev->lock);
	tick = clock_ticks(host_now(), CLOCK_PIT);
	if (port == PORT_SYSTEM_B) {
		pit->port_b = (uint8_t)(value & PORT_B_WRITABLE);
		pit_counter_set_gate(&pit->counter[SPEAKER_COUNTER], tick,
				     (value & PORT_B_GATE) != 0);
	} else if (port - PORT_PIT == CONTROL_PORT) {
		write_control(pit, tick, (uint8_t)value);
	} else {
		pit_counter_write(&pit->counter[port - PORT_PIT], tick, (uint8_t)value);
		counter_changed(pit, (unsigned)(port - PORT_PIT), tick);
	}
	spin_unlock(&dev->lock);
}

static void reset(struct device *dev)
{
	struct pit *pit = CONTAINER_OF(dev, struct pit, dev);

	spin_lock(&dev->lock);
	for (unsigned i = 0; i < PIT_COUNTERS; i++)
		pit_counter_reset(&pit->counter[i], i != SPEAKER_COUNTER);
	/* The line stays low until a guest programs the counter: there was no firmware to do it. */
	pit->port_b = 0;
	pit->rise_at = PIT_NEVER;
	timer_cancel(&pit->timer);
	set_line(pit, false);
	spin_unlock(&dev->lock);
}

static const struct device_ops ops = {
	.reset = reset,
	.expired = expired,
	.io_read = io_read,
	.io_write = io_write,
	.io_sizes = SIZE_1,
};

enum err pit_init(struct pit *pit)
{
	enum err err;

	*pit = (struct pit){.dev = {.name = "8254", .ops = &ops}};
	pit->timer.owner = &pit->dev;
	reset(&pit->dev);
	err = bus_claim_ports(&pit->dev, PORT_PIT, 4);
	if (err == ERR_NONE)
		err = bus_claim_ports(&pit->dev, PORT_SYSTEM_B, 1);
	return err;
}
