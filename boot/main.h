/* SPDX-License-Identifier: BSD-2-Clause */
/* The first C function, and what it shares with entry.S. */
#pragma once

#include "lib/types.h"

/*
 * Called once by entry.S, on the boot stack, in the upper half. The first 4 GiB are also mapped at
 * their own addresses. image_delta is how far the loader moved the image.
 */
noreturn void boot_main(uint32_t magic, uint64_t info_pa, uint64_t image_delta);

/* entry.S: says text on COM1, polled, and stops the CPU. */
noreturn void boot_die(const char *text);
