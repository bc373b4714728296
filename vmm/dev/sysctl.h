/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The chip set's odd ports: reset control (CF9h), system control A (92h), POST code (80h), delay
 * (EDh).
 */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"
#include "vmm/device.h"

struct sysctl {
	struct device dev;
	uint8_t reset_control; /* CF9h */
	uint8_t system_a;      /* 92h */
	uint8_t post;	       /* 80h: the last code, for a report */
	uint8_t delay;	       /* EDh */
};

/*
 * Clears the model and claims its ports, but not CF9h: that byte is inside PCI's, which hands it
 * on.
 */
enum err must_check sysctl_init(struct sysctl *sysctl);

/* Byte accesses to CF9h. */
uint8_t sysctl_reset_read(struct sysctl *sysctl);
void sysctl_reset_write(struct sysctl *sysctl, uint8_t value);

/* The guest's last write to port 80h. */
uint8_t sysctl_post_code(struct sysctl *sysctl);
