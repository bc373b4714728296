/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the state of the 8259A pair. Written to Intel's data sheet 231468 "8259A Programmable
 * Interrupt Controller"; where that of the PIIX (290562 "Interrupt Controller Registers") differs,
 * it leads: ICW1's level bit is replaced by the ELCR.
 */
#include "vmm/dev/pic.h"

#include "vmm/bus.h"
#include "vmm/dev/wiring.h"
#include "vmm/host.h"

enum { MASTER, SLAVE };
enum { CASCADE = 2, SPURIOUS = 7, NO_INPUT = 8 };

enum icw1 { ICW1_IC4 = 1 << 0, ICW1_SNGL = 1 << 1, ICW1_INIT = 1 << 4 };
enum icw4 { ICW4_AEOI = 1 << 1, ICW4_SFNM = 1 << 4 };
enum ocw3 {
	OCW3_RIS = 1 << 0,
	OCW3_RR = 1 << 1,
	OCW3_POLL = 1 << 2,
	OCW3_SELECT = 1 << 3,
	OCW3_SMM = 1 << 5,
	OCW3_ESMM = 1 << 6,
};
enum { POLL_REQUEST = 1 << 7 };

/* Inputs that are edge-triggered whatever the ELCR is told: timer, keyboard, cascade; RTC, FPU. */
static const uint8_t elcr_writable[2] = {0xf8, 0xde};

static inline uint8_t bit(unsigned input)
{
	return (uint8_t)(1U << input);
}

static uint8_t requests(const struct pic_chip *chip)
{
	return (uint8_t)(chip->irr | (chip->lines & chip->elcr));
}

/* 0 is the highest priority. */
static unsigned priority(const struct pic_chip *chip, unsigned input)
{
	return (input - chip->lowest - 1U) & 7;
}

/* The input of highest priority among set, or NO_INPUT. */
static unsigned highest(const struct pic_chip *chip, uint8_t set)
{
	unsigned first = (chip->lowest + 1U) & 7;
	unsigned turned = (set >> first | set << (8 - first)) & 0xff;

	return turned == 0 ? NO_INPUT : ((unsigned)__builtin_ctz(turned) + first) & 7;
}

/* The input that would be acknowledged now, or NO_INPUT: then INT is low. */
static unsigned pending(const struct pic_chip *chip)
{
	unsigned input = highest(chip, (uint8_t)(requests(chip) & ~chip->imr));
	/* In special mask mode a level that is masked does not hold back others. */
	uint8_t blocking = (uint8_t)(chip->special_mask ? chip->isr & ~chip->imr : chip->isr);
	unsigned served = highest(chip, blocking);

	if (input == NO_INPUT || served == NO_INPUT ||
	    priority(chip, input) < priority(chip, served))
		return input;
	/*
	 * Special fully nested mode: the slave decides what within it is higher than what it
	 * serves.
	 */
	if ((chip->icw[4] & ICW4_SFNM) != 0 && !chip->is_slave && input == CASCADE &&
	    served == CASCADE)
		return input;
	return NO_INPUT;
}

static void chip_set(struct pic_chip *chip, unsigned input, bool level)
{
	if (!level) {
		/*
		 * A request that is not held until INTA is gone, also an edge's: IR7 stands in for
		 * it.
		 */
		chip->lines &= (uint8_t)~bit(input);
		chip->irr &= (uint8_t)~bit(input);
	} else if ((chip->lines & bit(input)) == 0) {
		chip->lines |= bit(input);
		chip->irr |= bit(input);
	}
}

/* Brings the cascade and INTR up to date. After every change of state. */
static void update(struct pic *pic)
{
	bool level;

	chip_set(&pic->chip[MASTER], CASCADE, pending(&pic->chip[SLAVE]) != NO_INPUT);
	level = pending(&pic->chip[MASTER]) != NO_INPUT;
	if (level != pic->output) {
		pic->output = level;
		pic_output(level);
	}
}

/* Takes input into service, or what goes for that with automatic EOI. */
static void acknowledge(struct pic_chip *chip, unsigned input)
{
	chip->irr &= (uint8_t)~bit(input);
	if ((chip->icw[4] & ICW4_AEOI) == 0)
		chip->isr |= bit(input);
	else if (chip->rotate_auto)
		chip->lowest = (uint8_t)input;
}

