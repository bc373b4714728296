/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a serial port is, as an operator says it on the command line. Pure. */
#pragma once

#include "lib/types.h"

enum serial_kind { SERIAL_NONE, SERIAL_PORT, SERIAL_MMIO, SERIAL_PCI };

struct serial_place {
	enum serial_kind kind;
	uint64_t address; /* port or physical address; of SERIAL_PCI the function's number */
	uint8_t stride;	  /* bytes from register to register */
	uint8_t irq;	  /* ISA, 0: none that we know */
	uint32_t gsi;	  /* beyond the ISA lines; 0: none */
	uint32_t baud;	  /* 0: not said */
};

#define SERIAL_BAUD_MAX 115200 /* of a UART with the PC's clock of 1.8432 MHz */

/*
 * Reads none, com1 to com4, io:PORT, mmio:ADDRESS, mmio32:ADDRESS (registers 4 bytes apart) or
 * pci:BUS:DEVICE.FUNCTION, each with `,BAUD` if wanted. False if it is nothing of these.
 */
bool serial_place_parse(const char *text, struct serial_place *place);

/* In words: "com2", "port 0x3000", "memory 0xfe000000", "PCI 00:04.0". */
void serial_place_name(const struct serial_place *place, char *to, size_t size);
