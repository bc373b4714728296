/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the two range tables and the rule by which an access reaches one device, several, or none. */
#include "vmm/bus.h"

#include "lib/string.h"
#include "vmm/device.h"

struct range {
	uint64_t first;
	uint64_t last; /* included, so that the end of the space needs no special case */
	struct device *dev;
};

/* Sorted by address, without overlap. */
struct table {
	struct range *ranges;
	size_t count;
	size_t max;
	uint64_t end; /* last address of the space */
};

/* Changed before sealing, by one vCPU; constant afterwards. */
static struct range port_ranges[BUS_MAX_PORT_RANGES];
static struct range mmio_ranges[BUS_MAX_MMIO_RANGES];
static struct table ports = {port_ranges, 0, BUS_MAX_PORT_RANGES, UINT16_MAX};
static struct table mmios = {mmio_ranges, 0, BUS_MAX_MMIO_RANGES, UINT64_MAX};
static bool sealed;

void bus_init(void)
{
	ports.count = 0;
	mmios.count = 0;
	sealed = false;
}

void bus_seal(void)
{
	sealed = true;
}

static enum err claim(struct table *table, struct device *dev, uint64_t first, uint64_t size)
{
	uint64_t last = first + size - 1;
	size_t at = 0;

	if (sealed)
		return ERR_STATE;
	if (size == 0 || last < first || last > table->end)
		return ERR_INVAL;
	while (at < table->count && table->ranges[at].last < first)
		at++;
	if (at < table->count && table->ranges[at].first <= last)
		return ERR_EXIST;
	if (table->count == table->max)
		return ERR_LIMIT;

	memmove(&table->ranges[at + 1], &table->ranges[at], (table->count - at) * sizeof(struct range));
	table->ranges[at] = (struct range){first, last, dev};
	table->count++;
	return ERR_NONE;
}

enum err bus_claim_ports(struct device *dev, uint16_t first, uint32_t count)
{
	return claim(&ports, dev, first, count);
}

enum err bus_claim_mmio(struct device *dev, gpa_t gpa, uint64_t size)
{
	return claim(&mmios, dev, gpa, size);
}

/* The range that holds address, or NULL. */
static inline const struct range *find(const struct table *table, uint64_t address)
{
	const struct range *base = table->ranges;
	size_t count = table->count;

	if (!sealed || count == 0)
		return NULL;
	/* Halving by a conditional move: the last range that begins at or below address. */
	while (count > 1) {
		size_t half = count / 2;

		base = base[half].first <= address ? base + half : base;
		count -= half;
	}
	return base->first <= address && address <= base->last ? base : NULL;
}

/* True if range's device can be given the access in one piece. */
static inline bool whole(const struct range *range, uint64_t address, unsigned size, uint8_t sizes)
{
	return (sizes & size) != 0 && (address & (size - 1)) == 0 && range->last - address >= size - 1;
}

static inline uint32_t size_mask32(unsigned size)
{
	return UINT32_MAX >> (32 - 8 * size);
}

static uint32_t port_read_byte(uint64_t port)
{
	const struct range *range = find(&ports, port);

	if (range == NULL || (range->dev->ops->io_sizes & SIZE_1) == 0 || range->dev->ops->io_read == NULL)
		return 0xff;
	return range->dev->ops->io_read(range->dev, (uint16_t)port, 1) & 0xff;
}

static uint32_t port_read_bytes(uint16_t port, unsigned size)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= port_read_byte((uint64_t)port + i) << (8 * i);
	return value;
}

uint32_t bus_port_read(uint16_t port, unsigned size)
{
	const struct range *range = find(&ports, port);

	if (range != NULL && range->dev->ops->io_read != NULL &&
	    whole(range, port, size, range->dev->ops->io_sizes))
		return range->dev->ops->io_read(range->dev, port, size) & size_mask32(size);
	return port_read_bytes(port, size);
}

static void port_write_byte(uint64_t port, uint32_t value)
{
	const struct range *range = find(&ports, port);

	if (range != NULL && (range->dev->ops->io_sizes & SIZE_1) != 0 &&
	    range->dev->ops->io_write != NULL)
		range->dev->ops->io_write(range->dev, (uint16_t)port, 1, value & 0xff);
}

