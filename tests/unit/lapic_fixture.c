/* SPDX-License-Identifier: BSD-2-Clause */
/* The APIC under test and its handles. */
#include "tests/unit/lapic_fixture.h"

#include <stdlib.h>

struct lapic apic;
struct lapic_clock rates;
struct lapic_effect effect;
uint64_t now;

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	print_error("%s:%d: %s\n", file, line, expression);
	abort();
}

void put(unsigned offset, uint32_t value)
{
	effect = (struct lapic_effect){0};
	lapic_write(&apic, offset, value, now, &effect);
}

uint32_t get(unsigned offset)
{
	return lapic_read(&apic, offset, now);
}

bool put_msr(uint32_t index, uint64_t value)
{
	effect = (struct lapic_effect){0};
	return lapic_msr_write(&apic, index, value, now, &effect);
}

bool base(uint64_t value)
{
	effect = (struct lapic_effect){0};
	return lapic_base_write(&apic, value, PHYS_BITS, &effect);
}

void put_deadline(uint64_t value)
{
	effect = (struct lapic_effect){0};
	lapic_tsc_deadline_write(&apic, value, now, &effect);
}

int set_up_off(void **state)
{
	(void)state;
	rates = lapic_clock_make(1000000, 1000000);
	now = 5000;
	lapic_reset(&apic, 2, false, &rates);
	return 0;
}

int set_up(void **state)
{
	set_up_off(state);
	put(SVR, 0x1ff);
	put(DIVIDE, DIVIDE_BY_1);
	return 0;
}

int set_up_x2apic(void **state)
{
	set_up(state);
	assert_true(base(BASE_X2APIC));
	return 0;
}
