/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot information of Multiboot 2, which a kernel's header may ask for. */
#pragma once

#include "vmm/loader_plan.h"

/* True if the boot information can have a tag of this type. */
bool multiboot2_has(uint32_t type);

/* Writes it at GUEST_TEXTS. As load_format.finish. */
void multiboot2_put(const struct load_plan *plan);
