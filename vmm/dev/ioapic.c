/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the state of the IOAPIC. Written to Intel's data sheet 290566 "82093AA I/O Advanced
 * Programmable Interrupt Controller", with version 20h's EOI register (ICH data sheets, "EOIR: EOI
 * Register").
 */
#include "vmm/dev/ioapic.h"

#include "lib/string.h"
#include "vmm/bus.h"
#include "vmm/host.h"

enum { IOREGSEL = 0x00, IOWIN = 0x10, EOIR = 0x40 };
enum { REG_ID = 0, REG_VERSION = 1, REG_ARBITRATION = 2, REG_ENTRIES = 0x10 };
enum delivery { MODE_FIXED = 0, MODE_LOWEST = 1, MODE_NMI = 4, MODE_EXTINT = 7 };
enum {
	FIRST_VECTOR = 16
}; /* 0 to 15 are illegal in a fixed message (SDM 3A "Valid Interrupt Vectors") */

#define ENTRY_VECTOR	 BITS(7, 0)
#define ENTRY_MODE	 BITS(10, 8)
#define ENTRY_LOGICAL	 BIT(11)
#define ENTRY_STATUS	 BIT(12) /* read-only: idle, since a message is delivered as it is sent */
#define ENTRY_POLARITY	 BIT(13) /* kept for the guest: a wire here has a level, not a voltage */
#define ENTRY_REMOTE_IRR BIT(14) /* read-only */
#define ENTRY_LEVEL	 BIT(15)
#define ENTRY_MASK	 BIT(16)
#define ENTRY_DEST	 BITS(63, 56)
#define ENTRY_WRITABLE                                                                           \
	(ENTRY_VECTOR | ENTRY_MODE | ENTRY_LOGICAL | ENTRY_POLARITY | ENTRY_LEVEL | ENTRY_MASK | \
	 ENTRY_DEST)

static unsigned entry_vector(uint64_t entry)
{
	return (unsigned)(entry & ENTRY_VECTOR);
}

static enum delivery entry_mode(uint64_t entry)
{
	return (enum delivery)((entry & ENTRY_MODE) >> 8);
}

/* True for the modes that have a vector, an EOI and with it a remote IRR. */
static bool has_vector(uint64_t entry)
{
	return entry_mode(entry) == MODE_FIXED || entry_mode(entry) == MODE_LOWEST;
}

/* NMI and ExtINT are edges even if programmed as level (data sheet, "Delivery Mode"). */
static bool is_level(uint64_t entry)
{
	return (entry & ENTRY_LEVEL) != 0 && has_vector(entry);
}

/* SMI, INIT and the reserved modes are refused: nothing in this PC has a use for them. */
static bool is_allowed(uint64_t entry)
{
	if (has_vector(entry))
		return entry_vector(entry) >= FIRST_VECTOR;
	return entry_mode(entry) == MODE_NMI || entry_mode(entry) == MODE_EXTINT;
}

static void send(struct ioapic *ioapic, unsigned pin)
{
	uint64_t entry = ioapic->entry[pin];

	if (!is_allowed(entry)) {
		ioapic->refused++;
		return;
	}
	/* A refused message has no EOI: its remote IRR would be stuck. */
	if (is_level(entry)) {
		ioapic->entry[pin] |= ENTRY_REMOTE_IRR;
		ioapic->sent[pin] = (uint8_t)entry_vector(entry);
	}
	apic_message((uint32_t)(entry >> 56), (entry & ENTRY_LOGICAL) != 0, entry_mode(entry),
		     entry_vector(entry), is_level(entry));
}

/* Sends for a level-triggered pin that is asserted, unmasked and not in service. */
static void service_level(struct ioapic *ioapic, unsigned pin)
{
	uint64_t entry = ioapic->entry[pin];

	if (is_level(entry) && (entry & (ENTRY_MASK | ENTRY_REMOTE_IRR)) == 0 &&
	    (ioapic->lines & BIT(pin)) != 0)
		send(ioapic, pin);
}

void ioapic_set(struct ioapic *ioapic, unsigned pin, bool level)
{
	bool was;

	if (pin >= GSI_COUNT)
		return;
	spin_lock(&ioapic->dev.lock);
	was = (ioapic->lines & BIT(pin)) != 0;
	if (level)
		ioapic->lines |= (uint32_t)BIT(pin);
	else
		ioapic->lines &= (uint32_t)~BIT(pin);
	/* An edge on a masked pin is neither delivered nor held (data sheet, "Interrupt Mask"). */
	if (is_level(ioapic->entry[pin]))
		service_level(ioapic, pin);
	else if (level && !was && (ioapic->entry[pin] & ENTRY_MASK) == 0)
		send(ioapic, pin);
	spin_unlock(&ioapic->dev.lock);
}

static void watch(uint64_t vectors[4], unsigned vector)
{
	vectors[vector >> 6] |= BIT(vector & 63);
}

/*
 * Tells the kernel whose EOIs we need: those of all level-triggered entries, masked or not, since
 * one may be masked while in service, or be given another vector.
 */
static void update_watch(struct ioapic *ioapic)
{
	uint64_t vectors[4] = {0};

	for (unsigned pin = 0; pin < GSI_COUNT; pin++) {
		uint64_t entry = ioapic->entry[pin];

		if (is_level(entry) && is_allowed(entry))
			watch(vectors, entry_vector(entry));
		if ((entry & ENTRY_REMOTE_IRR) != 0)
			watch(vectors, ioapic->sent[pin]);
	}
	if (memcmp(vectors, ioapic->watched, sizeof(vectors)) == 0)
		return;
	memcpy(ioapic->watched, vectors, sizeof(vectors));
	eoi_watch(vectors);
}

