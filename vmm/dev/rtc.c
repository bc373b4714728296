/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the RTC's registers. The time is a function of the partition's clock; a timer runs only for
 * an interrupt that is enabled and not yet pending, so a guest that reads no register C gets one.
 * Written to Motorola's data sheet "MC146818A Real-Time Clock Plus RAM"; ports 72h/73h as in the
 * PIIX4's.
 */
#include "vmm/dev/rtc.h"

#include "vmm/bus.h"
#include "vmm/dev/irq.h"
#include "vmm/dev/rtc_alarm.h"
#include "vmm/dev/rtc_cmos.h"
#include "vmm/dev/rtc_time.h"
#include "vmm/dev/wiring.h"
#include "vmm/host.h"

#define SECOND 1000000000ULL
#define NEVER  UINT64_MAX

enum { BANK_SIZE = 128 };

enum reg {
	REG_SECOND = 0,
	REG_SECOND_ALARM,
	REG_MINUTE,
	REG_MINUTE_ALARM,
	REG_HOUR,
	REG_HOUR_ALARM,
	REG_WEEKDAY,
	REG_DAY,
	REG_MONTH,
	REG_YEAR,
	REG_A,
	REG_B,
	REG_C,
	REG_D,
	REG_CENTURY = ACPI_CENTURY_INDEX,
};
enum reg_a { A_RATE = 0xf, A_DIVIDER = 7 << 4, A_DIVIDER_RUN = 2 << 4, A_UIP = 1 << 7 };
enum reg_b { B_SQWE = 1 << 3, B_SET = 1 << 7 };
enum flags { FLAG_UPDATE = 1 << 4, FLAG_ALARM = 1 << 5, FLAG_PERIODIC = 1 << 6, FLAG_IRQ = 1 << 7 };
enum { FLAGS = FLAG_UPDATE | FLAG_ALARM | FLAG_PERIODIC }; /* the same bits in B enable */
enum { D_VALID = 1 << 7 };

/*
 * An update cycle takes 1984 us, and UIP announces it 244 us before (data sheet, "Update Cycle").
 */
#define UIP_TIME 2228000ULL
/* The first update after the divider is released comes half a second later ("Register A, DV"). */
#define FIRST_UPDATE (SECOND / 2)

/* The divider chain runs: 32.768 kHz crystal, the only one we have. */
static bool divides(const struct rtc *rtc)
{
	return (rtc->ram[REG_A] & A_DIVIDER) == A_DIVIDER_RUN;
}

/* The time advances. */
static bool runs(const struct rtc *rtc)
{
	return divides(rtc) && (rtc->ram[REG_B] & B_SET) == 0;
}

/* ns since the second boundary before the last known one: never negative, in phase with seconds. */
static uint64_t since(const struct rtc *rtc, uint64_t now)
{
	uint64_t ahead = now + SECOND - rtc->boundary;

	return (int64_t)ahead > 0 ? ahead : 0;
}

static int64_t seconds_at(const struct rtc *rtc, uint64_t now)
{
	return rtc->seconds - 1 + (int64_t)(since(rtc, now) / SECOND);
}

/* When the time becomes seconds. */
static uint64_t time_of(const struct rtc *rtc, int64_t seconds)
{
	return rtc->boundary + (uint64_t)(seconds - rtc->seconds) * SECOND;
}

/* The binary logarithm of a period in 32.768 kHz ticks, or 0: none ("Periodic Interrupt Rate"). */
static unsigned period_shift(const struct rtc *rtc)
{
	unsigned rate = rtc->ram[REG_A] & A_RATE;

	if (rate == 0 || !divides(rtc))
		return 0;
	return rate < 3 ? rate + 6 : rate - 1; /* rates 1 and 2 are 256 and 128 Hz */
}

/* Periods that have passed; a second is a whole number of each. */
static uint64_t periods(const struct rtc *rtc, uint64_t now, unsigned shift)
{
	uint64_t ns = since(rtc, now);

	return ((ns / SECOND << 15) + (ns % SECOND * 32768) / SECOND) >> shift;
}

