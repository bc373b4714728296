/* SPDX-License-Identifier: BSD-2-Clause */
/* The port and MMIO buses: claims, overlaps, sizes, splits, holes. */
/* sources: vmm/bus.c vmm/timers.c */
#include "tests/unit/dev_fakes.h"

#include "vmm/device.h"

/* A device that records accesses; each byte at address a reads as a's low byte plus base. */
struct recorder {
	struct device dev;
	uint8_t base;
	unsigned count, resets;
	struct {
		uint64_t at;
		unsigned size;
		uint64_t value;
		bool write;
	} log[64];
	size_t block;
};

static uint64_t pattern(const struct recorder *r, uint64_t at, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)(uint8_t)(at + i + r->base) << (8 * i);
	return value | (size < 8 ? ~0ULL << (8 * size) : 0); /* bits above must be cut by the bus */
}

static void record(struct recorder *r, uint64_t at, unsigned size, uint64_t value, bool write)
{
	r->log[r->count].at = at;
	r->log[r->count].size = size;
	r->log[r->count].value = value;
	r->log[r->count++].write = write;
}

static uint32_t r_in(struct device *dev, uint16_t port, unsigned size)
{
	struct recorder *r = CONTAINER_OF(dev, struct recorder, dev);

	record(r, port, size, 0, false);
	return (uint32_t)pattern(r, port, size);
}

static void r_out(struct device *dev, uint16_t port, unsigned size, uint32_t value)
{
	record(CONTAINER_OF(dev, struct recorder, dev), port, size, value, true);
}

static uint64_t r_read(struct device *dev, uint64_t offset, unsigned size)
{
	struct recorder *r = CONTAINER_OF(dev, struct recorder, dev);

	record(r, offset, size, 0, false);
	return pattern(r, offset, size);
}

static void r_write(struct device *dev, uint64_t offset, unsigned size, uint64_t value)
{
	record(CONTAINER_OF(dev, struct recorder, dev), offset, size, value, true);
}

static void r_block(struct device *dev, uint16_t port, const uint8_t *data, size_t count)
{
	struct recorder *r = CONTAINER_OF(dev, struct recorder, dev);

	record(r, port, 1, data[count - 1], true);
	r->block += count;
}

static void r_reset(struct device *dev)
{
	CONTAINER_OF(dev, struct recorder, dev)->resets++;
}

static const struct device_ops byte_ops = {
	.io_read = r_in,
	.io_write = r_out,
	.mmio_read = r_read,
	.mmio_write = r_write,
	.reset = r_reset,
	.io_sizes = SIZE_1,
	.mmio_sizes = SIZE_1,
};
static const struct device_ops wide_ops = {
	.io_read = r_in,
	.io_write = r_out,
	.mmio_read = r_read,
	.mmio_write = r_write,
	.reset = r_reset,
	.io_sizes = SIZE_1 | SIZE_2 | SIZE_4,
	.mmio_sizes = SIZE_1 | SIZE_2 | SIZE_4 | SIZE_8,
};
static const struct device_ops block_ops = {
	.io_write = r_out,
	.io_write_block = r_block,
	.io_sizes = SIZE_1,
};
static const struct device_ops dword_ops = {
	.io_read = r_in,
	.io_write = r_out,
	.mmio_read = r_read,
	.mmio_write = r_write,
	.io_sizes = SIZE_4,
	.mmio_sizes = SIZE_4,
};
static const struct device_ops no_ops = {.io_sizes = 7, .mmio_sizes = 15};

static struct recorder a, b;

static int setup(void **state)
{
	(void)state;
	fake_start();
	a = (struct recorder){.dev = {.name = "a", .ops = &byte_ops}};
	b = (struct recorder){.dev = {.name = "b", .ops = &wide_ops}, .base = 0x40};
	return 0;
}

static void claims_that_overlap_are_refused(void **state)
{
	(void)state;
	assert_int_equal(bus_claim_ports(&a.dev, 0x100, 0x10), ERR_NONE);
	assert_int_equal(bus_claim_ports(&b.dev, 0x10f, 1), ERR_EXIST);
	assert_int_equal(bus_claim_ports(&b.dev, 0xff, 2), ERR_EXIST);
	assert_int_equal(bus_claim_ports(&b.dev, 0, 0x10000), ERR_EXIST);
	assert_int_equal(bus_claim_ports(&b.dev, 0x105, 2), ERR_EXIST);
	assert_int_equal(bus_claim_ports(&b.dev, 0x110, 4), ERR_NONE);
	assert_int_equal(bus_claim_ports(&b.dev, 0xfc, 4), ERR_NONE);
}