/*
 * An EOI ends what was sent with its vector. It also ends what has its vector now: a guest that
 * gave an entry in service another vector uses EOIR so. With the lock.
 */
static void end_of_interrupt(struct ioapic *ioapic, unsigned vector)
{
	bool moved = false;

	for (unsigned pin = 0; pin < GSI_COUNT; pin++) {
		uint64_t entry = ioapic->entry[pin];

		if ((entry & ENTRY_REMOTE_IRR) == 0 ||
		    (entry_vector(entry) != vector && ioapic->sent[pin] != vector))
			continue;
		moved |= ioapic->sent[pin] != entry_vector(entry);
		ioapic->entry[pin] &= ~ENTRY_REMOTE_IRR;
		service_level(ioapic, pin);
	}
	if (moved)
		update_watch(ioapic);
}

void ioapic_eoi(struct ioapic *ioapic, unsigned vector)
{
	spin_lock(&ioapic->dev.lock);
	end_of_interrupt(ioapic, vector);
	spin_unlock(&ioapic->dev.lock);
}

static void write_entry(struct ioapic *ioapic, unsigned index, uint32_t value)
{
	unsigned pin = index >> 1;
	unsigned shift = (index & 1) != 0 ? 32 : 0;
	uint64_t old = ioapic->entry[pin];
	uint64_t new = (old & ~(0xffffffffULL << shift)) | (uint64_t)value << shift;

	new = (new &ENTRY_WRITABLE) | (old & ENTRY_REMOTE_IRR);
	/*
	 * Switching to edge ends what is in service: guests of the time before EOIR reset a stuck
	 * remote IRR that way.
	 */
	if (!is_level(new))
		new &= ~ENTRY_REMOTE_IRR;
	ioapic->entry[pin] = new;
	update_watch(ioapic);
	service_level(ioapic, pin);
}

static void write_window(struct ioapic *ioapic, uint32_t value)
{
	unsigned index = ioapic->select;

	if (index == REG_ID)
		ioapic->id = (uint8_t)(value >> 24 & 0xf);
	else if (index >= REG_ENTRIES && index < REG_ENTRIES + 2 * GSI_COUNT)
		write_entry(ioapic, index - REG_ENTRIES, value);
}

static uint32_t read_window(const struct ioapic *ioapic)
{
	unsigned index = ioapic->select;

	if (index == REG_ID || index == REG_ARBITRATION)
		return (uint32_t)ioapic->id << 24;
	if (index == REG_VERSION)
		return (GSI_COUNT - 1) << 16 | IOAPIC_VERSION;
	if (index >= REG_ENTRIES && index < REG_ENTRIES + 2 * GSI_COUNT)
		return (uint32_t)(ioapic->entry[(index - REG_ENTRIES) >> 1] >>
				  ((index & 1) != 0 ? 32 : 0));
	return UINT32_MAX;
}

/*
 * Accesses of other sizes than the data sheet's 32 bits: a read gives the register's low bytes, or
 * zero-extends it; an 8-byte write is its low half; a smaller write reaches IOREGSEL and EOIR,
 * which have 8 bits, and is dropped by IOWIN. Between the registers there is nothing.
 */
static uint64_t mmio_read(struct device *dev, uint64_t offset, unsigned size)
{
	struct ioapic *ioapic = CONTAINER_OF(dev, struct ioapic, dev);
	uint64_t value = UINT64_MAX;

	(void)size;
	spin_lock(&dev->lock);
	if (offset == IOREGSEL)
		value = ioapic->select;
	else if (offset == IOWIN)
		value = read_window(ioapic);
	spin_unlock(&dev->lock);
	return value;
}

static void mmio_write(struct device *dev, uint64_t offset, unsigned size, uint64_t value)
{
	struct ioapic *ioapic = CONTAINER_OF(dev, struct ioapic, dev);

	spin_lock(&dev->lock);
	if (offset == IOREGSEL)
		ioapic->select = (uint8_t)value;
	else if (offset == IOWIN && size >= 4)
		write_window(ioapic, (uint32_t)value);
	else if (offset == EOIR)
		end_of_interrupt(ioapic, (unsigned)(value & 0xff));
	spin_unlock(&dev->lock);
}

static void reset(struct device *dev)
{
	struct ioapic *ioapic = CONTAINER_OF(dev, struct ioapic, dev);

	spin_lock(&dev->lock);
	ioapic->select = 0;
	ioapic->id = ioapic->first_id;
	for (unsigned pin = 0; pin < GSI_COUNT; pin++)
		ioapic->entry[pin] = ENTRY_MASK;
	update_watch(ioapic);
	spin_unlock(&dev->lock);
}

static const struct device_ops ops = {
	.reset = reset,
	.mmio_read = mmio_read,
	.mmio_write = mmio_write,
	.mmio_sizes = SIZE_1 | SIZE_2 | SIZE_4 | SIZE_8,
};

enum err ioapic_init(struct ioapic *ioapic, uint8_t id)
{
	*ioapic = (struct ioapic){.dev = {.name = "ioapic", .ops = &ops}, .first_id = id & 0xf};
	reset(&ioapic->dev);
	return bus_claim_mmio(&ioapic->dev, IOAPIC_BASE, IOAPIC_SIZE);
}
