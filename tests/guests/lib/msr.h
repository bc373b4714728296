/* SPDX-License-Identifier: BSD-2-Clause */
/* MSR accesses that may fault. */
#pragma once

#include "tests/guests/lib/trap.h"

/* *value stays as it is if the read faults. */
struct fault msr_read_fault(uint32_t index, uint64_t *value);
struct fault msr_write_fault(uint32_t index, uint64_t value);
