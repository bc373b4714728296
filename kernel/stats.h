/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures for the console: read without a lock, true to a moment. */
#pragma once

#include "abi/info.h"

void stats_cpu(unsigned number, struct cpu_info *info);

/* The name of a flight recorder's kind (enum vm_exit_kind, RECORD_INJECTED), or NULL past the last. */
const char *vm_exit_name(unsigned kind);
