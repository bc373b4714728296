/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The port bus and the MMIO bus: who answers at which address. Devices claim ranges at start, then
 * the bus is sealed; from then on the tables are constant and a look-up takes no lock.
 *
 * How an access is carried out, as the bridges of a PC do it: it goes to a device in one piece if
 * one claimed range holds all of it, it is naturally aligned, and the device takes that size. Any
 * other access is carried out as single bytes in ascending order, each decoded on its own (so a
 * 16-bit read of an 8-bit device reads two registers, and an access may straddle devices). Where
 * nobody answers, reads give all-ones and writes are dropped. Addresses wrap neither at 64 Ki ports
 * nor at 2^64: a byte beyond the end has no device.
 */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"

struct device;

/* PORT_PAGES: of 256 ports each, in which ports are claimed. */
enum { BUS_MAX_PORT_RANGES = 32, BUS_MAX_PORT_PAGES = 16, BUS_MAX_MMIO_RANGES = 64 };

/* Forgets all claims. For the start of the VMM and for tests. */
void bus_init(void);

/*
 * Claim count ports from first, or size bytes from gpa, for dev. Only before bus_seal().
 * ERR_INVAL: empty, or beyond the end of the space. ERR_EXIST: overlaps a claim. ERR_LIMIT: table
 * full. ERR_STATE: sealed.
 */
enum err must_check bus_claim_ports(struct device *dev, uint16_t first, uint32_t count);
enum err must_check bus_claim_mmio(struct device *dev, gpa_t gpa, uint64_t size);

/* Ends the claiming. The accesses below work only afterwards; before, nobody answers. */
void bus_seal(void);

/* Resets each device that claimed anything, once. No vCPU may be accessing devices. */
void bus_reset_devices(void);

/* size is 1, 2 or 4. The answer has only size bytes set. */
uint32_t bus_port_read(uint16_t port, unsigned size);
void bus_port_write(uint16_t port, unsigned size, uint32_t value);

/*
 * REP OUTS: count elements of size bytes, in order, to the same port. data is the VMM's own copy.
 */
void bus_port_write_block(uint16_t port, unsigned size, const void *data, size_t count);

/*
 * The device to which an access of that size would go in one piece, and gpa's offset in its range; or
 * NULL. For who calls its mmio_read or mmio_write himself: it has the one that is asked for.
 */
struct device *bus_mmio_device(gpa_t gpa, unsigned size, bool write, uint64_t *offset);

/* size is 1, 2, 4 or 8. False: no device has a byte of this access (value is then all-ones). */
bool bus_mmio_read(gpa_t gpa, unsigned size, uint64_t *value);
bool bus_mmio_write(gpa_t gpa, unsigned size, uint64_t value);
