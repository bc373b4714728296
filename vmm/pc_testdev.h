/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What test suites know as QEMU's pc-testdev: interrupt lines that they drive by hand, and registers
 * that give back what was written. Only with `testdev=on`.
 */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"

enum {
	PC_TESTDEV_ECHO = 0xe0, /* 4 ports: a 32-bit register, of which each access has its bytes */
	PC_TESTDEV_LINES = 0x2000, /* a port for each GSI: 0 ends the interrupt, all else asserts it */
};

/*
 * Memory-like registers in 64 KiB, of which each 4 KiB are the same: suites map a page or two of it
 * to see what an access does that is emulated.
 */
#define PC_TESTDEV_MMIO	     0xff000000ULL
#define PC_TESTDEV_MMIO_SIZE 0x10000ULL

/* Claims the ports and the addresses. After irq_connect(). */
enum err must_check pc_testdev_init(void);