static uint64_t next_period(const struct rtc *rtc, uint64_t now, unsigned shift)
{
	uint64_t ticks = (periods(rtc, now, shift) + 1) << shift;

	return rtc->boundary - SECOND + (ticks >> 15) * SECOND +
	       ((ticks & 32767) * SECOND + 32767) / 32768;
}

/* Writes the running time into the registers, unless they still hold what the guest wrote. */
static void freeze(struct rtc *rtc, uint64_t now)
{
	int64_t seconds = seconds_at(rtc, now);
	unsigned format = rtc->ram[REG_B];
	struct rtc_time time;

	rtc->held = rtc->held && seconds == rtc->seconds - 1;
	if (rtc->held)
		return;
	rtc_time_from_seconds(seconds, &time);
	rtc->ram[REG_SECOND] = rtc_time_encode(time.second, format);
	rtc->ram[REG_MINUTE] = rtc_time_encode(time.minute, format);
	rtc->ram[REG_HOUR] = rtc_time_encode_hour(time.hour, format);
	rtc->ram[REG_WEEKDAY] = (uint8_t)((rtc_time_weekday(seconds) - 1 + rtc->weekday_shift) % 7 +
					  1);
	rtc->ram[REG_DAY] = rtc_time_encode(time.day, format);
	rtc->ram[REG_MONTH] = rtc_time_encode(time.month, format);
	rtc->ram[REG_YEAR] = rtc_time_encode(time.year % 100, format);
	rtc->ram[REG_CENTURY] = rtc_time_encode(time.year / 100, format);
}

/*
 * The time runs on from the registers: they hold until the next boundary, as a day may be written before the
 * month that has it. Garbage carries over then.
 */
static void thaw(struct rtc *rtc, uint64_t now)
{
	unsigned format = rtc->ram[REG_B];
	struct rtc_time time = {
		.second = rtc_time_decode(rtc->ram[REG_SECOND], format),
		.minute = rtc_time_decode(rtc->ram[REG_MINUTE], format),
		.hour = rtc_time_decode_hour(rtc->ram[REG_HOUR], format),
		.day = rtc_time_decode(rtc->ram[REG_DAY], format),
		.month = rtc_time_decode(rtc->ram[REG_MONTH], format),
		.year = (rtc_time_decode(rtc->ram[REG_CENTURY], format) * 100 +
			 rtc_time_decode(rtc->ram[REG_YEAR], format)) %
			10000,
	};
	unsigned weekday = rtc->ram[REG_WEEKDAY];
	int64_t seconds = rtc_time_to_seconds(&time);

	/* Boundary becomes the next one. */
	rtc->boundary += (since(rtc, now) / SECOND) * SECOND;
	rtc->seconds = seconds + 1;
	rtc->held = true;
	rtc->weekday_shift = (weekday + 6 + 7 - (rtc_time_weekday(seconds) - 1)) % 7;
}

/* The first time after seconds at which the alarm comes. False: never. */
static bool next_alarm(const struct rtc *rtc, int64_t seconds, int64_t *at)
{
	const struct rtc_alarm alarm = {
		.second = rtc->ram[REG_SECOND_ALARM],
		.minute = rtc->ram[REG_MINUTE_ALARM],
		.hour = rtc->ram[REG_HOUR_ALARM],
	};

	return rtc_alarm_next(&alarm, rtc->ram[REG_B], seconds, at);
}

/* Sets the flags of what has happened since it was last looked. */
static void evaluate(struct rtc *rtc, uint64_t now)
{
	unsigned shift = period_shift(rtc);
	int64_t alarm;

	if (now <= rtc->seen)
		return;
	if (shift != 0 && periods(rtc, now, shift) != periods(rtc, rtc->seen, shift))
		rtc->ram[REG_C] |= FLAG_PERIODIC;
	if (runs(rtc)) {
		int64_t before = seconds_at(rtc, rtc->seen);
		int64_t after = seconds_at(rtc, now);

		if (after > before)
			rtc->ram[REG_C] |= FLAG_UPDATE;
		if (after > before && next_alarm(rtc, before, &alarm) && alarm <= after)
			rtc->ram[REG_C] |= FLAG_ALARM;
	}
	rtc->seen = now;
}

