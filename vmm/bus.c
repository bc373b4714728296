/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the two range tables and the rule by which an access reaches one device, several, or none.
 */
#include "vmm/bus.h"

#include "lib/string.h"
#include "vmm/device.h"

struct range {
	uint64_t first;
	uint64_t last; /* included, so that the end of the space needs no special case */
	struct device *dev;
	uint8_t read_sizes, write_sizes; /* that the device takes whole */
};

/* Sorted by address, without overlap. */
struct table {
	struct range *ranges;
	size_t count;
	size_t max;
	uint64_t end; /* last address of the space */
};

/*
 * Ports are looked up by two tables: the page of 256 ports, and in it the range's number plus one.
 * Page 0 is one without devices, and range 0 of port_map is one that takes no access. All of it is
 * constant once the bus is sealed, and empty before.
 */
enum { PORT_PAGES = 256, PAGE_PORTS = 256 };

static struct range port_ranges[BUS_MAX_PORT_RANGES];
static struct range mmio_ranges[BUS_MAX_MMIO_RANGES];
static struct table ports = {port_ranges, 0, BUS_MAX_PORT_RANGES, UINT16_MAX};
static struct table mmios = {mmio_ranges, 0, BUS_MAX_MMIO_RANGES, UINT64_MAX};
static uint8_t port_page[PORT_PAGES];
static uint8_t port_slot[1 + BUS_MAX_PORT_PAGES][PAGE_PORTS];
static struct range port_map[1 + BUS_MAX_PORT_RANGES];
static unsigned used_pages; /* of 256 ports, in which a device has some */
static bool sealed;

void bus_init(void)
{
	ports.count = 0;
	mmios.count = 0;
	used_pages = 0;
	sealed = false;
	memset(port_page, 0, sizeof(port_page));
	memset(port_slot, 0, sizeof(port_slot));
	memset(port_map, 0, sizeof(port_map));
}

/* True if a device has a port of this page of 256. */
static bool page_is_used(uint64_t page)
{
	for (size_t i = 0; i < ports.count; i++)
		if (port_ranges[i].first / PAGE_PORTS <= page &&
		    port_ranges[i].last / PAGE_PORTS >= page)
			return true;
	return false;
}

/* How many pages have their first device with one more range. */
static unsigned new_pages(uint64_t first, uint64_t last)
{
	unsigned pages = 0;

	for (uint64_t page = first / PAGE_PORTS; page <= last / PAGE_PORTS; page++)
		pages += !page_is_used(page);
	return pages;
}

void bus_seal(void)
{
	unsigned pages = 0;

	for (size_t i = 0; i < ports.count; i++) {
		port_map[i + 1] = port_ranges[i];
		for (uint64_t port = port_ranges[i].first; port <= port_ranges[i].last; port++) {
			uint8_t *page = &port_page[port / PAGE_PORTS];

			if (*page == 0)
				*page = (uint8_t)++pages;
			port_slot[*page][port % PAGE_PORTS] = (uint8_t)(i + 1);
		}
	}
	sealed = true;
}

static enum err claim(struct table *table, struct range range)
{
	unsigned pages = 0;
	size_t at = 0;

	if (sealed)
		return ERR_STATE;
	if (range.last < range.first || range.last > table->end)
		return ERR_INVAL;
	while (at < table->count && table->ranges[at].last < range.first)
		at++;
	if (at < table->count && table->ranges[at].first <= range.last)
		return ERR_EXIST;
	if (table->count == table->max)
		return ERR_LIMIT;
	if (table == &ports)
		pages = new_pages(range.first, range.last);
	if (used_pages + pages > BUS_MAX_PORT_PAGES)
		return ERR_LIMIT;

	used_pages += pages;
	memmove(&table->ranges[at + 1], &table->ranges[at], (table->count - at) * sizeof(range));
	table->ranges[at] = range;
	table->count++;
	return ERR_NONE;
}

enum err bus_claim_ports(struct device *dev, uint16_t first, uint32_t count)
{
	const struct device_ops *ops = dev->ops;
	uint64_t last = (uint64_t)first + count - 1;

	if (count == 0 || last > UINT16_MAX)
		return ERR_INVAL;
	return claim(&ports, (struct range){
				     .first = first,
				     .last = last,
				     .dev = dev,
				     .read_sizes = ops->io_read != NULL ? ops->io_sizes : 0,
				     .write_sizes = ops->io_write != NULL ? ops->io_sizes : 0,
			     });
}

enum err bus_claim_mmio(struct device *dev, gpa_t gpa, uint64_t size)
{
	const struct device_ops *ops = dev->ops;

	if (size == 0)
		return ERR_INVAL;
	return claim(&mmios, (struct range){
				     .first = gpa,
				     .last = gpa + size - 1,
				     .dev = dev,
				     .read_sizes = ops->mmio_read != NULL ? ops->mmio_sizes : 0,
				     .write_sizes = ops->mmio_write != NULL ? ops->mmio_sizes : 0,
			     });
}

/* The range that holds port, or the one that takes no access. */
static inline const struct range *find_port(uint16_t port)
{
	return &port_map[port_slot[port_page[port / PAGE_PORTS]][port % PAGE_PORTS]];
}