void bus_port_write(uint16_t port, unsigned size, uint32_t value)
{
	const struct range *range = find(&ports, port);

	value &= size_mask32(size);
	if (range != NULL && range->dev->ops->io_write != NULL &&
	    whole(range, port, size, range->dev->ops->io_sizes)) {
		range->dev->ops->io_write(range->dev, port, size, value);
		return;
	}
	for (unsigned i = 0; i < size; i++)
		port_write_byte((uint64_t)port + i, value >> (8 * i));
}

void bus_port_write_block(uint16_t port, unsigned size, const void *data, size_t count)
{
	const struct range *range = find(&ports, port);
	const uint8_t *bytes = data;

	if (range != NULL && size == 1 && range->dev->ops->io_write_block != NULL) {
		range->dev->ops->io_write_block(range->dev, port, bytes, count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t value = 0;

		memcpy(&value, bytes + i * size, size);
		bus_port_write(port, size, value);
	}
}

/* False if nobody is there; *byte is then FFh. */
static bool mmio_read_byte(gpa_t gpa, uint64_t *byte)
{
	const struct range *range = find(&mmios, gpa);

	*byte = 0xff;
	if (range == NULL)
		return false;
	if ((range->dev->ops->mmio_sizes & SIZE_1) != 0 && range->dev->ops->mmio_read != NULL)
		*byte = range->dev->ops->mmio_read(range->dev, gpa - range->first, 1) & 0xff;
	return true;
}

static bool mmio_read_bytes(gpa_t gpa, unsigned size, uint64_t *value)
{
	bool found = false;

	*value = 0;
	for (unsigned i = 0; i < size; i++) {
		uint64_t byte = 0xff;

		if (gpa + i >= gpa)
			found |= mmio_read_byte(gpa + i, &byte);
		*value |= byte << (8 * i);
	}
	return found;
}

bool bus_mmio_read(gpa_t gpa, unsigned size, uint64_t *value)
{
	const struct range *range = find(&mmios, gpa);

	if (range != NULL && range->dev->ops->mmio_read != NULL &&
	    whole(range, gpa, size, range->dev->ops->mmio_sizes)) {
		*value = range->dev->ops->mmio_read(range->dev, gpa - range->first, size) &
			 (UINT64_MAX >> (64 - 8 * size));
		return true;
	}
	return mmio_read_bytes(gpa, size, value);
}

static bool mmio_write_byte(gpa_t gpa, uint64_t value)
{
	const struct range *range = find(&mmios, gpa);

	if (range == NULL)
		return false;
	if ((range->dev->ops->mmio_sizes & SIZE_1) != 0 && range->dev->ops->mmio_write != NULL)
		range->dev->ops->mmio_write(range->dev, gpa - range->first, 1, value & 0xff);
	return true;
}

bool bus_mmio_write(gpa_t gpa, unsigned size, uint64_t value)
{
	const struct range *range = find(&mmios, gpa);
	bool found = false;

	value &= UINT64_MAX >> (64 - 8 * size);
	if (range != NULL && range->dev->ops->mmio_write != NULL &&
	    whole(range, gpa, size, range->dev->ops->mmio_sizes)) {
		range->dev->ops->mmio_write(range->dev, gpa - range->first, size, value);
		return true;
	}
	for (unsigned i = 0; i < size; i++) {
		if (gpa + i >= gpa)
			found |= mmio_write_byte(gpa + i, value >> (8 * i));
	}
	return found;
}

/* True if an earlier range of either table has the same device. */
static bool seen_before(const struct table *table, size_t index)
{
	const struct device *dev = table->ranges[index].dev;

	for (size_t i = 0; i < ports.count && (table != &ports || i < index); i++) {
		if (ports.ranges[i].dev == dev)
			return true;
	}
	for (size_t i = 0; table == &mmios && i < index; i++) {
		if (mmios.ranges[i].dev == dev)
			return true;
	}
	return false;
}

static void reset_table(const struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		struct device *dev = table->ranges[i].dev;

		if (dev->ops->reset != NULL && !seen_before(table, i))
			dev->ops->reset(dev);
	}
}

void bus_reset_devices(void)
{
	reset_table(&ports);
	reset_table(&mmios);
}
