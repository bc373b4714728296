/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TSC calibration. CPUID leaves 15h and 16h are not asked: emulators and other hypervisors fill
 * them with the frequency of the processor that they imitate, not of the one that runs.
 */
#include "drivers/tsc.h"

#include "lib/scale.h"

enum { KHZ_MIN = 1000, KHZ_MAX = SCALE_KHZ_MAX - 1, KHZ_ASSUMED = 1000 * 1000 };

static struct {
	uint32_t khz;
	struct scale to_ns, from_ns, to_us, from_us;
} tsc = {.khz = 0};

void tsc_set_khz(uint32_t khz)
{
	tsc.khz = khz;
	tsc.to_ns = scale_make(khz, 1000 * 1000);
	tsc.from_ns = scale_make(1000 * 1000, khz);
	tsc.to_us = scale_make(khz, 1000);
	tsc.from_us = scale_make(1000, khz);
}

/* Until it is calibrated a wait has to be some wait. */
static void need_khz(void)
{
	if (!tsc.khz)
		tsc_set_khz(KHZ_ASSUMED);
}

uint32_t tsc_khz(void)
{
	need_khz();
	return tsc.khz;
}

uint64_t tsc_to_ns(uint64_t ticks)
{
	need_khz();
	return scale_apply(tsc.to_ns, ticks);
}

uint64_t tsc_to_us(uint64_t ticks)
{
	need_khz();
	return scale_apply(tsc.to_us, ticks);
}

uint64_t ns_to_tsc(uint64_t ns)
{
	need_khz();
	return scale_apply(tsc.from_ns, ns);
}

uint64_t us_to_tsc(uint64_t us)
{
	need_khz();
	return scale_apply(tsc.from_us, us);
}

/* A counter of known rate that counts up and wraps at its mask. */
struct reference {
	uint32_t (*read)(const struct port_ops *ports, uint16_t port);
	uint16_t port;
	uint32_t mask;
	uint32_t hz;
};

/* ACPI "Power Management Timer": 24 or 32 bits; 24 are enough, and always there. */
enum { PM_TIMER_HZ = 3579545, PM_TIMER_MASK = 0xffffff };

static uint32_t pm_timer_read(const struct port_ops *ports, uint16_t port)
{
	return ports->read32(port);
}

enum {
	PIT_HZ = 1193182,
	PIT_CHANNEL_2 = 0x42,
	PIT_COMMAND = 0x43,
	PIT_LATCH_2 = 0x80,	   /* "Counter Latch Command" for counter 2 */
	PIT_RATE_GENERATOR = 0xb4, /* counter 2, low then high byte, mode 2 */
	SPEAKER = 0x61,
	SPEAKER_GATE = BIT(0),
	SPEAKER_DATA = BIT(1),
};

/* It counts down. */
static uint32_t pit_read(const struct port_ops *ports, uint16_t port)
{
	uint32_t low, high;

	ports->write8(PIT_COMMAND, PIT_LATCH_2);
	low = ports->read8(port);
	high = ports->read8(port);
	return 0 - (high << 8 | low);
}

/* Mode 2 from 65536: goes round and round, gated on and not heard. */
static void pit_start(const struct port_ops *ports)
{
	uint8_t speaker = ports->read8(SPEAKER);

	ports->write8(SPEAKER, (uint8_t)((speaker & ~SPEAKER_DATA) | SPEAKER_GATE));
	ports->write8(PIT_COMMAND, PIT_RATE_GENERATOR);
	ports->write8(PIT_CHANNEL_2, 0);
	ports->write8(PIT_CHANNEL_2, 0);
}

/*
 * 12 ms in all: a tick of the PM timer is 23 millionths of that, one of the PIT 70. What the windows
 * are for is to notice that something came between; for the rate only their sum counts.
 */
enum {
	WINDOWS = 3,
	WINDOW_MS = 4,
	READS = 8,  /* of which the quickest counts: what interrupts a read makes it a slow one */
	ROUNDS = 3, /* how often inconsistent windows are tried again */
	EDGE_READS = 100 * 1000, /* a counter that stands still so long is dead: about 0.1 s */
	WINDOW_READS = 200 * 1000,
	/* Turns of an empty loop: port reads are slow where time is counted in instructions. */
	READS_APART = 1000,
	TOLERANCE = 1000, /* windows may differ by one part of this */
};

/* A moment on both clocks, true to some ticks of the TSC. */
struct moment {
	uint64_t tsc;
	uint64_t width;
	uint32_t count;
};

