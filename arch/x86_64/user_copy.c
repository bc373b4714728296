/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies between kernel buffers and ring 3's memory. */
#include "arch/x86_64/user_copy.h"

#include "arch/x86_64/layout.h"
#include "arch/x86_64/safe.h"

/* The lower half: everything that a ring-3 address can be. */
static bool range_is_user(uint64_t address, size_t size)
{
	return address < BIT(47) && size <= BIT(47) - address;
}

bool user_copy_in(void *to, uint64_t from, size_t size)
{
	return range_is_user(from, size) && safe_copy(to, (const void *)from, size);
}

bool user_copy_out(uint64_t to, const void *from, size_t size)
{
	return range_is_user(to, size) && safe_copy((void *)to, from, size);
}
