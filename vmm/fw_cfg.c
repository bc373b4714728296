/* SPDX-License-Identifier: BSD-2-Clause */
/* The fw_cfg device: a few items of at most 8 bytes, and which byte is next. */
#include "vmm/fw_cfg.h"

#include "vmm/bus.h"
#include "vmm/device.h"

enum item { SIGNATURE = 0, ID = 1, RAM_SIZE = 3, CPUS = 5, MAX_CPUS_ITEM = 15, ITEMS = 16 };

enum { ITEM_SIZE = 8, ID_TRADITIONAL = 1 };

static struct {
	struct device device;
	uint64_t item[ITEMS]; /* little-endian, sealed by init */
	uint16_t selected;    /* device.lock, as offset */
	unsigned offset;
} fw_cfg;

static uint8_t next_byte(void)
{
	uint8_t byte = 0;

	spin_lock(&fw_cfg.device.lock);
	if (fw_cfg.selected < ITEMS && fw_cfg.offset < ITEM_SIZE)
		byte = (uint8_t)(fw_cfg.item[fw_cfg.selected] >> 8 * fw_cfg.offset++);
	spin_unlock(&fw_cfg.device.lock);
	return byte;
}

static uint32_t io_read(struct device *dev, uint16_t port, unsigned size)
{
	(void)dev;
	return port == FW_CFG_DATA && size == 1 ? next_byte() : UINT32_MAX;
}

static void io_write(struct device *dev, uint16_t port, unsigned size, uint32_t value)
{
	(void)dev;
	if (port != FW_CFG_SELECT || size != 2)
		return;
	spin_lock(&fw_cfg.device.lock);
	fw_cfg.selected = (uint16_t)value;
	fw_cfg.offset = 0;
	spin_unlock(&fw_cfg.device.lock);
}

static const struct device_ops ops = {
	.io_read = io_read, .io_write = io_write, .io_sizes = SIZE_1 | SIZE_2};

enum err fw_cfg_init(uint64_t ram, unsigned cpus)
{
	fw_cfg.device.name = "fw_cfg";
	fw_cfg.device.ops = &ops;
	fw_cfg.selected = 0;
	fw_cfg.offset = 0;
	fw_cfg.item[SIGNATURE] = 0x554d4551; /* "QEMU" */
	fw_cfg.item[ID] = ID_TRADITIONAL;
	fw_cfg.item[RAM_SIZE] = ram;
	fw_cfg.item[CPUS] = cpus;
	fw_cfg.item[MAX_CPUS_ITEM] = cpus;
	return bus_claim_ports(&fw_cfg.device, FW_CFG_SELECT, 2);
}