/* The next time at which an interrupt that is enabled and not pending comes. */
static uint64_t next_event(const struct rtc *rtc, uint64_t now)
{
	unsigned wanted = rtc->ram[REG_B] & ~rtc->ram[REG_C] & FLAGS;
	unsigned shift = period_shift(rtc);
	int64_t alarm;
	uint64_t when = NEVER;

	if ((wanted & FLAG_PERIODIC) != 0 && shift != 0)
		when = next_period(rtc, now, shift);
	if (!runs(rtc))
		return when;
	if ((wanted & FLAG_UPDATE) != 0)
		when = MIN(when, time_of(rtc, seconds_at(rtc, now) + 1));
	if ((wanted & FLAG_ALARM) != 0 && next_alarm(rtc, seconds_at(rtc, now), &alarm))
		when = MIN(when, time_of(rtc, alarm));
	return when;
}

/* Brings IRQ 8 and the timer up to date. After every change of state. */
static void update(struct rtc *rtc, uint64_t now)
{
	bool line = (rtc->ram[REG_C] & rtc->ram[REG_B] & FLAGS) != 0;
	uint64_t when = next_event(rtc, now);

	rtc->ram[REG_C] = (uint8_t)((rtc->ram[REG_C] & FLAGS) | (line ? FLAG_IRQ : 0));
	if (line != rtc->line) {
		rtc->line = line;
		irq_set(GSI_RTC, line);
	}
	if (when == NEVER)
		timer_cancel(&rtc->timer);
	else
		timer_arm(&rtc->timer, when);
}

static void expired(struct device *dev, struct device_timer *timer, uint64_t now)
{
	struct rtc *rtc = CONTAINER_OF(dev, struct rtc, dev);

	(void)timer;
	spin_lock(&dev->lock);
	evaluate(rtc, now);
	update(rtc, now);
	spin_unlock(&dev->lock);
}

static bool is_time(unsigned index)
{
	return index <= REG_YEAR ? index >= REG_WEEKDAY || (index & 1) == 0 : index == REG_CENTURY;
}

/* Bytes without a meaning to the chip. */
static bool is_memory(uint8_t index)
{
	return index > REG_D && index != REG_CENTURY;
}

static uint8_t read_a(const struct rtc *rtc, uint64_t now)
{
	bool uip = runs(rtc) && since(rtc, now) % SECOND >= SECOND - UIP_TIME;

	return (uint8_t)(rtc->ram[REG_A] | (uip ? A_UIP : 0));
}

static uint8_t read_reg(struct rtc *rtc, uint8_t index)
{
	uint64_t now;
	uint8_t value;

	if (is_memory(index))
		return rtc->ram[index];
	now = host_now();
	evaluate(rtc, now);
	if (index == REG_A)
		return read_a(rtc, now);
	if (is_time(index) && runs(rtc))
		freeze(rtc, now);
	value = rtc->ram[index];
	if (index == REG_C) {
		value |= (value & rtc->ram[REG_B] & FLAGS) != 0 ? FLAG_IRQ : 0;
		rtc->ram[REG_C] = 0;
		update(rtc, now);
	}
	return value;
}

static void write_control(struct rtc *rtc, uint64_t now, unsigned index, uint8_t value)
{
	bool ran = runs(rtc);
	bool divided = divides(rtc);
	unsigned format = rtc->ram[REG_B];

	if (ran)
		freeze(rtc, now);
	rtc->ram[index] = index == REG_A ? value & (uint8_t)~A_UIP : value;
	/* SET clears the enable of the update interrupt (data sheet, "Register B, UIE"). */
	if ((rtc->ram[REG_B] & B_SET) != 0)
		rtc->ram[REG_B] &= (uint8_t)~FLAG_UPDATE;
	if (!divided && divides(rtc))
		rtc->boundary = now + FIRST_UPDATE;
	if (ran && runs(rtc) && ((format ^ rtc->ram[REG_B]) & (RTC_24_HOURS | RTC_BINARY))) {
		rtc->held = false;
		freeze(rtc, now);
	} else if (!ran && runs(rtc)) {
		thaw(rtc, now);
	}
}

