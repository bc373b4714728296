/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port access as a struct of functions, so that the drivers run against fake devices on the host.
 */
#pragma once

#include "lib/types.h"

struct port_ops {
	uint8_t (*read8)(uint16_t port);
	uint16_t (*read16)(uint16_t port);
	uint32_t (*read32)(uint16_t port);
	void (*write8)(uint16_t port, uint8_t value);
	void (*write16)(uint16_t port, uint16_t value);
	void (*write32)(uint16_t port, uint32_t value);
	uint64_t (*tsc)(void); /* time passes in fakes too */
};

/* The machine's own ports. */
extern const struct port_ops port_hardware;
