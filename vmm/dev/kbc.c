/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the keyboard controller: it answers for itself and says at once that no device answers, so
 * that no driver waits. Written to IBM's PS/2 Hardware Interface Technical Reference, "Keyboard and
 * Auxiliary Device Controller".
 */
#include "vmm/dev/kbc.h"

#include "vmm/bus.h"
#include "vmm/dev/irq.h"
#include "vmm/dev/wiring.h"
#include "vmm/host.h"

enum status {
	STATUS_OUTPUT_FULL = 1 << 0,
	STATUS_SYSTEM = 1 << 2,	 /* the self test has passed */
	STATUS_COMMAND = 1 << 3, /* the last write was to port 64h */
	STATUS_UNLOCKED = 1 << 4,
	STATUS_AUX = 1 << 5, /* the output is the mouse's */
	STATUS_TIMEOUT = 1 << 6,
};
enum command_byte {
	BYTE_KEYBOARD_IRQ = 1 << 0,
	BYTE_MOUSE_IRQ = 1 << 1,
	BYTE_SYSTEM = 1 << 2,
	BYTE_KEYBOARD_OFF = 1 << 4,
	BYTE_MOUSE_OFF = 1 << 5,
};
enum output_port {
	PORT_NO_RESET = 1 << 0,
	PORT_A20 = 1 << 1,
	PORT_OUTPUT_FULL = 1 << 4,
	PORT_AUX_FULL = 1 << 5
};
enum command {
	READ_RAM = 0x20,  /* to 3Fh */
	WRITE_RAM = 0x60, /* to 7Fh */
	TEST_PASSWORD = 0xa4,
	DISABLE_MOUSE = 0xa7,
	ENABLE_MOUSE = 0xa8,
	TEST_MOUSE = 0xa9,
	SELF_TEST = 0xaa,
	TEST_KEYBOARD = 0xab,
	DISABLE_KEYBOARD = 0xad,
	ENABLE_KEYBOARD = 0xae,
	READ_INPUT_PORT = 0xc0,
	READ_OUTPUT_PORT = 0xd0,
	WRITE_OUTPUT_PORT = 0xd1,
	WRITE_KEYBOARD_OUTPUT = 0xd2,
	WRITE_MOUSE_OUTPUT = 0xd3,
	WRITE_MOUSE = 0xd4,
	A20_OFF = 0xdd,
	A20_ON = 0xdf,
	READ_TEST_INPUTS = 0xe0,
	PULSE = 0xf0, /* to FFh: the bits that are 0 go low for 6 us */
};
enum {
	RAM_MASK = 0x1f,
	SELF_TEST_OK = 0x55,
	TEST_OK = 0x00,
	NO_PASSWORD = 0xf1,
	NOT_INHIBITED = 0x80
};
enum { RESEND = 0xfe };

/* IRQ 1 and IRQ 12 stand while there is output of theirs to be read. */
static void update_lines(struct kbc *kbc)
{
	bool full = (kbc->status & STATUS_OUTPUT_FULL) != 0;
	bool aux = (kbc->status & STATUS_AUX) != 0;

	irq_set(GSI_KEYBOARD, full && !aux && (kbc->command & BYTE_KEYBOARD_IRQ) != 0);
	irq_set(GSI_MOUSE, full && aux && (kbc->command & BYTE_MOUSE_IRQ) != 0);
}

/* Output that was not read is overwritten: with no device connected nothing is lost. */
static void answer(struct kbc *kbc, uint8_t value, enum status source)
{
	kbc->output = value;
	kbc->status &= (uint8_t) ~(STATUS_AUX | STATUS_TIMEOUT);
	kbc->status |= (uint8_t)(STATUS_OUTPUT_FULL | source);
}

static uint8_t read_port(const struct kbc *kbc)
{
	bool full = (kbc->status & STATUS_OUTPUT_FULL) != 0;
	bool aux = (kbc->status & STATUS_AUX) != 0;

	return (uint8_t)(kbc->port | (full && !aux ? PORT_OUTPUT_FULL : 0) |
			 (full && aux ? PORT_AUX_FULL : 0));
}

/*
 * True if the guest pulled the reset line, which is high again after the reset. The two bits of the output
 * buffer stay its own: who switches A20 by DFh has not filled it.
 */
static bool write_port(struct kbc *kbc, uint8_t value)
{
	kbc->port = (uint8_t)((value & ~(PORT_OUTPUT_FULL | PORT_AUX_FULL)) | PORT_NO_RESET);
	return (value & PORT_NO_RESET) == 0;
}

static void write_command_byte(struct kbc *kbc, uint8_t value)
{
	kbc->command = value;
	kbc->status &= (uint8_t)~STATUS_SYSTEM;
	kbc->status |= (value & BYTE_SYSTEM) != 0 ? STATUS_SYSTEM : 0;
}

static void self_test(struct kbc *kbc)
{
	write_command_byte(kbc, BYTE_SYSTEM | BYTE_KEYBOARD_OFF | BYTE_MOUSE_OFF);
	answer(kbc, SELF_TEST_OK, 0);
}

/* Commands that set or clear bits of the controller and answer nothing. */
struct bit_command {
	uint8_t command;
	uint8_t command_set, command_clear;
	uint8_t port_set, port_clear;
};

static const struct bit_command bit_commands[] = {
	{DISABLE_MOUSE, BYTE_MOUSE_OFF, 0, 0, 0},
	{ENABLE_MOUSE, 0, BYTE_MOUSE_OFF, 0, 0},
	{DISABLE_KEYBOARD, BYTE_KEYBOARD_OFF, 0, 0, 0},
	{ENABLE_KEYBOARD, 0, BYTE_KEYBOARD_OFF, 0, 0},
	{A20_OFF, 0, 0, 0, PORT_A20},
	{A20_ON, 0, 0, PORT_A20, 0},
};

