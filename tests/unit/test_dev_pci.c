/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI: mechanism 1 over all addresses and widths, the masks of a function, BARs, INTx. */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/sysctl.c vmm/dev/pci.c vmm/dev/pci_function.c */
#include "tests/unit/dev_fakes.h"

#include "tests/unit/dev_fake_irq.h"
#include "vmm/dev/pci.h"
#include "vmm/device.h"

static struct pci pci;
static struct pci_function fn, other, third;
static unsigned written, resets;

static struct {
	const struct pci_function *fn;
	unsigned bar, size, count;
	uint64_t offset, value;
} last;

static uint64_t bar_read(struct pci_function *f, unsigned bar, uint64_t offset, unsigned size)
{
	last.fn = f;
	last.bar = bar;
	last.offset = offset;
	last.size = size;
	last.count++;
	return 0x1122334455667788ULL;
}

static void bar_write(struct pci_function *f, unsigned bar, uint64_t offset, unsigned size,
		      uint64_t value)
{
	bar_read(f, bar, offset, size);
	last.value = value;
}

static void config_written(struct pci_function *f, unsigned offset, unsigned size)
{
	(void)f;
	assert_true(offset + size <= 256);
	written++;
}

static void on_reset(struct pci_function *f)
{
	assert_false(f->intx);
	resets++;
}

static const struct pci_function_ops ops = {bar_read, bar_write, config_written, on_reset};
static const struct pci_identity identity = {0x1af4, 0x1042, 0x1af4, 0x0002, 0x018000, 1, true};

static uint32_t conf(unsigned devfn, unsigned offset, unsigned size)
{
	bus_port_write(0xcf8, 4, 0x80000000U | devfn << 8 | (offset & 0xfc));
	return bus_port_read((uint16_t)(0xcfc + (offset & 3)), size);
}

static void set_conf(unsigned devfn, unsigned offset, unsigned size, uint32_t value)
{
	bus_port_write(0xcf8, 4, 0x80000000U | devfn << 8 | (offset & 0xfc));
	bus_port_write((uint16_t)(0xcfc + (offset & 3)), size, value);
}

static int setup(void **state)
{
	(void)state;
	fake_start();
	memset(fake_irq, 0, sizeof(fake_irq));
	memset(&last, 0, sizeof(last));
	written = resets = 0;
	assert_int_equal(pci_init(&pci, NULL), ERR_NONE);
	pci_function_init(&fn, &identity, &ops);
	pci_function_add_bar(&fn, 0, 0x3000);
	pci_function_add_bar(&fn, 4, 0x10);
	assert_int_equal(pci_register(&pci, &fn, 3, 0), ERR_NONE);
	pci_function_init(&other, &identity, &ops);
	pci_function_add_bar(&other, 1, 0x4000);
	assert_int_equal(pci_register(&pci, &other, 11, 0), ERR_NONE); /* shares slot 3's GSI */
	pci_function_init(&third, &identity, NULL);
	bus_seal();
	return 0;
}

static void the_address_register_is_a_dword(void **state)
{
	(void)state;
	bus_port_write(0xcf8, 4, 0xffffffff);
	assert_int_equal(bus_port_read(0xcf8, 4), 0x80fffffc);
	out8(0xcf8, 0);
	out8(0xcfb, 0x01); /* what probes for mechanism 2 do */
	bus_port_write(0xcfa, 2, 0);
	assert_int_equal(bus_port_read(0xcf8, 4), 0x80fffffc);
	bus_port_write(0xcf8, 4, 0x80000000);
	assert_int_equal(bus_port_read(0xcf8, 4), 0x80000000);
}

static void the_host_bridge_is_at_0_0(void **state)
{
	(void)state;
	assert_int_equal(conf(0, 0, 4), 0x12378086);
	assert_int_equal(conf(0, 8, 4), 0x06000002);
	assert_int_equal(conf(0, 10, 2), 0x0600);
	assert_int_equal(conf(0, 14, 1), 0);
	assert_int_equal(conf(0, 4, 2), 6);
	for (unsigned offset = 0; offset < 256; offset += 4) {
		uint32_t before = conf(0, offset, 4);

		set_conf(0, offset, 4, 0xffffffff);
		assert_int_equal(conf(0, offset, 4), before);
		set_conf(0, offset, 4, 0);
		assert_int_equal(conf(0, offset, 4), before);
	}
}

static void the_isa_bridge_is_at_1_0(void **state)
{
	(void)state;
	assert_int_equal(conf(1 << 3, 0, 4), 0x70008086);
	assert_int_equal(conf(1 << 3, 8, 4), 0x06010000);
	assert_int_equal(conf(1 << 3, 14, 1), 0);
	assert_int_equal(conf(1 << 3, 4, 2), 7);
	for (unsigned offset = 0; offset < 256; offset += 4) {
		uint32_t before = conf(1 << 3, offset, 4);

		set_conf(1 << 3, offset, 4, ~before);
		assert_int_equal(conf(1 << 3, offset, 4), before);
	}
}