/* The next tick of the reference; false if it does not tick. */
static bool next_edge(const struct port_ops *ports, const struct reference *reference,
		      struct moment *moment)
{
	uint32_t first = reference->read(ports, reference->port) & reference->mask;

	for (unsigned i = 0; i < EDGE_READS; i++) {
		uint64_t before = ports->tsc(), after;

		moment->count = reference->read(ports, reference->port) & reference->mask;
		after = ports->tsc();
		moment->width = after - before;
		moment->tsc = before + moment->width / 2;
		if (moment->count != first)
			return true;
	}
	return false;
}

/* The best known of the next few ticks; false if the reference does not tick. */
static bool read_moment(const struct port_ops *ports, const struct reference *reference,
			struct moment *best)
{
	if (!next_edge(ports, reference, best))
		return false;
	for (unsigned i = 1; i < READS; i++) {
		struct moment moment;

		if (!next_edge(ports, reference, &moment))
			return false;
		if (moment.width < best->width)
			*best = moment;
	}
	return true;
}

static void pass_time(void)
{
	for (unsigned i = 0; i < READS_APART; i++)
		asm volatile("");
}

/*
 * One window that begins at *start; *start moves to its end. Its length in both clocks is added up.
 */
static bool measure(const struct port_ops *ports, const struct reference *reference,
		    struct moment *start, uint64_t *tsc_passed, uint64_t *ticks_passed)
{
	uint32_t window = reference->hz / 1000 * WINDOW_MS, passed = 0;
	struct moment end;

	for (unsigned i = 0; i < WINDOW_READS && passed < window; i++) {
		pass_time();
		passed = (reference->read(ports, reference->port) - start->count) & reference->mask;
	}
	if (passed < window || !read_moment(ports, reference, &end))
		return false;
	*tsc_passed = end.tsc - start->tsc;
	*ticks_passed = (end.count - start->count) & reference->mask;
	*start = end;
	return true;
}

static uint64_t khz_of(const struct reference *reference, uint64_t tsc_passed, uint64_t ticks_passed)
{
	return (tsc_passed * reference->hz + ticks_passed * 500) / (ticks_passed * 1000);
}

/*
 * The rate over WINDOWS windows; *consistent says whether each of them agrees with it. 0: no rate.
 */
static uint64_t measure_round(const struct port_ops *ports, const struct reference *reference,
			      bool *consistent)
{
	uint64_t rates[WINDOWS], tsc_sum = 0, ticks_sum = 0, rate;
	struct moment moment;

	if (!read_moment(ports, reference, &moment))
		return 0;
	for (unsigned i = 0; i < WINDOWS; i++) {
		uint64_t tsc_passed, ticks_passed;

		if (!measure(ports, reference, &moment, &tsc_passed, &ticks_passed))
			return 0;
		rates[i] = khz_of(reference, tsc_passed, ticks_passed);
		tsc_sum += tsc_passed;
		ticks_sum += ticks_passed;
	}
	rate = khz_of(reference, tsc_sum, ticks_sum);
	*consistent = true;
	for (unsigned i = 0; i < WINDOWS; i++)
		*consistent &= MAX(rates[i], rate) - MIN(rates[i], rate) <= rate / TOLERANCE;
	return rate;
}

/*
 * True if this reference gave a rate that a TSC can have. A management interrupt spoils a round,
 * not three.
 */
static bool calibrate_by(const struct port_ops *ports, const struct reference *reference)
{
	bool consistent = false;
	uint64_t rate = 0;

	for (unsigned i = 0; i < ROUNDS && !consistent; i++) {
		rate = measure_round(ports, reference, &consistent);
		if (rate < KHZ_MIN || rate > KHZ_MAX)
			return false;
	}
	tsc_set_khz((uint32_t)rate);
	return true;
}

enum tsc_reference tsc_calibrate(const struct port_ops *ports, uint16_t pm_timer_port)
{
	struct reference pm_timer = {pm_timer_read, pm_timer_port, PM_TIMER_MASK, PM_TIMER_HZ};
	struct reference pit = {pit_read, PIT_CHANNEL_2, 0xffff, PIT_HZ};

	if (pm_timer_port && calibrate_by(ports, &pm_timer))
		return TSC_PM_TIMER;
	pit_start(ports);
	if (calibrate_by(ports, &pit))
		return TSC_PIT;
	tsc_set_khz(KHZ_ASSUMED);
	return TSC_NONE;
}
