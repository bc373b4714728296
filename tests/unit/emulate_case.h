/* SPDX-License-Identifier: BSD-2-Clause */
/* What the emulator's named cases share: one machine, set up for each case, and short names for it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/emulate_machine.h"
#include "tests/unit/guest_record.h"
#include "vmm/cpu_bits.h"

static struct machine machine;

#define FRAME	    (&machine.frame)
#define GPR(name)   (machine.frame.gpr[GPR_##name])
#define CODE(bytes) machine_set_code(&machine, bytes, sizeof(bytes))

static inline int setup(void **state)
{
	(void)state;
	machine_init(&machine);
	guest_record_reset();
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	machine_free(&machine);
	return 0;
}

/* A fault with this vector, and no register or RIP moved. */
static inline void assert_fault(enum emulate_result result, unsigned vector, uint32_t error)
{
	assert_int_equal(result, EMULATE_FAULT);
	assert_int_equal(machine.e.changed, GROUP_EVENT);
	assert_int_equal(machine.e.skip, 0);
	assert_int_equal(FRAME->event.type, INJECT_EXCEPTION);
	assert_int_equal(FRAME->event.vector, vector);
	assert_int_equal(FRAME->event.error, error);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
