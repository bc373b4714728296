/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot information of Multiboot 2. */
#pragma once

#include "vmm/loader_plan.h"

/* Writes it at GUEST_TEXTS. As load_format.finish. */
void multiboot2_put(const struct load_plan *plan);