static void claims_beyond_the_space_are_refused(void **state)
{
	(void)state;
	assert_int_equal(bus_claim_ports(&a.dev, 0, 0), ERR_INVAL);
	assert_int_equal(bus_claim_ports(&a.dev, 0xffff, 2), ERR_INVAL);
	assert_int_equal(bus_claim_ports(&a.dev, 1, 0x10000), ERR_INVAL);
	assert_int_equal(bus_claim_ports(&a.dev, 0, UINT32_MAX), ERR_INVAL);
	assert_int_equal(bus_claim_ports(&a.dev, 0xffff, 1), ERR_NONE);
	assert_int_equal(bus_claim_mmio(&a.dev, UINT64_MAX, 2), ERR_INVAL);
	assert_int_equal(bus_claim_mmio(&a.dev, 0x1000, 0), ERR_INVAL);
	assert_int_equal(bus_claim_mmio(&a.dev, 0x1000, UINT64_MAX), ERR_INVAL);
	assert_int_equal(bus_claim_mmio(&a.dev, UINT64_MAX, 1), ERR_NONE);
}

static void a_full_table_and_a_sealed_bus_refuse(void **state)
{
	(void)state;
	for (unsigned i = 0; i < BUS_MAX_PORT_RANGES; i++)
		assert_int_equal(bus_claim_ports(&a.dev, (uint16_t)(1000 - 2 * i), 1), ERR_NONE);
	assert_int_equal(bus_claim_ports(&a.dev, 2000, 1), ERR_LIMIT);
	bus_seal();
	assert_int_equal(bus_claim_ports(&a.dev, 2000, 1), ERR_STATE);
	assert_int_equal(bus_claim_mmio(&a.dev, 2000, 1), ERR_STATE);
	for (unsigned i = 0; i < BUS_MAX_PORT_RANGES; i++) {
		assert_int_equal(in8((uint16_t)(1000 - 2 * i)), (1000 - 2 * i) & 0xff);
		assert_int_equal(in8((uint16_t)(1001 - 2 * i)), 0xff);
	}
	assert_int_equal(a.count, BUS_MAX_PORT_RANGES);
}

static void pages_are_finite(void **state)
{
	(void)state;
	for (unsigned i = 0; i < BUS_MAX_PORT_PAGES; i++)
		assert_int_equal(bus_claim_ports(&a.dev, (uint16_t)(0x1000 + 0x100 * i), 1),
				 ERR_NONE);
	assert_int_equal(bus_claim_ports(&b.dev, 0x3000, 1), ERR_LIMIT);
	assert_int_equal(bus_claim_ports(&b.dev, 0x1fff, 2), ERR_LIMIT);
	assert_int_equal(bus_claim_ports(&b.dev, 0x1f80, 0x80), ERR_NONE);
	bus_seal();
	assert_int_equal(in8(0x1f00), 0x00);
	assert_int_equal(in8(0x1fff), 0x3f);
	assert_int_equal(in8(0x2000), 0xff);
}

static void nobody_answers_before_the_seal(void **state)
{
	(void)state;
	assert_int_equal(bus_claim_ports(&b.dev, 0x100, 8), ERR_NONE);
	assert_int_equal(bus_port_read(0x100, 4), 0xffffffff);
	bus_port_write(0x100, 4, 1);
	assert_int_equal(b.count, 0);
}

static void absent_ports_read_ones_of_their_size(void **state)
{
	(void)state;
	bus_seal();
	assert_int_equal(bus_port_read(0, 1), 0xff);
	assert_int_equal(bus_port_read(0x7777, 2), 0xffff);
	assert_int_equal(bus_port_read(0xffff, 4), 0xffffffff);
	bus_port_write(0xffff, 4, 0);
}

