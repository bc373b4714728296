/* SPDX-License-Identifier: BSD-2-Clause */
/* ASSERT: for our own mistakes only, never for input; always compiled in. */
#pragma once

#include "lib/types.h"

/* Ring 0: a panic (kernel/panic.c). Host tests bring their own. */
noreturn void assert_failed(const char *expression, const char *file, int line);

#define ASSERT(expression) ((expression) ? (void)0 : assert_failed(#expression, __FILE__, __LINE__))
