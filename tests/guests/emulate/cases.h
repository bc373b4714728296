/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest `emulate`'s other cases: system.c, mask.c. */
#pragma once

void emulate_test_msw(void), emulate_test_segments(void), emulate_test_far_jump(void);
void emulate_test_mmx(void), emulate_test_masks(void);
