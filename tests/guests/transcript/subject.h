/* SPDX-License-Identifier: BSD-2-Clause */
/* The transcript's chapters, one file each (NAME.c, and its instructions in NAME.S). */
#pragma once

#include "lib/types.h"

/* The first word of each line. */
extern const char *subject_name;

/* What the bare machine has, or what TCG would die of there, is not tried without Freehold below. */
bool on_freehold(void);

void subject_plain(void);
void subject_control(void);
void subject_enable(void);
void subject_msr(void);
void subject_segment(void);
void subject_gate(void);
void subject_transfer(void);
void subject_emulate(void);
void subject_step(void);
void subject_debug(void);
void subject_fault(void);
void subject_real(void);
void subject_v86(void);
