/* SPDX-License-Identifier: BSD-2-Clause */
/* The C side of the VMM's entry. */
#pragma once

#include "abi/frame.h"
#include "lib/types.h"

/* Called by _start for each upcall. */
noreturn void vmm_main(struct frame *frame, uint64_t vcpu);
