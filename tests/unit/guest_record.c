/* SPDX-License-Identifier: BSD-2-Clause */
/* Defines the table of hooks: linking this file is what switches them on. */
#include "tests/unit/guest_record.h"

#include <string.h>

#include "vmm/guest_mem.h"

struct guest_record guest_record;

void guest_record_reset(void)
{
	memset(&guest_record, 0, sizeof(guest_record));
}

static bool before(gpa_t gpa, size_t length, bool write)
{
	(void)gpa;
	(void)length;
	(void)write;
	return ++guest_record.accesses != guest_record.fail_at;
}

static void after(gpa_t gpa, void *ram, size_t length, bool write)
{
	if (write)
		return;
	if (guest_record.on_read)
		guest_record.on_read(gpa, ram, length);
	for (size_t i = 0; i < length && gpa + i < RECORD_BYTES; i++) {
		if (guest_record.reads[gpa + i]++)
			guest_record.twice++;
		if (guest_record.mutate && gpa >= guest_record.mutate_from)
			((uint8_t *)ram)[i] ^= 0xff;
	}
}

const struct guest_hooks guest_hooks = {before, after};
