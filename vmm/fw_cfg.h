/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's firmware configuration device, as far as test suites ask it (QEMU's docs/specs/fw_cfg.txt): a
 * 16-bit item number to port 510h, then the item's bytes from port 511h. Only with `testdev=on`.
 */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"

enum { FW_CFG_SELECT = 0x510, FW_CFG_DATA = 0x511 };

/* Claims the ports. ram in bytes; items that are not known, and what is beyond an item, read as 0. */
enum err must_check fw_cfg_init(uint64_t ram, unsigned cpus);
