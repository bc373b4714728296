/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests of the device models put in the place of the host: a clock that stands until told, and
 * a record of what the models asked for. One test program includes it once. fake_go() advances the
 * clock and lets the timers expire on the way, as the kernel would.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/types.h"
#include "vmm/bus.h"
#include "vmm/host.h"
#include "vmm/timers.h"

struct fake_message {
	uint32_t dest;
	bool logical;
	unsigned mode, vector;
	bool level;
};

static struct {
	uint64_t now, deadline;
	unsigned deadlines_set, expiries;
	struct fake_message message[64]; /* the last ones; message_count % 64 is next */
	unsigned messages;
	uint64_t watch[4];
	unsigned watches;
	bool intr;
	unsigned intr_changes;
	unsigned power_offs, resets;
	char out[16384];
	size_t out_count, out_space; /* space: what console_put() may still take */
	unsigned puts;
	char in[256];
	size_t in_count;
} fake;

uint64_t host_now(void)
{
	return fake.now;
}

void host_set_deadline(uint64_t when_ns)
{
	fake.deadline = when_ns;
	fake.deadlines_set++;
}

void apic_message(uint32_t dest, bool logical, unsigned mode, unsigned vector, bool level_triggered)
{
	fake.message[fake.messages++ % ARRAY_SIZE(fake.message)] = (struct fake_message){
		dest, logical, mode, vector, level_triggered};
}

void eoi_watch(const uint64_t vectors[4])
{
	memcpy(fake.watch, vectors, sizeof(fake.watch));
	fake.watches++;
}

void pic_output(bool level)
{
	fake.intr = level;
	fake.intr_changes++;
}

size_t console_put(const void *data, size_t size)
{
	size_t take = MIN(MIN(size, fake.out_space), sizeof(fake.out) - fake.out_count);

	memcpy(fake.out + fake.out_count, data, take);
	fake.out_count += take;
	fake.out_space -= take;
	fake.puts++;
	return take;
}

size_t console_get(void *data, size_t size)
{
	size_t give = MIN(size, fake.in_count);

	memcpy(data, fake.in, give);
	memmove(fake.in, fake.in + give, fake.in_count - give);
	fake.in_count -= give;
	return give;
}

void guest_power_off(void)
{
	fake.power_offs++;
}

void guest_reset(const char *why)
{
	(void)why;
	fake.resets++;
}

/* A new machine: nothing claimed, nothing armed. The clock starts at an uneven time. */
__attribute__((unused)) static void fake_start(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.now = 1234567;
	fake.deadline = UINT64_MAX;
	fake.out_space = SIZE_MAX;
	bus_init();
	timers_init();
}

/* Lets ns pass; each deadline is told when it comes. */
__attribute__((unused)) static void fake_go(uint64_t ns)
{
	uint64_t end = fake.now + ns;

	while (fake.deadline <= end) {
		fake.now = MAX(fake.now, fake.deadline);
		fake.deadline = UINT64_MAX;
		fake.expiries++;
		timers_expire(fake.now);
	}
	fake.now = end;
}

__attribute__((unused)) static uint8_t in8(uint16_t port)
{
	return (uint8_t)bus_port_read(port, 1);
}

__attribute__((unused)) static void out8(uint16_t port, unsigned value)
{
	bus_port_write(port, 1, value);
}
