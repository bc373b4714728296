/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every device model embeds, and the operations through which the bus and the timers reach it.
 */
#pragma once

#include "lib/types.h"
#include "vmm/lock.h"

struct device;
struct device_timer;

/* Access sizes in bytes, as a mask: for device_ops.io_sizes and mmio_sizes. */
enum access_sizes { SIZE_1 = 1, SIZE_2 = 2, SIZE_4 = 4, SIZE_8 = 8 };

/*
 * Any operation may be missing: then the device has nothing to do there, reads give all-ones and
 * writes are dropped. All are called without a lock, by any vCPU's VMM half, also by several at
 * once.
 */
struct device_ops {
	/* Power-on state, as far as a reset of the machine reaches it. */
	void (*reset)(struct device *dev);

	/*
	 * A timer of this device has come. now is host_now(). The timer may have been cancelled or
	 * armed anew by another vCPU since it was taken off the queue: look at the state, not the
	 * call.
	 */
	void (*expired)(struct device *dev, struct device_timer *timer, uint64_t now);

	/*
	 * The bus calls with a size that the device takes (io_sizes, mmio_sizes) and a naturally
	 * aligned address inside one claimed range. A read's value has no bits above the size that
	 * matter.
	 */
	uint32_t (*io_read)(struct device *dev, uint16_t port, unsigned size);
	void (*io_write)(struct device *dev, uint16_t port, unsigned size, uint32_t value);

	/*
	 * count elements of size 1 to one port (REP OUTSB). Optional; without it each goes to
	 * io_write.
	 */
	void (*io_write_block)(struct device *dev, uint16_t port, const uint8_t *data, size_t count);

	/* offset is relative to the claimed range. */
	uint64_t (*mmio_read)(struct device *dev, uint64_t offset, unsigned size);
	void (*mmio_write)(struct device *dev, uint64_t offset, unsigned size, uint64_t value);

	uint8_t io_sizes;   /* enum access_sizes that io_read and io_write take */
	uint8_t mmio_sizes; /* the same for mmio_read and mmio_write */
};

struct device {
	const char *name;
	const struct device_ops *ops;
	spinlock_t lock; /* guards the model's state */
};