static void write_reg(struct rtc *rtc, uint8_t index, uint8_t value)
{
	uint64_t now;
	bool ran;

	if (index == REG_C || index == REG_D)
		return;
	if (is_memory(index)) {
		rtc->ram[index] = value;
		return;
	}
	now = host_now();
	evaluate(rtc, now);
	ran = is_time(index) && runs(rtc);
	if (index == REG_A || index == REG_B) {
		write_control(rtc, now, index, value);
	} else {
		if (ran)
			freeze(rtc, now);
		rtc->ram[index] = value;
		if (ran)
			thaw(rtc, now);
	}
	update(rtc, now);
}

static uint8_t address(const struct rtc *rtc, unsigned bank)
{
	return (uint8_t)(bank * BANK_SIZE + rtc->index[bank]);
}

/* Bit 7 of port 70h masks NMIs on a PC; a guest's NMIs come from its local APICs alone. */
static void io_write(struct device *dev, uint16_t port, unsigned size, uint32_t value)
{
	struct rtc *rtc = CONTAINER_OF(dev, struct rtc, dev);
	unsigned bank = (port - PORT_RTC) >> 1 & 1;

	(void)size;
	spin_lock(&dev->lock);
	if ((port & 1) == 0)
		rtc->index[bank] = value & (BANK_SIZE - 1);
	else
		write_reg(rtc, address(rtc, bank), (uint8_t)value);
	spin_unlock(&dev->lock);
}

static uint32_t io_read(struct device *dev, uint16_t port, unsigned size)
{
	struct rtc *rtc = CONTAINER_OF(dev, struct rtc, dev);
	unsigned bank = (port - PORT_RTC) >> 1 & 1;
	uint8_t value = 0xff; /* the index ports are write-only */

	(void)size;
	if ((port & 1) == 0)
		return value;
	spin_lock(&dev->lock);
	value = read_reg(rtc, address(rtc, bank));
	spin_unlock(&dev->lock);
	return value;
}

/*
 * Time, alarm and memory live on a battery; the memory that firmware fills in is filled in again.
 */
static void reset(struct device *dev)
{
	struct rtc *rtc = CONTAINER_OF(dev, struct rtc, dev);
	uint64_t now = host_now();

	spin_lock(&dev->lock);
	evaluate(rtc, now);
	rtc->ram[REG_B] &= (uint8_t) ~(FLAGS | B_SQWE);
	rtc->ram[REG_C] = 0;
	rtc->index[0] = 0;
	rtc->index[1] = 0;
	rtc_cmos_fill(rtc->ram, rtc->config.memory_below_4g, rtc->config.memory_above_4g);
	update(rtc, now);
	spin_unlock(&dev->lock);
}

static const struct device_ops ops = {
	.reset = reset,
	.expired = expired,
	.io_read = io_read,
	.io_write = io_write,
	.io_sizes = SIZE_1,
};

enum err rtc_init(struct rtc *rtc, const struct rtc_config *config)
{
	uint64_t now = host_now();

	*rtc = (struct rtc){
		.dev = {.name = "rtc", .ops = &ops},
		.config = *config,
		.boundary = now - config->wall_ns, /* in a time before 0, maybe: modulo 2^64 */
		.seconds = config->wall_clock,
		.seen = now,
	};
	rtc->timer.owner = &rtc->dev;
	rtc->ram[REG_A] = A_DIVIDER_RUN | 6; /* as firmware leaves it: 1024 Hz, off */
	rtc->ram[REG_B] = RTC_24_HOURS;
	rtc->ram[REG_D] = D_VALID;
	reset(&rtc->dev);
	return bus_claim_ports(&rtc->dev, PORT_RTC, 4);
}