/* Every port, every size, against the rule itself. */
static void every_port_reaches_whom_it_should(void **state)
{
	(void)state;
	assert_int_equal(bus_claim_ports(&a.dev, 0x100, 0x10), ERR_NONE); /* bytes only */
	assert_int_equal(bus_claim_ports(&b.dev, 0x110, 0x0a), ERR_NONE);
	assert_int_equal(bus_claim_ports(&b.dev, 0xfffd, 3), ERR_NONE);
	bus_seal();
	for (uint32_t port = 0; port <= 0xffff; port++) {
		for (unsigned size = 1; size <= 4; size *= 2) {
			uint32_t expect = 0;

			for (unsigned i = 0; i < size; i++) {
				uint32_t at = port + i, byte = 0xff;

				if (at >= 0x100 && at < 0x110)
					byte = at & 0xff;
				else if ((at >= 0x110 && at < 0x11a) ||
					 (at >= 0xfffd && at <= 0xffff))
					byte = (at + 0x40) & 0xff;
				expect |= byte << (8 * i);
			}
			a.count = b.count = 0;
			assert_int_equal(bus_port_read((uint16_t)port, size), expect);
		}
	}
}

static void an_access_goes_whole_where_it_can(void **state)
{
	(void)state;
	assert_int_equal(bus_claim_ports(&b.dev, 0x200, 8), ERR_NONE);
	bus_seal();
	bus_port_read(0x204, 4);
	assert_int_equal(b.count, 1);
	assert_int_equal(b.log[0].size, 4);
	bus_port_write(0x202, 2, 0xabcd1234);
	assert_int_equal(b.count, 2);
	assert_int_equal(b.log[1].size, 2);
	assert_int_equal(b.log[1].value, 0x1234);
	/* Misaligned: bytes, in order. */
	bus_port_write(0x201, 2, 0x1234);
	assert_int_equal(b.count, 4);
	assert_true(b.log[2].at == 0x201 && b.log[2].value == 0x34 && b.log[2].size == 1);
	assert_true(b.log[3].at == 0x202 && b.log[3].value == 0x12);
	/* Across the end of the range: the rest goes nowhere. */
	bus_port_write(0x206, 4, 0x11223344);
	assert_int_equal(b.count, 6);
	assert_true(b.log[5].at == 0x207 && b.log[5].value == 0x33);
}

static void byte_devices_see_bytes(void **state)
{
	(void)state;
	assert_int_equal(bus_claim_ports(&a.dev, 0x40, 4), ERR_NONE);
	bus_seal();
	assert_int_equal(bus_port_read(0x40, 4), 0x43424140);
	assert_int_equal(a.count, 4);
	bus_port_write(0x42, 2, 0xbeef);
	assert_true(a.log[4].at == 0x42 && a.log[4].value == 0xef && a.log[5].value == 0xbe);
}

static void a_device_without_bytes_ignores_them(void **state)
{
	(void)state;
	b.dev.ops = &dword_ops;
	assert_int_equal(bus_claim_ports(&b.dev, 0x40, 4), ERR_NONE);
	assert_int_equal(bus_claim_mmio(&b.dev, 0x1000, 16), ERR_NONE);
	bus_seal();
	uint64_t value = 0;

	assert_int_equal(bus_port_read(0x40, 1), 0xff);
	assert_int_equal(bus_port_read(0x40, 2), 0xffff);
	assert_int_equal(bus_port_read(0x40, 4), 0x83828180);
	assert_true(bus_mmio_read(0x1002, 2, &value));
	assert_int_equal(value, 0xffff);
	assert_true(bus_mmio_write(0x1001, 4, 0));
	assert_int_equal(b.count, 1);
}

static void missing_operations_are_an_empty_device(void **state)
{
	uint64_t value = 0;

	(void)state;
	a.dev.ops = &no_ops;
	assert_int_equal(bus_claim_ports(&a.dev, 0x40, 4), ERR_NONE);
	assert_int_equal(bus_claim_mmio(&a.dev, 0x1000, 16), ERR_NONE);
	bus_seal();
	assert_int_equal(bus_port_read(0x40, 4), 0xffffffff);
	bus_port_write(0x40, 4, 0);
	assert_true(bus_mmio_read(0x1000, 8, &value));
	assert_true(value == UINT64_MAX);
	assert_true(bus_mmio_write(0x1000, 8, 0));
	bus_reset_devices();
}