/*
 * One chip's part in an INTA cycle or a poll: the input taken, or NO_INPUT. The slave's INT falls with it,
 * and a request that is still there (with automatic EOI, say) is another edge for the master.
 */
static unsigned chip_inta(struct pic *pic, struct pic_chip *chip)
{
	unsigned input = pending(chip);

	if (chip->is_slave)
		chip_set(&pic->chip[MASTER], CASCADE, false);
	if (input != NO_INPUT)
		acknowledge(chip, input);
	return input;
}

static uint8_t vector(const struct pic_chip *chip, unsigned input)
{
	return (uint8_t)((chip->icw[2] & 0xf8) | (input == NO_INPUT ? SPURIOUS : input));
}

/* True if the master gives way to a slave on its cascade input (ICW3; a single 8259 has none). */
static bool cascaded(const struct pic_chip *master)
{
	return (master->icw[1] & ICW1_SNGL) == 0 && (master->icw[3] & bit(CASCADE)) != 0;
}

uint8_t pic_inta(struct pic *pic)
{
	struct pic_chip *master = &pic->chip[MASTER];
	struct pic_chip *slave = &pic->chip[SLAVE];
	unsigned input;
	uint8_t answer;

	spin_lock(&pic->dev.lock);
	input = chip_inta(pic, master);
	answer = vector(master, input);
	if (input == CASCADE && cascaded(master)) {
		/*
		 * A slave with another identity stays silent, and an idle data bus reads all-ones.
		 */
		answer = 0xff;
		if ((slave->icw[3] & 7) == CASCADE)
			answer = vector(slave, chip_inta(pic, slave));
	}
	update(pic);
	spin_unlock(&pic->dev.lock);
	return answer;
}

void pic_set(struct pic *pic, unsigned irq, bool level)
{
	if (irq >= PIC_IRQS || irq == CASCADE)
		return;
	spin_lock(&pic->dev.lock);
	chip_set(&pic->chip[irq >> 3], irq & 7, level);
	update(pic);
	spin_unlock(&pic->dev.lock);
}

/* ICW1 (data sheet "Initialization Command Words 1 and 2"). Levels and the ELCR are untouched. */
static void write_icw1(struct pic_chip *chip, uint8_t value)
{
	chip->irr = 0;
	chip->isr = 0;
	chip->imr = 0;
	chip->lowest = 7;
	chip->special_mask = false;
	chip->poll = false;
	chip->read_isr = false;
	chip->rotate_auto = false;
	chip->icw[1] = value;
	chip->icw[4] = 0;
	chip->next_icw = 2;
}

/* What follows ICW2 and ICW3, by what ICW1 announced. */
static uint8_t following_icw(const struct pic_chip *chip)
{
	if (chip->next_icw == 2 && (chip->icw[1] & ICW1_SNGL) == 0)
		return 3;
	return chip->next_icw < 4 && (chip->icw[1] & ICW1_IC4) != 0 ? 4 : 0;
}

static void end_of_interrupt(struct pic_chip *chip, unsigned input, bool rotate)
{
	if (input == NO_INPUT)
		return;
	chip->isr &= (uint8_t)~bit(input);
	if (rotate)
		chip->lowest = (uint8_t)input;
}

/* OCW2: R, SL and EOI in bits 7:5, a level in 2:0. */
static void write_ocw2(struct pic_chip *chip, uint8_t value)
{
	unsigned level = value & 7;
	bool rotate = (value & 0x80) != 0;
	/* In special mask mode a masked level's in-service bit is left to specific EOIs. */
	uint8_t served = (uint8_t)(chip->special_mask ? chip->isr & ~chip->imr : chip->isr);

	switch (value >> 5) {
	case 0: /* rotate in automatic EOI: clear */
	case 4: /* the same: set */
		chip->rotate_auto = rotate;
		break;
	case 1: /* non-specific EOI */
	case 5: /* the same, rotating */
		end_of_interrupt(chip, highest(chip, served), rotate);
		break;
	case 3: /* specific EOI */
	case 7: /* the same, rotating */
		end_of_interrupt(chip, level, rotate);
		break;
	case 6: /* set priority */
		chip->lowest = (uint8_t)level;
		break;
	default: /* 2: no operation */
		break;
	}
}

