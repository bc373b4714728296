/* SPDX-License-Identifier: BSD-2-Clause */
/* The rights of the guest's protection keys. */
#pragma once

#include "abi/frame.h"

/*
 * The guest's PKRU, or 0 while its CR4.PKE is clear and it does not count. A guest that sets CR4.PKE and not
 * XCR0.PKRU gets 0, too: no instruction that a VMM may use reads the register then. The processor has
 * checked the access that exited, so this concerns an instruction's other operands only. Needs
 * GROUP_CONTROL.
 */
uint32_t guest_pkru(const struct frame *frame);
