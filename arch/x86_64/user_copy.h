/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only way in which the kernel touches ring 3's memory: copies between it and a kernel buffer
 * under the current CR3, with SMAP lifted for just that. An address that is not mapped, not user
 * memory's range or not writable gives false, with part of the bytes copied. It does not ask whose
 * the memory is.
 */
#pragma once

#include "lib/types.h"

bool must_check user_copy_in(void *to, uint64_t from, size_t size);
bool must_check user_copy_out(uint64_t to, const void *from, size_t size);
