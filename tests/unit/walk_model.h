/* SPDX-License-Identifier: BSD-2-Clause */
/* A second page walk, slow and by the letter, on a copy of the guest's memory. */
#pragma once

#include "vmm/walk.h"

enum { MODEL_PAGES = 64, MODEL_RAM = MODEL_PAGES * 4096 };

extern uint8_t *model_ram;

/* As walk(), which it must agree with, A and D bits included. */
enum walk_status model_walk(const struct walk_context *c, uint64_t linear, unsigned access,
			    struct walk_result *result);
