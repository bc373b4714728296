/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns accesses to the xAPIC page into calls. */
#include "vmm/lapic_page.h"

#include "vmm/call.h"

uint64_t lapic_page_read(gpa_t gpa, unsigned size)
{
	uint32_t offset = gpa & PAGE_MASK, byte = offset & 0xf;

	if (__builtin_expect(byte == 0 && size == 4, 1))
		return call_lapic_read(offset);
	if (byte + size > 4)
		return UINT64_MAX >> (64 - 8 * size);
	return call_lapic_read(offset - byte) >> 8 * byte & (UINT64_MAX >> (64 - 8 * size));
}

void lapic_page_write(gpa_t gpa, unsigned size, uint64_t value)
{
	uint32_t offset = gpa & PAGE_MASK;

	if ((offset & 0xf) == 0 && size == 4)
		call_lapic_write(offset, (uint32_t)value);
}
