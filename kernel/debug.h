/* SPDX-License-Identifier: BSD-2-Clause */
/* The operator's look inside: audit, registers and last exits of a vCPU, faults on purpose. */
#pragma once

#include "lib/types.h"

struct audit_report;

/* CALL_DEBUG: text, or the audit's report, into the buffer at to; answers its length or an error. */
int64_t debug_call(uint32_t command, uint64_t argument, uint64_t to, uint64_t size);

/*
 * audit.c: compares every live page table with who owns what, a bounded step a call; begin: from the
 * start, whatever a call before was at. ERR_AGAIN until it is done, then ERR_NONE and the report.
 */
int audit(bool begin, struct audit_report *report);

/* On any CPU, at a kick: has it been told to panic? */
void debug_check_panic(void);
/* The same: has it been told to do nothing for a while? */
void debug_check_stuck(void);
