/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short cut for what nearly all MMIO exits are: a plain MOV in 64-bit code between a register and
 * one device register, met before.
 *
 * The hardware has checked and translated the operand of the instruction that exited, and frame.mmio
 * names the page: so there is no second walk, whose answer might be another one by now. What has to
 * agree with the exit is what the guest could gain by exchanging the bytes meanwhile: the direction,
 * and the offset in the page (the whole address if the hardware tells it).
 */
#pragma once

#include "abi/frame.h"
#include "lib/types.h"

/*
 * For EXIT_MMIO, with GROUP_GPR and GROUPS_FETCH. True: done, *answer is for call_resume. False: not
 * such a case, and nothing was done.
 */
bool must_check mmio_quick(const struct frame *frame, struct resume *answer);