static void run_bit_command(struct kbc *kbc, uint8_t command)
{
	for (size_t i = 0; i < ARRAY_SIZE(bit_commands); i++) {
		const struct bit_command *entry = &bit_commands[i];

		if (entry->command != command)
			continue;
		kbc->command |= entry->command_set;
		kbc->command &= (uint8_t)~entry->command_clear;
		kbc->port |= entry->port_set;
		kbc->port &= (uint8_t)~entry->port_clear;
	}
}

/* True if the command resets the machine. Unknown commands do nothing, as on the chip. */
static bool write_command(struct kbc *kbc, uint8_t command)
{
	kbc->status |= STATUS_COMMAND;
	kbc->awaiting = 0;
	if (command >= PULSE)
		return (command & PORT_NO_RESET) == 0;
	if ((command & ~RAM_MASK) == READ_RAM) {
		answer(kbc, command == READ_RAM ? kbc->command : kbc->ram[command & RAM_MASK], 0);
	} else if ((command & ~RAM_MASK) == WRITE_RAM) {
		kbc->awaiting = command;
	} else {
		switch (command) {
		case SELF_TEST:
			self_test(kbc);
			break;
		case TEST_KEYBOARD:
		case TEST_MOUSE:
			answer(kbc, TEST_OK, 0);
			break;
		case TEST_PASSWORD:
			answer(kbc, NO_PASSWORD, 0);
			break;
		case READ_INPUT_PORT:
			answer(kbc, NOT_INHIBITED, 0);
			break;
		case READ_OUTPUT_PORT:
			answer(kbc, read_port(kbc), 0);
			break;
		case READ_TEST_INPUTS:
			answer(kbc, 0, 0);
			break;
		case WRITE_OUTPUT_PORT:
		case WRITE_KEYBOARD_OUTPUT:
		case WRITE_MOUSE_OUTPUT:
		case WRITE_MOUSE:
			kbc->awaiting = command;
			break;
		default:
			run_bit_command(kbc, command);
			break;
		}
	}
	return false;
}

/* True if the byte resets the machine. */
static bool write_data(struct kbc *kbc, uint8_t value)
{
	uint8_t command = kbc->awaiting;

	kbc->awaiting = 0;
	kbc->status &= (uint8_t)~STATUS_COMMAND;
	if (command == WRITE_RAM)
		write_command_byte(kbc, value);
	else if ((command & ~RAM_MASK) == WRITE_RAM)
		kbc->ram[command & RAM_MASK] = value;
	else if (command == WRITE_OUTPUT_PORT)
		return write_port(kbc, value);
	else if (command == WRITE_KEYBOARD_OUTPUT)
		answer(kbc, value, 0);
	else if (command == WRITE_MOUSE_OUTPUT)
		answer(kbc, value, STATUS_AUX);
	else if (command == WRITE_MOUSE)
		answer(kbc, RESEND, STATUS_AUX | STATUS_TIMEOUT);
	else
		answer(kbc, RESEND, STATUS_TIMEOUT); /* for the keyboard, and nobody is there */
	return false;
}

static uint32_t io_read(struct device *dev, uint16_t port, unsigned size)
{
	struct kbc *kbc = CONTAINER_OF(dev, struct kbc, dev);
	uint8_t value;

	(void)size;
	spin_lock(&dev->lock);
	value = kbc->status;
	if (port == PORT_KBC_DATA) {
		value = kbc->output;
		kbc->status &= (uint8_t) ~(STATUS_OUTPUT_FULL | STATUS_AUX | STATUS_TIMEOUT);
		update_lines(kbc);
	}
	spin_unlock(&dev->lock);
	return value;
}

static void io_write(struct device *dev, uint16_t port, unsigned size, uint32_t value)
{
	struct kbc *kbc = CONTAINER_OF(dev, struct kbc, dev);
	bool resets;

	(void)size;
	spin_lock(&dev->lock);
	if (port == PORT_KBC_COMMAND)
		resets = write_command(kbc, (uint8_t)value);
	else
		resets = write_data(kbc, (uint8_t)value);
	update_lines(kbc);
	spin_unlock(&dev->lock);
	if (resets)
		guest_reset("keyboard controller");
}

/* As firmware leaves it: the self test passed, both devices found missing and disabled. */
static void reset(struct device *dev)
{
	struct kbc *kbc = CONTAINER_OF(dev, struct kbc, dev);

	spin_lock(&dev->lock);
	kbc->status = STATUS_SYSTEM | STATUS_UNLOCKED;
	kbc->command = BYTE_SYSTEM | BYTE_KEYBOARD_OFF | BYTE_MOUSE_OFF;
	kbc->output = 0;
	kbc->port = PORT_NO_RESET | PORT_A20;
	kbc->awaiting = 0;
	for (size_t i = 0; i < ARRAY_SIZE(kbc->ram); i++)
		kbc->ram[i] = 0;
	update_lines(kbc);
	spin_unlock(&dev->lock);
}

static const struct device_ops ops = {
	.reset = reset,
	.io_read = io_read,
	.io_write = io_write,
	.io_sizes = SIZE_1,
};

enum err kbc_init(struct kbc *kbc)
{
	enum err err;

	*kbc = (struct kbc){.dev = {.name = "8042", .ops = &ops}};
	reset(&kbc->dev);
	err = bus_claim_ports(&kbc->dev, PORT_KBC_DATA, 1);
	if (err == ERR_NONE)
		err = bus_claim_ports(&kbc->dev, PORT_KBC_COMMAND, 1);
	return err;
}
