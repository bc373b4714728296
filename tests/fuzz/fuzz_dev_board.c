/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices of a few ports each, against a slow model of all of them and of the bus: the 8042, the
 * ports that reset or absorb a write, and what a test suite finds with testdev=on. Promised: each byte
 * read, each wire and each reset is the model's.
 */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/kbc.c vmm/dev/sysctl.c vmm/fw_cfg.c vmm/pc_testdev.c */
#include "tests/unit/dev_host.h"

#include "tests/fuzz/fuzz_dev_input.h"
#include "tests/unit/dev_fake_irq.h"
#include "vmm/dev/kbc.h"
#include "vmm/dev/sysctl.h"
#include "vmm/fw_cfg.h"
#include "vmm/pc_testdev.h"

enum { RAM_SIZE = 0x12345000, CPUS = 3, ECHO_SIZE = 0x1000 };

static struct kbc kbc;
static struct sysctl sys;

/* The model. Of the 8042: the byte at port 60h, whose it is, and what the next write there belongs to. */
static struct {
	uint8_t byte, ram[32], lines; /* ram[0]: the command byte; lines: the output port's */
	bool full, mouse, silent;     /* silent: the byte says that nobody answered */
	bool after_command;
	unsigned owed; /* D1h to D4h, 60h to 7Fh; else 0 */
	uint8_t port92, port80, ported, cf9;
	unsigned item, next; /* of fw_cfg */
	uint8_t echo[4], page[ECHO_SIZE];
	bool wire[GSI_COUNT];
	unsigned resets;
} model;

static void offer(uint8_t byte, bool mouse, bool silent)
{
	model.byte = byte;
	model.full = true;
	model.mouse = mouse;
	model.silent = silent;
}

static uint8_t kbc_status(void)
{
	return (uint8_t)(0x10 | model.full | (model.ram[0] & 4) | model.after_command << 3 |
			 model.mouse << 5 | model.silent << 6);
}

static uint8_t kbc_output_port(void)
{
	return (uint8_t)(model.lines | (model.full ? model.mouse ? 0x20 : 0x10 : 0));
}

static void kbc_command(uint8_t command)
{
	model.after_command = true;
	model.owed = 0;
	switch (command) {
	case 0x20 ... 0x3f:
		offer(model.ram[command - 0x20], false, false);
		break;
	case 0x60 ... 0x7f:
	case 0xd1 ... 0xd4:
		model.owed = command;
		break;
	case 0xa4:
		offer(0xf1, false, false);
		break;
	case 0xa7:
		model.ram[0] |= 0x20;
		break;
	case 0xa8:
		model.ram[0] &= 0xdf;
		break;
	case 0xa9:
	case 0xab:
	case 0xe0:
		offer(0, false, false);
		break;
	case 0xaa:
		model.ram[0] = 0x34;
		offer(0x55, false, false);
		break;
	case 0xad:
		model.ram[0] |= 0x10;
		break;
	case 0xae:
		model.ram[0] &= 0xef;
		break;
	case 0xc0:
		offer(0x80, false, false);
		break;
	case 0xd0:
		offer(kbc_output_port(), false, false);
		break;
	case 0xdd:
		model.lines &= 0xfd;
		break;
	case 0xdf:
		model.lines |= 2;
		break;
	case 0xf0 ... 0xff:
		model.resets += (command & 1) == 0;
		break;
	default:
		break;
	}
}

static void kbc_data(uint8_t byte)
{
	unsigned owed = model.owed;

	model.after_command = false;
	model.owed = 0;
	if (owed == 0xd1) {
		model.resets += (byte & 1) == 0;
		model.lines = (byte & 0xcf) | 1;
	} else if (owed == 0xd2 || owed == 0xd3) {
		offer(byte, owed == 0xd3, false);
	} else if (owed == 0 || owed == 0xd4) {
		offer(0xfe, owed == 0xd4, true);
	} else {
		model.ram[owed - 0x60] = byte;
	}
}