static uint64_t ecam(unsigned devfn, unsigned offset, unsigned size)
{
	uint64_t value = 0;

	assert_true(bus_mmio_read(PCI_ECAM_BASE + (devfn << 12 | offset), size, &value));
	return value;
}

/* In memory is the same space, in each width that lies inside a dword and in others, too. */
static void ecam_reads_what_the_ports_read(void **state)
{
	(void)state;
	for (unsigned devfn = 0; devfn < 256; devfn++) {
		for (unsigned offset = 0; offset < 256; offset += 4) {
			uint32_t whole = conf(devfn, offset, 4);

			assert_int_equal(ecam(devfn, offset, 4), whole);
			for (unsigned lane = 0; lane < 4; lane++)
				assert_int_equal(ecam(devfn, offset + lane, 1),
						 whole >> (8 * lane) & 0xff);
			assert_int_equal(ecam(devfn, offset + 1, 2), whole >> 8 & 0xffff);
			assert_int_equal(ecam(devfn, offset, 8) & 0xffffffff, whole);
		}
	}
	assert_int_equal(ecam(3 << 3, 252, 8) >> 32, 0xffffffff);
}

/* A conventional function has 256 bytes: what is behind them is absent, also where an access crosses. */
static void ecam_ends_where_the_space_ends(void **state)
{
	(void)state;
	for (unsigned offset = 256; offset < 4096; offset += 4) {
		assert_int_equal(ecam(3 << 3, offset, 4), 0xffffffff);
		bus_mmio_write(PCI_ECAM_BASE + (3U << 15 | offset), 4, 0);
	}
	assert_int_equal(ecam(3 << 3, 254, 4) >> 16, 0xffff);
	assert_int_equal(ecam(2 << 3, 0, 4), 0xffffffff);
	bus_mmio_write(PCI_ECAM_BASE + (2U << 15), 4, 0);
	assert_int_equal(written, 0);
}

static void ecam_writes_by_the_masks(void **state)
{
	uint64_t value;

	(void)state;
	bus_mmio_write(PCI_ECAM_BASE + (3U << 15) + 4, 2, 0xffff);
	assert_int_equal(conf(3 << 3, 4, 2), 0x406);
	bus_mmio_write(PCI_ECAM_BASE + (3U << 15), 4, 0);
	assert_int_equal(conf(3 << 3, 0, 4), 0x10421af4);
	assert_int_equal(written, 2);
	bus_mmio_write(PCI_ECAM_BASE + (3U << 15) + 0x10, 4, 0xe8000000);
	assert_true(bus_mmio_read(0xe8000000, 4, &value));
	assert_int_equal(last.count, 1);
	/* It has INTx disabled, and gets it back so. */
	pci_set_intx(&fn, true);
	assert_false(fake_irq[PCI_SLOT_GSI(3)].level);
	bus_mmio_write(PCI_ECAM_BASE + (3U << 15) + 5, 1, 0);
	assert_true(fake_irq[PCI_SLOT_GSI(3)].level);
}

static void without_the_enable_bit_nothing_answers(void **state)
{
	(void)state;
	bus_port_write(0xcf8, 4, 0);
	assert_int_equal(bus_port_read(0xcfc, 4), 0xffffffff);
	bus_port_write(0xcfc, 4, 0);
	assert_int_equal(written, 0);
}

/*
 * All buses, devices, functions, some offsets, all widths: present ones by their bytes, others
 * ones.
 */
static void all_addresses_answer_by_the_rule(void **state)
{
	(void)state;
	for (unsigned bdf = 0; bdf < 65536; bdf++) {
		for (unsigned offset = 0; offset < 256; offset += 4) {
			bool present = bdf == 0 || bdf == 1 << 3 || bdf == 3 << 3 || bdf == 11 << 3;

			if (!present && offset % 64 != 0)
				continue;
			bus_port_write(0xcf8, 4, 0x80000000U | bdf << 8 | offset);
			uint32_t whole = bus_port_read(0xcfc, 4);

			if (!present)
				assert_int_equal(whole, 0xffffffff);
			for (unsigned lane = 0; present && lane < 4; lane++) {
				uint16_t port = (uint16_t)(0xcfc + lane);

				assert_int_equal(in8(port), whole >> (8 * lane) & 0xff);
				/* Beyond CFFh there is no port. */
				assert_int_equal(bus_port_read(port, 2),
						 lane == 3 ? (0xff00 | whole >> 24)
							   : (whole >> (8 * lane) & 0xffff));
				assert_int_equal(
					bus_port_read(port, 4),
					(uint32_t)(((0xffffffffULL << 32) | whole) >> (8 * lane)));
			}
		}
	}
}