/* True if an access of a size among sizes can go to range's device in one piece. */
static inline bool whole(const struct range *range, uint64_t address, unsigned size, uint8_t sizes)
{
	return (sizes & size) != 0 && (address & (size - 1)) == 0 &&
	       range->last - address >= size - 1;
}

static inline uint32_t size_mask32(unsigned size)
{
	return UINT32_MAX >> (32 - 8 * size);
}

static __attribute__((noinline)) uint32_t port_read_bytes(uint32_t port, unsigned size)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < size; i++) {
		const struct range *range = find_port((uint16_t)(port + i));
		uint32_t byte = 0xff;

		if (port + i <= UINT16_MAX && (range->read_sizes & SIZE_1) != 0)
			byte = range->dev->ops->io_read(range->dev, (uint16_t)(port + i), 1) & 0xff;
		value |= byte << (8 * i);
	}
	return value;
}

uint32_t bus_port_read(uint16_t port, unsigned size)
{
	const struct range *range = find_port(port);

	if (whole(range, port, size, range->read_sizes))
		return range->dev->ops->io_read(range->dev, port, size) & size_mask32(size);
	return port_read_bytes(port, size);
}

static __attribute__((noinline)) void port_write_bytes(uint32_t port, unsigned size, uint32_t value)
{
	for (unsigned i = 0; i < size; i++) {
		const struct range *range = find_port((uint16_t)(port + i));

		if (port + i <= UINT16_MAX && (range->write_sizes & SIZE_1) != 0)
			range->dev->ops->io_write(range->dev, (uint16_t)(port + i), 1,
						  value >> (8 * i) & 0xff);
	}
}

void bus_port_write(uint16_t port, unsigned size, uint32_t value)
{
	const struct range *range = find_port(port);

	if (whole(range, port, size, range->write_sizes))
		range->dev->ops->io_write(range->dev, port, size, value & size_mask32(size));
	else
		port_write_bytes(port, size, value);
}

void bus_port_write_block(uint16_t port, unsigned size, const void *data, size_t count)
{
	const struct range *range = find_port(port);
	const uint8_t *bytes = data;

	if (size == 1 && range->dev != NULL && range->dev->ops->io_write_block != NULL) {
		range->dev->ops->io_write_block(range->dev, port, bytes, count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t value = 0;

		memcpy(&value, bytes + i * size, size);
		bus_port_write(port, size, value);
	}
}

/* The MMIO range that holds gpa, or NULL. There are few, and the way to here was long. */
static const struct range *find_mmio(gpa_t gpa)
{
	const struct range *base = mmio_ranges;
	size_t count = sealed ? mmios.count : 0;

	if (count == 0)
		return NULL;
	/* Halving: base is the last range that begins at or below gpa. */
	while (count > 1) {
		size_t half = count / 2;

		if (base[half].first <= gpa)
			base += half;
		count -= half;
	}
	return base->first <= gpa && gpa <= base->last ? base : NULL;
}

struct device *bus_mmio_device(gpa_t gpa, unsigned size, bool write, uint64_t *offset)
{
	const struct range *range = find_mmio(gpa);

	if (range == NULL ||
	    !whole(range, gpa, size, write ? range->write_sizes : range->read_sizes))
		return NULL;
	*offset = gpa - range->first;
	return range->dev;
}

static bool mmio_read_bytes(gpa_t gpa, unsigned size, uint64_t *value)
{
	bool found = false;

	*value = 0;
	for (unsigned i = 0; i < size; i++) {
		const struct range *range = gpa + i >= gpa ? find_mmio(gpa + i) : NULL;
		uint64_t byte = 0xff;

		if (range != NULL && (range->read_sizes & SIZE_1) != 0)
			byte = range->dev->ops->mmio_read(range->dev, gpa + i - range->first, 1) &
			       0xff;
		found |= range != NULL;
		*value |= byte << (8 * i);
	}
	return found;
}

bool bus_mmio_read(gpa_t gpa, unsigned size, uint64_t *value)
{
	const struct range *range = find_mmio(gpa);

	if (range != NULL && whole(range, gpa, size, range->read_sizes)) {
		*value = range->dev->ops->mmio_read(range->dev, gpa - range->first, size) &
			 (UINT64_MAX >> (64 - 8 * size));
		return true;
	}
	return mmio_read_bytes(gpa, size, value);
}

static bool mmio_write_bytes(gpa_t gpa, unsigned size, uint64_t value)
{
	bool found = false;

	for (unsigned i = 0; i < size; i++) {
		const struct range *range = gpa + i >= gpa ? find_mmio(gpa + i) : NULL;

		if (range != NULL && (range->write_sizes & SIZE_1) != 0)
			range->dev->ops->mmio_write(range->dev, gpa + i - range->first, 1,
						    value >> (8 * i) & 0xff);
		found |= range != NULL;
	}
	return found;
}

bool bus_mmio_write(gpa_t gpa, unsigned size, uint64_t value)
{
	const struct range *range = find_mmio(gpa);

	if (range != NULL && whole(range, gpa, size, range->write_sizes)) {
		range->dev->ops->mmio_write(range->dev, gpa - range->first, size,
					    value & (UINT64_MAX >> (64 - 8 * size)));
		return true;
	}
	return mmio_write_bytes(gpa, size, value);
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
