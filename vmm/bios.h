/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * There is no BIOS, and its interrupt vector table says so: who asks it in real mode (a boot sector; Xen and
 * tboot on their way) is told that the function is not supported.
 */
#pragma once

/*
 * Writes the table at 0, what it points to, and the reset vector at the end of the BIOS's area. Memory below
 * 1 MiB is described.
 */
void bios_put(void);