static void a_guest_writes_only_what_the_masks_allow(void **state)
{
	(void)state;
	for (unsigned offset = 0; offset < 256; offset++) {
		set_conf(3 << 3, offset, 1, 0xff);
		set_conf(3 << 3, offset, 1, 0x00);
	}
	assert_int_equal(written, 512);
	assert_int_equal(conf(3 << 3, 0, 4), 0x10421af4);
	for (unsigned offset = 0; offset < 256; offset += 4)
		set_conf(3 << 3, offset, 4, 0xffffffff);
	assert_int_equal(conf(3 << 3, 0, 4), 0x10421af4);
	assert_int_equal(conf(3 << 3, 4, 4), 0x00000406);
	assert_int_equal(conf(3 << 3, 8, 4), 0x01800001);
	assert_int_equal(conf(3 << 3, 0x2c, 4), 0x00021af4);
	assert_int_equal(conf(3 << 3, 0x3c, 4), 0x000001ff);
	assert_int_equal(conf(3 << 3, 0x10, 4), 0xffffc000); /* sizing: 16 KiB */
	assert_int_equal(conf(3 << 3, 0x14, 4), 0);
	assert_int_equal(conf(3 << 3, 0x20, 4), 0xfffff000); /* at least a page */
	assert_int_equal(conf(3 << 3, 0x40, 4), 0);
}

static void capabilities_are_linked_and_read_only(void **state)
{
	uint8_t a = pci_function_add_capability(&third, 0x09, 18);
	uint8_t b = pci_function_add_capability(&third, 0x11, 12);
	unsigned count = 2;

	(void)state;
	assert_int_equal(a, 0x40);
	assert_int_equal(b, 0x54);
	assert_int_equal(third.config[0x34], 0x40);
	assert_int_equal(third.config[0x41], 0x54);
	assert_int_equal(third.config[0x55], 0);
	assert_int_equal(third.config[6] & 0x10, 0x10);
	while (pci_function_add_capability(&third, 0x09, 16) != 0)
		count++;
	assert_int_equal(count, 2 + (0xfc - 0x60) / 16);
	/* Whatever is written, the list is the same. */
	for (unsigned offset = 0; offset < 256; offset++)
		pci_function_write(&third, offset, 1, 0xff);
	unsigned at = third.config[0x34], found = 0;

	for (; at != 0 && found < 64; at = third.config[at + 1])
		found++;
	assert_int_equal(found, count);
}

static void bars_have_addresses_and_decode_when_enabled(void **state)
{
	uint64_t value, base = conf(3 << 3, 0x10, 4);

	(void)state;
	assert_int_equal(base & 0x3fff, 0);
	assert_true(base >= PCI_MMIO_BASE && base + 0x4000 <= IOAPIC_BASE);
	assert_true(conf(11 << 3, 0x14, 4) >= base + 0x4000 + 0x1000);
	assert_true(bus_mmio_read(base, 4, &value));
	assert_int_equal(value, 0xffffffff);
	assert_int_equal(last.count, 0);
	set_conf(3 << 3, 4, 2, 2);
	assert_true(bus_mmio_read(base + 0x3ffc, 4, &value));
	assert_int_equal(value, 0x55667788);
	assert_ptr_equal(last.fn, &fn);
	assert_int_equal(last.offset, 0x3ffc);
	assert_true(bus_mmio_write(conf(3 << 3, 0x20, 4) + 8, 8, 0xabcdef));
	assert_int_equal(last.bar, 4);
	assert_int_equal(last.size, 8);
	assert_int_equal(last.value, 0xabcdef);
	/* Misaligned over the end of the BAR: bytes, of which the last has no taker. */
	last.count = 0;
	set_conf(3 << 3, 0x20, 4, 0xf0000000); /* the next BAR stood behind it */
	assert_true(bus_mmio_read(base + 0x3ffd, 4, &value));
	assert_int_equal(value, 0xff888888);
	assert_int_equal(last.count, 3);
	set_conf(3 << 3, 4, 2, 0);
	bus_mmio_read(base, 4, &value);
	assert_int_equal(last.count, 3);
}

