/* SPDX-License-Identifier: BSD-2-Clause */
/* The 8042 keyboard controller of a PC to which neither keyboard nor mouse is connected. */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"
#include "vmm/device.h"

struct kbc {
	struct device dev;
	uint8_t status;	  /* port 64h, read */
	uint8_t command;  /* the command byte, which is its memory's byte 0 */
	uint8_t ram[32];  /* [0] is not used: see command */
	uint8_t output;	  /* the byte that port 60h gives */
	uint8_t port;	  /* the output port's bits as written: A20, reset */
	uint8_t awaiting; /* the command that the next byte to port 60h belongs to, or 0 */
};

/* Clears the model and claims its ports. */
enum err must_check kbc_init(struct kbc *kbc);
