/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 8259 pair and the IOAPIC on common wires. Promised: only messages that are allowed, no
 * interrupt left behind, no remote IRR that no EOI can end, and INTR that agrees with an
 * acknowledge.
 */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/irq.c vmm/dev/pic.c vmm/dev/ioapic.c */
#include "tests/unit/dev_host.h"

#include "tests/fuzz/fuzz_dev_input.h"
#include "vmm/dev/ioapic.h"
#include "vmm/dev/irq.h"
#include "vmm/dev/pic.h"

enum { LEVEL = 0x8000, MASK = 0x10000, REMOTE_IRR = 0x4000 };

static struct pic pic;
static struct ioapic ioapic;

static bool is_fixed(uint64_t entry)
{
	return (entry >> 8 & 7) < 2;
}

static void check_messages(unsigned before)
{
	check(fake.messages - before <= GSI_COUNT);
	for (unsigned i = before; i < fake.messages; i++) {
		const struct fake_message *m = &fake.message[i % ARRAY_SIZE(fake.message)];

		check(m->mode == 0 || m->mode == 1 || m->mode == 4 || m->mode == 7);
		check(m->mode >= 4 ? !m->level : m->vector >= 16);
		check(m->vector < 256 && m->dest < 256);
	}
}

static void check_ioapic(void)
{
	for (unsigned pin = 0; pin < GSI_COUNT; pin++) {
		uint64_t entry = ioapic.entry[pin];
		unsigned sent = ioapic.sent[pin];

		if ((entry & REMOTE_IRR) != 0)
			check((entry & LEVEL) != 0 &&
			      (fake.watch[sent >> 6] >> (sent & 63) & 1) != 0);
		if ((entry & LEVEL) != 0 && is_fixed(entry) && (entry & 0xff) >= 16 &&
		    (entry & MASK) == 0 && (ioapic.lines >> pin & 1) != 0)
			check((entry & REMOTE_IRR) != 0);
	}
}

static void acknowledge(void)
{
	bool asked = fake.intr;
	uint8_t served = pic.chip[0].isr;
	uint8_t vector = pic_inta(&pic);

	if (!asked) {
		check(pic.chip[0].isr == served);
		check(vector == ((pic.chip[0].icw[2] & 0xf8) | 7));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t ports[] = {0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1};
	struct play play = {data, MIN(size, 2048)};

	fake_start();
	irq_connect(&pic, &ioapic);
	memset(&pic, 0, sizeof(pic));
	check(pic_init(&pic) == ERR_NONE && ioapic_init(&ioapic, 0) == ERR_NONE);
	bus_seal();
	while (play.left > 0) {
		unsigned before = fake.messages;
		uint8_t what = play_byte(&play);
		uint64_t value;

		switch (what % 8) {
		case 0:
			irq_set(play_byte(&play), (what & 0x80) != 0);
			break;
		case 1:
			bus_port_write(ports[(what >> 3) % 6], 1, play_byte(&play));
			break;
		case 2:
			told(bus_port_read(ports[(what >> 3) % 6], 1 + (what >> 7)));
			break;
		case 3:
			acknowledge();
			break;
		case 4:
			bus_mmio_write(IOAPIC_BASE, 4, 0x10 + play_byte(&play) % 0x30);
			bus_mmio_write(IOAPIC_BASE + 0x10, 4, play_dword(&play));
			break;
		case 5:
			bus_mmio_write(IOAPIC_BASE + play_byte(&play), 1U << (what >> 3) % 4,
				       play_dword(&play));
			break;
		case 6:
			UNINITIALISED(&value, sizeof(value));
			if (bus_mmio_read(IOAPIC_BASE + play_word(&play) % 0x1000,
					  1U << (what >> 3) % 4, &value))
				told(value);
			break;
		default:
			if (what == 0xff)
				bus_reset_devices();
			else
				ioapic_eoi(&ioapic, play_byte(&play));
			break;
		}
		check_messages(before);
		check_ioapic();
		check(fake.intr == pic.output);
	}
	return 0;
}
