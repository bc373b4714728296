/* SPDX-License-Identifier: BSD-2-Clause */
/* The IOAPIC: 24 pins, each of which sends an interrupt message by its redirection entry. */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"
#include "vmm/dev/wiring.h"
#include "vmm/device.h"

struct ioapic {
	struct device dev;
	uint8_t select;	  /* IOREGSEL */
	uint8_t first_id; /* the MADT's */
	uint8_t id;	  /* the 4-bit APIC id, as the guest may have changed it */
	uint32_t lines;	  /* asserted pins */
	uint64_t entry[GSI_COUNT];
	uint8_t sent[GSI_COUNT]; /* the vector of the message in service, if remote IRR is set */
	uint64_t watched[4];	 /* as eoi_watch() was told */
	uint64_t refused; /* messages not sent: a delivery mode or vector that we do not pass on */
};

/* Clears the model and claims its page. id goes into the MADT too. */
enum err must_check ioapic_init(struct ioapic *ioapic, uint8_t id);

/* Drives a pin; level true is "asserted", whatever polarity the guest has programmed. */
void ioapic_set(struct ioapic *ioapic, unsigned pin, bool level);

/* A local APIC has broadcast the EOI of a level-triggered vector. */
void ioapic_eoi(struct ioapic *ioapic, unsigned vector);