static void a_bar_moved_out_of_the_window_does_not_decode(void **state)
{
	static const uint32_t bases[] = {0,	     0x00100000, 0xdfffc000, 0xfec00000,
					 0xfee00000, 0xfffff000, 0xffffffff, 0xfebfd000};
	uint64_t value;

	(void)state;
	set_conf(3 << 3, 4, 2, 2);
	for (unsigned i = 0; i < ARRAY_SIZE(bases); i++) {
		uint64_t base;

		set_conf(3 << 3, 0x10, 4, bases[i]);
		base = conf(3 << 3, 0x10, 4);
		bus_mmio_read(base, 4, &value);
		bus_mmio_read(base + 0x3ffc, 4, &value);
		assert_int_equal(last.count, base == 0xfebfc000 ? 2 : 0);
	}
	set_conf(3 << 3, 0x10, 4, 0xfebfc000); /* the window's last 16 KiB */
	last.count = 0;
	bus_mmio_read(0xfebffff8, 8, &value);
	assert_int_equal(last.count, 1);
}

static void of_overlapping_bars_one_answers(void **state)
{
	uint64_t value;

	(void)state;
	set_conf(3 << 3, 4, 2, 2);
	set_conf(11 << 3, 4, 2, 2);
	set_conf(3 << 3, 0x10, 4, 0xf0000000);
	set_conf(11 << 3, 0x14, 4, 0xf0000000);
	bus_mmio_read(0xf0000000, 4, &value);
	assert_ptr_equal(last.fn, &fn);
	assert_int_equal(last.count, 1);
}

static void functions_share_their_interrupt(void **state)
{
	unsigned gsi = PCI_SLOT_GSI(3);

	(void)state;
	assert_int_equal(gsi, PCI_SLOT_GSI(11));
	assert_int_equal(gsi, 19);
	pci_set_intx(&fn, true);
	assert_true(fake_irq[gsi].level);
	assert_int_equal(conf(3 << 3, 6, 2) & 8, 8);
	pci_set_intx(&other, true);
	pci_set_intx(&fn, false);
	assert_true(fake_irq[gsi].level);
	set_conf(11 << 3, 4, 2, 0x400); /* interrupt disable */
	assert_false(fake_irq[gsi].level);
	assert_int_equal(conf(11 << 3, 6, 2) & 8, 8);
	set_conf(11 << 3, 4, 2, 0);
	assert_true(fake_irq[gsi].level);
	pci_set_intx(&other, false);
	assert_false(fake_irq[gsi].level);
}

static void places_and_space_are_finite(void **state)
{
	struct pci_function big;

	(void)state;
	assert_int_equal(pci_register(&pci, &third, 3, 0), ERR_EXIST);
	assert_int_equal(pci_register(&pci, &third, 0, 0), ERR_EXIST);
	assert_int_equal(pci_register(&pci, &third, 32, 0), ERR_INVAL);
	assert_int_equal(pci_register(&pci, &third, 1, 8), ERR_INVAL);
	pci_function_init(&big, &identity, NULL);
	pci_function_add_bar(&big, 0, MIB(512));
	assert_int_equal(pci_register(&pci, &big, 4, 0), ERR_LIMIT);
	assert_null(pci.function[4 << 3]);
	assert_int_equal(pci_register(&pci, &third, 4, 7), ERR_NONE);
	assert_int_equal(conf(4 << 3 | 7, 0, 4), 0x10421af4);
}

static void reset_restores_the_space(void **state)
{
	uint32_t bar = conf(3 << 3, 0x10, 4);
	uint64_t value;

	(void)state;
	set_conf(3 << 3, 0x10, 4, 0xf0000000);
	set_conf(3 << 3, 4, 2, 6);
	set_conf(3 << 3, 0x3c, 1, 11);
	pci_set_intx(&fn, true);
	pci.dev.ops->reset(&pci.dev);
	assert_int_equal(bus_port_read(0xcf8, 4), 0);
	assert_int_equal(conf(3 << 3, 0x10, 4), bar);
	assert_int_equal(conf(3 << 3, 4, 4), 0);
	assert_int_equal(conf(3 << 3, 0x3c, 1), 0);
	assert_false(fake_irq[PCI_SLOT_GSI(3)].level);
	assert_int_equal(resets, 2);
	bus_mmio_read(0xf0000000, 4, &value);
	assert_int_equal(last.count, 0);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_address_register_is_a_dword),
		T(the_host_bridge_is_at_0_0),
		T(the_isa_bridge_is_at_1_0),
		T(ecam_reads_what_the_ports_read),
		T(ecam_ends_where_the_space_ends),
		T(ecam_writes_by_the_masks),
		T(without_the_enable_bit_nothing_answers),
		T(all_addresses_answer_by_the_rule),
		T(a_guest_writes_only_what_the_masks_allow),
		T(capabilities_are_linked_and_read_only),
		T(bars_have_addresses_and_decode_when_enabled),
		T(a_bar_moved_out_of_the_window_does_not_decode),
		T(of_overlapping_bars_one_answers),
		T(functions_share_their_interrupt),
		T(places_and_space_are_finite),
		T(reset_restores_the_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
