/* SPDX-License-Identifier: BSD-2-Clause */
/* THREATS I05: messages=1000 faults, each of which would be another line of the log. */
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/msr.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"

enum { MSR_NONE = 0x5000 };

void guest_main(void)
{
	uint64_t messages = words_number("messages", 1000), value = 0, faults = 0;

	for (uint64_t i = 0; i < messages; i++) {
		uint32_t index = MSR_NONE + (uint32_t)i;
		struct fault fault = i % 2 ? msr_write_fault(index, i)
					   : msr_read_fault(index, &value);

		faults += fault.vector == VECTOR_GP;
	}
	print("%lu faults\n", faults);
}
