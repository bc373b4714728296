/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Differential fuzzing of the guest's local APIC: any sequence of operations against the reference
 * model.
 */
/* sources: kernel/lapic.c kernel/lapic_base.c kernel/lapic_ipi.c
 * kernel/lapic_lvt.c kernel/lapic_reg.c kernel/lapic_timer.c
 * tests/unit/lapic_model.c tests/unit/lapic_walk.c */
#include <stdio.h>
#include <stdlib.h>

#include "lib/assert.h"
#include "tests/unit/lapic_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

noreturn void assert_failed(const char *expression, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, expression);
	abort();
}

noreturn void walk_failed(const char *expression, int line)
{
	assert_failed(expression, "tests/unit/lapic_walk.c", line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	lapic_walk(bytes, size);
	return 0;
}
