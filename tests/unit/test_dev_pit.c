/* SPDX-License-Identifier: BSD-2-Clause */
/* The 8254 as a device: ports, port 61h, latches, IRQ 0 and its clamped rate. */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/pit.c vmm/dev/pit_counter.c */
#include "tests/unit/dev_fakes.h"

#include "tests/unit/dev_fake_irq.h"
#include "tests/unit/random.h"
#include "vmm/dev/clock.h"
#include "vmm/dev/pit.h"

static struct pit pit;

static int setup(void **state)
{
	(void)state;
	fake_start();
	memset(fake_irq, 0, sizeof(fake_irq));
	assert_int_equal(pit_init(&pit), ERR_NONE);
	bus_seal();
	return 0;
}

static void go_ticks(uint64_t ticks)
{
	uint64_t to = clock_ticks(fake.now, CLOCK_PIT) + ticks;

	fake_go(clock_ns(to, CLOCK_PIT) - fake.now);
	assert_true(clock_ticks(fake.now, CLOCK_PIT) == to);
}

static void load(unsigned counter, unsigned mode, unsigned count)
{
	out8(0x43, counter << 6 | 0x30 | mode << 1);
	out8((uint16_t)(0x40 + counter), count & 0xff);
	out8((uint16_t)(0x40 + counter), count >> 8);
}

static unsigned read_word(unsigned counter)
{
	unsigned low = in8((uint16_t)(0x40 + counter));

	return low | (unsigned)in8((uint16_t)(0x40 + counter)) << 8;
}

static void ticks_and_ns_are_inverse(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t tick = next_random() >> (20 + i % 40);
		uint64_t pit_ns = clock_ns(tick, CLOCK_PIT), pm_ns = clock_ns(tick, CLOCK_PM);

		assert_true(clock_ticks(pit_ns, CLOCK_PIT) == tick);
		assert_true(tick == 0 || clock_ticks(pit_ns - 1, CLOCK_PIT) == tick - 1);
		assert_true(clock_ticks(pm_ns, CLOCK_PM) == tick);
		assert_true(tick == 0 || clock_ticks(pm_ns - 1, CLOCK_PM) == tick - 1);
	}
	/* 14.31818 MHz / 12 for a day, to the tick. */
	assert_true(clock_ticks(86400 * 1000000000ULL, CLOCK_PIT) == 86400ULL * 14318180 / 12);
	assert_true(clock_ticks(1000000000, CLOCK_PM) == 3579545);
	assert_true(clock_ns(UINT64_MAX, CLOCK_PIT) == UINT64_MAX);
}

static void irq_0_comes_at_the_programmed_rate(void **state)
{
	(void)state;
	load(0, 2, 1193); /* about 1 kHz */
	fake_irq[GSI_PIT].rises = 0;
	go_ticks(1193 * 100 + 1);
	assert_int_equal(fake_irq[GSI_PIT].rises, 100);
	assert_int_equal(fake.expiries, 100);
	load(0, 3, 0); /* 18.2 Hz */
	fake_irq[GSI_PIT].rises = 0;
	go_ticks(65536 * 10 + 1);
	assert_int_equal(fake_irq[GSI_PIT].rises, 10);
}

static void mode_0_raises_irq_0_once(void **state)
{
	(void)state;
	load(0, 0, 5000);
	assert_false(fake_irq[GSI_PIT].level);
	go_ticks(5000);
	assert_false(fake_irq[GSI_PIT].level);
	go_ticks(1); /* N + 1 clocks after the count was written */
	assert_true(fake_irq[GSI_PIT].level);
	go_ticks(200000);
	assert_int_equal(fake_irq[GSI_PIT].rises, 1);
	load(0, 0, 100); /* low again at once */
	assert_false(fake_irq[GSI_PIT].level);
	go_ticks(1000);
	assert_int_equal(fake_irq[GSI_PIT].rises, 2);
}

static void mode_0_rearms_with_its_low_byte_alone(void **state)
{
	(void)state;
	out8(0x43, 0x10);
	for (unsigned i = 1; i < 20; i++) {
		out8(0x40, 250);
		assert_false(fake_irq[GSI_PIT].level);
		go_ticks(251);
		assert_int_equal(fake_irq[GSI_PIT].rises, i);
	}
}

static void mode_4_strobes_once(void **state)
{
	(void)state;
	load(0, 4, 3000);
	assert_true(fake_irq[GSI_PIT].level);
	fake_irq[GSI_PIT].rises = 0;
	go_ticks(3001);
	assert_int_equal(fake_irq[GSI_PIT].rises, 0);
	go_ticks(1);
	assert_int_equal(fake_irq[GSI_PIT].rises, 1);
	go_ticks(200000);
	assert_int_equal(fake_irq[GSI_PIT].rises, 1);
}

