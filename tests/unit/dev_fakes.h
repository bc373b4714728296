/* SPDX-License-Identifier: BSD-2-Clause */
/* The fake host of the device models, for tests with cmocka, whose header wants these before it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/dev_host.h"
