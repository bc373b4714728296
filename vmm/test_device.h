/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What small test guests use: a byte to port E9h is console output, a write to port F4h ends the
 * partition with the value, as wide as it was written, as its exit code. Only with `testdev=on`.
 */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"

enum { TEST_PORT_EXIT = 0xf4, TEST_PORT_OUTPUT = 0xe9 };

/* Claims the ports. */
enum err must_check test_device_init(void);