static void modes_1_and_5_never_interrupt_without_a_gate(void **state)
{
	(void)state;
	for (unsigned mode = 1; mode <= 5; mode += 4) {
		load(0, mode, 100);
		fake_irq[GSI_PIT].rises = 0;
		go_ticks(100000);
		assert_int_equal(fake_irq[GSI_PIT].rises, 0);
		assert_true(fake.deadline == UINT64_MAX);
	}
}

/* Every mode, with counts 0, 1 and 2: no division by zero, and at most one event in 100 us. */
static void the_rate_is_clamped(void **state)
{
	(void)state;
	for (unsigned control = 0; control < 16; control++) {
		for (unsigned count = 0; count < 3; count++) {
			out8(0x43, 0x30 | control);
			out8(0x40, count);
			out8(0x40, 0);
			fake_irq[GSI_PIT].rises = 0;
			fake.expiries = 0;
			for (unsigned i = 0; i < 200; i++) {
				fake_go(50000);
				read_word(0);
				in8(0x61);
			}
			assert_true(fake.expiries <= 101);
			assert_true(fake_irq[GSI_PIT].rises <= 101);
			if (count != 0 && ((control >> 1 & 3) == 2 || (control >> 1 & 3) == 3))
				assert_true(fake_irq[GSI_PIT].rises >= 99);
		}
	}
}

static void a_late_host_coalesces_ticks_and_keeps_the_phase(void **state)
{
	uint64_t start;

	(void)state;
	load(0, 2, 11932); /* 10 ms */
	start = clock_ticks(fake.now, CLOCK_PIT) + 1;
	fake_irq[GSI_PIT].rises = 0;
	fake.now += 1005000000; /* the host is away */
	timers_expire(fake.now);
	assert_int_equal(fake_irq[GSI_PIT].rises, 1);
	uint64_t next = clock_ticks(fake.deadline, CLOCK_PIT);

	assert_int_equal((next - start) % 11932, 0);
	assert_true(next > clock_ticks(fake.now, CLOCK_PIT) &&
		    next <= clock_ticks(fake.now, CLOCK_PIT) + 11932);
}

static void a_stale_expiry_does_nothing(void **state)
{
	(void)state;
	load(0, 2, 11932);
	fake_irq[GSI_PIT].rises = 0;
	pit.dev.ops->expired(&pit.dev, &pit.timer, fake.now);
	assert_int_equal(fake_irq[GSI_PIT].rises, 0);
	out8(0x43, 0x30); /* mode 0 without a count: nothing to come */
	pit.dev.ops->expired(&pit.dev, &pit.timer, fake.now + 1000000000);
	assert_int_equal(fake_irq[GSI_PIT].rises, 0);
}

static void latches_hold_until_read(void **state)
{
	(void)state;
	load(0, 2, 50000);
	go_ticks(1001);
	out8(0x43, 0x00);
	go_ticks(500);
	out8(0x43, 0x00); /* the second is ignored */
	assert_int_equal(read_word(0), 50000 - 1000);
	assert_int_equal(read_word(0), 50000 - 1500);
}

static void a_latched_word_may_be_read_around_another_counter(void **state)
{
	(void)state;
	load(0, 2, 0x1234);
	load(2, 2, 0x5678);
	out8(0x61, 1);
	go_ticks(2);	  /* the gate's rise has loaded it */
	out8(0x43, 0xda); /* read-back: count of 0 and 2 */
	unsigned low0 = in8(0x40), low2 = in8(0x42);

	go_ticks(100);
	unsigned high0 = in8(0x40), high2 = in8(0x42);

	assert_int_equal(low0 | high0 << 8, 0x1234 - 1);
	assert_int_equal(low2 | high2 << 8, 0x5678 - 1);
}

static void read_back_gives_status_first(void **state)
{
	(void)state;
	load(0, 3, 1000);
	out8(0x43, 0xc2);		   /* both, counter 0 */
	assert_int_equal(in8(0x40), 0xf6); /* OUT, null count, word, mode 3 */
	in8(0x40);
	in8(0x40);
	go_ticks(1 + 600);
	out8(0x43, 0xe2); /* status alone: in the low half now, count loaded */
	go_ticks(600);
	out8(0x43, 0xe2); /* ignored until the first is read */
	assert_int_equal(in8(0x40), 0x36);
	out8(0x43, 0xe2);
	assert_int_equal(in8(0x40), 0xb6);
	out8(0x43, 0xf2 | 0x0e); /* neither */
	assert_int_equal(read_word(0), 1000 - 2 * 200);
}

static void status_shows_the_mode_as_written(void **state)
{
	(void)state;
	for (unsigned control = 0x10; control < 0x40; control++) {
		out8(0x43, 0x80 | control);
		out8(0x43, 0xe8);
		assert_int_equal(in8(0x42) & 0x7f, 0x40 | control);
	}
}