static uint8_t fw_cfg_byte(void)
{
	static const struct {
		unsigned item;
		uint32_t value;
	} items[] = {{0, 0x554d4551}, {1, 1}, {3, RAM_SIZE}, {5, CPUS}, {15, CPUS}};
	unsigned at = model.next++;

	for (unsigned i = 0; i < ARRAY_SIZE(items); i++)
		if (items[i].item == model.item && at < 4)
			return (uint8_t)(items[i].value >> 8 * at);
	return 0;
}

/* A line's port, with a value of any width. */
static void drive(unsigned line, uint32_t value)
{
	model.wire[line == 0 ? 2 : line] = value != 0;
}

static bool is_line(uint32_t port)
{
	return port >= 0x2000 && port < 0x2000 + GSI_COUNT;
}

static uint8_t read_byte(uint32_t port)
{
	uint8_t byte = model.byte;

	switch (port) {
	case 0x60:
		model.full = model.mouse = model.silent = false;
		return byte;
	case 0x64:
		return kbc_status();
	case 0x80:
		return model.port80;
	case 0x92:
		return model.port92;
	case 0xe0 ... 0xe3:
		return model.echo[port - 0xe0];
	case 0xed:
		return model.ported;
	case 0x511:
		return fw_cfg_byte();
	default:
		return 0xff;
	}
}

static void write_byte(uint32_t port, uint8_t byte)
{
	switch (port) {
	case 0x60:
		kbc_data(byte);
		break;
	case 0x64:
		kbc_command(byte);
		break;
	case 0x80:
		model.port80 = byte;
		break;
	case 0x92:
		model.resets += (byte & 1) > (model.port92 & 1);
		model.port92 = byte & 3;
		break;
	case 0xe0 ... 0xe3:
		model.echo[port - 0xe0] = byte;
		break;
	case 0xed:
		model.ported = byte;
		break;
	default:
		if (is_line(port))
			drive(port - 0x2000, byte);
		break;
	}
}

/* What is not in one piece is bytes in ascending order; two devices here know words. */
static uint32_t model_read(uint16_t port, unsigned size)
{
	uint32_t value = 0;

	if (port == FW_CFG_SELECT && size == 2)
		return 0xffff;
	for (unsigned i = 0; i < size; i++)
		value |= (uint32_t)read_byte(port + i) << 8 * i;
	return value;
}

static void model_write(uint16_t port, unsigned size, uint32_t value)
{
	if (port == FW_CFG_SELECT && size == 2) {
		model.item = value & 0xffff;
		model.next = 0;
	} else if (is_line(port) && port % size == 0 && is_line(port + size - 1)) {
		drive(port - 0x2000, value);
	} else {
		for (unsigned i = 0; i < size; i++)
			write_byte(port + i, (uint8_t)(value >> 8 * i));
	}
}

/* Of the 8042 mostly: only it remembers several bytes. */
static uint16_t port_of(struct play *play)
{
	static const uint16_t ports[] = {0x60, 0x64, 0x92, 0x80, 0xed,	0xe0,  0xe1, 0xe2,
					 0xe3, 0x5d, 0x5f, 0x61, 0x50f, 0x510, 0x511};
	uint8_t byte = play_byte(play);

	if (byte < 0x80)
		return (byte & 1) != 0 ? 0x60 : 0x64;
	if (byte < 0xc0)
		return ports[byte % ARRAY_SIZE(ports)];
	return byte < 0xf8 ? 0x1ffc + byte % 32 : (uint16_t)play_word(play);
}

static uint32_t low_bytes(uint32_t value, unsigned size)
{
	return size == 4 ? value : value & ((1U << 8 * size) - 1);
}