static void write_ocw3(struct pic_chip *chip, uint8_t value)
{
	if ((value & OCW3_ESMM) != 0)
		chip->special_mask = (value & OCW3_SMM) != 0;
	if ((value & OCW3_POLL) != 0)
		chip->poll = true;
	else if ((value & OCW3_RR) != 0)
		chip->read_isr = (value & OCW3_RIS) != 0;
}

static void write_even(struct pic_chip *chip, uint8_t value)
{
	if ((value & ICW1_INIT) != 0)
		write_icw1(chip, value);
	else if ((value & OCW3_SELECT) != 0)
		write_ocw3(chip, value);
	else
		write_ocw2(chip, value);
}

static void write_odd(struct pic_chip *chip, uint8_t value)
{
	if (chip->next_icw == 0) {
		chip->imr = value;
		return;
	}
	chip->icw[chip->next_icw] = value;
	chip->next_icw = following_icw(chip);
}

/* Either port after a poll command: like an INTA, but the level is the answer. */
static uint8_t read_poll(struct pic *pic, struct pic_chip *chip)
{
	unsigned input = chip_inta(pic, chip);

	chip->poll = false;
	update(pic);
	return (uint8_t)(input == NO_INPUT ? 0 : POLL_REQUEST | input);
}

static uint8_t read_chip(struct pic *pic, struct pic_chip *chip, bool odd)
{
	if (chip->poll)
		return read_poll(pic, chip);
	if (odd)
		return chip->imr;
	return chip->read_isr ? chip->isr : requests(chip);
}

static uint32_t io_read(struct device *dev, uint16_t port, unsigned size)
{
	struct pic *pic = CONTAINER_OF(dev, struct pic, dev);
	uint8_t value;

	(void)size;
	spin_lock(&dev->lock);
	if (port >= PORT_ELCR)
		value = pic->chip[port & 1].elcr;
	else
		value = read_chip(pic, &pic->chip[port >= PORT_PIC_SLAVE], (port & 1) != 0);
	spin_unlock(&dev->lock);
	return value;
}

static void io_write(struct device *dev, uint16_t port, unsigned size, uint32_t value)
{
	struct pic *pic = CONTAINER_OF(dev, struct pic, dev);
	struct pic_chip *chip = &pic->chip[port >= PORT_PIC_SLAVE];

	(void)size;
	spin_lock(&dev->lock);
	if (port >= PORT_ELCR)
		pic->chip[port & 1].elcr = (uint8_t)(value & elcr_writable[port & 1]);
	else if ((port & 1) != 0)
		write_odd(chip, (uint8_t)value);
	else
		write_even(chip, (uint8_t)value);
	update(pic);
	spin_unlock(&dev->lock);
}

/* As a BIOS leaves it: its vectors, and all masked; the SCI is level. */
static void reset(struct device *dev)
{
	struct pic *pic = CONTAINER_OF(dev, struct pic, dev);

	spin_lock(&dev->lock);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t lines = pic->chip[i].lines; /* belong to the devices */

		pic->chip[i] = (struct pic_chip){
			.lines = lines, .imr = 0xff, .lowest = 7, .is_slave = i == SLAVE};
	}
	pic->chip[MASTER].icw[2] = 0x08;
	pic->chip[SLAVE].icw[2] = 0x70;
	pic->chip[MASTER].icw[3] = bit(CASCADE);
	pic->chip[SLAVE].icw[3] = CASCADE;
	pic->chip[SLAVE].elcr = bit(GSI_SCI & 7);
	update(pic);
	spin_unlock(&dev->lock);
}

static const struct device_ops ops = {
	.reset = reset,
	.io_read = io_read,
	.io_write = io_write,
	.io_sizes = SIZE_1,
};

enum err pic_init(struct pic *pic)
{
	enum err err;

	*pic = (struct pic){.dev = {.name = "8259", .ops = &ops}};
	reset(&pic->dev);
	err = bus_claim_ports(&pic->dev, PORT_PIC_MASTER, 2);
	if (err == ERR_NONE)
		err = bus_claim_ports(&pic->dev, PORT_PIC_SLAVE, 2);
	if (err == ERR_NONE)
		err = bus_claim_ports(&pic->dev, PORT_ELCR, 2);
	return err;
}