static void single_bytes_are_read_and_written_as_programmed(void **state)
{
	(void)state;
	out8(0x43, 0x14); /* low byte, mode 2 */
	out8(0x40, 0x80);
	go_ticks(1 + 0x10);
	assert_int_equal(in8(0x40), 0x70);
	assert_int_equal(in8(0x40), 0x70);
	out8(0x43, 0x24); /* high byte */
	out8(0x40, 0x80);
	go_ticks(1 + 0x100);
	assert_int_equal(in8(0x40), 0x7f);
	assert_int_equal(in8(0x40), 0x7f);
}

static void a_control_word_forgets_latches_and_halves(void **state)
{
	(void)state;
	load(0, 2, 1000);
	out8(0x43, 0x00);
	out8(0x43, 0xe2);
	in8(0x40);
	in8(0x40);
	out8(0x40, 0x55); /* half a count */
	load(0, 2, 0x2000);
	go_ticks(1);
	assert_int_equal(read_word(0), 0x2000);
}

static void bcd_counts_decimally_and_takes_garbage(void **state)
{
	(void)state;
	out8(0x43, 0x35);
	out8(0x40, 0x34);
	out8(0x40, 0x12);
	go_ticks(1 + 35);
	assert_int_equal(read_word(0), 0x1199);
	out8(0x43, 0x35);
	out8(0x40, 0xff);
	out8(0x40, 0xff); /* 15 * 1111 modulo 10000 */
	go_ticks(1);
	assert_int_equal(read_word(0), 0x6665);
}

static void port_61_drives_counter_2(void **state)
{
	(void)state;
	load(2, 0, 1000);
	assert_int_equal(in8(0x61) & 0x21, 0);
	go_ticks(5000); /* gate low: it does not count */
	assert_int_equal(in8(0x61) & 0x20, 0);
	out8(0x61, 0xff);
	assert_int_equal(in8(0x61) & 0xef, 0x0f); /* bits 3:0 are the guest's; no NMI */
	go_ticks(999);
	assert_int_equal(in8(0x61) & 0x20, 0);
	go_ticks(1);
	assert_int_equal(in8(0x61) & 0x20, 0x20);
	assert_int_equal(fake_irq[GSI_PIT].rises, 0);
}

/* A guest that calibrates its TSC against counter 2 sees the right time. */
static void counter_2_measures_50_ms(void **state)
{
	uint64_t start;

	(void)state;
	out8(0x61, 1);
	out8(0x43, 0xb0);
	out8(0x42, 59659 & 0xff);
	out8(0x42, 59659 >> 8);
	start = fake.now;
	while ((in8(0x61) & 0x20) == 0)
		fake_go(500);
	assert_in_range(fake.now - start, 49999000, 50003000);
}

static void the_refresh_bit_toggles_every_15_us(void **state)
{
	unsigned toggles = 0, last = in8(0x61) & 0x10;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		fake_go(1000);
		toggles += (in8(0x61) & 0x10) != last;
		last = in8(0x61) & 0x10;
	}
	assert_in_range(toggles, 662, 664);
}

static void the_control_port_reads_nothing(void **state)
{
	(void)state;
	assert_int_equal(in8(0x43), 0xff);
}

static void reset_stops_all(void **state)
{
	(void)state;
	load(0, 2, 1193);
	out8(0x61, 3);
	pit.dev.ops->reset(&pit.dev);
	fake_irq[GSI_PIT].rises = 0;
	fake_go(1000000000);
	assert_int_equal(fake_irq[GSI_PIT].rises, 0);
	assert_int_equal(in8(0x61) & 0x0f, 0);
	assert_false(fake_irq[GSI_PIT].level);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ticks_and_ns_are_inverse),
		T(irq_0_comes_at_the_programmed_rate),
		T(mode_0_raises_irq_0_once),
		T(mode_0_rearms_with_its_low_byte_alone),
		T(mode_4_strobes_once),
		T(modes_1_and_5_never_interrupt_without_a_gate),
		T(the_rate_is_clamped),
		T(a_late_host_coalesces_ticks_and_keeps_the_phase),
		T(a_stale_expiry_does_nothing),
		T(latches_hold_until_read),
		T(a_latched_word_may_be_read_around_another_counter),
		T(read_back_gives_status_first),
		T(status_shows_the_mode_as_written),
		T(single_bytes_are_read_and_written_as_programmed),
		T(a_control_word_forgets_latches_and_halves),
		T(bcd_counts_decimally_and_takes_garbage),
		T(port_61_drives_counter_2),
		T(counter_2_measures_50_ms),
		T(the_refresh_bit_toggles_every_15_us),
		T(the_control_port_reads_nothing),
		T(reset_stops_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
