/* SPDX-License-Identifier: BSD-2-Clause */
/* The ACPI fixed hardware: PM1 event and control blocks, PM timer, SMI command port; the SCI. */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"
#include "vmm/device.h"
#include "vmm/timers.h"

struct acpi_pm {
	struct device dev;
	uint16_t status, enable, control;
	uint8_t smi_status;    /* scratch, at PORT_SMI_CMD + 1 */
	bool line;	       /* SCI */
	uint64_t carries_seen; /* how often the timer's top bit had toggled when last looked at */
	struct device_timer timer;
};

/* Clears the model and claims its ports. */
enum err must_check acpi_pm_init(struct acpi_pm *pm);

/* The operator presses the power button. */
void acpi_pm_press_power(struct acpi_pm *pm);