static void blocks_go_in_one_call_or_element_by_element(void **state)
{
	uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};

	(void)state;
	b.dev.ops = &block_ops;
	assert_int_equal(bus_claim_ports(&a.dev, 0x300, 8), ERR_NONE);
	assert_int_equal(bus_claim_ports(&b.dev, 0x308, 8), ERR_NONE);
	bus_seal();
	bus_port_write_block(0x308, 1, data, 8);
	assert_int_equal(b.count, 1);
	assert_int_equal(b.block, 8);
	bus_port_write_block(0x300, 1, data, 8);
	assert_int_equal(a.count, 8);
	assert_true(a.log[7].at == 0x300 && a.log[7].value == 8);
	/* A word of the block spreads over two ports, as a single OUT's would. */
	bus_port_write_block(0x300, 2, data, 2);
	assert_int_equal(a.count, 12);
	assert_true(a.log[9].at == 0x301 && a.log[9].value == 2);
	assert_true(a.log[10].at == 0x300 && a.log[10].value == 3);
	bus_port_write_block(0x9000, 4, data, 2);
}

static void mmio_is_relative_and_told_if_absent(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_int_equal(bus_claim_mmio(&b.dev, 0xfec00000, 0x1000), ERR_NONE);
	assert_int_equal(bus_claim_mmio(&a.dev, 0xfec01000, 0x10), ERR_NONE);
	bus_seal();
	assert_true(bus_mmio_read(0xfec00010, 8, &value));
	assert_true(value == 0x5756555453525150ULL);
	assert_int_equal(b.log[0].at, 0x10);
	assert_true(bus_mmio_read(0xfec00004, 4, &value));
	assert_true(value == 0x47464544);
	assert_false(bus_mmio_read(0xfebffff8, 8, &value));
	assert_true(value == UINT64_MAX);
	assert_false(bus_mmio_write(0xfec01010, 1, 0));
	/* From b's last bytes into a's first. */
	assert_true(bus_mmio_read(0xfec00ffe, 4, &value));
	assert_int_equal(value, 0x01003f3e);
	/* Half in, half out. */
	assert_true(bus_mmio_read(0xfec0100e, 4, &value));
	assert_int_equal(value, 0xffff0f0e);
}

static void the_end_of_the_address_space_does_not_wrap(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_int_equal(bus_claim_mmio(&b.dev, UINT64_MAX - 3, 4), ERR_NONE);
	assert_int_equal(bus_claim_mmio(&a.dev, 0, 4), ERR_NONE);
	bus_seal();
	assert_true(bus_mmio_read(UINT64_MAX, 4, &value));
	assert_int_equal(value, 0xffffff43);
	assert_true(bus_mmio_write(UINT64_MAX - 1, 8, 0));
	assert_int_equal(a.count, 0);
}

static void reset_reaches_each_device_once(void **state)
{
	(void)state;
	assert_int_equal(bus_claim_ports(&a.dev, 0x10, 1), ERR_NONE);
	assert_int_equal(bus_claim_ports(&a.dev, 0x30, 1), ERR_NONE);
	assert_int_equal(bus_claim_mmio(&a.dev, 0x1000, 1), ERR_NONE);
	assert_int_equal(bus_claim_mmio(&b.dev, 0x2000, 1), ERR_NONE);
	assert_int_equal(bus_claim_mmio(&b.dev, 0x3000, 1), ERR_NONE);
	bus_seal();
	bus_reset_devices();
	assert_int_equal(a.resets, 1);
	assert_int_equal(b.resets, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(claims_that_overlap_are_refused, setup),
		cmocka_unit_test_setup(claims_beyond_the_space_are_refused, setup),
		cmocka_unit_test_setup(a_full_table_and_a_sealed_bus_refuse, setup),
		cmocka_unit_test_setup(pages_are_finite, setup),
		cmocka_unit_test_setup(nobody_answers_before_the_seal, setup),
		cmocka_unit_test_setup(absent_ports_read_ones_of_their_size, setup),
		cmocka_unit_test_setup(every_port_reaches_whom_it_should, setup),
		cmocka_unit_test_setup(an_access_goes_whole_where_it_can, setup),
		cmocka_unit_test_setup(byte_devices_see_bytes, setup),
		cmocka_unit_test_setup(a_device_without_bytes_ignores_them, setup),
		cmocka_unit_test_setup(missing_operations_are_an_empty_device, setup),
		cmocka_unit_test_setup(blocks_go_in_one_call_or_element_by_element, setup),
		cmocka_unit_test_setup(mmio_is_relative_and_told_if_absent, setup),
		cmocka_unit_test_setup(the_end_of_the_address_space_does_not_wrap, setup),
		cmocka_unit_test_setup(reset_reaches_each_device_once, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
