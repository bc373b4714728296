/* SPDX-License-Identifier: BSD-2-Clause */
/* RDMSR and WRMSR as functions that fault_of() can run. */
#include "tests/guests/lib/msr.h"

#include "arch/x86_64/insn.h"

static void write_msr(void *argument)
{
	const uint64_t *msr = argument;

	msr_write((uint32_t)msr[0], msr[1]);
}

struct fault msr_write_fault(uint32_t index, uint64_t value)
{
	uint64_t msr[2] = {index, value};

	return fault_of(write_msr, msr);
}

static void read_msr(void *argument)
{
	uint64_t *msr = argument;

	msr[1] = msr_read((uint32_t)msr[0]);
}

struct fault msr_read_fault(uint32_t index, uint64_t *value)
{
	uint64_t msr[2] = {index, *value};
	struct fault fault = fault_of(read_msr, msr);

	*value = msr[1];
	return fault;
}