/* The echo's addresses, up to 8 bytes beyond both ends. */
static void access_echo(struct play *play, uint8_t what)
{
	uint32_t at = play_word(play) | (play_byte(play) & 1U) << 16;
	unsigned size = 1U << (what >> 4) % 4;
	uint64_t value = play_dword(play) * 0x100000001ULL, expected = 0;
	bool found = false;

	at %= PC_TESTDEV_MMIO_SIZE + 16;
	for (unsigned i = 0; i < size; i++) {
		bool inside = at + i >= 8 && at + i - 8 < PC_TESTDEV_MMIO_SIZE;
		uint8_t *byte = &model.page[(at + i - 8) % ECHO_SIZE];

		found |= inside;
		if (inside && (what & 0x80) != 0)
			*byte = (uint8_t)(value >> 8 * i);
		expected |= (uint64_t)(inside ? *byte : 0xff) << 8 * i;
	}
	if ((what & 0x80) != 0)
		check(bus_mmio_write(PC_TESTDEV_MMIO - 8 + at, size, value) == found);
	UNINITIALISED(&value, sizeof(value));
	check(bus_mmio_read(PC_TESTDEV_MMIO - 8 + at, size, &value) == found);
	check(told(value) == expected);
}

static void power_on(void)
{
	memset(model.ram, 0, sizeof(model.ram));
	model.ram[0] = 0x34;
	model.lines = 3;
	model.byte = 0;
	model.full = model.mouse = model.silent = model.after_command = false;
	model.owed = 0;
	model.port92 = 2;
	model.port80 = model.ported = model.cf9 = 0;
}

static void start(void)
{
	fake_start();
	memset(fake_irq, 0, sizeof(fake_irq));
	memset(&model, 0, sizeof(model));
	power_on();
	check(kbc_init(&kbc) == ERR_NONE && sysctl_init(&sys) == ERR_NONE);
	check(fw_cfg_init(RAM_SIZE, CPUS) == ERR_NONE && pc_testdev_init() == ERR_NONE);
	bus_seal();
	/* The echo keeps what the input before this one wrote. */
	bus_port_write(PC_TESTDEV_ECHO, 4, 0);
	for (unsigned i = 0; i < ECHO_SIZE; i += 8)
		check(bus_mmio_write(PC_TESTDEV_MMIO + i, 8, 0));
}

/* The 8042 drives its wires after each access to it; a test line is driven when it is written. */
static void check_wires(bool kbc_spoke)
{
	if (kbc_spoke) {
		model.wire[1] = model.full && !model.mouse && (model.ram[0] & 1) != 0;
		model.wire[12] = model.full && model.mouse && (model.ram[0] & 2) != 0;
	}
	for (unsigned i = 0; i < GSI_COUNT; i++)
		check(fake_irq[i].level == model.wire[i]);
}

/* CF9h is handed on by PCI, which is not here. */
static void access_cf9(uint8_t value)
{
	check(sysctl_reset_read(&sys) == model.cf9);
	model.resets += (value & 4) > (model.cf9 & 4);
	model.cf9 = value & 0x0e;
	sysctl_reset_write(&sys, value);
}

/* True if an access has a byte that changes the 8042's state. */
static bool reaches_kbc(uint16_t port, unsigned size, bool write)
{
	return (port <= 0x60 && port + size > 0x60) || (write && port <= 0x64 && port + size > 0x64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play play = {data, MIN(size, 2048)};

	start();
	while (play.left > 0) {
		uint8_t what = play_byte(&play);
		unsigned width = 1U << (what >> 4) % 3;
		bool kbc_spoke = false;

		switch (what % 8) {
		case 0 ... 2: {
			uint16_t port = port_of(&play);
			uint32_t value = play_word(&play) * 0x10001U;

			bus_port_write(port, width, value);
			model_write(port, width, low_bytes(value, width));
			kbc_spoke = reaches_kbc(port, width, true);
			break;
		}
		case 3 ... 5: {
			uint16_t port = port_of(&play);

			check(told(bus_port_read(port, width)) == model_read(port, width));
			kbc_spoke = reaches_kbc(port, width, false);
			break;
		}
		case 6:
			access_echo(&play, what);
			break;
		default:
			if (what == 0xff) {
				bus_reset_devices();
				power_on();
				kbc_spoke = true;
			} else {
				access_cf9(play_byte(&play));
			}
			break;
		}
		check_wires(kbc_spoke);
		check(fake.resets == model.resets && fake.power_offs == 0);
		check(sysctl_post_code(&sys) == model.port80);
	}
	return 0;
}
